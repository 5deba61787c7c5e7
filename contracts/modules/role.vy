# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title The roles of organisations, one bit each
@license AGPL-3.0-or-later
@notice Roles are granted to organisations, never to accounts. A word of roles is a set. Vyper
        0.4.3 cannot name a flag's members through an interface, hence constants.
"""

REGULATOR: constant(uint256) = 1
EMITTER: constant(uint256) = 2
VERIFIER: constant(uint256) = 4
EXCHANGE: constant(uint256) = 8
BANK: constant(uint256) = 16
OBSERVER: constant(uint256) = 32
TRADER: constant(uint256) = 64  # other market subjects
OPERATOR: constant(uint256) = 128  # runs a validator node
ALL: constant(uint256) = 255
