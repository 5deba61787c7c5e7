"""One session from its announcement to its close, with the keys of many members at hand."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from tanlian.chain.connection import chunks
from tanlian.chain.crowd import Act
from tanlian.chain.keys import Call
from tanlian.chain.signed_quotes import QUOTES_IN_A_MESSAGE, Message, SignedMessage, batches
from tanlian.chain.transactions import MOST_GAS_IN_A_CALL, Outcome, Receipt, Sender
from tanlian.domain.audit.words import records_in
from tanlian.domain.errors import TanlianError
from tanlian.domain.quotes import Quote, pack_quotes
from tanlian.domain.refusals import REASONS
from tanlian.domain.units import KILOGRAMS_PER_LOT, MICRO_YUAN_PER_TICK
from tanlian.services.consortium import Consortium, Member
from tanlian.services.market_parts import part_with
from tanlian.services.session_terms import Clock, SessionTerms

GAS_OF_A_QUOTE = 250_000  # its first time in slots nobody used, with room
# many quotes share the message, the account and the levels, and need far less each
QUOTES_IN_A_CALL = 100
GAS_OF_A_CALL = 250_000
GAS_OF_STEPS = 60_000  # one order met while clearing or closing
GAS_OF_TRADING = 6_000_000
STEPS_IN_A_CALL = 200
MESSAGE_WORDS_IN_A_CALL = 240
PAUSE_SECONDS = 0.2

Quotes = Sequence[tuple[Member, Sequence[Quote]]]


class TooSlow(TanlianError):
    """If the clock of a session ran out before the members had quoted, this says what to do."""

    code = "too_slow"


@dataclass(frozen=True, slots=True)
class Pace:
    """How long the stages of a session last, in seconds of chain time."""

    quoting: int
    additions: int
    continuous: int
    payment: int
    lead: int = 3  # from the announcement to the opening

    def clock(self, now: int) -> Clock:
        opens_at = now + self.lead
        cancels_until = opens_at + self.quoting
        auction_ends_at = cancels_until + self.additions
        closes_at = auction_ends_at + self.continuous
        return Clock(
            opens_at=opens_at,
            cancels_until=cancels_until,
            auction_ends_at=auction_ends_at,
            closes_at=closes_at,
            pay_by=closes_at + self.payment,
        )

    def slower(self, factor: int) -> "Pace":
        return Pace(
            self.quoting * factor,
            self.additions * factor,
            self.continuous * factor,
            self.payment * factor,
            self.lead,
        )


@dataclass(slots=True)
class Tally:
    """What became of quotes: how many were taken, and why others were not."""

    placed: int = 0
    refused: list[str] = field(default_factory=list)

    def refuse(self, reason: str) -> None:
        self.refused.append(reason)

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(self.placed + other.placed, [*self.refused, *other.refused])


def wait_until(
    consortium: Consortium, moment: int, title: str, now: Callable[[], float] = time.time
) -> None:
    """Wait until a transaction sent now lies at or after this moment of chain time."""
    connection = consortium.access.connection
    start = connection.now()
    if max(start, int(now())) >= moment:
        return
    with consortium.narrator.progress(title) as advance:
        while (reached := max(connection.now(), int(now()))) < moment:
            advance(max(reached - start, 0), moment - start)
            time.sleep(PAUSE_SECONDS)
        advance(moment - start, moment - start)


@dataclass(slots=True)
class SessionRun:
    """A session under way."""

    consortium: Consortium
    exchange: Member
    number: int
    terms: SessionTerms
    now: Callable[[], float] = time.time

    @classmethod
    def announced(
        cls, consortium: Consortium, exchange: Member, terms: SessionTerms
    ) -> "SessionRun":
        """Announce a session; the exchange's act."""
        access = consortium.access
        desk = part_with(access.contracts, "announce_session")
        call = desk.call("announce_session", tuple(terms), gas=GAS_OF_A_CALL * 4)
        receipt = Sender(access.connection, exchange.key).send(call)
        event = next(
            event
            for event in access.contracts.events().decode(receipt.logs)
            if event.name == "SessionAnnounced"
        )
        return cls(consortium, exchange, int(event["session_id"]), event["terms"])

    @property
    def relayer(self) -> Sender:
        """Whoever brings signed quotes, clears and closes: anyone may, here it is the exchange."""
        return Sender(self.consortium.access.connection, self.exchange.key)

    def wait_until(self, moment: int, title: str) -> None:
        """Wait until a transaction sent now lies at or after this moment of chain time."""
        wait_until(self.consortium, moment, title, self.now)

    # -- quotes ------------------------------------------------------------------------------------

    def place_own(self, quotes: Quotes) -> Tally:
        """Every quote as its owner's own transaction."""
        market = self.consortium.access.contracts.market
        acts = [
            Act(
                member.key,
                market.call(
                    "place",
                    self.number,
                    quote.buy,
                    quote.tick * MICRO_YUAN_PER_TICK,
                    quote.lots * KILOGRAMS_PER_LOT,
                    gas=GAS_OF_A_QUOTE,
                ),
            )
            for member, some in quotes
            for quote in some
        ]
        tally = Tally()
        for outcome in self._send(acts, "quotes in own transactions"):
            if outcome.error is None:
                tally.placed += 1
            else:
                tally.refuse(outcome.error.user_message)
        return tally

    def place_many(self, quotes: Quotes) -> Tally:
        """All quotes of a member in one transaction of its own; refused ones stop no other."""
        market = self.consortium.access.contracts.market
        acts = [
            Act(
                member.key,
                market.call(
                    "place_many",
                    self.number,
                    pack_quotes(some),
                    False,
                    gas=_gas_of(len(some)),
                ),
            )
            for member, all_quotes in quotes
            for some in chunks(all_quotes, QUOTES_IN_A_CALL)
        ]
        tally = Tally()
        for outcome in self._send(acts, "quotes many at once"):
            self._count(outcome.unwrap(), tally)
        return tally

    def relay(self, quotes: Quotes, expires_at: int) -> Tally:
        """Quotes signed by their owners and brought in batches by a relayer."""
        return self.bring(self.signed(quotes, expires_at))

    def signed(
        self, quotes: Quotes, expires_at: int, in_a_message: int = QUOTES_IN_A_MESSAGE
    ) -> list[Call]:
        """The calls that bring quotes which their owners sign here, so many under a signature."""
        access, market = self.consortium.access, self.consortium.access.contracts.market
        domain = market.read("message_domain")
        accounts = access.contracts.read_many(
            market.reading("account", self.terms.instrument, member.organisation)
            for member, _ in quotes
        )
        messages = [
            Message(
                self.number, member.organisation, account.next_nonce + place, expires_at,
                tuple(part),
            ).sign(member.key, domain)
            for (member, some), account in zip(quotes, accounts, strict=True)
            for place, part in enumerate(chunks(list(some), in_a_message))
        ]  # fmt: skip
        calls = []
        for batch in _within_a_call(messages):
            words = [word for message in batch for word in message.words()]
            count = sum(len(message.message.quotes) for message in batch)
            calls.append(market.call("place_signed", self.number, words, gas=_gas_of(count)))
        return calls

    def bring(self, calls: Sequence[Call]) -> Tally:
        """Hand over the calls of `signed`, as the relayer."""
        tally = Tally()
        with self.consortium.narrator.progress("signed quotes, relayed") as advance:
            for outcome in self.relayer.send_many(calls, progress=advance):
                self._count(outcome.unwrap(), tally)
        return tally

    def amend(self, member: Member, order: int, tick: int, lots: int) -> Act:
        """An act that gives an order another price or quantity."""
        market = self.consortium.access.contracts.market
        call = market.call(
            "amend",
            order,
            tick * MICRO_YUAN_PER_TICK,
            lots * KILOGRAMS_PER_LOT,
            gas=GAS_OF_TRADING,
        )
        return Act(member.key, call)

    def cancel(self, member: Member, order: int) -> Act:
        """An act that takes an order back."""
        call = self.consortium.access.contracts.market.call("cancel", order, gas=GAS_OF_A_CALL)
        return Act(member.key, call)

    def trade_market(self, member: Member, *, buy: bool, lots: int, makers: int = 100) -> Act:
        """An act that trades at any price inside the band."""
        market = self.consortium.access.contracts.market
        call = market.call(
            "trade_market", self.number, buy, lots * KILOGRAMS_PER_LOT, makers, gas=GAS_OF_TRADING
        )
        return Act(member.key, call)

    def trade_limit(self, member: Member, quote: Quote, makers: int = 100) -> Act:
        """An act that meets the book up to a price and leaves the rest standing."""
        market = self.consortium.access.contracts.market
        call = market.call(
            "trade_limit",
            self.number,
            quote.buy,
            quote.tick * MICRO_YUAN_PER_TICK,
            quote.lots * KILOGRAMS_PER_LOT,
            makers,
            gas=GAS_OF_TRADING,
        )
        return Act(member.key, call)

    # -- the ends of the stages --------------------------------------------------------------------

    def clear(self, steps: int = STEPS_IN_A_CALL) -> int:
        """Match stage one in as many calls as it takes; return how many they were."""
        return self._until("clear", "SessionCleared", steps, "clearing stage one")

    def close(self, steps: int = STEPS_IN_A_CALL) -> int:
        """Release what stands and fix the closing price; return how many calls it took."""
        return self._until("close", "SessionClosed", steps, "closing the session")

    def _until(self, function: str, event: str, steps: int, title: str) -> int:
        access = self.consortium.access
        gas = min(GAS_OF_A_CALL * 2 + GAS_OF_STEPS * steps, MOST_GAS_IN_A_CALL)
        call = access.contracts.market.call(function, self.number, steps, gas=gas)
        calls = 0
        with self.consortium.narrator.progress(title) as advance:
            while True:
                receipt = self.relayer.send(call)
                calls += 1
                advance(calls, calls)
                if any(e.name == event for e in access.contracts.events().decode(receipt.logs)):
                    return calls

    # -- reading what happened ---------------------------------------------------------------------

    def _send(self, acts: Sequence[Act], title: str) -> list[Outcome]:
        with self.consortium.narrator.progress(title) as advance:
            return self.consortium.crowd.send(acts, progress=advance)

    def _count(self, receipt: Receipt, tally: Tally) -> None:
        for event in self.consortium.access.contracts.events().decode(receipt.logs):
            if event.name == "OrdersPlaced":
                tally.placed += sum(1 for _ in records_in(event["records"]))
            elif event.name in {"QuoteRefused", "MessageRefused"}:
                tally.refuse(REASONS[int(event["reason"])])


def _gas_of(quotes: int) -> int:
    """A limit for a call with so many quotes that every network's block holds."""
    return min(GAS_OF_A_CALL + GAS_OF_A_QUOTE * quotes, MOST_GAS_IN_A_CALL)


def _within_a_call(messages: Sequence[SignedMessage]) -> Iterator[list[SignedMessage]]:
    """Batches of at most so many words and so many quotes."""
    for batch in batches(messages, MESSAGE_WORDS_IN_A_CALL):
        piece: list[SignedMessage] = []
        count = 0
        for message in batch:
            size = len(message.message.quotes)
            if piece and count + size > QUOTES_IN_A_CALL:
                yield piece
                piece, count = [], 0
            piece.append(message)
            count += size
        yield piece
