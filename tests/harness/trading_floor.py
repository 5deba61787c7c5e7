"""The market with one open session, as the access tables of its contracts need it."""

from typing import Any

import boa
from eth_account.messages import encode_typed_data

from harness.consortium import CEA24, Consortium, Member, deploy, deploy_register
from harness.market import HOUR, REFERENCE, RICH, UTC_OFFSET, Market, deploy_market
from tanlian.domain.instrument import allowance

CEA25 = allowance(2025).token_id
LOTS = 1_000_000  # what a block trade may be about
TRADERS = frozenset({"emitter", "other_emitter", "trader"})
NOT_A_MEMBER = "member_guard: not a member"


def floor() -> Consortium:
    """`it.floor` is the market of the harness; a session of CEA24 is open, CEA25 is listed."""
    return _open(FULL_MARGIN)


def floor_on_margin() -> Consortium:
    """The same, with a margin of a tenth."""
    return _open(1_000)


FULL_MARGIN = 10_000


def unwired() -> Consortium:
    """A market that was just deployed."""
    it = deploy_register()
    house = deploy("ClearingHouse", it.membership, UTC_OFFSET)
    market = deploy("CarbonMarket", it.membership, it.ledger, it.money, house)
    sessions = deploy("TradingSessions", it.membership, market)
    settlement = deploy("MarginSettlement", it.membership, market)
    blocks = deploy("BlockTrades", it.membership, market, sessions)
    it.contracts.floor = Market(it, market, sessions, settlement, blocks, house)
    return it


def wired() -> Consortium:
    """A market that only waits to be sealed."""
    it = unwired()
    desks = it.floor.sessions, it.floor.settlement, it.floor.blocks
    it.floor.contract.wire(*desks, sender=it.deployer)
    return it


def fund(it: Consortium, actor: Member | None) -> None:
    """Put money and units into the actor's trading account."""
    if actor:
        it.floor.fund(actor, RICH, LOTS)


def standing_ask(it: Consortium, actor: Member | None) -> int:
    """An order of the emitter, and money and units for the actor."""
    fund(it, it.emitter)
    if actor and actor is not it.emitter:
        fund(it, actor)
    return it.floor.ask(it.emitter, REFERENCE, 10)


def continuous(it: Consortium, actor: Member | None) -> None:
    """The second stage, with funds for the actor."""
    fund(it, actor)
    it.floor.to_continuous()


def debt(it: Consortium, actor: Member | None) -> int:
    """The other emitter bought from the emitter on margin and owes the rest."""
    for member in (it.emitter, it.other_emitter):
        fund(it, member)
    it.floor.ask(it.emitter, REFERENCE, 10)
    it.floor.bid(it.other_emitter, REFERENCE, 10)
    it.floor.to_continuous()
    return 1


def debt_word(it: Consortium) -> int:
    """The obligation as MarginSettlement hands it to the market."""
    return it.floor.settlement.eval("self._obligations[1]")


def proposal(it: Consortium, actor: Member | None) -> int:
    """The emitter offers a block to the other emitter."""
    for member in (it.emitter, it.other_emitter):
        fund(it, member)
    return it.floor.blocks.propose(*block_offer(it, it.other_emitter), sender=it.emitter.account)


def block_offer(it: Consortium, counterparty: Member) -> tuple[Any, ...]:
    """Session, counterparty, side, price, kilograms, expiry."""
    price, amount = REFERENCE * 10_000, 200_000 * 1_000
    expires_at = boa.env.timestamp + HOUR
    return it.floor.session, counterparty.org_id, False, price, amount, expires_at


def signed_block(it: Consortium, buyer: Member, seller: Member) -> tuple[Any, ...]:
    """A block trade with both signatures."""
    names = ("session", "buyer", "seller", "tick", "lots", "expiresAt", "salt")
    expires_at = boa.env.timestamp + HOUR
    ids = buyer.org_id, seller.org_id
    values = (it.floor.session, *ids, REFERENCE, 200_000, expires_at, 1)
    _, name, version, chain_id, contract, _, _ = it.floor.blocks.eip712Domain()
    message = encode_typed_data(
        domain_data={
            "name": name,
            "version": version,
            "chainId": chain_id,
            "verifyingContract": contract,
        },
        message_types={"Block": [{"name": name, "type": "uint256"} for name in names]},
        message_data=dict(zip(names, values, strict=True)),
    )
    return (*values, *(member.key.sign_message(message).signature for member in (buyer, seller)))


def _open(margin_bps: int) -> Consortium:
    found = deploy_market()
    it = found.consortium
    it.contracts.floor = found
    found.sessions.list_instrument(CEA25, sender=it.exchange.account)
    found.announce(instrument=CEA24, margin_bps=margin_bps)
    return it
