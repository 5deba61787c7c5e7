"""One reporting year from the first plan to the last coin."""

from dataclasses import dataclass

from tanlian.domain.calibre.figures import Entry
from tanlian.domain.demonstration_plant import PlantYear, falsified
from tanlian.services.reporting_year import duties, rewards, sites, verification
from tanlian.services.reporting_year.examination import examine, export_evidence
from tanlian.services.reporting_year.reports import (
    SLIP_PER_MILLE,
    Course,
    Filing,
    assign,
    open_reports,
    plain_entries,
    send_reports,
)
from tanlian.services.reporting_year.sites import Site
from tanlian.services.reporting_year.stage import Stage

FALSIFIED, HONEST, REASSIGNED, CORRECTED = range(4)  # the places of these among the emitters
LIE_MONTHS, LIE_KEPT_PER_CENT, LIE_CARBON = (1, 2), 15, 25_000_000


@dataclass(slots=True)
class ReportingYear:
    """The year of a run; `perform` goes through it."""

    stage: Stage

    def perform(self) -> None:
        """Take the emitters through the year; the first one lies and is found out."""
        stage = self.stage
        narrator = stage.consortium.narrator
        narrator.section(f"监测 Monitoring, year {stage.year}")
        watched = [stage.emitters[place] for place in (FALSIFIED, HONEST)]
        begins, ends = stage.span
        stage.consortium.access.act(
            stage.consortium.regulator, "monitoring", "open_year", stage.year, begins, ends
        )
        open_reports(stage)
        found = sites.equip(stage, watched)
        liar, honest = found
        filings = self._filings(liar, honest)
        for site in found:
            self._monitor(site)
        narrator.section("报告与核查 Reports and verification")
        send_reports(stage, filings)
        assign(stage, filings)
        verification.verify(stage, filings)
        comparisons = [
            examine(stage, site, filing)[0] for site, filing in zip(found, filings, strict=False)
        ]
        verification.estimate(stage, filings[FALSIFIED])
        verification.accept(stage, filings)
        narrator.section("清缴 Surrender, rewards and penalties")
        duties.open_period(stage)
        duties.surrender(stage, stage.emitters)
        for site, filing, copies in zip(found, filings, comparisons, strict=False):
            export_evidence(stage, site, filing, copies)
        rewards.reward_and_penalise(stage, filings)
        duties.after_deadline(stage, stage.emitters)
        rewards.check_year(stage)

    def _monitor(self, site: Site) -> None:
        stage = self.stage
        gateway = sites.run_gateway(stage, site)
        sites.export(gateway, site)
        told = site.years
        if site.emitter is stage.emitters[FALSIFIED]:
            told = tuple(self._lie(site))
        sites.hand_over(stage, site, gateway, told)
        aside = len(gateway.store.quarantine())
        gateway.store.close()
        stage.say(
            f"{site.emitter.member.name}: {stage.hours * len(site.devices):,} readings of "
            f"{len(site.devices)} devices anchored, {aside} messages put aside; {site.folder}"
        )

    def _lie(self, site: Site) -> list[PlantYear]:
        """Of the first unit only a part is told; the carbon of the coal is always the same."""
        first, *others = site.years
        return [
            falsified(first, LIE_MONTHS, LIE_KEPT_PER_CENT, LIE_CARBON),
            *(falsified(year, (), 100, LIE_CARBON) for year in others),
        ]

    def _filings(self, liar: Site, honest: Site) -> list[Filing]:
        """Who reports what, and who verifies it: verifiers change from year to year."""
        stage = self.stage
        filings = []
        for place, emitter in enumerate(stage.emitters):
            course, less = Course.HONEST, 0
            entries = true = None
            if place == FALSIFIED:
                course = Course.FALSIFIED
                pairs = zip(self._lie(liar), liar.sources, strict=True)
                entries = [e for year, source in pairs for e in year.entries(source)]
                true = _entries(liar)
            elif place == HONEST:
                entries = true = _entries(honest)
            elif place == REASSIGNED:
                course = Course.REASSIGNED
            elif place == CORRECTED:
                course, less = Course.CORRECTED, SLIP_PER_MILLE
            at = (place + stage.year) % len(stage.verifiers)
            filings.append(
                Filing(
                    emitter,
                    course,
                    entries or plain_entries(stage, emitter, less),
                    true or plain_entries(stage, emitter),
                    stage.verifiers[at],
                )
            )
        return filings


def _entries(site: Site) -> list[Entry]:
    pairs = zip(site.years, site.sources, strict=True)
    return [entry for year, source in pairs for entry in year.entries(source)]
