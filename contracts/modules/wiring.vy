# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Wiring a contract to the others, once, and sealing it
@license AGPL-3.0-or-later
@notice The deployer wires once and seals. After that nobody has any power over the wiring. What
        creates value (issuing units or money, opening a session) calls `_check_sealed`.
"""

from ..interfaces import IWiring

_FRESH: constant(uint256) = 0
_WIRED: constant(uint256) = 1
_SEALED: constant(uint256) = 2

_DEPLOYER: immutable(address)
_stage: uint256


@deploy
def __init__(deployer: address):
    _DEPLOYER = deployer


@external
def seal():
    assert msg.sender == _DEPLOYER, "wiring: not the deployer"
    assert self._stage != _FRESH, "wiring: not wired yet"
    assert self._stage == _WIRED, "wiring: sealed"
    self._stage = _SEALED
    log IWiring.Sealed(deployer=msg.sender)


@external
@view
def is_sealed() -> bool:
    return self._stage == _SEALED


@internal
def _wire(actor: address):
    # The first line of each contract's `wire`.
    assert actor == _DEPLOYER, "wiring: not the deployer"
    assert self._stage != _SEALED, "wiring: sealed"
    assert self._stage == _FRESH, "wiring: wired already"
    self._stage = _WIRED
    log IWiring.Wired(deployer=actor)


@internal
@view
def _check_sealed():
    assert self._stage == _SEALED, "wiring: not sealed yet"
