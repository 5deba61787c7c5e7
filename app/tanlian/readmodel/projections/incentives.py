"""Coin accounts, cases, amendments and votes."""

from typing import Any

from eth_abi.exceptions import DecodingError

from tanlian.chain.contracts import interface_of
from tanlian.domain.holder import organisation_of_holder
from tanlian.domain.incentives import REWARDS
from tanlian.domain.market_states import CaseState
from tanlian.readmodel.bulk import Row
from tanlian.readmodel.draft import Draft
from tanlian.readmodel.projections import money
from tanlian.readmodel.projections.registry import (
    NOBODY,
    Fact,
    hexadecimal,
    leaves_out,
    takes,
)
from tanlian.readmodel.tables.incentives import (
    amendment_rules,
    amendments,
    cases,
    coin_accounts,
    coin_entries,
    votes,
)

_VOTING, _ENACTED = 1, 2

for _contract in ("coin", "incentives"):
    leaves_out(_contract, "Wired", "Sealed", because="deployment; the address book shows it")
leaves_out("coin", "OwnershipTransferred", "RoleMinterChanged", because="nobody owns the contract")
leaves_out("coin", "Approval", because="an allowance moves nothing; its use is a Transfer")


@takes("coin", "Transfer")
def moved(draft: Draft, fact: Fact) -> None:
    """Move coins; between two organisations both sides see it."""
    money.moved(draft, fact)
    said = fact.said
    if NOBODY in {said["sender"].lower(), said["receiver"].lower()}:
        return  # a reward, penalty, redemption or payment, which say so themselves
    sender = organisation_of_holder(said["sender"].lower()) or 0
    receiver = organisation_of_holder(said["receiver"].lower()) or 0
    _coins(draft, sender)["announced"] -= said["value"]
    _enter(draft, fact, sender, said["value"], incoming=False, other=receiver)
    _enter(draft, fact, receiver, said["value"], incoming=True, other=sender)


@takes("coin", "CoinsRewarded", "CoinsDeducted")
def rewarded_or_deducted(draft: Draft, fact: Fact) -> None:
    said = fact.said
    _coins(draft, said["organisation"])["debt"] = said["new_debt"]
    _enter(
        draft,
        fact,
        said["organisation"],
        said["amount"],
        incoming=fact.name == "CoinsRewarded",
        case=said["case_id"],
    )


@takes("coin", "CoinsLocked")
def locked(draft: Draft, fact: Fact) -> None:
    _coins(draft, fact.said["organisation"])["locked"] = fact.said["new_locked"]


@takes("coin", "ReleaseAnnounced")
def release_announced(draft: Draft, fact: Fact) -> None:
    _coins(draft, fact.said["organisation"]).update(
        announced=fact.said["new_announced"], movable_at=fact.said["movable_at"]
    )


@takes("coin", "CoinsRedeemed")
def redeemed(draft: Draft, fact: Fact) -> None:
    said = fact.said
    _coins(draft, said["organisation"])["announced"] -= said["coins"]
    _enter(draft, fact, said["organisation"], said["coins"], incoming=False, money=said["money"])


@takes("coin", "DebtPaid")
def debt_paid(draft: Draft, fact: Fact) -> None:
    said = fact.said
    _coins(draft, said["organisation"])["debt"] = said["new_debt"]
    _enter(draft, fact, said["organisation"], said["coins"], incoming=False, money=said["money"])


@takes("coin", "TreasuryFunded")
def treasury_funded(draft: Draft, fact: Fact) -> None:
    said = fact.said
    _enter(draft, fact, said["organisation"], 0, incoming=False, money=said["amount"])


@takes("incentives", "CaseOpened")
def case_opened(draft: Draft, fact: Fact) -> None:
    said = fact.said
    reward = said["trigger"] in REWARDS  # is paid at once
    draft.row(cases, id=said["case_id"]).update(
        **fact.pick(
            "organisation", "trigger", "period", "subject", "units", "version", "appeal_until"
        ),
        opened_amount=said["amount"],
        amount=said["amount"],
        status=CaseState.DONE if reward else CaseState.OPEN,
        opened_at=fact.time,
        appealed_at=None,
        appeal_document=None,
        appealed_by=None,
        closed_at=fact.time if reward else None,
        close_document=None,
        closed_by=None,
        **fact.signed,
    )


@takes("incentives", "CaseAppealed")
def case_appealed(draft: Draft, fact: Fact) -> None:
    draft.row(cases, id=fact.said["case_id"]).update(
        status=CaseState.APPEALED,
        appealed_at=fact.time,
        appeal_document=hexadecimal(fact.said["document"]),
        appealed_by=fact.signer,
    )


@takes("incentives", "CaseClosed")
def case_closed(draft: Draft, fact: Fact) -> None:
    said = fact.said
    draft.row(cases, id=said["case_id"]).update(
        status=said["new_status"],
        amount=said["amount"],
        closed_at=fact.time,
        close_document=hexadecimal(said["document"]) if any(said["document"]) else None,
        closed_by=fact.signer,
    )


@takes("incentives", "RulesProposed", with_data=True)
def rules_proposed(draft: Draft, fact: Fact) -> None:
    said = fact.said
    draft.row(amendments, id=said["amendment"]).update(
        **fact.pick("from_period", "rules_hash", "appeal_seconds", "voting_ends_at"),
        status=_VOTING,
        yes=0,
        no=0,
        proposed_at=fact.time,
        enacted_at=None,
        **fact.signed,
    )
    for trigger, rule in enumerate(_rules_in(fact.data), start=1):
        draft.add(amendment_rules, amendment=said["amendment"], trigger=trigger, **rule)


@takes("incentives", "VoteCast")
def vote_cast(draft: Draft, fact: Fact) -> None:
    said = fact.said
    draft.row(amendments, id=said["amendment"]).update(**fact.pick("yes", "no"))
    draft.add(
        votes, **fact.pick("amendment", "organisation", "in_favour"), time=fact.time, **fact.signed
    )


@takes("incentives", "RulesEnacted")
def rules_enacted(draft: Draft, fact: Fact) -> None:
    draft.row(amendments, id=fact.said["amendment"]).update(status=_ENACTED, enacted_at=fact.time)


def _rules_in(data: bytes) -> list[dict[str, Any]]:
    """The proposed rules from the call; none where the call came through another contract."""
    form = interface_of("Incentives").by_selector.get(data[:4])
    if form is None or form.name != "propose_rules":
        return []
    try:
        return [rule._asdict() for rule in form.read(data)[form.parameters.index("rules")]]
    except DecodingError:
        return []


def _coins(draft: Draft, organisation: int) -> Row:
    row = draft.row(coin_accounts, organisation=organisation)
    for name in ("debt", "locked", "announced", "movable_at"):
        row.setdefault(name, 0)
    return row


def _enter(
    draft: Draft,
    fact: Fact,
    organisation: int,
    coins: int,
    *,
    incoming: bool,
    money: int = 0,
    case: int | None = None,
    other: int | None = None,
) -> None:
    draft.add(
        coin_entries,
        organisation=organisation,
        event=fact.name,
        coins=coins,
        money=money,
        debt_after=_coins(draft, organisation)["debt"],
        case=case,
        other=other,
        incoming=incoming,
        **fact.place,
    )
