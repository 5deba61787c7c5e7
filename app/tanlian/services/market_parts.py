"""The market is several contracts; callers name a function, not the part that has it."""

from collections.abc import Iterable

from tanlian.chain.contracts import Contract, Contracts
from tanlian.domain.errors import NotFound

MARKET = ("CarbonMarket", "TradingSessions", "MarginSettlement", "BlockTrades")


def parts(contracts: Contracts) -> Iterable[str]:
    """Yield the names in the book under which the parts of the market stand."""
    for name in contracts:
        if contracts.book.contracts[name].contract in MARKET:
            yield name


def part_with(contracts: Contracts, function: str) -> Contract:
    """Return the part of the market that has a function.

    Raises:
        NotFound: this deployment's market has no such function.
    """
    for name in parts(contracts):
        if function in contracts[name].interface.functions:
            return contracts[name]
    raise NotFound(f"The market of this deployment cannot {function}.", function=function)
