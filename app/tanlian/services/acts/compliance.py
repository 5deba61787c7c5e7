"""Acts on duties: rules, surrender, shortfall, carry-over, lapse, net sales."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tanlian.domain.errors import InvalidInput
from tanlian.domain.profiles import Profile, parse_profile, profile
from tanlian.domain.roles import Role
from tanlian.domain.texts import N_
from tanlian.services.acts.act import Act, Desk, Values, call
from tanlian.services.acts.fields import (
    INSTRUMENT,
    TONNES,
    Field,
    Kind,
    Raw,
    each,
    organisation,
    year,
)

if TYPE_CHECKING:
    from tanlian.chain.keys import Call

ANYONE = Role(0)
_ALLOWANCES = Field(
    "instrument", INSTRUMENT, N_("Allowances"), N_("Of a vintage that the rules accept: CEA24.")
)
_ITEMS = Field(
    "units",
    each((Field("instrument", INSTRUMENT, N_("Units")), Field("amount", TONNES, N_("Amount")))),
    N_("Units to surrender"),
    N_("Allowances, and offset credits up to the share that the rules allow."),
)


def _read_rules(_desk: Desk, raw: Raw) -> Profile:
    """A shipped profile by its name, or the content of a profile's file."""
    if isinstance(raw, bytes):
        try:
            return parse_profile(raw.decode())
        except ValueError as error:  # TOMLDecodeError and UnicodeDecodeError are such
            raise InvalidInput(f"This is no profile: {error}.") from error
    if not isinstance(raw, str):
        raise InvalidInput("A table was given where a profile belongs.")
    jurisdiction, _, period = raw.rpartition("_")
    if not jurisdiction.isalpha() or not period.isdigit():
        raise InvalidInput(f"{raw!r} names no rules; an example is cn_2024.", rules=raw)
    return profile(jurisdiction, int(period))


RULES = Kind("document", _read_rules)
_SHIPPED_OR_FILE = N_("Shipped rules by name, such as cn_2024, or a profile's TOML file.")


def _open_period(desk: Desk, values: Values) -> list[Call]:
    rules: Profile = values["rules"]
    if rules.period != values["year"]:
        raise InvalidInput(
            f"These are the rules of {rules.period}, not of {values['year']}.", period=rules.period
        )
    arguments = (values["year"], tuple(rules.compliance_rules()))
    return [desk.access.contracts["compliance"].call("open_period", *arguments)]


def _record_net_sales(desk: Desk, values: Values) -> list[Call]:
    from tanlian.services import net_sales

    rules = net_sales.rules_in_force(desk.access, values["year"], values["rules"])
    found = net_sales.final(desk.access, values["organisation"], rules)
    arguments = (values["organisation"], values["year"], found.net_kg, found.document)
    return [desk.access.contracts["compliance"].call("record_net_sales", *arguments)]


ACTS = (
    Act(
        "duty",
        "open-year",
        N_("Open a compliance year"),
        N_("Fixes the rules of duties: deadline, vintages, offset share, carry-over; once."),
        Role.REGULATOR,
        (year(), Field("rules", RULES, N_("Rules"), _SHIPPED_OR_FILE)),
        _open_period,
        sensitive=True,
        command="duty open-year",
    ),
    Act(
        "duty",
        "surrender",
        N_("Surrender units"),
        N_("Retires units against your duty for good; also after the deadline, as what is due."),
        Role.EMITTER,
        (year(), _ITEMS),
        call("compliance", "surrender", "year", "units"),
        sensitive=True,
        created=("DutySurrendered", "surrender_id"),
        command="duty surrender",
    ),
    *(
        Act(
            "duty",
            verb,
            title,
            explains,
            ANYONE,
            (organisation(), year()),
            call("compliance", function, "organisation", "year"),
            command=f"duty {verb}",
        )
        for verb, function, title, explains in (
            (
                "record-shortfall",
                "record_shortfall",
                N_("Record a shortfall"),
                N_("After the deadline: what was missing, and the cut of the next allocation."),
            ),
            (
                "correct-shortfall",
                "correct_shortfall",
                N_("Correct a shortfall"),
                N_("After a re-examination lowered the duty; late payment never lowers it."),
            ),
        )
    ),
    Act(
        "duty",
        "carry-over",
        N_("Carry allowances over"),
        N_("Exchanges what is left for the same amount of the next vintage, within the limit."),
        ANYONE,
        (year(), _ALLOWANCES, Field("amount", TONNES, N_("Amount"))),
        call("compliance", "carry_over", "year", "instrument", "amount"),
        sensitive=True,
        command="duty carry-over",
    ),
    Act(
        "duty",
        "lapse",
        N_("Let allowances lapse"),
        N_("Cancels what an organisation did not carry over in time."),
        ANYONE,
        (organisation(), year(), _ALLOWANCES),
        call("compliance", "lapse", "organisation", "year", "instrument"),
        command="duty lapse",
    ),
    Act(
        "net-sales",
        "record",
        N_("Record net sales"),
        N_("Computes them from the trades on chain and records the figure with their list's hash."),
        Role.REGULATOR,
        (
            organisation(),
            year(),
            Field("rules", RULES, N_("Rules"), N_("Only where they are not shipped."), True),
        ),
        _record_net_sales,
        sensitive=True,
        command="net-sales record",
    ),
)
