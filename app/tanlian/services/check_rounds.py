"""Periodic checks and ratings read from the chain."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from tanlian.chain.events import Event
from tanlian.domain.credit_rating import (
    CheckKind,
    PublishedRating,
    RatingRules,
    load_rating_rules,
)
from tanlian.domain.errors import InvalidInput, NotFound, TanlianError
from tanlian.domain.instrument import allowance
from tanlian.domain.market_events import KG_PER_LOT
from tanlian.domain.net_sales import Payment
from tanlian.domain.roles import role_names
from tanlian.domain.standing import Standing
from tanlian.services.access import Access
from tanlian.services.net_sales import trades
from tanlian.services.organisations import find
from tanlian.services.periodic_report import (
    CheckedMember,
    PeriodicReport,
    as_json,
    member_from,
    read_signed,
)

EVENTS = ("RoundFinished", "MemberChecked", "RatingPublished", "RatingContested", "RatingReviewed")


RATED = ("RatingPublished", "RatingContested", "RatingReviewed")


class RoundNotFinished(TanlianError):
    """If a check has not looked at everybody yet, there is no report of it."""

    code = "round_not_finished"


@dataclass(frozen=True, slots=True)
class RatingStep:
    """One entry of a rating's history."""

    round_id: int
    what: str
    old_score: int
    new_score: int
    flags: int


@dataclass(frozen=True, slots=True)
class RatingHistory:
    """The score in force, and how it came about."""

    organisation: int
    score: int
    steps: Sequence[RatingStep]


@dataclass(frozen=True, slots=True)
class VerifiedReport:
    """A report that was found genuine."""

    round_id: int
    signer: str
    signer_words: str


def rating_rules(access: Access) -> RatingRules:
    """Return the rule that the chain's check rates by.

    Raises:
        NotFound: the chain's rule is not the one that is shipped.
    """
    rules = load_rating_rules(str(access.network.section("incentives")["rating"]))
    kept = bytes(access.contracts["periodic_check"].read("rules_hash"))
    if kept != rules.rules_hash:
        raise NotFound(
            f"The chain rates by the rule {kept.hex()}, which is not shipped with this version."
        )
    return rules


def report_of(access: Access, round_id: int) -> PeriodicReport:
    """Rebuild the report of a finished check from its events.

    Raises:
        ContractRefused: there is no such check.
        RoundNotFinished: it has to be pushed on first.
    """
    state = access.contracts["periodic_check"].read("round", round_id)
    if not state.finished_at:
        raise RoundNotFinished(
            f"Check {round_id} has looked at {state.cursor} of {state.member_count} members; push "
            "it on with `tanlian check advance` until it is finished.",
            round_id=round_id,
        )
    events = [event for event in _events(access) if event["round"] == round_id]
    return PeriodicReport(
        round_id,
        CheckKind(state.kind),
        state.year,
        state.index,
        state.period,
        bytes(state.digest),
        state.cases,
        _members(access, events, state.period),
        [_published(e) for e in events if e.name == "RatingPublished"],
        rating_rules(access),
    )


def history_of(access: Access, name: str) -> RatingHistory:
    """Return an organisation's rating with its history: published, contested, reviewed."""
    organisation = find(access, name)
    score = int(access.contracts["periodic_check"].read("score", organisation))
    steps = []
    for event in _events(access):
        if event.name not in RATED or event["organisation"] != organisation:
            continue
        if event.name == "RatingContested":
            steps.append(RatingStep(event["round"], "contested", score, score, 0))
            continue
        flags = event["flags" if event.name == "RatingPublished" else "new_flags"]
        what = "published" if event.name == "RatingPublished" else "reviewed"
        steps.append(
            RatingStep(event["round"], what, event["old_score"], event["new_score"], flags)
        )
    return RatingHistory(organisation, score, steps)


def verified(access: Access, text: bytes, signature: bytes) -> VerifiedReport:
    """Make sure that a report is signed, and is what the chain's events give.

    Raises:
        InvalidInput: the signature is not of this text, or the chain gives another text.
    """
    proof = read_signed(text, signature)
    try:
        round_id = int(json.loads(proof.text)["round"])
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidInput("This report names no check.") from error
    if as_json(report_of(access, round_id)) != proof.text:
        raise InvalidInput(
            f"The signature is good, but the events of check {round_id} on this chain give another "
            "report.",
            round_id=round_id,
        )
    word = int(access.contracts.membership.read("standing", proof.signer))
    standing = Standing.unpack(word)
    roles = " and ".join(role_names(standing.roles)) or "no role"
    who = f"organisation {standing.organisation} ({roles})" if word else "no member's key"
    return VerifiedReport(round_id, proof.signer, f"{proof.signer}, {who}")


def _members(access: Access, events: Sequence[Event], period: int) -> list[CheckedMember]:
    """The facts of each member, with its trades of the vintage until the check was finished."""
    ended = next(event.block for event in events if event.name == "RoundFinished")
    token = allowance(period).token_id
    bought: Counter[int] = Counter()
    sold: Counter[int] = Counter()
    for trade in trades(access, ended):
        if trade.instrument == token and trade.payment is not Payment.DEFAULTED:
            bought[trade.buyer] += trade.lots * KG_PER_LOT
            sold[trade.seller] += trade.lots * KG_PER_LOT
    checked = [
        member_from(e.arguments, tuple(e["facts"])) for e in events if e.name == "MemberChecked"
    ]
    return [
        replace(m, bought_kg=bought[m.organisation], sold_kg=sold[m.organisation]) for m in checked
    ]


def _events(access: Access) -> list[Event]:
    contracts = access.contracts
    return list(
        contracts.events().read(
            contracts.book.first_block(), contracts=["periodic_check"], names=EVENTS
        )
    )


def _published(event: Event) -> PublishedRating:
    return PublishedRating(
        event["round"],
        event["organisation"],
        event["old_score"],
        event["new_score"],
        event["flags"],
        event["upheld"],
        event["overturned"],
    )
