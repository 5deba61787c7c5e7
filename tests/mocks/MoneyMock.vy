# pragma version 0.4.3
"""
@title Money without end, for tests of what is paid and taken
@license AGPL-3.0-or-later
"""


@external
@view
def balanceOf(owner: address) -> uint256:
    return max_value(uint256)


@external
def transfer(to: address, amount: uint256) -> bool:
    return True


@external
def transferFrom(owner: address, to: address, amount: uint256) -> bool:
    return True
