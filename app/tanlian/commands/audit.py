"""`tanlian audit`: rebuild results from events alone and compare them with the contracts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from tanlian.commands.acting import looking

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tanlian.domain.audit.findings import Difference
    from tanlian.services.access import Access

json_option = click.option("--json", "as_json", is_flag=True, help="For programs.")


@click.group()
def audit() -> None:
    """Rebuild the market's books from events alone, and compare them with the contracts."""


@audit.command()
@click.argument("number", type=click.IntRange(1), metavar="ID")
@json_option
@looking
@click.pass_context
def session(ctx: click.Context, access: Access, *, number: int, as_json: bool) -> None:
    """Find every result of session ID again by brute force; exit with 1 where one differs."""
    from tanlian.services.auditing import audit as rebuild

    books = rebuild(access.contracts)
    found = books.session(number)
    differences = books.differences_of(number)
    facts = {
        "session": number,
        "block": books.block,
        "events": books.events,
        "orders": found.orders,
        "auction_fills": len(found.expected_auction()) if found.is_cleared else 0,
        "trades": len(found.trades),
        "volume_lots": found.volume_lots,
        "turnover_half_ticks": found.turnover_half_ticks,
        "closing_tick": found.closing_tick,
    }
    words = (
        f"Session {number}: {found.orders} orders, {len(found.trades)} trades of "
        f"{sum(t.fill.lots for t in found.trades)} t"
    )
    _tell(ctx, words, facts, differences, as_json=as_json)


@audit.command()
@json_option
@looking
@click.pass_context
def holdings(ctx: click.Context, access: Access, *, as_json: bool) -> None:
    """Recompute every balance of units and money; exit with 1 where one differs."""
    from tanlian.services.auditing import audit as rebuild

    books = rebuild(access.contracts)
    facts = {
        "block": books.block,
        "events": books.events,
        "compared": books.compared,
        "carbon_difference_kg": books.carbon_difference_kg,
        "money_difference_micro_yuan": books.money_difference,
    }
    words = f"{books.events} events, {books.compared} views at block {books.block}"
    _tell(ctx, words, facts, books.findings.differences, as_json=as_json)
    if not as_json:
        click.echo(books.verdict)


def _tell(
    ctx: click.Context,
    words: str,
    facts: Mapping[str, object],
    differences: Sequence[Difference],
    *,
    as_json: bool,
) -> None:
    first = differences[0] if differences else None
    if as_json:
        shown = first and {
            "what": first.what,
            "expected": first.expected,
            "actual": first.actual,
            "where": first.where,
        }
        content = {"equal": first is None, "differences": len(differences), "first": shown}
        click.echo(json.dumps({**facts, **content}))
    elif first is None:
        click.echo(f"{words}: equal.")
    else:
        click.echo(f"{words}: {len(differences)} differences. The first one:")
        click.echo(str(first))
    if first is not None:
        ctx.exit(1)
