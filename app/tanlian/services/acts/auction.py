"""Acts on one-way auctions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tanlian.chain.connection import chunks
from tanlian.domain.holder import holder_address
from tanlian.domain.profiles import Profile
from tanlian.domain.roles import Role
from tanlian.domain.texts import N_
from tanlian.domain.units import KILOGRAMS_PER_LOT
from tanlian.services.acts.act import Act, Desk, Values, call
from tanlian.services.acts.compliance import RULES
from tanlian.services.acts.fields import (
    INSTRUMENT,
    MOMENT,
    NUMBER,
    TICKS,
    WHOLE_TONNES,
    YUAN,
    Field,
    text,
)
from tanlian.services.auctions import BIDS_AT_ONCE, bids_left, new_secret, salt_of, seal

if TYPE_CHECKING:
    from tanlian.chain.keys import Call

BIDDERS = Role.EMITTER | Role.TRADER
_AUCTION = Field("auction", NUMBER, N_("Auction"))
_BID = Field("bid", NUMBER, N_("Bid"))
_PRICE = Field("price", TICKS, N_("Price"), N_("In steps of 0.01 yuan per tonne."))
_QUANTITY = Field("tonnes", WHOLE_TONNES, N_("Quantity"), N_("Whole tonnes."))
_SECRET = text(128, "secret")
_WORD = 32


def _announce(desk: Desk, values: Values) -> list[Call]:
    rules: Profile = values["rules"]
    terms = (
        values["instrument"],
        values["tonnes"] // KILOGRAMS_PER_LOT,
        values["reserve"],
        values["most"] // KILOGRAMS_PER_LOT,
        values["opens"],
        values["bids_until"],
        values["reveals_until"],
        bool(rules.figure("auction_cancel_if_undersubscribed").value),
        rules.rules_hash,
    )
    return [desk.access.contracts["auction"].call("announce", terms)]


def _bring(desk: Desk, values: Values) -> list[Call]:
    contracts, auction = desk.access.contracts, values["auction"]
    terms = contracts["auction"].read("terms", auction)
    return [
        contracts.ledger.call(
            "safeTransferFrom",
            holder_address(desk.organisation),
            contracts["auction"].address,
            terms.instrument,
            terms.offered_lots * KILOGRAMS_PER_LOT,
            auction.to_bytes(_WORD),
        )
    ]


def _bid(desk: Desk, values: Values) -> list[Call]:
    contracts = desk.access.contracts
    sealed = seal(
        desk.access,
        auction=values["auction"],
        organisation=desk.organisation,
        tick=values["price"],
        lots=values["tonnes"] // KILOGRAMS_PER_LOT,
        secret=values["secret"],
    )
    auction, deposit = contracts["auction"], values["deposit"]
    return [
        contracts.money.call("approve", auction.address, deposit),
        auction.call("commit", values["auction"], sealed.commitment, deposit),
    ]


def _reveal(desk: Desk, values: Values) -> list[Call]:
    lots = values["tonnes"] // KILOGRAMS_PER_LOT
    opened = (values["bid"], values["price"], lots, salt_of(values["secret"]))
    return [desk.access.contracts["auction"].call("reveal", *opened)]


def _rank(desk: Desk, values: Values) -> list[Call]:
    auction = values["auction"]
    left = bids_left(desk.access, auction)
    contract = desk.access.contracts["auction"]
    steps = list(chunks(left, BIDS_AT_ONCE)) or [[]]  # none left: the contract says why
    return [contract.call("rank", auction, list(step)) for step in steps]


SELLER = (
    Act(
        "auction",
        "announce",
        N_("Announce an auction"),
        N_("Sealed bids at one price; it opens once the units are brought."),
        Role.REGULATOR,
        (
            Field("instrument", INSTRUMENT, N_("Allowances"), N_("Such as CEA24.")),
            Field("tonnes", WHOLE_TONNES, N_("Offered"), N_("Whole tonnes.")),
            Field("reserve", TICKS, N_("Reserve price"), N_("No bid below it counts.")),
            Field("most", WHOLE_TONNES, N_("Most in one bid"), N_("Whole tonnes.")),
            Field("opens", MOMENT, N_("Opens"), preset="+1h"),
            Field("bids_until", MOMENT, N_("Bids until"), preset="+1d"),
            Field("reveals_until", MOMENT, N_("Bids opened until"), preset="+2d"),
            Field(
                "rules",
                RULES,
                N_("Rules"),
                N_("They say whether too few bids cancel it; such as cn_2024, or their file."),
            ),
        ),
        _announce,
        sensitive=True,
        created=("AuctionAnnounced", "auction"),
        command="auction announce",
    ),
    Act(
        "auction",
        "bring-units",
        N_("Bring the units of an auction"),
        N_("Sends what is offered into the auction, before it opens."),
        Role.REGULATOR,
        (_AUCTION,),
        _bring,
        sensitive=True,
        command="auction bring-units",
    ),
)
BIDDER = (
    Act(
        "auction",
        "bid",
        N_("Place a sealed bid"),
        N_("Price and quantity stay unknown until you open the bid; the deposit is locked."),
        BIDDERS,
        (
            _AUCTION,
            _PRICE,
            _QUANTITY,
            Field(
                "deposit",
                YUAN,
                N_("Deposit"),
                N_("At least price times quantity; more hides the size of the bid."),
            ),
            Field(
                "secret",
                _SECRET,
                N_("Secret words"),
                N_("Keep them with price and quantity: without them the deposit is lost."),
                preset=new_secret,
            ),
        ),
        _bid,
        sensitive=True,
        created=("BidCommitted", "bid"),
    ),
    Act(
        "auction",
        "reveal",
        N_("Open a sealed bid"),
        N_("With the price, quantity and secret words of the bid, in the time for it."),
        Role(0),
        (_BID, _PRICE, _QUANTITY, Field("secret", _SECRET, N_("Secret words"))),
        _reveal,
        sensitive=True,
    ),
)
ANYONE = (
    *(
        Act(
            "auction",
            verb,
            title,
            explains,
            Role(0),
            (_AUCTION,),
            call("auction", function, "auction"),
            command=f"auction {verb}",
        )
        for verb, function, title, explains in (
            (
                "close-bidding",
                "close_bidding",
                N_("Close the bidding"),
                N_("Cancels what is under-subscribed, or names the block of the draw."),
            ),
            (
                "draw",
                "draw",
                N_("Draw the order of equal prices"),
                N_("From the hash of the named block."),
            ),
            (
                "pay-out",
                "pay_out",
                N_("Pay out an auction"),
                N_("Proceeds, forfeits and unsold units to the seller."),
            ),
        )
    ),
    Act(
        "auction",
        "rank",
        N_("Rank the bids"),
        N_("Computes the order of all opened bids and serves them until none is left."),
        Role(0),
        (_AUCTION,),
        _rank,
        command="auction rank",
    ),
    Act(
        "auction",
        "restart-ranking",
        N_("Begin a ranking anew"),
        N_("Because somebody left a bid out, which you name."),
        Role(0),
        (_AUCTION, _BID),
        call("auction", "restart_ranking", "auction", "bid"),
        command="auction restart-ranking",
    ),
    Act(
        "auction",
        "settle-bid",
        N_("Settle a bid"),
        N_("Sends units and the rest of the deposit home; a bid that was not opened forfeits."),
        Role(0),
        (_BID,),
        call("auction", "settle_bid", "bid"),
        command="auction settle-bid",
    ),
)
ACTS = (*SELLER, *BIDDER, *ANYONE)
