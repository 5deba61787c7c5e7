"""Caps and allocations: who gets how many units, one by one or from a table."""

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tanlian.chain.connection import chunks
from tanlian.chain.transactions import Receipt, Sender
from tanlian.domain.errors import InvalidInput, TanlianError
from tanlian.domain.units import parse_tonnes
from tanlian.services.access import Access
from tanlian.services.organisations import find

GRANTS_IN_A_CALL = 34  # within MOST_GAS_IN_A_CALL
GAS_OF_A_GRANT = 400_000

ACTS = {
    "pre": "pre_allocate",
    "final": "finalise",
    "top-up": "top_up",
}


@dataclass(frozen=True, slots=True)
class Grant:
    """Units for one organisation; `line` is where the table says so."""

    organisation: int
    amount_kg: int
    line: int


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that was not carried out, and why."""

    line: int
    reason: str


def set_plan(
    access: Access,
    sender: Sender,
    *,
    region: int,
    period: int,
    cap_kg: int,
    target_kg: int,
    capacity_kg: int,
    document: bytes,
) -> Receipt:
    """Set a region's cap, target and environmental capacity for a period; a regulator's act."""
    return access.act(
        sender, "allocation", "set_plan", region, period, cap_kg, target_kg, capacity_kg, document
    )


def allocate(
    access: Access,
    sender: Sender,
    act: str,
    name: str,
    *,
    period: int,
    amount_kg: int,
    document: bytes,
) -> Receipt:
    """Allocate to one organisation: `pre`, `final` or `top-up`; a regulator's act."""
    return access.act(
        sender, "allocation", ACTS[act], find(access, name), period, amount_kg, document
    )


def claw_back(
    access: Access, sender: Sender, name: str, *, period: int, amount_kg: int, document: bytes
) -> Receipt:
    """Take back units of a period that an organisation was not entitled to; a regulator's act."""
    return access.act(
        sender, "allocation", "claw_back", find(access, name), period, amount_kg, document
    )


def allocate_many(
    access: Access,
    sender: Sender,
    act: str,
    grants: Sequence[Grant],
    *,
    period: int,
    document: bytes,
    atomic: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> list[Rejected]:
    """Allocate to many; what the contract refuses is named and does not hold up the rest.

    With `atomic` the table goes in one transaction, and one refusal refuses all.
    """
    function = f"{ACTS[act]}_many"
    rejected: list[Rejected] = []
    size = max(len(grants), 1) if atomic else GRANTS_IN_A_CALL
    done = 0
    for some in chunks(grants, size):
        rows = [(grant.organisation, grant.amount_kg) for grant in some]
        call = access.contracts.allocation.call(
            function, period, rows, atomic, document, gas=GAS_OF_A_GRANT * len(rows) + 200_000
        )
        receipt = sender.send(call)
        lines = {grant.organisation: grant.line for grant in some}
        rejected += [
            Rejected(lines[int(event["organisation"])], str(event["reason"]))
            for event in access.contracts.events().decode(receipt.logs)
            if event.name == "AllocationRefused"
        ]
        done += len(some)
        if progress is not None:
            progress(done, len(grants))
    return rejected


def read_grants(access: Access, path: Path) -> tuple[list[Grant], list[Rejected]]:
    """Read a table `organisation,tonnes`; a malformed row is named and left out.

    Raises:
        InvalidInput: the file cannot be read, or lacks a column.
    """
    grants: list[Grant] = []
    rejected: list[Rejected] = []
    seen: set[int] = set()
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            missing = {"organisation", "tonnes"} - set(reader.fieldnames or ())
            if missing:
                raise InvalidInput(
                    f"{path} lacks the column {', '.join(sorted(missing))}; the first line must be "
                    "organisation,tonnes.",
                    path=str(path),
                )
            for row in reader:
                line = reader.line_num
                try:
                    grant = Grant(
                        find(access, row["organisation"] or ""),
                        parse_tonnes(row["tonnes"] or ""),
                        line,
                    )
                except TanlianError as error:
                    rejected.append(Rejected(line, error.user_message))
                    continue
                if grant.organisation in seen:
                    rejected.append(Rejected(line, "the organisation has an earlier row"))
                    continue
                seen.add(grant.organisation)
                grants.append(grant)
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{path} cannot be read: {error}.", path=str(path)) from error
    return grants, rejected
