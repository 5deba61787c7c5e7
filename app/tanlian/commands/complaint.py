"""`tanlian complaint`: file complaints, and follow them to their end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tanlian.commands.acting import looking
from tanlian.commands.verbs import add_verbs

if TYPE_CHECKING:
    from tanlian.services.access import Access
    from tanlian.services.supervision import Complaint, Step


@click.group()
def complaint() -> None:
    """File, take up, pursue, resolve, withdraw and escalate complaints."""


@complaint.command()
@click.argument("number", type=click.IntRange(min=1))
@looking
def show(access: Access, *, number: int) -> None:
    """Show one complaint with everything that was done about it."""
    from tanlian.services import supervision

    found = supervision.complaint(access, number)
    click.echo(_line(found, access.connection.now()))
    click.echo(f"  evidence  0x{found.evidence.hex()}")
    click.echo(f"  opened    {found.opened}")
    for step in supervision.steps(access, number):
        click.echo(_step(step))


@complaint.command("list")
@click.argument("organisation", required=False)
@click.option("--open", "open_only", is_flag=True, help="Only those that are not closed.")
@looking
def list_(access: Access, *, organisation: str | None, open_only: bool) -> None:
    """List all complaints, or those by or about one organisation."""
    from tanlian.services import supervision

    now = access.connection.now()
    found = supervision.complaints(access, organisation)
    if open_only:
        found = [one for one in found if one.status.is_open]
    for one in found:
        click.echo(_line(one, now))
    if not found:
        click.echo("no complaints")


def _line(one: Complaint, now: int) -> str:
    from tanlian.domain.moments import in_utc

    state = one.status.name.lower().replace("_", " ")
    if one.status.is_open:
        state += f", {'OVERDUE since' if one.is_overdue(now) else 'due'} {in_utc(one.act_by)}"
        state += ", escalated" if one.is_escalated else ""
    return (
        f"complaint {one.number}: organisation {one.complainant} about organisation {one.subject}, "
        f"{one.kind.name.lower()} {one.period}: {state}"
    )


def _step(step: Step) -> str:
    from tanlian.domain.moments import in_utc

    what = step.name.removeprefix("Complaint")
    words = step.said.get("reason") or step.said.get("statement") or ""
    if step.name == "ComplaintResolved":
        what += " (upheld)" if step.said["upheld"] else " (dismissed)"
    by = step.said.get("signer") or step.said.get("caller")
    return f"  {in_utc(step.time)}  {what} by {by}, block {step.block}  {words}".rstrip()


add_verbs(complaint)
