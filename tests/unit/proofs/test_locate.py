"""Locating every differing item: complete, exact, and in O(d log n) comparisons."""

import dataclasses
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tanlian.domain.errors import InvalidInput
from tanlian.domain.reading import Reading
from tanlian.proofs.locate import (
    Side,
    locate_batches,
    locate_documents,
    locate_readings,
)
from tanlian.proofs.merkle_sum import EMPTY, ProofRefused, body_words, keccak
from tanlian.proofs.period_copy import PeriodCopy

START = 1_704_067_200  # 2024-01-01


def readings(days=3, sources=3, devices=2):
    return [
        Reading(START + 3600 * hour, source, 10 * source + device, hour + 1, 1000 * source + hour)
        for hour in range(24 * days)
        for source in range(1, sources + 1)
        for device in range(devices)
    ]


def copy_of(items, batch_hours=24):
    return PeriodCopy(body_words([r.body for r in items]), batch_hours)


def bound(differences, *copies):
    """1 for the roots, and two a level a difference; a level more where a tree is not full."""
    height = max(
        c.tree.height
        + max((len(c.sources_of(i)) for i in range(len(c.batches))), default=1).bit_length()
        + int(np.diff(c._starts).max(initial=1)).bit_length()
        for c in copies
    )
    return 1 + 2 * differences * height


def test_locate_readings__equal_copies__one_comparison():
    found = locate_readings(copy_of(readings()), copy_of(readings()))
    assert (found.differences, found.comparisons, found.batches) == ((), 1, ())


@given(st.sets(st.integers(0, 24 * 3 * 3 * 2 - 1), min_size=1, max_size=12))
def test_locate_readings__any_readings_changed__exactly_these_within_the_bound(places):
    items = readings()
    changed = [
        dataclasses.replace(r, mass_g=r.mass_g - 1) if i in places else r
        for i, r in enumerate(items)
    ]
    first, second = copy_of(items), copy_of(changed)
    found = locate_readings(first, second)
    assert {(d.first, d.second) for d in found.differences} == {
        (items[i], changed[i]) for i in places
    }
    assert {d.side for d in found.differences} == {Side.BOTH}
    assert found.comparisons <= bound(len(places), first, second)
    assert found.batches == tuple(sorted({d.batch for d in found.differences}))


@settings(max_examples=40)
@given(st.data())
def test_locate_readings__readings_missing_added_and_changed__equals_a_plain_comparison(data):
    items = readings(2, 3, 2)
    keys = [r.key for r in items]
    copies = []
    for _ in range(2):
        gone = data.draw(st.sets(st.sampled_from(keys), max_size=30))
        other = data.draw(st.sets(st.sampled_from(keys), max_size=5))
        copies.append(
            [
                dataclasses.replace(r, sequence=r.sequence + 100) if r.key in other else r
                for r in items
                if r.key not in gone
            ]
        )
    plain = [{r.key: r for r in c} for c in copies]
    expected = {
        (plain[0].get(k), plain[1].get(k)) for k in keys if plain[0].get(k) != plain[1].get(k)
    }
    found = locate_readings(*(copy_of(c) for c in copies))
    assert {(d.first, d.second) for d in found.differences} == expected
    assert len(found.differences) == len(expected)


def test_locate_readings__whole_source_and_whole_day_missing__all_their_readings():
    items = readings(3, 2, 1)
    without = [r for r in items if r.source != 2 and r.start >= START + 24 * 3600]
    found = locate_readings(copy_of(items), copy_of(without))
    assert {d.first for d in found.differences} == set(items) - set(without)
    assert {d.side for d in found.differences} == {Side.FIRST}
    back = locate_readings(copy_of(without), copy_of(items))
    assert {d.second for d in back.differences} == set(items) - set(without)


def test_locate_readings__one_copy_empty__every_reading():
    empty = PeriodCopy(np.empty((0, 8), np.uint64))
    assert empty.root == EMPTY
    assert len(locate_readings(copy_of(readings(1)), empty).differences) == len(readings(1))
    assert locate_readings(empty, empty).differences == ()


def test_period_copy__readings_in_any_order__same_root_and_sum():
    items = readings()
    shuffled = [items[i] for i in np.random.default_rng(5).permutation(len(items))]
    assert copy_of(items).root == copy_of(shuffled).root
    assert copy_of(items).root.mass_g == sum(r.mass_g for r in items)
    assert copy_of(items).root.count == len(items)


def test_period_copy__same_hour_of_a_device_twice__refused():
    items = readings(1)
    again = dataclasses.replace(items[5], mass_g=0, sequence=99)
    with pytest.raises(InvalidInput, match="has the same key as"):
        copy_of([*items, again])


def test_period_copy__stated_batches__follow_the_anchors_and_refuse_what_lies_before():
    items = readings(1, 1, 1)
    first = START // 3600
    assert list(copy_of(items, [first, first + 6, first + 7]).batches) == [
        first,
        first + 6,
        first + 7,
    ]
    with pytest.raises(InvalidInput, match="before the first batch"):
        copy_of(items, [first + 1])


def test_prove__any_reading__its_path_leads_to_the_batch_root_and_to_no_other():
    copy = copy_of(readings(2, 3, 2))
    for reading in readings(2, 3, 2)[::17]:
        batch, proof = copy.prove(*reading.key)
        proof.verify(copy.batch_roots[batch])
        with pytest.raises(ProofRefused):
            dataclasses.replace(proof, place=proof.place ^ 1).verify(copy.batch_roots[batch])
        other = next(b for b in copy.batch_roots if b != batch)
        with pytest.raises(ProofRefused):
            proof.verify(copy.batch_roots[other])
    with pytest.raises(InvalidInput, match="No reading of device 99"):
        copy.prove(START, 1, 99)


def test_locate_batches__copy_changed_after_anchoring__names_the_batches():
    items = readings(5, 2, 1)
    anchored = copy_of(items).batch_roots
    later = [
        dataclasses.replace(r, mass_g=0) if r.start == START + 50 * 3600 and r.source == 2 else r
        for r in items
    ]
    assert locate_batches(copy_of(items), anchored) == ((), 1)
    found, comparisons = locate_batches(copy_of(later), anchored)
    assert found == (START // 3600 + 48,)
    assert comparisons <= 1 + 2 * 3
    shorter = {b: r for b, r in anchored.items() if b != START // 3600 + 24}
    assert locate_batches(copy_of(items), shorter)[0] == (START // 3600 + 24,)
    assert locate_batches(copy_of(items), {})[0] == tuple(anchored)


@given(st.data())
def test_locate_documents__any_two_collections__equals_a_plain_comparison(data):
    count = data.draw(st.integers(0, 200))
    base = {keccak(bytes([i])): keccak(bytes([1, i])) for i in range(count)}
    keys = sorted(base)
    copies = []
    for _ in range(2):
        gone = data.draw(st.sets(st.sampled_from(keys), max_size=4)) if keys else set()
        other = data.draw(st.sets(st.sampled_from(keys), max_size=4)) if keys else set()
        copies.append({k: bytes(32) if k in other else v for k, v in base.items() if k not in gone})
    first, second = copies
    found = locate_documents(first, second)
    assert found.keys == {
        k: Side.BOTH if k in first and k in second else Side.FIRST if k in first else Side.SECOND
        for k in first.keys() | second.keys()
        if first.get(k) != second.get(k)
    }


def test_locate_documents__three_of_many_changed_or_gone__few_comparisons():
    first = {keccak(i.to_bytes(4, "big")): bytes(32) for i in range(20_000)}
    second = dict(first)
    keys = sorted(first)
    del second[keys[700]]
    second[keys[9_000]] = b"\1" * 32
    second[keccak(b"new")] = bytes(32)
    found = locate_documents(first, second)
    assert found.keys == {
        keys[700]: Side.FIRST,
        keys[9_000]: Side.BOTH,
        keccak(b"new"): Side.SECOND,
    }
    assert found.comparisons <= 1 + 2 * 3 * (15 + 8)


def test_locate_readings__a_million_with_three_changed__found_well_under_a_second():
    rows = np.zeros((1_000_000, 8), np.uint64)
    hours, source = np.divmod(np.arange(1_000_000), 115)  # 8,696 hours of 115 sources
    rows[:, 0] = (START + 3600 * hours).astype(np.uint64).byteswap()
    rows[:, 1] = ((source + 1) << 32 | 1).astype(np.uint64).byteswap()
    rows[:, 2] = (hours + 1).astype(np.uint64).byteswap()
    rows[:, 3] = np.random.default_rng(3).integers(1, 10**9, 1_000_000).astype(np.uint64).byteswap()
    rows[:, 7] = np.frombuffer(Reading(0, 0, 0, 0, 0).body, "<u8")[7]
    changed = rows.copy()
    places = [123, 500_000, 999_999]
    changed[places, 3] = 0
    first, second = PeriodCopy(rows), PeriodCopy(changed)
    begin = time.perf_counter()
    found = locate_readings(first, second)
    seconds = time.perf_counter() - begin
    assert {d.second for d in found.differences} == {
        Reading.from_body(changed[p].tobytes()) for p in places
    }
    assert found.comparisons <= 1 + 2 * 3 * (9 + 7 + 5) < 1_000_000 // 5_000
    assert seconds < 0.25
