"""Coins, cases, ratings and checks on the desks of those whom they concern."""

from collections.abc import Sequence

from sqlalchemy.engine import Connection

from tanlian.domain.market_states import CaseState, RatingState
from tanlian.domain.roles import Role
from tanlian.readmodel.queries import checks, incentives
from tanlian.readmodel.queries.checks import Rating, Round
from tanlian.readmodel.queries.incentives import Amendment, Case, CoinAccount, CoinEntry, Vote
from tanlian.web.desks.listing import Column, Link, Listing, Visitor
from tanlian.web.desks.regulator import MOST
from tanlian.web.words import CASE_STATES, N_, RATING_STATES, TRIGGERS

_RATED = Role.EMITTER | Role.VERIFIER


def _account(db: Connection, visitor: Visitor) -> Sequence[CoinAccount]:
    return [incentives.coin_account(db, visitor.organisation)]


def _entries(db: Connection, visitor: Visitor) -> Sequence[CoinEntry]:
    return incentives.coin_entries_of(db, visitor.organisation, limit=MOST)


def _own_cases(db: Connection, visitor: Visitor) -> Sequence[Case]:
    return incentives.cases_of(db, organisation=visitor.organisation, limit=MOST)


def _all_cases(db: Connection, _visitor: Visitor) -> Sequence[Case]:
    return incentives.cases_of(db, limit=MOST)


def _amendments(db: Connection, _visitor: Visitor) -> Sequence[Amendment]:
    return incentives.amendments_of(db, limit=MOST)


def _votes(db: Connection, _visitor: Visitor) -> Sequence[Vote]:
    return incentives.votes_cast(db, limit=MOST)


def _ratings(db: Connection, visitor: Visitor) -> Sequence[Rating]:
    return checks.ratings_of(db, visitor.organisation)


def _contested(db: Connection, _visitor: Visitor) -> Sequence[Rating]:
    return checks.contested(db)


def _rounds(db: Connection, _visitor: Visitor) -> Sequence[Round]:
    return checks.rounds(db, limit=MOST)


def _may_appeal(row: Case, visitor: Visitor) -> bool:
    return row.state is CaseState.OPEN and (row.appeal_until or 0) >= visitor.now


def _may_settle(row: Case, visitor: Visitor) -> bool:
    return row.state is CaseState.OPEN and 0 < (row.appeal_until or 0) < visitor.now


_CASE = (
    Column(N_("Number"), lambda r: r.id),
    Column(N_("Organisation"), lambda r: r.organisation, "member"),
    Column(N_("Cause"), lambda r: TRIGGERS[r.trigger], "state"),
    Column(N_("Year"), lambda r: r.period),
    Column(N_("Coins"), lambda r: r.amount, "coins"),
    Column(N_("State"), lambda r: CASE_STATES[r.state], "state"),
    Column(N_("Appeal until"), lambda r: r.appeal_until, "moment"),
)
_RATING = (
    Column(N_("Check"), lambda r: r.round),
    Column(N_("Organisation"), lambda r: r.organisation, "member"),
    Column(N_("Score before"), lambda r: r.old_score, "count"),
    Column(N_("Score"), lambda r: r.new_score, "count"),
    Column(N_("State"), lambda r: RATING_STATES[r.state], "state"),
    Column(N_("Published"), lambda r: r.published_at, "moment"),
)
_SETTLE = Link("case.settle", N_("Settle"), lambda r: {"case": r.id}, _may_settle)

ACCOUNT = Listing(
    "coins",
    N_("Your coin account"),
    N_("Rewards and penalties by sealed rules; a debt is paid first by later rewards."),
    _RATED,
    _account,
    (
        Column(N_("Balance"), lambda r: r.balance, "coins"),
        Column(N_("Debt"), lambda r: r.debt, "coins"),
        Column(N_("Locked"), lambda r: r.locked, "coins"),
        Column(N_("Announced"), lambda r: r.announced, "coins"),
        Column(N_("May leave from"), lambda r: r.movable_at, "moment"),
        Column(N_("May leave until"), lambda r: r.movable_until, "moment"),
    ),
    N_("Your organisation has no coin account."),
    tops=("coin.announce", "coin.redeem", "coin.transfer", "coin.pay-debt"),
)
ENTRIES = Listing(
    "coin-entries",
    N_("Movements of your coin account"),
    N_("Every reward, deduction, payment and redemption."),
    _RATED,
    _entries,
    (
        Column(N_("Time"), lambda r: r.time, "moment"),
        Column(N_("What"), lambda r: r.event),
        Column(N_("Coins"), lambda r: r.coins if r.incoming else -r.coins, "coins"),
        Column(N_("Case"), lambda r: r.case),
        Column(N_("Debt afterwards"), lambda r: r.debt_after, "coins"),
    ),
    N_("Nothing has moved yet."),
)
OWN_CASES = Listing(
    "own-cases",
    N_("Cases about you"),
    N_("A penalty can be appealed in time; an appeal suspends it until it is decided."),
    _RATED | Role.TRADER,
    _own_cases,
    _CASE,
    N_("No case was opened."),
    (Link("case.appeal", N_("Appeal"), lambda r: {"case": r.id}, _may_appeal), _SETTLE),
    waits=_may_appeal,
    until=lambda r: r.appeal_until,
)
CASES = Listing(
    "cases",
    N_("Cases"),
    N_("The contract checks each against the chain; decide the appeals."),
    Role.REGULATOR,
    _all_cases,
    _CASE,
    N_("No case was opened."),
    (
        Link("case.decide-appeal", N_("Decide the appeal"), lambda r: {"case": r.id},
             lambda r, v: r.state is CaseState.APPEALED and r.organisation != v.organisation),
        _SETTLE,
    ),
    tops=("case.open", "case.decide"),
    waits=lambda r, v: r.state is CaseState.APPEALED and r.organisation != v.organisation,
)  # fmt: skip
AMENDMENTS = Listing(
    "amendments",
    N_("Proposed rules"),
    N_("New rules need votes and a delay; periods that have begun keep theirs."),
    Role(0),
    _amendments,
    (
        Column(N_("Number"), lambda r: r.id),
        Column(N_("From year"), lambda r: r.from_period),
        Column(N_("In favour"), lambda r: r.yes, "count"),
        Column(N_("Against"), lambda r: r.no, "count"),
        Column(N_("Voting ends"), lambda r: r.voting_ends_at, "moment"),
        Column(N_("Enacted"), lambda r: r.enacted_at, "moment"),
        Column(N_("Rules"), lambda r: r.rules_hash, "code"),
    ),
    N_("No rules are proposed."),
    (
        Link("rules.vote", N_("Vote"), lambda r: {"amendment": r.id},
             lambda r, v: r.voting_ends_at >= v.now),
        Link("rules.enact", N_("Enact"), lambda r: {"amendment": r.id},
             lambda r, v: r.voting_ends_at < v.now and r.enacted_at is None and r.yes > r.no),
    ),
    tops=("rules.propose",),
)  # fmt: skip
VOTES = Listing(
    "votes",
    N_("Votes on proposed rules"),
    N_("Who voted how; one vote an organisation."),
    Role(0),
    _votes,
    (
        Column(N_("Proposed rules"), lambda r: r.amendment),
        Column(N_("Organisation"), lambda r: r.organisation, "member"),
        Column(N_("Vote"), lambda r: N_("in favour") if r.in_favour else N_("against"), "state"),
        Column(N_("Time"), lambda r: r.time, "moment"),
    ),
    N_("Nobody has voted."),
)
RATINGS = Listing(
    "ratings",
    N_("Your credit rating"),
    N_("From recorded facts by a stated rule; contest it within the time of the check."),
    _RATED,
    _ratings,
    _RATING,
    N_("No rating was published yet."),
    (
        Link("rating.contest", N_("Contest"), lambda r: {"round": r.round},
             lambda r, _: r.state is RatingState.PUBLISHED),
    ),
)  # fmt: skip
CONTESTED = Listing(
    "contested",
    N_("Contested ratings"),
    N_("A review recomputes the rating from the facts as they stand."),
    Role.REGULATOR,
    _contested,
    _RATING,
    N_("No rating is contested."),
    (
        Link("rating.review", N_("Review"),
             lambda r: {"round": r.round, "organisation": r.organisation},
             lambda r, v: r.organisation != v.organisation),
    ),
    waits=lambda r, v: r.organisation != v.organisation,
)  # fmt: skip
ROUNDS = Listing(
    "checks",
    N_("Periodic checks"),
    N_("Anyone may open one once its time is over, and push it on."),
    Role(0),
    _rounds,
    (
        Column(N_("Number"), lambda r: r.id),
        Column(N_("Year"), lambda r: r.year),
        Column(N_("Part"), lambda r: r.part),
        Column(N_("Members"), lambda r: r.member_count, "count"),
        Column(N_("Looked at"), lambda r: r.checked, "count"),
        Column(N_("Cases"), lambda r: r.cases, "count"),
        Column(N_("Finished"), lambda r: r.finished_at, "moment"),
    ),
    N_("No check was opened yet."),
    (
        Link("check.advance", N_("Push on"), lambda r: {"round": r.id},
             lambda r, _: r.finished_at is None),
    ),
    tops=("check.open", "check.defaults"),
    waits=lambda r, v: bool(v.roles & Role.REGULATOR) and r.finished_at is None,
)  # fmt: skip
LISTINGS = (
    ACCOUNT, ENTRIES, OWN_CASES, CASES, AMENDMENTS, VOTES, RATINGS, CONTESTED, ROUNDS,
)  # fmt: skip
