"""Who may call the registry of reports."""

import boa

from harness.access.monitoring_registry import EMITTERS, NOT_A_MEMBER
from harness.access.table import BY_MEMBERSHIP, NOT_ACTIVE, REGULATORS, ROLE_MISSING, Row
from harness.consortium import DOCUMENT, REASON
from harness.emissions import (
    STARTS,
    YEAR,
    abi_line,
    accept,
    assign,
    calendar,
    endorse,
    report,
    report_by,
    sample_lines,
    with_registries,
)

CONTRACT = "EmissionRegistry"
BY_DUTY = {
    "stranger": NOT_A_MEMBER,
    "member": "emission_registry: not an emitter",
    "suspended": "emission_registry: not an emitter",
}
LINES = [abi_line(line) for line in sample_lines()]
VERIFIERS = frozenset({"verifier"})
NOT_ASSIGNED = {"other_verifier": "emission_registry: not the assigned verifier"}
BY_VERIFIER = {
    "stranger": NOT_ACTIVE,
    "suspended": NOT_ACTIVE,
    "member": ROLE_MISSING,
} | NOT_ASSIGNED
REPORTER = frozenset({"emitter", "suspended emitter"})


def of_own_report(reason):
    """Emitters act on their own report only; the other one has none in that state."""
    text = f"emission_registry: {reason}"
    return BY_DUTY | {"other_emitter": text, "suspended other_emitter": text}


def target(it):
    return it.emissions


world = with_registries


def year_over(it, actor):
    boa.env.timestamp = max(boa.env.timestamp, STARTS[YEAR + 1])


def reported(it, actor):
    report(it)


def assigned(it, actor):
    report(it)
    assign(it)


def endorsed(it, actor):
    assigned(it, actor)
    endorse(it)


def accepted(it, actor):
    endorsed(it, actor)
    accept(it)


def rejected(it, actor):
    assigned(it, actor)
    it.emissions.reject(it.emitter.org_id, YEAR, 1, REASON, DOCUMENT, sender=it.verifier.account)


def corrected(it, actor):
    assigned(it, actor)
    it.emissions.correct(
        it.emitter.org_id, YEAR, 1, LINES, REASON, DOCUMENT, sender=it.verifier.account
    )


def objected(it, actor):
    corrected(it, actor)
    it.emissions.object_to_figure(YEAR, REASON, DOCUMENT, sender=it.emitter.account)


def unreported(it, actor):
    boa.env.timestamp = max(boa.env.timestamp, report_by(YEAR) + 1)


def year_2030(it, actor):
    it.monitoring.open_year(2030, 3600, 7200, sender=it.regulator.account)


def conflicted(it, actor):
    it.emissions.declare_conflict(
        it.verifier.org_id, it.emitter.org_id, REASON, sender=it.regulator.account
    )


def _on_emitter(*rest):
    return lambda it, actor, _: (it.emitter.org_id, YEAR, *rest)


def _pair(it, actor, _):
    return it.verifier.org_id, it.emitter.org_id, REASON


ROWS = {
    "open_year": Row(
        allowed=REGULATORS,
        arrange=year_2030,
        args=lambda it, actor, _: (2030, calendar(it, YEAR)),
    ),
    "declare_conflict": Row(
        allowed=REGULATORS | {"verifier", "emitter"},
        refused=BY_MEMBERSHIP | {"member": ROLE_MISSING},
        args=_pair,
    ),
    "lift_conflict": Row(allowed=REGULATORS, arrange=conflicted, args=_pair),
    "report": Row(
        allowed=EMITTERS,
        refused=BY_DUTY,
        arrange=year_over,
        args=lambda it, actor, _: (YEAR, LINES, DOCUMENT),
    ),
    "assign": Row(
        allowed=REGULATORS,
        arrange=reported,
        args=lambda it, actor, _: (it.emitter.org_id, YEAR, it.verifier.org_id),
    ),
    "endorse": Row(
        allowed=VERIFIERS, refused=BY_VERIFIER, arrange=assigned, args=_on_emitter(1, DOCUMENT)
    ),
    "correct": Row(
        allowed=VERIFIERS,
        refused=BY_VERIFIER,
        arrange=assigned,
        args=_on_emitter(1, LINES, REASON, DOCUMENT),
    ),
    "reject": Row(
        allowed=VERIFIERS,
        refused=BY_VERIFIER,
        arrange=assigned,
        args=_on_emitter(1, REASON, DOCUMENT),
    ),
    "amend": Row(
        allowed=REPORTER,
        refused=of_own_report("nothing to amend"),
        arrange=rejected,
        args=lambda it, actor, _: (YEAR, LINES, DOCUMENT),
    ),
    "agree": Row(
        allowed=REPORTER,
        refused=of_own_report("no figure to agree to"),
        arrange=corrected,
        args=lambda it, actor, _: (YEAR,),
    ),
    "object_to_figure": Row(
        allowed=REPORTER,
        refused=of_own_report("no figure to object to"),
        arrange=corrected,
        args=lambda it, actor, _: (YEAR, REASON, DOCUMENT),
    ),
    "decide_objection": Row(
        allowed=REGULATORS, arrange=objected, args=_on_emitter(True, REASON, DOCUMENT)
    ),
    "estimate": Row(allowed=REGULATORS, arrange=unreported, args=_on_emitter(5, REASON, DOCUMENT)),
    "accept": Row(
        allowed=REGULATORS,
        arrange=endorsed,
        args=lambda it, actor, _: (
            it.emitter.org_id,
            YEAR,
            it.emissions.record_of(it.emitter.org_id, YEAR).verified_kg,
            DOCUMENT,
        ),
    ),
    "reexamine": Row(allowed=REGULATORS, arrange=accepted, args=_on_emitter(REASON, DOCUMENT)),
}
