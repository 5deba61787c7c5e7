import boa
import pytest

from harness.boa_node import recorded
from harness.consortium import TONNE
from harness.projected import postgres, tables
from harness.protocol import deploy_protocol

__all__ = ["postgres", "tables"]


@pytest.fixture(scope="package")
def year():
    """Every contract; two emitters with accepted reports and allowances; the period is open.

    Yields what was recorded, and the protocol. Tests act inside `boa.env.anchor()`.
    """
    with boa.env.anchor(), recorded() as node:
        it = deploy_protocol()
        it.open_period()
        it.set_cap(10**12)
        it.set_cap(10**12, period=2025)
        for member in (it.emitter, it.other_emitter):
            it.verified_year(member, 200)
            it.allocate(member, 2_000 * TONNE)
        yield node, it
