"""Acts on what is measured: years, sources, devices, plans and gateways."""

from datetime import UTC, datetime

from tanlian.domain.roles import Role
from tanlian.domain.texts import MAX_NAME, N_
from tanlian.services.acts.act import Act, Desk, Values, call
from tanlian.services.acts.fields import (
    ADDRESS,
    COUNT,
    Field,
    document,
    organisation,
    reason,
    text,
    year,
)

_SOURCE = Field("source", COUNT, N_("Source"))
_DEVICE = Field("device", COUNT, N_("Device"))
_KEY = Field("key", ADDRESS, N_("Address of its key"))
_VERSION = Field("version", COUNT, N_("Version"))
_NAME = Field("name", text(MAX_NAME, "name"), N_("Name"))


def start_of(number: int) -> int:
    """The first second of a calendar year, UTC."""
    return int(datetime(number, 1, 1, tzinfo=UTC).timestamp())


def _starts(_desk: Desk, values: Values) -> int:
    return start_of(values["year"])


def _ends(_desk: Desk, values: Values) -> int:
    return start_of(values["year"] + 1)


ACTS = (
    Act(
        "monitoring",
        "open-year",
        N_("Open a year for monitoring"),
        N_("From then on gateways can open their logbooks of that calendar year."),
        Role.REGULATOR,
        (year(),),
        call("monitoring", "open_year", "year", _starts, _ends),
    ),
    Act(
        "source",
        "register",
        N_("Register an emission source"),
        N_("A stack, a boiler, a kiln: something of yours that emits."),
        Role.EMITTER,
        (_NAME,),
        call("monitoring", "register_source", "name"),
        created=("SourceRegistered", "source"),
    ),
    Act(
        "source",
        "close",
        N_("Close an emission source"),
        N_("It has no devices any more."),
        Role.EMITTER,
        (_SOURCE, reason()),
        call("monitoring", "close_source", "source", "reason"),
        command="monitoring close-source",
    ),
    Act(
        "device",
        "register",
        N_("Register a device"),
        N_("A meter of one of your sources, known by the key it signs with."),
        Role.EMITTER,
        (_SOURCE, _KEY, _NAME),
        call("monitoring", "register_device", "source", "key", "name"),
        created=("DeviceRegistered", "device"),
    ),
    Act(
        "device",
        "replace-key",
        N_("Replace a device's key"),
        N_("The device signs with another key from now on."),
        Role.EMITTER,
        (_DEVICE, _KEY, reason()),
        call("monitoring", "replace_device_key", "device", "key", "reason"),
    ),
    Act(
        "device",
        "retire",
        N_("Retire a device"),
        N_("Its readings are taken no more."),
        Role.EMITTER,
        (_DEVICE, reason()),
        call("monitoring", "retire_device", "device", "reason"),
    ),
    Act(
        "plan",
        "file",
        N_("File a monitoring plan"),
        N_("Your data quality control plan of a year; the regulator approves it."),
        Role.EMITTER,
        (year(), document()),
        call("monitoring", "file_plan", "year", "document"),
        created=("PlanFiled", "version"),
    ),
    Act(
        "plan",
        "approve",
        N_("Approve a monitoring plan"),
        N_("Accepts the filed version."),
        Role.REGULATOR,
        (organisation(), year(), _VERSION),
        call("monitoring", "approve_plan", "organisation", "year", "version"),
    ),
    Act(
        "plan",
        "return",
        N_("Return a monitoring plan"),
        N_("Sends the filed version back with a reason."),
        Role.REGULATOR,
        (organisation(), year(), _VERSION, reason()),
        call("monitoring", "return_plan", "organisation", "year", "version", "reason"),
        command="monitoring return-plan",
    ),
    Act(
        "logbook",
        "open",
        N_("Open a gateway's logbook"),
        N_("Lets the gateway with this address anchor its readings of the year."),
        Role.EMITTER,
        (year(), Field("gateway", ADDRESS, N_("Address of the gateway's key"))),
        call("monitoring", "open_logbook", "year", "gateway"),
    ),
    Act(
        "logbook",
        "replace-gateway",
        N_("Replace a gateway"),
        N_("The logbook goes on under the new gateway's key only."),
        Role.EMITTER,
        (
            year(),
            Field("old_gateway", ADDRESS, N_("Old address")),
            Field("new_gateway", ADDRESS, N_("New address")),
            reason(),
        ),
        call("monitoring", "replace_gateway", "year", "old_gateway", "new_gateway", "reason"),
        command="monitoring replace-gateway",
    ),
)
