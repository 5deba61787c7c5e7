"""Coins, cases, amendments, checks, ratings and auctions."""

from collections.abc import Iterator

from sqlalchemy.engine import Connection

from tanlian.chain.contracts import Contracts
from tanlian.readmodel.tables.auctions import auction_bids, auctions
from tanlian.readmodel.tables.checks import check_rounds, ratings, scores
from tanlian.readmodel.tables.incentives import amendments, cases, coin_accounts, votes
from tanlian.readmodel.views.question import Question, fields, rows_of

CASE = (
    "organisation", "period", "trigger", "subject", "amount", "version", "status", "opened_at",
    "appeal_until",
)  # fmt: skip
AMENDMENT = (
    "status", "from_period", "rules_hash", "appeal_seconds", "voting_ends_at", "yes", "no",
)  # fmt: skip
ROUND = (
    "kind", "year", "period", "member_count", "cases", "opened_at", "finished_at",
)  # fmt: skip
RATING = ("old_score", "new_score", "flags", "upheld", "overturned", "status")
AUCTION = (
    "status", "seller", "bid_count", "revealed_count", "revealed_lots", "draw_block", "seed",
    "cleared_count", "sold_lots", "clearing_tick",
)  # fmt: skip
BID = ("auction", "organisation", "deposit", "commitment", "status", "tick", "lots", "won_lots")


def questions(db: Connection, contracts: Contracts) -> Iterator[Question]:
    """Ask for what is there of these areas in this deployment."""
    if "incentives" in contracts:
        yield from _incentives(db, contracts)
    if "periodic_check" in contracts:
        yield from _checks(db, contracts)
    if "auction" in contracts:
        yield from _auctions(db, contracts)


def _incentives(db: Connection, contracts: Contracts) -> Iterator[Question]:
    coin, incentives = contracts["coin"], contracts["incentives"]
    for row in rows_of(db, coin_accounts):
        said = fields(row, "debt", "locked", "announced", "movable_at")
        reading = coin.reading("coin_account", row["organisation"])
        yield Question(reading, f"coin_accounts {row['organisation']}", said)
    for row in rows_of(db, cases):
        reading = incentives.reading("case", row["id"])
        yield Question(reading, f"cases {row['id']}", fields(row, *CASE))
    for row in rows_of(db, amendments):
        reading = incentives.reading("amendment", row["id"])
        yield Question(reading, f"amendments {row['id']}", fields(row, *AMENDMENT))
    for row in rows_of(db, votes):
        place = (row["amendment"], row["organisation"])
        yield Question(incentives.reading("has_voted", *place), f"votes {place}", said=True)


def _checks(db: Connection, contracts: Contracts) -> Iterator[Question]:
    check = contracts["periodic_check"]
    for row in rows_of(db, check_rounds):
        said = fields(row, *ROUND, *(["digest"] if row["finished_at"] else []))
        yield Question(check.reading("round", row["id"]), f"check_rounds {row['id']}", said)
    for row in rows_of(db, ratings):
        place = (row["round"], row["organisation"])
        yield Question(check.reading("rating", *place), f"ratings {place}", fields(row, *RATING))
    for row in rows_of(db, scores):
        reading = check.reading("score", row["organisation"])
        yield Question(reading, f"scores {row['organisation']}", row["score"])


def _auctions(db: Connection, contracts: Contracts) -> Iterator[Question]:
    auction = contracts["auction"]
    for row in rows_of(db, auctions):
        reading = auction.reading("auction", row["id"])
        yield Question(reading, f"auctions {row['id']}", fields(row, *AUCTION))
        returned = auction.reading("unsold_returned", row["id"])
        yield Question(returned, f"auctions unsold {row['id']}", row["unsold_returned"])
    for row in rows_of(db, auction_bids):
        reading = auction.reading("bid", row["id"])
        yield Question(reading, f"auction_bids {row['id']}", fields(row, *BID))
