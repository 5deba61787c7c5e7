"""Rounds of the periodic check, what they found, and the ratings."""

from dataclasses import dataclass
from enum import IntEnum

from sqlalchemy import select
from sqlalchemy.engine import Connection, RowMapping

from tanlian.domain.market_states import RatingState
from tanlian.readmodel.queries.making import made
from tanlian.readmodel.tables.checks import check_rounds, ratings, scores


class RoundKind(IntEnum):
    """How long a time a round looks at."""

    MONTH = 1
    QUARTER = 2
    YEAR = 3


@dataclass(frozen=True, slots=True)
class Round:
    """A round; `period` is the year whose reports and duties it looks at."""

    id: int
    kind: RoundKind
    year: int
    part: int  # of the year: month, quarter, or 1
    period: int
    member_count: int
    checked: int  # emitters looked at so far
    cases: int
    opened_at: int
    contest_until: int
    finished_at: int | None
    digest: str | None
    tx_hash: str


@dataclass(frozen=True, slots=True)
class Rating:
    """A rating with what became of it; `new_score` is the one after a review."""

    round: int
    organisation: int
    old_score: int
    published_score: int
    new_score: int
    flags: int
    upheld: int
    overturned: int
    state: RatingState
    published_at: int
    contested_at: int | None
    contest_document: str | None
    reviewed_at: int | None
    review_document: str | None
    tx_hash: str


def rounds(db: Connection, *, before: int | None = None, limit: int = 50) -> list[Round]:
    """Return the rounds, newest first, below `before`."""
    query = select(check_rounds)
    if before is not None:
        query = query.where(check_rounds.c.id < before)
    query = query.order_by(check_rounds.c.id.desc()).limit(limit)
    return [_round(row) for row in db.execute(query).mappings()]


def ratings_of(db: Connection, organisation: int) -> list[Rating]:
    """Return an organisation's ratings, newest first."""
    query = (
        select(ratings)
        .where(ratings.c.organisation == organisation)
        .order_by(ratings.c.round.desc())
    )
    return [_rating(row) for row in db.execute(query).mappings()]


def contested(db: Connection) -> list[Rating]:
    """Return the ratings that wait for a review, oldest contest first."""
    query = (
        select(ratings)
        .where(ratings.c.status == RatingState.CONTESTED)
        .order_by(ratings.c.contested_at, ratings.c.organisation)
    )
    return [_rating(row) for row in db.execute(query).mappings()]


def score(db: Connection, organisation: int) -> int | None:
    """Return the score in force; none where nothing was rated yet."""
    return db.scalar(select(scores.c.score).where(scores.c.organisation == organisation))


def _round(row: RowMapping) -> Round:
    return made(Round, row, kind=RoundKind(row["kind"]))


def _rating(row: RowMapping) -> Rating:
    return made(Rating, row, state=RatingState(row["status"]))
