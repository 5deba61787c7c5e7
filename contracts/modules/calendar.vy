# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Civil years and block time (UTC)
@license AGPL-3.0-or-later
@notice Days are counted from 1 March of year 0 in cycles of 400 years (146,097 days), so that the
        leap day is the last day of a counted year.
"""

DAY: constant(uint256) = 24 * 60 * 60
_EPOCH_DAY: constant(uint256) = 719_468  # 1970-01-01, counted from 0000-03-01
_ERA_DAYS: constant(uint256) = 146_097
_JANUARY_FIRST: constant(uint256) = 306  # day of the counted year
_FIRST_YEAR: constant(uint256) = 1970
_LAST_YEAR: constant(uint256) = 9999


@internal
@pure
def _year(timestamp: uint256) -> uint256:
    day: uint256 = timestamp // DAY + _EPOCH_DAY
    day_of_era: uint256 = day % _ERA_DAYS
    year_of_era: uint256 = (
        day_of_era - day_of_era // 1_460 + day_of_era // 36_524 - day_of_era // 146_096
    ) // 365
    day_of_year: uint256 = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    year: uint256 = year_of_era + day // _ERA_DAYS * 400
    if day_of_year >= _JANUARY_FIRST:
        return year + 1
    return year


@internal
@pure
def _start_of_year(year: uint256) -> uint256:
    # 00:00 UTC of 1 January.
    assert _FIRST_YEAR <= year and year <= _LAST_YEAR, "calendar: year out of range"
    counted: uint256 = year - 1
    year_of_era: uint256 = counted % 400
    day: uint256 = (
        counted // 400 * _ERA_DAYS
        + year_of_era * 365
        + year_of_era // 4
        - year_of_era // 100
        + _JANUARY_FIRST
    )
    return (day - _EPOCH_DAY) * DAY


@internal
@pure
def _start_of_month(year: uint256, month: uint256) -> uint256:
    # 00:00 UTC of the first of a month; month 13 is January of the following year.
    assert 1 <= month and month <= 13, "calendar: month out of range"
    if month == 13:
        return self._start_of_year(year + 1)
    if month < 3:
        return self._start_of_year(year) + (month - 1) * 31 * DAY
    # From March on, five months have 153 days, in a pattern that repeats.
    march_first: uint256 = self._start_of_year(year + 1) - _JANUARY_FIRST * DAY
    return march_first + (153 * (month - 3) + 2) // 5 * DAY
