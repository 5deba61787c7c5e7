"""What `ape console --network ethereum:embedded:tanlian` has at hand from the start.

Every contract of the address book by the name people call it (`membership`, `ledger`, `money`,
`allocation`, `market`, …) as an Ape contract, and common reads as functions; `reads()` lists them.
Ape's own contract cache is not asked: after a reset of the chain it would answer for the old one.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from tanlian.domain.errors import TanlianError
from tanlian.domain.instrument import Instrument, allowance, parse_instrument
from tanlian.domain.target import Target
from tanlian.domain.units import show_price, show_tonnes, show_yuan


class Reads:
    """Questions to the market, as people ask them; amounts come as text with their unit."""

    def __init__(self, access: Any) -> None:
        self._access = access

    def organisation(self, name: object) -> Any:
        """An organisation by id, account, name or identifier."""
        from tanlian.services.organisations import organisation

        return organisation(self._access, str(name))

    def holding(self, name: object, instrument: str | None = None) -> str:
        """What an organisation holds in the register: units of an instrument (CEA24), or money."""
        from tanlian.services.money import balance

        org = self.organisation(name).id
        if instrument is None:
            return show_yuan(balance(self._access, org))
        token = parse_instrument(instrument).token_id
        return show_tonnes(self._access.contracts.ledger.read("holding", org, token))

    def trading_account(self, name: object, instrument: str) -> Any:
        """What an organisation has in its trading account."""
        token = parse_instrument(instrument).token_id
        org = self.organisation(name).id
        return self._access.contracts.market.read("account", token, org)

    def session(self, number: int | None = None) -> Any:
        """The state of a session; of the newest one where no number is given."""
        market = self._access.contracts.market
        return market.read("state", number or market.read("session_count"))

    def terms(self, number: int | None = None) -> Any:
        """The terms of a session; of the newest one where no number is given."""
        count = self._access.contracts.market.read("session_count")
        return self._access.contracts["sessions"].read("terms", number or count)

    def book(self, session: int | None = None) -> list[str]:
        """What stands in the book of a session: asks from the lowest, bids from the highest."""
        from tanlian.services.order_book import standing_orders

        number = session or self._access.contracts.market.read("session_count")
        return [
            f"{'bid' if o.buy else 'ask'} {show_price(o.tick)}  {o.lots:,} t  "
            f"organisation {o.organisation}  order {o.order}"
            for o in standing_orders(self._access, number)
        ]

    def trades(self, session: int | None = None) -> list[str]:
        """The trades of a session, or of all."""
        from tanlian.services.order_book import trades

        return [
            f"session {t.session}, block {t.block}: {t.fill.seller} sold {t.fill.lots:,} t to "
            f"{t.fill.buyer} at {_half_ticks(t.fill.half_ticks)}"
            for t in trades(self._access, session)
        ]

    def last_price(self, session: int | None = None) -> str | None:
        """The price of the last trade of a session, or of all; none where nothing was traded."""
        from tanlian.services.order_book import trades

        found = trades(self._access, session)
        return _half_ticks(found[-1].fill.half_ticks) if found else None

    def closing_price(self, instrument: str) -> str:
        """The last closing price of an instrument."""
        token = parse_instrument(instrument).token_id
        return show_price(self._access.contracts.market.read("closing_tick", token))

    def addresses(self) -> dict[str, str]:
        """Where each contract is."""
        return {name: entry.address for name, entry in self._access.book.contracts.items()}

    def names(self) -> dict[str, Any]:
        """The questions by name, with `reads` to list them."""
        found = {
            name: getattr(self, name)
            for name in dir(self)
            if not name.startswith("_") and name != "names"
        }

        def reads() -> None:
            """List what can be asked here."""
            for name, function in found.items():
                click.echo(f"{name:<16} {function.__doc__.splitlines()[0]}")

        return {**found, "reads": reads}


def _half_ticks(price: int) -> str:
    return f"{price // 200:,}.{price % 200 * 5:03d} yuan/t"


def ape_init_extras(networks: Any) -> dict[str, Any]:
    """What Ape puts into the console's namespace."""
    from ape.contracts import ContractInstance
    from ethpm_types import ContractType

    from tanlian.services.access import open_access

    provider = networks.active_provider
    if provider is None:
        return {}
    book = os.environ.get("TANLIAN_BOOK")
    target = Target(
        network=provider.network.name, rpc=provider.http_uri, book=Path(book) if book else None
    )
    try:
        access = open_access(target)
    except TanlianError as error:
        click.echo(f"No market at hand: {error.user_message}", err=True)
        return {}
    contracts = {}
    for name in access.contracts:
        bound = access.contracts[name]
        kind = ContractType(abi=list(bound.interface.abi), contractName=bound.interface.name)
        contracts[name] = ContractInstance(bound.address, kind)
    return {
        **contracts,
        **Reads(access).names(),
        "allowance": allowance,
        "Instrument": Instrument,
        "access": access,
    }
