"""Drafts of forms: kept when somebody asks for it, opened again, forgotten once they are sent."""

from contextlib import suppress

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue

from tanlian.accounts import form_drafts
from tanlian.accounts.errors import DraftChanged
from tanlian.accounts.form_drafts import FormDraft
from tanlian.domain.errors import NotFound
from tanlian.services.acts.act import Act
from tanlian.web import act_forms, current
from tanlian.web.act_forms import ActForm
from tanlian.web.guards import member
from tanlian.web.suggestions import suggested


def opened(act: Act) -> ActForm:
    """Return the form as the address asks for it: from a draft, or prefilled with what is known.

    Raises:
        NotFound: the organisation has no such draft of this act.
    """
    form = act_forms.blank(act, current.window().chain_time())
    office, organisation = current.office(), current.session().person.organisation
    number = request.args.get("draft")
    if number is None:
        with current.tables() as db:
            form.given |= suggested(db, act.name, organisation, form.given)
        return form
    with office.engine.connect() as db:
        draft = form_drafts.draft(db, organisation, number)
        if draft.act != act.name:
            raise NotFound(f"Your organisation has no draft {number}.", draft=number)
        form.given |= form_drafts.given(db, organisation, number)
    form.draft = (draft.id, draft.version)
    return form


def save(form: ActForm) -> FormDraft:
    """Keep a form, over the draft that it was opened from.

    Raises:
        DraftChanged: another person changed that draft; the next save makes a new one.
        InvalidInput: a file is no table, or there are too many drafts.
    """
    office, who, given = current.office(), current.session().person, act_forms.storable(form)
    try:
        with office.engine.begin() as db:
            return form_drafts.save(
                db, current.origin(), who, act=form.act.name, given=given, over=form.draft
            )  # fmt: skip
    except DraftChanged:
        form.draft = None
        raise


def drop(form: ActForm) -> None:
    """Forget the draft of a form that has become an act."""
    if form.draft is None:
        return
    with suppress(NotFound), current.office().engine.begin() as db:
        form_drafts.remove(db, current.origin(), current.session().person, form.draft[0])


@member
def remove_draft(draft_id: str) -> ResponseReturnValue:
    with current.office().engine.begin() as db:
        form_drafts.remove(db, current.origin(), current.session().person, draft_id)
    return redirect(url_for("acts"), 303)
