"""The verifier at work: two copies of the readings compared, the calibres held together."""

from collections.abc import Sequence
from datetime import UTC, datetime

from tanlian.domain.calibre.comparison import CalibreComparison
from tanlian.domain.calibre.figures import month_of
from tanlian.domain.emission_methods import total_kg
from tanlian.proofs.evidence.check import check_bundle
from tanlian.services.calibre import CalibreCase, compare
from tanlian.services.evidence_export import Case, export_case, reported_documents
from tanlian.services.lie_location import Comparison, compare_copies
from tanlian.services.reading_files import Device, ReadingFile, load_anchors
from tanlian.services.report.figures import thousands
from tanlian.services.reporting_year.reports import Filing
from tanlian.services.reporting_year.sites import Site
from tanlian.services.reporting_year.stage import FACTORS, GASES, Stage

SHOWN = 3  # causes and suspicions; the command `tanlian calibre` tells all
PROVED = 5  # readings in a bundle


def examine(stage: Stage, site: Site, filing: Filing) -> tuple[Comparison, CalibreComparison]:
    """Compare what the emitter handed over with what was anchored, and say what is found."""
    anchored = ReadingFile.load(site.folder / "readings.csv")
    devices = {(d.source, d.device): d for d in site.devices}
    copies = compare_copies(
        anchored,
        ReadingFile.load(site.folder / "handed-over.csv"),
        devices,
        load_anchors(site.folder / "anchors.csv"),
    )
    found = copies.findings
    stage.say(
        f"{filing.verifier.name} compares two copies of {thousands(max(copies.readings))} readings "
        f"of {filing.emitter.member.name}: {thousands(len(found))} differ, "
        f"{thousands(copies.comparisons)} comparisons."
    )
    for line in _altered(copies):
        stage.say(f"  {line}")
    if found:
        stage.say(f"  such as {found[0].sentence()}")
    calibres = compare(
        CalibreCase(
            filing.reported,
            anchored.readings,
            devices,
            total_kg([e.line for e in filing.reported], stage.factors, stage.gases),
            stage.read("monitoring", "measured", filing.organisation, stage.year).mass_g,
            FACTORS,
            GASES,
        )
    )
    whole = calibres.rows[0]
    stage.say(
        f"  calculated {thousands((whole.stack_kg or 0) // 1_000)} t, measured "
        f"{thousands((whole.measured_kg or 0) // 1_000)} t: "
        + ("a gap beyond the tolerance" if calibres.exceeds else "within the tolerance")
    )
    causes = [(row, cause) for row in calibres.rows for cause in row.causes]
    for row, cause in causes[:SHOWN]:
        where = f"source {row.source}" if row.source else "the whole"
        where += f", month {row.month}" if row.month else ""
        stage.say(f"  probable cause for {where}: {cause.sentence}")
    for one in calibres.suspicions[:SHOWN]:
        stage.say(f"  suspicion: {one.sentence}")
    return copies, calibres


def _altered(copies: Comparison) -> list[str]:
    """Say by device and month which hours differ."""
    groups: dict[tuple[Device | None, int], list[int]] = {}
    for one in copies.findings:
        start = one.difference.reading.start
        groups.setdefault((one.device, month_of(start)), []).append(start)
    return [
        f"{device.source_name if device else '?'}, {device.device_name if device else '?'}: "
        f"{len(starts)} hours from {_when(starts[0])} to {_when(starts[-1])} are not as anchored"
        for (device, _), starts in groups.items()
    ]


def _when(start: int) -> str:
    return datetime.fromtimestamp(start, UTC).strftime("%Y-%m-%d %H:%M UTC")


def export_evidence(stage: Stage, site: Site, filing: Filing, altered: Comparison) -> None:
    """Write what proves the case, so that it stands without the system, and check it."""
    readings = ReadingFile.load(site.folder / "readings.csv")
    keys = [f.difference.reading.key for f in altered.findings] or [
        r.key for r in readings.readings
    ]
    access = stage.consortium.access
    # the report and what its verifier stated; one sealed anew is not on the chain
    documents = reported_documents(access, filing.organisation, stage.year, stage.documents)
    case = Case(filing.organisation, stage.year, readings, keys[:PROVED], documents)
    validators: Sequence[str] = access.connection.request(
        "qbft_getValidatorsByBlockNumber", "latest"
    )
    text = export_case(access, case, stage.run.key("regulator"), validators)
    path = stage.run.path / "evidence" / f"{filing.organisation}-{stage.year}.json"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(text)
    findings = check_bundle(text)
    good = sum(finding.holds for finding in findings)
    stage.say(f"Evidence: {path}; {good} of {len(findings)} checks hold (tanlian-check {path}).")
