"""Reports with their documents: filed for named readers, sent, handed to the assigned verifiers."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum, auto

from tanlian.chain.crowd import Act
from tanlian.domain.calibre.figures import Entry
from tanlian.domain.demonstration_plant import coal_for
from tanlian.domain.emission_methods import total_kg
from tanlian.domain.factor_set import factor_set
from tanlian.proofs.sealed_document import SealedDocument
from tanlian.services.activity_files import call_lines, write_entries
from tanlian.services.consortium import Member
from tanlian.services.factor_loading import load_factor_set
from tanlian.services.reporting_year.stage import (
    FACTORS,
    GASES,
    LEAST_PATIENCE_SECONDS,
    Emitter,
    Stage,
    reader_name,
)

MOST_YEARS = 3  # that one verifier may verify one emitter running
CORRECTION_SECONDS = 3
SLIP_PER_MILLE = 8  # by how much an honest emitter erred, within every tolerance


class Course(Enum):
    """How a report goes."""

    HONEST = auto()
    FALSIFIED = auto()
    CORRECTED = auto()
    REASSIGNED = auto()  # its first verifier is replaced


@dataclass(slots=True)
class Filing:
    """One emitter's report on its way."""

    emitter: Emitter
    course: Course
    reported: Sequence[Entry]
    true: Sequence[Entry]
    verifier: Member
    documents: list[SealedDocument] = field(default_factory=list)

    @property
    def organisation(self) -> int:
        return self.emitter.member.organisation

    @property
    def document(self) -> SealedDocument:
        return self.documents[-1]


def open_reports(stage: Stage) -> None:
    """Open the year for reports, with deadlines that a run can sit out."""
    access, regulator = stage.consortium.access, stage.consortium.regulator
    sets = [load_factor_set(access, regulator, factor_set(name)) for name in (FACTORS, GASES)]
    patience = LEAST_PATIENCE_SECONDS * stage.pace
    calendar = (
        access.connection.now() + patience, patience, CORRECTION_SECONDS, patience, MOST_YEARS,
        *sets,
    )  # fmt: skip
    access.act(regulator, "emissions", "open_year", stage.year, calendar)


def plain_entries(stage: Stage, emitter: Emitter, per_mille_less: int = 0) -> list[Entry]:
    """The activity data of an emitter without devices: one line of coal."""
    kilograms = emitter.party.verified_t * (1_000 - per_mille_less)
    return [Entry(coal_for(kilograms, stage.factors))]


def send_reports(stage: Stage, filings: Sequence[Filing]) -> None:
    """File every report's document and report the figures."""
    acts = []
    for one in filings:
        folder = stage.folder / str(one.organisation)
        folder.mkdir(parents=True, exist_ok=True)
        write_entries(folder / "activity.csv", one.reported)
        member = one.emitter.member
        one.documents.append(stage.file(_content(stage, one), member, [stage.regulator, member]))
        lines = call_lines([entry.line for entry in one.reported])
        acts.append(
            stage.act(member, "emissions", "report", stage.year, lines, one.document.address)
        )
    stage.all("reports", acts)


def assign(stage: Stage, filings: Sequence[Filing]) -> None:
    """Assign verifiers and open the documents to them; one verifier is replaced at work."""
    replaced = [one for one in filings if one.course is Course.REASSIGNED]
    for one in replaced:
        before = stage.verifiers[stage.verifiers.index(one.verifier) - 1]
        stage.all("verifiers assigned", [_assignment(stage, one, before)])
        _grant(stage, one, before)
        member = one.emitter.member
        sealed = stage.documents.reseal(
            one.document.address,
            stage.reader_key(member),
            author=reader_name(member),
            sign=member.key.sign,
            readers=[stage.reader(who) for who in (stage.regulator, member, one.verifier)],
            reason=f"verifier replaced: {reader_name(before)} by {reader_name(one.verifier)}",
        )
        one.documents.append(sealed)
        stage.say(
            f"{before.name} is replaced for {member.name}: the document is sealed anew, with the "
            "same content hash, and closed to the former verifier."
        )
    stage.all("verifiers assigned", [_assignment(stage, one, one.verifier) for one in filings])
    for one in filings:
        if one not in replaced:
            _grant(stage, one, one.verifier)


def _assignment(stage: Stage, one: Filing, verifier: Member) -> Act:
    return stage.act(
        stage.regulator, "emissions", "assign", one.organisation, stage.year, verifier.organisation
    )


def _grant(stage: Stage, one: Filing, verifier: Member) -> None:
    stage.documents.grant(
        one.document.address,
        stage.reader_key(one.emitter.member),
        stage.reader(verifier),
        reader_name(one.emitter.member),
        f"assigned to verify {stage.year}",
    )


def _content(stage: Stage, one: Filing) -> bytes:
    lines = [entry.line for entry in one.reported]
    content = {
        "report": stage.year,
        "organisation": one.organisation,
        "name": one.emitter.member.name,
        "reported_kg": total_kg(lines, stage.factors, stage.gases),
        "activity": [
            {"source": e.source, "month": e.month, "key": e.line.key, "quantity": e.line.quantity}
            for e in one.reported
        ],
        "note": "演示数据 demonstration data, generated by code",
    }
    return json.dumps(content, ensure_ascii=False, indent=1).encode()
