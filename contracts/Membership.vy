# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title The register of organisations
@license AGPL-3.0-or-later
@notice One real identity is one organisation. Roles, suspension, holdings, debts and freezes belong
        to the organisation, never to a key; any of its current accounts acts for it. An account
        belongs to one organisation for ever, also after its removal. Every change names who signed
        it.

        A lost or stolen key is replaced under two approvals by accounts of two organisations: one
        of them holds the role of regulator, the other is the organisation itself (another of its
        accounts), a regulator or the exchange. Neither approval comes from the key to be replaced.
        A key reported stolen is replaced at the second approval. A key reported lost is replaced
        only after `VETO_PERIOD`, because its owner may prove by a veto signed with it that it is
        not lost.
@custom:kill None. A suspended organisation exercises no right; one regulator always stays active.
"""

from snekmate.utils import ecdsa
from snekmate.utils import eip712_domain_separator

from .interfaces import IMembership

implements: IMembership

from .modules import holder
from .modules import role
from .modules import standing as standing_word

initializes: eip712_domain_separator

exports: eip712_domain_separator.eip712Domain

MAX_ACCOUNTS: constant(uint256) = 16  # of one organisation
APPROVAL_PERIOD: public(constant(uint256)) = 7 * 24 * 60 * 60  # for the second approval
VETO_PERIOD: public(constant(uint256)) = 2 * 24 * 60 * 60  # for the key said to be lost

_CURRENT_ACCOUNT: constant(uint256) = 2**24  # above the organisation id of an account's word
_CONSENT_TYPE_HASH: constant(bytes32) = keccak256(
    "AccountConsent(address account,uint256 organisation)"
)

PROPOSED: constant(uint256) = 1
APPROVED: constant(uint256) = 2
DONE: constant(uint256) = 3
VETOED: constant(uint256) = 4
WITHDRAWN: constant(uint256) = 5


struct Record:
    identity: bytes32
    name: String[96]
    certificate: bytes32
    admitted_at: uint256


organisation_count: public(uint256)
organisation_by_identity: public(HashMap[bytes32, uint256])
organisation_by_certificate: public(HashMap[bytes32, uint256])
active_regulators: public(uint256)
replacement_count: public(uint256)

_words: HashMap[uint256, uint256]
_account_words: HashMap[address, uint256]  # organisation id, and whether it is current
_records: HashMap[uint256, Record]
_accounts: HashMap[uint256, DynArray[address, MAX_ACCOUNTS]]
_replacements: HashMap[uint256, IMembership.Replacement]


@deploy
def __init__(
    identity: bytes32,
    name: String[96],
    sector: uint256,
    region: uint256,
    certificate: bytes32,
    account: address,
):
    eip712_domain_separator.__init__("Tanlian Membership", "1")
    self._admit(
        identity,
        name,
        role.REGULATOR,
        sector,
        region,
        certificate,
        account,
        msg.sender,
    )


@external
def admit(
    identity: bytes32,
    name: String[96],
    roles: uint256,
    sector: uint256,
    region: uint256,
    certificate: bytes32,
    account: address,
) -> uint256:
    self._check_regulator(msg.sender)
    return self._admit(identity, name, roles, sector, region, certificate, account, msg.sender)


@external
def reclassify(org_id: uint256, sector: uint256, region: uint256, document: bytes32):
    self._check_regulator(msg.sender)
    word: uint256 = self._known(org_id)
    self._check_document(document)
    log IMembership.OrganisationReclassified(
        organisation=org_id,
        old_sector=standing_word._sector(word),
        new_sector=sector,
        old_region=standing_word._region(word),
        new_region=region,
        document=document,
        signer=msg.sender,
    )
    self._words[org_id] = standing_word._pack(
        org_id,
        standing_word._roles(word),
        sector,
        region,
        standing_word._is_active(word),
    )


@external
def grant_roles(org_id: uint256, roles: uint256, document: bytes32):
    self._check_regulator(msg.sender)
    word: uint256 = self._known(org_id)
    self._check_roles(roles)
    self._check_document(document)
    old_roles: uint256 = standing_word._roles(word)
    assert old_roles & roles == 0, "membership: role granted already"
    self._set_roles(org_id, word, old_roles | roles, document, msg.sender)


@external
def revoke_roles(org_id: uint256, roles: uint256, document: bytes32):
    self._check_regulator(msg.sender)
    word: uint256 = self._known(org_id)
    self._check_roles(roles)
    self._check_document(document)
    old_roles: uint256 = standing_word._roles(word)
    assert old_roles & roles == roles, "membership: role not granted"
    self._set_roles(org_id, word, old_roles ^ roles, document, msg.sender)


@external
def suspend(org_id: uint256, reason: String[160]):
    self._check_regulator(msg.sender)
    word: uint256 = self._known(org_id)
    self._check_reason(reason)
    assert standing_word._is_active(word), "membership: suspended already"
    self._set_active(org_id, word, False)
    log IMembership.OrganisationSuspended(organisation=org_id, reason=reason, signer=msg.sender)


@external
def reinstate(org_id: uint256, reason: String[160]):
    self._check_regulator(msg.sender)
    word: uint256 = self._known(org_id)
    self._check_reason(reason)
    assert not standing_word._is_active(word), "membership: not suspended"
    self._set_active(org_id, word, True)
    log IMembership.OrganisationReinstated(organisation=org_id, reason=reason, signer=msg.sender)


@external
def rotate_certificate(org_id: uint256, certificate: bytes32):
    # By the organisation itself or a regulator. A fingerprint names one organisation for ever.
    word: uint256 = self._check_active(msg.sender)
    self._check_self_or_regulator(word, org_id)
    self._known(org_id)
    log IMembership.CertificateRotated(
        organisation=org_id,
        old_certificate=self._records[org_id].certificate,
        new_certificate=certificate,
        signer=msg.sender,
    )
    self._bind_certificate(org_id, certificate)


@external
def add_account(account: address, consent: Bytes[65]):
    # To the organisation of the caller. `consent` is signed by the new account, so that nobody
    # can claim an account that is another's.
    org_id: uint256 = standing_word._organisation(self._check_active(msg.sender))
    digest: bytes32 = eip712_domain_separator._hash_typed_data_v4(
        keccak256(abi_encode(_CONSENT_TYPE_HASH, account, org_id))
    )
    assert ecdsa._recover_sig(digest, consent) == account, "membership: account did not consent"
    assert len(self._accounts[org_id]) < MAX_ACCOUNTS, "membership: too many accounts"
    self._bind_account(org_id, account)
    self._accounts[org_id].append(account)
    log IMembership.AccountAdded(organisation=org_id, account=account, signer=msg.sender)


@external
def remove_account(account: address, reason: String[160]):
    # By the organisation itself or a regulator; the last account is replaced, never removed.
    word: uint256 = self._check_active(msg.sender)
    org_id: uint256 = self._current(account)
    self._check_self_or_regulator(word, org_id)
    self._check_reason(reason)
    count: uint256 = len(self._accounts[org_id])
    assert count > 1, "membership: last account"
    index: uint256 = self._index_of(org_id, account)
    self._accounts[org_id][index] = self._accounts[org_id][count - 1]
    self._accounts[org_id].pop()
    self._account_words[account] = org_id
    log IMembership.AccountRemoved(
        organisation=org_id, account=account, reason=reason, signer=msg.sender
    )


@external
def propose_replacement(
    old_account: address, new_account: address, stolen: bool, reason: String[160]
) -> uint256:
    # The first approval.
    org_id: uint256 = self._current(old_account)
    self._check_approver(msg.sender, org_id, old_account)
    self._check_reason(reason)
    self._check_unused(new_account)
    replacement_id: uint256 = self.replacement_count + 1
    expires_at: uint256 = block.timestamp + APPROVAL_PERIOD
    self.replacement_count = replacement_id
    self._replacements[replacement_id] = IMembership.Replacement(
        organisation=org_id,
        old_account=old_account,
        new_account=new_account,
        stolen=stolen,
        proposer=msg.sender,
        approver=empty(address),
        expires_at=expires_at,
        effective_at=0,
        status=PROPOSED,
    )
    log IMembership.ReplacementProposed(
        replacement=replacement_id,
        organisation=org_id,
        old_account=old_account,
        new_account=new_account,
        stolen=stolen,
        reason=reason,
        expires_at=expires_at,
        signer=msg.sender,
    )
    return replacement_id


@external
def approve_replacement(replacement_id: uint256):
    # The second approval, by another organisation than the first. Both must stand now.
    proposal: IMembership.Replacement = self._replacements[replacement_id]
    assert proposal.status == PROPOSED, "membership: replacement not open"
    assert block.timestamp < proposal.expires_at, "membership: replacement expired"
    first: uint256 = self._check_approver(
        proposal.proposer, proposal.organisation, proposal.old_account
    )
    second: uint256 = self._check_approver(msg.sender, proposal.organisation, proposal.old_account)
    assert (
        standing_word._organisation(first) != standing_word._organisation(second)
    ), "membership: second organisation must approve"
    regulator: uint256 = role.REGULATOR
    assert (
        (standing_word._roles(first) | standing_word._roles(second)) & regulator != 0
    ), "membership: regulator must approve"
    effective_at: uint256 = block.timestamp
    if not proposal.stolen:
        effective_at += VETO_PERIOD
    proposal.approver = msg.sender
    proposal.effective_at = effective_at
    proposal.status = APPROVED
    self._replacements[replacement_id] = proposal
    log IMembership.ReplacementApproved(
        replacement=replacement_id, effective_at=effective_at, signer=msg.sender
    )
    if proposal.stolen:
        self._replace(replacement_id)


@external
def complete_replacement(replacement_id: uint256):
    # By anyone, once the veto period of a key reported lost is over.
    proposal: IMembership.Replacement = self._replacements[replacement_id]
    assert proposal.status == APPROVED, "membership: replacement not approved"
    assert block.timestamp >= proposal.effective_at, "membership: veto period runs"
    self._replace(replacement_id)


@external
def veto_replacement(replacement_id: uint256):
    # By the key itself: it is not lost. A key reported stolen has no say.
    proposal: IMembership.Replacement = self._replacements[replacement_id]
    assert (
        proposal.status == PROPOSED or proposal.status == APPROVED
    ), "membership: replacement not open"
    assert msg.sender == proposal.old_account, "membership: not the account in question"
    assert not proposal.stolen, "membership: account reported stolen"
    self._replacements[replacement_id].status = VETOED
    log IMembership.ReplacementVetoed(replacement=replacement_id, signer=msg.sender)


@external
def withdraw_replacement(replacement_id: uint256):
    # By one of the two accounts that approved.
    proposal: IMembership.Replacement = self._replacements[replacement_id]
    assert (
        proposal.status == PROPOSED or proposal.status == APPROVED
    ), "membership: replacement not open"
    assert (
        msg.sender == proposal.proposer or msg.sender == proposal.approver
    ), "membership: not an approver"
    self._check_active(msg.sender)
    self._replacements[replacement_id].status = WITHDRAWN
    log IMembership.ReplacementWithdrawn(replacement=replacement_id, signer=msg.sender)


@external
@view
@reentrant  # other contracts ask while a call is out; this contract never calls out itself
def standing(account: address) -> uint256:
    word: uint256 = self._account_words[account]
    if word < _CURRENT_ACCOUNT:
        return 0
    return self._words[word - _CURRENT_ACCOUNT]


@external
@view
@reentrant  # as `standing`
def standing_of(org_id: uint256) -> uint256:
    return self._words[org_id]


@external
@view
def organisation(org_id: uint256) -> IMembership.Organisation:
    word: uint256 = self._known(org_id)
    record: Record = self._records[org_id]
    return IMembership.Organisation(
        identity=record.identity,
        name=record.name,
        roles=standing_word._roles(word),
        sector=standing_word._sector(word),
        region=standing_word._region(word),
        active=standing_word._is_active(word),
        certificate=record.certificate,
        admitted_at=record.admitted_at,
    )


@external
@view
def organisation_of(account: address) -> uint256:
    # 0 for an account that is no current account of any organisation.
    word: uint256 = self._account_words[account]
    if word < _CURRENT_ACCOUNT:
        return 0
    return word - _CURRENT_ACCOUNT


@external
@view
def organisation_ever_of(account: address) -> uint256:
    # Also for a removed or replaced account.
    return self._account_words[account] % _CURRENT_ACCOUNT


@external
@view
def accounts_of(org_id: uint256) -> DynArray[address, MAX_ACCOUNTS]:
    return self._accounts[org_id]


@external
@view
def replacement(replacement_id: uint256) -> IMembership.Replacement:
    assert self._replacements[replacement_id].status != 0, "membership: no such replacement"
    return self._replacements[replacement_id]


@internal
def _admit(
    identity: bytes32,
    name: String[96],
    roles: uint256,
    sector: uint256,
    region: uint256,
    certificate: bytes32,
    account: address,
    signer: address,
) -> uint256:
    assert identity != empty(bytes32), "membership: identity missing"
    assert self.organisation_by_identity[identity] == 0, "membership: identity admitted already"
    assert len(name) != 0, "membership: name missing"
    self._check_roles(roles)
    org_id: uint256 = self.organisation_count + 1
    self.organisation_count = org_id
    self.organisation_by_identity[identity] = org_id
    self._words[org_id] = standing_word._pack(org_id, roles, sector, region, True)
    self._records[org_id].identity = identity
    self._records[org_id].name = name
    self._records[org_id].admitted_at = block.timestamp
    self._bind_certificate(org_id, certificate)
    self._bind_account(org_id, account)
    self._accounts[org_id] = [account]
    if self._has_regulator(roles):
        self.active_regulators += 1
    log IMembership.OrganisationAdmitted(
        organisation=org_id,
        identity=identity,
        account=account,
        name=name,
        roles=roles,
        sector=sector,
        region=region,
        certificate=certificate,
        signer=signer,
    )
    return org_id


@internal
def _set_roles(
    org_id: uint256, word: uint256, new_roles: uint256, document: bytes32, signer: address
):
    old_roles: uint256 = standing_word._roles(word)
    active: bool = standing_word._is_active(word)
    if active:
        self._count_regulator(self._has_regulator(old_roles), self._has_regulator(new_roles))
    self._words[org_id] = standing_word._pack(
        org_id, new_roles, standing_word._sector(word), standing_word._region(word), active
    )
    log IMembership.RolesChanged(
        organisation=org_id,
        old_roles=old_roles,
        new_roles=new_roles,
        document=document,
        signer=signer,
    )


@internal
def _set_active(org_id: uint256, word: uint256, active: bool):
    roles: uint256 = standing_word._roles(word)
    if self._has_regulator(roles):
        self._count_regulator(not active, active)
    self._words[org_id] = standing_word._pack(
        org_id, roles, standing_word._sector(word), standing_word._region(word), active
    )


@internal
def _count_regulator(before: bool, after: bool):
    if before and not after:
        assert self.active_regulators > 1, "membership: last active regulator"
        self.active_regulators -= 1
    elif after and not before:
        self.active_regulators += 1


@internal
def _bind_account(org_id: uint256, account: address):
    self._check_unused(account)
    self._account_words[account] = _CURRENT_ACCOUNT + org_id


@internal
def _bind_certificate(org_id: uint256, certificate: bytes32):
    assert certificate != empty(bytes32), "membership: certificate missing"
    assert self.organisation_by_certificate[certificate] == 0, "membership: certificate was used"
    self.organisation_by_certificate[certificate] = org_id
    self._records[org_id].certificate = certificate


@internal
def _replace(replacement_id: uint256):
    proposal: IMembership.Replacement = self._replacements[replacement_id]
    org_id: uint256 = self._current(proposal.old_account)
    self._bind_account(org_id, proposal.new_account)
    self._accounts[org_id][self._index_of(org_id, proposal.old_account)] = proposal.new_account
    self._account_words[proposal.old_account] = org_id
    self._replacements[replacement_id].status = DONE
    log IMembership.AccountReplaced(
        organisation=org_id,
        old_account=proposal.old_account,
        new_account=proposal.new_account,
        replacement=replacement_id,
        proposer=proposal.proposer,
        approver=proposal.approver,
    )


@internal
@view
def _known(org_id: uint256) -> uint256:
    word: uint256 = self._words[org_id]
    assert word != 0, "membership: no such organisation"
    return word


@internal
@view
def _current(account: address) -> uint256:
    # The organisation of a current account.
    word: uint256 = self._account_words[account]
    assert word >= _CURRENT_ACCOUNT, "membership: not a current account"
    return word - _CURRENT_ACCOUNT


@internal
@view
def _index_of(org_id: uint256, account: address) -> uint256:
    index: uint256 = 0
    for candidate: address in self._accounts[org_id]:
        if candidate == account:
            return index
        index += 1
    raise "membership: not a current account"


@internal
@view
def _check_active(actor: address) -> uint256:
    # The standing of an account of an active organisation.
    account_word: uint256 = self._account_words[actor]
    assert account_word >= _CURRENT_ACCOUNT, "membership: not an active member"
    word: uint256 = self._words[account_word - _CURRENT_ACCOUNT]
    assert standing_word._is_active(word), "membership: not an active member"
    return word


@internal
@view
def _check_regulator(actor: address):
    word: uint256 = self._check_active(actor)
    assert self._has_regulator(standing_word._roles(word)), "membership: not a regulator"


@internal
@view
def _check_self_or_regulator(word: uint256, org_id: uint256):
    assert (
        standing_word._organisation(word) == org_id
        or self._has_regulator(standing_word._roles(word))
    ), "membership: not a regulator"


@internal
@view
def _check_approver(actor: address, org_id: uint256, old_account: address) -> uint256:
    # The standing of an account that may give one of the two approvals.
    word: uint256 = self._check_active(actor)
    assert actor != old_account, "membership: account cannot replace itself"
    approving: uint256 = role.REGULATOR | role.EXCHANGE
    assert (
        standing_word._organisation(word) == org_id or standing_word._roles(word) & approving != 0
    ), "membership: not an approver"
    return word


@internal
@view
def _check_unused(account: address):
    assert account != empty(address), "membership: account missing"
    assert holder._organisation(account) == 0, "membership: a registry account"
    assert self._account_words[account] == 0, "membership: account was used"


@internal
@pure
def _check_roles(roles: uint256):
    assert roles != 0 and roles <= role.ALL, "membership: unknown roles"


@internal
@pure
def _has_regulator(roles: uint256) -> bool:
    return roles & role.REGULATOR != 0


@internal
@pure
def _check_reason(reason: String[160]):
    assert len(reason) != 0, "membership: reason missing"


@internal
@pure
def _check_document(document: bytes32):
    assert document != empty(bytes32), "membership: document missing"
