"""The first page after signing in: what waits for one's organisation, and its workbench."""

from flask import render_template
from flask.typing import ResponseReturnValue

from tanlian.readmodel.queries import members
from tanlian.services.acts.catalogue import catalogue
from tanlian.web import current
from tanlian.web.desks.section import sections
from tanlian.web.guards import member
from tanlian.web.words import ACT_STATES

MOST_OPEN_ACTS = 20


@member
def desk() -> ResponseReturnValue:
    who = current.session().person
    with current.tables() as db:
        organisation = members.member(db, who.organisation)
    waiting = current.outbox().acts_of(
        who.organisation, before=None, limit=MOST_OPEN_ACTS, open_only=True
    )
    return render_template(
        "desk.html",
        organisation=organisation,
        sections=sections(organisation.roles),
        waiting=waiting,
        titles={name: act.title for name, act in catalogue().items()},
        act_states=ACT_STATES,
    )
