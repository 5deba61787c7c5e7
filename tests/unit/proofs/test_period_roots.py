"""Roots of days, months and the year: trees over trees, which change where a reading does."""

import dataclasses

import pytest

from tanlian.domain.errors import InvalidInput
from tanlian.domain.reading import Reading
from tanlian.proofs.logbook import Batch
from tanlian.proofs.merkle_sum import Node, Nodes, SumTree, body_words, keccak
from tanlian.proofs.period_copy import PeriodCopy
from tanlian.proofs.period_roots import Period, period_roots

START = 1_704_067_200
FIRST = START // 3600
HOURS = 24 * 62  # January, February and two days of March 2024


def batches(batch_hours, altered=None):
    readings = [Reading(START + 3600 * h, 1, 1, h + 1, 1_000 + h) for h in range(HOURS)]
    if altered is not None:
        readings[altered] = dataclasses.replace(readings[altered], mass_g=7)
    copy = PeriodCopy(body_words([r.body for r in readings]), batch_hours)
    return [Batch(hour, batch_hours, root) for hour, root in copy.batch_roots.items()]


def over(roots):
    return SumTree.over(Nodes.of(roots)).root


@pytest.mark.parametrize("batch_hours", [1, 6, 24])
def test_period_roots__month_and_year__are_the_trees_over_their_days(batch_hours):
    made = batches(batch_hours)
    days = period_roots(made, Period.DAY)
    assert [day.hours for day in days] == [24] * 62
    each = 24 // batch_hours
    for place, day in enumerate(days):
        assert day.root == over([b.root for b in made[place * each : (place + 1) * each]])
    months = period_roots(made, Period.MONTH)
    assert [month.hours for month in months] == [31 * 24, 29 * 24, 2 * 24]
    assert months[1].root == over([day.root for day in days[31:60]])
    (year,) = period_roots(made, Period.YEAR)
    assert year.root == over([day.root for day in days])
    assert year.root.mass_g == sum(1_000 + h for h in range(HOURS))
    assert year.root.count == HOURS


def test_period_roots__batches_of_a_day__are_the_days():
    made = batches(24)
    assert [day.root for day in period_roots(made, Period.DAY)] == [b.root for b in made]


@pytest.mark.parametrize("altered", [0, 24 * 40 + 3, HOURS - 1])
def test_period_roots__one_reading_altered__exactly_its_day_month_and_year_change(altered):
    for period, width in ((Period.DAY, 62), (Period.MONTH, 3), (Period.YEAR, 1)):
        good, bad = (period_roots(batches(1, at), period) for at in (None, altered))
        differing = [g for g, b in zip(good, bad, strict=True) if g.root != b.root]
        assert len(good) == width
        (one,) = differing
        assert one.first_hour <= FIRST + altered < one.first_hour + one.hours


def test_period_roots__a_gap__refused_with_its_place():
    made = batches(24)
    with pytest.raises(InvalidInput, match=f"between the batches at {FIRST} and {FIRST + 48}"):
        period_roots([made[0], *made[2:]], Period.MONTH)


@pytest.mark.parametrize("hours", [(744,), (30, 24), (5, 5, 5, 5, 5)])
def test_period_roots__batches_across_days__no_root_of_a_day_is_claimed(hours):
    made, hour = [], FIRST
    for span in hours:
        made.append(Batch(hour, span, Node(keccak(span.to_bytes(2, "big")), 1, 1)))
        hour += span
    with pytest.raises(InvalidInput, match="do not end with the days"):
        period_roots(made, Period.DAY)
    assert len(period_roots(made, Period.BATCH)) == len(hours)


def test_period_roots__nothing_anchored__no_roots():
    assert period_roots([], Period.YEAR) == []
