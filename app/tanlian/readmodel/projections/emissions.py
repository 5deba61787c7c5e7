"""Reports: where each stands, every step on its way, and the activity data behind its figure.

The rows follow the contract field by field, so that they can be compared with its records.
"""

from typing import Any

from tanlian.chain.activity_data import lines_in
from tanlian.domain.report_state import ReportState
from tanlian.readmodel.bulk import Row
from tanlian.readmodel.draft import Draft
from tanlian.readmodel.projections.registry import (
    Fact,
    hexadecimal,
    is_organisation,
    takes,
    text_of,
)
from tanlian.readmodel.tables.emissions import (
    activity_lines,
    conflicts,
    report_steps,
    reporting_years,
    reports,
)

NO_WORD = "0x" + "0" * 64
_NUMBERS = (
    "version", "declared_kg", "reported_kg", "verified_kg", "accepted_kg", "measured_g",
    "submitted_at", "respond_by", "accepted_at", "assigned_to", "verifier_id", "excluded",
    "accepted_verifier", "undone_kg", "undone_verifier", "acceptances",
)  # fmt: skip


@takes("emissions", "YearOpened")
def year_opened(draft: Draft, fact: Fact) -> None:
    draft.row(reporting_years, year=fact.said["year"]).update(
        **fact.said["calendar"]._asdict(),
        opened_at=fact.time,
        signer=fact.said["signer"].lower(),
        tx_hash=fact.tx_hash,
    )


@takes("emissions", "ReportSubmitted", with_data=True)
def submitted(draft: Draft, fact: Fact) -> None:
    said, row = fact.said, _report(draft, fact)
    if row["status"] == ReportState.REJECTED:  # amended: the same verifier takes it up again
        year = draft.row(reporting_years, year=said["year"])
        row["status"] = ReportState.ASSIGNED
        row["respond_by"] = fact.time + year["verify_seconds"]
    else:
        if row["status"] == ReportState.NONE_YET:
            row["submitted_at"] = fact.time
        row["status"] = ReportState.SUBMITTED
    for name in ("version", "reported_kg", "measured_g", "late"):
        row[name] = said[name]
    for name in ("document", "lines", "readings"):
        row[name] = hexadecimal(said[name])
    if said["version"] == 1:
        row["declared_kg"] = said["reported_kg"]
    _step(draft, fact, row, verifier=row["assigned_to"], amount_kg=said["reported_kg"])
    _keep_lines(draft, fact, corrected=False)


@takes("emissions", "VerifierAssigned")
def assigned(draft: Draft, fact: Fact) -> None:
    row = _report(draft, fact)
    row["status"] = ReportState.ASSIGNED
    row["assigned_to"] = fact.said["verifier"]
    row["respond_by"] = fact.said["respond_by"]
    _step(draft, fact, row)


@takes("emissions", "ReportEndorsed")
def endorsed(draft: Draft, fact: Fact) -> None:
    _verify(draft, fact, ReportState.ENDORSED)


@takes("emissions", "ReportCorrected", with_data=True)
def corrected(draft: Draft, fact: Fact) -> None:
    _verify(draft, fact, ReportState.CORRECTED)
    _keep_lines(draft, fact, corrected=True)


@takes("emissions", "EmissionsEstimated")
def estimated(draft: Draft, fact: Fact) -> None:
    _verify(draft, fact, ReportState.ESTIMATED)


@takes("emissions", "ReportRejected")
def rejected(draft: Draft, fact: Fact) -> None:
    row = _report(draft, fact)
    row["status"] = ReportState.REJECTED
    row["evidence"] = hexadecimal(fact.said["evidence"])
    row["respond_by"] = fact.said["respond_by"]
    _step(draft, fact, row)


@takes("emissions", "FigureAgreed")
def agreed(draft: Draft, fact: Fact) -> None:
    _end_deadline(draft, fact, ReportState.ENDORSED)


@takes("emissions", "ObjectionRaised")
def objected(draft: Draft, fact: Fact) -> None:
    _end_deadline(draft, fact, ReportState.OBJECTED)


@takes("emissions", "ObjectionDecided")
def objection_decided(draft: Draft, fact: Fact) -> None:
    row = _report(draft, fact)
    if fact.said["upheld"]:
        _hand_back(row)
    else:
        row["status"] = ReportState.ENDORSED
    row["evidence"] = hexadecimal(fact.said["document"])
    _step(draft, fact, row)


@takes("emissions", "EmissionsAccepted")
def accepted(draft: Draft, fact: Fact) -> None:
    said, row = fact.said, _report(draft, fact)
    if row["acceptances"] and said["old_kg"] != said["accepted_kg"]:
        row["overturned"] = True
        row["undone_kg"] = said["old_kg"]
        row["undone_verifier"] = row["accepted_verifier"]
    row.update(
        status=ReportState.ACCEPTED,
        accepted_verifier=said["verifier"],
        accepted_kg=said["accepted_kg"],
        accepted_at=fact.time,
        acceptances=said["acceptances"],
        respond_by=0,
        assigned_to=0,
        evidence=hexadecimal(said["document"]),
    )
    _step(draft, fact, row, amount_kg=said["accepted_kg"])


@takes("emissions", "ReexaminationOpened")
def reopened(draft: Draft, fact: Fact) -> None:
    row = _report(draft, fact)
    _hand_back(row)
    row["evidence"] = hexadecimal(fact.said["document"])
    _step(draft, fact, row, amount_kg=fact.said["accepted_kg"])


@takes("emissions", "ConflictDeclared", "ConflictLifted")
def conflict_changed(draft: Draft, fact: Fact) -> None:
    said = fact.said
    if not (is_organisation(said["verifier"]) and is_organisation(said["emitter"])):
        return
    draft.row(conflicts, verifier=said["verifier"], emitter=said["emitter"]).update(
        stands=fact.name == "ConflictDeclared",
        reason=said["reason"],
        signer=said["signer"].lower(),
        time=fact.time,
    )


def _report(draft: Draft, fact: Fact) -> Row:
    said = fact.said
    row = draft.row(reports, organisation=said["organisation"], year=said["year"])
    if "status" not in row:
        row.update(
            **dict.fromkeys(_NUMBERS, 0),
            **dict.fromkeys(("document", "lines", "readings", "evidence"), NO_WORD),
            **dict.fromkeys(("estimated", "overturned", "late"), False),
            status=ReportState.NONE_YET,
        )
    row["changed_at"] = fact.time
    return row


def _verify(draft: Draft, fact: Fact, state: ReportState) -> None:
    """Take in a figure that a verifier or the regulator gave."""
    said, row = fact.said, _report(draft, fact)
    row.update(
        status=state,
        verified_kg=said["verified_kg"],
        verifier_id=said["verifier"],
        estimated=state is ReportState.ESTIMATED,
        evidence=hexadecimal(said["evidence"]),
        respond_by=said.get("respond_by", 0),
    )
    _step(draft, fact, row, amount_kg=said["verified_kg"])


def _end_deadline(draft: Draft, fact: Fact, state: ReportState) -> None:
    row = _report(draft, fact)
    row["status"] = state
    row["respond_by"] = 0
    _step(draft, fact, row, verifier=row["verifier_id"], amount_kg=fact.said["verified_kg"])


def _hand_back(row: Row) -> None:
    """Make the report ready for another verifier than the one that gave the figure."""
    row["status"] = ReportState.SUBMITTED if row["version"] else ReportState.NONE_YET
    row["excluded"] = row["verifier_id"]
    row["assigned_to"] = 0
    row["respond_by"] = 0


def _step(draft: Draft, fact: Fact, row: Row, **stated: Any) -> None:
    said = fact.said
    document = said.get("evidence", said.get("document"))
    values = {
        "verifier": said.get("verifier", 0),
        "amount_kg": None,
        "upheld": said.get("upheld"),
        "late": said.get("late"),
        "reason": said.get("reason"),
        "document": None if document is None else hexadecimal(document),
        "respond_by": row["respond_by"] or None,
        **stated,
    }
    draft.add(
        report_steps,
        block=fact.block,
        log_index=fact.log_index,
        organisation=said["organisation"],
        year=said["year"],
        event=fact.name,
        status=row["status"],
        version=row["version"],
        signer=said["signer"].lower(),
        time=fact.time,
        tx_hash=fact.tx_hash,
        **values,
    )


def _keep_lines(draft: Draft, fact: Fact, *, corrected: bool) -> None:
    """Keep the activity data, which only the call itself holds; the event has their hash."""
    said = fact.said
    for number, line in enumerate(lines_in(fact.data, said["lines"])):
        row = draft.row(
            activity_lines,
            organisation=said["organisation"],
            year=said["year"],
            version=said["version"],
            corrected=corrected,
            number=number,
        )
        row.update({**line, "key": text_of(line["key"])})
