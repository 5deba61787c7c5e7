"""The demonstration: a small generated consortium trades through both stages, on margin too.

Each run is one compliance year on the folder's chain: the first one 2024, the next one 2025, with
the members that are there, new allocations and new emissions. Everything drawn comes from the seed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from tanlian.chain.crowd import Act
from tanlian.domain import demonstration as generated
from tanlian.domain.audit.brute_force import Standing
from tanlian.domain.audit.sessions import Session
from tanlian.domain.instrument import allowance
from tanlian.domain.profiles import profile
from tanlian.domain.quotes import Quote
from tanlian.domain.roles import Role
from tanlian.domain.trading_need import Need, PriceRange, Side, draw_quotes, need
from tanlian.domain.units import (
    KILOGRAMS_PER_LOT,
    MICRO_YUAN_PER_TICK,
    Lots,
    Ticks,
    show_price,
    show_yuan,
)
from tanlian.services.auditing import audit
from tanlian.services.consortium import Candidate, Consortium, Member
from tanlian.services.market_parts import part_with
from tanlian.services.protocol import REGULATOR_ID
from tanlian.services.report.figures import thousands
from tanlian.services.reporting_year.stage import Emitter, Stage
from tanlian.services.reporting_year.year import ReportingYear
from tanlian.services.run_folder import RunFolder
from tanlian.services.session_run import Pace, SessionRun, Tally, TooSlow
from tanlian.services.session_terms import PHASES, terms_of

RULES = "cn_market_2021"
FIRST_YEAR = 2024
PACE = Pace(quoting=8, additions=2, continuous=9, payment=3)
MARGIN_PACE = Pace(quoting=4, additions=1, continuous=3, payment=2)
PARTS = 4  # quotes a member splits its need into
SPREAD_PER_MILLE = 40  # greatest distance of a drawn price from the day's
FEW_STEPS = 8  # so that the clearing takes several calls: the result does not depend on the cut
MARGIN_LOTS = 1_000
SPARE_LOTS = 2 * MARGIN_LOTS  # what a seller keeps back for the session on margin


@dataclass(slots=True)
class Trader:
    """A member with what it needs and what it quotes."""

    member: Member
    party: generated.Party
    need: Need | None
    quotes: list[Quote] = field(default_factory=list)

    @property
    def buys(self) -> bool:
        return self.need is not None and self.need.side is Side.BUY


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the report needs to know of a run beside the chain."""

    year: int
    seed: int
    instrument: int
    sessions: tuple[int, ...]
    names: dict[int, str]
    members: tuple[Member, ...]  # one or two of each role, for whom people sit at the desks


@dataclass(slots=True)
class Demonstration:
    """One run; `perform` goes through it from beginning to end."""

    folder: RunFolder
    consortium: Consortium
    year: int
    seed: int
    pace: int = 1
    traders: list[Trader] = field(default_factory=list)
    exchange: Member = field(init=False)
    bank: Member = field(init=False)
    observer: Member = field(init=False)
    verifiers: list[Member] = field(init=False)
    sessions: list[int] = field(default_factory=list)
    block: tuple[Member, Member] | None = None  # buyer and seller with enough for a block

    @property
    def instrument(self) -> int:
        return allowance(self.year).token_id

    @property
    def reference_tick(self) -> int:
        """The day's price: the last close of the year before, else the rules' first one."""
        before = allowance(self.year - 1).token_id
        tick = self.consortium.access.contracts.market.read("closing_tick", before)
        return int(tick) or int(_figure("reference_tick"))

    def perform(self, members: int) -> Outcome:
        """Set the consortium up, run both sessions, take everything home."""
        self._gather(members)
        self._equip()
        self._first_session()
        self._margin_session()
        self.consortium.narrator.section("收尾 Everything goes home")
        self.consortium.withdraw_all(self.instrument, [t.member for t in self.traders])
        self._report()
        names = {t.member.organisation: t.member.name for t in self.traders}
        seated = (
            self._regulator(),
            *(t.member for t in self.traders[:2]),
            self.verifiers[0],
            self.exchange,
            self.bank,
            self.observer,
        )
        return Outcome(self.year, self.seed, self.instrument, tuple(self.sessions), names, seated)

    # -- setting up --------------------------------------------------------------------------------

    def _gather(self, count: int) -> None:
        narrator = self.consortium.narrator
        narrator.section(f"联盟 The consortium, compliance year {self.year}")
        institutions = generated.institutions()[1:]  # the register founded the regulator
        parties = generated.emitters(count, self.seed, self.year)
        members = self.consortium.admit(
            [self._candidate(party, party.alias) for party in institutions]
            # another seed is another consortium, also on the same chain
            + [self._candidate(party, f"{self.seed}/{party.alias}") for party in parties]
            + [self._candidate(generated.OBSERVER, generated.OBSERVER.alias)]
        )
        aliases = [p.alias for p in [*institutions, *parties, generated.OBSERVER]]
        named = dict(zip(aliases, members, strict=True))
        self.observer = named[generated.OBSERVER.alias]
        self.exchange, self.bank = named["exchange"], named["bank"]
        self.verifiers = [m for m in members if m.role is Role.VERIFIER]
        self.traders = [
            Trader(named[p.alias], p, need(p.allocation_t, p.verified_t)) for p in parties
        ]
        narrator.table(
            "重点排放单位 Emitters (t CO2e)",
            ["名称 name", "配额 allocation", "核查排放 verified", "盈缺 balance"],
            [
                [
                    t.member.name,
                    thousands(t.party.allocation_t),
                    thousands(t.party.verified_t),
                    f"{t.party.allocation_t - t.party.verified_t:+,}",
                ]
                for t in self.traders
            ],
        )

    def _candidate(self, party: generated.Party, alias: str) -> Candidate:
        return Candidate(
            identity=f"demonstration:{alias}",
            name=party.name,
            role=party.role,
            sector=party.sector,
            region=party.region,
            key=self.folder.key(alias),
        )

    def _equip(self) -> None:
        consortium = self.consortium
        consortium.narrator.section("分配与入金 Allocation, money, deposits")
        allocations = [(t.member, t.party.allocation_t) for t in self.traders]
        text = f"demonstration plan {self.year}, seed {self.seed}"
        consortium.plan(self.year, allocations, text)
        consortium.allocate(self.year, allocations, sha256(text.encode()).digest())
        consortium.list_instrument(self.exchange, self.instrument)
        self._draw()
        sellers = [(t.member, _lots(t) + self._kept(t)) for t in self.traders if not t.buys]
        buyers = [
            (t.member, (_lots(t) + self._kept(t)) * self._band()[1] * MICRO_YUAN_PER_TICK)
            for t in self.traders
            if t.buys
        ]
        consortium.issue_money(self.bank, buyers, f"demo-{self.year}")
        consortium.deposit_units(self.instrument, sellers)
        consortium.deposit_money(self.instrument, buyers)

    def _draw(self) -> None:
        low, high = self._band()
        middle = self.reference_tick
        prices = PriceRange(middle, middle * SPREAD_PER_MILLE // 1000, low, high)
        self._find_block()
        needs = [_left(t.need, self._kept(t)) for t in self.traders]
        drawn = draw_quotes(
            needs, prices, seed=self.seed + self.year, most_t=_figure("max_order_lots"), parts=PARTS
        )
        for quote in drawn:
            trader = self.traders[quote.member]
            trader.quotes.append(
                Quote(quote.side is Side.BUY, Ticks(quote.price_ticks), Lots(quote.quantity_t))
            )

    def _find_block(self) -> None:
        """The member that lacks most and the one that has most left trade a block, if they can."""
        enough = _figure("block_min_lots") + SPARE_LOTS
        able = {
            buys: [t for t in self.traders if t.buys is buys and t.need and _tonnes(t) > enough]
            for buys in (True, False)
        }
        if able[True] and able[False]:
            buyer, seller = (max(able[buys], key=_tonnes) for buys in (True, False))
            self.block = (buyer.member, seller.member)

    def _kept(self, trader: Trader) -> int:
        """What a member keeps back from stage one, in lots."""
        in_block = self.block is not None and trader.member in self.block
        return SPARE_LOTS + (_figure("block_min_lots") if in_block else 0)

    def _band(self) -> tuple[int, int]:
        reference = self.reference_tick
        distance = reference * _figure("band_bps") // 10_000
        return reference - distance, reference + distance

    # -- the session with full funding -------------------------------------------------------------

    def _first_session(self) -> None:
        narrator = self.consortium.narrator
        run = self._announce(PACE, margin_bps=None)
        narrator.section(f"第一阶段 Stage one of session {run.number}: double auction")
        run.wait_until(run.terms.opens_at, "until the session opens")
        self._quote(run)
        self._change_minds(run)
        run.wait_until(run.terms.auction_ends_at, "until the auction ends")
        calls = run.clear(FEW_STEPS)
        session = self._read(run)
        narrator.say(
            f"Cleared in {calls} calls: {len(session.trades)} pairs, "
            f"{thousands(session.volume_lots)} t."
        )
        narrator.section(f"第二阶段 Stage two of session {run.number}: peer to peer")
        self._trade_on(run, session)
        self._trade_block(run)
        run.wait_until(run.terms.closes_at, "until the session closes")
        run.close()
        self._tell_close(run)

    def _announce(self, pace: Pace, *, margin_bps: int | None) -> SessionRun:
        connection = self.consortium.access.connection
        last = self.consortium.access.contracts.market.read("closing_tick", self.instrument)
        terms = terms_of(
            RULES,
            instrument=self.instrument,
            clock=pace.slower(self.pace).clock(connection.now()),
            reference_tick=0 if last else self.reference_tick,
            buy_roles=int(Role.EMITTER),
            sell_roles=int(Role.EMITTER),
            next_day_sale=True,
            margin_bps=margin_bps,
        )
        run = SessionRun.announced(self.consortium, self.exchange, terms)
        self.sessions.append(run.number)
        self.consortium.narrator.say(
            f"Session {run.number} of {allowance(self.year).symbol} announced: reference "
            f"{show_price(run.terms.reference_tick)}, margin {run.terms.margin_bps / 100:g} %."
        )
        return run

    def _quote(self, run: SessionRun) -> None:
        """A third each: in own transactions, many at once, signed and relayed."""
        quoting = [(t.member, t.quotes) for t in self.traders if t.quotes]
        tally = Tally()
        tally += run.place_own(quoting[::3])
        tally += run.place_many(quoting[1::3])
        tally += run.relay(quoting[2::3], run.terms.auction_ends_at)
        self.consortium.narrator.say(f"{tally.placed} quotes stand, {len(tally.refused)} refused.")
        outside = Quote(True, Ticks(run.terms.reference_tick * 2), Lots(1))
        buyer = next(t.member for t in self.traders if t.buys)
        refused = run.place_own([(buyer, [outside])])
        self.consortium.narrator.say(f"A quote at twice the price: {refused.refused[0]}")

    def _change_minds(self, run: SessionRun) -> None:
        """Before the cut-off one member cancels a quote and another one lowers its price."""
        session = self._read(run)
        sells = [order for order in session.book.values() if not order.buy]
        buys = [order for order in session.book.values() if order.buy]
        if not sells or not buys:
            raise TooSlow(
                f"Session {run.number} was over before the members had quoted; this machine is "
                "busy. Run it again with a greater --pace: nothing is lost.",
                session=run.number,
            )
        acts = [
            run.cancel(self._member(buys[-1]), _order_id(run, buys[-1])),
            run.amend(
                self._member(sells[-1]), _order_id(run, sells[-1]), sells[-1].tick - 1,
                sells[-1].lots,
            ),
        ]  # fmt: skip
        self._act(acts, ["a buyer cancels a quote", "a seller lowers a price by a tick"])

    def _trade_on(self, run: SessionRun, session: Session) -> None:
        """Sellers re-price, sell at market or withdraw; a buyer takes what is asked."""
        asks = sorted(
            (order for order in session.book.values() if not order.buy), key=lambda o: o.tick
        )
        bids = sorted(
            (order for order in session.book.values() if order.buy), key=lambda o: -o.tick
        )
        acts: list[Act] = []
        words: list[str] = []
        if asks and bids:
            best = bids[0]
            lots = min(asks[0].lots, best.lots)
            acts.append(
                run.amend(self._member(asks[0]), _order_id(run, asks[0]), best.tick, asks[0].lots)
            )
            words.append(f"a seller re-prices {lots} t to the best bid, {show_price(best.tick)}")
        if len(asks) > 1:
            buyer = self._member(bids[-1]) if bids else self._idle_buyer(session)
            lots = min(asks[1].lots, MARGIN_LOTS)
            acts.append(run.trade_market(buyer, buy=True, lots=lots))
            words.append(f"a buyer takes {lots} t at market")
            acts.append(run.trade_limit(buyer, Quote(True, Ticks(asks[1].tick), Lots(lots))))
            words.append(f"a buyer takes {lots} t up to {show_price(asks[1].tick)}")
        if len(asks) > 2:
            acts.append(run.cancel(self._member(asks[-1]), _order_id(run, asks[-1])))
            words.append("a seller withdraws")
        self._act(acts, words)

    def _trade_block(self, run: SessionRun) -> None:
        """Two named members agree on a large quantity outside of the book."""
        if self.block is None:
            return
        buyer, seller = self.block
        desk = part_with(self.consortium.access.contracts, "propose")
        lots = _figure("block_min_lots")
        tick = run.terms.reference_tick * 101 // 100
        propose = desk.call(
            "propose",
            run.number,
            seller.organisation,
            True,
            tick * MICRO_YUAN_PER_TICK,
            lots * KILOGRAMS_PER_LOT,
            run.terms.closes_at,
            gas=1_000_000,
        )
        words = f"{buyer.name} proposes a block of {thousands(lots)} t at {show_price(tick)}"
        self._act([Act(buyer.key, propose)], [words])
        accept = desk.call("accept", desk.read("proposal_count"), gas=2_000_000)
        self._act([Act(seller.key, accept)], [f"{seller.name} accepts it"])

    # -- the session on margin ---------------------------------------------------------------------

    def _margin_session(self) -> None:
        narrator = self.consortium.narrator
        run = self._announce(MARGIN_PACE, margin_bps=_figure("paper_margin_bps"))
        narrator.section(f"保证金 Session {run.number} on margin: one pays, one does not")
        buyers = [t.member for t in self.traders if t.buys][:2]
        sellers = [t.member for t in self.traders if not t.buys][:2]
        tick = run.terms.reference_tick
        sides = ((True, buyers, tick + 1), (False, sellers, tick))
        run.wait_until(run.terms.opens_at, "until the session opens")
        tally = run.place_own(
            [
                (member, [Quote(buy, Ticks(price), Lots(MARGIN_LOTS))])
                for buy, members, price in sides
                for member in members
            ]
        )
        run.wait_until(run.terms.auction_ends_at, "until the auction ends")
        run.clear()
        session = self._read(run)
        debts = [(trade.fill.obligation, trade.fill.buyer) for trade in session.trades]
        narrator.say(f"{tally.placed} quotes, {len(debts)} trades on margin.")
        run.wait_until(run.terms.closes_at, "until the session closes")
        run.close()
        self._settle_debts(run, debts)
        self._tell_close(run)

    def _settle_debts(self, run: SessionRun, debts: Sequence[tuple[int, int]]) -> None:
        """The first debt is paid in time; the others are called once they are past due."""
        desk = part_with(self.consortium.access.contracts, "declare_default")
        by_id = {t.member.organisation: t.member for t in self.traders}
        for place, (obligation, buyer) in enumerate(debts):
            if place == 0:
                call = desk.call("pay", obligation, gas=500_000)
                self._act([Act(by_id[buyer].key, call)], [f"obligation {obligation} is paid"])
                continue
            run.wait_until(run.terms.pay_by + 1, "until the payment is past due")
            call = desk.call("declare_default", obligation, gas=500_000)
            found = desk.read("obligation", obligation)
            words = (
                f"obligation {obligation} defaults: its margin of {show_yuan(found.margin)} "
                f"goes to the seller, {found.lots} t return"
            )
            self._act([Act(self.exchange.key, call)], [words])

    # -- the reporting year ------------------------------------------------------------------------

    def _report(self) -> None:
        """Take everyone through the reporting year; the first emitter lies and is found out."""
        stage = Stage(
            self.folder,
            self.consortium,
            self.year,
            self.pace,
            [Emitter(t.member, t.party, f"{self.seed}/{t.party.alias}") for t in self.traders],
            self.verifiers,
            self._regulator(),
            self.exchange,
        )
        ReportingYear(stage).perform()

    def _regulator(self) -> Member:
        key = self.folder.key("regulator")
        return Member(REGULATOR_ID, generated.REGULATOR.name, Role.REGULATOR, 0, key)

    # -- what all of it needs ----------------------------------------------------------------------

    def _tell_close(self, run: SessionRun) -> None:
        close = self.consortium.access.contracts.market.read("closing_tick", self.instrument)
        self.consortium.narrator.say(
            f"Session {run.number} closed at {show_price(close)}: the next reference price."
        )

    def _act(self, acts: Sequence[Act], words: Sequence[str]) -> None:
        for outcome, sentence in zip(self.consortium.crowd.send(acts), words, strict=True):
            if outcome.error is None:
                self.consortium.narrator.say(f"- {sentence}")
            else:
                self.consortium.narrator.say(f"- {sentence}: {outcome.error.user_message}")

    def _read(self, run: SessionRun) -> Session:
        return audit(self.consortium.access.contracts, confirm=False).session(run.number)

    def _member(self, order: Standing) -> Member:
        return next(t.member for t in self.traders if t.member.organisation == order.organisation)

    def _idle_buyer(self, session: Session) -> Member:
        selling = {order.organisation for order in session.book.values()}
        return next(
            t.member for t in self.traders if t.buys and t.member.organisation not in selling
        )


def run_demonstration(
    folder: RunFolder, consortium: Consortium, *, members: int, seed: int, pace: int
) -> Outcome:
    """Run the next compliance year on this chain; end what an interrupted run left open."""
    notes = folder.notes()
    end_open_sessions(consortium, folder)
    year = int(notes.get("next_year", FIRST_YEAR))
    folder.note({**notes, "next_year": year + 1})
    return Demonstration(folder, consortium, year, seed, pace).perform(members)


def end_open_sessions(consortium: Consortium, folder: RunFolder) -> None:
    """Bring sessions that an interrupted run left open to their end; nothing in them is lost."""
    market = consortium.access.contracts.market
    count = market.read("session_count")
    states = consortium.access.contracts.read_many(
        market.reading("state", number) for number in range(1, count + 1)
    )
    exchange = Member(0, "exchange", Role.EXCHANGE, 0, folder.key("exchange"))
    for number, state in enumerate(states, start=1):
        if PHASES[state.phase] == "closed":
            continue
        consortium.narrator.say(f"An earlier run left session {number} open; it is closed first.")
        terms = part_with(consortium.access.contracts, "terms").read("terms", number)
        run = SessionRun(consortium, exchange, number, terms)
        run.wait_until(run.terms.closes_at, f"until session {number} closes")
        run.close()


def _lots(trader: Trader) -> int:
    return sum(quote.lots for quote in trader.quotes)


def _tonnes(trader: Trader) -> int:
    return trader.need.quantity_t if trader.need is not None else 0


def _left(wanted: Need | None, kept: int) -> Need | None:
    if wanted is None or wanted.quantity_t <= kept:
        return None
    return Need(wanted.side, wanted.quantity_t - kept)


def _order_id(run: SessionRun, order: Standing) -> int:
    return run.number << 43 | int(order.buy) << 42 | order.tick << 22 | order.position


def _figure(name: str) -> int:
    jurisdiction, _, year = RULES.rpartition("_")
    return int(profile(jurisdiction, int(year)).figure(name).value)
