"""Many keys at once: every act has its own outcome, and none holds up another."""

import pytest

from tanlian.chain.connection import quantity
from tanlian.chain.crowd import Act, Crowd
from tanlian.chain.errors import ChainError
from tanlian.chain.keys import Call, Key

KEYS = [Key.derived("crowd", str(number)) for number in range(30)]
# a contract that refuses everything: its code is PUSH1 0, PUSH1 0, REVERT
REFUSING = bytes.fromhex("6460006000fd6000526005601bf3")
GAS = 60_000


def nothing(key, gas=GAS):
    return Act(key, Call(to=key.address, data=b"", gas=gas))


def nonce(connection, key):
    return quantity(connection.request("eth_getTransactionCount", key.address, "latest"))


def test_send__many_keys_several_acts_each__all_in_their_order(chain):
    connection = chain.connection()
    crowd = Crowd(connection)
    acts = [nothing(key) for key in KEYS for _ in range(5)]
    seen = []
    outcomes = crowd.send(acts, progress=lambda done, of: seen.append((done, of)))
    assert [outcome.error for outcome in outcomes] == [None] * 150
    assert [nonce(connection, key) for key in KEYS] == [5] * 30
    assert seen == [(100, 150), (150, 150)]
    assert crowd.pace > 0


def test_send__refused_by_the_node__others_of_the_key_go_on(chain):
    connection = chain.connection()
    key, other = KEYS[:2]
    outcomes = Crowd(connection).send(
        [nothing(key), nothing(key, gas=1), nothing(key), nothing(other)]
    )
    assert [outcome.error is None for outcome in outcomes] == [True, False, True, True]
    assert nonce(connection, key) >= 3
    again = Crowd(connection).send([nothing(key)])
    assert again[0].error is None


def test_send__refused_by_a_contract__its_own_outcome_only(chain):
    connection = chain.connection()
    crowd = Crowd(connection)
    made = crowd.send([Act(KEYS[0], Call(to=None, data=REFUSING, gas=200_000))])[0].unwrap()
    refusing = Act(KEYS[1], Call(to=made.contract_address, data=b"", gas=GAS))
    outcomes = crowd.send([refusing, nothing(KEYS[1]), nothing(KEYS[2])])
    assert [outcome.error is None for outcome in outcomes] == [False, True, True]
    with pytest.raises(ChainError):
        crowd.send_all([refusing])


def test_send__nothing__asks_nothing(chain):
    assert Crowd(chain.connection()).send([]) == []
