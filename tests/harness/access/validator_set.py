"""Who may change the set of validators: operators with a seat, nobody else."""

from harness.access.table import MEMBERS, Row
from harness.consortium import DOCUMENT
from harness.validator_set import SEATED, bound, node_address

CONTRACT = "ValidatorSet"
NOT_OPERATOR = "validator_set: not an active operator"
BY_SEAT = {
    "stranger": NOT_OPERATOR,
    "suspended": NOT_OPERATOR,
    "member": NOT_OPERATOR,
    "operator": "validator_set: no seat in the set",
}
VOTERS = frozenset(SEATED)
assert frozenset(MEMBERS) >= VOTERS


def target(it):
    return it.contracts.validators.contract


def world():
    seats = bound()
    seats.it.contracts.validators = seats
    return seats.it


def voter_other_than(it, actor):
    name = next(one for one in SEATED if actor is None or one != actor.name)
    return it.members[name].account


def open_change(it, actor):
    return target(it).propose_removal(
        node_address("bank"), DOCUMENT, True, sender=voter_other_than(it, actor)
    )


def own_approval(it, actor):
    if actor is None or actor.name not in VOTERS:
        return open_change(it, actor)
    return target(it).propose_removal(node_address("bank"), DOCUMENT, True, sender=actor.account)


def other_register(it, actor):
    """A second Membership in which the actor's organisations have the same numbers."""
    from harness.validator_set import consortium_of_operators

    return consortium_of_operators().membership.address


ROWS = {
    "propose_addition": Row(
        VOTERS,
        BY_SEAT,
        args=lambda it, actor, arranged: (
            node_address("newcomer"),
            it.operator.org_id,
            *it.contracts.validators.accept("newcomer", it.operator.org_id),
            DOCUMENT,
        ),
    ),
    "propose_removal": Row(
        VOTERS, BY_SEAT, args=lambda it, actor, arranged: (node_address("bank"), DOCUMENT, True)
    ),
    "propose_membership": Row(
        VOTERS,
        BY_SEAT,
        arrange=other_register,
        args=lambda it, actor, arranged: (arranged, DOCUMENT),
    ),
    "approve": Row(
        VOTERS, BY_SEAT, arrange=open_change, args=lambda it, actor, arranged: (arranged,)
    ),
    "withdraw_approval": Row(
        VOTERS, BY_SEAT, arrange=own_approval, args=lambda it, actor, arranged: (arranged,)
    ),
}
