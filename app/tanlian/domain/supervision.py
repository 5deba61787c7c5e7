"""Collaborative supervision 协同监督: which views are granted, and how complaints go.

The numbers are those of `contracts/Supervision.vy`; a test compares them. `may_view` decides as the
contract does.
"""

import json
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum, IntFlag
from functools import cache
from hashlib import sha256
from importlib.resources import files

from tanlian.domain.errors import InvalidInput
from tanlian.domain.incentives import DAY
from tanlian.domain.roles import Role

LAST_YEAR = 9_999
MOST_LIVE_GRANTS = 32  # of one organisation at a time


class ViewKind(IntFlag):
    """A kind of data that can be granted; a grant holds a set of them."""

    REPORTS = 1
    READINGS = 2
    HOLDINGS = 4
    TRADES = 8
    DUTIES = 16
    COINS = 32
    DOCUMENTS = 64


ALL_KINDS = ViewKind(sum(kind.value for kind in ViewKind))


class Scope(IntEnum):
    """Which organisations a grant is about."""

    EVERYONE = 1
    REGION = 2
    SECTOR = 3
    SECTOR_OF_REGION = 4
    ORGANISATION = 5


class ComplaintKind(IntEnum):
    """What a complaint is about."""

    EMISSIONS = 1
    MONITORING = 2
    VERIFICATION = 3
    TRADING = 4
    COMPLIANCE = 5
    OTHER = 6


class ComplaintStatus(IntEnum):
    """Where a complaint stands."""

    FILED = 1
    TAKEN_UP = 2
    UPHELD = 3
    DISMISSED = 4
    WITHDRAWN = 5

    @property
    def is_open(self) -> bool:
        """Whether something still has to be done about it."""
        return self <= ComplaintStatus.TAKEN_UP


class Route(IntEnum):
    """What a regulator opened for a complaint."""

    CHECK = 1
    CASE = 2
    EXAMINATION = 3
    INSPECTION = 4


@dataclass(frozen=True, slots=True)
class Extent:
    """What a grant lets its organisation see; fields that the scope does not use are zero."""

    kinds: ViewKind
    scope: Scope
    first_year: int
    last_year: int
    region: int = 0
    sector: int = 0
    subject: int = 0

    def as_struct(self) -> tuple[int, int, int, int, int, int, int]:
        """Return the fields in the order of the contract's struct."""
        return (
            int(self.kinds),
            int(self.scope),
            self.region,
            self.sector,
            self.subject,
            self.first_year,
            self.last_year,
        )

    def covers(self, subject: "Party") -> bool:
        """Whether an organisation, as it is classified now, lies within the scope."""
        return {
            Scope.EVERYONE: True,
            Scope.REGION: subject.region == self.region,
            Scope.SECTOR: subject.sector == self.sector,
            Scope.SECTOR_OF_REGION: (subject.region, subject.sector) == (self.region, self.sector),
            Scope.ORGANISATION: subject.org_id == self.subject,
        }[self.scope]


@dataclass(frozen=True, slots=True)
class Party:
    """An organisation as the question of who may see what needs it."""

    org_id: int
    roles: Role
    region: int
    sector: int
    active: bool


@dataclass(frozen=True, slots=True)
class GrantedView:
    """A grant as it stands. Times are seconds of block time; `revoked_at` is 0 for never."""

    number: int
    grantee: int
    extent: Extent
    granted_at: int
    expires_at: int
    revoked_at: int

    def is_in_force(self, at: int) -> bool:
        """Whether it counts at a block time: neither revoked nor before nor after its time."""
        return self.revoked_at == 0 and self.granted_at <= at <= self.expires_at

    def allows(self, kind: ViewKind, subject: Party, year: int, at: int) -> bool:
        """Whether it lets its organisation see one kind of data of a subject for a year."""
        extent = self.extent
        return (
            self.is_in_force(at)
            and bool(extent.kinds & kind)
            and extent.first_year <= year <= extent.last_year
            and extent.covers(subject)
        )


def may_view(
    viewer: Party,
    grants: Iterable[GrantedView],
    kind: ViewKind,
    subject: Party,
    *,
    year: int,
    at: int,
) -> bool:
    """Decide whether an organisation may see one kind of data of a subject for a year.

    Its own always, an active regulator all, an active other one by a grant of its own in force.
    """
    if viewer.org_id == subject.org_id:
        return True
    if not viewer.active:
        return False
    return Role.REGULATOR in viewer.roles or any(
        grant.grantee == viewer.org_id and grant.allows(kind, subject, year, at) for grant in grants
    )


@dataclass(frozen=True, slots=True)
class SupervisionRules:
    """The terms that the contract is made with, in seconds."""

    take_up_seconds: int
    resolve_seconds: int
    longest_grant_seconds: int
    rules_hash: bytes


@cache
def load_supervision_rules(name: str = "supervision_2024") -> SupervisionRules:
    """Return the shipped terms of that name."""
    return parse_supervision_rules(files(__package__).joinpath("rules", f"{name}.toml").read_text())


def parse_supervision_rules(text: str) -> SupervisionRules:
    """Read terms of supervision.

    Raises:
        InvalidInput: a term is missing or not a positive number of days.
    """
    raw = tomllib.loads(text)
    names = ("take_up_days", "resolve_days", "longest_grant_days")
    for name in names:
        if not isinstance(raw.get(name), int) or raw[name] <= 0:
            raise InvalidInput(
                f"The terms of supervision need {name}, a number of days above zero."
            )
    canonical = json.dumps(raw, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    take_up, resolve, longest = (raw[name] * DAY for name in names)
    return SupervisionRules(take_up, resolve, longest, sha256(canonical.encode()).digest())
