"""One complaint with everything that was done about it, for its two sides and the regulators."""

from flask import render_template
from flask.typing import ResponseReturnValue

from tanlian.domain.roles import Role
from tanlian.domain.supervision import Route
from tanlian.readmodel.queries import complaints, members
from tanlian.readmodel.queries.complaints import Complaint
from tanlian.services.acts.supervision import COMPLAINT_KINDS, ROUTES
from tanlian.web import current, document_access
from tanlian.web.desks import supervision as desk
from tanlian.web.desks.listing import Link, Visitor
from tanlian.web.guards import member
from tanlian.web.supervision_words import COMPLAINT_EVENTS, COMPLAINT_STATES
from tanlian.web.views.desk import visitor


@member
def complaint(number: int) -> ResponseReturnValue:
    here = visitor()
    with current.tables() as db:
        found = complaints.complaint(db, number)
        document_access.check_complaint(found, here)
        steps, names = complaints.steps_of(db, number), members.names(db)
        named = document_access.of_complaint(db, found, here)
    return render_template(
        "complaint.html",
        documents=document_access.at_hand(named),
        complaint=found,
        steps=steps,
        names=names,
        visitor=here,
        links=_links(found, here),
        kinds=COMPLAINT_KINDS,
        states=COMPLAINT_STATES,
        events=COMPLAINT_EVENTS,
        routes=ROUTES,
        Route=Route,
    )


def _links(found: Complaint, here: Visitor) -> list[Link]:
    is_regulator = bool(here.roles & Role.REGULATOR)
    return (desk.QUEUE if is_regulator else desk.MINE).links_of(found, here)
