# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title The packed standing of an organisation
@license AGPL-3.0-or-later
@notice One word says who an account acts for and what it may do:

        | bits  | meaning                                      |
        |-------|----------------------------------------------|
        | 0-23  | organisation id, from 1                      |
        | 24-39 | roles, one bit each (role.vy)                |
        | 40-55 | sector                                       |
        | 56-71 | region                                       |
        | 72    | 1 = active, 0 = suspended                    |

        The word 0 means: no organisation.
"""

MAX_ORGANISATION: constant(uint256) = 2**24 - 1
MAX_FIELD: constant(uint256) = 2**16 - 1
_ROLES_AT: constant(uint256) = 24
_SECTOR_AT: constant(uint256) = 40
_REGION_AT: constant(uint256) = 56
_ACTIVE_AT: constant(uint256) = 72


@internal
@pure
def _pack(
    org_id: uint256, roles: uint256, sector: uint256, region: uint256, active: bool
) -> uint256:
    assert org_id <= MAX_ORGANISATION, "standing: organisation id too large"
    assert roles <= MAX_FIELD, "standing: unknown roles"
    assert sector <= MAX_FIELD, "standing: sector too large"
    assert region <= MAX_FIELD, "standing: region too large"
    return (
        org_id
        | (roles << _ROLES_AT)
        | (sector << _SECTOR_AT)
        | (region << _REGION_AT)
        | (convert(active, uint256) << _ACTIVE_AT)
    )


@internal
@pure
def _organisation(word: uint256) -> uint256:
    return word & MAX_ORGANISATION


@internal
@pure
def _roles(word: uint256) -> uint256:
    return (word >> _ROLES_AT) & MAX_FIELD


@internal
@pure
def _sector(word: uint256) -> uint256:
    return (word >> _SECTOR_AT) & MAX_FIELD


@internal
@pure
def _region(word: uint256) -> uint256:
    return (word >> _REGION_AT) & MAX_FIELD


@internal
@pure
def _is_active(word: uint256) -> bool:
    return (word >> _ACTIVE_AT) & 1 == 1
