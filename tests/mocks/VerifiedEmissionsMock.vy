# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Verified emissions that a test states freely
@license AGPL-3.0-or-later
"""

from ...contracts.interfaces import IVerifiedEmissions

implements: IVerifiedEmissions

_facts: HashMap[uint256, HashMap[uint256, IVerifiedEmissions.ReportFacts]]


@external
def state(org_id: uint256, period: uint256, facts: IVerifiedEmissions.ReportFacts):
    self._facts[org_id][period] = facts


@external
@view
def verified_emissions(org_id: uint256, period: uint256) -> (bool, uint256):
    facts: IVerifiedEmissions.ReportFacts = self._facts[org_id][period]
    return facts.accepted_at != 0, facts.accepted_kg


@external
@view
def report_facts(org_id: uint256, period: uint256) -> IVerifiedEmissions.ReportFacts:
    return self._facts[org_id][period]
