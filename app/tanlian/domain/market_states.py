"""The states of auctions, bids, cases and replacements, as the contracts number them (tested)."""

from enum import IntEnum


class AuctionState(IntEnum):
    """Where a one-way auction stands."""

    ANNOUNCED = 1  # its units are not there yet
    FUNDED = 2
    CLEARING = 3
    CLEARED = 4
    CANCELLED = 5


class BidState(IntEnum):
    """Where a sealed bid stands."""

    COMMITTED = 1
    REVEALED = 2
    SETTLED = 3
    FORFEITED = 4


class CaseState(IntEnum):
    """Where a reward or penalty stands."""

    OPEN = 1  # a penalty in its time to appeal, or after it until somebody settles it
    APPEALED = 2
    DONE = 3  # paid or deducted
    DISMISSED = 4


class ReplacementState(IntEnum):
    """Where the replacement of a key stands."""

    PROPOSED = 1
    APPROVED = 2
    DONE = 3
    VETOED = 4
    WITHDRAWN = 5


class RatingState(IntEnum):
    """Where a rating stands."""

    PUBLISHED = 1
    CONTESTED = 2
    REVIEWED = 3
