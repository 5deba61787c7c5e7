"""What a compliance year came to on the chain, and where that differs from the arithmetic."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from tanlian.chain.contracts import Contracts
from tanlian.domain.incentives import REWARDS, Trigger
from tanlian.domain.instrument import allowance
from tanlian.domain.profiles import KG_PER_TONNE
from tanlian.domain.year_simulation import SimulatedYear, YearOfOne
from tanlian.services.consortium import Member

OWN_TRIGGERS = tuple(t for t in Trigger if t <= Trigger.SHORTFALL and t != Trigger.MARKET_DEFAULT)
SETTLED = 3  # status of a case that was paid or deducted


@dataclass(frozen=True, slots=True)
class ChainMember:
    """One emitter's year as the contracts have it; carbon in kilograms, coins in millionths."""

    name: str
    organisation: int
    duty_kg: int
    surrendered_kg: int
    shortfall_kg: int
    cut_kg: int
    held_kg: int
    score: int
    flags: int
    coins: int  # balance minus debt
    cases: dict[Trigger, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ChainYear:
    """Everyone's year, and how the units of the vintage add up."""

    members: list[ChainMember]
    issued_kg: int
    held_kg: int
    surrendered_kg: int
    cancelled_kg: int
    open_cases: int

    @property
    def gap_kg(self) -> int:
        """Issued minus held, surrendered and cancelled: zero, or carbon was lost."""
        return self.issued_kg - self.held_kg - self.surrendered_kg - self.cancelled_kg


@dataclass(frozen=True, slots=True)
class Comparison:
    """How many figures were compared, and a sentence for each that differs."""

    compared: int
    differences: list[str]


def read_outcome(
    contracts: Contracts, members: Sequence[Member], period: int, round_id: int
) -> ChainYear:
    """Read the outcome of a finished year from the contracts' views."""
    numbers = [member.organisation for member in members]
    token = allowance(period).token_id
    compliance, check = contracts["compliance"], contracts["periodic_check"]
    duties = contracts.read_many(compliance.reading("duty", n, period) for n in numbers)
    cuts = contracts.read_many(compliance.reading("cut_kg", n, period) for n in numbers)
    held = contracts.read_many(contracts.ledger.reading("holding", n, token) for n in numbers)
    ratings = contracts.read_many(check.reading("rating", round_id, n) for n in numbers)
    coins = contracts.read_many(contracts["coin"].reading("coin_account", n) for n in numbers)
    count = int(contracts["incentives"].read("case_count"))
    cases = contracts.read_many(
        contracts["incentives"].reading("case", number) for number in range(1, count + 1)
    )
    amounts: dict[int, dict[Trigger, int]] = {number: {} for number in numbers}
    for case in cases:
        if case.organisation in amounts:
            amounts[case.organisation][Trigger(case.trigger)] = case.amount
    supply = contracts.ledger.read("supply", token)
    return ChainYear(
        members=[
            ChainMember(
                name=member.name,
                organisation=member.organisation,
                duty_kg=duty.duty_kg,
                surrendered_kg=duty.surrendered_kg,
                shortfall_kg=duty.recorded_shortfall_kg,
                cut_kg=cut,
                held_kg=holding,
                score=rating.new_score,
                flags=rating.flags,
                coins=account.balance - account.debt,
                cases=amounts[member.organisation],
            )
            for member, duty, cut, holding, rating, account in zip(
                members, duties, cuts, held, ratings, coins, strict=True
            )
        ],
        issued_kg=supply.issued_kg,
        held_kg=sum(held),
        surrendered_kg=supply.surrendered_kg,
        cancelled_kg=supply.cancelled_kg,
        open_cases=sum(1 for case in cases if case.status != SETTLED),
    )


def compare(chain: ChainYear, computed: SimulatedYear) -> Comparison:
    """Compare duty, surrender, shortfall, cut, holding, cases, coins, score of every member."""
    compared, differences = 0, []
    for on_chain, ours in zip(chain.members, computed.members, strict=True):
        for what, found, expected in _figures(on_chain, ours):
            compared += 1
            if found != expected:
                differences.append(
                    f"{on_chain.name}: {what} is {found} on the chain and {expected} by arithmetic"
                )
    return Comparison(compared, differences)


def _figures(chain: ChainMember, ours: YearOfOne) -> Iterator[tuple[str, int, int]]:
    yield "duty (kg)", chain.duty_kg, ours.emitter.verified_t * KG_PER_TONNE
    yield "surrender (kg)", chain.surrendered_kg, ours.surrendered_t * KG_PER_TONNE
    yield "shortfall (kg)", chain.shortfall_kg, ours.shortfall_t * KG_PER_TONNE
    yield "cut of the next allocation (t)", chain.cut_kg // KG_PER_TONNE, ours.next_cut_t
    yield "holding (kg)", chain.held_kg, ours.held_t * KG_PER_TONNE
    for trigger in OWN_TRIGGERS:
        words = trigger.name.lower().replace("_", " ")
        yield f"case of {words}", chain.cases.get(trigger, 0), ours.cases.get(trigger, 0)
    unknown = sum(amount for t, amount in chain.cases.items() if t not in OWN_TRIGGERS)
    yield "cases of other triggers", unknown, 0
    earned = sum(a if t in REWARDS else -a for t, a in chain.cases.items())
    yield "coins from cases", earned, ours.coins
    yield "coins in the account, less debt", chain.coins, ours.coins
    yield "facts of the rating", chain.flags, ours.flags
    yield "score", chain.score, ours.score
