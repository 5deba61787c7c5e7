"""Who may act for one's organisation: inviting, removing, and the log of what they did."""

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from wtforms import IntegerField, StringField
from wtforms.validators import InputRequired, Length, NumberRange

from tanlian.accounts import audit_log
from tanlian.accounts import people as accounts
from tanlian.domain.roles import Role
from tanlian.web import current
from tanlian.web.guards import allow, member

PAGE = 50


class InviteForm(FlaskForm):
    organisation = IntegerField(validators=[InputRequired(), NumberRange(min=1, max=2**24 - 1)])
    name = StringField(validators=[InputRequired(), Length(max=96)])


@member
def people() -> ResponseReturnValue:
    who = current.session().person
    with current.office().engine.begin() as db:
        listed = accounts.people_of(db, who.organisation)
    return render_template("people.html", listed=listed, who=who)


@member
def deactivate(user_id: int) -> ResponseReturnValue:
    with current.office().engine.begin() as db:
        accounts.deactivate(db, current.origin(), user_id, current.session().person)
    return redirect(url_for("people"), 303)


@allow(Role.REGULATOR)
def invite() -> ResponseReturnValue:
    office, form = current.office(), InviteForm()
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
    before = request.args.get("before", type=int)
    organisation = current.session().person.organisation
    with current.office().engine.begin() as db:
        lines = audit_log.entries(db, organisation=organisation, before=before, limit=PAGE + 1)
    older = lines[PAGE - 1].id if len(lines) > PAGE else None
    return render_template("activity.html", lines=lines[:PAGE], older=older)
