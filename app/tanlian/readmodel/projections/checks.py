"""Rounds of the periodic check, their results, and the ratings."""

from tanlian.domain.market_states import RatingState
from tanlian.readmodel.draft import Draft
from tanlian.readmodel.projections.registry import Fact, hexadecimal, leaves_out, takes
from tanlian.readmodel.tables.checks import (
    check_results,
    check_rounds,
    default_checks,
    ratings,
    scores,
)

START_SCORE, TOP_SCORE = 600, 1_000  # as the contract; a score that differs fails `verify`

leaves_out("periodic_check", "Wired", "Sealed", because="deployment; the address book shows it")


@takes("periodic_check", "RoundOpened", with_view=("contest_seconds", ()))
def round_opened(draft: Draft, fact: Fact) -> None:
    said = fact.said
    draft.row(check_rounds, id=said["round"]).update(
        **fact.pick("kind", "year", "period", "member_count"),
        part=said["index"],
        checked=0,
        cases=0,
        opened_at=fact.time,
        contest_until=fact.time + fact.answer,
        finished_at=None,
        digest=None,
        **fact.signed,
    )


@takes("periodic_check", "MemberChecked")
def member_checked(draft: Draft, fact: Fact) -> None:
    said = fact.said
    row = draft.row(check_rounds, id=said["round"])
    row["checked"] += 1
    row["cases"] += said["cases"]
    draft.add(
        check_results,
        **fact.pick("round", "organisation", "cases"),
        **said["facts"]._asdict(),
        time=fact.time,
        tx_hash=fact.tx_hash,
    )


@takes("periodic_check", "RoundFinished")
def round_finished(draft: Draft, fact: Fact) -> None:
    draft.row(check_rounds, id=fact.said["round"]).update(
        **fact.pick("digest", "cases"), finished_at=fact.time
    )


@takes("periodic_check", "RatingPublished")
def rating_published(draft: Draft, fact: Fact) -> None:
    said = fact.said
    draft.row(ratings, round=said["round"], organisation=said["organisation"]).update(
        **fact.pick("old_score", "new_score", "flags", "upheld", "overturned"),
        published_score=said["new_score"],
        status=RatingState.PUBLISHED,
        published_at=fact.time,
        contested_at=None,
        contest_document=None,
        reviewed_at=None,
        review_document=None,
        reviewed_by=None,
        tx_hash=fact.tx_hash,
    )
    draft.row(scores, organisation=said["organisation"])["score"] = said["new_score"]


@takes("periodic_check", "RatingContested")
def rating_contested(draft: Draft, fact: Fact) -> None:
    said = fact.said
    draft.row(ratings, round=said["round"], organisation=said["organisation"]).update(
        status=RatingState.CONTESTED,
        contested_at=fact.time,
        contest_document=hexadecimal(said["document"]),
    )


@takes("periodic_check", "RatingReviewed")
def rating_reviewed(draft: Draft, fact: Fact) -> None:
    """Later ratings stand on this one: the score in force moves by the same difference."""
    said = fact.said
    draft.row(ratings, round=said["round"], organisation=said["organisation"]).update(
        new_score=said["new_score"],
        flags=said["new_flags"],
        status=RatingState.REVIEWED,
        reviewed_at=fact.time,
        review_document=hexadecimal(said["document"]),
        reviewed_by=fact.signer,
    )
    row = draft.row(scores, organisation=said["organisation"])
    moved = row.get("score", START_SCORE) + said["new_score"] - said["old_score"]
    row["score"] = min(max(moved, 0), TOP_SCORE)


@takes("periodic_check", "DefaultsChecked")
def defaults_checked(draft: Draft, fact: Fact) -> None:
    draft.add(
        default_checks,
        **fact.pick("first_obligation", "last_obligation", "cases"),
        time=fact.time,
        tx_hash=fact.tx_hash,
    )
