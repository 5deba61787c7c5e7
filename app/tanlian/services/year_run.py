"""The compliance year on a chain of its own: the real contracts, the rules' own calendar.

The steps are those of `simulate_year`, acted by the keys of everybody; what comes out is read from
the chain afterwards (`year_outcome`) and compared with that arithmetic, member by member.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tanlian.chain.connection import Connection, chunks, quantity, result_of
from tanlian.chain.crowd import Act
from tanlian.domain.credit_rating import CheckKind
from tanlian.domain.errors import InvalidInput
from tanlian.domain.identity import document_hash
from tanlian.domain.instrument import allowance
from tanlian.domain.profiles import KG_PER_TONNE
from tanlian.domain.quotes import Quote
from tanlian.domain.roles import Role
from tanlian.domain.target import Target
from tanlian.domain.trading_need import DrawnQuote, Side
from tanlian.domain.units import MICRO_YUAN_PER_TICK, Lots, Ticks
from tanlian.domain.year_simulation import DrawnYear, YearRules, draw_year
from tanlian.services.access import connect
from tanlian.services.auditing import Books, audit
from tanlian.services.chain_clock import ChainClock, FileClock, MovedClock
from tanlian.services.consortium import Candidate, Consortium, Member
from tanlian.services.eutl_files import Selection
from tanlian.services.eutl_import import RULES as TRADING_RULES
from tanlian.services.eutl_import import candidate_of, institution
from tanlian.services.narration import Narrator
from tanlian.services.run_chain import chain_of, is_own_chain
from tanlian.services.run_folder import RunFolder, open_consortium
from tanlian.services.session_run import SessionRun, Tally
from tanlian.services.session_terms import Clock, SessionTerms, terms_of
from tanlian.services.year_acts import DAY, OBJECTION_SECONDS, Emitting, YearActs, start_of
from tanlian.services.year_data import emitters_of
from tanlian.services.year_outcome import ChainYear, read_outcome

VERIFIERS = 3
CHECKED_AT_ONCE = 7  # within MOST_GAS_IN_A_CALL
GAS_OF_A_CHECK = 2_000_000  # one organisation looked at, with every case that it can open
DOCUMENT = document_hash(b"allocation of a simulated year")


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of the year on the chain: how many transactions, how much gas, how long."""

    name: str
    transactions: int
    gas: int
    seconds: float


@dataclass(frozen=True, slots=True)
class YearOnChain:
    """What a run came to: everyone's outcome as the chain has it, the books, and what it cost."""

    outcome: ChainYear
    books: Books
    stages: list[Stage]

    @property
    def gas_per_member(self) -> int:
        """Gas of the members' year without deployment and opening, which cost the same for any."""
        gas = sum(stage.gas for stage in self.stages if stage.name != OPENING)
        return gas // len(self.outcome.members)


OPENING = "deployment and opening"


@dataclass(slots=True)
class YearRun:
    """One year on one new chain; `perform` goes through it."""

    consortium: Consortium
    clock: ChainClock
    folder: RunFolder
    rules: YearRules
    drawn: DrawnYear
    stages: list[Stage] = field(default_factory=list)
    emitting: list[Emitting] = field(default_factory=list)

    @property
    def period(self) -> int:
        return self.rules.profile.period

    @property
    def instrument(self) -> int:
        return allowance(self.period).token_id

    def perform(self, selection: Selection) -> ChainYear:
        """Take the selected installations through the year and read what became of them."""
        profile = self.rules.profile
        with self._stage(OPENING):
            verifiers = self._verifiers()
            exchange = institution(self.consortium, self.folder, "exchange", Role.EXCHANGE)
            bank = institution(self.consortium, self.folder, "bank", Role.BANK)
            acts = YearActs(self.consortium, profile, verifiers)
            acts.open()
        with self._stage("admission and allocation"):
            self._admit(selection)
            allocations = [(e.member, e.allocation_t) for e in self.emitting]
            self.consortium.plan(self.period, allocations, "simulated year")
            self.consortium.allocate(self.period, allocations, DOCUMENT)
        with self._stage("monitoring"):
            acts.equip(self.emitting)
            self.clock.move_to(start_of(self.period + 1))
            acts.monitor(self.emitting)
        with self._stage("reports and verification"):
            acts.report_and_verify(self.emitting)
        with self._stage("trade"):
            self.clock.move_to(self.clock.now() + OBJECTION_SECONDS)
            self._trade(exchange, bank)
        with self._stage("surrender"):
            self._surrender()
        with self._stage("check and rating"):
            self.clock.move_to(profile.end_of_day("surrender_deadline") + DAY)
            round_id = self._check()
        with self._stage("penalties"):
            self.clock.move_to(self.clock.now() + self.rules.incentives.appeal_seconds + 1)
            self._settle()
        return read_outcome(
            self.consortium.access.contracts, [e.member for e in self.emitting], self.period,
            round_id,
        )  # fmt: skip

    # -- the steps ---------------------------------------------------------------------------------

    def _verifiers(self) -> list[Member]:
        return self.consortium.admit(
            [
                Candidate(
                    f"simulation:verifier {number}", f"Verifier {number}", Role.VERIFIER, 0, 0,
                    self.folder.key(f"verifier/{number}"),
                )
                for number in range(1, VERIFIERS + 1)
            ]
        )  # fmt: skip

    def _admit(self, selection: Selection) -> None:
        candidates = [candidate_of(one, self.folder) for one in selection.members]
        members = self.consortium.admit(candidates)
        for member, emitter, declared_t in zip(
            members, emitters_of(selection), self.drawn.declared_t, strict=True
        ):
            number = member.organisation
            self.emitting.append(
                Emitting(
                    member,
                    self.folder.key(f"gateway/{number}"),
                    self.folder.key(f"meter/{number}"),
                    emitter.allocation_t,
                    declared_t,
                    emitter.verified_t,
                )
            )

    def _trade(self, exchange: Member, bank: Member) -> None:
        consortium, members = self.consortium, [e.member for e in self.emitting]
        lots: dict[tuple[int, Side], int] = {}
        for quote in self.drawn.quotes:
            lots[quote.member, quote.side] = (
                lots.get((quote.member, quote.side), 0) + quote.quantity_t
            )
        highest = self.rules.prices.highest_ticks * MICRO_YUAN_PER_TICK
        buyers = [(members[m], n * highest) for (m, side), n in lots.items() if side is Side.BUY]
        sellers = [(members[m], n) for (m, side), n in lots.items() if side is Side.SELL]
        consortium.list_instrument(exchange, self.instrument)
        consortium.issue_money(bank, buyers, f"simulated-year-{self.period}")
        consortium.deposit_units(self.instrument, sellers)
        consortium.deposit_money(self.instrument, buyers)
        run = SessionRun.announced(consortium, exchange, self._terms())
        self.clock.move_to(run.terms.opens_at)
        # in the drawn order, each by its owner: equal prices are served in the order of arrival
        tally = Tally()
        for some in _without_equals(self.drawn.quotes):
            tally += run.place_own(
                [
                    (
                        members[quote.member],
                        [
                            Quote(
                                quote.side is Side.BUY,
                                Ticks(quote.price_ticks),
                                Lots(quote.quantity_t),
                            )
                        ],
                    )
                    for quote in some
                ]
            )
        if tally.refused:
            raise InvalidInput(
                f"{len(tally.refused)} quotes of the year were refused: {tally.refused[0]}.",
                refused=tally.refused,
            )
        self.clock.move_to(run.terms.auction_ends_at)
        run.clear()
        self.clock.move_to(run.terms.closes_at)
        run.close()
        consortium.withdraw_all(self.instrument, members)

    def _terms(self) -> SessionTerms:
        now = self.clock.now()
        clock = Clock(*(now + hours * 3_600 for hours in (1, 24, 25, 26, 27)))
        return terms_of(
            TRADING_RULES,
            instrument=self.instrument,
            clock=clock,
            reference_tick=self.rules.prices.middle_ticks,
            buy_roles=int(Role.EMITTER),
            sell_roles=int(Role.EMITTER),
            next_day_sale=False,
        )

    def _surrender(self) -> None:
        contracts = self.consortium.access.contracts
        ledger, compliance = contracts.ledger, contracts["compliance"]
        members = [e.member for e in self.emitting]
        held = contracts.read_many(
            ledger.reading("holding", m.organisation, self.instrument) for m in members
        )
        duties = contracts.read_many(
            compliance.reading("duty", m.organisation, self.period) for m in members
        )
        acts = []
        for member, holding, duty in zip(members, held, duties, strict=True):
            # whole units: the register counts kilograms, a duty is in tonnes
            amount = min(holding // KG_PER_TONNE * KG_PER_TONNE, duty.outstanding_kg)
            if amount:
                items = [(self.instrument, amount)]
                acts.append(Act(member.key, compliance.call("surrender", self.period, items)))
        self._by_members("surrender", acts)

    def _check(self) -> int:
        contracts, regulator = self.consortium.access.contracts, self.consortium.regulator
        check = contracts["periodic_check"]
        self.consortium.access.act(
            regulator, "periodic_check", "open_round", int(CheckKind.YEAR), self.period, 1
        )
        round_id = int(check.read("round_of", int(CheckKind.YEAR), self.period, 1))
        gas = GAS_OF_A_CHECK * CHECKED_AT_ONCE
        call = check.call("advance", round_id, CHECKED_AT_ONCE, gas=gas)
        with self.consortium.narrator.progress("the yearly check") as advance:
            while not (state := check.read("round", round_id)).finished_at:
                regulator.send(call)
                walked = state.member_count * int(state.on_verifiers) + state.cursor
                advance(walked, 2 * state.member_count)
        return round_id

    def _settle(self) -> None:
        contracts, regulator = self.consortium.access.contracts, self.consortium.regulator
        incentives = contracts["incentives"]
        count = int(incentives.read("case_count"))
        cases = contracts.read_many(
            incentives.reading("case", number) for number in range(1, count + 1)
        )
        calls = [
            incentives.call("settle", number)
            for number, case in enumerate(cases, start=1)
            if case.appeal_until and case.appeal_until < self.clock.now()
        ]
        with self.consortium.narrator.progress("penalties deducted") as advance:
            for outcome in regulator.send_many(calls, progress=advance):
                outcome.unwrap()

    def _by_members(self, title: str, acts: Sequence[Act]) -> None:
        with self.consortium.narrator.progress(title) as advance:
            self.consortium.crowd.send_all(acts, progress=advance)

    @contextmanager
    def _stage(self, name: str) -> Iterator[None]:
        self.consortium.narrator.section(name.capitalize())
        connection = self.consortium.access.connection
        first = 1 if name == OPENING else connection.head() + 1
        since = time.monotonic()
        yield
        seconds = time.monotonic() - since
        transactions, gas = _used(connection, first, connection.head())
        self.stages.append(Stage(name, transactions, gas, seconds))


def run_year(
    data: Path,
    rules: YearRules,
    selection: Selection,
    narrator: Narrator,
    *,
    target: Target | None = None,
    clock_file: Path | None = None,
) -> YearOnChain:
    """Run the selection's year on a new chain, and audit its books.

    Without `target` that is an embedded chain in the folder. On a network the folder holds keys and
    book; `clock_file` is the file from which its machines take the time.

    Raises:
        InvalidInput: the folder holds a year already, or a network is named without its clock.
        AllocationRefused, ContractRefused: an act that the year needs was refused.
    """
    target = target or Target()
    folder = RunFolder(data)
    if folder.chain.exists() or folder.book.exists():
        raise InvalidInput(
            f"{data} holds a chain already; a simulated year begins on a new one. Name another "
            "folder, or none for one that is removed afterwards.",
            folder=str(data),
        )
    if not is_own_chain(target) and clock_file is None:
        raise InvalidInput(
            "A year takes more than a year on a network whose clocks are right. Name the file from "
            "which the machines of a trial network take the time: --clock-file.",
        )
    folder.prepare()
    with chain_of(folder, target, narrator, development=True) as market:
        connection = connect(folder.network(market))
        clock: ChainClock = (
            MovedClock(connection) if clock_file is None else FileClock(connection, clock_file)
        )
        clock.move_to(start_of(rules.profile.period) + DAY)
        consortium = open_consortium(folder, market, narrator)
        drawn = draw_year(emitters_of(selection), rules)
        run = YearRun(consortium, clock, folder, rules, drawn)
        outcome = run.perform(selection)
        narrator.section("Reconciliation")
        return YearOnChain(outcome, audit(consortium.access.contracts), run.stages)


def _without_equals(quotes: Sequence[DrawnQuote]) -> Iterator[list[DrawnQuote]]:
    """Cut quotes, in their order, so that no piece has two of one side and price.

    A piece is sent at once, and a network may seal what came at once in any order.
    """
    piece: list[DrawnQuote] = []
    seen: set[tuple[Side, int]] = set()
    for quote in quotes:
        if (quote.side, quote.price_ticks) in seen:
            yield piece
            piece, seen = [], set()
        piece.append(quote)
        seen.add((quote.side, quote.price_ticks))
    if piece:
        yield piece


def _used(connection: Connection, first: int, last: int) -> tuple[int, int]:
    """Count the transactions and the gas of a range of blocks, both ends included."""
    transactions = gas = 0
    for numbers in chunks(range(first, last + 1), 200):
        asked = [("eth_getBlockByNumber", [hex(number), False]) for number in numbers]
        for answer in connection.batch(asked):
            block = result_of(answer)
            transactions += len(block["transactions"])
            gas += quantity(block["gasUsed"])
    return transactions, gas
