"""Gas of a whole transaction under titanoboa, as a receipt would state it before refunds.

titanoboa leaves out the base fee and the data, keeps slots warm between calls and takes a slot's
value at the start of the test for its original one. Here the state is settled first, so that every
slot is cold and original. That needs an environment of its own, without open checkpoints:

    with fresh_environment():
        it = ...
        gas = transaction_gas(it.monitoring, "anchor", args, sender)
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boa
from eth_utils import to_canonical_address

BASE = 21_000
BYTE, ZERO_BYTE = 16, 4


@contextmanager
def fresh_environment() -> Iterator[None]:
    with boa.swap_env(boa.Env()):
        yield


def transaction_gas(contract: Any, function: str, args: tuple[Any, ...], sender: str) -> int:
    """Run the call as the first of a new transaction; return all its gas."""
    data = getattr(contract, function).prepare_calldata(*args)
    state = boa.env.evm.vm.state
    state.lock_changes()
    boa.env.evm.reset_access_counters()
    for warm in (contract.address, sender):
        state.mark_address_warm(to_canonical_address(str(warm)))
    run = boa.env.execute_code(to_address=contract.address, data=data, sender=sender)
    assert not run.is_error, run.error
    return BASE + sum(BYTE if byte else ZERO_BYTE for byte in data) + run.get_gas_used()
