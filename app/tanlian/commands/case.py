"""`tanlian case`: rewards and penalties."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tanlian.commands.acting import looking
from tanlian.commands.verbs import add_verbs

if TYPE_CHECKING:
    from tanlian.services.access import Access
    from tanlian.services.incentive_cases import Case


@click.group()
def case() -> None:
    """Open, appeal, decide and settle cases."""


@case.command()
@click.argument("number", type=click.IntRange(min=1))
@looking
def show(access: Access, *, number: int) -> None:
    """Show one case."""
    from tanlian.domain.moments import in_utc
    from tanlian.services import incentive_cases

    found = incentive_cases.case(access, number)
    click.echo(_line(found))
    click.echo(f"  subject       {found.subject}")
    click.echo(f"  opened        {in_utc(found.opened_at)}")
    if found.appeal_until:
        click.echo(f"  appeal until  {in_utc(found.appeal_until)}")


@case.command("list")
@click.argument("organisation", required=False)
@looking
def list_(access: Access, *, organisation: str | None) -> None:
    """List all cases, or those of one organisation."""
    from tanlian.services import incentive_cases

    found = incentive_cases.cases(access, organisation)
    for one in found:
        click.echo(_line(one))
    if not found:
        click.echo("no cases")


def _line(case: Case) -> str:
    from tanlian.domain.units import show_coins

    sign = "+" if case.is_reward else "-"
    return (
        f"case {case.number}: {case.words}, organisation {case.organisation}, {case.period}: "
        f"{sign}{show_coins(case.amount)}, {case.state}"
    )


add_verbs(case)
