"""Acts on credit coins: notice, transfer, redemption, debts, the treasury."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tanlian.domain.holder import holder_address
from tanlian.domain.incentives import ONE_COIN
from tanlian.domain.roles import Role
from tanlian.domain.texts import N_
from tanlian.services.acts.act import Act, Desk, Values, call
from tanlian.services.acts.fields import COINS, YUAN, Field, organisation

if TYPE_CHECKING:
    from tanlian.chain.keys import Call

_ACCOUNT_HOLDERS = Role.EMITTER | Role.VERIFIER
_COINS = Field("amount", COINS, N_("Coins"))


def _transfer(desk: Desk, values: Values) -> list[Call]:
    to = holder_address(values["to"])
    return [desk.access.contracts["coin"].call("transfer", to, values["amount"])]


def _fund(desk: Desk, values: Values) -> list[Call]:
    contracts, amount = desk.access.contracts, values["amount"]
    return [
        contracts.money.call("approve", contracts["coin"].address, amount),
        contracts["coin"].call("fund", amount),
    ]


def _pay_debt(desk: Desk, values: Values) -> list[Call]:
    contracts, coins = desk.access.contracts, values["amount"]
    coin = contracts["coin"]
    due = -(-coins * int(coin.read("money_per_coin")) // ONE_COIN)  # rounded up, as the contract
    return [
        contracts.money.call("approve", coin.address, due),
        coin.call("pay_debt", coins),
    ]


ACTS = (
    Act(
        "coin",
        "announce",
        N_("Announce coins to leave"),
        N_("Coins leave your account only after this notice, and soon after it; 0 takes it back."),
        _ACCOUNT_HOLDERS,
        (_COINS,),
        call("coin", "announce_release", "amount"),
        command="coin announce",
    ),
    Act(
        "coin",
        "redeem",
        N_("Redeem coins"),
        N_("Exchanges announced coins for settlement money, as long as the treasury lasts."),
        _ACCOUNT_HOLDERS,
        (_COINS,),
        call("coin", "redeem", "amount"),
        sensitive=True,
        command="coin redeem",
    ),
    Act(
        "coin",
        "transfer",
        N_("Transfer coins"),
        N_("Moves announced coins to another emitter or verifier."),
        _ACCOUNT_HOLDERS,
        (organisation(N_("To"), "to"), _COINS),
        _transfer,
        sensitive=True,
        command="coin transfer",
    ),
    Act(
        "coin",
        "pay-debt",
        N_("Pay a debt of coins"),
        N_("With settlement money, at the ratio of redemption."),
        _ACCOUNT_HOLDERS,
        (_COINS,),
        _pay_debt,
        sensitive=True,
        command="coin pay-debt",
    ),
    Act(
        "coin",
        "collect-debt",
        N_("Collect a debt of coins"),
        N_("From coins that the debtor has received since."),
        Role(0),
        (organisation(),),
        call("coin", "collect_debt", "organisation"),
        command="coin collect-debt",
    ),
    Act(
        "coin",
        "fund",
        N_("Fund the treasury"),
        N_("Pays settlement money in; it leaves only by redemption."),
        Role(0),
        (Field("amount", YUAN, N_("Amount")),),
        _fund,
        sensitive=True,
        command="coin fund",
    ),
)
