"""`tanlian coin`: the credit coins of an organisation, and the treasury."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tanlian.commands.acting import looking
from tanlian.commands.verbs import add_verbs

if TYPE_CHECKING:
    from tanlian.services.access import Access


@click.group()
def coin() -> None:
    """Redeem and move credit coins, pay debts."""


@coin.command()
@click.argument("organisation")
@looking
def show(access: Access, *, organisation: str) -> None:
    """Show an organisation's coins, debt and locks, and what the treasury can pay."""
    from tanlian.domain.moments import in_utc
    from tanlian.domain.units import show_coins, show_yuan
    from tanlian.services.incentive_cases import coins_of

    found = coins_of(access, organisation)
    click.echo(f"balance    {show_coins(found.balance)}")
    click.echo(f"debt       {show_coins(found.debt)}")
    click.echo(f"locked     {show_coins(found.locked)} by open cases")
    span = f"{in_utc(found.movable_at)} until {in_utc(found.movable_until)}"
    leaving = f", from {span}" if found.announced else ""
    click.echo(f"announced  {show_coins(found.announced)}{leaving}")
    contract = access.contracts["coin"]
    ratio, treasury = contract.read("money_per_coin"), contract.read("treasury")
    click.echo(f"treasury   {show_yuan(treasury)}, {show_yuan(ratio)} for a coin")


add_verbs(coin)
