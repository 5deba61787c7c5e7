"""No event is forgotten: each changes a table, or says why it needs none."""

import pytest

from tanlian.chain.contracts import interface_of
from tanlian.readmodel.projections import load
from tanlian.readmodel.projections.registry import left_out, takers
from tanlian.services.protocol import CONTRACTS

load()
EVENTS = {new.name: set(interface_of(new.contract).events) for new in CONTRACTS}


@pytest.mark.parametrize("contract", sorted(EVENTS))
def test_events__of_a_contract__each_taken_or_left_out_for_a_reason(contract) -> None:
    taken = {name for of, name in takers if of == contract}
    spared = {name for of, name in left_out if of == contract}
    assert taken | spared == EVENTS[contract]
    assert not taken & spared


def test_events__taken_or_left_out__exist() -> None:
    for contract, name in (*takers, *left_out):
        assert name in EVENTS[contract], f"{contract} has no {name}"
    assert all(reason for reason in left_out.values())
