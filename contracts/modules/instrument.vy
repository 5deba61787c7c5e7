# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title The token id of a kind of units
@license AGPL-3.0-or-later
@notice token id = kind << 48 | project << 16 | vintage. Allowances (kind 1) have a vintage and no
        project, offset credits (kind 2) have both.
"""

ALLOWANCE: constant(uint256) = 1
OFFSET: constant(uint256) = 2
_MAX_PROJECT: constant(uint256) = 2**32 - 1
_MAX_VINTAGE: constant(uint256) = 2**16 - 1


@internal
@pure
def _allowance(vintage: uint256) -> uint256:
    assert 0 < vintage and vintage <= _MAX_VINTAGE, "instrument: vintage out of range"
    return (ALLOWANCE << 48) | vintage


@internal
@pure
def _offset(project: uint256, vintage: uint256) -> uint256:
    assert 0 < project and project <= _MAX_PROJECT, "instrument: project out of range"
    assert 0 < vintage and vintage <= _MAX_VINTAGE, "instrument: vintage out of range"
    return (OFFSET << 48) | (project << 16) | vintage


@internal
@pure
def _kind(token_id: uint256) -> uint256:
    return token_id >> 48


@internal
@pure
def _project(token_id: uint256) -> uint256:
    return (token_id >> 16) & _MAX_PROJECT


@internal
@pure
def _vintage(token_id: uint256) -> uint256:
    return token_id & _MAX_VINTAGE


@internal
@pure
def _check(token_id: uint256):
    # A well-formed id: known kind, a vintage, and a project exactly where the kind has one.
    kind: uint256 = self._kind(token_id)
    assert kind == ALLOWANCE or kind == OFFSET, "instrument: unknown kind"
    assert self._vintage(token_id) != 0, "instrument: vintage out of range"
    assert (self._project(token_id) != 0) == (kind == OFFSET), "instrument: project out of range"
