# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title The module calendar behind external functions, for its own tests
@license AGPL-3.0-or-later
"""

from ...contracts.modules import calendar


@external
@pure
def year(timestamp: uint256) -> uint256:
    return calendar._year(timestamp)


@external
@pure
def start_of_year(year: uint256) -> uint256:
    return calendar._start_of_year(year)


@external
@pure
def start_of_month(year: uint256, month: uint256) -> uint256:
    return calendar._start_of_month(year, month)
