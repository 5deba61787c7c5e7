# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Trading accounts, one word each
@license AGPL-3.0-or-later
@notice An account belongs to one organisation and one instrument and is one word, so that a trade
        touches one slot per participant:

        | field          | bits    | unit                                                         |
        |----------------|---------|--------------------------------------------------------------|
        | free money     | 0-63    | micro-yuan                                                   |
        | free units     | 64-99   | lots                                                         |
        | bought today   | 100-135 | lots bought and delivered on the day of the stamp            |
        | open buys      | 136-171 | lots of standing buy orders                                  |
        | open sells     | 172-207 | lots of standing sell orders, locked                         |
        | day stamp      | 208-223 | the day that `bought today` speaks of                        |
        | next nonce     | 224-247 | signed messages below it are spent                           |
        | awaiting       | 248     | 1: bought units wait for their payment                       |

@custom:overflow The money of all accounts together stays below 2**64 and the units below 2**36: both
        are checked where they enter (`_enter`). Inside the market they only
        move, so no field can overflow into its neighbour (contracts/PROOFS.md, 3).
"""

from . import refusal

MONEY: constant(uint256) = 2**64 - 1
LOTS: constant(uint256) = 2**36 - 1
UNITS_AT: constant(uint256) = 64
ONE_LOT: constant(uint256) = 2**64
BOUGHT_AT: constant(uint256) = 100
BUYS_AT: constant(uint256) = 136
SELLS_AT: constant(uint256) = 172
STAMP_AT: constant(uint256) = 208
NONCE_AT: constant(uint256) = 224
AWAITING_AT: constant(uint256) = 248
DAYS: constant(uint256) = 2**16 - 1
NONCES: constant(uint256) = 2**24 - 1
NOT_BOUGHT: constant(uint256) = ~((LOTS << BOUGHT_AT) | (DAYS << STAMP_AT))

KG_PER_LOT: constant(uint256) = 1_000
MAX_BOOKS: constant(uint256) = 2**12 - 1

_accounts: uint256[2**36]  # book 12 | organisation 24
_inside: uint256  # money of all accounts 64 | lots of all instruments 36
_book_of: HashMap[uint256, uint256]  # token id -> number of its book, 0: none yet
_instruments: uint256[2**12]  # back
_books: uint256


@internal
def _list(instrument: uint256) -> uint256:
    # The book of an instrument; its first deposit or its listing gives it one.
    book: uint256 = self._book_of[instrument]
    if book == 0:
        book = unsafe_add(self._books, 1)
        refusal._require(book <= MAX_BOOKS, refusal.TOO_MUCH)
        self._books = book
        self._book_of[instrument] = book
        self._instruments[book] = instrument
    return book


@internal
@view
def _key(instrument: uint256, organisation: uint256) -> uint256:
    # The account of an organisation (24 bits) for an instrument that has a book.
    book: uint256 = self._book_of[instrument]
    refusal._require(book != 0, refusal.INSTRUMENT)
    return (book << 24) | organisation


@internal
def _enter(account_key: uint256, amount: uint256, lots: uint256):
    # Money or units come into the market; the checks keep every field of every account in bounds.
    refusal._require(amount | lots != 0, refusal.NOTHING)
    refusal._require(amount <= MONEY and lots <= LOTS, refusal.TOO_MUCH)
    inside: uint256 = self._inside
    refusal._require(
        unsafe_add(inside & MONEY, amount) <= MONEY
        and unsafe_add(inside >> UNITS_AT, lots) <= LOTS,
        refusal.TOO_MUCH,
    )
    both: uint256 = amount | (lots << UNITS_AT)
    self._inside = unsafe_add(inside, both)
    self._accounts[account_key] = unsafe_add(self._accounts[account_key], both)


@internal
def _leave(account_key: uint256, amount: uint256, lots: uint256):
    # Free money or units go out of the market.
    refusal._require(amount | lots != 0, refusal.NOTHING)
    word: uint256 = self._accounts[account_key]
    refusal._require(word & MONEY >= amount, refusal.MONEY)
    refusal._require((word >> UNITS_AT) & LOTS >= lots, refusal.UNITS)
    both: uint256 = amount | (lots << UNITS_AT)
    self._inside = unsafe_sub(self._inside, both)
    self._accounts[account_key] = unsafe_sub(word, both)


@internal
@pure
def _note_bought(word: uint256, lots: uint256, today: uint256) -> uint256:
    # Count `lots` among those bought today; the count stops at its maximum.
    if (word >> STAMP_AT) & DAYS != today:
        return (word & NOT_BOUGHT) | (lots << BOUGHT_AT) | (today << STAMP_AT)
    bought: uint256 = min(unsafe_add((word >> BOUGHT_AT) & LOTS, lots), LOTS)
    return (word & ~(LOTS << BOUGHT_AT)) | (bought << BOUGHT_AT)


@internal
@pure
def _bought(word: uint256, today: uint256) -> uint256:
    if (word >> STAMP_AT) & DAYS != today:
        return 0
    return (word >> BOUGHT_AT) & LOTS


@internal
@pure
def _with_nonce(word: uint256, nonce: uint256) -> uint256:
    return (word & ~(NONCES << NONCE_AT)) | (nonce << NONCE_AT)
