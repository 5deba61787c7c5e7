"""Documents for programs: give one before the act that names it, and open those of cases."""

from typing import Any

from flask import jsonify, request
from flask.typing import ResponseReturnValue

from tanlian.accounts import kept_documents
from tanlian.accounts.kept_documents import KeptDocument
from tanlian.domain.document_types import LONGEST_NAME
from tanlian.domain.errors import InvalidInput
from tanlian.readmodel.queries import complaints, emissions
from tanlian.web import current, document_access
from tanlian.web.api import programs
from tanlian.web.api.lists import number as number_of
from tanlian.web.api.lists import visitor
from tanlian.web.guards import program

MOST = 500
MEDIA_TYPE = "application/octet-stream"


@program(writes=False)
def documents() -> ResponseReturnValue:
    """The organisation's own, newest first; `before` is the id of the last one seen."""
    limit = number_of("limit", 50, least=1, most=MOST)
    before = number_of("before", 0) or None
    with current.office().engine.connect() as db:
        found = kept_documents.documents_of(
            db, programs.person().organisation, before=before, limit=limit
        )
    following = found[-1].id if len(found) == limit else None
    return jsonify(items=[shown(one) for one in found], next=following)


@program(writes=True)
def keep() -> ResponseReturnValue:
    """Keep the body; the `sha256` of the answer is what acts call the document."""
    name = request.args.get("name", "")
    if not 0 < len(name) <= LONGEST_NAME:
        raise InvalidInput(f"Say what the document is called: ?name=, 1 to {LONGEST_NAME} letters.")
    if request.mimetype != MEDIA_TYPE:
        raise InvalidInput(f"Send the bytes of the document as {MEDIA_TYPE}.")
    office = current.office()
    with office.engine.begin() as db:
        kept = kept_documents.keep(
            db, office.box, current.origin(), programs.person(), name=name,
            content=request.get_data(),
        )  # fmt: skip
    return jsonify(shown(kept)), 201


@program(writes=False)
def document(number: int) -> ResponseReturnValue:
    with current.office().engine.connect() as db:
        found = kept_documents.document(db, programs.person().organisation, number)
    return document_access.sent(found, programs.person())


@program(writes=True)
def remove(number: int) -> ResponseReturnValue:
    with current.office().engine.begin() as db:
        kept_documents.remove(db, current.origin(), programs.person(), number)
    return "", 204


@program(writes=False)
def report_document(organisation: int, year: int, sha256: str) -> ResponseReturnValue:
    with current.tables() as db:
        found = emissions.report(db, organisation, year)
        named = document_access.of_report(db, found, visitor())
    return document_access.answer(named, sha256, programs.person())


@program(writes=False)
def complaint_document(number: int, sha256: str) -> ResponseReturnValue:
    with current.tables() as db:
        named = document_access.of_complaint(db, complaints.complaint(db, number), visitor())
    return document_access.answer(named, sha256, programs.person())


def shown(one: KeptDocument) -> dict[str, Any]:
    """Return what programs are told of a document."""
    return {
        "id": one.id,
        "sha256": one.sha256,
        "name": one.name,
        "media_type": one.type.media_type,
        "size": one.size,
        "kept_at": one.kept_at,
        "used_at": one.used_at,
    }
