"""Net sales on this chain: computed from its trades, recorded by the regulator, compared."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from tanlian.chain.events import Event
from tanlian.domain import market_events
from tanlian.domain.errors import InvalidInput, NotFound, TanlianError
from tanlian.domain.net_sales import NetSales, Payment, Trade, net_sales, window_of
from tanlian.domain.profiles import Profile, shipped_profiles
from tanlian.services.access import Access
from tanlian.services.auditing import block_times

EVENTS = ("SessionAnnounced", "Traded", "ObligationPaid", "BuyerDefaulted")


class NetSalesNotFinal(TanlianError):
    """If the trades that count can still change, this says what is awaited."""

    code = "net_sales_not_final"


class Verdict(Enum):
    """How what is recorded stands to what the trades say."""

    EQUAL = "equal"
    DIFFERS = "differs"
    OTHER_DOCUMENT = "other document"
    NOT_RECORDED = "not recorded"


@dataclass(frozen=True, slots=True)
class Recorded:
    """A figure as `Compliance` keeps it, with the document that it names."""

    net_kg: int
    document: bytes


@dataclass(frozen=True, slots=True)
class Finding:
    """One organisation's computed figure beside the recorded one, if there is one."""

    computed: NetSales
    recorded: Recorded | None

    @property
    def verdict(self) -> Verdict:
        if self.recorded is None:
            # nothing recorded counts as nothing sold
            return Verdict.NOT_RECORDED if self.computed.net_kg else Verdict.EQUAL
        if self.recorded.net_kg != self.computed.net_kg:
            return Verdict.DIFFERS
        if self.recorded.document != self.computed.document:
            return Verdict.OTHER_DOCUMENT
        return Verdict.EQUAL

    @property
    def is_wrong(self) -> bool:
        """Whether what is recorded is borne out by no list of trades."""
        return self.verdict in {Verdict.DIFFERS, Verdict.OTHER_DOCUMENT}


def rules_in_force(access: Access, period: int, given: Profile | None = None) -> Profile:
    """Return the profile whose hash the chain keeps for a period.

    Raises:
        NotFound: no shipped profile is it; give its file.
        InvalidInput: the given one is another.
        ContractRefused: the period was not opened.
    """
    wanted = bytes(access.contracts["compliance"].read("rules", period).rules_hash)
    if given is not None:
        if given.rules_hash != wanted:
            raise InvalidInput(
                f"These rules have the hash {given.rules_hash.hex()}, but {period} was opened "
                f"under {wanted.hex()}.",
                period=period,
            )
        return given
    for rules in shipped_profiles():
        if rules.rules_hash == wanted:
            return rules
    raise NotFound(
        f"{period} was opened under rules that are not shipped ({wanted.hex()}); name their file.",
        period=period,
    )


def trades(access: Access, until: int | None = None) -> list[Trade]:
    """Return every trade of the chain's sessions, in its order; of a block, as it stood then."""
    contracts = access.contracts
    wanted = [name for name in contracts if name in {"market", "sessions", "settlement"}]
    events = list(
        contracts.events().read(contracts.book.first_block(), until, contracts=wanted, names=EVENTS)
    )
    instruments = {e["session_id"]: e["instrument"] for e in events if e.name == "SessionAnnounced"}
    ended = {
        e["obligation_id"]: Payment.PAID if e.name == "ObligationPaid" else Payment.DEFAULTED
        for e in events
        if e.name in {"ObligationPaid", "BuyerDefaulted"}
    }
    traded = [event for event in events if event.name == "Traded"]
    times = block_times(access.connection, traded)
    return [
        Trade(
            event.block, event.log_index, number, times[event.block], event["session_id"],
            instruments[event["session_id"]], fill.buyer, fill.seller, fill.lots,
            _payment(fill.obligation, ended),
        )
        for event in traded
        for number, fill in enumerate(market_events.fills(event["fills"]))
    ]  # fmt: skip


def computed(access: Access, organisation: int, rules: Profile) -> NetSales:
    """Compute one organisation's net sales in the window of the rules."""
    return net_sales(organisation, trades(access), window_of(rules))


def final(access: Access, organisation: int, rules: Profile) -> NetSales:
    """Compute net sales that can be recorded: nothing can be added to them any more.

    Raises:
        NetSalesNotFinal: the window is open, or a trade is neither paid nor defaulted.
    """
    ends_at = window_of(rules).ends_at
    # the newest block, not this machine's clock: what is recorded must count every block
    reached = int(access.connection.block()["timestamp"], 16)
    if reached <= ends_at:
        raise NetSalesNotFinal(
            f"Net sales of {rules.period} count trades to {ends_at} (UTC seconds); the chain's "
            f"newest block is of {reached}. Record them afterwards.",
            ends_at=ends_at,
        )
    found = computed(access, organisation, rules)
    if found.undecided:
        raise NetSalesNotFinal(
            f"{len(found.undecided)} trades of organisation {organisation} are not paid yet. Call "
            "the defaults that are due, or wait for the payments.",
            organisation=organisation,
        )
    return found


def compared(access: Access, rules: Profile) -> list[Finding]:
    """Compare recorded with computed net sales of everyone who traded or has a figure."""
    known, every, window = recorded(access, rules.period), trades(access), window_of(rules)
    parties = {party for trade in every for party in (trade.buyer, trade.seller)}
    return [
        Finding(net_sales(organisation, every, window), known.get(organisation))
        for organisation in sorted(parties | set(known))
    ]


def recorded(access: Access, period: int) -> dict[int, Recorded]:
    """Return the newest recorded figure of every organisation that has one."""
    contracts = access.contracts
    events = contracts.events().read(
        contracts.book.first_block(), contracts=["compliance"], names=["NetSalesRecorded"]
    )
    return {
        int(event["organisation"]): _recorded(event)
        for event in events
        if event["period"] == period
    }


def _recorded(event: Event) -> Recorded:
    return Recorded(int(event["net_sold_kg"]), bytes(event["document"]))


def _payment(obligation: int, ended: Mapping[int, Payment]) -> Payment:
    if obligation == 0:
        return Payment.PAID
    return ended.get(obligation, Payment.OWED)
