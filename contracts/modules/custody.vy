# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Whose holding an address stands for, and who may move it
@license AGPL-3.0-or-later
@notice An organisation's holding lies under its registry account (see holder.vy); any current
        account of the organisation stands for it. Facilities are the protocol's own contracts
        (market, treasury); they hold under their own address. Holdings move only between active
        members and facilities; from a facility back to an organisation's registry account they
        move even when the organisation is suspended, so that nothing is trapped.
"""

from . import holder
from . import member_guard
from . import standing

uses: member_guard

is_facility: public(HashMap[address, bool])


@internal
def _register_facility(facility: address):
    assert facility.is_contract, "custody: facility is no contract"
    self.is_facility[facility] = True


@internal
@view
def _word(account: address) -> uint256:
    # The standing behind a registry account or an account of an organisation.
    org_id: uint256 = holder._organisation(account)
    if org_id != 0:
        return member_guard._standing_of(org_id)
    return member_guard._standing(account)


@internal
@view
def _holding(account: address) -> address:
    # The address under which the balance of `account` lies.
    if holder._organisation(account) != 0:
        return account
    org_id: uint256 = standing._organisation(member_guard._standing(account))
    if org_id != 0:
        return holder._holder(org_id)
    return account


@internal
@view
def _member_holding(actor: address) -> address:
    return holder._holder(member_guard._check_member(actor))


@internal
@view
def _debited(owner: address, operator: address) -> (address, bool):
    # The holding to debit, and whether `operator` acts by right (else it needs an approval).
    if self.is_facility[owner]:
        assert operator == owner, "custody: not the owner's account"
        return owner, True
    word: uint256 = self._word(owner)
    assert standing._is_active(word), "custody: sender not an active member"
    org_id: uint256 = standing._organisation(word)
    if operator == owner:
        return holder._holder(org_id), True
    if self.is_facility[operator]:
        return holder._holder(org_id), False
    acting: uint256 = standing._organisation(member_guard._standing(operator))
    assert acting == org_id, "custody: not the owner's account"
    return holder._holder(org_id), True


@internal
@view
def _credited(owner: address, to: address) -> address:
    # The holding to credit when `owner`'s holding sends to `to`.
    from_facility: bool = self.is_facility[owner]
    if self.is_facility[to]:
        assert not from_facility, "custody: a facility pays members only"
        return to
    word: uint256 = self._word(to)
    assert word != 0, "custody: receiver not a member"
    assert from_facility or standing._is_active(word), "custody: receiver not an active member"
    return holder._holder(standing._organisation(word))
