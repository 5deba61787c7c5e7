# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title The order book: price levels, their queues, and which levels hold orders
@license AGPL-3.0-or-later
@notice A book has two sides. A level's rank is its distance in ticks from the best price that the
        session's band allows (asks: tick - low, bids: high - tick), so the best level of either
        side is the one of lowest rank. A bitmap finds it: one summary word per side, one bit of it
        for each word of 255 ranks. Slots are never set to zero, a later session finds them in use.

        | level word | bits    | meaning                                                        |
        |------------|---------|----------------------------------------------------------------|
        | head       | 0-21    | position of the first order that may still stand               |
        | tail       | 22-43   | position of the next order to come                             |
        | epoch      | 44-47   | of the session that wrote it; another one reads it as empty    |
        | lanes 0-3  | 48-255  | orders at positions 0 to 3                                     |

        A lane is organisation 24 | lots 28. Positions from 4 on lie four to an overflow word. A lane
        with zero lots, or before the head, is an order that is gone. A position is used once in a
        session. A level's bit is set exactly while head < tail.
@custom:epoch Two sessions 16 apart share an epoch. The later one then continues the positions of the
        earlier one at levels that no session in between wrote: as every level is empty at the start
        (the close walks all), only the numbers differ.
"""

M22: constant(uint256) = 2**22 - 1
M28: constant(uint256) = 2**28 - 1
M44: constant(uint256) = 2**44 - 1
M48: constant(uint256) = 2**48 - 1
M52: constant(uint256) = 2**52 - 1
ONE_TAIL: constant(uint256) = 2**22
EPOCHS: constant(uint256) = 15
INLINE: constant(uint256) = 4
RANKS: constant(uint256) = 255 * 256  # ranks a book can hold
RANKS_PER_WORD: constant(uint256) = 255
IN_USE: constant(uint256) = 1 << 255  # keeps a bitmap word from becoming zero
FULL: constant(uint256) = M22  # returned instead of a position
EMPTY: constant(uint256) = max_value(uint256)  # returned instead of a rank
_LOG2_OF_NIBBLE: constant(uint256) = 4_294_945_360  # two bits for each of 0..15

_levels: uint256[2**29]  # book 12 | side 1 | rank 16
_overflow: uint256[2**49]  # level 29 | (position - 4) / 4
_words: uint256[2**21]  # book 12 | side 1 | word 8
_summaries: uint256[2**13]  # book 12 | side 1


@internal
@pure
def _lowest_bit(bits: uint256) -> uint256:
    # The number of the lowest set bit; some bit is set.
    x: uint256 = bits & unsafe_sub(0, bits)
    r: uint256 = 0
    if x >= 2**128:
        x = x >> 128
        r = 128
    if x >= 2**64:
        x = x >> 64
        r = r | 64
    if x >= 2**32:
        x = x >> 32
        r = r | 32
    if x >= 2**16:
        x = x >> 16
        r = r | 16
    if x >= 2**8:
        x = x >> 8
        r = r | 8
    if x >= 2**4:
        x = x >> 4
        r = r | 4
    return r | ((_LOG2_OF_NIBBLE >> unsafe_mul(x, 2)) & 3)


@internal
@view
def _level(level_key: uint256, epoch: uint256) -> uint256:
    # The level as this session sees it: what another session left reads as empty.
    level: uint256 = self._levels[level_key]
    if (level >> 44) & EPOCHS != epoch:
        level = ((level >> 48) << 48) | (epoch << 44)
    return level


@internal
@view
def _best_rank(side_key: uint256) -> uint256:
    summary: uint256 = self._summaries[side_key]
    if summary == 0:
        return EMPTY
    word: uint256 = self._lowest_bit(summary)
    bits: uint256 = self._words[(side_key << 8) | word] ^ IN_USE
    return unsafe_add(unsafe_mul(word, RANKS_PER_WORD), self._lowest_bit(bits))


@internal
def _occupy(level_key: uint256):
    # The level's bit is clear; set it.
    side_key: uint256 = level_key >> 16
    rank: uint256 = level_key & 65535
    word: uint256 = unsafe_div(rank, RANKS_PER_WORD)
    bits: uint256 = self._words[(side_key << 8) | word]
    self._words[(side_key << 8) | word] = bits | IN_USE | (1 << (rank % RANKS_PER_WORD))
    if bits & ~IN_USE == 0:
        self._summaries[side_key] = self._summaries[side_key] | (1 << word)


@internal
def _vacate(level_key: uint256):
    # The level's bit is set; clear it.
    side_key: uint256 = level_key >> 16
    rank: uint256 = level_key & 65535
    word: uint256 = unsafe_div(rank, RANKS_PER_WORD)
    bits: uint256 = self._words[(side_key << 8) | word] ^ (1 << (rank % RANKS_PER_WORD))
    self._words[(side_key << 8) | word] = bits
    if bits == IN_USE:
        self._summaries[side_key] = self._summaries[side_key] ^ (1 << word)


@internal
def _append(level_key: uint256, epoch: uint256, lane: uint256) -> uint256:
    # Put an order behind the last one of its level: its position, or FULL and nothing changed.
    level: uint256 = self._levels[level_key]
    if (level >> 44) & EPOCHS != epoch:
        level = ((level >> 48) << 48) | (epoch << 44)
    tail: uint256 = (level >> 22) & M22
    if tail == M22:
        return FULL
    if tail < INLINE:
        at: uint256 = unsafe_add(48, unsafe_mul(52, tail))
        self._levels[level_key] = unsafe_add((level & ~(M52 << at)) | (lane << at), ONE_TAIL)
    else:
        place: uint256 = unsafe_sub(tail, INLINE)
        slot: uint256 = (level_key << 20) | (place >> 2)
        at: uint256 = unsafe_mul(52, place & 3)
        self._overflow[slot] = (self._overflow[slot] & ~(M52 << at)) | (lane << at)
        self._levels[level_key] = unsafe_add(level, ONE_TAIL)
    if level & M22 == tail:
        self._occupy(level_key)
    return tail


@internal
@view
def _standing_lane(level_key: uint256, epoch: uint256, position: uint256) -> uint256:
    # The lane of an order that still stands, else 0.
    level: uint256 = self._level(level_key, epoch)
    if position < level & M22 or position >= (level >> 22) & M22:
        return 0
    lane: uint256 = self._lane(level_key, level, position)
    if lane & M28 == 0:
        return 0
    return lane


@internal
@view
def _lane(level_key: uint256, level: uint256, position: uint256) -> uint256:
    if position < INLINE:
        return (level >> unsafe_add(48, unsafe_mul(52, position))) & M52
    place: uint256 = unsafe_sub(position, INLINE)
    return (self._overflow[(level_key << 20) | (place >> 2)] >> unsafe_mul(52, place & 3)) & M52


@internal
def _reduce(level_key: uint256, position: uint256, lots: uint256):
    # Leave `lots` of the standing order at `position`; it keeps its place. Zero takes it away.
    level: uint256 = self._levels[level_key]
    if lots == 0 and position == level & M22:
        level = unsafe_add(level, 1)
        self._levels[level_key] = level
        if level & M22 == (level >> 22) & M22:
            self._vacate(level_key)
    else:
        self._park(level_key, level, position, lots)


@internal
def _park(level_key: uint256, level: uint256, position: uint256, lots: uint256):
    # Write the level back, with `lots` left of the order at `position`.
    if position < INLINE:
        at: uint256 = unsafe_add(48, unsafe_mul(52, position))
        self._levels[level_key] = (level & ~(M28 << at)) | (lots << at)
    else:
        place: uint256 = unsafe_sub(position, INLINE)
        slot: uint256 = (level_key << 20) | (place >> 2)
        at: uint256 = unsafe_mul(52, place & 3)
        self._overflow[slot] = (self._overflow[slot] & ~(M28 << at)) | (lots << at)
        self._levels[level_key] = level
