"""Drafts of forms: shared by an organisation's people, who never save over one another."""

import pytest
from sqlalchemy import select

from tanlian.accounts import form_drafts
from tanlian.accounts.errors import DraftChanged
from tanlian.accounts.tables import form_drafts as table
from tanlian.domain.errors import InvalidInput, NotFound

GIVEN = {"year": "2024", "lines": [{"key": "anthracite", "quantity": "12"}], "words": "my secret"}


def saved(office, person, given=GIVEN, over=None, act="report.submit"):
    with office.engine.begin() as db:
        return form_drafts.save(db, office.origin(), person, act=act, given=given, over=over)


def opened(office, number, organisation=1):
    with office.engine.connect() as db:
        return form_drafts.given(db, organisation, number)


def listed(office, organisation=1):
    with office.engine.connect() as db:
        return form_drafts.drafts_of(db, organisation)


def test_save__opens_as_it_was_and_lies_encrypted(office) -> None:
    draft = saved(office, office.join("wang", 1))
    assert opened(office, draft.id) == GIVEN
    with office.engine.connect() as db:
        assert b"my secret" not in db.execute(select(table.c.given)).scalar_one()


def test_save__over_a_version__a_colleague_who_comes_later_is_told(office) -> None:
    wang, zhao = office.join("wang", 1), office.join("zhao", 1)
    draft = saved(office, wang)
    second = saved(office, zhao, {"year": "2025"}, over=(draft.id, draft.version))
    assert (second.id, second.version, second.saved_by) == (draft.id, 2, zhao.id)
    with pytest.raises(DraftChanged, match="has saved or removed"):
        saved(office, wang, {"year": "2023"}, over=(draft.id, draft.version))
    assert opened(office, draft.id) == {"year": "2025"}
    with office.engine.begin() as db:
        form_drafts.remove(db, office.origin(), zhao, draft.id)
    with pytest.raises(DraftChanged, match="has saved or removed"):
        saved(office, wang, over=(draft.id, second.version))
    assert listed(office) == []


def test_save__over_a_draft_of_another_act__refused(office) -> None:
    wang = office.join("wang", 1)
    draft = saved(office, wang)
    with pytest.raises(DraftChanged):
        saved(office, wang, over=(draft.id, 1), act="order.place")
    assert listed(office) == [draft]


def test_another_organisation__neither_opens_changes_nor_removes_it(office) -> None:
    draft = saved(office, office.join("wang", 1))
    stranger = office.join("li", 2)
    with pytest.raises(NotFound, match="has no draft"):
        opened(office, draft.id, 2)
    with pytest.raises(DraftChanged):
        saved(office, stranger, over=(draft.id, 1))
    with office.engine.begin() as db, pytest.raises(NotFound, match="has no draft"):
        form_drafts.remove(db, office.origin(), stranger, draft.id)
    assert (listed(office), listed(office, 2)) == ([draft], [])
    assert opened(office, draft.id) == GIVEN


def test_save__too_many__refused_and_none_lost(office, monkeypatch) -> None:
    monkeypatch.setattr(form_drafts, "MOST", 2)
    wang = office.join("wang", 1)
    first = saved(office, wang)
    saved(office, wang)
    with pytest.raises(InvalidInput, match="has 2 drafts"):
        saved(office, wang)
    assert len(listed(office)) == 2
    saved(office, wang, over=(first.id, 1))  # what is there can be saved again
