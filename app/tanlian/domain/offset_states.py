"""The states of projects and attestations; the values are those of OffsetRegistry (tested)."""

from enum import IntEnum


class ProjectState(IntEnum):
    """Where a voluntary-reduction project stands."""

    REGISTERED = 1
    UNDER_REVIEW = 2
    APPROVED = 3
    REJECTED = 4
    WITHDRAWN = 5  # by the regulator: none of its credits is usable any more


class AttestationState(IntEnum):
    """Where a verifier's statement of a reduction stands."""

    ATTESTED = 1
    ISSUED = 2
    REVOKED_UNISSUED = 3
    REVOKED = 4  # after issue: the credits of its project and vintage are not usable
    MADE_GOOD = 5
