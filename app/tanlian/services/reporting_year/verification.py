"""Endorsement, correction, rejection and estimate, objection, acceptance."""

import json
from collections.abc import Sequence

from tanlian.chain.crowd import Act
from tanlian.domain.emission_methods import total_kg
from tanlian.services.activity_files import call_lines
from tanlian.services.report.figures import thousands
from tanlian.services.reporting_year.reports import Course, Filing
from tanlian.services.reporting_year.stage import Stage, statement

KG_PER_TONNE = 1_000
REASON = "handed-over readings differ from the anchored ones; calculated is below measured"


def verify(stage: Stage, filings: Sequence[Filing]) -> None:
    """Let every verifier state what it found; each statement is a document of its own."""
    acts, words = [], []
    for one in filings:
        name, by = one.emitter.member.name, one.verifier.name
        evidence = _statement(stage, one, one.course.name.lower())
        case = (one.organisation, stage.year, 1)
        if one.course is Course.FALSIFIED:
            acts.append(stage.act(one.verifier, "emissions", "reject", *case, REASON, evidence))
            words.append(f"{by} rejects the report of {name}")
        elif one.course is Course.CORRECTED:
            lines = call_lines([entry.line for entry in one.true])
            reason = "stock of coal at the year's end counted twice"
            acts.append(
                stage.act(one.verifier, "emissions", "correct", *case, lines, reason, evidence)
            )
            words.append(f"{by} corrects the figure of {name}")
        else:
            acts.append(stage.act(one.verifier, "emissions", "endorse", *case, evidence))
            words.append(f"{by} endorses the figure of {name}")
    stage.each(acts, words)
    agreeing = [one for one in filings if one.course is Course.CORRECTED]
    stage.each(
        [stage.act(one.emitter.member, "emissions", "agree", stage.year) for one in agreeing],
        [f"{one.emitter.member.name} agrees" for one in agreeing],
    )


def estimate(stage: Stage, filing: Filing) -> None:
    """Estimate conservatively what was not amended in time; the emitter objects in vain."""
    record = stage.read("emissions", "record_of", filing.organisation, stage.year)
    stage.wait_until(record.respond_by + 1, "until the time to amend is over")
    measured = stage.read("monitoring", "measured", filing.organisation, stage.year).mass_g
    highest = max(
        -(-measured // 1_000), total_kg([e.line for e in filing.true], stage.factors, stage.gases)
    )
    figure = -(-highest // KG_PER_TONNE) * KG_PER_TONNE
    evidence = _statement(stage, filing, "estimate")
    member, verifier = filing.emitter.member, filing.verifier
    case = (filing.organisation, stage.year)
    steps = [
        (
            stage.act(verifier, "emissions", "estimate", *case, figure, REASON, evidence),
            f"{verifier.name} estimates {thousands(figure // KG_PER_TONNE)} t for {member.name}",
        ),
        (
            stage.act(
                member, "emissions", "object_to_figure", stage.year, "the analyser was on test",
                statement(f"objection {stage.year}"),
            ),
            f"{member.name} objects",
        ),
        (
            stage.act(
                stage.regulator, "emissions", "decide_objection", *case, False,
                "no test is in the device's log", statement(f"decision {stage.year}"),
            ),
            "the regulator dismisses the objection",
        ),
    ]  # fmt: skip
    for act, words in steps:
        stage.each([act], [words])


def accept(stage: Stage, filings: Sequence[Filing]) -> None:
    """Let the regulator make every verified figure final, naming it."""
    registry = stage.consortium.access.contracts["emissions"]
    records = stage.consortium.access.contracts.read_many(
        registry.reading("record_of", one.organisation, stage.year) for one in filings
    )
    document = statement(f"acceptance of the verified figures of {stage.year}")
    acts: list[Act] = [
        stage.act(
            stage.regulator, "emissions", "accept", one.organisation, stage.year,
            record.verified_kg, document,
        )
        for one, record in zip(filings, records, strict=True)
    ]  # fmt: skip
    stage.all("figures accepted", acts)
    stage.consortium.narrator.table(
        "排放报告 Reports (t CO2e)",
        ["名称 name", "申报 declared", "核查 accepted", "差额 gap"],
        [
            [
                one.emitter.member.name,
                thousands(record.declared_kg // KG_PER_TONNE),
                thousands(record.verified_kg // KG_PER_TONNE),
                f"{(record.verified_kg - record.declared_kg) // KG_PER_TONNE:+,}",
            ]
            for one, record in zip(filings, records, strict=True)
        ],
    )


def _statement(stage: Stage, one: Filing, kind: str) -> bytes:
    """File the verifier's statement for the emitter and the regulator; return its address."""
    content = {
        "verification": stage.year,
        "organisation": one.organisation,
        "report": one.documents[0].address.hex(),
        "finding": kind,
        "note": "演示数据 demonstration data, generated by code",
    }
    text = json.dumps(content, ensure_ascii=False, indent=1).encode()
    readers = [stage.regulator, one.emitter.member, one.verifier]
    return stage.file(text, one.verifier, readers).address
