"""The documents that an organisation keeps here, and those of the cases that concern it."""

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from tanlian.accounts import kept_documents, people
from tanlian.readmodel.queries import complaints, emissions
from tanlian.web import current, document_access
from tanlian.web.converters import row_number
from tanlian.web.guards import member
from tanlian.web.views.desk import visitor

PAGE = 50


@member
def documents() -> ResponseReturnValue:
    organisation = current.session().person.organisation
    before = request.args.get("before", type=row_number)
    with current.office().engine.connect() as db:
        found = kept_documents.documents_of(db, organisation, before=before, limit=PAGE + 1)
        names = {one.id: one.name for one in people.people_of(db, organisation)}
    older = found[PAGE - 1].id if len(found) > PAGE else None
    return render_template("documents.html", documents=found[:PAGE], older=older, people=names)


@member
def document(number: int) -> ResponseReturnValue:
    with current.office().engine.connect() as db:
        found = kept_documents.document(db, current.session().person.organisation, number)
    return document_access.sent(found, current.session().person)


@member
def remove(number: int) -> ResponseReturnValue:
    with current.office().engine.begin() as db:
        kept_documents.remove(db, current.origin(), current.session().person, number)
    return redirect(url_for("documents"), 303)


@member
def report_document(organisation: int, year: int, sha256: str) -> ResponseReturnValue:
    with current.tables() as db:
        found = emissions.report(db, organisation, year)
        named = document_access.of_report(db, found, visitor())
    return document_access.answer(named, sha256, current.session().person)


@member
def complaint_document(number: int, sha256: str) -> ResponseReturnValue:
    with current.tables() as db:
        named = document_access.of_complaint(db, complaints.complaint(db, number), visitor())
    return document_access.answer(named, sha256, current.session().person)
