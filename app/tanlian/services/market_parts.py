"""The market is several contracts; callers name a function, not the part that has it."""

from collections.abc import Iterable

from tanlian.chain.contracts import Contract, Contracts
from tanlian.domain.errors import NotFound

# the parts that people call come before the market itself, which repeats some of their functions
# for these parts alone
MARKET = ("TradingSessions", "MarginSettlement", "BlockTrades", "CarbonMarket")


def parts(contracts: Contracts) -> Iterable[str]:
    """Yield the names in the book under which the parts of the market stand."""
    named = {contracts.book.contracts[name].contract: name for name in contracts}
    for source in MARKET:
        if source in named:
            yield named[source]


def part_with(contracts: Contracts, function: str) -> Contract:
    """Return the part of the market that has a function.

    Raises:
        NotFound: this deployment's market has no such function.
    """
    for name in parts(contracts):
        if function in contracts[name].interface.functions:
            return contracts[name]
    raise NotFound(f"The market of this deployment cannot {function}.", function=function)
