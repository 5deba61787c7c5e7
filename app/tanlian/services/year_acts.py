"""What members do in a simulated compliance year before they trade: monitor, report, be verified.

The registry publishes one verified figure a year. Monthly readings are that figure in twelve parts,
and the activity data is the figure itself as tonnes of carbon dioxide; both say so on the page.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from tanlian.chain.crowd import Act
from tanlian.chain.keys import Key
from tanlian.domain.emission_methods import ActivityLine, Method
from tanlian.domain.factor_set import Unit, factor_set
from tanlian.domain.identity import document_hash
from tanlian.domain.profiles import KG_PER_TONNE, Profile
from tanlian.domain.reading import SECONDS_PER_HOUR, Reading
from tanlian.proofs.merkle_sum import SumTree, body_words
from tanlian.services.activity_files import call_lines
from tanlian.services.consortium import Consortium, Member
from tanlian.services.factor_loading import load_factor_set

FACTORS, GASES = "ipcc-2006", "gwp-ar5"
CARBON_DIOXIDE = "CO2"
MONTHS = 12
DAY = 86_400
GRAMS_PER_TONNE = 10**6
MILLIONTHS = 10**6
VERIFY_SECONDS, CORRECTION_SECONDS, OBJECTION_SECONDS = 60 * DAY, 30 * DAY, 7 * DAY
MOST_YEARS = 3
PLAN = document_hash(b"monitoring plan of a simulated year")
REPORT = document_hash(b"report of a simulated year")
EVIDENCE = document_hash(b"published verified emissions")
CORRECTION = "published figure"


@dataclass(frozen=True, slots=True)
class Emitting:
    """An installation on the chain, and the figures of its year in tonnes."""

    member: Member
    gateway: Key
    meter: Key
    allocation_t: int
    declared_t: int
    verified_t: int


@dataclass(frozen=True, slots=True)
class YearActs:
    """The acts of one reporting year; every one of them must be taken."""

    consortium: Consortium
    profile: Profile
    verifiers: Sequence[Member]

    @property
    def year(self) -> int:
        return self.profile.period

    def open(self) -> None:
        """Load the factor sets and open the year for monitoring, reports and duties."""
        access, regulator = self.consortium.access, self.consortium.regulator
        sets = [load_factor_set(access, regulator, factor_set(n)) for n in (FACTORS, GASES)]
        report_by = self.profile.end_of_day("report_deadline")
        waits = (VERIFY_SECONDS, CORRECTION_SECONDS, OBJECTION_SECONDS)
        calendar = (report_by, *waits, MOST_YEARS, *sets)
        rules = self.profile.compliance_rules()
        begins, ends = start_of(self.year), start_of(self.year + 1)
        access.act(regulator, "monitoring", "open_year", self.year, begins, ends)
        access.act(regulator, "emissions", "open_year", self.year, calendar)
        access.act(regulator, "compliance", "open_period", self.year, tuple(rules))

    def equip(self, emitting: Sequence[Emitting]) -> None:
        """File and approve the plans; register a source, a device and a gateway each."""
        self._by_members(
            "monitoring plans",
            [self._act(e.member, "monitoring", "file_plan", self.year, PLAN) for e in emitting],
        )
        self._by_regulator(
            "plans approved", "monitoring", "approve_plan",
            [(e.member.organisation, self.year, 1) for e in emitting],
        )  # fmt: skip
        sources = [
            self._act(e.member, "monitoring", "register_source", "whole site") for e in emitting
        ]
        self._by_members("emission sources", sources)
        source_of = self._numbers("SourceRegistered", "source")
        devices = []
        for one in emitting:
            meter, gateway = one.meter.address, one.gateway.address
            source = source_of[one.member.organisation]
            devices += [
                self._act(one.member, "monitoring", "register_device", source, meter, "meter"),
                self._act(one.member, "monitoring", "open_logbook", self.year, gateway),
            ]
        self._by_members("devices and logbooks", devices)

    def monitor(self, emitting: Sequence[Emitting]) -> None:
        """Anchor the monthly totals of every site, with the key of its gateway."""
        monitoring = self.consortium.access.contracts["monitoring"]
        months = [month_of(self.year, month) for month in range(MONTHS)]
        source_of = self._numbers("SourceRegistered", "source")
        device_of = self._numbers("DeviceRegistered", "device")
        acts = []
        for one in emitting:
            source, device = (of[one.member.organisation] for of in (source_of, device_of))
            each, rest = divmod(one.verified_t * GRAMS_PER_TONNE, MONTHS)
            for month, (starts, ends) in enumerate(months):
                mass = each + (rest if month == MONTHS - 1 else 0)
                reading = Reading(starts, source, device, month + 1, mass, duration_s=ends - starts)
                root = SumTree.over_readings(body_words([reading.body])).root
                hours = (ends - starts) // SECONDS_PER_HOUR
                span = (starts // SECONDS_PER_HOUR, hours)
                call = monitoring.call(
                    "anchor", self.year, *span, root.digest, root.mass_g, root.count
                )
                acts.append(Act(one.gateway, call))
        self._by_members("monthly totals", acts)

    def _numbers(self, event: str, name: str) -> dict[int, int]:
        """What number each organisation got: a block orders different senders as it will."""
        access = self.consortium.access
        found = access.contracts.events().read(
            access.book.first_block(), contracts=["monitoring"], names=[event]
        )
        return {one["organisation"]: one[name] for one in found}

    def report_and_verify(self, emitting: Sequence[Emitting]) -> None:
        """Report what is declared; the verifier endorses it or states the published figure."""
        reports = [
            self._act(e.member, "emissions", "report", self.year, activity(e.declared_t), REPORT)
            for e in emitting
        ]
        self._by_members("reports", reports)
        pairs = [
            (e, self.verifiers[place % len(self.verifiers)]) for place, e in enumerate(emitting)
        ]
        self._by_regulator(
            "verifiers assigned", "emissions", "assign",
            [(e.member.organisation, self.year, v.organisation) for e, v in pairs],
        )  # fmt: skip
        self._by_members("verification", [self._verified(e, v) for e, v in pairs])
        agreements = [
            self._act(e.member, "emissions", "agree", self.year)
            for e in emitting
            if e.declared_t != e.verified_t
        ]
        self._by_members("corrected figures agreed to", agreements)
        self._by_regulator(
            "figures accepted", "emissions", "accept",
            [
                (e.member.organisation, self.year, e.verified_t * KG_PER_TONNE, EVIDENCE)
                for e in emitting
            ],
        )  # fmt: skip

    def _verified(self, one: Emitting, verifier: Member) -> Act:
        case = (one.member.organisation, self.year, 1)
        if one.declared_t == one.verified_t:
            return self._act(verifier, "emissions", "endorse", *case, EVIDENCE)
        lines = activity(one.verified_t)
        return self._act(verifier, "emissions", "correct", *case, lines, CORRECTION, EVIDENCE)

    def _act(self, member: Member, contract: str, function: str, *arguments: object) -> Act:
        call = self.consortium.access.contracts[contract].call(function, *arguments)
        return Act(member.key, call)

    def _by_members(self, title: str, acts: Sequence[Act]) -> None:
        with self.consortium.narrator.progress(title) as advance:
            self.consortium.crowd.send_all(acts, progress=advance)

    def _by_regulator(
        self, title: str, contract: str, function: str, rows: Sequence[tuple[object, ...]]
    ) -> None:
        form = self.consortium.access.contracts[contract]
        with self.consortium.narrator.progress(title) as advance:
            calls = [form.call(function, *row) for row in rows]
            for outcome in self.consortium.regulator.send_many(calls, progress=advance):
                outcome.unwrap()


def activity(tonnes: int) -> list[tuple[object, ...]]:
    """Return so many tonnes of carbon dioxide as the activity data of a report."""
    line = ActivityLine(Method.GAS, CARBON_DIOXIDE, Unit.TONNE, tonnes * MILLIONTHS)
    return call_lines([line])


def start_of(year: int) -> int:
    """Return the first second of a calendar year, UTC."""
    return int(datetime(year, 1, 1, tzinfo=UTC).timestamp())


def month_of(year: int, month: int) -> tuple[int, int]:
    """Return the first second of a month (0 to 11) and of the next one."""
    starts = datetime(year, month + 1, 1, tzinfo=UTC)
    ends = datetime(year + (month == MONTHS - 1), (month + 1) % MONTHS + 1, 1, tzinfo=UTC)
    return int(starts.timestamp()), int(ends.timestamp())
