"""Acts on units in the registry: transfers, cancellation, freezes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tanlian.domain.holder import holder_address
from tanlian.domain.roles import Role
from tanlian.domain.texts import N_
from tanlian.services.acts.act import Act, Desk, Values, call, own
from tanlian.services.acts.fields import (
    INSTRUMENT,
    REFERENCE,
    TONNES,
    WHOLE_TONNES,
    Field,
    document,
    organisation,
    reason,
)

if TYPE_CHECKING:
    from tanlian.chain.keys import Call

CANCELLATION = 2  # the purpose, as in CarbonLedger
_INSTRUMENT = Field("instrument", INSTRUMENT, N_("Units"), N_("Such as CEA24 or CCER7-24."))
_AMOUNT = Field("amount", TONNES, N_("Amount"))


def _transfer(desk: Desk, values: Values) -> list[Call]:
    return [_move(desk, values, holder_address(values["to"]))]


def _deposit(desk: Desk, values: Values) -> list[Call]:
    return [_move(desk, values, desk.access.contracts.market.address)]


def _move(desk: Desk, values: Values, to: str) -> Call:
    owner = holder_address(desk.organisation)
    return desk.access.contracts.ledger.call(
        "safeTransferFrom", owner, to, values["instrument"], values["amount"], b""
    )


ACTS = (
    Act(
        "units",
        "transfer",
        N_("Transfer units"),
        N_("Moves units from your registry account to another member's."),
        Role(0),
        (organisation(N_("To"), "to"), _INSTRUMENT, _AMOUNT),
        _transfer,
        sensitive=True,
        command="units transfer",
    ),
    Act(
        "units",
        "deposit",
        N_("Deposit units"),
        N_("Moves units from the registry account into the trading account, to be sold."),
        Role(0),
        (_INSTRUMENT, Field("amount", WHOLE_TONNES, N_("Amount"))),
        _deposit,
    ),
    Act(
        "units",
        "withdraw",
        N_("Withdraw units"),
        N_("Takes free units back into the registry account; possible at any time."),
        Role(0),
        (_INSTRUMENT, Field("amount", WHOLE_TONNES, N_("Amount"))),
        call("market", "withdraw_units", "instrument", "amount"),
    ),
    Act(
        "units",
        "cancel",
        N_("Cancel units voluntarily"),
        N_("Retires units for good; the certificate can be looked up by serial."),
        Role(0),
        (
            _INSTRUMENT,
            _AMOUNT,
            Field("reference", REFERENCE, N_("For what"), N_("Words for the certificate.")),
        ),
        call("ledger", "retire", own, "instrument", "amount", lambda *_: CANCELLATION, "reference"),
        sensitive=True,
        command="units cancel",
    ),
    Act(
        "units",
        "claw-back",
        N_("Claw back units"),
        N_("Takes units of any kind from a holder and cancels them."),
        Role.REGULATOR,
        (organisation(), _INSTRUMENT, _AMOUNT, reason(), document()),
        call("ledger", "claw_back", "organisation", "instrument", "amount", "reason", "document"),
        sensitive=True,
        command="units claw-back",
    ),
    *(
        Act(
            "units",
            verb,
            title,
            explains,
            Role.REGULATOR,
            (organisation(), _INSTRUMENT, _AMOUNT, reason()),
            call("ledger", verb, "organisation", "instrument", "amount", "reason"),
            sensitive=True,
        )
        for verb, title, explains in (
            (
                "freeze",
                N_("Freeze units"),
                N_("This amount does not leave the registry account, also of what comes later."),
            ),
            ("unfreeze", N_("Unfreeze units"), N_("Ends a freeze of an amount.")),
        )
    ),
    *(
        Act(
            "units",
            verb,
            title,
            explains,
            Role.REGULATOR,
            (organisation(), reason()),
            call("ledger", function, "organisation", "reason"),
            sensitive=True,
        )
        for verb, function, title, explains in (
            (
                "freeze-all",
                "freeze_holder",
                N_("Freeze a registry account"),
                N_("No units leave this organisation's registry account."),
            ),
            (
                "unfreeze-all",
                "unfreeze_holder",
                N_("Unfreeze a registry account"),
                N_("Ends the freeze of the whole account; frozen amounts stay frozen."),
            ),
        )
    ),
)
