"""Where a verified figure comes from: who did what, when, signed by which key, in which block."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy.engine import Connection

from tanlian.domain.emission_methods import ActivityLine
from tanlian.domain.errors import NotFound
from tanlian.readmodel.queries import emissions, factors, members
from tanlian.readmodel.queries.emissions import Report
from tanlian.readmodel.queries.facts import facts_of
from tanlian.readmodel.queries.signers import organisations_of
from tanlian.services.plant_registry import AnchoredBatch, Plant, head_after

PROVENANCE_HEADS = (
    "time", "what", "organisation", "amount_kg", "reason", "document", "signer", "transaction",
    "block",
)  # fmt: skip


_PLAN_EVENTS = ("PlanFiled", "PlanApproved", "PlanReturned")


@dataclass(frozen=True, slots=True)
class Origin:
    """One step on the way to a figure. What a step does not have is None or empty."""

    time: int
    what: str  # the event's name; a page has a word for each
    by: str  # name of the organisation whose key signed
    signer: str
    tx_hash: str
    block: int | None
    amount_kg: int | None = None
    reason: str = ""
    document: str = ""
    batches: int = 0  # of an anchoring: how many batches this line stands for
    readings: int = 0


@dataclass(frozen=True, slots=True)
class Provenance:
    """The whole way of a year's figure, oldest step first."""

    report: Report | None
    steps: tuple[Origin, ...]
    lines: tuple[ActivityLine, ...]  # the activity data behind the reported figure
    corrected: tuple[ActivityLine, ...]  # the verifier's, where it corrected them
    factor_sets: tuple[tuple[str, str], ...]  # name and source
    heads: Mapping[str, str]  # of each logbook, by who opened it

    @property
    def figure_kg(self) -> int | None:
        """The figure that stands: accepted, else verified, else reported."""
        if self.report is None:
            return None
        for figure in (self.report.accepted_kg, self.report.verified_kg):
            if figure is not None:
                return figure
        return self.report.reported_kg

    def rows(self) -> Iterator[tuple[object, ...]]:
        """Return the steps in the columns of `PROVENANCE_HEADS`."""
        for s in self.steps:
            yield (
                s.time, s.what, s.by, "" if s.amount_kg is None else s.amount_kg, s.reason,
                s.document, s.signer, s.tx_hash, "" if s.block is None else s.block,
            )  # fmt: skip


def provenance(db: Connection, plant: Plant) -> Provenance:
    """Return where the figure of an organisation's year comes from."""
    names = members.names(db)
    organisation, year = plant.organisation, plant.year
    try:
        report = emissions.report(db, organisation, year)
    except NotFound:
        report = None
    steps = [*_plans(db, plant, names), *_anchorings(plant, names), *_report(db, plant, names)]
    version = report.version if report else 0
    return Provenance(
        report,
        tuple(sorted(steps, key=lambda step: (step.time, step.block or 0))),
        tuple(emissions.lines(db, organisation, year, version)),
        tuple(emissions.lines(db, organisation, year, version, corrected=True)),
        _sets(db, year),
        {name: head_after(batches[-1]).hex() for name, batches in plant.logbooks.items()},
    )


def _plans(db: Connection, plant: Plant, names: Mapping[int, str]) -> Iterator[Origin]:
    said = facts_of(db, plant.organisation, "monitoring", _PLAN_EVENTS)
    mine = [fact for fact in said if fact["year"] == plant.year]
    signed = organisations_of(db, (fact["signer"].lower() for fact in mine))
    for fact in mine:
        signer = fact["signer"].lower()
        yield Origin(
            fact.time,
            fact.name,
            names.get(signed.get(signer) or 0, ""),
            signer,
            fact.tx_hash,
            fact.block,
            reason=fact.said.get("reason", ""),
            document=fact.said.get("document", ""),
        )


def _anchorings(plant: Plant, names: Mapping[int, str]) -> Iterator[Origin]:
    """The first and the last batch of each logbook; those between them are one line."""
    mine = names.get(plant.organisation, str(plant.organisation))
    for writer, batches in plant.logbooks.items():
        groups = [batches[:1], batches[1:-1], batches[1:][-1:]]
        for group in (g for g in groups if g):
            yield _anchoring(mine, writer, group)


def _anchoring(mine: str, writer: str, group: list[AnchoredBatch]) -> Origin:
    last, several = group[-1], len(group) > 1
    return Origin(
        last.time,
        "BatchAnchored",
        mine,
        writer,
        "" if several else last.tx_hash,
        None if several else last.block,
        sum(batch.batch.root.mass_g for batch in group) // 1000,
        batches=len(group),
        readings=sum(batch.batch.root.count for batch in group),
    )


def _report(db: Connection, plant: Plant, names: Mapping[int, str]) -> Iterator[Origin]:
    for step in emissions.steps(db, plant.organisation, plant.year):
        signed_for = step.signed_for
        yield Origin(
            step.time,
            step.event,
            "" if signed_for is None else names.get(signed_for, str(signed_for)),
            step.signer,
            step.tx_hash,
            step.block,
            step.amount_kg,
            step.reason or "",
            step.document or "",
        )


def _sets(db: Connection, year: int) -> tuple[tuple[str, str], ...]:
    try:
        calendar = emissions.year(db, year)
    except NotFound:
        return ()
    used = {calendar.factor_set, calendar.gas_set}
    return tuple((row.name, row.source) for row in factors.sets(db) if row.id in used)
