"""Settlement money and redemptions."""

from tanlian.domain.holder import organisation_of_holder
from tanlian.readmodel.draft import Draft
from tanlian.readmodel.projections.registry import (
    NOBODY,
    Fact,
    hexadecimal,
    leaves_out,
    takes,
)
from tanlian.readmodel.tables import balances, redemptions
from tanlian.readmodel.tables.acts import money_issues

leaves_out("money", "Wired", "Sealed", because="deployment; the address book shows it")
leaves_out("money", "OwnershipTransferred", "RoleMinterChanged", because="nobody owns the contract")
leaves_out("money", "Approval", because="an allowance moves nothing; its use is a Transfer")

_STATES = {
    "RedemptionPaidOut": "paid out",
    "RedemptionRejected": "rejected",
    "RedemptionCancelled": "cancelled",
}


@takes("money", "Transfer")
def moved(draft: Draft, fact: Fact) -> None:
    for side, sign in (("sender", -1), ("receiver", 1)):
        holder = fact.said[side].lower()
        if holder != NOBODY:
            row = draft.row(balances, token=fact.contract, holder=holder)
            row.setdefault("organisation", organisation_of_holder(holder) or 0)
            row["amount"] = row.get("amount", 0) + sign * fact.said["value"]


@takes("money", "MoneyIssued")
def issued(draft: Draft, fact: Fact) -> None:
    draft.add(
        money_issues,
        **fact.pick("bank", "organisation", "amount"),
        reference=hexadecimal(fact.said["payment_reference"]),
        time=fact.time,
        block=fact.block,
        **fact.signed,
    )


@takes("money", "RedemptionRequested")
def redemption_requested(draft: Draft, fact: Fact) -> None:
    said = fact.said
    draft.row(redemptions, id=said["redemption"]).update(
        organisation=said["organisation"],
        bank=said["bank"],
        amount=said["amount"],
        payee=hexadecimal(said["payee"]),
        state="requested",
        reference=None,
        time=fact.time,
    )


@takes("money", *_STATES)
def redemption_ended(draft: Draft, fact: Fact) -> None:
    row = draft.row(redemptions, id=fact.said["redemption"])
    row["state"] = _STATES[fact.name]
    if "payout_reference" in fact.said:
        row["reference"] = hexadecimal(fact.said["payout_reference"])
