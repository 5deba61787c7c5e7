# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title What of an organisation's holding may not leave
@license AGPL-3.0-or-later
@notice A regulator freezes kilograms of a token id, which may be more than are held, so that later
        arrivals are bound too, or the whole holding. Freezes follow the organisation.
"""

_WHOLE: constant(uint256) = 2**255  # of an organisation's word; below it the frozen token ids

_words: HashMap[uint256, uint256]  # organisation
_frozen: HashMap[uint256, HashMap[uint256, uint256]]  # organisation, token id


@internal
def _freeze(org_id: uint256, token_id: uint256, amount_kg: uint256) -> uint256:
    # Returns the frozen kilograms before.
    assert amount_kg != 0, "freezes: zero amount"
    before: uint256 = self._frozen[org_id][token_id]
    if before == 0:
        self._words[org_id] += 1
    self._frozen[org_id][token_id] = before + amount_kg
    return before


@internal
def _unfreeze(org_id: uint256, token_id: uint256, amount_kg: uint256) -> uint256:
    assert amount_kg != 0, "freezes: zero amount"
    before: uint256 = self._frozen[org_id][token_id]
    assert amount_kg <= before, "freezes: not so much is frozen"
    if before == amount_kg:
        self._words[org_id] -= 1
    self._frozen[org_id][token_id] = before - amount_kg
    return before


@internal
def _freeze_whole(org_id: uint256):
    assert not self._is_whole(org_id), "freezes: holder frozen already"
    self._words[org_id] |= _WHOLE


@internal
def _unfreeze_whole(org_id: uint256):
    assert self._is_whole(org_id), "freezes: holder not frozen"
    self._words[org_id] ^= _WHOLE


@internal
@view
def _is_whole(org_id: uint256) -> bool:
    return self._words[org_id] >= _WHOLE


@internal
@view
def _has_any(org_id: uint256) -> bool:
    return self._words[org_id] != 0


@internal
@view
def _free(org_id: uint256, token_id: uint256, balance: uint256) -> uint256:
    # What of `balance` may leave.
    if self._is_whole(org_id):
        return 0
    frozen: uint256 = self._frozen[org_id][token_id]
    if frozen >= balance:
        return 0
    return balance - frozen


@internal
@view
def _check_free(org_id: uint256, token_id: uint256, balance: uint256, amount: uint256):
    # `amount` of `balance` may leave; what is not there at all is the token's to refuse.
    if self._words[org_id] == 0:
        return
    assert not self._is_whole(org_id), "freezes: holder frozen"
    assert (
        amount > balance or amount <= self._free(org_id, token_id, balance)
    ), "freezes: units frozen"
