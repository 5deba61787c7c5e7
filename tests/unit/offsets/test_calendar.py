"""Civil dates on chain against Python's calendar."""

from datetime import UTC, datetime
from typing import Any

import boa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from harness.consortium import deployer_of


@pytest.fixture(scope="module")
def calendar() -> Any:
    return deployer_of("tests/mocks/CalendarMock.vy").deploy()


def seconds(year: int, month: int = 1) -> int:
    return int(datetime(year, month, 1, tzinfo=UTC).timestamp())


@given(st.integers(0, seconds(9999)))
@example(seconds(2000, 3) - 1)
@example(seconds(2024, 3) - 1)
@example(seconds(2100, 3))
@example(seconds(2025) - 1)
@example(seconds(2025))
def test_year__random_time__equals_python(calendar: Any, timestamp: int) -> None:
    assert calendar.year(timestamp) == datetime.fromtimestamp(timestamp, UTC).year


@pytest.mark.parametrize("year", [1970, 1972, 1999, 2000, 2023, 2024, 2025, 2100, 2400, 9998])
def test_start_of_month__each_month__equals_python(calendar: Any, year: int) -> None:
    assert calendar.start_of_year(year) == seconds(year)
    for month in range(1, 13):
        assert calendar.start_of_month(year, month) == seconds(year, month)
    assert calendar.start_of_month(year, 13) == seconds(year + 1)


@pytest.mark.parametrize("year", [0, 1969, 10_000])
def test_start_of_year__out_of_range__is_refused(calendar: Any, year: int) -> None:
    with boa.reverts("calendar: year out of range"):
        calendar.start_of_year(year)


@pytest.mark.parametrize("month", [0, 14])
def test_start_of_month__no_such_month__is_refused(calendar: Any, month: int) -> None:
    with boa.reverts("calendar: month out of range"):
        calendar.start_of_month(2024, month)
