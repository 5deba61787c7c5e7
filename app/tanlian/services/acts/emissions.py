"""Acts on reports: submission, verification, objection, acceptance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tanlian.domain.errors import InvalidInput
from tanlian.domain.factor_set import UNIT_NAMES
from tanlian.domain.roles import Role
from tanlian.domain.texts import N_
from tanlian.services.activity_files import COLUMNS, activity_of, call_lines
from tanlian.services.acts.act import Act, Desk, Figure, Values, call
from tanlian.services.acts.fields import (
    COUNT,
    TONNES,
    Field,
    Row,
    choice,
    document,
    organisation,
    reason,
    rows,
    text,
    typed,
    whole,
    year,
)
from tanlian.services.acts.monitoring import start_of

if TYPE_CHECKING:
    from tanlian.chain.keys import Call

_DAY = 86_400
_DAYS = whole(1, 3_650)
_CELL = typed(str, "text")
_WORDS = {
    "method": {
        "fuel": N_("fuel, CO2"),
        "fuel_ch4": N_("fuel, CH4"),
        "fuel_n2o": N_("fuel, N2O"),
        "electricity": N_("purchased electricity"),
        "process": N_("process"),
        "gas": N_("greenhouse gas"),
    },
    "unit": {name: name for name in UNIT_NAMES},
    "basis": {
        "default": N_("default values"),
        "measured_heat": N_("measured heat"),
        "measured_heat_and_carbon": N_("measured heat and carbon"),
        "measured_carbon": N_("measured carbon"),
        "measured_air_dry_carbon": N_("measured air-dry carbon"),
    },
}
_KINDS = {name: choice({word: word for word in words}, words) for name, words in _WORDS.items()}
_TITLES = {
    "method": N_("Method"),
    "key": N_("Fuel, grid, process or gas"),
    "unit": N_("Unit"),
    "quantity": N_("Quantity"),
    "basis": N_("Basis"),
    "ncv": N_("Net calorific value, GJ per unit"),
    "carbon": N_("Carbon content, tC per GJ or unit"),
    "moisture_received": N_("Moisture as received, parts of 1"),
    "moisture_dry": N_("Moisture air-dry, parts of 1"),
    "share": N_("Share, parts of 1"),
}
_REQUIRED = ("method", "key", "unit", "quantity")


def _activity(_desk: Desk, given: Sequence[Row]) -> list[tuple[object, ...]]:
    for number, row in enumerate(given, start=1):
        for name in _REQUIRED:  # an amount that was forgotten is not zero
            if not str(row.get(name, "")).strip():
                raise InvalidInput(f"Line {number}: {name} is needed.", line=number)
    return call_lines(activity_of(given))


_LINES = Field(
    "lines",
    rows(
        tuple(
            Field(c, _KINDS.get(c, _CELL), _TITLES[c], optional=c not in _REQUIRED) for c in COLUMNS
        ),
        _activity,
    ),
    N_("Activity data"),
    N_("One line for each fuel, purchased electricity, process or gas; the contract calculates."),
)
_BODY = organisation(N_("Verifier"), "verifier")
_VERSION = Field("version", COUNT, N_("Version of the report"))
_FIGURE = Field("amount", TONNES, N_("Figure"), N_("Tonnes of CO2e, to the kilogram."))
_EVIDENCE = Field(
    "evidence",
    document().kind,
    N_("Evidence"),
    N_("A file, of which only the SHA-256 goes on chain, or that hash itself."),
)
_OUTCOME = choice(
    {"upheld": True, "dismissed": False},
    {"upheld": N_("upheld"), "dismissed": N_("dismissed")},
)
_SEALED = N_("The sealed report; its hash goes on chain.")


def _open_year(desk: Desk, values: Values) -> list[Call]:
    contracts = desk.access.contracts
    sets = [int(contracts["methods"].read("set_named", values[n])) for n in ("factors", "gases")]
    spans = [values[n] * _DAY for n in ("verify_days", "correction_days", "objection_days")]
    report_by = start_of(values["year"] + 1) + values["report_days"] * _DAY - 1
    calendar = (report_by, *spans, values["most_years"], *sets)
    return [contracts["emissions"].call("open_year", values["year"], calendar)]


def _calculated(desk: Desk, values: Values) -> list[Figure]:
    """Each line and the total, as the contract calculates them with the year's factors."""
    if "year" not in values or "lines" not in values:
        return []
    contracts = desk.access.contracts
    calendar = contracts["emissions"].read("calendar_of", values["year"])
    methods, lines = contracts["methods"], values["lines"]
    sets = (calendar.factor_set, calendar.gas_set)
    found = contracts.read_many(methods.reading("line_kg", *sets, line) for line in lines)
    figures = [
        Figure(f"{number}. {bytes(line[1]).rstrip(bytes(1)).decode()}", kg)
        for number, (line, kg) in enumerate(zip(lines, found, strict=True), start=1)
    ]
    return [*figures, Figure(N_("Total"), sum(found))]


EMITTER = (
    Act(
        "report",
        "submit",
        N_("Submit the yearly report"),
        N_("The first figure that you declare never changes; later ones are corrections."),
        Role.EMITTER,
        (year(), _LINES, document(_SEALED)),
        call("emissions", "report", "year", "lines", "document"),
        sensitive=True,
        preview=_calculated,
        created=("ReportSubmitted", "version"),
    ),
    Act(
        "report",
        "amend",
        N_("Amend a rejected report"),
        N_("A new version after the verifier sent it back."),
        Role.EMITTER,
        (year(), _LINES, document(_SEALED)),
        call("emissions", "amend", "year", "lines", "document"),
        sensitive=True,
        preview=_calculated,
        created=("ReportSubmitted", "version"),
    ),
    Act(
        "report",
        "agree",
        N_("Agree to the figure"),
        N_("Accepts the corrected or estimated figure without waiting for the deadline."),
        Role.EMITTER,
        (year(),),
        call("emissions", "agree", "year"),
    ),
    Act(
        "report",
        "object",
        N_("Object to the figure"),
        N_("The regulator decides on your objection."),
        Role.EMITTER,
        (year(), reason(), document()),
        call("emissions", "object_to_figure", "year", "reason", "document"),
    ),
)
VERIFIER = (
    Act(
        "verification",
        "endorse",
        N_("Endorse the report"),
        N_("Your organisation stands for the reported figure with its coin account."),
        Role.VERIFIER,
        (organisation(), year(), _VERSION, _EVIDENCE),
        call("emissions", "endorse", "organisation", "year", "version", "evidence"),
        sensitive=True,
    ),
    Act(
        "verification",
        "correct",
        N_("Correct the report"),
        N_("States other activity data; the contract calculates the verified figure."),
        Role.VERIFIER,
        (organisation(), year(), _VERSION, _LINES, reason(), _EVIDENCE),
        call(
            "emissions",
            "correct",
            "organisation",
            "year",
            "version",
            "lines",
            "reason",
            "evidence",
        ),
        sensitive=True,
        preview=_calculated,
    ),
    Act(
        "verification",
        "reject",
        N_("Reject the report"),
        N_("Returns it to the emitter with your reasons, to be amended."),
        Role.VERIFIER,
        (organisation(), year(), _VERSION, reason(), _EVIDENCE),
        call("emissions", "reject", "organisation", "year", "version", "reason", "evidence"),
        sensitive=True,
    ),
    Act(
        "verification",
        "estimate",
        N_("State a conservative estimate"),
        N_("Where nothing was amended in time; never below what was declared or measured."),
        Role.VERIFIER | Role.REGULATOR,
        (organisation(), year(), _FIGURE, reason(), _EVIDENCE),
        call("emissions", "estimate", "organisation", "year", "amount", "reason", "evidence"),
        sensitive=True,
    ),
)
REGULATOR = (
    Act(
        "emissions",
        "open-year",
        N_("Open a reporting year"),
        N_("Fixes the deadlines and the factor sets of a year; they never change."),
        Role.REGULATOR,
        (
            year(),
            Field("factors", text(64, "name"), N_("Factor set")),
            Field("gases", text(64, "name"), N_("Set of warming potentials")),
            Field("report_days", _DAYS, N_("Days to report after the year"), preset="90"),
            Field("verify_days", _DAYS, N_("Days to verify"), preset="60"),
            Field("correction_days", _DAYS, N_("Days to correct"), preset="30"),
            Field("objection_days", _DAYS, N_("Days to object"), preset="7"),
            Field("most_years", whole(1, 100), N_("Years running of one verifier"), preset="3"),
        ),
        _open_year,
        sensitive=True,
    ),
    Act(
        "verification",
        "assign",
        N_("Assign a verifier"),
        N_("Never one with a stated conflict, nor one with too many years running."),
        Role.REGULATOR,
        (organisation(), year(), _BODY),
        call("emissions", "assign", "organisation", "year", "verifier"),
    ),
    *(
        Act(
            "conflict",
            verb,
            title,
            explains,
            Role.REGULATOR,
            (
                organisation(N_("Verifier"), "verifier"),
                organisation(N_("Emitter"), "emitter"),
                reason(),
            ),
            call("emissions", function, "verifier", "emitter", "reason"),
            command=f"conflict {verb}",
        )
        for verb, function, title, explains in (
            (
                "declare",
                "declare_conflict",
                N_("Declare a conflict of interest"),
                N_("The verifier is never assigned to this emitter."),
            ),
            (
                "lift",
                "lift_conflict",
                N_("Lift a conflict of interest"),
                N_("The verifier may be assigned to this emitter again."),
            ),
        )
    ),
    Act(
        "objection",
        "decide",
        N_("Decide an objection"),
        N_("Upheld: the figure is verified anew. Dismissed: it stands."),
        Role.REGULATOR,
        (organisation(), year(), Field("outcome", _OUTCOME, N_("Outcome")), reason(), document()),
        call(
            "emissions", "decide_objection", "organisation", "year", "outcome", "reason", "document"
        ),
        sensitive=True,
    ),
    Act(
        "report",
        "accept",
        N_("Accept the verified emissions"),
        N_("Makes the figure final; the duty follows from it. Name the figure you accept."),
        Role.REGULATOR,
        (organisation(), year(), _FIGURE, document()),
        call("emissions", "accept", "organisation", "year", "amount", "document"),
        sensitive=True,
    ),
    Act(
        "report",
        "reexamine",
        N_("Open a re-examination"),
        N_("Opens an accepted figure again; the old one stays on record."),
        Role.REGULATOR,
        (organisation(), year(), reason(), document()),
        call("emissions", "reexamine", "organisation", "year", "reason", "document"),
        sensitive=True,
    ),
)
ACTS = (*EMITTER, *VERIFIER, *REGULATOR)
