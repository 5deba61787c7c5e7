import copy
import pickle

import pytest
from eth_account import Account
from eth_utils import to_checksum_address

from tanlian.chain.keys import Call, Fees, Key, checksum, contract_address, keccak

KEY = Key.derived("test", "emitter")
REFERENCE = Account.from_key(keccak(b"test/emitter"))


def test_address__derived__is_eth_accounts():
    assert KEY.address == REFERENCE.address


@pytest.mark.parametrize(
    "call",
    [
        Call("0x" + "ab" * 20, b"", 21_000),
        Call("0x" + "ab" * 20, b"\x00\x01", 500_000, value=7),
        Call(None, b"\x60\x00", 14_000_000),
    ],
    ids=["transfer", "call", "creation"],
)
@pytest.mark.parametrize("fees", [Fees(), Fees(10**9, 10**8)], ids=["free", "paid"])
def test_sign_transaction__each_kind__is_what_eth_account_signs(call, fees):
    wanted = {
        "type": 2,
        "chainId": 20260,
        "nonce": 300,
        "gas": call.gas,
        "value": call.value,
        "data": call.data,
        "maxFeePerGas": fees.max_fee,
        "maxPriorityFeePerGas": fees.priority,
    }
    if call.to is not None:
        wanted["to"] = to_checksum_address(call.to)
    reference = REFERENCE.sign_transaction(wanted).raw_transaction
    assert KEY.sign_transaction(call, nonce=300, chain_id=20260, fees=fees) == reference


def test_sign_transaction__twice__gives_the_same_bytes():
    call = Call("0x" + "ab" * 20, b"x", 50_000)
    first, second = (KEY.sign_transaction(call, nonce=0, chain_id=1, fees=Fees()) for _ in range(2))
    assert first == second


def test_key__shown_or_copied__keeps_its_secret():
    secret = keccak(b"test/emitter").hex()
    assert secret not in repr(KEY) + str(KEY) + repr(vars(type(KEY)))
    for copied in (pickle.dumps, copy.deepcopy):
        with pytest.raises(TypeError, match="not copied"):
            copied(KEY)


@pytest.mark.parametrize("text", ["0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "0x" + "00" * 20])
def test_checksum__any_form__is_eip_55(text):
    assert checksum(text.lower()) == text
    assert checksum(bytes.fromhex(text[2:])) == text


def test_contract_address__known_pairs__are_those_of_ethereum():
    creator = "0x6ac7ea33f8831ea9dcc53393aaa88b25a785dbf0"
    assert contract_address(creator, 0).lower() == "0xcd234a471b72ba2f1ccf0a70fcaba648a5eecd8d"
    assert contract_address(creator, 1).lower() == "0x343c43a37d37dff08ae8c4a11544c718abb4fcf8"
