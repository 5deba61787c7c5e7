"""The packed standing of an organisation; the mirror of `contracts/modules/standing.vy`."""

from dataclasses import dataclass

from tanlian.domain.roles import Role

_ORGANISATION = 2**24 - 1
_FIELD = 2**16 - 1


@dataclass(frozen=True, slots=True)
class Standing:
    """Whom an account acts for, and what it may do. Organisation 0: nobody."""

    organisation: int
    roles: Role
    sector: int
    region: int
    active: bool

    @classmethod
    def unpack(cls, word: int) -> "Standing":
        return cls(
            organisation=word & _ORGANISATION,
            roles=Role(word >> 24 & _FIELD),
            sector=word >> 40 & _FIELD,
            region=word >> 56 & _FIELD,
            active=bool(word >> 72 & 1),
        )

    def pack(self) -> int:
        return (
            self.organisation
            | self.roles << 24
            | self.sector << 40
            | self.region << 56
            | int(self.active) << 72
        )
