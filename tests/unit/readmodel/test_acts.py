"""Coins, cases, checks, auctions, freezes, replacements and blocks beside their contracts."""

import re

import boa
import pytest
from eth_utils import keccak
from sqlalchemy import select

from harness.consortium import CEA24, DOCUMENT, NORTH, PERIOD, ROOT, TONNE, key_of
from harness.duties import COIN, DAY
from harness.market import TICK
from harness.projected import assert_equal
from tanlian.domain.incentives import Trigger, load_rules
from tanlian.domain.market_states import (
    AuctionState,
    BidState,
    CaseState,
    RatingState,
    ReplacementState,
)
from tanlian.readmodel.queries import allocation, holds, market, replacements
from tanlian.readmodel.queries import auctions as asking_auctions
from tanlian.readmodel.queries import checks as asking_checks
from tanlian.readmodel.queries import incentives as asking_incentives
from tanlian.readmodel.tables import acts, auctions, checks, incentives

SALT = keccak(text="salt")


def rows(tables, table):
    with tables.connect() as db:
        query = select(table).order_by(*table.primary_key)
        return [dict(row) for row in db.execute(query).mappings()]


def test_coins__earned_locked_taken_redeemed_and_paid__tables_equal_the_contract(
    year, tables
) -> None:
    node, it = year
    regulator = {"sender": it.regulator.account}
    mine = {"sender": it.emitter.account}
    with boa.env.anchor():
        it.fund(it.regulator, 10**12)
        it.money.approve(it.coin, 10**12, **regulator)
        it.coin.fund(10**11, **regulator)
        it.give_coins(it.emitter, 50 * COIN)
        lost = it.penalise(it.emitter, 20 * COIN, "lost")
        won = it.penalise(it.emitter, 10 * COIN, "won")
        waiting = it.penalise(it.verifier, 5 * COIN, "waiting")
        for case, granted in ((lost, False), (won, True)):
            it.incentives.appeal(case, DOCUMENT, **mine)
            it.incentives.decide_appeal(case, granted, DOCUMENT, **regulator)
        it.coin.announce_release(12 * COIN, **mine)
        boa.env.timestamp += 7 * DAY
        it.coin.redeem(5 * COIN, **mine)
        it.coin.transfer(it.other_emitter.holder, 3 * COIN, **mine)
        debt = it.penalise(it.trader, 4 * COIN, "debt")
        boa.env.timestamp += 40 * DAY
        it.incentives.settle(debt)
        it.fund(it.trader, 10**12)
        it.money.approve(it.coin, 10**12, sender=it.trader.account)
        it.coin.pay_debt(COIN, sender=it.trader.account)
        assert_equal(node, it, tables)
    found = {row["id"]: row for row in rows(tables, incentives.cases)}
    states = {number: CaseState(found[number]["status"]).name for number in found}
    reward = next(n for n in found if found[n]["trigger"] == Trigger.REWARD_DECISION)
    assert states == {
        reward: "DONE", lost: "DONE", won: "DISMISSED", waiting: "OPEN", debt: "DONE",
    }  # fmt: skip
    assert (found[won]["opened_amount"], found[won]["amount"]) == (10 * COIN, 0)
    assert found[lost]["closed_by"] == it.regulator.account.lower()
    accounts = {row["organisation"]: row for row in rows(tables, incentives.coin_accounts)}
    assert accounts[it.trader.org_id]["debt"] == 3 * COIN
    assert accounts[it.emitter.org_id]["announced"] == 4 * COIN
    assert accounts[it.verifier.org_id]["locked"] == 5 * COIN
    entries = [row for row in rows(tables, incentives.coin_entries) if row["incoming"]]
    assert [(e["organisation"], e["event"]) for e in entries] == [
        (it.emitter.org_id, "CoinsRewarded"),
        (it.other_emitter.org_id, "Transfer"),
    ]
    with tables.connect() as db:
        mine = asking_incentives.coin_account(db, it.emitter.org_id)
        assert (mine.balance, mine.debt, mine.announced) == (22 * COIN, 0, 4 * COIN)
        newest = asking_incentives.coin_entries_of(db, it.emitter.org_id, limit=2)
        assert [e.event for e in newest] == ["Transfer", "CoinsRedeemed"]
        older = asking_incentives.coin_entries_of(
            db, it.emitter.org_id, before=(newest[-1].block, newest[-1].log_index)
        )
        assert [e.event for e in older] == ["CoinsDeducted", "CoinsRewarded"]
        open_ones = asking_incentives.cases_of(db, states=frozenset({CaseState.OPEN}))
        assert [c.id for c in open_ones] == [waiting]
        assert asking_incentives.case(db, reward).appeal_until is None
        assert asking_incentives.coin_account(db, it.bank.org_id).balance == 0


def test_amendment__voted_and_enacted__rules_and_votes_kept(year, tables) -> None:
    node, it = year
    with boa.env.anchor():
        rules = [rule._replace(base=rule.base + 1) for rule in load_rules().in_order()]
        number = it.incentives.propose_rules(
            2028, rules, keccak(text="rules"), DAY, sender=it.regulator.account
        )
        for voter, yes in ((it.emitter, True), (it.regulator, True), (it.bank, True)):
            it.incentives.vote(number, yes, sender=voter.account)
        it.incentives.vote(number, False, sender=it.exchange.account)
        assert_equal(node, it, tables)
        boa.env.timestamp = it.incentives.amendment(number).voting_ends_at + 30 * DAY + 1
        it.incentives.enact(number)
        assert_equal(node, it, tables)
    (amendment,) = rows(tables, incentives.amendments)
    assert (amendment["yes"], amendment["no"], amendment["status"]) == (3, 1, 2)
    kept = rows(tables, incentives.amendment_rules)
    assert [row["base"] for row in kept] == [rule.base for rule in rules]
    assert len(rows(tables, incentives.votes)) == 4
    with tables.connect() as db:
        (found,) = asking_incentives.amendments_of(db)
        assert list(found.rules.values()) == rules
        assert found == asking_incentives.amendment(db, number)
        votes = asking_incentives.votes_cast(db)
        assert {v.amendment for v in votes} == {number}
        assert {v.organisation for v in votes if not v.in_favour} == {it.exchange.org_id}


def test_check__rated_contested_and_reviewed__scores_equal_the_contract(year, tables) -> None:
    node, it = year
    with boa.env.anchor():
        boa.env.timestamp = it.compliance.rules(PERIOD).deadline_at + 40 * DAY
        number = it.check.open_round(3, PERIOD, 1)
        while not it.check.advance(number, 2):
            assert_equal(node, it)
        it.check.contest(number, DOCUMENT, sender=it.emitter.account)
        assert_equal(node, it)
        it.check.review(number, it.emitter.org_id, DOCUMENT, sender=it.regulator.account)
        assert_equal(node, it, tables)
    (found,) = rows(tables, checks.check_rounds)
    results = rows(tables, checks.check_results)
    assert found["checked"] == len(results) >= 2
    assert found["cases"] == sum(row["cases"] for row in results) > 0
    states = {row["organisation"]: row["status"] for row in rows(tables, checks.ratings)}
    assert states[it.emitter.org_id] == RatingState.REVIEWED
    assert states[it.other_emitter.org_id] == RatingState.PUBLISHED
    with tables.connect() as db:
        (mine,) = asking_checks.ratings_of(db, it.emitter.org_id)
        assert asking_checks.score(db, it.emitter.org_id) == mine.new_score
        assert asking_checks.score(db, it.bank.org_id) is None
        assert [r.id for r in asking_checks.rounds(db)] == [number]
        assert asking_checks.contested(db) == []


def test_auction__ranked_twice_settled_and_paid_out__tables_equal_the_contract(
    year, tables
) -> None:
    node, it = year
    regulator = it.regulator.account
    with boa.env.anchor():
        it.allocation.set_aside(NORTH, PERIOD, 100 * TONNE, DOCUMENT, sender=regulator)
        now = boa.env.timestamp
        terms = (CEA24, 100, 10, 100, now + 1, now + 2, now + 3, False, DOCUMENT)
        number = it.auction.announce(terms, sender=regulator)
        it.ledger.safeTransferFrom(
            it.regulator.holder, it.auction.address, CEA24, 100 * TONNE,
            number.to_bytes(32, "big"), sender=regulator,
        )  # fmt: skip
        boa.env.timestamp = now + 1
        bids = {}
        for member, tick, lots in ((it.emitter, 30, 60), (it.trader, 20, 70)):
            it.fund(member, 10**12)
            it.money.approve(it.auction, 10**12, sender=member.account)
            sealed = it.auction.commitment_of(number, member.org_id, tick, lots, SALT)
            deposit = lots * tick * TICK
            bids[member.name] = it.auction.commit(number, sealed, deposit, sender=member.account)
        hidden = it.auction.commit(number, b"\7" * 32, 5, sender=it.emitter.account)
        boa.env.timestamp = now + 3
        it.auction.reveal(bids["emitter"], 30, 60, SALT, sender=it.emitter.account)
        it.auction.reveal(bids["trader"], 20, 70, SALT, sender=it.trader.account)
        boa.env.timestamp = now + 4
        it.auction.close_bidding(number)
        boa.env.time_travel(blocks=3)
        it.auction.draw(number)
        it.auction.rank(number, [bids["trader"]])  # somebody leaves the better bid out
        assert_equal(node, it)
        it.auction.restart_ranking(number, bids["emitter"])
        it.auction.rank(number, [bids["emitter"], bids["trader"]])
        for bid in (*bids.values(), hidden):
            it.auction.settle_bid(bid)
        it.auction.pay_out(number)
        assert_equal(node, it, tables)
    (auction,) = rows(tables, auctions.auctions)
    assert auction["status"] == AuctionState.CLEARED
    assert (auction["sold_lots"], auction["clearing_tick"]) == (100, 20)
    assert auction["paid_out"] == 100 * 20 * TICK + 5
    found = {row["id"]: row for row in rows(tables, auctions.auction_bids)}
    assert [(found[b]["won_lots"], found[b]["place"]) for b in bids.values()] == [(60, 1), (40, 2)]
    assert found[hidden]["status"] == BidState.FORFEITED
    with tables.connect() as db:
        sold = asking_auctions.auction(db, number)
        assert (sold.stage(now), sold.instrument.token_id) == ("cleared", CEA24)
        assert asking_auctions.recent_auctions(db) == [sold]
        assert len(asking_auctions.bids(db, number=number)) == 3
        (bid,) = asking_auctions.bids(db, organisation=it.trader.org_id)
        assert (bid.cost, bid.won_lots) == (40 * 20 * TICK, 40)


def test_acts__freezes_claw_back_replacements_blocks__tables_equal_the_contracts(
    year, tables
) -> None:
    node, it = year
    regulator, mine = {"sender": it.regulator.account}, {"sender": it.emitter.account}
    org = it.emitter.org_id
    new = [key_of(f"new {number}").address for number in range(3)]
    with boa.env.anchor():
        it.ledger.freeze(org, CEA24, 7, "case 1", **regulator)
        it.ledger.unfreeze(org, CEA24, 3, "case 1 is over", **regulator)
        it.ledger.freeze_holder(org, "case 2", **regulator)
        it.ledger.unfreeze_holder(org, "case 2 is over", **regulator)
        it.ledger.freeze_holder(it.trader.org_id, "case 3", **regulator)
        it.send(it.other_emitter, it.trader, CEA24, 1_990 * TONNE)
        it.allocation.claw_back(it.other_emitter.org_id, PERIOD, 500 * TONNE, DOCUMENT, **regulator)
        it.allocation.top_up(it.other_emitter.org_id, PERIOD, 20 * TONNE, DOCUMENT, **regulator)
        lost = it.membership.propose_replacement(
            it.emitter.account, new[0], False, "lost", **regulator
        )
        it.membership.veto_replacement(lost, **mine)
        again = it.membership.propose_replacement(
            it.emitter.account, new[1], False, "lost again", **regulator
        )
        it.membership.withdraw_replacement(again, **regulator)
        stolen = it.membership.propose_replacement(
            it.emitter.account, new[2], True, "stolen", **regulator
        )
        it.membership.approve_replacement(stolen, sender=it.exchange.account)
        assert_equal(node, it, tables)
    history = rows(tables, acts.freezes)
    assert [(f["frozen"], f["token_id"], f["reason"]) for f in history] == [
        (True, CEA24, "case 1"),
        (False, CEA24, "case 1 is over"),
        (True, None, "case 2"),
        (False, None, "case 2 is over"),
        (True, None, "case 3"),
    ]
    held = {row["organisation"]: row["frozen"] for row in rows(tables, acts.frozen_holders)}
    assert held == {org: False, it.trader.org_id: True}
    (taken,) = rows(tables, acts.claw_backs)
    assert taken["amount_kg"] == 10 * TONNE
    debts = {row["organisation"]: row["owed_kg"] for row in rows(tables, acts.allocation_debts)}
    assert debts == {it.other_emitter.org_id: 470 * TONNE}
    states = [ReplacementState(row["status"]).name for row in rows(tables, acts.replacements)]
    assert states == ["VETOED", "WITHDRAWN", "DONE"]
    assert rows(tables, acts.replacements)[2]["approver"] == it.exchange.account.lower()
    with tables.connect() as db:
        assert holds.is_frozen(db, it.trader.org_id)
        assert not holds.is_frozen(db, org)
        reasons = ["case 2 is over", "case 2", "case 1 is over", "case 1"]
        assert [f.reason for f in holds.freezes_of(db, org)] == reasons
        assert [f.reason for f in holds.freezes_of(db, None)] == ["case 3", *reasons]
        assert [f.reason for f in holds.freezes_of(db, org, limit=1)] == reasons[:1]
        assert allocation.owed_kg(db, it.other_emitter.org_id) == 470 * TONNE
        history = allocation.allocation_history(db, it.other_emitter.org_id)
        assert [(h.event, h.owed_kg) for h in history] == [
            ("AllowancesAllocated", 20 * TONNE),
            ("AllowancesWithdrawn", 490 * TONNE),
            ("AllowancesAllocated", 0),
        ]
        newest, *older = replacements.replacements_of(db, org)
        assert (newest.id, newest.state) == (stolen, ReplacementState.DONE)
        assert (newest.proposed_by, newest.approved_by) == (it.regulator.org_id, it.exchange.org_id)
        assert [r.id for r in older] == [again, lost]
        assert older[0].approved_by is None
        assert replacements.replacements_of(db, None) == [newest, *older]
        assert replacements.replacements_of(db, it.trader.org_id) == []
        assert [i.symbol for i in market.listed_instruments(db)] == ["CEA24"]
        assert len(holds.claw_backs_of(db, it.other_emitter.org_id)) == 1
        assert holds.claw_backs_of(db, org) == []
        assert len(holds.claw_backs_of(db, None)) == 1


@pytest.mark.parametrize(
    ("contract", "states", "largest"),
    [
        ("Incentives", CaseState, 4),
        ("Membership", ReplacementState, 5),
        ("OneWayAuction", AuctionState, 5),
        ("PeriodicCheck", RatingState, 3),
    ],
)
def test_states__numbers__are_those_of_the_contract(contract, states, largest) -> None:
    source = (ROOT / "contracts" / f"{contract}.vy").read_text()
    found = re.findall(rf"^([A-Z_]+): constant\(uint256\) = ([1-{largest}])$", source, re.MULTILINE)
    stated = {name: int(number) for name, number in found}
    assert {state.name: state.value for state in states}.items() <= stated.items()
