"""Who may call the register of organisations."""

from eth_account.messages import encode_typed_data
from eth_utils import keccak

from harness.access.table import ANYONE, MEMBERS, REGULATORS, Row
from harness.consortium import DOCUMENT, REASON, consortium, key_of
from tanlian.domain.roles import Role

CONTRACT = "Membership"
NOT_ACTIVE = "membership: not an active member"
BY_REGULATOR = {
    "stranger": NOT_ACTIVE,
    "suspended": NOT_ACTIVE,
    "member": "membership: not a regulator",
}
NEW = key_of("new account")
VETO_PERIOD = 2 * 24 * 60 * 60


def target(it):
    return it.membership


world = consortium


def consent(it, org_id, key=NEW):
    """The new account's signature that it wants to belong to the organisation."""
    message = {
        "primaryType": "AccountConsent",
        "types": {
            "EIP712Domain": [
                {"name": "name", "type": "string"},
                {"name": "version", "type": "string"},
                {"name": "chainId", "type": "uint256"},
                {"name": "verifyingContract", "type": "address"},
            ],
            "AccountConsent": [
                {"name": "account", "type": "address"},
                {"name": "organisation", "type": "uint256"},
            ],
        },
        "domain": {
            "name": "Tanlian Membership",
            "version": "1",
            "chainId": it.membership.eip712Domain()[3],
            "verifyingContract": it.membership.address,
        },
        "message": {"account": key.address, "organisation": org_id},
    }
    return key.sign_message(encode_typed_data(full_message=message)).signature


def add_account(it, member, key=NEW):
    it.membership.add_account(key.address, consent(it, member.org_id, key), sender=member.account)


def _two_accounts(it, actor):
    add_account(it, it.emitter)


def _proposal(stolen):
    """By the emitter's own second account, so that every approver is another organisation."""

    def arrange(it, actor):
        add_account(it, it.emitter, key_of("second account"))
        return it.membership.propose_replacement(
            it.emitter.account,
            NEW.address,
            stolen,
            REASON,
            sender=key_of("second account").address,
        )

    return arrange


def _approved_loss(it, actor):
    import boa

    replacement = _proposal(stolen=False)(it, actor)
    it.membership.approve_replacement(replacement, sender=it.regulator.account)
    boa.env.time_travel(seconds=VETO_PERIOD)
    return replacement


_NOT_AN_APPROVER = dict(BY_REGULATOR, member="membership: not an approver")
ROWS = {
    "admit": Row(
        allowed=REGULATORS,
        refused=BY_REGULATOR,
        args=lambda it, actor, _: (
            keccak(text="identity"),
            "newcomer",
            int(Role.TRADER),
            0,
            0,
            keccak(text="certificate"),
            NEW.address,
        ),
    ),
    "reclassify": Row(
        allowed=REGULATORS,
        refused=BY_REGULATOR,
        args=lambda it, actor, _: (it.emitter.org_id, 2, 3, DOCUMENT),
    ),
    "grant_roles": Row(
        allowed=REGULATORS,
        refused=BY_REGULATOR,
        args=lambda it, actor, _: (it.suspended.org_id, int(Role.TRADER), DOCUMENT),
    ),
    "revoke_roles": Row(
        allowed=REGULATORS,
        refused=BY_REGULATOR,
        args=lambda it, actor, _: (it.suspended.org_id, int(Role.EMITTER), DOCUMENT),
    ),
    "suspend": Row(
        allowed=REGULATORS,
        refused=BY_REGULATOR,
        arrange=lambda it, actor: it.reinstate(it.suspended),
        args=lambda it, actor, _: (it.suspended.org_id, REASON),
    ),
    "reinstate": Row(
        allowed=REGULATORS,
        refused=BY_REGULATOR,
        args=lambda it, actor, _: (it.suspended.org_id, REASON),
    ),
    "rotate_certificate": Row(
        allowed=REGULATORS | {"emitter"},
        refused=BY_REGULATOR,
        args=lambda it, actor, _: (it.emitter.org_id, keccak(text="renewed")),
    ),
    "add_account": Row(
        allowed=frozenset(MEMBERS),
        refused=BY_REGULATOR,
        args=lambda it, actor, _: (
            NEW.address,
            consent(it, actor.org_id if actor else it.emitter.org_id),
        ),
    ),
    "remove_account": Row(
        allowed=REGULATORS | {"emitter"},
        refused=BY_REGULATOR,
        arrange=_two_accounts,
        args=lambda it, actor, _: (NEW.address, REASON),
    ),
    "propose_replacement": Row(
        allowed=REGULATORS | {"exchange"},
        refused=_NOT_AN_APPROVER | {"emitter": "membership: account cannot replace itself"},
        args=lambda it, actor, _: (it.emitter.account, NEW.address, True, REASON),
    ),
    "approve_replacement": Row(
        allowed=REGULATORS,
        refused=_NOT_AN_APPROVER
        | {
            "exchange": "membership: regulator must approve",
            "emitter": "membership: account cannot replace itself",
        },
        arrange=_proposal(stolen=True),
        args=lambda it, actor, replacement: (replacement,),
    ),
    "complete_replacement": Row(
        allowed=ANYONE,
        arrange=_approved_loss,
        args=lambda it, actor, replacement: (replacement,),
    ),
    "veto_replacement": Row(
        allowed=frozenset({"emitter", "suspended emitter"}),
        refused=dict.fromkeys(
            ("stranger", "suspended", "member"), "membership: not the account in question"
        ),
        arrange=_proposal(stolen=False),
        args=lambda it, actor, replacement: (replacement,),
    ),
    "withdraw_replacement": Row(
        allowed=frozenset({"regulator"}),
        refused=dict.fromkeys(("stranger", "suspended", "member"), "membership: not an approver")
        | {"suspended regulator": NOT_ACTIVE},
        arrange=lambda it, actor: it.membership.propose_replacement(
            it.emitter.account, NEW.address, True, REASON, sender=it.regulator.account
        ),
        args=lambda it, actor, replacement: (replacement,),
    ),
}
