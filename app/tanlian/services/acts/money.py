"""Acts on settlement money."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tanlian.domain.holder import holder_address
from tanlian.domain.roles import Role
from tanlian.domain.texts import N_
from tanlian.services.acts.act import Act, Desk, Values, call
from tanlian.services.acts.fields import (
    INSTRUMENT,
    NUMBER,
    PAYEE,
    REFERENCE,
    YUAN,
    Field,
    organisation,
    reason,
)

if TYPE_CHECKING:
    from tanlian.chain.keys import Call

_AMOUNT = Field("amount", YUAN, N_("Amount"))
_INSTRUMENT = Field("instrument", INSTRUMENT, N_("To trade in"), N_("Such as CEA24."))
_REDEMPTION = Field("redemption", NUMBER, N_("Redemption"))


def _redeem(desk: Desk, values: Values) -> list[Call]:
    desk.check_payee(values["payee"])
    money = desk.access.contracts.money
    return [money.call("request_redemption", values["bank"], values["amount"], values["payee"])]


def _deposit(desk: Desk, values: Values) -> list[Call]:
    contracts = desk.access.contracts
    market, amount = contracts.market, values["amount"]
    return [
        contracts.money.call("approve", market.address, amount),
        market.call("deposit_money", values["instrument"], amount),
    ]


ACTS = (
    Act(
        "money",
        "issue",
        N_("Issue money"),
        N_("Credits a member with yuan that your bank received; a payment counts once."),
        Role.BANK,
        (
            organisation(),
            _AMOUNT,
            Field("payment", REFERENCE, N_("Payment number"), N_("The bank's number of it.")),
        ),
        call("money", "issue", "organisation", "amount", "payment"),
        sensitive=True,
    ),
    Act(
        "money",
        "pay-out",
        N_("Record a payout"),
        N_("Say that the redemption was paid out in yuan; the money ends to exist."),
        Role.BANK,
        (
            _REDEMPTION,
            Field("payment", REFERENCE, N_("Payout number"), N_("The bank's number of it.")),
        ),
        call("money", "pay_out", "redemption", "payment"),
        sensitive=True,
    ),
    Act(
        "money",
        "reject",
        N_("Reject a redemption"),
        N_("The money goes back to the member."),
        Role.BANK,
        (_REDEMPTION, reason()),
        call("money", "reject_redemption", "redemption", "reason"),
    ),
    Act(
        "money",
        "redeem",
        N_("Redeem money"),
        N_("Hands money back to a bank, which pays it out to one of your trusted payees."),
        Role(0),
        (
            organisation(N_("Bank"), "bank"),
            _AMOUNT,
            Field("payee", PAYEE, N_("Payee"), N_("One of your trusted payees.")),
        ),
        _redeem,
        sensitive=True,
        created=("RedemptionRequested", "redemption"),
    ),
    Act(
        "money",
        "cancel-redemption",
        N_("Take a redemption back"),
        N_("Possible until the bank has paid it out."),
        Role(0),
        (_REDEMPTION,),
        call("money", "cancel_redemption", "redemption"),
        command="money cancel-redemption",
    ),
    Act(
        "money",
        "transfer",
        N_("Transfer money"),
        N_("Moves settlement money to another member."),
        Role(0),
        (organisation(N_("To"), "to"), _AMOUNT),
        call("money", "transfer", lambda _, values: holder_address(values["to"]), "amount"),
        sensitive=True,
        command="money transfer",
    ),
    Act(
        "money",
        "deposit",
        N_("Deposit money"),
        N_("Moves money into the trading account, to buy with."),
        Role(0),
        (_INSTRUMENT, _AMOUNT),
        _deposit,
    ),
    Act(
        "money",
        "withdraw",
        N_("Withdraw money"),
        N_("Takes free money back out of the trading account; possible at any time."),
        Role(0),
        (_INSTRUMENT, _AMOUNT),
        call("market", "withdraw_money", "instrument", "amount"),
    ),
)
