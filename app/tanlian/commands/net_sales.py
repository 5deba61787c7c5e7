"""`tanlian net-sales`: the figure that the carry-over rule counts, computed from the trades."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from tanlian.commands.acting import looking
from tanlian.commands.verbs import add_verbs

if TYPE_CHECKING:
    from tanlian.domain.profiles import Profile
    from tanlian.services.access import Access

YEAR = click.argument("year", type=click.IntRange(1970, 9999))
RULES = click.option(
    "--rules",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="File of the year's profile, where it is not a shipped one.",
)


@click.group("net-sales")
def net_sales() -> None:
    """Compute, record and check net sales of allowances."""


@net_sales.command()
@click.argument("organisation")
@YEAR
@RULES
@click.option(
    "--statement",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the list of trades (CSV) whose hash is the document of the recorded figure.",
)
@looking
def show(
    access: Access, *, organisation: str, year: int, rules: Path | None, statement: Path | None
) -> None:
    """Compute an organisation's net sales from the trades on chain."""
    from tanlian.domain.units import show_tonnes
    from tanlian.services import net_sales as sales
    from tanlian.services.organisations import find

    found = sales.computed(access, find(access, organisation), _rules(access, year, rules))
    click.echo(f"sold       {show_tonnes(found.sold_kg)}")
    click.echo(f"bought     {show_tonnes(found.bought_kg)}")
    click.echo(f"net sales  {show_tonnes(found.net_kg)} in {len(found.trades)} trades")
    click.echo(f"statement  {found.document.hex()}")
    if found.undecided:
        click.echo(f"{len(found.undecided)} of the trades are not paid yet; the figure may change.")
    if statement is not None:
        statement.write_bytes(found.statement.encode())
        click.echo(f"Written: {statement}")


@net_sales.command()
@YEAR
@RULES
@looking
@click.pass_context
def check(ctx: click.Context, access: Access, *, year: int, rules: Path | None) -> None:
    """Compare every recorded figure with the trades; exits with 1 where one is not borne out."""
    from tanlian.domain.units import show_tonnes
    from tanlian.services import net_sales as sales

    findings = sales.compared(access, _rules(access, year, rules))
    for one in findings:
        known = "nothing" if one.recorded is None else show_tonnes(one.recorded.net_kg)
        click.echo(
            f"organisation {one.computed.organisation}: {one.verdict.value}; recorded {known}, by "
            f"the trades {show_tonnes(one.computed.net_kg)}"
        )
    wrong = sum(1 for one in findings if one.is_wrong)
    click.echo(f"{len(findings)} organisations, {wrong} recorded figures not borne out")
    if wrong:
        ctx.exit(1)


def _rules(access: Access, year: int, file: Path | None) -> Profile:
    from tanlian.domain.profiles import parse_profile
    from tanlian.services.net_sales import rules_in_force

    given = None if file is None else parse_profile(file.read_text(encoding="utf-8"))
    return rules_in_force(access, year, given)


add_verbs(net_sales)
