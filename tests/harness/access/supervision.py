"""Who may call supervision."""

import boa

from harness.access.table import ACTIVE, ANYONE, BY_MEMBERSHIP, REGULATORS, Row
from harness.consortium import DOCUMENT, PERIOD, REASON
from harness.supervision import (
    EVERYTHING,
    EVIDENCE,
    ORDER,
    RULES,
    STATEMENT,
    complain,
    deploy_supervision,
    grant,
    inspect,
)
from tanlian.domain.supervision import ComplaintKind, Route

CONTRACT = "Supervision"
NOT_YOURS = "supervision: not your complaint"
NEXT_ORDER = ORDER ^ 1


def target(it):
    return it.supervision


world = deploy_supervision


def granted(it, actor):
    return grant(it, it.observer)


def filed(it, actor):
    return complain(it)


def taken_up(it, actor):
    number = complain(it)
    inspect(it, number)
    return number


def overdue(it, actor):
    number = complain(it)
    boa.env.timestamp += RULES.take_up_seconds + 1
    return number


ROWS = {
    "grant_view": Row(
        allowed=REGULATORS,
        args=lambda it, actor, _: (
            it.observer.org_id,
            EVERYTHING.as_struct(),
            boa.env.timestamp + 1,
            DOCUMENT,
        ),
    ),
    "revoke_view": Row(
        allowed=REGULATORS, arrange=granted, args=lambda it, actor, number: (number, REASON)
    ),
    "file_complaint": Row(
        allowed=ACTIVE,
        refused=BY_MEMBERSHIP,
        args=lambda it, actor, _: (
            it.suspended.org_id,
            ComplaintKind.OTHER,
            PERIOD,
            EVIDENCE,
            STATEMENT,
        ),
    ),
    "take_up": Row(
        allowed=REGULATORS,
        arrange=filed,
        args=lambda it, actor, number: (number, Route.INSPECTION, ORDER, DOCUMENT),
    ),
    "pursue": Row(
        allowed=REGULATORS,
        arrange=taken_up,
        args=lambda it, actor, number: (number, Route.INSPECTION, NEXT_ORDER, DOCUMENT),
    ),
    "resolve": Row(
        allowed=REGULATORS,
        arrange=taken_up,
        args=lambda it, actor, number: (number, False, REASON, DOCUMENT),
    ),
    "withdraw": Row(
        allowed=frozenset({"observer", "suspended observer"}),
        refused={
            "stranger": "member_guard: not a member",
            "suspended": NOT_YOURS,
            "member": NOT_YOURS,
        },
        arrange=filed,
        args=lambda it, actor, number: (number, REASON),
    ),
    "escalate": Row(allowed=ANYONE, arrange=overdue, args=lambda it, actor, number: (number,)),
}
