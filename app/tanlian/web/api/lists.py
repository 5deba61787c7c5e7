"""The lists of the desk and one's events, for programs."""

import json
import re
import typing
from collections.abc import Iterator
from typing import Any

from flask import Response, jsonify, request
from flask.typing import ResponseReturnValue
from pydantic import TypeAdapter

from tanlian.accounts import api_access
from tanlian.accounts.errors import ApiKeyRefused
from tanlian.domain.errors import InvalidInput
from tanlian.readmodel.checkpoints import position
from tanlian.readmodel.queries import members, units
from tanlian.services.webhooks import LAST_OF_A_BLOCK
from tanlian.web import current
from tanlian.web.api import programs
from tanlian.web.desks import section
from tanlian.web.desks.listing import Listing, Visitor
from tanlian.web.guards import bearer_token, program

MOST = 500
LONGEST_NUMBER = 9  # digits
_EXACT = 2**53


@program(writes=False)
def lists() -> ResponseReturnValue:
    """The lists that the organisation has."""
    found = section.listings(visitor().roles)
    return jsonify(items=[{"name": one.name, "title": one.title} for one in found])


@program(writes=False)
def one(name: str) -> ResponseReturnValue:
    """A list, page by page: `after` counts the rows already seen."""
    here, limit, after = visitor(), number("limit", MOST, least=1, most=MOST), number("after", 0)
    found = section.listing(name, here.roles)
    with current.tables() as db:
        rows, at = found.rows(db, here), position(db)
    some = list(rows[after : after + limit])
    following = after + len(some) if after + len(some) < len(rows) else None
    items = exact(row_type(found).dump_python(some, mode="json"))
    return jsonify(items=items, next=following, as_of=at.block if at else None)


@program(writes=False)
def events() -> ResponseReturnValue:
    """Events about the organisation, oldest first, behind the cursor `after` (block.log_index)."""
    limit = number("limit", MOST, least=1, most=MOST)
    with current.tables() as db:
        found = units.events_about(
            db, programs.person().organisation, after=cursor(request.args.get("after", "0")),
            limit=limit,
        )  # fmt: skip
    return jsonify(items=found, next=found[-1]["cursor"] if found else None)


@program(writes=False)
def stream() -> ResponseReturnValue:
    """The same events as they come, as server-sent events whose ids are the cursors."""
    given = request.headers.get("Last-Event-ID") or request.args.get("after")
    office, token, who = current.office(), bearer_token(), programs.person().organisation
    place = cursor(given) if given else _newest()

    def lines(block: int) -> Iterator[str] | None:
        try:
            with office.engine.connect() as db:
                api_access.bearer(db, token, office.now(), writes=False)
        except ApiKeyRefused:  # it was revoked, or it ran out
            return None
        return behind(block)

    def behind(block: int) -> Iterator[str]:
        nonlocal place
        yield f": block {block}\n\n"  # a reader that is gone is found out by writing
        while True:
            with office.tables.connect() as db:
                found = units.events_about(db, who, after=place, limit=MOST)
            for event in found:
                place = cursor(event["cursor"])
                kind = f"{event['contract']}.{event['event']}"
                said = json.dumps(event, ensure_ascii=False)
                yield f"id: {event['cursor']}\nevent: {kind}\ndata: {said}\n\n"
            if len(found) < MOST:
                return

    return Response(
        current.live().follow(lines, who),
        mimetype="text/event-stream",
        headers={"X-Accel-Buffering": "no", "Cache-Control": "no-store"},
    )


def cursor(text: str) -> tuple[int, int]:
    """Read a place among the events; 0 is before the first.

    Raises:
        InvalidInput: it is none.
    """
    found = re.fullmatch(r"(\d{1,18})(?:\.(\d{1,10}))?", text, re.ASCII)
    if found is None:
        raise InvalidInput("The cursor is block.log_index, as in 120.3.")
    return int(found[1]), int(found[2] or 0)


def _newest() -> tuple[int, int]:
    here = current.standing()
    return (here.block, LAST_OF_A_BLOCK) if here else (0, 0)


def row_type(listing: Listing) -> TypeAdapter[Any]:
    """Return how the rows of a list are described and written."""
    returned = typing.get_type_hints(listing.rows)["return"]
    (row,) = typing.get_args(returned)
    return TypeAdapter(list[row])  # type: ignore[valid-type]


def exact(value: Any) -> Any:
    """Write integers that programs would round as text."""
    if isinstance(value, dict):
        return {name: exact(part) for name, part in value.items()}
    if isinstance(value, list):
        return [exact(part) for part in value]
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > _EXACT:
        return str(value)
    return value


def visitor() -> Visitor:
    """Return for whom this request asks; a suspended organisation keeps its lists."""
    organisation = programs.person().organisation
    with current.tables() as db:
        roles = members.member(db, organisation).roles
    return Visitor(organisation, roles, current.chain_time())


def number(name: str, otherwise: int, least: int = 0, most: int = 10**9 - 1) -> int:
    """Read a number of the query.

    Raises:
        InvalidInput: it is none, too small or too great.
    """
    found = request.args.get(name)
    if found is None:
        return otherwise
    is_number = found.isascii() and found.isdigit() and len(found) <= LONGEST_NUMBER
    if not is_number or not least <= int(found) <= most:
        raise InvalidInput(f"{name} must be a whole number from {least} to {most}.", name=name)
    return int(found)
