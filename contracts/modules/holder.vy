# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title The registry account of an organisation
@license AGPL-3.0-or-later
@notice Holdings lie under one permanent address per organisation that no key owns: the seven bytes
        "tanlian" followed by the organisation id in thirteen bytes. Replacing a key moves nothing.
"""

_PREFIX: constant(uint256) = 32_758_224_191_578_478 << 104  # "tanlian" as seven bytes, big-endian
_MAX_ORGANISATION: constant(uint256) = 2**24 - 1


@internal
@pure
def _holder(org_id: uint256) -> address:
    assert 0 < org_id and org_id <= _MAX_ORGANISATION, "holder: no such organisation"
    return convert(convert(_PREFIX | org_id, uint160), address)


@internal
@pure
def _organisation(account: address) -> uint256:
    # The organisation whose registry account this is, 0 for every other address.
    value: uint256 = convert(convert(account, uint160), uint256)
    org_id: uint256 = value ^ _PREFIX
    if org_id > _MAX_ORGANISATION:
        return 0
    return org_id
