"""What anybody may look up: members, caps and allocations, certificates."""

from flask import Response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from tanlian.domain.errors import InvalidInput, NotFound
from tanlian.readmodel.queries import members as asking_members
from tanlian.readmodel.queries import units
from tanlian.web import current
from tanlian.web.converters import row_number
from tanlian.web.guards import public
from tanlian.web.words import PROOF_STEPS

PAGE = 50


@public
def members() -> ResponseReturnValue:
    after = request.args.get("after", default=0, type=row_number)
    with current.tables() as db:
        found = asking_members.members(db, after=after, limit=PAGE + 1)
    more = found[PAGE - 1].id if len(found) > PAGE else None
    return render_template("members.html", members=found[:PAGE], more=more)


@public
def certificates() -> ResponseReturnValue:
    asked = request.args.get("serial", "").strip()
    token = request.args.get("instrument", "").strip()
    before = request.args.get("before", type=int)
    found, refusal = None, None
    with current.tables() as db:
        if asked or token:
            try:
                found = units.certificate_of_serial(db, _number(token), _number(asked))
            except (InvalidInput, NotFound) as error:
                refusal = error
        recent = units.recent_certificates(db, before=before, limit=PAGE + 1)
        names = asking_members.names(db, {row.organisation for row in recent})
    older = recent[PAGE - 1].id if len(recent) > PAGE else None
    page = {"found": found, "refusal": refusal, "recent": recent[:PAGE], "names": names}
    return render_template("certificates.html", asked=asked, token=token, older=older, **page)


@public
def certificate(number: int) -> ResponseReturnValue:
    with current.tables() as db:
        found = units.certificate(db, number)
        names = asking_members.names(db, {found.organisation})
    shown = {
        "certificate": str(found.id),
        "token": str(found.instrument.token_id),
        "organisation": str(found.organisation),
        "first": str(found.first_serial),
        "amount": str(found.amount_kg),
        "purpose": str(found.purpose),
        "reference": found.reference,
    }
    words = {name: gettext(sentence) for name, sentence in PROOF_STEPS.items()}
    page = {"certificate": found, "names": names, "shown": shown, "words": words}
    return render_template("certificate.html", **page)


@public
def certificate_proof(number: int) -> ResponseReturnValue:
    """Give the bundle of evidence for a certificate, as tanlian-check takes it."""
    with current.tables() as db:
        found = units.certificate(db, number)
    bundle = current.office().prove(found.id, found.tx_hash)
    return Response(bundle, mimetype="application/json")


def _number(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise InvalidInput("Instrument and serial are whole numbers.", text=text)
    return int(text)
