"""The report of a periodic check: reproducible from the chain's events, signed, in three forms.

Whoever has the events of a finished check gets the same bytes: rows in the order of the check, no
time of day, no names that the chain does not hold. The digest in it is recomputed from the facts
and must be the one that the contract kept; each rating must follow from its facts by the rule.
"""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields

from coincurve import PublicKey

from tanlian.chain.keys import Key, checksum, keccak
from tanlian.domain.credit_rating import CheckKind, PublishedRating, RatingRules, unexplained
from tanlian.domain.errors import InvalidInput
from tanlian.services.report.figures import thousands
from tanlian.services.report.page import Fact, Section, Table, render_page

TRADED = ("bought_kg", "sold_kg", "other_sources_kg")
PREFIX = b"\x19Ethereum Signed Message:\n"
WORD = 32


@dataclass(frozen=True, slots=True)
class MemberFacts:
    """What the check found of one emitter, in the order of the contract's struct."""

    entitled_kg: int
    declared_kg: int
    verified_kg: int
    accepted_kg: int
    duty_kg: int
    surrendered_kg: int
    in_time_kg: int
    shortfall_kg: int
    holding_kg: int
    verifier_id: int
    flags: int


@dataclass(frozen=True, slots=True)
class CheckedMember:
    """One event `MemberChecked`, and what the member traded of the vintage until the check ended.

    The contract keeps no trades by member and year; they come from the market's events.
    """

    organisation: int
    facts: MemberFacts
    cases: int
    bought_kg: int = 0
    sold_kg: int = 0

    @property
    def other_sources_kg(self) -> int:
        """Held and surrendered beyond entitlement and trades: carry-over, offsets, transfers."""
        had = self.facts.entitled_kg + self.bought_kg - self.sold_kg
        return max(0, self.facts.surrendered_kg + self.facts.holding_kg - had)


@dataclass(frozen=True, slots=True)
class PeriodicReport:
    """A finished check."""

    round_id: int
    kind: CheckKind
    year: int
    index: int
    period: int
    digest: bytes
    cases: int
    members: Sequence[CheckedMember]
    ratings: Sequence[PublishedRating]
    rules: RatingRules

    def faults(self) -> list[str]:
        """Return why the report does not bear out what the chain says; empty if it does."""
        found = []
        if digest_of(self.members) != self.digest:
            found.append("the members' facts do not give the digest that the contract kept")
        if sum(member.cases for member in self.members) != self.cases:
            found.append("the members' cases do not add up to those of the check")
        found += [
            f"the rating of organisation {rating.organisation} does not follow from its facts"
            for rating in unexplained(self.rules, self.ratings)
        ]
        return found


@dataclass(frozen=True, slots=True)
class SignedReport:
    """The JSON form with a signature over its hash (EIP-191), so that it stands by itself."""

    text: str
    signer: str
    signature: str

    def is_genuine(self) -> bool:
        """Whether the signer signed exactly this text."""
        return _recovered(self.text, self.signature) == self.signer


def digest_of(members: Sequence[CheckedMember]) -> bytes:
    """Return the hash chain over the members' facts, as the contract computes it."""
    digest = bytes(WORD)
    for member in members:
        words = (member.organisation, *asdict(member.facts).values())
        digest = keccak(digest + b"".join(word.to_bytes(WORD) for word in words))
    return digest


def member_from(arguments: Mapping[str, object], facts: Sequence[int]) -> CheckedMember:
    """Read one event `MemberChecked`.

    Raises:
        InvalidInput: the event has another number of facts than this version knows.
    """
    if len(facts) != len(fields(MemberFacts)):
        raise InvalidInput("This check was made by another version of the contract.")
    return CheckedMember(
        int(str(arguments["organisation"])), MemberFacts(*facts), int(str(arguments["cases"]))
    )


def as_json(report: PeriodicReport) -> str:
    """Return the canonical text: the same check gives the same bytes everywhere."""
    document = {
        "round": report.round_id,
        "kind": report.kind.name.lower(),
        "year": report.year,
        "index": report.index,
        "period": report.period,
        "digest": report.digest.hex(),
        "cases": report.cases,
        "rating_rules_hash": report.rules.rules_hash.hex(),
        "members": [
            {
                "organisation": m.organisation,
                "cases": m.cases,
                **asdict(m.facts),
                **dict(zip(TRADED, _traded(m), strict=True)),
            }
            for m in report.members
        ],
        "ratings": [
            {**asdict(rating), "grade": report.rules.grade(rating.new_score)}
            for rating in report.ratings
        ],
    }
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False) + "\n"


def _traded(member: CheckedMember) -> tuple[int, int, int]:
    return member.bought_kg, member.sold_kg, member.other_sources_kg


def as_csv(report: PeriodicReport) -> str:
    """Return one row per emitter, with its rating where the check rates."""
    scores = {rating.organisation: rating for rating in report.ratings}
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    names = [field.name for field in fields(MemberFacts)]
    writer.writerow(["organisation", *names, *TRADED, "cases", "old_score", "new_score", "grade"])
    for member in report.members:
        rating = scores.get(member.organisation)
        rated = ("", "", "")
        if rating is not None:
            grade = report.rules.grade(rating.new_score)
            rated = (str(rating.old_score), str(rating.new_score), grade)
        facts = asdict(member.facts).values()
        writer.writerow([member.organisation, *facts, *_traded(member), member.cases, *rated])
    return out.getvalue()


def as_page(report: PeriodicReport) -> str:
    """Return the printable form, with the verdict on top."""
    faults = report.faults()
    rows = [
        (
            str(m.organisation),
            thousands(m.facts.entitled_kg),
            thousands(m.facts.declared_kg),
            thousands(m.facts.accepted_kg),
            thousands(m.bought_kg),
            thousands(m.sold_kg),
            thousands(m.facts.surrendered_kg),
            thousands(m.facts.shortfall_kg),
            thousands(m.other_sources_kg),
            ", ".join(name for name, _ in report.rules.reasons(m.facts.flags)),
            str(m.cases),
        )
        for m in report.members
    ]
    ratings = [
        (
            str(rating.organisation),
            str(rating.old_score),
            str(rating.new_score),
            report.rules.grade(rating.new_score),
            ", ".join(f"{name} {points:+}" for name, points in report.rules.reasons(rating.flags)),
        )
        for rating in report.ratings
    ]
    return render_page(
        title=f"定期检查 Periodic check {report.year} {report.kind.name.lower()} {report.index}",
        introduction=f"Round {report.round_id}; reports and duties of {report.period}.",
        reconciled="; ".join(faults) or f"digest 0x{report.digest.hex()} recomputed, equal",
        balanced=not faults,
        facts=[
            Fact(thousands(len(report.members)), "排放单位 emitters"),
            Fact(thousands(report.cases), "案件 cases opened"),
        ],
        parts=[
            Section(
                "检查事实 Facts",
                "Kilograms, as the chain held them when the check came by; trades of the vintage "
                "until its end. Other sources are units held or surrendered that neither the "
                "allocation nor trades explain: carry-over, offsets, transfers.",
                Table(
                    (
                        "id",
                        "quota",
                        "declared",
                        "accepted",
                        "bought",
                        "sold",
                        "surrendered",
                        "short",
                        "other sources",
                        "what held",
                        "cases",
                    ),
                    rows,
                    frozenset({1, 2, 3, 4, 5, 6, 7, 8, 10}),
                ),
            ),
            Section(
                "信用评判 Credit rating",
                "Contest a rating with `contest` within the time that the rules state.",
                Table(("id", "from", "to", "grade", "why"), ratings, frozenset({1, 2})),
            ),
        ],
    )


def signed(report: PeriodicReport, key: Key) -> SignedReport:
    """Sign the canonical text.

    Raises:
        InvalidInput: the report contradicts the chain, and is not signed.
    """
    faults = report.faults()
    if faults:
        raise InvalidInput(f"This report is not signed: {faults[0]}.", faults=faults)
    text = as_json(report)
    signature = key.sign_message_digest(_message_digest(text))
    return SignedReport(text, key.address, "0x" + signature.hex())


def signature_text(proof: SignedReport) -> str:
    """Return what stands beside a signed report: who signed which text."""
    document = {
        "keccak256": keccak(proof.text.encode()).hex(),
        "signature": proof.signature,
        "signer": proof.signer,
    }
    return json.dumps(document, indent=1, sort_keys=True) + "\n"


def read_signed(text: bytes, signature: bytes) -> SignedReport:
    """Read a report with the signature beside it.

    Raises:
        InvalidInput: one of them is malformed, or the signature is of another text or signer.
    """
    try:
        told = json.loads(signature)
        proof = SignedReport(text.decode(), str(told["signer"]), str(told["signature"]))
        genuine = proof.is_genuine()
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise InvalidInput(f"This is no signed report: {error!r}.") from error
    if not genuine:
        raise InvalidInput(
            f"The signature is not one of {proof.signer} under this report; report or signature "
            "was changed.",
            signer=proof.signer,
        )
    return proof


def _message_digest(text: str) -> bytes:
    return keccak(PREFIX + str(WORD).encode() + keccak(text.encode()))


def _recovered(text: str, signature: str) -> str:
    raw = bytes.fromhex(signature.removeprefix("0x"))
    compact = raw[:64] + bytes([(raw[64] - 27) % 256])
    try:
        point = PublicKey.from_signature_and_message(compact, _message_digest(text), hasher=None)
    except ValueError:
        return ""
    return checksum(keccak(point.format(compressed=False)[1:])[-20:])
