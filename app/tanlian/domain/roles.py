"""The roles of organisations; the bits are those of `modules/role.vy`, and a test compares."""

from enum import IntFlag

from tanlian.domain.errors import InvalidInput


class Role(IntFlag):
    """What an organisation is in the market; an organisation may have several roles."""

    REGULATOR = 1
    EMITTER = 2
    VERIFIER = 4
    EXCHANGE = 8
    BANK = 16
    OBSERVER = 32
    TRADER = 64
    OPERATOR = 128


ALL_ROLES = Role(sum(role.value for role in Role))


def parse_roles(text: str) -> Role:
    """Read names joined by comma or plus, as people write them: `emitter, trader`.

    Raises:
        InvalidInput: a name is unknown, or there is none.
    """
    roles = Role(0)
    for name in text.replace("+", ",").split(","):
        try:
            roles |= Role[name.strip().upper()]
        except KeyError:
            known = ", ".join(role.name.lower() for role in Role if role.name)
            raise InvalidInput(
                f"{name.strip()!r} is no role; known are {known}.", role=name.strip()
            ) from None
    return roles


def role_names(roles: int) -> list[str]:
    """Name the roles of a set of bits, in the order of the bits."""
    return [role.name.lower() for role in Role if role & roles and role.name]
