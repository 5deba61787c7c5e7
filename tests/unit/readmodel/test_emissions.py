"""Monitoring and reports in the tables, beside the contracts that said it."""

import re

import boa
import pytest
from sqlalchemy import select

from harness.boa_node import recorded
from harness.consortium import DOCUMENT, REASON, ROOT
from harness.emissions import (
    CN_POWER,
    DAY,
    HOUR,
    STARTS,
    YEAR,
    abi_line,
    accept,
    approve_plan,
    assign,
    endorse,
    open_logbook,
    report,
    sample_lines,
    with_registries,
)
from harness.projected import assert_equal, in_memory, project
from tanlian.domain.errors import NotFound
from tanlian.domain.factor_set import factor_set
from tanlian.domain.report_state import ReportState
from tanlian.readmodel.queries import emissions, factors, monitoring
from tanlian.readmodel.tables.emissions import activity_lines, report_steps
from tanlian.readmodel.tables.monitoring import anchors, device_keys, logbooks, monitoring_plans

GATEWAY, OTHER_GATEWAY = "0x" + "11" * 20, "0x" + "22" * 20
KEY, NEW_KEY = "0x" + "33" * 20, "0x" + "44" * 20


@pytest.fixture(scope="module")
def world():
    with boa.env.anchor(), recorded() as node:
        yield node, with_registries()


def all_rows(tables, table, *order):
    with tables.connect() as db:
        return [dict(row) for row in db.execute(select(table).order_by(*order)).mappings()]


def test_monitoring__a_year_of_changes__tables_equal_the_contract(world, tables) -> None:
    node, it = world
    mine = {"sender": it.emitter.account}
    with boa.env.anchor():
        boa.env.timestamp = STARTS[YEAR] + 40 * DAY
        source = it.monitoring.register_source("boiler 1", **mine)
        it.monitoring.close_source(it.monitoring.register_source("old", **mine), REASON, **mine)
        device = it.monitoring.register_device(source, KEY, "analyser", **mine)
        it.monitoring.replace_device_key(device, NEW_KEY, "stolen", **mine)
        it.monitoring.file_plan(YEAR, DOCUMENT, **mine)
        it.monitoring.return_plan(it.emitter.org_id, YEAR, 1, "no map", sender=it.regulator.account)
        open_logbook(it, it.emitter, GATEWAY)
        hour = STARTS[YEAR] // HOUR
        for batch in range(3):
            args = (YEAR, hour + batch * 24, 24, bytes([batch + 1] * 32), 10 + batch, 24)
            it.monitoring.anchor(*args, sender=GATEWAY)
        it.monitoring.replace_gateway(YEAR, GATEWAY, OTHER_GATEWAY, "broken", **mine)
        args = (YEAR, hour + 72, 1, b"\7" * 32, 2**63, 1)
        it.monitoring.anchor(*args, sender=OTHER_GATEWAY)
        it.monitoring.retire_device(device, "worn out", **mine)
        it.monitoring.file_plan(YEAR, b"\1" * 32, **mine)
        verdict = assert_equal(node, it, tables)
    assert verdict.views > 30
    books = all_rows(tables, logbooks, logbooks.c.gateway)
    assert [(b["mass_g"], b["batches"], b["is_open"]) for b in books] == [
        (33, 3, False),
        (33 + 2**63, 4, True),
    ]
    assert [a["first_hour"] - hour for a in all_rows(tables, anchors, anchors.c.first_hour)] == [
        0, 24, 48, 72,
    ]  # fmt: skip
    keys = all_rows(tables, device_keys, device_keys.c.key)
    assert [(k["key"], k["end_reason"]) for k in keys] == [(KEY, "stolen"), (NEW_KEY, "worn out")]
    versions = all_rows(tables, monitoring_plans, monitoring_plans.c.version)
    assert [v["state"] for v in versions] == ["replaced", "replaced", "filed"]
    assert versions[0]["reason"] == "no map"
    with tables.connect() as db:
        org = it.emitter.org_id
        assert [d.name for d in monitoring.devices_of(db, org)] == ["analyser"]
        assert [s.close_reason for s in monitoring.sources_of(db, org)] == [None, REASON]
        assert [p.version for p in monitoring.plans_to_decide(db)] == [3]
        assert monitoring.plans_to_decide(db, after=(YEAR, org)) == []
        first, second = monitoring.logbooks_of(db, org, YEAR)
        assert {first.gateway, second.gateway} == {GATEWAY, OTHER_GATEWAY}
        assert not first.is_complete
        newest = monitoring.anchors_of(db, org, YEAR, limit=1)
        assert newest[0].first_hour == hour + 72
        place = (newest[0].first_hour, newest[0].gateway)
        older = monitoring.anchors_of(db, org, YEAR, before=place)
        assert [a.first_hour - hour for a in older] == [48, 24, 0]
        assert monitoring.anchors_of(db, org + 1, YEAR) == []


def test_reports__to_acceptance_and_again__every_step_and_line(world, tables) -> None:
    node, it = world
    org, regulator, verifier = it.emitter.org_id, it.regulator.account, it.verifier.account
    with boa.env.anchor():
        approve_plan(it, it.emitter)
        figure = report(it)
        assign(it)
        it.emissions.reject(org, YEAR, 1, "a meter missing", DOCUMENT, sender=verifier)
        lines = [abi_line(line) for line in sample_lines()]
        it.emissions.amend(YEAR, lines[:2], DOCUMENT, sender=it.emitter.account)
        it.emissions.correct(org, YEAR, 2, lines, REASON, DOCUMENT, sender=verifier)
        it.emissions.object_to_figure(YEAR, REASON, DOCUMENT, sender=it.emitter.account)
        it.emissions.decide_objection(org, YEAR, False, REASON, DOCUMENT, sender=regulator)
        accept(it)
        it.emissions.reexamine(org, YEAR, REASON, DOCUMENT, sender=regulator)
        assign(it, verifier=it.other_verifier)
        endorse(it, verifier=it.other_verifier)
        accept(it)
        it.emissions.declare_conflict(it.verifier.org_id, org, REASON, sender=verifier)
        assert_equal(node, it, tables)
    steps = all_rows(tables, report_steps, report_steps.c.block)
    assert [(s["event"], ReportState(s["status"]).name) for s in steps] == [
        ("ReportSubmitted", "SUBMITTED"),
        ("VerifierAssigned", "ASSIGNED"),
        ("ReportRejected", "REJECTED"),
        ("ReportSubmitted", "ASSIGNED"),
        ("ReportCorrected", "CORRECTED"),
        ("ObjectionRaised", "OBJECTED"),
        ("ObjectionDecided", "ENDORSED"),
        ("EmissionsAccepted", "ACCEPTED"),
        ("ReexaminationOpened", "SUBMITTED"),
        ("VerifierAssigned", "ASSIGNED"),
        ("ReportEndorsed", "ENDORSED"),
        ("EmissionsAccepted", "ACCEPTED"),
    ]
    assert steps[0]["amount_kg"] == steps[7]["amount_kg"] == figure
    kept = all_rows(
        tables, activity_lines, *(activity_lines.c[n] for n in ("version", "corrected", "number"))
    )
    found = [(line["version"], line["corrected"], line["key"]) for line in kept]
    names = ["coal_bituminous", "diesel", "caco3"]
    assert found == [
        *((1, False, name) for name in names),
        *((2, False, name) for name in names[:2]),
        *((2, True, name) for name in names),
    ]
    assert kept[0]["quantity"] == 1_500_000 * 10**6
    with tables.connect() as db:
        found = emissions.report(db, org, YEAR)
        assert (found.state, found.accepted_kg) == (ReportState.ACCEPTED, found.reported_kg)
        assert emissions.lines(db, org, YEAR, 2, corrected=True) == list(sample_lines())
        signed = [step.signed_for for step in emissions.steps(db, org, YEAR)]
        assert signed[:3] == [org, it.regulator.org_id, it.verifier.org_id]
        accepted = frozenset({ReportState.ACCEPTED})
        assert emissions.reports_of(db, number=YEAR, states=accepted) == [found]
        assert emissions.reports_of(db, after=(YEAR, org)) == []
        assert emissions.reports_of(db, verifier=it.verifier.org_id) == []
        assert [c.stands for c in emissions.conflicts_of(db, org)] == [True]
        assert [y.year for y in emissions.years(db)] == [2025, 2024, 2023, 2022]
        year = emissions.year(db, YEAR)
        published = factor_set(CN_POWER)
        fuels = {f.key: f for f in factors.fuels(db, year.factor_set)}
        assert fuels == dict(published.fuels)
        others = {(f.kind, f.key): f.amount for f in factors.others(db, year.factor_set)}
        assert others == {key: f.value for key, f in published.factors.items()}
        assert CN_POWER in {s.name for s in factors.sets(db) if s.sealed_at}
        with pytest.raises(NotFound):
            emissions.report(db, org, YEAR - 1)


@pytest.mark.parametrize("name", [b"\xff\xfe boiler", b"boiler\0", "锅炉".encode()[:-1]])
def test_source__name_of_any_bytes__stops_nothing(world, tables, name) -> None:
    node, it = world
    with boa.env.anchor():
        call = it.monitoring.register_source.prepare_calldata("x" * len(name))
        data = call.replace(b"x" * len(name), name)
        boa.env.raw_call(it.monitoring.address, sender=it.emitter.account, data=data)
        assert_equal(node, it, tables)


def test_numbers__that_a_member_chose_beyond_reason__stop_nothing(world, tables) -> None:
    """An emitter may name any year and any conflict: the tables and their proof go on."""
    node, it = world
    mine = {"sender": it.emitter.account}
    with boa.env.anchor():
        for number in (2**255, 2**254, 2**63, 2**31):
            it.monitoring.file_plan(number, DOCUMENT, **mine)
            it.emissions.declare_conflict(number, it.emitter.org_id, REASON, **mine)
            it.emissions.declare_conflict(it.emitter.org_id, number, REASON, **mine)
        assert_equal(node, it, tables)
    assert all_rows(tables, monitoring_plans) == []


def test_lines__call_through_a_contract_of_the_emitter__report_without_lines(world) -> None:
    """What was called decides nothing; lines that are not those of the digest are not shown."""
    node, it = world
    with boa.env.anchor():
        report(it)
        node.blocks[-1].call = node.blocks[-1].call[:4] + b"\xff" * 300
        engine = in_memory()
        project(node, it, engine)
        assert all_rows(engine, activity_lines) == []
        assert len(all_rows(engine, report_steps)) == 1


def test_report_state__numbers__are_those_of_the_contract() -> None:
    source = (ROOT / "contracts" / "EmissionRegistry.vy").read_text()
    stated = re.findall(r"^([A-Z_]+): constant\(uint256\) = ([0-8])\b", source, re.MULTILINE)
    assert {name: int(number) for name, number in stated} == {s.name: s.value for s in ReportState}
