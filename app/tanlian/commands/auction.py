"""`tanlian auction`: one-way auctions with sealed bids."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from tanlian.commands.acting import PRICE, TONNES, YUAN, acting, looking
from tanlian.commands.verbs import add_verbs, do

if TYPE_CHECKING:
    from tanlian.chain.transactions import Sender
    from tanlian.services.access import Access

AUCTION = click.argument("auction_id", metavar="AUCTION", type=click.IntRange(min=1))
STATES = ("unknown", "awaiting its units", "open", "clearing", "cleared", "cancelled")


@click.group()
def auction() -> None:
    """Announce auctions, place and open sealed bids, rank and settle them."""


@auction.command()
@AUCTION
@looking
def show(access: Access, *, auction_id: int) -> None:
    """Show an auction: its terms, phase, bids and price."""
    from tanlian.domain.errors import NotFound
    from tanlian.domain.instrument import Instrument
    from tanlian.domain.moments import in_utc
    from tanlian.domain.units import show_price, show_yuan

    contract = access.contracts["auction"]
    found, terms = contract.read("auction", auction_id), contract.read("terms", auction_id)
    if not found.status:
        raise NotFound(f"There is no auction {auction_id}.", auction=auction_id)
    symbol = Instrument.from_token_id(terms.instrument).symbol
    click.echo(
        f"auction {auction_id}: {terms.offered_lots:,} t of {symbol}, {STATES[found.status]}"
    )
    click.echo(f"  reserve        {show_price(terms.reserve_tick)}")
    click.echo(f"  most in a bid  {terms.max_bid_lots:,} t")
    click.echo(f"  bids           {in_utc(terms.opens_at)} to {in_utc(terms.commits_until)}")
    click.echo(f"  opened until   {in_utc(terms.reveals_until)}")
    click.echo(
        f"  sealed {found.bid_count}, opened {found.revealed_count} "
        f"for {found.revealed_lots:,} t; ranked {found.cleared_count}"
    )
    if found.sold_lots:
        click.echo(f"  sold           {found.sold_lots:,} t at {show_price(found.clearing_tick)}")
    proceeds = contract.read("proceeds", auction_id)
    click.echo(f"  to pay out     {show_yuan(proceeds)}")


@auction.command()
@AUCTION
@click.argument("price", type=PRICE)
@click.argument("tonnes", type=TONNES)
@click.option("--deposit", type=YUAN, required=True, help="At least price times quantity.")
@click.option(
    "--keep",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="New file for what opens the bid again. Without it the deposit is lost.",
)
@acting
def bid(  # noqa: PLR0917
    access: Access, sender: Sender, auction_id: int, price: int, tonnes: int, deposit: int,
    keep: Path,
) -> None:  # fmt: skip
    """Place a sealed bid of TONNES at PRICE; what opens it is written to a file first."""
    from tanlian.domain.errors import InvalidInput
    from tanlian.domain.units import KILOGRAMS_PER_LOT
    from tanlian.services import auctions
    from tanlian.services.acts.catalogue import act
    from tanlian.services.trading import acting_organisation

    if tonnes % KILOGRAMS_PER_LOT:
        raise InvalidInput("An auction sells whole tonnes.")
    sealed = auctions.seal(
        access,
        auction=auction_id,
        organisation=acting_organisation(access, sender),
        tick=price,
        lots=tonnes // KILOGRAMS_PER_LOT,
        secret=auctions.new_secret(),
    )
    auctions.keep(sealed, keep)
    given = {
        "auction": str(auction_id),
        "price": _decimal(price, 2),
        "tonnes": _decimal(tonnes, 3),
        "deposit": _decimal(deposit, 6),
        "secret": sealed.secret,
    }
    do(act("auction.bid"), access, sender, given)
    click.echo(f"Keep {keep}: `tanlian auction reveal` needs it.")


@auction.command()
@click.argument("number", metavar="BID", type=click.IntRange(min=1))
@click.option(
    "--kept",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    required=True,
    help="The file that `tanlian auction bid` wrote.",
)
@acting
def reveal(access: Access, sender: Sender, number: int, kept: Path) -> None:
    """Open a sealed bid with the file that was kept."""
    from tanlian.services import auctions
    from tanlian.services.acts.catalogue import act

    sealed = auctions.kept(kept)
    given = {
        "bid": str(number),
        "price": _decimal(sealed.tick, 2),
        "tonnes": str(sealed.lots),
        "secret": sealed.secret,
    }
    do(act("auction.reveal"), access, sender, given)


def _decimal(amount: int, decimals: int) -> str:
    whole, part = divmod(amount, 10**decimals)
    return f"{whole}.{part:0{decimals}d}"


add_verbs(auction)
