# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title ValidatorSet
@license AGPL-3.0-or-later
@notice Who seals the blocks of the chain. Besu asks `getValidators()` at every block. The set is
        changed only by votes of the organisations that have a validator in it: one vote each,
        however many validators they run, and two thirds of them must agree, suspended ones
        counted as not agreeing, so that no suspension hands the chain to the rest. A new
        validator's own key has to accept its seat. The set is never empty and never falls below
        four without a stated reason.
@dev The contract stands in the genesis block with its storage preset (validators, their
     organisations, the founding accounts); it has no constructor. Until the organisations bind it
     to Membership, the founding accounts vote; afterwards every active account of an operator
     organisation. The order of the first three storage variables is read by light clients of
     other chains and stays as it is.
@custom:kill Cannot be stopped; the chain stops with it.
"""
from .interfaces import IMembership
from .interfaces import IValidatorSet
from .modules import role
from .modules import standing

MAX_VALIDATORS: constant(uint256) = 32  # a light client checks this many seals in one call
SAFE_SIZE: constant(uint256) = 4  # the smallest set that goes on with one validator down
VOTE_SECONDS: constant(uint256) = 14 * 24 * 60 * 60  # two weeks, then the vote has lapsed
ADD: constant(uint256) = 1
REMOVE: constant(uint256) = 2
FOLLOW: constant(uint256) = 3

membership: public(address)
set_hash: public(bytes32)  # keccak256 of the sorted addresses, each behind 0x94, its RLP prefix
validators: DynArray[address, MAX_VALIDATORS]
organisation_of: public(HashMap[address, uint256])
founding_organisation: public(HashMap[address, uint256])
change_count: public(uint256)
changes: HashMap[uint256, IValidatorSet.Change]
approved: HashMap[uint256, HashMap[uint256, bool]]


@external
def propose_addition(
    validator: address,
    organisation: uint256,
    acceptance_v: uint256,
    acceptance_r: uint256,
    acceptance_s: uint256,
    statement: bytes32,
) -> uint256:
    """
    @notice Proposes to give a validator a seat, and approves it for the caller's organisation.
    @param validator The address of the new node's key.
    @param organisation The organisation that runs it.
    @param acceptance_v The new node's signature of `acceptance_digest(organisation)`.
    @param acceptance_r Second part of the signature.
    @param acceptance_s Third part of the signature.
    @param statement Hash of the document with the reason, or zero.
    @return The number of the change.
    """
    voter: uint256 = self._voter(msg.sender)
    assert validator != empty(address), "validator_set: no address"
    signer: address = ecrecover(
        self._acceptance_digest(organisation), acceptance_v, acceptance_r, acceptance_s
    )
    assert signer == validator, "validator_set: seat not accepted by its key"
    self._check_addable(validator, organisation)
    return self._propose(ADD, validator, organisation, statement, False, voter)


@external
def propose_removal(validator: address, statement: bytes32, below_safe_size: bool) -> uint256:
    """
    @notice Proposes to take a validator's seat, and approves it for the caller's organisation.
    @param validator The address of the node's key.
    @param statement Hash of the document with the reason; needed for the override.
    @param below_safe_size Whether fewer than four validators are accepted.
    @return The number of the change.
    """
    voter: uint256 = self._voter(msg.sender)
    assert not below_safe_size or statement != empty(bytes32), "validator_set: override unstated"
    self._check_removable(validator, below_safe_size)
    organisation: uint256 = self.organisation_of[validator]
    return self._propose(REMOVE, validator, organisation, statement, below_safe_size, voter)


@external
def propose_membership(register: address, statement: bytes32) -> uint256:
    """
    @notice Proposes which Membership decides who acts for an organisation.
    @param register The Membership contract; it must know every seated organisation as operator.
    @param statement Hash of the document with the reason, or zero.
    @return The number of the change.
    """
    voter: uint256 = self._voter(msg.sender)
    self._check_register(register)
    self._check_same_voter(register, voter, msg.sender)
    return self._propose(FOLLOW, register, 0, statement, False, voter)


@external
def approve(change_id: uint256):
    """
    @notice Approves a change for the caller's organisation; the approval that completes two
            thirds of the organisations also enacts it.
    @param change_id The number of the change.
    """
    voter: uint256 = self._voter(msg.sender)
    change: IValidatorSet.Change = self._open_change(change_id)
    assert not self.approved[change_id][voter], "validator_set: already approved"
    if change.kind == FOLLOW:
        self._check_same_voter(change.subject, voter, msg.sender)
    self._approve(change_id, voter)


@external
def withdraw_approval(change_id: uint256):
    """
    @notice Takes back the approval of the caller's organisation while the change is open.
    @param change_id The number of the change.
    """
    voter: uint256 = self._voter(msg.sender)
    self._open_change(change_id)
    assert self.approved[change_id][voter], "validator_set: not approved"
    self.approved[change_id][voter] = False
    log IValidatorSet.ApprovalWithdrawn(change=change_id, organisation=voter, account=msg.sender)


@external
@view
@reentrant
def getValidators() -> DynArray[address, MAX_VALIDATORS]:
    """
    @notice The validators in ascending order. Besu calls this between blocks, hence `reentrant`.
    """
    return self.validators


@external
@view
def change(change_id: uint256) -> IValidatorSet.Change:
    """
    @notice One change, open or past.
    """
    return self.changes[change_id]


@external
@view
def has_approved(change_id: uint256, organisation: uint256) -> bool:
    """
    @notice Whether an organisation's approval of a change stands.
    """
    return self.approved[change_id][organisation]


@external
@view
def tally(change_id: uint256) -> (uint256, uint256):
    """
    @notice The approvals of a change that count now, and how many it needs.
    """
    return self._tally(change_id)


@external
@view
def acceptance_digest(organisation: uint256) -> bytes32:
    """
    @notice What a new validator's key signs (EIP-191) to accept a seat for an organisation.
    """
    return self._acceptance_digest(organisation)


@internal
def _propose(
    kind: uint256,
    subject: address,
    organisation: uint256,
    statement: bytes32,
    below_safe_size: bool,
    voter: uint256,
) -> uint256:
    change_id: uint256 = self.change_count + 1
    self.change_count = change_id
    self.changes[change_id] = IValidatorSet.Change(
        kind=kind,
        subject=subject,
        organisation=organisation,
        statement=statement,
        below_safe_size=below_safe_size,
        expires_at=block.timestamp + VOTE_SECONDS,
        enacted=False,
    )
    log IValidatorSet.ChangeProposed(
        change=change_id,
        organisation=voter,
        subject=subject,
        kind=kind,
        statement=statement,
        account=msg.sender,
    )
    self._approve(change_id, voter)
    return change_id


@internal
def _approve(change_id: uint256, voter: uint256):
    self.approved[change_id][voter] = True
    log IValidatorSet.ChangeApproved(change=change_id, organisation=voter, account=msg.sender)
    approvals: uint256 = 0
    needed: uint256 = 0
    approvals, needed = self._tally(change_id)
    if approvals >= needed:
        self._enact(change_id)


@internal
def _enact(change_id: uint256):
    change: IValidatorSet.Change = self.changes[change_id]
    self.changes[change_id].enacted = True
    if change.kind == ADD:
        self._check_addable(change.subject, change.organisation)
        self._seat(change.subject, change.organisation)
        log IValidatorSet.ValidatorAdded(
            validator=change.subject,
            organisation=change.organisation,
            change=change_id,
            size=len(self.validators),
            set_hash=self.set_hash,
        )
    elif change.kind == REMOVE:
        self._check_removable(change.subject, change.below_safe_size)
        self._unseat(change.subject)
        log IValidatorSet.ValidatorRemoved(
            validator=change.subject,
            organisation=change.organisation,
            change=change_id,
            size=len(self.validators),
            set_hash=self.set_hash,
        )
    else:
        self._check_register(change.subject)
        former: address = self.membership
        self.membership = change.subject
        log IValidatorSet.MembershipBound(
            membership=change.subject, former=former, change=change_id
        )


@internal
def _seat(validator: address, organisation: uint256):
    listed: DynArray[address, MAX_VALIDATORS] = []
    placed: bool = False
    for one: address in self.validators:
        if not placed and convert(one, uint256) > convert(validator, uint256):
            listed.append(validator)
            placed = True
        listed.append(one)
    if not placed:
        listed.append(validator)
    self.organisation_of[validator] = organisation
    self._store(listed)


@internal
def _unseat(validator: address):
    listed: DynArray[address, MAX_VALIDATORS] = []
    for one: address in self.validators:
        if one != validator:
            listed.append(one)
    self.organisation_of[validator] = 0
    self._store(listed)


@internal
def _store(listed: DynArray[address, MAX_VALIDATORS]):
    payload: Bytes[672] = b""  # 32 entries of 21 bytes
    for one: address in listed:
        payload = concat(
            convert(payload, Bytes[651]), b"\x94", slice(convert(one, bytes32), 12, 20)
        )
    self.validators = listed
    self.set_hash = keccak256(payload)


@internal
@view
def _tally(change_id: uint256) -> (uint256, uint256):
    seated: DynArray[uint256, MAX_VALIDATORS] = self._seated()
    register: address = self.membership
    approvals: uint256 = 0
    for organisation: uint256 in seated:
        if not self.approved[change_id][organisation]:
            continue
        if register == empty(address) or self._is_operator(
            staticcall IMembership(register).standing_of(organisation)
        ):
            approvals += 1
    return approvals, (2 * len(seated) + 2) // 3  # rounded up, as the quorum of QBFT


@internal
@view
def _seated() -> DynArray[uint256, MAX_VALIDATORS]:
    found: DynArray[uint256, MAX_VALIDATORS] = []
    for one: address in self.validators:
        organisation: uint256 = self.organisation_of[one]
        if organisation not in found:
            found.append(organisation)
    return found


@internal
@view
def _voter(account: address) -> uint256:
    organisation: uint256 = self.founding_organisation[account]
    if self.membership != empty(address):
        word: uint256 = staticcall IMembership(self.membership).standing(account)
        assert self._is_operator(word), "validator_set: not an active operator"
        organisation = standing._organisation(word)
    assert organisation in self._seated(), "validator_set: no seat in the set"
    return organisation


@internal
@view
def _open_change(change_id: uint256) -> IValidatorSet.Change:
    change: IValidatorSet.Change = self.changes[change_id]
    assert change.kind != 0, "validator_set: no such change"
    assert not change.enacted, "validator_set: change is enacted"
    assert block.timestamp <= change.expires_at, "validator_set: vote has lapsed"
    return change


@internal
@view
def _check_addable(validator: address, organisation: uint256):
    assert self.organisation_of[validator] == 0, "validator_set: already seated"
    assert len(self.validators) < MAX_VALIDATORS, "validator_set: the set is full"
    if self.membership == empty(address):
        assert organisation in self._seated(), "validator_set: not a founding operator"
    else:
        word: uint256 = staticcall IMembership(self.membership).standing_of(organisation)
        assert self._is_operator(word), "validator_set: not an active operator"


@internal
@view
def _check_removable(validator: address, below_safe_size: bool):
    assert self.organisation_of[validator] != 0, "validator_set: not seated"
    size: uint256 = len(self.validators) - 1
    assert size > 0, "validator_set: the set would be empty"
    assert size >= SAFE_SIZE or below_safe_size, "validator_set: below the safe size"


@internal
@view
def _check_register(register: address):
    assert register != self.membership, "validator_set: already bound"
    assert register.is_contract, "validator_set: no contract there"
    seated: DynArray[uint256, MAX_VALIDATORS] = self._seated()
    for organisation: uint256 in seated:
        word: uint256 = staticcall IMembership(register).standing_of(organisation)
        known: bool = standing._roles(word) & role.OPERATOR != 0
        assert known, "validator_set: seated organisation unknown"


@internal
@view
def _check_same_voter(register: address, organisation: uint256, account: address):
    word: uint256 = staticcall IMembership(register).standing(account)
    assert self._is_operator(word), "validator_set: no operator in new register"
    assert standing._organisation(word) == organisation, "validator_set: other organisation there"


@internal
@pure
def _is_operator(word: uint256) -> bool:
    return standing._is_active(word) and standing._roles(word) & role.OPERATOR != 0


@internal
@view
def _acceptance_digest(organisation: uint256) -> bytes32:
    statement: bytes32 = keccak256(
        abi_encode(keccak256("tanlian: accept a seat as validator"), chain.id, self, organisation)
    )
    return keccak256(concat(b"\x19Ethereum Signed Message:\n32", statement))
