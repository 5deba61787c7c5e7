"""`tanlian open-session`, `pause`, `resume`, `clear`, `close`, `session`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tanlian.commands.acting import (
    INSTRUMENT,
    PRICE,
    ROLES,
    Parsed,
    acting,
    done,
    looking,
    progress,
)
from tanlian.domain.identity import reference_of
from tanlian.domain.moments import Moment, parse_moment
from tanlian.domain.units import show_price

if TYPE_CHECKING:
    from tanlian.chain.transactions import Sender
    from tanlian.domain.instrument import Instrument
    from tanlian.services.access import Access

SESSION = click.argument("session", type=click.IntRange(1))
MOMENT = Parsed("time", parse_moment)
RULES = "cn_market_2021"


@click.command("list-instrument")
@click.argument("instrument", type=INSTRUMENT)
@acting
def list_instrument(access: Access, sender: Sender, *, instrument: Instrument) -> None:
    """Let the market hold and trade an instrument (exchange)."""
    from tanlian.services import trading

    receipt = trading.list_instrument(access, sender, instrument.token_id)
    done(f"Listed {instrument.symbol}.", receipt)


@click.command("open-session")
@click.option("--instrument", required=True, type=INSTRUMENT, help="E.g. CEA24.")
@click.option("--reference", required=True, type=PRICE, help="Counts until the first close.")
@click.option("--opens", type=MOMENT, default="+10s", show_default=True)
@click.option("--cancels-until", type=MOMENT, default="+8m", show_default=True)
@click.option("--auction-ends", type=MOMENT, default="+10m", show_default=True)
@click.option("--closes", type=MOMENT, default="+2h", show_default=True)
@click.option("--pay-by", type=MOMENT, default="+1d", show_default=True)
@click.option("--rules", default=RULES, show_default=True, help="Shipped trading rules.")
@click.option(
    "--margin-bps", type=click.IntRange(1, 10_000), help="Instead of the rules' full one."
)
@click.option("--buyers", type=ROLES, default="emitter,trader", show_default=True)
@click.option("--sellers", type=ROLES, default="emitter,trader", show_default=True)
@click.option("--next-day-sale/--same-day-sale", default=True, show_default=True)
@acting
def open_session(
    access: Access,
    sender: Sender,
    *,
    instrument: Instrument,
    reference: int,
    opens: Moment,
    cancels_until: Moment,
    auction_ends: Moment,
    closes: Moment,
    pay_by: Moment,
    rules: str,
    margin_bps: int | None,
    buyers: int,
    sellers: int,
    next_day_sale: bool,
) -> None:
    """Announce a session (exchange); times are UTC, or spans from now such as +10m."""
    from tanlian.services import trading
    from tanlian.services.session_terms import Clock, terms_of

    now = access.connection.now()
    clock = Clock(
        *(moment.at(now) for moment in (opens, cancels_until, auction_ends, closes, pay_by))
    )
    terms = terms_of(
        rules,
        instrument=instrument.token_id,
        clock=clock,
        reference_tick=reference,
        margin_bps=margin_bps,
        buy_roles=buyers,
        sell_roles=sellers,
        next_day_sale=next_day_sale,
    )
    session = trading.announce_session(access, sender, terms)
    state = access.contracts.market.read("state", session)
    click.echo(
        f"Announced session {session} of {instrument.symbol}: prices from "
        f"{show_price(state.low_tick)} to {show_price(state.high_tick)}."
    )


@click.command()
@SESSION
@click.option("--reason", required=True)
@acting
def pause(access: Access, sender: Sender, *, session: int, reason: str) -> None:
    """Stop new orders and trades, never withdrawals (regulator)."""
    from tanlian.services import trading

    receipt = trading.pause(access, sender, session, reference_of(reason))
    done(f"Paused session {session}.", receipt)


@click.command()
@SESSION
@acting
def resume(access: Access, sender: Sender, *, session: int) -> None:
    """End a pause (regulator)."""
    from tanlian.services import trading

    done(f"Resumed session {session}.", trading.resume(access, sender, session))


@click.command()
@SESSION
@click.option("--steps", type=click.IntRange(1), default=1_000, show_default=True)
@acting
def clear(access: Access, sender: Sender, *, session: int, steps: int) -> None:
    """Match stage one to its end, in as many calls as gas needs (anyone)."""
    from tanlian.services import trading

    with progress("clearing") as show:
        calls = trading.clear(access, sender, session, steps=steps, progress=show)
    state = access.contracts.market.read("state", session)
    click.echo(f"Cleared session {session} in {calls} calls: {state.volume_lots:,} t.")


@click.command()
@SESSION
@click.option("--steps", type=click.IntRange(1), default=1_000, show_default=True)
@acting
def close(access: Access, sender: Sender, *, session: int, steps: int) -> None:
    """Close a session and release every lock (anyone, after its end)."""
    from tanlian.services import trading

    with progress("closing") as show:
        trading.close(access, sender, session, steps=steps, progress=show)
    terms = access.contracts["sessions"].read("terms", session)
    price = access.contracts.market.read("closing_tick", terms.instrument)
    click.echo(f"Closed session {session} at {show_price(price)}.")


@click.command("session")
@SESSION
@looking
def show_session(access: Access, *, session: int) -> None:
    """Show a session: phase, band, best prices, volume."""
    from tanlian.services.session_terms import PHASES

    market = access.contracts.market
    state, best = access.contracts.read_many(
        [market.reading("state", session), market.reading("best_ticks", session)]
    )
    click.echo(f"session {session}: {PHASES[state.phase]}{' (paused)' if state.paused else ''}")
    click.echo(f"  band    {show_price(state.low_tick)} to {show_price(state.high_tick)}")
    click.echo(f"  best    bid {show_price(best[0])}, ask {show_price(best[1])}")
    click.echo(f"  volume  {state.volume_lots:,} t")
