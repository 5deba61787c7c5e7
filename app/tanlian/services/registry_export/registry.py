"""What both shapes are made from: issues, certificates, names, as of one block."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from sqlalchemy import select
from sqlalchemy.engine import Connection

from tanlian.domain.errors import NotFound
from tanlian.domain.instrument import Instrument, Kind
from tanlian.readmodel.queries import members, open_data
from tanlian.readmodel.queries.open_data import Issue
from tanlian.readmodel.queries.units import Certificate
from tanlian.readmodel.tables import checkpoint

KG_PER_UNIT = 1_000
SURRENDER, CANCELLATION, CLAW_BACK = 1, 2, 3
PURPOSES = {SURRENDER: "surrender", CANCELLATION: "cancellation", CLAW_BACK: "claw-back"}


@dataclass(frozen=True, slots=True)
class Registry:
    """Everything that was issued and retired, as of one block of one chain."""

    chain_id: int
    genesis_hash: str
    block: int
    block_hash: str
    time: int
    issues: tuple[Issue, ...]
    certificates: tuple[Certificate, ...]
    names: Mapping[int, str]

    @property
    def identifier(self) -> str:
        """A name of this registry that no other one has."""
        return f"tanlian:{self.chain_id}:{self.genesis_hash}"

    def uuid(self, *parts: object) -> UUID:
        """The same UUID for the same thing, in every export."""
        return uuid5(NAMESPACE_URL, ":".join([self.identifier, *map(str, parts)]))

    def about(self, shape: str) -> dict[str, Any]:
        """What stands at the head of an export."""
        known = schema(shape)
        return {
            "format": known["$id"],
            "version": known["x-version"],
            "source": known["x-source"],
            "status": known["x-status"],
            "registry": self.identifier,
            "block": self.block,
            "block_hash": self.block_hash,
            "as_of": timestamp(self.time),
        }


def read_registry(db: Connection) -> Registry:
    """Read the registry out of the tables.

    Raises:
        NotFound: the tables are empty.
    """
    here = db.execute(select(checkpoint)).mappings().one_or_none()
    if here is None:
        raise NotFound("The tables are still empty; the chain is being read. Try again later.")
    return Registry(
        here["chain_id"],
        here["genesis_hash"],
        here["block"],
        here["block_hash"],
        here["block_time"],
        tuple(open_data.all_issues(db)),
        tuple(open_data.all_certificates(db)),
        members.names(db),
    )


def schema(shape: str) -> dict[str, Any]:
    """Return our description of a shape as JSON Schema."""
    path = files(__package__) / "schemas" / f"{shape}.schema.json"
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def units(amount_kg: int) -> int | float:
    """Return kg as units of a tonne: the shapes want a JSON number, which reads back exactly."""
    whole, rest = divmod(amount_kg, KG_PER_UNIT)
    return whole if not rest else float(f"{whole}.{rest:03d}")


def day(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).date().isoformat()


def timestamp(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()


def described(instrument: Instrument) -> str:
    """Say in words what the units are, for readers who look for projects only."""
    if instrument.kind is Kind.ALLOWANCE:
        return (
            f"Emission allowances of vintage {instrument.vintage}, issued under the cap of an "
            "emission trading system; not the result of a mitigation project."
        )
    return f"Offset credits of project {instrument.project}, vintage {instrument.vintage}."
