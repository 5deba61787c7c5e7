"""Who may call the calculation of emissions."""

from harness.access.table import REGULATORS, Row
from harness.consortium import DOCUMENT, consortium, deploy
from harness.emissions import key32

CONTRACT = "EmissionMethods"
DIESEL = (key32("diesel"), 1, 42_652_000, 20_200_000, 980_000, 0, 0, 2)
CO2 = (3, key32("CO2"), 1, 10**9, 1)


def target(it):
    return it.methods


def world():
    it = consortium()
    it.contracts.methods = deploy("EmissionMethods", it.membership)
    return it


def open_set(it, actor):
    return it.methods.open_set("a set", 0, DOCUMENT, "a source", sender=it.regulator.account)


ROWS = {
    "open_set": Row(
        allowed=REGULATORS, args=lambda it, actor, _: ("a set", 0, DOCUMENT, "a source")
    ),
    "load_fuels": Row(
        allowed=REGULATORS, arrange=open_set, args=lambda it, actor, set_id: (set_id, [DIESEL])
    ),
    "load_factors": Row(
        allowed=REGULATORS, arrange=open_set, args=lambda it, actor, set_id: (set_id, [CO2])
    ),
    "seal_set": Row(allowed=REGULATORS, arrange=open_set, args=lambda it, actor, set_id: (set_id,)),
}
