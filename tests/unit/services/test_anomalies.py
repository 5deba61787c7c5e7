"""The rules of anomalies: what they let pass and what not, at the very bound."""

import pytest

from tanlian.domain.anomalies.rules import (
    AnomalyKind,
    anomaly_rules,
    beyond_quartiles_ppm,
    gap_ppm,
)
from tanlian.domain.report_state import ReportState
from tanlian.readmodel.queries.emissions import Report
from tanlian.readmodel.queries.emitter_years import EmitterYear
from tanlian.services.anomalies import _sectors

YEAR = 2024


def accepted(organisation: int, kg: int, sector: int = 1, entitled: int = 1_000) -> EmitterYear:
    report = Report(
        organisation, YEAR, ReportState.ACCEPTED, 1, kg, kg, kg, kg, 0, 1, None, 1, None, None,
        None, False, False, False, "", "", "", 1,
    )  # fmt: skip
    return EmitterYear(organisation, f"{organisation}", 1, sector, True, entitled, report)


@pytest.mark.parametrize("kind", list(AnomalyKind))
def test_judge__at_the_bound__passes_and_one_beyond_does_not(kind) -> None:
    rules = anomaly_rules()
    most = rules.rules[kind].most
    assert rules.judge(kind, 7, YEAR, most) == []
    (found,) = rules.judge(kind, 7, YEAR, most + 1, "copy")
    assert (found.kind, found.organisation, found.figure, found.most, found.detail) == (
        kind, 7, most + 1, most, "copy",
    )  # fmt: skip


def test_rules__each__names_its_source_and_status() -> None:
    for rule in anomaly_rules().rules.values():
        assert rule.status in {"V", "S", "K"}
        assert len(rule.source) > 10


@pytest.mark.parametrize(
    ("first", "second", "ppm"),
    [
        (0, 0, 0),
        (100, 100, 0),
        (95, 100, 50_000),
        (100, 95, 50_000),
        (0, 5, 1_000_000),
        (2, 3, 333_334),
    ],
)
def test_gap_ppm__of_the_larger_figure__rounded_up(first, second, ppm) -> None:
    assert gap_ppm(first, second) == ppm


@pytest.mark.parametrize(
    ("value", "ppm"), [(20, 0), (30, 0), (40, 0), (50, 500_000), (0, 1_000_000), (100, 3_000_000)]
)
def test_beyond_quartiles__distances_of_the_quartiles(value, ppm) -> None:
    assert beyond_quartiles_ppm(value, 20, 40) == ppm


def test_beyond_quartiles__all_alike__any_other_is_far_out() -> None:
    assert beyond_quartiles_ppm(20, 20, 20) == 0
    assert (
        beyond_quartiles_ppm(21, 20, 20) > anomaly_rules().rules[AnomalyKind.FAR_FROM_SECTOR].most
    )


def test_sectors__one_far_from_the_others__is_named_and_nobody_else() -> None:
    rows = [accepted(n, 900 + 10 * n) for n in range(1, 10)] + [accepted(99, 300)]
    wanted = {row.organisation for row in rows}
    (found,) = _sectors(anomaly_rules(), YEAR, rows, wanted)
    assert (found.kind, found.organisation) == (AnomalyKind.FAR_FROM_SECTOR, 99)


def test_sectors__another_size_but_the_same_ratio__is_not_far() -> None:
    rows = [accepted(n, 900 + 10 * n) for n in range(1, 10)]
    rows.append(accepted(99, 95_000, entitled=100_000))
    assert list(_sectors(anomaly_rules(), YEAR, rows, {99})) == []


def test_sectors__too_few_for_quartiles__nothing_is_said() -> None:
    rows = [accepted(n, 900 + 10 * n) for n in range(1, 7)] + [accepted(99, 300)]
    assert list(_sectors(anomaly_rules(), YEAR, rows, {99})) == []


def test_sectors__whom_the_visitor_may_not_see__is_not_named() -> None:
    rows = [accepted(n, 900 + 10 * n) for n in range(1, 10)] + [accepted(99, 300)]
    assert list(_sectors(anomaly_rules(), YEAR, rows, {1, 2})) == []
