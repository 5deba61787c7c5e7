"""Deposits, withdrawals, sessions' terms, block trades, layout and size."""

import boa
import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_utils import keccak

from harness.consortium import deploy
from harness.market import HOUR, LOT, REFERENCE, RICH, TICK, UTC_OFFSET, Market
from tanlian.domain.instrument import allowance

OTHER = allowance(2025).token_id
MAX_WAIT = 92 * 24 * HOUR
BLOCK = 100_000


def test_deposit_units__from_the_ledger__whole_lots_only(fresh):
    fresh.issue(fresh.emitter, 5 * LOT + 1)
    send = fresh.ledger.safeTransferFrom
    for kilograms in (1, LOT - 1, LOT + 1, 0):
        with (
            fresh.unchanged(),
            boa.reverts(
                "carbon_market: amount is zero"
                if kilograms == 0
                else "carbon_market: not a positive number of lots"
            ),
        ):
            send(
                fresh.emitter.holder,
                fresh.contract,
                fresh.instrument,
                kilograms,
                b"",
                sender=fresh.emitter.account,
            )
    fresh.deposit_units(fresh.emitter, 5)
    assert fresh.account(fresh.emitter).lots_free == 5
    assert fresh.lots_inside() == 5


def test_on_received__not_from_the_ledger__refused(fresh):
    for sender in (fresh.outsider(), fresh.emitter.account, fresh.money.address):
        with fresh.unchanged(), boa.reverts("carbon_market: caller is not wired for this"):
            fresh.contract.onERC1155Received(
                sender, fresh.emitter.holder, fresh.instrument, LOT, b"", sender=sender
            )


def test_deposit_money__by_allowance_of_a_member(fresh):
    fresh.consortium.fund(fresh.emitter, 100)
    with fresh.unchanged(), boa.reverts():
        fresh.contract.deposit_money(fresh.instrument, 60, sender=fresh.emitter.account)
    fresh.money.approve(fresh.contract, 60, sender=fresh.emitter.account)
    with fresh.unchanged(), boa.reverts("carbon_market: amount is zero"):
        fresh.contract.deposit_money(fresh.instrument, 0, sender=fresh.emitter.account)
    with fresh.unchanged(), boa.reverts("carbon_market: instrument is not listed"):
        fresh.contract.deposit_money(OTHER, 60, sender=fresh.emitter.account)
    with fresh.unchanged(), boa.reverts("member_guard: not an active member"):
        fresh.contract.deposit_money(fresh.instrument, 60, sender=fresh.outsider())
    with fresh.unchanged(), boa.reverts("member_guard: not an active member"):
        fresh.contract.deposit_money(fresh.instrument, 60, sender=fresh.suspended.account)
    fresh.contract.deposit_money(fresh.instrument, 60, sender=fresh.emitter.account)
    assert fresh.account(fresh.emitter).money_free == 60
    assert fresh.money_inside() == 60
    assert fresh.money_outside(fresh.emitter) == 40


def test_deposit_money__beyond_what_the_market_can_hold__refused(fresh):
    fresh.fund(fresh.emitter, 2**64 - 2)
    fresh.consortium.fund(fresh.trader, 5)
    fresh.money.approve(fresh.contract, 2**256 - 1, sender=fresh.trader.account)
    for amount in (2, 2**64, 2**255):
        with fresh.unchanged(), boa.reverts("carbon_market: more than the market can hold"):
            fresh.contract.deposit_money(fresh.instrument, amount, sender=fresh.trader.account)
    fresh.contract.deposit_money(fresh.instrument, 1, sender=fresh.trader.account)


def test_deposit_units__beyond_what_the_market_can_hold__refused(fresh):
    fresh.fund(fresh.emitter, 0, 2**36 - 2)
    fresh.issue(fresh.trader, 5 * LOT)
    with fresh.unchanged(), boa.reverts("carbon_market: more than the market can hold"):
        fresh.deposit_units(fresh.trader, 2)
    fresh.deposit_units(fresh.trader, 1)


def test_withdraw__free_only_also_suspended_and_paused(market):
    market.bid(market.emitter, REFERENCE, 10)
    market.ask(market.trader, REFERENCE + 1, 10)
    free = market.account(market.emitter).money_free
    market.sessions.pause_session(market.session, bytes(32), sender=market.regulator.account)
    market.suspend(market.emitter)
    market.suspend(market.trader)
    contract = market.contract
    with market.unchanged(), boa.reverts("carbon_market: not enough free money"):
        contract.withdraw_money(market.instrument, free + 1, sender=market.emitter.account)
    with market.unchanged(), boa.reverts("carbon_market: amount is zero"):
        contract.withdraw_money(market.instrument, 0, sender=market.emitter.account)
    contract.withdraw_money(market.instrument, free, sender=market.emitter.account)
    assert market.money_outside(market.emitter) == free
    lots = market.account(market.trader).lots_free
    with market.unchanged(), boa.reverts("carbon_market: not enough free units"):
        contract.withdraw_units(market.instrument, (lots + 1) * LOT, sender=market.trader.account)
    with market.unchanged(), boa.reverts("carbon_market: not a positive number of lots"):
        contract.withdraw_units(market.instrument, 1, sender=market.trader.account)
    contract.withdraw_units(market.instrument, lots * LOT, sender=market.trader.account)
    assert market.ledger.holding(market.trader.org_id, market.instrument) == lots * LOT
    with market.unchanged(), boa.reverts("member_guard: not a member"):
        contract.withdraw_money(market.instrument, 1, sender=market.outsider())
    with market.unchanged(), boa.reverts("carbon_market: not enough free money"):
        contract.withdraw_money(market.instrument, 1, sender=market.regulator.account)


def test_withdraw__more_bits_than_a_field__refused(market):
    for amount in (2**64, 2**100, 2**255, 2**256 - 1):
        with market.unchanged(), boa.reverts("carbon_market: not enough free money"):
            market.contract.withdraw_money(market.instrument, amount, sender=market.emitter.account)
    for lots in (2**36, 2**192, 2**240):
        with market.unchanged(), boa.reverts("carbon_market: not enough free units"):
            market.contract.withdraw_units(
                market.instrument, lots * LOT, sender=market.emitter.account
            )


def test_move_money__between_own_accounts(market):
    with market.unchanged(), boa.reverts("carbon_market: instrument is not listed"):
        market.contract.move_money(market.instrument, OTHER, 5, sender=market.emitter.account)
    market.sessions.list_instrument(OTHER, sender=market.exchange.account)
    market.contract.move_money(market.instrument, OTHER, 5, sender=market.emitter.account)
    assert market.account(market.emitter).money_free == RICH - 5
    assert market.contract.account(OTHER, market.emitter.org_id).money_free == 5
    with market.unchanged(), boa.reverts("carbon_market: not enough free money"):
        market.contract.move_money(OTHER, market.instrument, 6, sender=market.emitter.account)
    market.contract.move_money(OTHER, OTHER, 5, sender=market.emitter.account)
    assert market.contract.account(OTHER, market.emitter.org_id).money_free == 5


TERMS = [
    ({"instrument": 5}, "instrument: unknown kind"),
    ({"opens_at": -1}, "trading_sessions: opens in the past"),
    ({"cancels_until": 0}, "trading_sessions: times out of order"),
    ({"auction_ends_at": HOUR // 2 - 1}, "trading_sessions: times out of order"),
    ({"closes_at": HOUR}, "trading_sessions: times out of order"),
    ({"pay_by": 2 * HOUR - 1}, "trading_sessions: times out of order"),
    ({"closes_at": 2**22, "pay_by": 2**23}, "trading_sessions: session too long"),
    ({"pay_by": 2 * HOUR + MAX_WAIT + 1}, "trading_sessions: payment too late"),
    ({"reference_tick": 0}, "trading_sessions: reference price out of range"),
    ({"reference_tick": 2**20}, "trading_sessions: reference price out of range"),
    ({"band_bps": 0}, "trading_sessions: band out of range"),
    ({"band_bps": 10_000}, "trading_sessions: band out of range"),
    ({"reference_tick": 500_000, "band_bps": 9_999}, "trading_sessions: band out of range"),
    ({"margin_bps": 0}, "trading_sessions: margin out of range"),
    ({"margin_bps": 10_001}, "trading_sessions: margin out of range"),
    ({"max_order_lots": 0}, "trading_sessions: order limit out of range"),
    ({"max_order_lots": 2**28}, "trading_sessions: order limit out of range"),
    ({"position_limit_lots": 0}, "trading_sessions: position limit out of range"),
    ({"position_limit_lots": 2**32}, "trading_sessions: position limit out of range"),
    ({"buy_roles": 256}, "trading_sessions: unknown roles"),
    ({"sell_roles": 256}, "trading_sessions: unknown roles"),
    ({"buy_sectors": 2**128}, "trading_sessions: unknown sectors"),
    ({"block_min_lots": 2**28}, "trading_sessions: block minimum out of range"),
    ({"block_band_bps": 10_000}, "trading_sessions: block band out of range"),
]
CLOCK = {"opens_at", "cancels_until", "auction_ends_at", "closes_at", "pay_by"}


@pytest.mark.parametrize(("changes", "sentence"), TERMS)
def test_announce__term_out_of_range__refused(fresh, changes, sentence):
    moved = {k: boa.env.timestamp + v if k in CLOCK else v for k, v in changes.items()}
    with boa.reverts(sentence):
        fresh.announce(**moved)
    assert fresh.contract.session_count() == 0
    assert fresh.announce() == 1


def test_announce__opening_mistyped_by_years__does_not_block_the_instrument(fresh):
    """The hole: nobody can call a session off, and an instrument has one at a time."""

    def opening_in(seconds: int) -> dict[str, int]:
        opens_at = boa.env.timestamp + seconds
        clock = {"cancels_until": HOUR, "auction_ends_at": HOUR, "closes_at": 2 * HOUR}
        moved = {name: opens_at + offset for name, offset in clock.items()}
        return {"opens_at": opens_at, "pay_by": opens_at + 2 * HOUR + MAX_WAIT, **moved}

    for wait in (MAX_WAIT + 1, 50 * 365 * 24 * HOUR):
        with fresh.unchanged(), boa.reverts("trading_sessions: opens too late"):
            fresh.announce(**opening_in(wait))
    assert fresh.contract.session_count() == 0
    assert fresh.announce(**opening_in(MAX_WAIT)) == 1


def test_announce__by_anybody_but_the_exchange__refused(fresh):
    for name in ("regulator", "emitter", "trader", "bank"):
        with boa.reverts("member_guard: role missing"):
            fresh.sessions.announce_session(fresh.terms(), sender=fresh.members[name].account)
        with boa.reverts("member_guard: role missing"):
            fresh.sessions.list_instrument(OTHER, sender=fresh.members[name].account)
    assert fresh.contract.session_count() == 0


def test_announce__while_one_is_open__refused_and_reference_is_the_last_close(market):
    with boa.reverts("carbon_market: session still open"):
        market.announce()
    market.bid(market.emitter, 6_100, 10)
    market.ask(market.trader, 6_100, 10)
    market.to_continuous()
    market.to_close()
    market.close()
    boa.env.timestamp += HOUR
    with boa.reverts("trading_sessions: reference is the last close"):
        market.announce(reference_tick=6_000)
    market.announce()
    assert market.sessions.terms(market.session).reference_tick == 6_100
    state = market.contract.state(market.session)
    assert (state.low_tick, state.high_tick) == (5_490, 6_710)


def propose(market: Market, lots: int = BLOCK, tick: int = 7_000, *, buy: bool = True) -> int:
    return market.blocks.propose(
        market.session,
        market.trader.org_id,
        buy,
        tick * TICK,
        lots * LOT,
        boa.env.timestamp + HOUR,
        sender=market.emitter.account,
    )


@pytest.mark.parametrize("buy", [True, False])
def test_block__proposed_and_accepted__settles_outside_the_book(fresh, buy):
    for name in ("emitter", "trader"):
        fresh.fund(fresh.members[name], 10**16, BLOCK)
    fresh.announce()
    number = propose(fresh, buy=buy)
    for name in ("emitter", "other_emitter"):
        with fresh.unchanged(), boa.reverts("block_trades: not addressed to you"):
            fresh.blocks.accept(number, sender=fresh.members[name].account)
    fresh.blocks.accept(number, sender=fresh.trader.account)
    cost = BLOCK * 7_000 * TICK
    sign = 1 if buy else -1
    assert fresh.account(fresh.emitter).money_free == 10**16 - sign * cost
    assert fresh.account(fresh.emitter).lots_free == BLOCK + sign * BLOCK
    assert fresh.account(fresh.trader).money_free == 10**16 + sign * cost
    assert fresh.contract.state(fresh.session).volume_lots == 0
    with fresh.unchanged(), boa.reverts("block_trades: no open proposal"):
        fresh.blocks.accept(number, sender=fresh.trader.account)
    fresh.to_close()
    fresh.close()
    assert fresh.contract.closing_tick(fresh.instrument) == REFERENCE


@pytest.mark.parametrize(
    ("lots", "tick", "sentence"),
    [
        (BLOCK - 1, 7_000, "block_trades: quantity out of limits"),
        (2**28, 7_000, "block_trades: quantity out of limits"),
        (BLOCK, 7_801, "block_trades: price outside the band"),
        (BLOCK, 4_199, "block_trades: price outside the band"),
    ],
)
def test_block__outside_its_limits__refused(market, lots, tick, sentence):
    with boa.reverts(sentence):
        propose(market, lots, tick)
    assert market.blocks.proposal_count() == 0
    for good in (4_200, 7_800):
        assert propose(market, BLOCK, good)


def test_block__withdrawn_or_expired__cannot_be_accepted(market):
    number = propose(market)
    with boa.reverts("block_trades: not your proposal"):
        market.blocks.withdraw(number, sender=market.trader.account)
    market.blocks.withdraw(number, sender=market.emitter.account)
    with market.unchanged(), boa.reverts("block_trades: no open proposal"):
        market.blocks.accept(number, sender=market.trader.account)
    number = propose(market)
    boa.env.timestamp += HOUR + 1
    with market.unchanged(), boa.reverts("block_trades: expired"):
        market.blocks.accept(number, sender=market.trader.account)


def test_block__triggers_apply_to_both(market):
    number = propose(market)
    market.suspend(market.emitter)
    with market.unchanged(), boa.reverts("carbon_market: not an active member"):
        market.blocks.accept(number, sender=market.trader.account)
    market.reinstate(market.emitter)
    market.contract.withdraw_money(market.instrument, RICH - 1, sender=market.emitter.account)
    with market.unchanged(), boa.reverts("carbon_market: not enough free money"):
        market.blocks.accept(number, sender=market.trader.account)
    assert market.blocks.proposal(number).open


def test_block__session_without_blocks__refused(fresh):
    fresh.announce(block_min_lots=0)
    with boa.reverts("block_trades: no block trades in this session"):
        propose(fresh)


def block_signature(market: Market, key, *, salt: int = 1, lots: int = BLOCK) -> bytes:
    fields = ("session", "buyer", "seller", "tick", "lots", "expiresAt", "salt")
    document = {
        "types": {
            "EIP712Domain": [
                {"name": "name", "type": "string"},
                {"name": "version", "type": "string"},
                {"name": "chainId", "type": "uint256"},
                {"name": "verifyingContract", "type": "address"},
            ],
            "Block": [{"name": name, "type": "uint256"} for name in fields],
        },
        "primaryType": "Block",
        "domain": {
            "name": "Tanlian BlockTrades",
            "version": "1",
            "chainId": boa.env.evm.patch.chain_id,
            "verifyingContract": market.blocks.address,
        },
        "message": dict(
            zip(
                fields,
                (
                    market.session,
                    market.emitter.org_id,
                    market.trader.org_id,
                    7_000,
                    lots,
                    boa.env.timestamp + HOUR,
                    salt,
                ),
                strict=True,
            )
        ),
    }
    return bytes(Account.sign_message(encode_typed_data(full_message=document), key.key).signature)


def settle_signed(market: Market, buyer: bytes, seller: bytes, lots: int = BLOCK) -> None:
    market.blocks.settle_signed(
        market.session,
        market.emitter.org_id,
        market.trader.org_id,
        7_000,
        lots,
        boa.env.timestamp + HOUR,
        1,
        buyer,
        seller,
        sender=market.outsider(),
    )


def test_block_signed__both_signatures__settles_once(fresh):
    fresh.fund(fresh.emitter, 10**16)
    fresh.fund(fresh.trader, 0, 2 * BLOCK)
    fresh.announce()
    buyer = block_signature(fresh, fresh.emitter.key)
    seller = block_signature(fresh, fresh.trader.key)
    with fresh.unchanged(), boa.reverts("block_trades: not the seller's key"):
        settle_signed(fresh, buyer, buyer)
    with fresh.unchanged(), boa.reverts("block_trades: not the buyer's key"):
        settle_signed(fresh, seller, seller)
    with fresh.unchanged(), boa.reverts("member_guard: not an active member"):
        settle_signed(fresh, buyer, seller, BLOCK + 1)
    settle_signed(fresh, buyer, seller)
    assert fresh.account(fresh.emitter).lots_free == BLOCK
    with fresh.unchanged(), boa.reverts("block_trades: already settled"):
        settle_signed(fresh, buyer, seller)


def test_wiring__once_by_the_deployer_then_sealed(fresh):
    stranger = fresh.outsider()
    for sender in (stranger, fresh.deployer):
        with boa.reverts("wiring: not the deployer" if sender == stranger else "wiring: sealed"):
            fresh.contract.wire(stranger, stranger, stranger, sender=sender)
    again = deploy("CarbonMarket", fresh.membership, fresh.ledger, fresh.money, fresh.house)
    with boa.reverts("wiring: not sealed yet"):
        again.deposit_money(fresh.instrument, 1, sender=fresh.emitter.account)
    with boa.reverts("wiring: not sealed yet"):
        again.open_session(fresh.instrument, 1, 0, 0, sender=stranger)


def test_deploy__house_of_another_register__refused(fresh):
    other = deploy("Membership", keccak(text="x"), "x", 0, 1, keccak(text="x"), fresh.outsider())
    house = deploy("ClearingHouse", other, UTC_OFFSET)
    code = deploy_code("CarbonMarket", fresh, house)
    _, computation = boa.env.deploy(bytecode=code)
    assert computation.is_error
    assert b"another register" in computation.output


def deploy_code(name: str, market: Market, house) -> bytes:
    from eth_abi import encode

    from harness.consortium import deployer_of

    arguments = [market.membership, market.ledger, market.money, house]
    return deployer_of(f"contracts/{name}.vy").compiler_data.bytecode + encode(
        ["address"] * 4, [str(a.address) for a in arguments]
    )


def test_clearing_house__called_directly__refuses_everything(market):
    house = market.house
    for session in (0, market.session):
        with boa.reverts("carbon_market: not clearing now"):
            house.clear(session, 10, sender=market.outsider())
        with boa.reverts("carbon_market: no such live session"):
            house.close(session, 10, sender=market.outsider())
    for act, arguments in (
        (house.settle_block, (1, 2, 3, 4, 5)),
        (house.discharge, (1 << 203, True)),
        (house.open_session, (market.instrument, 1, 0, 0)),
        (house.set_paused, (1, True)),
        (house.list_instrument, (5,)),
    ):
        with boa.reverts("carbon_market: caller is not wired for this"):
            act(*arguments, sender=market.outsider())


def test_layout__of_market_and_clearing_house__the_same_slots():
    from tanlian_contracts import artifact

    def slots(tree: dict, path: str = "") -> dict[str, int]:
        found = {}
        for name, entry in tree.items():
            if "slot" in entry and not isinstance(entry["slot"], dict):
                found[path + name] = (entry["slot"], entry["n_slots"])
            else:
                found |= slots(entry, f"{path}{name}.")
        return found

    market = slots(artifact("CarbonMarket")["layout"]["storage_layout"])
    house = slots(artifact("ClearingHouse")["layout"]["storage_layout"])
    assert len(house) > 15
    assert {name: market.get(name) for name in house} == house


def test_size__with_immutables__every_contract_fits(fresh):
    for contract in (fresh.contract, fresh.house, fresh.sessions, fresh.settlement, fresh.blocks):
        assert len(boa.env.get_code(contract.address)) <= 24_576
