# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title The guard in front of every act of a member
@license AGPL-3.0-or-later
@notice Asks the register of organisations for whom an account acts. A suspended organisation fails
        `_check_member` and `_check_role`; `_check_account` lets it pass, for what a suspended
        organisation may still do (take back its own, pay its debts).
"""

from ..interfaces import IMembership

from . import standing

membership: public(immutable(IMembership))


@deploy
def __init__(membership_: address):
    assert membership_ != empty(address), "member_guard: no membership contract"
    membership = IMembership(membership_)


@internal
@view
def _standing(account: address) -> uint256:
    return staticcall membership.standing(account)


@internal
@view
def _standing_of(org_id: uint256) -> uint256:
    return staticcall membership.standing_of(org_id)


@internal
@view
def _check_account(actor: address) -> uint256:
    # The organisation `actor` is a current account of, suspended or not.
    word: uint256 = self._standing(actor)
    assert word != 0, "member_guard: not a member"
    return standing._organisation(word)


@internal
@view
def _check_member(actor: address) -> uint256:
    # The active organisation `actor` is a current account of.
    word: uint256 = self._standing(actor)
    assert standing._is_active(word), "member_guard: not an active member"
    return standing._organisation(word)


@internal
@view
def _check_role(roles: uint256, actor: address) -> uint256:
    # The active organisation of `actor`, which holds at least one of `roles` (see role.vy).
    word: uint256 = self._standing(actor)
    assert standing._is_active(word), "member_guard: not an active member"
    assert standing._roles(word) & roles != 0, "member_guard: role missing"
    return standing._organisation(word)
