# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title The tally of a gateway's logbook in one word
@license AGPL-3.0-or-later
@notice What a gateway anchored in a year adds up here, so that no batch can be left out, repeated
        or slipped in between: the next batch must begin at `next_hour`.

        | bits    | field                                            |
        |---------|--------------------------------------------------|
        | 0-63    | mass, grams of CO2, of all batches               |
        | 64-103  | readings in all batches                          |
        | 104-135 | next hour to be anchored, hours since 1970       |
        | 136-167 | hour after the last of the year                  |
        | 168-199 | number of batches                                |
        | 200-223 | organisation                                     |
        | 224     | 1: the logbook is open; the word 0 is no logbook |
        | 225     | 1: the gateway was replaced                      |
"""

_MASS_LIMIT: constant(uint256) = 2**64
_COUNT_LIMIT: constant(uint256) = 2**40
_HOUR_LIMIT: constant(uint256) = 2**32
_BATCH_LIMIT: constant(uint256) = 2**32
_OPEN: constant(uint256) = 2**224
_REPLACED: constant(uint256) = 2**225


@internal
@pure
def _opened(org_id: uint256, first_hour: uint256, end_hour: uint256) -> uint256:
    assert first_hour < end_hour and end_hour < _HOUR_LIMIT, "logbook: hours out of range"
    return (first_hour << 104) | (end_hour << 136) | (org_id << 200) | _OPEN


@internal
@pure
def _with_batch(
    word: uint256, mass_g: uint256, count: uint256, first_hour: uint256, hours: uint256
) -> uint256:
    """
    @notice The tally with one more batch.
    """
    assert first_hour == self._next_hour(word), "logbook: not the next hour"
    assert hours != 0 and hours < _HOUR_LIMIT, "logbook: batch of no hours"
    assert first_hour + hours <= self._end_hour(word), "logbook: beyond the year"
    assert mass_g < _MASS_LIMIT, "logbook: mass out of range"
    assert count < _COUNT_LIMIT, "logbook: count out of range"
    assert self._mass_g(word) + mass_g < _MASS_LIMIT, "logbook: mass out of range"
    assert self._count(word) + count < _COUNT_LIMIT, "logbook: count out of range"
    # every field stays below its limit (hours: asserted; batches: one an hour at most)
    return word + mass_g + (count << 64) + (hours << 104) + (1 << 168)


@internal
@pure
def _replaced(word: uint256) -> uint256:
    return (word & ~_OPEN) | _REPLACED


@internal
@pure
def _is_open(word: uint256) -> bool:
    return word & _OPEN != 0


@internal
@pure
def _mass_g(word: uint256) -> uint256:
    return word & (_MASS_LIMIT - 1)


@internal
@pure
def _count(word: uint256) -> uint256:
    return (word >> 64) & (_COUNT_LIMIT - 1)


@internal
@pure
def _next_hour(word: uint256) -> uint256:
    return (word >> 104) & (_HOUR_LIMIT - 1)


@internal
@pure
def _end_hour(word: uint256) -> uint256:
    return (word >> 136) & (_HOUR_LIMIT - 1)


@internal
@pure
def _batches(word: uint256) -> uint256:
    return (word >> 168) & (_BATCH_LIMIT - 1)


@internal
@pure
def _organisation(word: uint256) -> uint256:
    return (word >> 200) & (2**24 - 1)
