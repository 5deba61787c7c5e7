# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title The packed allocation account of an organisation in a period
@license AGPL-3.0-or-later
@notice
        | bits    | meaning                                              |
        |---------|------------------------------------------------------|
        | 0-15    | region in which the allocation counts                |
        | 16-23   | stage: 0 none, 1 pre-allocated, 2 final              |
        | 24-111  | kilograms it is entitled to                          |
        | 112-199 | kilograms issued for it and not clawed back          |
"""

_MAX_KG: constant(uint256) = 2**88 - 1
_MAX_REGION: constant(uint256) = 2**16 - 1
_MAX_STAGE: constant(uint256) = 2**8 - 1


@internal
@pure
def _pack(region: uint256, stage: uint256, entitled_kg: uint256, issued_kg: uint256) -> uint256:
    assert region <= _MAX_REGION, "allocation_word: region too large"
    assert stage <= _MAX_STAGE, "allocation_word: stage too large"
    assert entitled_kg <= _MAX_KG, "allocation_word: amount too large"
    assert issued_kg <= _MAX_KG, "allocation_word: amount too large"
    return region | (stage << 16) | (entitled_kg << 24) | (issued_kg << 112)


@internal
@pure
def _region(word: uint256) -> uint256:
    return word & _MAX_REGION


@internal
@pure
def _stage(word: uint256) -> uint256:
    return (word >> 16) & _MAX_STAGE


@internal
@pure
def _entitled(word: uint256) -> uint256:
    return (word >> 24) & _MAX_KG


@internal
@pure
def _issued(word: uint256) -> uint256:
    return (word >> 112) & _MAX_KG
