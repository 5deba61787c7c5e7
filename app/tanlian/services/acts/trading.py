"""Acts on sessions, orders, trades and payment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tanlian.domain.errors import InvalidInput
from tanlian.domain.roles import Role, role_names
from tanlian.domain.texts import N_
from tanlian.services.acts.act import Act, Desk, Values, call
from tanlian.services.acts.fields import (
    BUY_OR_SELL,
    COUNT,
    FLAG,
    INSTRUMENT,
    MOMENT,
    NUMBER,
    PRICE,
    REFERENCE,
    ROLES,
    TICKS,
    WHOLE_TONNES,
    Field,
    each,
    organisation,
    text,
    whole,
)
from tanlian.services.session_terms import Clock, terms_of

if TYPE_CHECKING:
    from tanlian.chain.keys import Call
    from tanlian.services.acts.act import Argument

MAX_QUOTES = 256  # in one transaction of about 13,000,000 gas
_FULL_MARGIN_BPS = 10_000
_SESSION = Field("session", COUNT, N_("Session"))
_ORDER = Field("order", NUMBER, N_("Order"))
_SIDE = Field("side", BUY_OR_SELL, N_("Side"))
_PRICE = Field("price", PRICE, N_("Price"), N_("In steps of 0.01 yuan per tonne."))
_QUANTITY = Field("tonnes", WHOLE_TONNES, N_("Quantity"), N_("Whole tonnes."))
_OBLIGATION = Field("obligation", NUMBER, N_("Obligation"))
_PROPOSAL = Field("proposal", NUMBER, N_("Proposal"))


def _bound(name: str) -> Argument:
    """One of the bounds that the market's services give to a call."""

    def bound(_desk: Desk, _values: Values) -> Any:
        from tanlian.services import trading

        return getattr(trading, name)

    return bound


def _announce(desk: Desk, values: Values) -> list[Call]:
    clock = Clock(
        *(values[n] for n in ("opens", "cancels_until", "auction_ends", "closes", "pay_by"))
    )
    terms = terms_of(
        values["rules"] or "cn_market_2021",
        instrument=values["instrument"],
        clock=clock,
        reference_tick=values["reference"],
        margin_bps=values["margin"],
        buy_roles=values["buyers"] or _TRADERS,
        sell_roles=values["sellers"] or _TRADERS,
        next_day_sale=values["next_day_sale"],
    )
    return [desk.access.contracts["sessions"].call("announce_session", tuple(terms))]


def _place_many(desk: Desk, values: Values) -> list[Call]:
    from tanlian.domain.quotes import Quote, pack_quotes
    from tanlian.domain.units import KILOGRAMS_PER_LOT, Lots, Ticks

    given = values["quotes"]
    if len(given) > MAX_QUOTES:
        raise InvalidInput(f"{len(given)} quotes are too many at once; {MAX_QUOTES} are the most.")
    quotes = [
        Quote(buy, Ticks(tick), Lots(amount_kg // KILOGRAMS_PER_LOT))
        for buy, tick, amount_kg in given
    ]
    market = desk.access.contracts.market
    return [market.call("place_many", values["session"], pack_quotes(quotes), values["atomic"])]


_TRADERS = int(Role.EMITTER | Role.TRADER)
_NAMES = ",".join(role_names(_TRADERS))
_WHO = N_("Roles; none named: emitters and traders.")
SESSIONS = (
    Act(
        "instrument",
        "list",
        N_("List an instrument"),
        N_("Lets the market hold and trade a kind of units."),
        Role.EXCHANGE,
        (Field("instrument", INSTRUMENT, N_("Instrument"), N_("Such as CEA24 or CCER7-24.")),),
        call("sessions", "list_instrument", "instrument"),
    ),
    Act(
        "session",
        "announce",
        N_("Announce a session"),
        N_("Opens an order book with its clock, reference price and rules."),
        Role.EXCHANGE,
        (
            Field("instrument", INSTRUMENT, N_("Instrument"), N_("Such as CEA24 or CCER7-24.")),
            Field("reference", TICKS, N_("Reference price"), N_("Once traded, the last close.")),
            Field("opens", MOMENT, N_("Opens"), preset="+1m"),
            Field("cancels_until", MOMENT, N_("Cancellations until"), preset="+50m"),
            Field("auction_ends", MOMENT, N_("Stage one ends"), preset="+1h"),
            Field("closes", MOMENT, N_("Closes"), preset="+4h"),
            Field("pay_by", MOMENT, N_("Payment due"), preset="+1d"),
            Field(
                "rules",
                text(96, "name"),
                N_("Rules"),
                N_("Shipped trading rules, such as cn_market_2021."),
                optional=True,
                preset="cn_market_2021",
            ),
            Field(
                "margin",
                whole(1, _FULL_MARGIN_BPS),
                N_("Margin in basis points"),
                N_("2000 asks for a fifth; empty takes the rules' own."),
                optional=True,
            ),
            Field("buyers", ROLES, N_("Who may buy"), _WHO, True, preset=_NAMES),
            Field("sellers", ROLES, N_("Who may sell"), _WHO, True, preset=_NAMES),
            Field(
                "next_day_sale", FLAG, N_("Units bought today are sold tomorrow at the earliest")
            ),
        ),
        _announce,
        created=("SessionAnnounced", "session_id"),
    ),
    Act(
        "session",
        "pause",
        N_("Pause a session"),
        N_("Stops new orders and trades, never withdrawals."),
        Role.REGULATOR,
        (_SESSION, Field("reason", REFERENCE, N_("Reason"))),
        call("sessions", "pause_session", "session", "reason"),
        sensitive=True,
    ),
    Act(
        "session",
        "resume",
        N_("Resume a session"),
        N_("Ends the pause."),
        Role.REGULATOR,
        (_SESSION,),
        call("sessions", "resume_session", "session"),
    ),
    Act(
        "session",
        "clear",
        N_("Clear stage one"),
        N_("Matches as many pairs as one transaction holds; go on until the session is cleared."),
        Role(0),
        (_SESSION,),
        call("market", "clear", "session", _bound("STEPS_IN_A_CALL")),
    ),
    Act(
        "session",
        "close",
        N_("Close a session"),
        N_("Releases the locks of unfilled orders; go on until the session is closed."),
        Role(0),
        (_SESSION,),
        call("market", "close", "session", _bound("ORDERS_RELEASED_IN_A_CALL")),
    ),
)
ORDERS = (
    Act(
        "order",
        "place",
        N_("Place a quote"),
        N_("It stands in the book until it trades, is cancelled, or the session closes."),
        Role(0),
        (_SESSION, _SIDE, _PRICE, _QUANTITY),
        call("market", "place", "session", "side", "price", "tonnes"),
    ),
    Act(
        "order",
        "place-many",
        N_("Place many quotes"),
        N_("Up to 256 quotes in one transaction."),
        Role(0),
        (
            _SESSION,
            Field(
                "quotes",
                each((_SIDE, Field("price", TICKS, N_("Price")), _QUANTITY)),
                N_("Quotes"),
            ),
            Field(
                "atomic",
                FLAG,
                N_("All or nothing"),
                N_("Otherwise a refused line is reported and the rest go through."),
            ),
        ),
        _place_many,
    ),
    Act(
        "order",
        "amend",
        N_("Amend an order"),
        N_("A smaller quantity keeps its place in the queue; anything else loses it."),
        Role(0),
        (_ORDER, _PRICE, _QUANTITY),
        call("market", "amend", "order", "price", "tonnes"),
    ),
    Act(
        "order",
        "cancel",
        N_("Cancel an order"),
        N_("Takes what is left of it out of the book and releases its lock."),
        Role(0),
        (_ORDER,),
        call("market", "cancel", "order"),
    ),
    Act(
        "order",
        "trade-limit",
        N_("Trade up to a limit"),
        N_("Meets the standing orders up to your price; the rest stands in the book."),
        Role(0),
        (_SESSION, _SIDE, _PRICE, _QUANTITY),
        call("market", "trade_limit", "session", "side", "price", "tonnes", _bound("MAKERS")),
    ),
    Act(
        "order",
        "trade-market",
        N_("Trade at market"),
        N_("Meets the standing orders at any price inside the band; the rest is returned."),
        Role(0),
        (_SESSION, _SIDE, _QUANTITY),
        call("market", "trade_market", "session", "side", "tonnes", _bound("MAKERS")),
    ),
    Act(
        "obligation",
        "pay",
        N_("Pay an obligation"),
        N_("Pays what the margin did not cover; the units are yours then."),
        Role(0),
        (_OBLIGATION,),
        call("settlement", "pay", "obligation"),
    ),
    Act(
        "obligation",
        "declare-default",
        N_("Declare a default"),
        N_("Past its due time: the margin goes to the seller and the units return."),
        Role(0),
        (_OBLIGATION,),
        call("settlement", "declare_default", "obligation"),
    ),
)
BLOCKS = (
    Act(
        "block",
        "propose",
        N_("Propose a block trade"),
        N_("Offers a large quantity to one named organisation, inside the block band."),
        Role(0),
        (
            _SESSION,
            organisation(N_("Counterparty"), "counterparty"),
            _SIDE,
            _PRICE,
            _QUANTITY,
            Field("expires", MOMENT, N_("Open until"), preset="+1h"),
        ),
        call(
            "block_trades",
            "propose",
            "session",
            "counterparty",
            "side",
            "price",
            "tonnes",
            "expires",
        ),
        created=("BlockProposed", "proposal_id"),
    ),
    Act(
        "block",
        "accept",
        N_("Accept a block trade"),
        N_("It settles at once."),
        Role(0),
        (_PROPOSAL,),
        call("block_trades", "accept", "proposal"),
        sensitive=True,
    ),
    Act(
        "block",
        "withdraw",
        N_("Withdraw a block proposal"),
        N_("Takes your open proposal back."),
        Role(0),
        (_PROPOSAL,),
        call("block_trades", "withdraw", "proposal"),
    ),
)
ACTS = (*SESSIONS, *ORDERS, *BLOCKS)
