"""The words of the acts can be shown: pages format them, so a bare percent sign breaks them."""

import pytest

from tanlian.services.acts.catalogue import catalogue
from tanlian.web.words import NOUNS


def words(act):
    yield from (act.title, act.explains)
    for field in act.fields:
        yield from (field.title, field.hint, *field.kind.choices.values())
        for column in field.kind.columns:
            yield from (column.title, column.hint)


@pytest.mark.parametrize("name", catalogue())
def test_words__every_act__no_percent_sign(name) -> None:
    assert [word for word in words(catalogue()[name]) if "%" in word] == []


@pytest.mark.parametrize("name", catalogue())
def test_act__name__is_its_noun_and_verb_once(name) -> None:
    act = catalogue()[name]
    assert name == f"{act.noun}.{act.verb}"
    assert len({field.name for field in act.fields}) == len(act.fields)


def test_nouns__every_act__named_on_the_page_of_acts() -> None:
    assert {act.noun for act in catalogue().values()} - NOUNS.keys() == set()
