"""Who may call the register of sources, devices and anchors."""

import boa

from harness.access.table import COLUMNS, REGULATORS, Row
from harness.consortium import DOCUMENT, REASON, key_of
from harness.emissions import HOUR, STARTS, YEAR, approve_plan, open_logbook, with_registries

CONTRACT = "MonitoringRegistry"
NOT_A_MEMBER = "member_guard: not a member"
# Suspension does not stop a duty: a suspended emitter may do what an active one may.
EMITTERS = frozenset({"emitter", "other_emitter", "suspended emitter", "suspended other_emitter"})
ONLY_EMITTER = frozenset({"emitter", "suspended emitter"})
BY_DUTY = {
    "stranger": NOT_A_MEMBER,
    "member": "monitoring_registry: not an emitter",
    "suspended": "monitoring_registry: not an emitter",
}
GATEWAY = key_of("gateway").address
NEXT = key_of("next gateway").address


def not_yours(what):
    reason = f"monitoring_registry: not your {what}"
    return BY_DUTY | {"other_emitter": reason, "suspended other_emitter": reason}


def target(it):
    return it.monitoring


world = with_registries


def source(it, actor):
    return it.monitoring.register_source("boiler", sender=it.emitter.account)


def device(it, actor):
    key = key_of("device").address
    return it.monitoring.register_device(
        source(it, actor), key, "analyser", sender=it.emitter.account
    )


def filed(it, actor):
    return it.monitoring.file_plan(YEAR, DOCUMENT, sender=it.emitter.account)


def approved(it, actor):
    for member in (it.emitter, it.other_emitter):
        approve_plan(it, member)


def logbook(it, actor):
    open_logbook(it, it.emitter, GATEWAY)


def own_logbook(it, actor):

    approve_plan(it, it.emitter)
    gateway = actor.account if actor else GATEWAY
    it.monitoring.open_logbook(YEAR, gateway, sender=it.emitter.account)
    boa.env.timestamp = max(boa.env.timestamp, STARTS[YEAR] + 24 * HOUR)


ROWS = {
    "open_year": Row(allowed=REGULATORS, args=lambda it, actor, _: (2030, 3600, 7200)),
    "register_source": Row(
        allowed=EMITTERS, refused=BY_DUTY, args=lambda it, actor, _: ("boiler",)
    ),
    "close_source": Row(
        allowed=ONLY_EMITTER,
        refused=not_yours("source"),
        arrange=source,
        args=lambda it, actor, number: (number, REASON),
    ),
    "file_plan": Row(allowed=EMITTERS, refused=BY_DUTY, args=lambda it, actor, _: (YEAR, DOCUMENT)),
    "approve_plan": Row(
        allowed=REGULATORS,
        arrange=filed,
        args=lambda it, actor, version: (it.emitter.org_id, YEAR, version),
    ),
    "return_plan": Row(
        allowed=REGULATORS,
        arrange=filed,
        args=lambda it, actor, version: (it.emitter.org_id, YEAR, version, REASON),
    ),
    "register_device": Row(
        allowed=ONLY_EMITTER,
        refused=not_yours("source"),
        arrange=source,
        args=lambda it, actor, number: (number, key_of("device").address, "analyser"),
    ),
    "replace_device_key": Row(
        allowed=ONLY_EMITTER,
        refused=not_yours("device"),
        arrange=device,
        args=lambda it, actor, number: (number, key_of("new key").address, REASON),
    ),
    "retire_device": Row(
        allowed=ONLY_EMITTER,
        refused=not_yours("device"),
        arrange=device,
        args=lambda it, actor, number: (number, REASON),
    ),
    "open_logbook": Row(
        allowed=EMITTERS,
        refused=BY_DUTY,
        arrange=approved,
        args=lambda it, actor, _: (YEAR, GATEWAY),
    ),
    "replace_gateway": Row(
        allowed=ONLY_EMITTER,
        refused=not_yours("gateway"),
        arrange=logbook,
        args=lambda it, actor, _: (YEAR, GATEWAY, NEXT, REASON),
    ),
    # the key of the logbook decides, whoever holds it; strangers here hold none
    "anchor": Row(
        allowed=frozenset(COLUMNS) - {"outsider", "deployer"},
        refused={"stranger": "monitoring_registry: not a gateway"},
        arrange=own_logbook,
        args=lambda it, actor, _: (YEAR, STARTS[YEAR] // HOUR, 24, DOCUMENT, 5, 24),
    ),
}
