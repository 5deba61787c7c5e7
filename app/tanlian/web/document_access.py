"""Who may open which kept document besides its owner: whom the report or complaint concerns.

A document is named by its hash *and* the organisation that put it on the chain, so nobody gets a
document by naming its hash in an act of one's own. A granted view shows hashes, never documents.
"""

from collections.abc import Iterable
from io import BytesIO

from flask import Response, send_file
from sqlalchemy.engine import Connection

from tanlian.accounts import audit_log, kept_documents
from tanlian.accounts.kept_documents import KeptDocument
from tanlian.accounts.people import Person
from tanlian.domain.errors import NotFound
from tanlian.domain.roles import Role
from tanlian.readmodel.queries import complaints, emissions
from tanlian.readmodel.queries.complaints import Complaint
from tanlian.readmodel.queries.emissions import Report
from tanlian.web import current, report_access
from tanlian.web.desks.listing import Visitor
from tanlian.web.guards import Forbidden

Named = frozenset[tuple[int, str]]  # whose document, and its hash as it stands on the chain


def of_report(db: Connection, report: Report, visitor: Visitor) -> Named:
    """Return the documents behind a report that the visitor may open."""
    if not report_access.is_at_work(report, visitor):
        return frozenset()
    steps = emissions.steps(db, report.organisation, report.year)
    return _named((step.signed_for, step.document) for step in steps)


def of_complaint(db: Connection, complaint: Complaint, visitor: Visitor) -> Named:
    """Return the documents of a complaint.

    Raises:
        Forbidden: it is between others.
    """
    check_complaint(complaint, visitor)
    steps = complaints.steps_of(db, complaint.number)
    evidence = (complaint.complainant, complaint.evidence)
    return _named([evidence, *((step.signed_for, step.document) for step in steps)])


def check_complaint(complaint: Complaint, visitor: Visitor) -> None:
    """Let the complainant, the organisation complained about and regulators in.

    Raises:
        Forbidden: the complaint is between others.
    """
    parties = {complaint.complainant, complaint.subject}
    if visitor.organisation not in parties and not visitor.roles & Role.REGULATOR:
        raise Forbidden("This complaint is between its two sides and the regulator.")


def at_hand(named: Named) -> dict[tuple[int, str], KeptDocument]:
    """Return which of some documents are kept here; the others somebody keeps elsewhere."""
    with current.office().engine.connect() as db:
        return kept_documents.at_hand(db, named)


def answer(named: Named, sha256: str, by: Person) -> Response:
    """Send the document of a case that has this hash to a person.

    Raises:
        NotFound: the case names none, or it is not kept here.
    """
    for (_, digest), found in at_hand(named).items():
        if digest.removeprefix("0x") == sha256.removeprefix("0x").lower():
            return sent(found, by)
    raise NotFound("This document is not kept here; ask for it whoever signed for it.")


def sent(found: KeptDocument, by: Person) -> Response:
    """Send a document as a file that the browser stores and never shows as a page of this site.

    Who opened it stands in the log.
    """
    office = current.office()
    with office.engine.begin() as db:
        content = kept_documents.content(db, office.box, found)
        subject = f"{found.id}: {found.sha256}"
        audit_log.record(db, current.origin(), "document opened", subject, by=by)
    answered = send_file(
        BytesIO(content), found.type.media_type, as_attachment=True, download_name=found.name,
        conditional=False, etag=False,
    )  # fmt: skip
    answered.headers["X-Content-Type-Options"] = "nosniff"
    return answered


def _named(pairs: Iterable[tuple[int | None, str | None]]) -> Named:
    return frozenset((owner, digest) for owner, digest in pairs if owner and digest)
