"""The emission contracts on top of the register, with the published factor sets loaded."""

from functools import cache

import boa

from harness.consortium import DOCUMENT, Consortium, consortium, deploy
from tanlian.domain.emission_methods import ActivityLine, Basis, Method
from tanlian.domain.factor_set import FactorSet, Unit, factor_set, set_names

CN_POWER = "cn-power-2022"
AR5 = "gwp-ar5"
BATCH = 64
YEAR = 2024
HOUR, DAY = 3_600, 86_400
STARTS = {2022: 1_640_995_200, 2023: 1_672_531_200, 2024: 1_704_067_200, 2025: 1_735_689_600,
          2026: 1_767_225_600}  # fmt: skip
VERIFY_SECONDS, CORRECTION_SECONDS, OBJECTION_SECONDS = 60 * DAY, 30 * DAY, 7 * DAY
MOST_YEARS = 2


def key32(text: str) -> bytes:
    """A name as the contracts hold it: ASCII, left-aligned."""
    return text.encode().ljust(32, b"\0")


def abi_line(line: ActivityLine) -> tuple:
    """A line of activity data as the contract takes it."""
    return (
        int(line.method), key32(line.key), int(line.unit), line.quantity, int(line.basis),
        line.ncv, line.carbon, line.moisture_received, line.moisture_dry, line.share,
    )  # fmt: skip


def load_set(methods, published: FactorSet, regulator: str, *, seal: bool = True) -> int:
    """Load a published factor set; return its number on the chain."""
    set_id = methods.open_set(
        published.name,
        published.effective_from,
        published.document,
        published.source,
        sender=regulator,
    )
    fuels = [
        (key32(f.key), int(f.unit), f.ncv, f.carbon, f.oxidation, f.ch4, f.n2o, int(f.status))
        for f in published.fuels.values()
    ]
    factors = [
        (int(kind), key32(f.key), int(f.unit), f.value, int(f.status))
        for (kind, _), f in published.factors.items()
    ]
    for at in range(0, len(fuels), BATCH):
        methods.load_fuels(set_id, fuels[at : at + BATCH], sender=regulator)
    for at in range(0, len(factors), BATCH):
        methods.load_factors(set_id, factors[at : at + BATCH], sender=regulator)
    if seal:
        methods.seal_set(set_id, sender=regulator)
    return set_id


def with_methods(it: Consortium | None = None) -> Consortium:
    """A consortium with EmissionMethods and every published factor set, sealed.

    It is the register alone, sealed, unless another is given.
    """
    it = it or consortium()
    it.contracts.methods = deploy("EmissionMethods", it.membership)
    it.contracts.sets = {
        name: load_set(it.methods, factor_set(name), it.regulator.account) for name in set_names()
    }
    return it


@cache
def sample_lines() -> tuple[ActivityLine, ...]:
    """A coal-fired plant's year: coal with measured carbon, oil, limestone."""
    return (
        ActivityLine(
            Method.FUEL, "coal_bituminous", Unit.TONNE, 1_500_000 * 10**6, Basis.MEASURED_CARBON,
            carbon=561_200_000,
        ),
        ActivityLine(Method.FUEL, "diesel", Unit.TONNE, 820 * 10**6),
        ActivityLine(Method.PROCESS, "caco3", Unit.TONNE, 30_000 * 10**6, share=930_000),
    )  # fmt: skip


def report_by(year: int) -> int:
    """The last second of March after the year."""
    return STARTS[year + 1] + (31 + 28 + 31) * DAY - 1


def calendar(it: Consortium, year: int, **changes: int) -> tuple[int, ...]:
    """The rules of a reporting year as the contract takes them."""
    rules = {
        "report_by": report_by(year),
        "verify_seconds": VERIFY_SECONDS,
        "correction_seconds": CORRECTION_SECONDS,
        "objection_seconds": OBJECTION_SECONDS,
        "most_years": MOST_YEARS,
        "factor_set": it.sets[CN_POWER],
        "gas_set": it.sets[AR5],
    }
    return tuple((rules | changes).values())


def with_registries(it: Consortium | None = None) -> Consortium:
    """A consortium with all emission contracts; years 2022 to 2025 are open. Tests set the clock."""
    it = with_methods(it)
    it.contracts.monitoring = deploy("MonitoringRegistry", it.membership)
    it.contracts.emissions = deploy("EmissionRegistry", it.membership, it.methods, it.monitoring)
    for year in range(2022, 2026):
        it.monitoring.open_year(year, STARTS[year], STARTS[year + 1], sender=it.regulator.account)
        it.emissions.open_year(year, calendar(it, year), sender=it.regulator.account)
    return it


def approve_plan(it: Consortium, member, year: int = YEAR) -> None:
    version = it.monitoring.file_plan(year, DOCUMENT, sender=member.account)
    it.monitoring.approve_plan(member.org_id, year, version, sender=it.regulator.account)


def open_logbook(it: Consortium, member, gateway: str, year: int = YEAR) -> None:
    """Approve the member's plan and open a gateway's logbook."""
    approve_plan(it, member, year)
    it.monitoring.open_logbook(year, gateway, sender=member.account)


def report(it: Consortium, member=None, year: int = YEAR, lines=None, document=DOCUMENT) -> int:
    """Let a member report after the year's end; return the figure."""
    boa.env.timestamp = max(boa.env.timestamp, STARTS[year + 1])
    lines = [abi_line(line) for line in lines or sample_lines()]
    return it.emissions.report(year, lines, document, sender=(member or it.emitter).account)


def assign(it: Consortium, member=None, year: int = YEAR, verifier=None) -> None:
    it.emissions.assign(
        (member or it.emitter).org_id,
        year,
        (verifier or it.verifier).org_id,
        sender=it.regulator.account,
    )


def endorse(it: Consortium, member=None, year: int = YEAR, verifier=None) -> None:
    member = member or it.emitter
    version = it.emissions.record_of(member.org_id, year).version
    it.emissions.endorse(
        member.org_id, year, version, DOCUMENT, sender=(verifier or it.verifier).account
    )


def accept(it: Consortium, member=None, year: int = YEAR) -> int:
    """Let the regulator accept what was verified; return the figure."""
    member = member or it.emitter
    amount_kg = it.emissions.record_of(member.org_id, year).verified_kg
    it.emissions.accept(member.org_id, year, amount_kg, DOCUMENT, sender=it.regulator.account)
    return amount_kg
