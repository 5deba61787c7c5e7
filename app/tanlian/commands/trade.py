"""`tanlian deposit`, `withdraw`, `quote`, `cancel`, `amend`, `market-order`, `pay`, `default` …"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from tanlian.commands.acting import (
    INSTRUMENT,
    PRICE,
    TONNES,
    YUAN,
    Parsed,
    acting,
    done,
    looking,
    progress,
)
from tanlian.domain.errors import InvalidInput
from tanlian.domain.moments import Moment, parse_moment
from tanlian.domain.units import show_tonnes, show_yuan

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tanlian.chain.transactions import Sender
    from tanlian.domain.instrument import Instrument
    from tanlian.services.access import Access
    from tanlian.services.quote_files import Bad

SESSION = click.argument("session", type=click.IntRange(1))
SIDE = click.argument("side", type=click.Choice(["buy", "sell"]))
ORDER = click.argument("order", type=click.IntRange(1))
OBLIGATION = click.argument("obligation", type=click.IntRange(1))
INSTRUMENT_ARGUMENT = click.argument("instrument", type=INSTRUMENT)
TABLE = click.argument("table", type=click.Path(dir_okay=False, path_type=Path))


def _lots(text: str) -> int:
    from tanlian.services.quote_files import parse_lots

    return parse_lots(text)


LOTS = Parsed("whole tonnes", _lots)


@click.group()
def deposit() -> None:
    """Move units or money into the trading account."""


@deposit.command("units")
@INSTRUMENT_ARGUMENT
@click.argument("tonnes", type=TONNES)
@acting
def deposit_units(access: Access, sender: Sender, *, instrument: Instrument, tonnes: int) -> None:
    """Deposit units for sale."""
    from tanlian.services import trading

    receipt = trading.deposit_units(access, sender, instrument.token_id, tonnes)
    done(f"Deposited {show_tonnes(tonnes)} of {instrument.symbol}.", receipt)


@deposit.command("money")
@INSTRUMENT_ARGUMENT
@click.argument("amount", type=YUAN)
@acting
def deposit_money(access: Access, sender: Sender, *, instrument: Instrument, amount: int) -> None:
    """Deposit money to buy with."""
    from tanlian.services import trading

    receipt = trading.deposit_money(access, sender, instrument.token_id, amount)
    done(f"Deposited {show_yuan(amount)} to buy {instrument.symbol}.", receipt)


@click.group()
def withdraw() -> None:
    """Take what is not locked back into the registry account; possible at any time."""


@withdraw.command("units")
@INSTRUMENT_ARGUMENT
@click.argument("tonnes", type=TONNES)
@acting
def withdraw_units(access: Access, sender: Sender, *, instrument: Instrument, tonnes: int) -> None:
    """Withdraw free units."""
    from tanlian.services import trading

    receipt = trading.withdraw_units(access, sender, instrument.token_id, tonnes)
    done(f"Withdrew {show_tonnes(tonnes)} of {instrument.symbol}.", receipt)


@withdraw.command("money")
@INSTRUMENT_ARGUMENT
@click.argument("amount", type=YUAN)
@acting
def withdraw_money(access: Access, sender: Sender, *, instrument: Instrument, amount: int) -> None:
    """Withdraw free money."""
    from tanlian.services import trading

    receipt = trading.withdraw_money(access, sender, instrument.token_id, amount)
    done(f"Withdrew {show_yuan(amount)} from {instrument.symbol}.", receipt)


@click.command()
@SESSION
@SIDE
@click.argument("price", type=PRICE)
@click.argument("tonnes", type=LOTS)
@acting
def quote(
    access: Access, sender: Sender, *, session: int, side: str, price: int, tonnes: int
) -> None:
    """Place one quote."""
    from tanlian.domain.quotes import Quote
    from tanlian.domain.units import Lots, Ticks
    from tanlian.services import trading

    wanted = Quote(side == "buy", Ticks(price), Lots(tonnes))
    order = trading.place(access, sender, session, wanted)
    click.echo(f"Order {order}." if order else "Traded in full at once.")


@click.command("quote-many")
@SESSION
@TABLE
@click.option("--atomic", is_flag=True, help="Nothing at all if any line is refused.")
@acting
def quote_many(access: Access, sender: Sender, *, session: int, table: Path, atomic: bool) -> None:
    """Place the quotes of a CSV file with the columns side,price,tonnes."""
    from tanlian.services import trading
    from tanlian.services.quote_files import Bad, read_quotes

    rows, bad = read_quotes(table)
    if atomic and bad:
        _complain(table, bad)
        raise InvalidInput(f"{len(bad)} lines of {table} are malformed; nothing was quoted.")
    with progress("quoting") as show:
        placed = trading.place_many(
            access, sender, session, [row.quote for row in rows], atomic=atomic, progress=show
        )
    refused = [Bad(rows[r.number].line, r.sentence) for r in placed.refused]
    _complain(table, [*bad, *refused])
    click.echo(f"Placed {placed.accepted} of {len(rows) + len(bad)} quotes.")
    if bad or refused:
        raise InvalidInput(
            f"{len(bad) + len(refused)} lines of {table} were not placed; see above."
        )


@click.command("sign-quotes")
@SESSION
@TABLE
@click.option("--expires", type=Parsed("time", parse_moment), default="+1h", show_default=True)
@click.option("--output", required=True, type=click.Path(dir_okay=False, path_type=Path))
@acting
def sign_quotes(
    access: Access, sender: Sender, *, session: int, table: Path, expires: Moment, output: Path
) -> None:
    """Sign the quotes of a CSV file for a relayer; sends nothing."""
    from tanlian.services import trading
    from tanlian.services.quote_files import read_quotes, write_signed

    rows, bad = read_quotes(table)
    if bad:
        _complain(table, bad)
        raise InvalidInput(f"{len(bad)} lines of {table} are malformed; nothing was signed.")
    expires_at = expires.at(access.connection.now())
    messages = trading.sign_quotes(access, sender, session, [r.quote for r in rows], expires_at)
    write_signed(output, messages)
    click.echo(f"Signed {len(rows)} quotes in {len(messages)} messages: {output}.")


@click.command()
@SESSION
@click.argument("files", nargs=-1, required=True, type=click.Path(dir_okay=False, path_type=Path))
@acting
def relay(access: Access, sender: Sender, *, session: int, files: Sequence[Path]) -> None:
    """Bring signed quotes to the market; any key may."""
    from tanlian.services import trading
    from tanlian.services.quote_files import read_signed

    messages, bad = read_signed(files)
    for path, line in bad:
        _complain(path, [line])
    with progress("relaying") as show:
        placed = trading.relay(access, sender, session, messages, progress=show)
    for refused in placed.refused:
        message = messages[refused.number].message
        click.echo(
            f"organisation {message.organisation}, message {message.nonce}: {refused.sentence}",
            err=True,
        )
    click.echo(f"Placed {placed.accepted} quotes of {len(messages)} messages.")
    if bad or placed.refused:
        raise InvalidInput("Some signed quotes were not placed; see above.")


@click.command()
@ORDER
@acting
def cancel(access: Access, sender: Sender, *, order: int) -> None:
    """Take back what is left of an order."""
    from tanlian.services import trading

    done(f"Cancelled order {order}.", trading.cancel(access, sender, order))


@click.command()
@ORDER
@click.argument("price", type=PRICE)
@click.argument("tonnes", type=LOTS)
@acting
def amend(access: Access, sender: Sender, *, order: int, price: int, tonnes: int) -> None:
    """Change an order; only a smaller quantity at the same price keeps its place."""
    from tanlian.services import trading

    now = trading.amend(access, sender, order, price, tonnes)
    click.echo(f"Order {now}." if now else "Traded in full at once.")


@click.command("market-order")
@SESSION
@SIDE
@click.argument("tonnes", type=LOTS)
@click.option("--limit", type=PRICE, help="Worst price; the rest then stands as a quote.")
@click.option("--makers", type=click.IntRange(1, 1_000), default=100, show_default=True)
@acting
def market_order(
    access: Access,
    sender: Sender,
    *,
    session: int,
    side: str,
    tonnes: int,
    limit: int | None,
    makers: int,
) -> None:
    """Trade against the book in stage two; what finds no counterpart is returned."""
    from tanlian.domain.quotes import Quote
    from tanlian.domain.units import Lots, Ticks
    from tanlian.services import trading

    buy = side == "buy"
    if limit is None:
        receipt = trading.trade_market(access, sender, session, buy=buy, lots=tonnes, makers=makers)
    else:
        wanted = Quote(buy, Ticks(limit), Lots(tonnes))
        receipt = trading.trade_limit(access, sender, session, wanted, makers)
    traded = trading.traded_lots(access, receipt)
    done(f"Traded {traded:,} t of {tonnes:,} t.", receipt)


@click.command()
@OBLIGATION
@acting
def pay(access: Access, sender: Sender, *, obligation: int) -> None:
    """Pay what the margin did not cover."""
    from tanlian.services import trading

    done(f"Paid obligation {obligation}.", trading.pay(access, sender, obligation))


@click.command("default")
@OBLIGATION
@acting
def declare_default(access: Access, sender: Sender, *, obligation: int) -> None:
    """Declare a buyer in default once the payment is past due (anyone)."""
    from tanlian.services import trading

    receipt = trading.declare_default(access, sender, obligation)
    done(f"Obligation {obligation} is in default.", receipt)


@click.command("trading-account")
@click.argument("organisation")
@INSTRUMENT_ARGUMENT
@looking
def trading_account(access: Access, *, organisation: str, instrument: Instrument) -> None:
    """Show what an organisation has in its trading account."""
    from tanlian.services.organisations import find

    held = access.contracts.market.read("account", instrument.token_id, find(access, organisation))
    click.echo(f"  money free    {show_yuan(held.money_free)}")
    click.echo(f"  units free    {held.lots_free:,} t  (bought today {held.lots_bought_today:,} t)")
    click.echo(f"  open orders   buy {held.open_buy_lots:,} t, sell {held.open_sell_lots:,} t")
    click.echo(f"  to be paid    {held.lots_awaiting_payment:,} t")


def _complain(path: Path, lines: Sequence[Bad]) -> None:
    for bad in sorted(lines, key=lambda bad: bad.line):
        click.echo(f"{path}:{bad.line}: {bad.reason}", err=True)
