# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title An obligation as one word, and the amounts that follow from it
@license AGPL-3.0-or-later
@notice
        | field   | bits    |       | field    | bits    |
        |---------|---------|-------|----------|---------|
        | buyer   | 0-23    |       | margin   | 109-122 |
        | seller  | 24-47   |       | due at   | 123-154 |
        | lots    | 48-75   |       | session  | 155-186 |
        | price   | 76-96   |       | day      | 187-202 |
        | book    | 97-108  |       | status   | 203-204 |

        Price in half ticks, margin in basis points. The margin is lots * price * basis points / 2,
        rounded up (half a micro-yuan at most, for the seller); the rest is what is missing to
        lots * price * 5,000. Status: 1 owed, 2 paid, 3 defaulted.
"""

OWED: constant(uint256) = 1
PAID: constant(uint256) = 2
DEFAULTED: constant(uint256) = 3

M12: constant(uint256) = 2**12 - 1
M14: constant(uint256) = 2**14 - 1
M16: constant(uint256) = 2**16 - 1
M21: constant(uint256) = 2**21 - 1
M24: constant(uint256) = 2**24 - 1
M28: constant(uint256) = 2**28 - 1
M32: constant(uint256) = 2**32 - 1
STATUS_AT: constant(uint256) = 203
MICRO_PER_HALF_TICK: constant(uint256) = 5_000


@internal
@pure
def _pack(
    buyer: uint256,
    seller: uint256,
    lots: uint256,
    half_ticks: uint256,
    book: uint256,
    margin_bps: uint256,
    due_at: uint256,
    session_id: uint256,
    today: uint256,
) -> uint256:
    return (
        buyer
        | (seller << 24)
        | (lots << 48)
        | (half_ticks << 76)
        | (book << 97)
        | (margin_bps << 109)
        | (due_at << 123)
        | (session_id << 155)
        | (today << 187)
        | (OWED << STATUS_AT)
    )


@internal
@pure
def _status(word: uint256) -> uint256:
    return word >> STATUS_AT


@internal
@pure
def _with_status(word: uint256, status: uint256) -> uint256:
    return (word & (2**STATUS_AT - 1)) | (status << STATUS_AT)


@internal
@pure
def _buyer(word: uint256) -> uint256:
    return word & M24


@internal
@pure
def _seller(word: uint256) -> uint256:
    return (word >> 24) & M24


@internal
@pure
def _lots(word: uint256) -> uint256:
    return (word >> 48) & M28


@internal
@pure
def _book(word: uint256) -> uint256:
    return (word >> 97) & M12


@internal
@pure
def _due_at(word: uint256) -> uint256:
    return (word >> 123) & M32


@internal
@pure
def _session(word: uint256) -> uint256:
    return (word >> 155) & M32


@internal
@pure
def _day(word: uint256) -> uint256:
    return (word >> 187) & M16


@internal
@pure
def _margin_of(lots: uint256, half_ticks: uint256, margin_bps: uint256) -> uint256:
    # No overflow: 28 + 21 + 14 bits.
    return unsafe_add(unsafe_mul(unsafe_mul(lots, half_ticks), margin_bps), 1) >> 1


@internal
@pure
def _margin(word: uint256) -> uint256:
    return self._margin_of(self._lots(word), (word >> 76) & M21, (word >> 109) & M14)


@internal
@pure
def _price(word: uint256) -> uint256:
    # No overflow: 28 + 21 + 13 bits.
    return unsafe_mul(unsafe_mul(self._lots(word), (word >> 76) & M21), MICRO_PER_HALF_TICK)
