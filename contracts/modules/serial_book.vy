# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Serial intervals in the order in which they were consumed
@license AGPL-3.0-or-later
@notice One serial per kilogram, from 1, per token id and book. Each entry takes the serials that
        follow the last entry's, so that intervals of one book never overlap and have no gap. An
        entry is one word and a document:

        | bits    | meaning                        |
        |---------|--------------------------------|
        | 168-255 | first serial                   |
        | 80-167  | kilograms                      |
        | 56-79   | organisation                   |
        | 16-55   | block time                     |
        | 0-15    | tag, whose meaning is the book's |

        The id of an entry is token id << 40 | its number from 1, in one book.
"""

_MAX_SERIAL: constant(uint256) = 2**88 - 1
_MAX_ENTRY: constant(uint256) = 2**40 - 1
_MAX_ORGANISATION: constant(uint256) = 2**24 - 1
_MAX_TIME: constant(uint256) = 2**40 - 1
_MAX_TAG: constant(uint256) = 2**16 - 1

_counts: HashMap[uint256, HashMap[uint256, uint256]]  # book, token id
_entries: HashMap[uint256, HashMap[uint256, uint256]]  # book, entry id
_documents: HashMap[uint256, HashMap[uint256, bytes32]]  # book, entry id


@internal
def _append(
    book: uint256,
    token_id: uint256,
    org_id: uint256,
    amount_kg: uint256,
    tag: uint256,
    document: bytes32,
) -> (uint256, uint256):
    # Returns the entry's id and its first serial.
    count: uint256 = self._counts[book][token_id]
    assert count < _MAX_ENTRY, "serial_book: book is full"
    first: uint256 = self._consumed(book, token_id) + 1
    entry_id: uint256 = (token_id << 40) | (count + 1)
    self._counts[book][token_id] = count + 1
    self._entries[book][entry_id] = self._pack(first, amount_kg, org_id, block.timestamp, tag)
    self._documents[book][entry_id] = document
    return entry_id, first


@internal
@view
def _consumed(book: uint256, token_id: uint256) -> uint256:
    # Kilograms, which is the last serial, of all entries together.
    count: uint256 = self._counts[book][token_id]
    if count == 0:
        return 0
    word: uint256 = self._entries[book][(token_id << 40) | count]
    return self._first(word) + self._amount(word) - 1


@internal
@view
def _entry(book: uint256, entry_id: uint256) -> uint256:
    word: uint256 = self._entries[book][entry_id]
    assert word != 0, "serial_book: no such entry"
    return word


@internal
@view
def _find(book: uint256, token_id: uint256, serial: uint256) -> uint256:
    # The entry that holds a serial, by bisection over the ascending first serials.
    assert (
        serial != 0 and serial <= self._consumed(book, token_id)
    ), "serial_book: serial not consumed"
    low: uint256 = 1
    high: uint256 = self._counts[book][token_id]
    for _: uint256 in range(40):  # halves at most 2**40 entries down to one
        if low == high:
            break
        middle: uint256 = (low + high + 1) // 2
        if self._first(self._entries[book][(token_id << 40) | middle]) <= serial:
            low = middle
        else:
            high = middle - 1
    return (token_id << 40) | low


@internal
@pure
def _pack(
    first: uint256, amount_kg: uint256, org_id: uint256, time: uint256, tag: uint256
) -> uint256:
    assert amount_kg != 0, "serial_book: zero amount"
    assert (
        amount_kg <= _MAX_SERIAL and first + amount_kg - 1 <= _MAX_SERIAL
    ), "serial_book: serials exhausted"
    assert org_id <= _MAX_ORGANISATION, "serial_book: organisation id too large"
    assert time <= _MAX_TIME, "serial_book: time too large"
    assert tag <= _MAX_TAG, "serial_book: tag too large"
    return (first << 168) | (amount_kg << 80) | (org_id << 56) | (time << 16) | tag


@internal
@pure
def _first(word: uint256) -> uint256:
    return word >> 168


@internal
@pure
def _amount(word: uint256) -> uint256:
    return (word >> 80) & _MAX_SERIAL


@internal
@pure
def _organisation(word: uint256) -> uint256:
    return (word >> 56) & _MAX_ORGANISATION


@internal
@pure
def _time(word: uint256) -> uint256:
    return (word >> 16) & _MAX_TIME


@internal
@pure
def _tag(word: uint256) -> uint256:
    return word & _MAX_TAG
