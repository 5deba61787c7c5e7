"""Devices' signatures: the right key, this one use, no malleable twin."""

import pytest
from eth_account import Account

from tanlian.domain.reading import Reading
from tanlian.proofs.reading_signature import (
    SignatureRefused,
    address_of,
    sign_reading,
    signer_of,
)

KEY = bytes(31) + b"\7"
BODY = Reading(3600, 1, 2, 3, 4).body
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


def test_signer_of__own_signature__the_address_that_eth_account_knows():
    assert signer_of(BODY, sign_reading(KEY, BODY)) == address_of(KEY)
    assert address_of(KEY) == Account.from_key(KEY).address.lower()


def test_signer_of__reading_changed__another_address():
    changed = Reading(3600, 1, 2, 3, 5).body
    assert signer_of(changed, sign_reading(KEY, BODY)) != address_of(KEY)


def test_signer_of__upper_s__refused():
    signature = sign_reading(KEY, BODY)
    s = ORDER - int.from_bytes(signature[32:64], "big")
    twin = signature[:32] + s.to_bytes(32, "big") + bytes([signature[64] ^ 1])
    with pytest.raises(SignatureRefused, match="upper half"):
        signer_of(BODY, twin)


@pytest.mark.parametrize(
    ("signature", "reason"),
    [
        (b"", "65 bytes, not 0"),
        (bytes(65), "no key"),
        (b"\xff" * 32 + bytes(33), "no key"),
        (bytes(64) + b"\x09", "no key"),
    ],
)
def test_signer_of__malformed__refused(signature, reason):
    with pytest.raises(SignatureRefused, match=reason):
        signer_of(BODY, signature)
