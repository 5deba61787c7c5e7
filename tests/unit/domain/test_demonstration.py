"""The generated consortium: the same from the same seed, both sides in it, no two alike."""

import pytest

from tanlian.domain.demonstration import MOST_EMITTERS, emitters, institutions
from tanlian.domain.errors import InvalidInput
from tanlian.domain.roles import Role


def test_emitters__same_seed__same_consortium():
    assert emitters(12, 7, 2024) == emitters(12, 7, 2024)
    assert emitters(12, 7, 2024) != emitters(12, 8, 2024)


def test_emitters__next_year__same_names_other_figures():
    first, second = emitters(12, 7, 2024), emitters(12, 7, 2025)
    assert [p.name for p in first] == [p.name for p in second]
    assert all(a.verified_t != b.verified_t for a, b in zip(first, second, strict=True))


@pytest.mark.parametrize("count", [4, 5, 12, MOST_EMITTERS])
def test_emitters__any_size__both_sides_and_distinct_names(count):
    parties = emitters(count, 3, 2024)
    assert len({party.name for party in parties}) == count
    assert len({party.alias for party in parties}) == count
    assert sum(party.allocation_t < party.verified_t for party in parties) == (count + 1) // 2
    assert sum(party.allocation_t > party.verified_t for party in parties) == count // 2
    assert all(len(party.name.encode()) <= 96 for party in parties)


@pytest.mark.parametrize("count", [0, 3, MOST_EMITTERS + 1])
def test_emitters__no_market_or_no_names__refused(count):
    with pytest.raises(InvalidInput, match="4 to 120"):
        emitters(count, 1, 2024)


def test_institutions__regulator_first__one_of_each_kind():
    roles = [party.role for party in institutions()]
    assert roles[0] is Role.REGULATOR
    assert set(roles) == {Role.REGULATOR, Role.EXCHANGE, Role.BANK, Role.VERIFIER}
