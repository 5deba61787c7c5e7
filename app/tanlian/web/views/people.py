"""Who may act for one's organisation: inviting, removing, and the log of what they did."""

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from wtforms import IntegerField, StringField
from wtforms.validators import InputRequired, Length, NumberRange

from tanlian.accounts import approvals, audit_log, policies
from tanlian.accounts import people as accounts
from tanlian.domain.errors import NotFound, TanlianError
from tanlian.domain.roles import Role
from tanlian.web import current
from tanlian.web.converters import row_number
from tanlian.web.guards import allow, member

PAGE = 50
WAIVE = "one person suffices"


class InviteForm(FlaskForm):
    organisation = IntegerField(validators=[InputRequired(), NumberRange(min=1, max=2**24 - 1)])
    name = StringField(validators=[InputRequired(), Length(max=96)])


@member
def people() -> ResponseReturnValue:
    return _people(None)


@member
def second_person() -> ResponseReturnValue:
    """Let sensitive acts need two people, or ask a second one to let one suffice again."""
    who, wanted = current.session().person, request.form.get("wanted") == "yes"
    try:
        with current.office().engine.begin() as db:
            if wanted:
                policies.require_second_person(db, current.origin(), who)
            elif policies.needs_second_person(db, who.organisation):
                approvals.ask(db, current.origin(), who, WAIVE, {})
    except TanlianError as error:
        return _people(error)
    return redirect(url_for("people"), 303)


@member
def waive(number: int) -> ResponseReturnValue:
    """Decide, as the second person, that one suffices again."""
    who, agreed = current.session().person, request.form.get("decision") == "approve"
    try:
        with current.office().engine.begin() as db:
            if approvals.approval(db, who, number).act != WAIVE:
                raise NotFound(f"Your organisation has no request {number}.", number=number)
            approvals.decide(db, current.origin(), who, number, agreed=agreed)
            if agreed:
                policies.waive_second_person(db, current.origin(), who)
    except TanlianError as error:
        return _people(error)
    return redirect(url_for("people"), 303)


def _people(refusal: TanlianError | None) -> ResponseReturnValue:
    office, who = current.office(), current.session().person
    with office.engine.begin() as db:
        listed = accounts.people_of(db, who.organisation)
        needed = policies.needs_second_person(db, who.organisation)
        asked = approvals.open_approvals(db, who.organisation, office.now())
    requests = [one for one in asked if one.act == WAIVE and one.status == "asked"]
    page = render_template(
        "people.html", listed=listed, who=who, needed=needed, requests=requests, refusal=refusal
    )
    return page, 200 if refusal is None else 422


@member
def deactivate(user_id: int) -> ResponseReturnValue:
    with current.office().engine.begin() as db:
        accounts.deactivate(db, current.origin(), user_id, current.session().person)
    return redirect(url_for("people"), 303)


@allow(Role.REGULATOR)
def invite() -> ResponseReturnValue:
    office = current.office()
    form = InviteForm(organisation=request.args.get("organisation", type=int))
    if not form.validate_on_submit():
        status = 422 if form.is_submitted() else 200
        return render_template("invite.html", form=form, link=None), status
    with office.engine.begin() as db:
        token = accounts.invite(
            db,
            office.box,
            current.origin(),
            organisation=form.organisation.data,
            name=form.name.data,
            by=current.session().person.login,
        )
    link = url_for("join", token=token, _external=True)
    return render_template("invite.html", form=form, link=link)


@member
def activity() -> ResponseReturnValue:
    before = request.args.get("before", type=row_number)
    organisation = current.session().person.organisation
    with current.office().engine.begin() as db:
        lines = audit_log.entries(db, organisation=organisation, before=before, limit=PAGE + 1)
    older = lines[PAGE - 1].id if len(lines) > PAGE else None
    return render_template("activity.html", lines=lines[:PAGE], older=older)
