"""What a form offers before anybody filled it in, from what the tables know."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy.engine import Connection

from tanlian.domain.errors import NotFound
from tanlian.readmodel.queries.due_units import due_units
from tanlian.web.desks.regulator import tonnes_given

Given = Mapping[str, Any]
_LONGEST_YEAR = 4  # digits


def suggested(db: Connection, act: str, organisation: int, given: Given) -> dict[str, Any]:
    """Return values for fields that are empty in `given`; most acts have none."""
    suggest = _SUGGESTIONS.get(act)
    values = suggest(db, organisation, given) if suggest else {}
    return {name: value for name, value in values.items() if not given.get(name)}


def _surrender(db: Connection, organisation: int, given: Given) -> dict[str, Any]:
    """What is still owed for the year, as far as there are allowances for it."""
    year = given.get("year") or ""
    if not (year.isascii() and year.isdigit() and len(year) <= _LONGEST_YEAR):
        return {}
    try:
        found = due_units(db, organisation, int(year))
    except NotFound:
        return {}
    lines = [{"instrument": one.symbol, "amount": tonnes_given(amount)} for one, amount in found]
    return {"units": lines}


_SUGGESTIONS: Mapping[str, Callable[[Connection, int, Given], dict[str, Any]]] = {
    "duty.surrender": _surrender,
}
