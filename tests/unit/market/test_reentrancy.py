"""A hostile settlement token, a hostile ledger, and callers that only look like a wired contract.

The hostile contracts stand where the real ones would: the market calls them, and an account of the
organisation "insider" is the contract itself, so that whatever it calls from inside a movement is a
member's own act, which from outside goes through.
"""

import boa
import pytest
from eth_abi import encode
from eth_utils import function_signature_to_4byte_selector, keccak

from harness.consortium import NORTH, POWER, Member, deployer_of, key_of
from harness.market import LOT, REFERENCE, TICK, Market, deploy_market
from tanlian.domain.instrument import allowance
from tanlian.domain.roles import Role
from tanlian_contracts import artifact

OTHER = allowance(2025).token_id
MOCK = "tests/mocks/HostileTokenMock.vy"
HONEST, REFUSING, LYING = range(3)
NOT_WIRED = "carbon_market: caller is not wired for this"
LOCKED = (False, b"")  # the lock reverts without a word, every refusal has a sentence
STAKE = 10**13  # micro-yuan each member brings
LOTS = 1_000
VIEWS = ("view", "pure")
IMMUTABLE = {"house", "ledger", "money", "membership"}  # answer also inside, and never change


@pytest.fixture(scope="module")
def hostile_market() -> Market:
    """A sealed market on a hostile ledger and a hostile token; both are keys of one member each."""
    units, coins = deployer_of(MOCK).deploy(), deployer_of(MOCK).deploy()
    market = deploy_market(ledger=units, money=coins)
    market.sessions.list_instrument(OTHER, sender=market.exchange.account)
    for name, contract in (("insider of the token", coins), ("insider of the ledger", units)):
        org_id = market.membership.admit(
            keccak(text=f"identity of {name}"),
            name,
            int(Role.EMITTER),
            POWER,
            NORTH,
            keccak(text=f"certificate of {name}"),
            contract.address,
            sender=market.regulator.account,
        )
        market.members[name] = Member(name, org_id, key_of(name), Role.EMITTER, NORTH)
    return market


@pytest.fixture
def hostile(hostile_market: Market) -> Market:
    """Everybody has money and units inside and as much outside; a session takes quotes."""
    it = hostile_market
    for member, account in players(it):
        it.money.mint(member.holder, 0, 2 * STAKE)
        it.ledger.mint(member.holder, it.instrument, 2 * LOTS * LOT)
        it.contract.deposit_money(it.instrument, STAKE, sender=account)
        it.ledger.safeTransferFrom(
            member.holder, it.contract, it.instrument, LOTS * LOT, b"", sender=account
        )
    it.announce(block_min_lots=1)
    return it


def players(it: Market) -> list[tuple[Member, str]]:
    """An honest member, and the two insiders with the contracts that are their keys."""
    return [
        (it.emitter, it.emitter.account),
        (it.members["insider of the token"], it.money.address),
        (it.members["insider of the ledger"], it.ledger.address),
    ]


def movements(it: Market, account: str) -> dict:
    """Each act of a member in which the market calls a token, and the token it calls."""
    market, one = it.contract, it.instrument
    return {
        "deposit money": (it.money, lambda: market.deposit_money(one, 70, sender=account)),
        "withdraw money": (it.money, lambda: market.withdraw_money(one, 70, sender=account)),
        "withdraw units": (it.ledger, lambda: market.withdraw_units(one, LOT, sender=account)),
    }


MOVEMENTS = ("deposit money", "withdraw money", "withdraw units")


def acts_of_a_member(it: Market, member: Member) -> list[tuple[str, bytes]]:
    """Calls that go through from outside; a ledger may moreover announce units."""
    market, one = it.contract, it.instrument
    whole = it.account(member)
    calls = [
        market.deposit_money.prepare_calldata(one, 70),
        market.withdraw_money.prepare_calldata(one, 70),
        market.withdraw_money.prepare_calldata(one, whole.money_free - 140),
        market.withdraw_units.prepare_calldata(one, LOT),
        market.withdraw_units.prepare_calldata(one, (whole.lots_free - 5) * LOT),
        market.move_money.prepare_calldata(one, OTHER, 70),
        market.place.prepare_calldata(it.session, False, REFERENCE * TICK, LOT),
    ]
    return [(market.address, call) for call in calls]


def notice(it: Market, member: Member) -> tuple[str, bytes]:
    """What the ledger says to the market when units arrive."""
    return it.contract.address, it.contract.onERC1155Received.prepare_calldata(
        member.holder, member.holder, it.instrument, LOT, b""
    )


def zero_calls(*mutability: str) -> dict[str, bytes]:
    """One call with zeros of every function of the market's interface."""
    calls = {}
    for entry in artifact("CarbonMarket")["abi"]:
        if entry["type"] == "function" and entry["stateMutability"] in mutability:
            types = [item["type"] for item in entry["inputs"]]
            empty = [_zero(kind) for kind in types]
            selector = function_signature_to_4byte_selector(f"{entry['name']}({','.join(types)})")
            calls[entry["name"]] = selector + encode(types, empty)
    return calls


def _zero(kind: str):
    if kind.endswith("]"):
        return []
    return {"address": "0x" + 40 * "0", "bool": False, "bytes": b""}.get(kind, 0)


def outcomes(token) -> list[tuple[bool, bytes]]:
    return [(found.done, found.output) for found in token.outcomes()]


def reason(output: bytes) -> str:
    """The sentence of a revert."""
    length = int.from_bytes(output[36:68])
    return output[68 : 68 + length].decode()


def books(it: Market) -> list:
    """All accounts of all members for both instruments, the book, and who holds what."""
    return [
        *(
            it.contract.account(instrument, member.org_id)
            for member in it.members.values()
            for instrument in (it.instrument, OTHER)
        ),
        *(
            (it.money.balanceOf(m.holder), it.ledger.balanceOf(m.holder, it.instrument))
            for m in it.members.values()
        ),
        it.contract.best_ticks(it.session),
        it.contract.state(it.session),
        it.money_inside(),
        it.lots_inside(),
    ]


def check_conservation(it: Market) -> None:
    """What the accounts say is what is here, and what is here and what left is what there was."""
    accounts = [
        it.contract.account(instrument, member.org_id)
        for member in it.members.values()
        for instrument in (it.instrument, OTHER)
    ]
    cast = [member for member, _ in players(it)]
    assert sum(account.money_free for account in accounts) == it.money_inside()
    assert sum(a.lots_free + a.open_sell_lots for a in accounts) == it.lots_inside()
    outside = sum(it.money.balanceOf(member.holder) for member in cast)
    assert it.money_inside() + outside == len(cast) * 2 * STAKE
    kept = sum(it.ledger.balanceOf(member.holder, it.instrument) for member in cast)
    assert it.lots_inside() * LOT + kept == len(cast) * 2 * LOTS * LOT


def insider(it: Market, token) -> Member:
    return next(member for member, account in players(it) if account == token.address)


@pytest.mark.parametrize("movement", MOVEMENTS)
@pytest.mark.parametrize("same", [True, False], ids=["own movement", "other's movement"])
def test_reentry__acts_that_go_through_from_outside__all_locked(hostile, movement, same):
    it = hostile
    token, _ = movements(it, it.emitter.account)[movement]
    attacker = insider(it, token)
    mover = (attacker, token.address) if same else (it.emitter, it.emitter.account)
    acts = acts_of_a_member(it, attacker)
    if token is it.ledger:
        acts.append(notice(it, attacker))
    with boa.env.anchor():
        token.run(acts)
        assert [done for done, _ in outcomes(token)] == [True] * len(acts)

    before = it.account(mover[0])
    bystanders = [it.account(member) for member, _ in players(it) if member is not mover[0]]
    token.arm(acts)
    movements(it, mover[1])[movement][1]()
    assert outcomes(token) == [LOCKED] * len(acts)
    after = it.account(mover[0])
    money = {"deposit money": 70, "withdraw money": -70}.get(movement, 0)
    lots = -1 if movement == "withdraw units" else 0
    assert after.money_free == before.money_free + money
    assert after.lots_free == before.lots_free + lots
    assert after.open_sell_lots == before.open_sell_lots == 0
    assert bystanders == [it.account(m) for m, _ in players(it) if m is not mover[0]]
    assert it.contract.best_ticks(it.session) == (0, 0)
    check_conservation(it)


@pytest.mark.parametrize("movement", MOVEMENTS)
def test_reentry__every_function_of_the_interface__locked(hostile, movement):
    """With zeros each refuses in words or goes through from outside, but never without a word."""
    it = hostile
    token, move = movements(it, it.emitter.account)[movement]
    calls = zero_calls("nonpayable", "payable")
    assert {"deposit_money", "place_signed", "clear", "close", "discharge", "seal"} <= calls.keys()
    acts = [(it.contract.address, call) for call in calls.values()]
    with boa.env.anchor():
        token.run(acts)
        silent = [
            name for name, found in zip(calls, outcomes(token), strict=True) if found == LOCKED
        ]
        assert silent == []
    token.arm(acts)
    move()
    through = {n: o for n, o in zip(calls, outcomes(token), strict=True) if o != LOCKED}
    assert through == {}
    check_conservation(it)


@pytest.mark.parametrize("movement", MOVEMENTS)
def test_reentry__views_during_a_movement__locked_or_immutable(hostile, movement):
    it = hostile
    token, move = movements(it, it.emitter.account)[movement]
    calls = zero_calls(*VIEWS)
    assert IMMUTABLE | {"account", "state", "order", "best_ticks"} <= calls.keys()
    acts = [(it.contract.address, call) for call in calls.values()]
    with boa.env.anchor():
        token.run(acts)
        outside = dict(zip(calls, outcomes(token), strict=True))
        assert all(done for done, _ in outside.values())
    token.arm(acts)
    move()
    inside = dict(zip(calls, outcomes(token), strict=True))
    assert {name for name, found in inside.items() if found != LOCKED} == IMMUTABLE
    assert all(inside[name] == outside[name] for name in IMMUTABLE)


@pytest.mark.parametrize("movement", MOVEMENTS)
def test_reentry__by_way_of_the_desks__locked(hostile, movement):
    """A block trade between the insiders goes through from outside and not in a movement."""
    it = hostile
    token, move = movements(it, it.emitter.account)[movement]
    attacker = insider(it, token)
    number = it.blocks.propose(
        it.session,
        attacker.org_id,
        True,
        REFERENCE * TICK,
        LOT,
        boa.env.timestamp + 60,
        sender=it.emitter.account,
    )
    desk = [(it.blocks.address, it.blocks.accept.prepare_calldata(number))]
    with boa.env.anchor():
        token.run(desk)
        assert outcomes(token)[0][0]
        assert it.account(attacker).lots_free == LOTS - 1
    token.arm(desk)
    move()
    assert outcomes(token) == [LOCKED]
    assert it.blocks.proposal(number).open
    assert it.account(attacker).money_free == STAKE
    assert it.account(attacker).lots_free == LOTS
    check_conservation(it)


def test_on_received__from_the_real_ledger__calls_nobody(fresh):
    """Where the market calls out to no one, there is nothing to re-enter from."""
    fresh.issue(fresh.emitter, LOT)
    fresh.deposit_units(fresh.emitter, 1)
    calls = [*fresh.ledger._computation.children]
    found = [call for call in calls if call.msg.to == fresh.contract.address.canonical_address]
    assert len(found) == 1
    assert found[0].children == []


def test_on_received__from_another_contract_inside_a_transfer__refused(hostile):
    """The market counts what its ledger says; nobody but that ledger can say it."""
    it = hostile
    attacker = insider(it, it.money)
    before = books(it)
    with boa.env.anchor():
        it.money.run([notice(it, attacker)])
        assert [(done, reason(output)) for done, output in outcomes(it.money)] == [
            (False, NOT_WIRED)
        ]
        assert books(it) == before
    it.ledger.arm([(it.money.address, it.money.run.prepare_calldata([notice(it, attacker)]))])
    it.ledger.safeTransferFrom(
        attacker.holder, it.contract, it.instrument, LOT, b"", sender=it.outsider()
    )
    assert reason(outcomes(it.money)[0][1]) == NOT_WIRED
    assert it.account(attacker).lots_free == LOTS + 1
    check_conservation(it)


@pytest.mark.parametrize("movement", ["deposit money", "withdraw money"])
def test_token__that_says_no__refused_and_nothing_changed(hostile, movement):
    it = hostile
    it.money.behave(REFUSING)
    before = books(it)
    with boa.reverts("carbon_market: money did not move"):
        movements(it, it.emitter.account)[movement][1]()
    assert books(it) == before
    it.money.behave(HONEST)
    movements(it, it.emitter.account)[movement][1]()
    check_conservation(it)


def test_token__that_lies__its_word_counts_for_money_and_never_for_units(hostile):
    """The wired token is believed; what it invents can be paid out only by itself."""
    it = hostile
    units = [it.contract.account(it.instrument, m.org_id).lots_free for m, _ in players(it)]
    inside = it.money_inside()
    it.money.behave(LYING)
    it.contract.deposit_money(it.instrument, 70, sender=it.emitter.account)
    assert it.account(it.emitter).money_free == STAKE + 70
    assert it.money_inside() == inside
    it.contract.withdraw_money(it.instrument, STAKE + 70, sender=it.emitter.account)
    assert it.account(it.emitter).money_free == 0
    with boa.reverts("carbon_market: not enough free money"):
        it.contract.withdraw_money(it.instrument, 1, sender=it.emitter.account)
    assert it.money_inside() == inside
    assert units == [it.contract.account(it.instrument, m.org_id).lots_free for m, _ in players(it)]
    assert it.lots_inside() == len(players(it)) * LOTS


@pytest.mark.parametrize(
    ("place", "sentence"),
    [
        (0, b"member_guard: no membership contract"),
        (1, b"carbon_market: no ledger"),
        (2, b"carbon_market: no settlement token"),
        (3, b""),
    ],
)
def test_deploy__zero_address_in_place_of_a_contract__refused(fresh, place, sentence):
    it = fresh
    arguments = [it.membership, it.ledger, it.money, it.house]
    addresses = [str(contract.address) for contract in arguments]
    addresses[place] = "0x" + 40 * "0"
    code = deployer_of("contracts/CarbonMarket.vy").compiler_data.bytecode
    _, computation = boa.env.deploy(bytecode=code + encode(["address"] * 4, addresses))
    assert computation.is_error
    assert sentence in computation.output


def test_token__that_is_no_contract__moves_nothing(fresh):
    """The deployment wires addresses that it deployed itself; a wrong one must not be believed."""
    it = deploy_market(ledger=fresh.ledger, money=Nobody(fresh.outsider()))
    before = it.account(it.emitter)
    with boa.reverts():
        it.contract.deposit_money(it.instrument, 70, sender=it.emitter.account)
    assert it.account(it.emitter) == before
    assert before.money_free == 0


class Nobody:
    """An address without code, as boa takes it for a contract."""

    def __init__(self, address: str) -> None:
        self.address = address


ODD = [0, 5, (3 << 48) | 2024, (1 << 48) | (1 << 16) | 2024, 2**256 - 1]


@pytest.mark.parametrize("token_id", ODD)
def test_units__of_an_odd_id__stay_apart_and_go_home(hostile, token_id):
    """The real ledger never issues such ids; if it did, they would be nobody's allowances."""
    it, member = hostile, hostile.emitter
    it.ledger.mint(member.holder, token_id, 3 * LOT)
    before = it.account(member)
    with boa.reverts("carbon_market: instrument is not listed"):
        it.contract.withdraw_units(token_id, LOT, sender=member.account)
    it.ledger.safeTransferFrom(
        member.holder, it.contract, token_id, 3 * LOT, b"", sender=member.account
    )
    assert it.account(member) == before
    assert it.contract.account(token_id, member.org_id).lots_free == 3
    assert it.contract.live_session(token_id) == 0
    with boa.reverts("carbon_market: not enough free units"):
        it.contract.withdraw_units(token_id, 4 * LOT, sender=member.account)
    it.contract.withdraw_units(token_id, 3 * LOT, sender=member.account)
    assert it.ledger.balanceOf(member.holder, token_id) == 3 * LOT
    assert it.account(member) == before
    check_conservation(it)


def test_units__of_an_unlisted_vintage__have_a_book_and_no_session(fresh):
    it, member = fresh, fresh.emitter
    it.issuer.issue(member.org_id, OTHER, 2 * LOT)
    it.announce()
    send = it.ledger.safeTransferFrom
    send(member.holder, it.contract, OTHER, 2 * LOT, b"", sender=member.account)
    assert it.contract.account(OTHER, member.org_id).lots_free == 2
    with it.unchanged(), boa.reverts("carbon_market: not enough free units"):
        it.ask(member, REFERENCE, 1)
    it.contract.withdraw_units(OTHER, 2 * LOT, sender=member.account)
    assert it.ledger.holding(member.org_id, OTHER) == 2 * LOT


def test_units__in_a_batch__refused(fresh):
    it, member = fresh, fresh.emitter
    it.issue(member, 2 * LOT)
    with it.unchanged(), boa.reverts():
        it.ledger.safeBatchTransferFrom(
            member.holder,
            it.contract,
            [it.instrument, it.instrument],
            [LOT, LOT],
            b"",
            sender=member.account,
        )
    assert it.ledger.holding(member.org_id, it.instrument) == 2 * LOT


# By whom each wired act may be called; every other contract of the market is as strange as anybody.
WIRED = {
    "onERC1155Received": "ledger",
    "list_instrument": "sessions",
    "open_session": "sessions",
    "set_paused": "sessions",
    "settle_block": "blocks",
    "discharge": "settlement",
}
DIRECT = [name for name in WIRED if name != "onERC1155Received"]  # what the clearing house runs
CONTRACTS = (
    "ledger",
    "money",
    "membership",
    "house",
    "contract",
    "sessions",
    "blocks",
    "settlement",
)


def wired_arguments(it: Market) -> dict[str, tuple]:
    return {
        "onERC1155Received": (it.emitter.holder, it.emitter.holder, it.instrument, LOT, b""),
        "list_instrument": (OTHER,),
        "open_session": (OTHER, 1, 0, 0),
        "set_paused": (it.session, True),
        "settle_block": (it.session, it.emitter.org_id, it.trader.org_id, REFERENCE, 10),
        "discharge": (1 << 203, True),
    }


@pytest.mark.parametrize("function", WIRED)
def test_wired_act__by_any_other_contract_or_stranger__refused(market, function):
    it, arguments = market, wired_arguments(market)[function]
    act = getattr(it.contract, function)
    others = [getattr(it, name).address for name in CONTRACTS if name != WIRED[function]]
    people = [it.outsider(), it.deployer, it.regulator.account, it.exchange.account]
    for sender in (*others, *people):
        with it.unchanged(), boa.reverts(NOT_WIRED):
            act(*arguments, sender=sender)
    assert it.contract.instrument_of(2) == 0


@pytest.mark.parametrize("function", [n for n in DIRECT if n != "discharge"])
def test_wired_act__by_its_own_contract__goes_through(market, function):
    """So that the refusals above are about the caller."""
    it, sender = market, getattr(market, WIRED[function]).address
    before = books(it)
    getattr(it.contract, function)(*wired_arguments(it)[function], sender=sender)
    assert books(it) != before or it.contract.instrument_of(2) == OTHER


@pytest.mark.parametrize("function", [*DIRECT, "clear", "close"])
def test_clearing_house__called_directly__by_the_market_and_its_contracts_too(market, function):
    it, arguments = (
        market,
        {
            **wired_arguments(market),
            "clear": (market.session, 10),
            "close": (market.session, 10),
        }[function],
    )
    sentence = {
        "clear": "carbon_market: not clearing now",
        "close": "carbon_market: no such live session",
    }.get(function, NOT_WIRED)
    it.to_clearing()
    own = [getattr(it, name).address for name in CONTRACTS]
    people = [it.outsider(), it.deployer, it.regulator.account, it.exchange.account]
    for sender in (*own, *people):
        with it.unchanged(), boa.reverts(sentence):
            getattr(it.house, function)(*arguments, sender=sender)
    layout = artifact("ClearingHouse")["layout"]["storage_layout"]
    slots = first_slots(layout)
    assert stored(it.house.address, slots) == {0}
    assert len(stored(it.contract.address, slots)) > 1


def first_slots(layout: dict) -> list[int]:
    """Where each variable of a storage layout begins."""
    found = []
    for entry in layout.values():
        if "slot" in entry and not isinstance(entry["slot"], dict):
            found.append(entry["slot"])
        else:
            found.extend(first_slots(entry))
    return found


def stored(address, slots: list[int]) -> set[int]:
    return {boa.env.get_storage(address, slot) for slot in slots}
