"""Roots of days, months and the year over what a gateway anchored, hour by hour or day by day.

    day     the tree over its batches; a batch of a whole day is the day's root itself
    month   the tree over its days
    year    the tree over its days

Two parties that hold one root of a period hold the same readings in it.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from itertools import groupby, pairwise

from tanlian.domain.errors import InvalidInput
from tanlian.domain.reading import SECONDS_PER_HOUR
from tanlian.proofs.logbook import Batch
from tanlian.proofs.merkle_sum import Node, Nodes, SumTree
from tanlian.proofs.period_copy import DAY_HOURS


class Period(StrEnum):
    """What a root may stand for."""

    BATCH = "batch"
    DAY = "day"
    MONTH = "month"
    YEAR = "year"


@dataclass(frozen=True, slots=True)
class PeriodRoot:
    """The root over a span of hours."""

    period: Period
    first_hour: int  # since 1970
    hours: int
    root: Node


def period_roots(batches: Sequence[Batch], period: Period) -> list[PeriodRoot]:
    """Return the roots of every period over these batches, which follow one another.

    Days count from the first batch, which begins the logbook's year; months are those of UTC. The
    last period is as long as the batches reach.

    Raises:
        InvalidInput: the batches have a gap, or are longer than a day while days are asked for.
    """
    for before, after in pairwise(batches):
        if before.first_hour + before.hours != after.first_hour:
            raise InvalidInput(f"Nothing is anchored between the batches at {before.first_hour} "
                               f"and {after.first_hour}.")  # fmt: skip
    found = [PeriodRoot(Period.BATCH, b.first_hour, b.hours, b.root) for b in batches]
    if period is Period.BATCH or not found:
        return found
    first = batches[0].first_hour
    days = _joined(Period.DAY, found, lambda one: (one.first_hour - first) // DAY_HOURS)
    if any(day.hours != DAY_HOURS for day in days[:-1]) or days[-1].hours > DAY_HOURS:
        raise InvalidInput(
            "The batches do not end with the days; there is no root of a day over them. Anchor by "
            "the hour or by the day (batch_hours = 1 or 24)."
        )
    if period is Period.DAY:
        return days
    if period is Period.YEAR:
        return _joined(Period.YEAR, days, lambda _: 0)
    return _joined(Period.MONTH, days, _month)


def _joined(
    period: Period, parts: Iterable[PeriodRoot], key: Callable[[PeriodRoot], int]
) -> list[PeriodRoot]:
    joined = []
    for _, group in groupby(parts, key=key):
        members = list(group)
        root = SumTree.over(Nodes.of([one.root for one in members])).root
        hours = sum(one.hours for one in members)
        joined.append(PeriodRoot(period, members[0].first_hour, hours, root))
    return joined


def _month(one: PeriodRoot) -> int:
    return datetime.fromtimestamp(one.first_hour * SECONDS_PER_HOUR, UTC).month
