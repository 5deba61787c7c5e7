"""Duties: rules of the periods, surrenders, shortfalls, carry-over and lapse."""

from tanlian.domain.instrument import Instrument, Kind
from tanlian.readmodel.bulk import Row
from tanlian.readmodel.draft import Draft
from tanlian.readmodel.projections.registry import Fact, leaves_out, takes
from tanlian.readmodel.tables.duties import (
    carry_overs,
    compliance_periods,
    duties,
    shortfalls,
    surrendered_units,
    surrenders,
)

_FIGURES = (
    "surrendered_kg", "in_time_kg", "offsets_kg", "cut_kg", "shortfall_kg", "net_sold_kg",
    "carried_kg", "lapsed_kg",
)  # fmt: skip

leaves_out("compliance", "Wired", "Sealed", because="deployment; the address book shows it")


@takes("compliance", "PeriodOpened", with_view=("rules", ("period",)))
def period_opened(draft: Draft, fact: Fact) -> None:
    """Keep the rules, which the event names by their hash; they are set once."""
    rules = fact.answer._asdict()
    draft.row(compliance_periods, period=fact.said["period"]).update(
        rules, **fact.pick("rules_hash"), opened_at=fact.time, **fact.signed
    )


@takes("compliance", "DutySurrendered")
def surrendered(draft: Draft, fact: Fact) -> None:
    said, row = fact.said, _duty(draft, fact)
    row["surrendered_kg"] = said["new_surrendered_kg"]
    if said["in_time"]:
        row["in_time_kg"] += said["amount_kg"]
    draft.row(surrenders, id=said["surrender_id"]).update(
        **fact.pick("organisation", "period", "amount_kg", "duty_kg", "in_time"),
        **fact.signed,
        time=fact.time,
        block=fact.block,
    )


@takes("compliance", "UnitsSurrendered")
def units_surrendered(draft: Draft, fact: Fact) -> None:
    said = fact.said
    draft.add(
        surrendered_units,
        certificate=said["ledger_certificate"],
        surrender=said["surrender_id"],
        **fact.pick("token_id", "amount_kg"),
    )
    if Instrument.from_token_id(said["token_id"]).kind is Kind.OFFSET:
        _duty(draft, fact)["offsets_kg"] += said["amount_kg"]


@takes("compliance", "ShortfallRecorded", "ShortfallCorrected")
def shortfall_changed(draft: Draft, fact: Fact) -> None:
    said, row = fact.said, _duty(draft, fact)
    row["shortfall_kg"] = said["new_shortfall_kg"]
    row["cut_kg"] += said.get("next_cut_kg", 0)
    draft.add(
        shortfalls,
        **fact.pick("organisation", "period", "old_shortfall_kg", "new_shortfall_kg"),
        next_cut_kg=said.get("next_cut_kg"),
        signer=fact.signer,
        **fact.place,
    )


@takes("compliance", "NetSalesRecorded")
def net_sales_recorded(draft: Draft, fact: Fact) -> None:
    _duty(draft, fact)["net_sold_kg"] = fact.said["net_sold_kg"]


@takes("compliance", "AllowancesCarriedOver", "AllowancesLapsed")
def carried_over_or_lapsed(draft: Draft, fact: Fact) -> None:
    said, row = fact.said, _duty(draft, fact)
    if fact.name == "AllowancesLapsed":
        row["lapsed_kg"] += said["amount_kg"]
    else:
        row["carried_kg"] = said["new_carried_kg"]
    draft.add(
        carry_overs,
        **fact.pick("organisation", "period", "token_id", "amount_kg"),
        into_token_id=said.get("into_token_id"),
        certificate=said["ledger_certificate"],
        first_serial=said.get("first_serial"),
        signer=fact.signer,
        **fact.place,
    )


def _duty(draft: Draft, fact: Fact) -> Row:
    said = fact.said
    row = draft.row(duties, organisation=said["organisation"], period=said["period"])
    for name in _FIGURES:
        row.setdefault(name, 0)
    return row
