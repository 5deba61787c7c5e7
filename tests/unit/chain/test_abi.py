"""ABI codecs against the library that everybody uses."""

import pytest
from eth_utils import to_checksum_address
from hypothesis import given
from hypothesis import strategies as st
from web3 import Web3

from tanlian.chain.abi import Interface
from tanlian.chain.contracts import interface_of
from tanlian.chain.keys import keccak
from tanlian.domain.errors import InvalidInput
from tanlian_contracts import artifact, names

ADDRESS = st.binary(min_size=20, max_size=20).map(to_checksum_address)


@pytest.mark.parametrize("name", names())
def test_interface__every_contract__has_the_selectors_and_topics_of_web3(name):
    reference = Web3().eth.contract(abi=artifact(name)["abi"])
    interface = Interface(name, artifact(name)["abi"])
    for forms in interface.functions.values():
        for form in forms:
            assert form.selector == keccak(form.signature.encode())[:4]
            assert reference.get_function_by_selector(form.selector).abi == form.entry
    for event in interface.events.values():
        found = reference.get_event_by_topic(event.topic)
        assert found.abi["name"] == event.name


def test_interface__market__says_the_events_of_its_clearing_house():
    events = interface_of("CarbonMarket").events
    assert {"OrdersPlaced", "SessionCleared", "SessionClosed"} <= events.keys()


WORDS = {
    "name": "Happened",
    "type": "event",
    "anonymous": False,
    "inputs": [
        {"name": "who", "type": "address", "indexed": True},
        {"name": "flag", "type": "bool", "indexed": False},
        {"name": "number", "type": "uint256", "indexed": True},
        {"name": "hash", "type": "bytes32", "indexed": False},
        {"name": "amount", "type": "uint256", "indexed": False},
    ],
}
LONG = {
    **WORDS,
    "inputs": [
        *WORDS["inputs"],
        {"name": "text", "type": "string", "indexed": False},
        {"name": "list", "type": "uint256[]", "indexed": False},
        {
            "name": "terms",
            "type": "tuple",
            "indexed": False,
            "components": [{"name": "a", "type": "uint256"}, {"name": "b", "type": "address"}],
        },
    ],
}
ARRAYS = {
    **WORDS,
    "inputs": [
        {"name": "list", "type": "uint256[]", "indexed": False},
        *WORDS["inputs"],
        {"name": "whose", "type": "address[]", "indexed": False},
    ],
}


@given(st.data())
@pytest.mark.parametrize("entry", [WORDS, ARRAYS, LONG], ids=["words", "arrays", "dynamic"])
def test_event__any_arguments__are_read_back(entry, data):
    from eth_abi import encode

    drawn = {
        "who": data.draw(ADDRESS),
        "flag": data.draw(st.booleans()),
        "number": data.draw(st.integers(0, 2**256 - 1)),
        "hash": data.draw(st.binary(min_size=32, max_size=32)),
        "amount": data.draw(st.integers(0, 2**256 - 1)),
    }
    types = ["bool", "bytes32", "uint256"]
    values = [drawn["flag"], drawn["hash"], drawn["amount"]]
    drawn_list = tuple(data.draw(st.lists(st.integers(0, 2**256 - 1), max_size=5)))
    if entry is ARRAYS:
        drawn = {"list": drawn_list, **drawn, "whose": tuple(data.draw(st.lists(ADDRESS)))}
        types = ["uint256[]", *types, "address[]"]
        values = [drawn_list, *values, drawn["whose"]]
    if entry is LONG:
        drawn["text"] = data.draw(st.text(max_size=40).filter(lambda text: "\0" not in text))
        drawn["list"] = drawn_list
        drawn["terms"] = (data.draw(st.integers(0, 2**256 - 1)), data.draw(ADDRESS))
        types += ["string", "uint256[]", "(uint256,address)"]
        values += [drawn["text"], drawn["list"], drawn["terms"]]
    kind = Interface("Test", [entry]).events["Happened"]
    topics = [
        kind.topic,
        "0x" + drawn["who"][2:].lower().rjust(64, "0"),
        f"0x{drawn['number']:064x}",
    ]
    found = kind.arguments(topics, "0x" + encode(types, values).hex())
    assert found == drawn
    assert list(found) == [part["name"] for part in entry["inputs"]]


@pytest.mark.parametrize(
    ("written", "read"), [(b"a\xffb", "a\ufffdb"), (b"a\0b", "a\ufffdb"), (b"\xe9\x94", "\ufffd")]
)
def test_arguments__string_of_any_bytes__is_read(written, read):
    """A member writes what bytes it likes into a name or reason, and must stop no reader."""
    from eth_abi import encode

    body = encode(["bool", "bytes32", "uint256", "bytes", "uint256[]", "(uint256,address)"],
                  [True, bytes(32), 1, written, [], (1, "0x" + "1" * 40)])  # fmt: skip
    kind = Interface("Test", [LONG]).events["Happened"]
    found = kind.arguments([kind.topic, "0x" + "0" * 64, "0x" + "0" * 64], "0x" + body.hex())
    assert found["text"] == read


def test_result__struct__is_a_named_tuple_with_checksummed_addresses():
    from eth_abi import encode

    form = interface_of("Membership").function("accounts_of", 1)
    account = to_checksum_address(b"\xab" * 20)
    assert form.result(encode(["address[]"], [[account.lower()]])) == (account,)
    plan = interface_of("Allocation").function("plan", 2)
    found = plan.result(
        encode(["(uint256,uint256,uint256,uint256,bytes32)"], [(1, 2, 3, 4, b"x" * 32)])
    )
    assert (found.cap_kg, found.allocated_kg, found.document) == (1, 4, b"x" * 32)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((1,), "takes 2 arguments"),
        ((-1, 2024), "do not fit plan"),
        (("a", 2024), "do not fit plan"),
    ],
)
def test_data__arguments_that_do_not_fit__are_named(arguments, sentence):
    form = interface_of("Allocation").function("plan", 2)
    with pytest.raises(InvalidInput, match=sentence):
        form.data(arguments)


def test_function__unknown__is_a_lookup_error():
    with pytest.raises(LookupError, match="Allocation has no function 'plan' of 3 arguments"):
        interface_of("Allocation").function("plan", 3)
