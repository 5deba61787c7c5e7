"""Real installations of one year in the market: admitted, allocated, traded, reconciled.

Buyers and sellers follow from allocation minus verified emissions; limit prices are drawn around
the day's price from the stated seed, because what anyone would have paid is not published.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from random import Random

from tanlian.chain.crowd import Act
from tanlian.domain.audit.brute_force import Standing
from tanlian.domain.audit.sessions import Session
from tanlian.domain.errors import TanlianError
from tanlian.domain.instrument import allowance
from tanlian.domain.profiles import profile
from tanlian.domain.quotes import Quote
from tanlian.domain.roles import Role
from tanlian.domain.trading_need import Need, PriceRange, Side, draw_quotes, need
from tanlian.domain.units import MICRO_YUAN_PER_TICK, Lots, Ticks, show_price
from tanlian.services.auditing import Books, audit
from tanlian.services.consortium import Candidate, Consortium, Member
from tanlian.services.eutl_files import Reported, Selection
from tanlian.services.price_files import DayPrice
from tanlian.services.report.figures import thousands
from tanlian.services.run_folder import RunFolder
from tanlian.services.session_run import Pace, SessionRun, Tally
from tanlian.services.session_terms import terms_of

RULES = "eu_market_2020"
LONGEST_NAME_BYTES = 96  # what the register keeps
SLOWEST_PACE = 40.0  # acts a second, where none was measured
CLEARED_A_SECOND = 150  # orders, with room for a busy machine
ROOM = 3  # stages are that many times as long as the acts in them should take


class ImportedAlready(TanlianError):
    """If the year's instrument was traded on this chain, importing it again would mix two runs."""

    code = "imported_already"


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """What is imported, and how it is traded."""

    registry: str
    year: int
    seed: int
    price: DayPrice
    spread_per_mille: int = 60
    parts: int = 3
    held_back_per_mille: int = 100  # of a surplus, sold in stage two
    pace: int = 1

    @property
    def instrument(self) -> int:
        return allowance(self.year).token_id

    @property
    def name(self) -> str:
        return f"{self.registry}-{self.year}"


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import came to."""

    session: int
    names: dict[int, str]
    buyers: int
    sellers: int
    quotes: Tally
    books: Books
    seconds: dict[str, float]


@dataclass(slots=True)
class Trader:
    """An installation in the market."""

    member: Member
    reported: Reported
    need: Need | None
    quotes: list[Quote] = field(default_factory=list)
    held_back: int = 0


@dataclass(slots=True)
class EutlImport:
    """One import on one chain; `perform` goes through it."""

    consortium: Consortium
    folder: RunFolder
    plan: ImportPlan
    exchange: Member
    bank: Member
    traders: list[Trader] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    _since: float = field(default_factory=time.monotonic)

    def perform(self, selection: Selection) -> Imported:
        """Bring the selection into the market and trade it through both stages.

        Raises:
            ImportedAlready: the year was traded on this chain before.
        """
        narrator = self.consortium.narrator
        self._check_fresh()
        narrator.section(f"Members: {len(selection.members)} installations")
        self._admit(selection.members)
        self._mark("members")
        narrator.section("Allocation, money, deposits")
        self._equip()
        self._mark("deposits")
        run, tally = self._stage_one()
        self._mark("stage one")
        session = audit(self.consortium.access.contracts, confirm=False).session(run.number)
        narrator.say(
            f"Stage one: {len(session.trades)} pairs, {thousands(session.volume_lots)} t of "
            f"{self._demand()}."
        )
        self._stage_two(run, session)
        run.wait_until(run.terms.closes_at, "until the session closes")
        run.close()
        close = self.consortium.access.contracts.market.read("closing_tick", self.plan.instrument)
        narrator.say(f"Closed at {show_price(close)}.")
        self.consortium.withdraw_all(self.plan.instrument, [t.member for t in self.traders])
        self._mark("stage two and close")
        narrator.section("Reconciliation")
        books = audit(self.consortium.access.contracts)
        self._mark("reconciliation")
        return Imported(
            session=run.number,
            names={t.member.organisation: t.member.name for t in self.traders},
            buyers=sum(1 for t in self.traders if t.need and t.need.side is Side.BUY),
            sellers=sum(1 for t in self.traders if t.need and t.need.side is Side.SELL),
            quotes=tally,
            books=books,
            seconds=self.seconds,
        )

    def _check_fresh(self) -> None:
        """Refuse a year that has a session; an import interrupted before it goes on."""
        market = self.consortium.access.contracts.market
        instrument = self.plan.instrument
        live = market.read("live_session", instrument)
        if live or market.read("closing_tick", instrument):
            where = f"session {live} of it is open" if live else "its session is closed"
            raise ImportedAlready(
                f"{allowance(self.plan.year).symbol} was traded on this chain already ({where}): "
                f"the year {self.plan.year} can be imported once. Use another --data or chain.",
                year=self.plan.year,
            )

    def _admit(self, reported: Sequence[Reported]) -> None:
        members = self.consortium.admit([candidate_of(one, self.folder) for one in reported])
        for member, one in zip(members, reported, strict=True):
            assert one.year.verified_t is not None
            wanted = need(one.year.allocation_t, one.year.verified_t)
            self.traders.append(Trader(member, one, wanted))

    def _equip(self) -> None:
        plan, consortium = self.plan, self.consortium
        allocations = [(t.member, t.reported.year.allocation_t) for t in self.traders]
        # the document that the allocations cite: the hash over the hashes of all their rows
        document = sha256(b"".join(t.reported.year.basis for t in self.traders)).digest()
        consortium.plan(plan.year, allocations, f"EUTL {plan.name}")
        consortium.allocate(plan.year, allocations, document)
        consortium.list_instrument(self.exchange, plan.instrument)
        self._draw()
        high = self._prices().highest_ticks
        buyers = [
            (t.member, sum(q.lots for q in t.quotes) * high * MICRO_YUAN_PER_TICK)
            for t in self.traders
            if t.need and t.need.side is Side.BUY
        ]
        sellers = [
            (t.member, t.need.quantity_t)
            for t in self.traders
            if t.need and t.need.side is Side.SELL
        ]
        consortium.issue_money(self.bank, buyers, f"eutl-{plan.name}")
        consortium.deposit_units(plan.instrument, sellers)
        consortium.deposit_money(plan.instrument, buyers)

    def _prices(self) -> PriceRange:
        return price_range(self.plan.price.price_ticks, self.plan.spread_per_mille)

    def _draw(self) -> None:
        needs = []
        for trader in self.traders:
            wanted = trader.need
            if wanted is not None and wanted.side is Side.SELL:
                trader.held_back = wanted.quantity_t * self.plan.held_back_per_mille // 1000
                wanted = Need(Side.SELL, wanted.quantity_t - trader.held_back)
            needs.append(wanted)
        drawn = draw_quotes(
            needs,
            self._prices(),
            seed=self.plan.seed,
            most_t=_figure("max_order_lots"),
            parts=self.plan.parts,
        )
        for quote in drawn:
            self.traders[quote.member].quotes.append(
                Quote(quote.side is Side.BUY, Ticks(quote.price_ticks), Lots(quote.quantity_t))
            )

    def _stage_one(self) -> tuple[SessionRun, Tally]:
        consortium, narrator = self.consortium, self.consortium.narrator
        quoting = [(t.member, t.quotes) for t in self.traders if t.quotes]
        count = sum(len(quotes) for _, quotes in quoting)
        connection = consortium.access.connection
        terms = terms_of(
            RULES,
            instrument=self.plan.instrument,
            clock=self._pace(count).clock(connection.now()),
            reference_tick=self.plan.price.price_ticks,
            buy_roles=int(Role.EMITTER),
            sell_roles=int(Role.EMITTER),
            next_day_sale=False,
        )
        run = SessionRun.announced(consortium, self.exchange, terms)
        narrator.section(f"Stage one of session {run.number}: {thousands(count)} quotes")
        run.wait_until(run.terms.opens_at, "until the session opens")
        tally = run.place_own(quoting[::3])
        tally += run.place_many(quoting[1::3])
        tally += run.relay(quoting[2::3], run.terms.auction_ends_at)
        narrator.say(f"{thousands(tally.placed)} quotes stand, {len(tally.refused)} refused.")
        if tally.refused:
            narrator.say(f"The first refusal: {tally.refused[0]}. A longer --pace gives more time.")
        run.wait_until(run.terms.auction_ends_at, "until the auction ends")
        run.clear()
        return run, tally

    def _pace(self, quotes: int) -> Pace:
        rate = max(self.consortium.crowd.pace, SLOWEST_PACE)
        quoting = 6 + int(quotes / rate) * ROOM
        sellers = sum(1 for trader in self.traders if trader.held_back)
        continuous = 8 + quotes // CLEARED_A_SECOND + int(sellers / rate) * ROOM
        return Pace(quoting=quoting, additions=1, continuous=continuous, payment=1).slower(
            self.plan.pace
        )

    def _stage_two(self, run: SessionRun, session: Session) -> None:
        """Sellers sell what they kept back, and re-price or withdraw what was left."""
        # not for secrets: the seed is stated so that anyone can repeat the run
        random = Random(self.plan.seed + 1)  # noqa: S311
        bids = [order for order in session.book.values() if order.buy]
        by_id = {t.member.organisation: t for t in self.traders}
        acts: list[Act] = []
        for order in session.book.values():
            if not order.buy:
                acts += self._decide(run, by_id[order.organisation].member, order, random)
        for trader in self.traders:
            if not trader.held_back or not bids:
                continue
            if random.random() < 0.5:
                acts.append(run.trade_market(trader.member, buy=False, lots=trader.held_back))
            else:
                tick = self._prices().draw(random)
                quote = Quote(False, Ticks(tick), Lots(trader.held_back))
                acts.append(run.trade_limit(trader.member, quote))
        self.consortium.narrator.section("Stage two: peer to peer")
        with self.consortium.narrator.progress("limit and market orders") as advance:
            outcomes = self.consortium.crowd.send(acts, progress=advance)
        refused = [o.error.user_message for o in outcomes if o.error is not None]
        words = f"{len(acts) - len(refused)} acts taken, {len(refused)} refused"
        self.consortium.narrator.say(words + (f"; the first: {refused[0]}" if refused else "."))

    def _decide(
        self, run: SessionRun, member: Member, order: Standing, random: Random
    ) -> list[Act]:
        order_id = run.number << 43 | int(order.buy) << 42 | order.tick << 22 | order.position
        choice = random.randrange(3)
        if choice == 0:
            return [run.cancel(member, order_id)]
        if choice == 1:
            lower = max(self._prices().lowest_ticks, self._prices().middle_ticks - order.tick // 50)
            return [run.amend(member, order_id, lower, order.lots)]
        return []

    def _demand(self) -> str:
        wanted = dict.fromkeys(Side, 0)
        for trader in self.traders:
            for quote in trader.quotes:
                wanted[Side.BUY if quote.buy else Side.SELL] += quote.lots
        return f"{thousands(wanted[Side.BUY])} t wanted and {thousands(wanted[Side.SELL])} t asked"

    def _mark(self, name: str) -> None:
        now = time.monotonic()
        self.seconds[name] = now - self._since
        self._since = now


def price_range(middle_ticks: int, spread_per_mille: int) -> PriceRange:
    """Return where prices are drawn around the day's: within the band of the trading rules."""
    distance = middle_ticks * _figure("band_bps") // 10_000
    spread = middle_ticks * spread_per_mille // 1000
    return PriceRange(middle_ticks, spread, middle_ticks - distance, middle_ticks + distance)


def candidate_of(reported: Reported, folder: RunFolder) -> Candidate:
    """Return an installation as an organisation to be admitted, with its key of the folder."""
    installation = reported.installation
    name = f"{installation.installation_id} {installation.name}"
    return Candidate(
        identity=f"eutl:{installation.installation_id}",
        name=_short(name, LONGEST_NAME_BYTES),
        role=Role.EMITTER,
        sector=installation.activity_code,
        region=installation.region,
        key=folder.key(f"eutl/{installation.installation_id}"),
    )


def institution(consortium: Consortium, folder: RunFolder, alias: str, role: Role) -> Member:
    """Return the exchange or the bank of a chain, admitting it where nobody is it yet."""
    key = folder.key(alias)
    membership = consortium.access.contracts.membership
    organisation = membership.read("organisation_of", key.address)
    if organisation:
        return Member(int(organisation), alias, role, 0, key)
    name = f"Import {alias}"
    return consortium.admit([Candidate(f"import:{alias}", name, role, 0, 0, key)])[0]


def _short(text: str, most_bytes: int) -> str:
    """Cut a name to what the register keeps, never inside a character."""
    return text.encode()[:most_bytes].decode(errors="ignore")


def _figure(name: str) -> int:
    jurisdiction, _, year = RULES.rpartition("_")
    return int(profile(jurisdiction, int(year)).figure(name).value)
