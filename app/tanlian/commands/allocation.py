"""`tanlian plan`, `allocate`, `claw-back`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from tanlian.commands.acting import TONNES, acting, document_option, done, progress
from tanlian.domain.errors import InvalidInput
from tanlian.domain.units import show_tonnes

if TYPE_CHECKING:
    from tanlian.chain.transactions import Sender
    from tanlian.services.access import Access

PERIOD = click.option(
    "--period", required=True, type=click.IntRange(1, 65_535), help="Compliance year, e.g. 2024."
)


@click.command()
@click.option("--region", required=True, type=click.IntRange(0, 65_535))
@PERIOD
@click.option("--cap", required=True, type=TONNES)
@click.option("--target", type=TONNES, default="0", show_default=True)
@click.option("--capacity", required=True, type=TONNES, help="What the environment bears.")
@document_option
@acting
def plan(
    access: Access,
    sender: Sender,
    *,
    region: int,
    period: int,
    cap: int,
    target: int,
    capacity: int,
    document: bytes,
) -> None:
    """Set cap, target and environmental capacity of a region (regulator)."""
    from tanlian.services.allocations import set_plan

    receipt = set_plan(
        access,
        sender,
        region=region,
        period=period,
        cap_kg=cap,
        target_kg=target,
        capacity_kg=capacity,
        document=document,
    )
    done(f"Region {region} has a cap of {show_tonnes(cap)} for {period}.", receipt)


@click.command()
@click.argument("organisation", required=False)
@click.argument("tonnes", type=TONNES, required=False)
@click.option(
    "--file",
    "table",
    type=click.Path(dir_okay=False, path_type=Path),
    help="CSV with the columns organisation,tonnes, instead of one organisation.",
)
@click.option("--act", type=click.Choice(["pre", "final", "top-up"]), default="pre")
@click.option("--atomic", is_flag=True, help="Nothing at all if anything in the file is refused.")
@PERIOD
@document_option
@acting
def allocate(
    access: Access,
    sender: Sender,
    *,
    organisation: str | None,
    tonnes: int | None,
    table: Path | None,
    act: str,
    atomic: bool,
    period: int,
    document: bytes,
) -> None:
    """Allocate allowances to one organisation or to all of a file (regulator)."""
    from tanlian.services import allocations as service

    if table is not None:
        _allocate_table(access, sender, table, act, period=period, document=document, atomic=atomic)
        return
    if organisation is None or tonnes is None:
        raise click.UsageError("Name an organisation and tonnes, or a --file.")
    receipt = service.allocate(
        access, sender, act, organisation, period=period, amount_kg=tonnes, document=document
    )
    done(f"Allocated {show_tonnes(tonnes)} of {period} to {organisation} ({act}).", receipt)


def _allocate_table(
    access: Access,
    sender: Sender,
    table: Path,
    act: str,
    *,
    period: int,
    document: bytes,
    atomic: bool,
) -> None:
    from tanlian.services import allocations as service

    if act == "top-up":
        raise click.UsageError("A top-up is one decision for one organisation; use no --file.")
    grants, malformed = service.read_grants(access, table)
    refused: list[service.Rejected] = []
    if not (atomic and malformed):
        with progress("allocating") as show:
            refused = service.allocate_many(
                access,
                sender,
                act,
                grants,
                period=period,
                document=document,
                atomic=atomic,
                progress=show,
            )
    rejected = sorted([*malformed, *refused], key=lambda row: row.line)
    for row in rejected:
        click.echo(f"{table}:{row.line}: {row.reason}", err=True)
    if rejected and atomic:
        raise InvalidInput(f"{len(rejected)} rows of {table} are wrong; nothing was allocated.")
    if rejected:
        raise InvalidInput(
            f"{len(rejected)} rows of {table} were refused; the other {len(grants) - len(refused)} "
            "are allocated."
        )
    click.echo(f"Allocated to {len(grants)} organisations.")


@click.command("claw-back")
@click.argument("organisation")
@click.argument("tonnes", type=TONNES)
@PERIOD
@document_option
@acting
def claw_back(
    access: Access,
    sender: Sender,
    *,
    organisation: str,
    tonnes: int,
    period: int,
    document: bytes,
) -> None:
    """Take back allowances that an organisation was not entitled to (regulator)."""
    from tanlian.services import allocations as service

    receipt = service.claw_back(
        access, sender, organisation, period=period, amount_kg=tonnes, document=document
    )
    done(f"Clawed back {show_tonnes(tonnes)} of {period} from {organisation}.", receipt)
