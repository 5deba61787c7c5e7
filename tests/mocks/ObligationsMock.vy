# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Obligations of the market that a test states freely
@license AGPL-3.0-or-later
"""

from ...contracts.interfaces import IMarginSettlement

obligation_count: public(uint256)
_obligations: HashMap[uint256, IMarginSettlement.Obligation]


@external
def state(number: uint256, obligation: IMarginSettlement.Obligation):
    self._obligations[number] = obligation
    self.obligation_count = max(self.obligation_count, number)


@external
@view
def obligation(obligation_id: uint256) -> IMarginSettlement.Obligation:
    return self._obligations[obligation_id]
