"""The signed report of a periodic check, against the contract's own digest and ratings."""

import csv
import io
import json
from dataclasses import replace

import boa
import pytest

from harness.consortium import CEA24, PERIOD, TONNE
from harness.duties import DEADLINE, Duties
from tanlian.chain.keys import Key
from tanlian.domain.credit_rating import CheckKind, PublishedRating, load_rating_rules
from tanlian.domain.errors import InvalidInput
from tanlian.services.periodic_report import (
    PeriodicReport,
    SignedReport,
    as_csv,
    as_json,
    as_page,
    member_from,
    signed,
)

KEY = Key.derived("regulator of the periodic report")


@pytest.fixture
def report(duties: Duties) -> PeriodicReport:
    """The check of a year with one emitter that surrendered and one that did not."""
    it = duties
    it.open_period()
    it.allocate(it.emitter, 1_000 * TONNE)
    it.accept(it.emitter, 1_000 * TONNE)
    it.accept(it.other_emitter, 500 * TONNE, declared_kg=1)
    it.surrender(it.emitter, (CEA24, 1_000 * TONNE))
    boa.env.timestamp = DEADLINE + 1
    number = it.check.open_round(3, PERIOD, 1)
    logs = []
    done = False
    while not done:
        done = it.check.advance(number, 7)
        logs += it.check.get_logs()
    members = [
        member_from({"organisation": log.organisation, "cases": log.cases}, tuple(log.facts))
        for log in logs
        if type(log).__name__ == "MemberChecked"
    ]
    ratings = [
        PublishedRating(
            log.round,
            log.organisation,
            log.old_score,
            log.new_score,
            log.flags,
            log.upheld,
            log.overturned,
        )
        for log in logs
        if type(log).__name__ == "RatingPublished"
    ]
    state = it.check.round(number)
    return PeriodicReport(
        number,
        CheckKind(state.kind),
        state.year,
        state.index,
        state.period,
        state.digest,
        state.cases,
        members,
        ratings,
        load_rating_rules(),
    )


def test_report__of_the_chain__has_no_faults_and_is_signed(report: PeriodicReport) -> None:
    assert len(report.members) == 3
    assert len(report.ratings) == 5
    assert report.faults() == []
    proof = signed(report, KEY)
    assert proof.is_genuine()
    assert proof.text == as_json(report)
    for forged in (
        replace(proof, text=proof.text.replace('"cases":', '"case":', 1)),
        replace(proof, signer=Key.derived("another").address),
        SignedReport(proof.text, proof.signer, "0x" + "00" * 65),
    ):
        assert not forged.is_genuine()


def test_report__any_fact_changed__is_named_and_not_signed(report: PeriodicReport) -> None:
    first = report.members[0]
    facts = replace(first.facts, surrendered_kg=first.facts.surrendered_kg + 1)
    forged = replace(report, members=[replace(first, facts=facts), *report.members[1:]])
    assert forged.faults() == ["the members' facts do not give the digest that the contract kept"]
    with pytest.raises(InvalidInput, match="not signed"):
        signed(forged, KEY)
    raised = replace(report.ratings[0], new_score=999)
    faults = replace(report, ratings=[raised, *report.ratings[1:]]).faults()
    assert faults == [
        f"the rating of organisation {raised.organisation} does not follow from its facts"
    ]
    short = replace(report, cases=report.cases + 1).faults()
    assert short == ["the members' cases do not add up to those of the check"]


def test_report__three_forms__say_the_same(report: PeriodicReport) -> None:
    document = json.loads(as_json(report))
    rows = list(csv.DictReader(io.StringIO(as_csv(report))))
    assert [int(row["organisation"]) for row in rows] == [
        member["organisation"] for member in document["members"]
    ]
    for row, member in zip(rows, document["members"], strict=True):
        for name, value in member.items():
            assert row[name] == str(value)
    grades = {rating["organisation"]: rating["grade"] for rating in document["ratings"]}
    assert all(row["grade"] == grades[int(row["organisation"])] for row in rows)
    page = as_page(report)
    assert report.digest.hex() in page
    assert "recomputed, equal" in page


def test_report__trades__stand_beside_the_facts_and_name_what_they_do_not_explain(
    report: PeriodicReport,
) -> None:
    first = next(m for m in report.members if m.facts.surrendered_kg == 1_000 * TONNE)
    assert first.other_sources_kg == 0  # entitled to 1,000 t, surrendered 1,000 t
    for bought, sold, other in ((0, 0, 0), (5, 0, 0), (0, 5, 5), (7, 5, 0), (5, 7, 2)):
        member = replace(first, bought_kg=bought, sold_kg=sold)
        assert member.other_sources_kg == other
        changed = replace(report, members=[member])
        row = next(iter(csv.DictReader(io.StringIO(as_csv(changed)))))
        told = json.loads(as_json(changed))["members"][0]
        for name, value in (("bought_kg", bought), ("sold_kg", sold), ("other_sources_kg", other)):
            assert row[name] == str(told[name]) == str(value)


def test_member_from__other_number_of_facts__is_refused() -> None:
    with pytest.raises(InvalidInput, match="another version"):
        member_from({"organisation": 1, "cases": 0}, (1, 2, 3))
