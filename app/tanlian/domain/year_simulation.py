"""A compliance year in the rules' own arithmetic: allocate, report, trade, surrender, reward, rate.

It runs the same rules as the contracts (duties, incentives, rating) over published figures, without
a chain: to see what a rule does to a population before it is put in force. What is not published,
limit prices and who misreports, is drawn from a stated seed.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

from tanlian.domain.audit.brute_force import Match, Standing, double_auction
from tanlian.domain.compliance import (
    ComplianceCode,
    compliance_code,
    duty_kg,
    fine_range,
    next_allocation_cut_kg,
    shortfall_kg,
)
from tanlian.domain.credit_rating import DUTY_MET, RatingRules
from tanlian.domain.incentives import (
    REWARDS,
    CapBook,
    Report,
    RuleBook,
    Trigger,
    report_units,
)
from tanlian.domain.profiles import KG_PER_TONNE, Profile
from tanlian.domain.trading_need import DrawnQuote, PriceRange, Side, draw_quotes, need

MOST_LOTS = 2**28 - 1
REPORT_TRIGGERS = (
    Trigger.HONEST_REPORT,
    Trigger.MISREPORT,
    Trigger.LATE_REPORT,
    Trigger.MISSING_REPORT,
    Trigger.BELOW_BENCHMARK,
)
HONEST, FALSIFIED = 1_000, 900  # declared emissions per mille of the verified ones


@dataclass(frozen=True, slots=True)
class Emitter:
    """One installation's published year, in tonnes. The code is the registry's, "" if none."""

    name: str
    allocation_t: int
    verified_t: int
    surrendered_t: int | None
    code: str


@dataclass(frozen=True, slots=True)
class YearRules:
    """Everything that decides the year."""

    profile: Profile
    incentives: RuleBook
    rating: RatingRules
    prices: PriceRange
    seed: int
    parts: int = 3
    falsified_per_mille: int = 20


@dataclass(frozen=True, slots=True)
class DrawnYear:
    """What is drawn: declared emissions in tonnes, by emitter, and quotes in order of arrival."""

    declared_t: list[int]
    quotes: list[DrawnQuote]


@dataclass(slots=True)
class YearOfOne:
    """What the year came to for one emitter; carbon in tonnes, coins in millionths."""

    emitter: Emitter
    declared_t: int
    bought_t: int = 0
    sold_t: int = 0
    half_ticks: int = 0  # paid for what was bought minus got for what was sold
    surrendered_t: int = 0
    shortfall_t: int = 0
    next_cut_t: int = 0
    fine_cents: tuple[int, int] = (0, 0)
    code: ComplianceCode = ComplianceCode.OPEN
    cases: dict[Trigger, int] = field(default_factory=dict)
    flags: int = 0
    score: int = 0

    @property
    def held_t(self) -> int:
        """What is left in the account after surrender."""
        return self.emitter.allocation_t + self.bought_t - self.sold_t - self.surrendered_t

    @property
    def coins(self) -> int:
        """Rewards minus penalties."""
        return sum(a if t in REWARDS else -a for t, a in self.cases.items())


@dataclass(frozen=True, slots=True)
class SimulatedYear:
    """The whole year, and how the rule's letters compare with the registry's."""

    members: list[YearOfOne]
    trades: list[Match]
    recorded: Counter[tuple[str, str]]  # (registry's letter, rule's letter on recorded surrender)

    @property
    def gap_t(self) -> int:
        """Allocated minus held minus surrendered, over all: zero, or carbon was lost."""
        return sum(m.emitter.allocation_t - m.held_t - m.surrendered_t for m in self.members)

    @property
    def balanced(self) -> bool:
        """Whether sales equal purchases, in tonnes and money, and nobody holds less than zero."""
        sold = sum(m.sold_t for m in self.members)
        bought = sum(m.bought_t for m in self.members)
        money = sum(m.half_ticks for m in self.members)
        solvent = all(m.held_t >= 0 for m in self.members)
        return sold == bought and money == 0 and self.gap_t == 0 and solvent

    @property
    def agreement(self) -> tuple[int, int]:
        """How many letters agree, of how many where the registry gave A, B or C."""
        compared = {k: n for k, n in self.recorded.items() if k[0] in ("A", "B", "C")}
        return sum(n for (theirs, ours), n in compared.items() if theirs == ours), sum(
            compared.values()
        )


def draw_year(emitters: Sequence[Emitter], rules: YearRules) -> DrawnYear:
    """Draw from the seed what no registry publishes."""
    # not for secrets: the seed is stated, so that anyone gets the same year
    random = Random(rules.seed)  # noqa: S311
    declared = [
        emitter.verified_t * (FALSIFIED if cheats else HONEST) // HONEST
        for emitter in emitters
        for cheats in [random.randrange(1_000) < rules.falsified_per_mille]
    ]
    quotes = draw_quotes(
        [need(e.allocation_t, e.verified_t) for e in emitters],
        rules.prices,
        seed=rules.seed,
        most_t=MOST_LOTS,
        parts=rules.parts,
    )
    return DrawnYear(declared, quotes)


def simulate_year(emitters: Sequence[Emitter], rules: YearRules) -> SimulatedYear:
    """Run the year of these emitters under these rules."""
    drawn = draw_year(emitters, rules)
    members = [
        YearOfOne(e, declared) for e, declared in zip(emitters, drawn.declared_t, strict=True)
    ]
    trades = double_auction([_standing(place, quote) for place, quote in enumerate(drawn.quotes)])
    for trade in trades:
        buyer, seller = members[trade.bid[0]], members[trade.ask[0]]
        buyer.bought_t += trade.lots
        seller.sold_t += trade.lots
        buyer.half_ticks += trade.lots * trade.half_ticks
        seller.half_ticks -= trade.lots * trade.half_ticks
    mean_cents = _mean_price(trades, rules.prices.middle_ticks)
    caps = CapBook()
    for place, member in enumerate(members):
        _surrender(member, rules.profile, mean_cents)
        _apply_incentives(place, member, rules, caps)
        _rate(member, rules.rating)
    recorded = Counter((e.code[:1], recorded_code(e, rules.profile).value) for e in emitters)
    return SimulatedYear(members, trades, recorded)


def recorded_code(emitter: Emitter, profile: Profile) -> ComplianceCode:
    """Return the letter that the rule gives to what the installation really surrendered."""
    unit = int(profile.figure("unit_kg").value)
    return compliance_code(
        accepted=True,
        duty=duty_kg(emitter.verified_t * KG_PER_TONNE, unit),
        surrendered=(emitter.surrendered_t or 0) * KG_PER_TONNE,
        deadline_passed=True,
    )


def _standing(place: int, quote: DrawnQuote) -> Standing:
    return Standing(
        organisation=quote.member,
        buy=quote.side is Side.BUY,
        tick=quote.price_ticks,
        position=place,
        arrival=place,
        lots=quote.quantity_t,
    )


def _mean_price(trades: Sequence[Match], otherwise: int) -> int:
    """The volume-weighted mean price in cents (ticks), floored."""
    volume = sum(trade.lots for trade in trades)
    if volume == 0:
        return otherwise
    return sum(trade.lots * trade.half_ticks for trade in trades) // (2 * volume)


def _surrender(member: YearOfOne, profile: Profile, mean_cents: int) -> None:
    unit = int(profile.figure("unit_kg").value)
    duty = duty_kg(member.emitter.verified_t * KG_PER_TONNE, unit)
    member.surrendered_t = min(member.held_t, duty // KG_PER_TONNE)
    surrendered = member.surrendered_t * KG_PER_TONNE
    missing = shortfall_kg(duty, surrendered)
    member.shortfall_t = missing // KG_PER_TONNE
    member.next_cut_t = (
        next_allocation_cut_kg(missing, profile.ppm("next_allocation_cut")) // KG_PER_TONNE
    )
    fine = fine_range(profile, missing, mean_cents)
    member.fine_cents = (fine.minimum, fine.maximum)
    member.code = compliance_code(
        accepted=True, duty=duty, surrendered=surrendered, deadline_passed=True
    )


def _apply_incentives(place: int, member: YearOfOne, rules: YearRules, caps: CapBook) -> None:
    """Reports are in time here: who was late is not published."""
    book = rules.incentives
    deadline = rules.profile.end_of_day("report_deadline")
    accepted_at = rules.profile.end_of_day("verify_deadline")
    now = rules.profile.end_of_day("surrender_deadline") + 1
    report = Report(
        declared_kg=member.declared_t * KG_PER_TONNE,
        verified_kg=member.emitter.verified_t * KG_PER_TONNE,
        submitted_at=deadline,
        deadline_at=deadline,
        accepted_kg=member.emitter.verified_t * KG_PER_TONNE,
        accepted_at=accepted_at,
        final_allocation_kg=member.emitter.allocation_t * KG_PER_TONNE,
    )
    found: dict[Trigger, int] = {}
    for trigger in REPORT_TRIGGERS:
        units = report_units(trigger, book.rules[trigger], report, now)
        if units is not None:
            found[trigger] = units
    if member.shortfall_t:
        found[Trigger.SHORTFALL] = member.shortfall_t * KG_PER_TONNE
    for trigger, units in found.items():
        member.flags |= 1 << trigger
        rule = book.rules[trigger]
        member.cases[trigger] = caps.take(place, rules.profile.period, trigger, rule, units)


def _rate(member: YearOfOne, rating: RatingRules) -> None:
    if member.shortfall_t == 0:
        member.flags |= 1 << DUTY_MET
    member.score = rating.score(rating.start, member.flags)
