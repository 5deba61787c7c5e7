"""Units: who holds them, which blocks were issued, which certificates retired them."""

from tanlian.domain.holder import holder_address, organisation_of_holder
from tanlian.readmodel.draft import Draft
from tanlian.readmodel.projections.registry import (
    NOBODY,
    Fact,
    hexadecimal,
    leaves_out,
    takes,
)
from tanlian.readmodel.tables import certificates, holdings, issue_blocks
from tanlian.readmodel.tables.acts import claw_backs, freezes, frozen_holders

leaves_out("ledger", "Wired", "Sealed", because="deployment; the address book shows it")
leaves_out(
    "ledger", "OwnershipTransferred", "RoleMinterChanged", because="nobody owns the contract"
)
leaves_out("ledger", "ApprovalForAll", because="only facilities are approved; it moves nothing")


@takes("ledger", "TransferSingle")
def moved(draft: Draft, fact: Fact) -> None:
    _move(draft, fact, fact.said["_id"], fact.said["_value"])


@takes("ledger", "TransferBatch")
def moved_many(draft: Draft, fact: Fact) -> None:
    for token_id, amount in zip(fact.said["_ids"], fact.said["_values"], strict=True):
        _move(draft, fact, token_id, amount)


@takes("ledger", "UnitsIssued")
def issued(draft: Draft, fact: Fact) -> None:
    said = fact.said
    draft.add(
        issue_blocks,
        id=said["block_id"],
        token_id=said["token_id"],
        organisation=said["organisation"],
        first_serial=said["first_serial"],
        amount_kg=said["amount_kg"],
        basis=hexadecimal(said["basis"]),
        time=fact.time,
        tx_hash=fact.tx_hash,
    )


@takes("ledger", "UnitsRetired")
def retired(draft: Draft, fact: Fact) -> None:
    said = fact.said
    draft.add(
        certificates,
        id=said["certificate_id"],
        token_id=said["token_id"],
        organisation=said["organisation"],
        first_serial=said["first_serial"],
        amount_kg=said["amount_kg"],
        purpose=said["purpose"],
        reference=hexadecimal(said["reference"]),
        time=fact.time,
        tx_hash=fact.tx_hash,
    )


@takes("ledger", "UnitsFrozen", "UnitsUnfrozen")
def frozen(draft: Draft, fact: Fact) -> None:
    holder = holder_address(fact.said["organisation"])
    row = _holding(draft, holder, fact.said["token_id"])
    row["frozen_kg"] = fact.said["new_frozen_kg"]
    draft.add(
        freezes,
        **fact.pick("organisation", "token_id", "old_frozen_kg", "new_frozen_kg"),
        frozen=fact.name == "UnitsFrozen",
        reason=fact.said["reason"],
        signer=fact.signer,
        **fact.place,
    )


@takes("ledger", "HolderFrozen", "HolderUnfrozen")
def holder_frozen(draft: Draft, fact: Fact) -> None:
    said, is_frozen = fact.said, fact.name == "HolderFrozen"
    draft.row(frozen_holders, organisation=said["organisation"]).update(
        frozen=is_frozen, reason=said["reason"], since=fact.time
    )
    draft.add(
        freezes,
        organisation=said["organisation"],
        token_id=None,
        old_frozen_kg=None,
        new_frozen_kg=None,
        frozen=is_frozen,
        reason=said["reason"],
        signer=fact.signer,
        **fact.place,
    )


@takes("ledger", "UnitsClawedBack")
def clawed_back(draft: Draft, fact: Fact) -> None:
    said = fact.said
    draft.add(
        claw_backs,
        certificate=said["certificate_id"],
        **fact.pick("organisation", "token_id", "amount_kg"),
        reason=said["reason"],
        time=fact.time,
        **fact.signed,
    )


def _move(draft: Draft, fact: Fact, token_id: int, amount_kg: int) -> None:
    for side, sign in (("_from", -1), ("_to", 1)):
        if fact.said[side] != NOBODY:
            _holding(draft, fact.said[side].lower(), token_id)["amount_kg"] += sign * amount_kg


def _holding(draft: Draft, holder: str, token_id: int) -> dict[str, int]:
    row = draft.row(holdings, holder=holder, token_id=token_id)
    row.setdefault("organisation", organisation_of_holder(holder) or 0)
    row.setdefault("amount_kg", 0)
    row.setdefault("frozen_kg", 0)
    return row
