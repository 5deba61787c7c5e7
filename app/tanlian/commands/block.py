"""`tanlian block`: trades of large quantities between two named organisations."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from tanlian.commands.acting import PRICE, Parsed, acting, done, looking
from tanlian.commands.trade import LOTS, SESSION, SIDE
from tanlian.domain.moments import Moment, parse_moment
from tanlian.domain.units import show_price

if TYPE_CHECKING:
    from tanlian.chain.transactions import Sender
    from tanlian.services.access import Access

PROPOSAL = click.argument("proposal", type=click.IntRange(1))


@click.group()
def block() -> None:
    """Trade a large quantity with a named organisation, inside the session's block band."""


@block.command()
@SESSION
@SIDE
@click.argument("price", type=PRICE)
@click.argument("tonnes", type=LOTS)
@click.option("--to", "counterparty", required=True, help="Organisation that is to accept.")
@click.option("--expires", type=Parsed("time", parse_moment), default="+1h", show_default=True)
@acting
def propose(
    access: Access,
    sender: Sender,
    *,
    session: int,
    side: str,
    price: int,
    tonnes: int,
    counterparty: str,
    expires: Moment,
) -> None:
    """Propose to buy from, or sell to, another organisation."""
    from tanlian.domain.quotes import Quote
    from tanlian.domain.units import Lots, Ticks
    from tanlian.services import block_trades

    wanted = Quote(side == "buy", Ticks(price), Lots(tonnes))
    expires_at = expires.at(access.connection.now())
    number = block_trades.propose(
        access, sender, session, wanted, to=counterparty, expires_at=expires_at
    )
    click.echo(
        f"Proposed block trade {number} to {counterparty}: {side} {tonnes:,} t at "
        f"{show_price(price)}, open until {_utc(expires_at)}."
    )


@block.command()
@PROPOSAL
@acting
def accept(access: Access, sender: Sender, *, proposal: int) -> None:
    """Accept a proposal addressed to your organisation; it settles at once."""
    from tanlian.services import block_trades

    receipt = block_trades.accept(access, sender, proposal)
    done(f"Accepted block trade {proposal}.", receipt)


@block.command()
@PROPOSAL
@acting
def withdraw(access: Access, sender: Sender, *, proposal: int) -> None:
    """Take back a proposal of your organisation."""
    from tanlian.services import block_trades

    receipt = block_trades.withdraw(access, sender, proposal)
    done(f"Withdrew block trade {proposal}.", receipt)


@block.command()
@PROPOSAL
@looking
def show(access: Access, *, proposal: int) -> None:
    """Show a proposal: who, what, and whether it is open, expired, traded or withdrawn."""
    from tanlian.services import block_trades
    from tanlian.services.organisations import organisation

    found = block_trades.proposal(access, proposal)
    names = [organisation(access, str(id_)).name for id_ in (found.proposer, found.counterparty)]
    verb, preposition = ("buys", "from") if found.proposer_buys else ("sells", "to")
    click.echo(f"block trade {found.id} in session {found.session}: {found.state}")
    click.echo(
        f"  terms    {names[0]} ({found.proposer}) {verb} {found.lots:,} t at "
        f"{show_price(found.tick)} {preposition} {names[1]} ({found.counterparty})"
    )
    click.echo(f"  expires  {_utc(found.expires_at)}")


def _utc(moment: int) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
