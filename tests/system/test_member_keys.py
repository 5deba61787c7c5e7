"""Rotation of a member's key: one step proves the other, and an interruption loses nothing."""

import pytest

from harness.served import served
from tanlian.chain.keys import keccak
from tanlian.domain.roles import Role
from tanlian_node.errors import BadKey
from tanlian_node.member_keys import account_consent, register, rotate
from tanlian_node.rpc import Rpc
from tanlian_node.signer import LocalSigner


@pytest.fixture(scope="module")
def market(tmp_path_factory):
    with pytest.MonkeyPatch.context() as context:
        folder = tmp_path_factory.mktemp("keys")
        with served(folder, context) as it:
            access = it.deploy()
            for name in ("emitter", "bank"):
                access.act(
                    it.sender("regulator"), "membership", "admit", keccak(name.encode()), name,
                    int(Role.EMITTER), 1, 21, keccak(b"bare " + name.encode()),
                    it.key(name).address,
                )  # fmt: skip
            yield Rpc(it.url), access.contracts.membership.address


def signer(alias):
    return LocalSigner(keccak(f"test/{alias}".encode()))


def test_rotate__chain_without_allowlists__new_account_acts_and_old_one_is_gone(market):
    rpc, membership = market
    fresh = keccak(b"fresh")
    assert rotate(rpc, membership, signer("emitter"), fresh, "yearly") == LocalSigner(fresh).address
    read = register(membership).read
    assert read(rpc, "organisation_of", LocalSigner(fresh).address) == 2
    assert read(rpc, "standing", signer("emitter").address) == 0


def test_rotate__interrupted_after_the_first_step__goes_on(market):
    rpc, membership = market
    old, fresh = signer("bank"), keccak(b"fresh bank")
    contract = register(membership)
    chain_id = int(rpc.call("eth_chainId"), 16)
    consent = account_consent(fresh, chain_id, membership, 3)
    contract.send(rpc, old, "add_account", LocalSigner(fresh).address, consent)
    rotate(rpc, membership, old, fresh, "yearly")
    assert contract.read(rpc, "accounts_of", 3) == (LocalSigner(fresh).address,)


def test_rotate__stranger_or_account_of_another__refused_and_nothing_changed(market):
    rpc, membership = market
    contract = register(membership)
    before = [contract.read(rpc, "accounts_of", number) for number in (1, 2, 3)]
    with pytest.raises(BadKey, match="no account of any organisation"):
        rotate(rpc, membership, signer("stranger"), keccak(b"new"), "x")
    with pytest.raises(BadKey, match="of organisation 1 already"):
        rotate(rpc, membership, LocalSigner(keccak(b"fresh bank")), keccak(b"test/regulator"), "x")
    assert [contract.read(rpc, "accounts_of", number) for number in (1, 2, 3)] == before
