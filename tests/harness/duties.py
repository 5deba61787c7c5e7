"""Duties, offsets, coins and incentives on top of the register, under titanoboa.

`deploy_duties()` deploys and wires everything of this group; emissions come from a mock unless a
contract is given. `Duties` extends the consortium with the verbs that many tests need.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

import boa
import pytest
from eth_utils import keccak

from harness.consortium import (
    DOCUMENT,
    NORTH,
    PERIOD,
    Consortium,
    Member,
    deploy,
    deploy_register,
    deployer_of,
    seal_register,
)
from harness.refusal import reason_of
from tanlian.domain.credit_rating import load_rating_rules
from tanlian.domain.incentives import load_rules
from tanlian.domain.instrument import allowance, offset
from tanlian.domain.profiles import ComplianceRules, profile

DAY = 86_400
START_OF_2025 = 1_735_689_600
DEADLINE = 1_767_225_599  # surrender for 2024: 2025-12-31 23:59:59 UTC
REPORT_DEADLINE = 1_743_465_599  # 2025-03-31 23:59:59 UTC
TOO_SOON = START_OF_2025 + 40 * DAY
COIN = 1_000_000
FRESH, WIRED, SEALED = range(3)


class ReportFacts(NamedTuple):
    """As in IVerifiedEmissions.vyi, in its order."""

    declared_kg: int = 0
    verified_kg: int = 0
    accepted_kg: int = 0
    submitted_at: int = 0
    deadline_at: int = 0
    accepted_at: int = 0
    verifier_id: int = 0
    overturned: bool = False


@dataclass
class Duties:
    """The deployed protocol with the verbs of this group."""

    consortium: Consortium
    emissions: Any
    offsets: Any
    compliance: Any
    coin: Any
    incentives: Any
    obligations: Any
    check: Any
    auction: Any

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self.consortium, name)

    def accept(
        self,
        member: Member,
        accepted_kg: int,
        period: int = PERIOD,
        *,
        declared_kg: int | None = None,
        submitted_at: int = TOO_SOON,
        accepted_at: int | None = None,
        verifier: Member | None = None,
        verified_kg: int | None = None,
        overturned: bool = False,
    ) -> ReportFacts:
        """State that a report was verified and accepted (by the mock)."""
        facts = ReportFacts(
            declared_kg=accepted_kg if declared_kg is None else declared_kg,
            verified_kg=accepted_kg if verified_kg is None else verified_kg,
            accepted_kg=accepted_kg,
            submitted_at=submitted_at,
            deadline_at=REPORT_DEADLINE,
            accepted_at=boa.env.timestamp if accepted_at is None else accepted_at,
            verifier_id=(verifier or self.verifier).org_id,
            overturned=overturned,
        )
        self.emissions.state(member.org_id, period, facts)
        return facts

    def default(self, buyer: Member, lots: int, due_at: int, number: int = 1) -> int:
        """State that a buyer defaulted on an obligation (by the mock)."""
        seller = self.other_emitter.org_id
        owed = (3, 1, allowance(PERIOD).token_id, buyer.org_id, seller, lots, 1, 1, due_at)
        self.obligations.state(number, owed)
        return number

    def open_case(
        self,
        trigger: int,
        member: Member,
        subject: int = 0,
        *,
        by: Member | None = None,
        period: int = PERIOD,
    ) -> int:
        applicant = by or self.regulator
        return self.incentives.open_case(
            trigger, member.org_id, period, subject, sender=applicant.account
        )

    def penalise(self, member: Member, amount: int, text: str = "decision") -> int:
        """Open a penalty by decision."""
        return self.incentives.open_decision(
            11, member.org_id, PERIOD, keccak(text=text), amount, sender=self.regulator.account
        )

    def give_coins(self, member: Member, amount: int, text: str = "merit") -> None:
        """Reward by decision."""
        self.incentives.open_decision(
            12, member.org_id, PERIOD, keccak(text=text), amount, sender=self.regulator.account
        )

    def coins(self, member: Member) -> tuple[int, int, int]:
        """Balance, debt and locked coins."""
        account = self.coin.coin_account(member.org_id)
        return account.balance, account.debt, account.locked

    def open_period(self, period: int = PERIOD, **changes: Any) -> ComplianceRules:
        """Open a period under the China-like rules, with changes."""
        rules = profile("cn", 2024).compliance_rules()._replace(**changes)
        self.compliance.open_period(period, rules, sender=self.regulator.account)
        return rules

    def surrender(self, member: Member, *items: tuple[int, int], period: int = PERIOD) -> int:
        return self.compliance.surrender(period, list(items), sender=member.account)

    def approved_project(self, owner: Member, name: str = "wind farm") -> int:
        """Register a project and have it approved."""
        project = self.offsets.register(
            name, keccak(text="methodology"), keccak(text=name), 1, 2**40, sender=owner.account
        )
        self.offsets.open_review(project, sender=self.regulator.account)
        self.offsets.approve(project, DOCUMENT, "sound", sender=self.regulator.account)
        return project

    def credit(self, project: int, amount_kg: int, start: int, end: int) -> tuple[int, int]:
        """Attest and issue one monitoring period; return attestation and token."""
        document = keccak(text=f"monitoring {project} {start} {end}")
        attestation = self.offsets.attest(
            project, start, end, amount_kg, document, sender=self.verifier.account
        )
        self.offsets.issue(attestation, sender=self.regulator.account)
        return attestation, self.offsets.attestation(attestation).token_id

    def wire(self) -> None:
        """Wire the contracts of this group, as the deployer."""
        it, facts = self.consortium, (self.emissions, self.compliance, self.allocation)
        with boa.env.prank(it.deployer):
            self.offsets.wire(it.ledger)
            self.compliance.wire(it.ledger, it.allocation, self.emissions, self.offsets)
            self.coin.wire(self.incentives, it.money)
            self.incentives.wire(self.coin, *facts, self.obligations, self.check)
            self.check.wire(self.incentives, *facts, it.ledger, self.obligations)
            self.auction.wire(it.ledger, it.money)

    def seal(self) -> None:
        contracts = (self.offsets, self.compliance, self.coin)
        with boa.env.prank(self.consortium.deployer):
            for contract in (*contracts, self.incentives, self.auction, self.check):
                contract.seal()

    def send(self, sender: Member, to: Member, token_id: int, amount_kg: int) -> None:
        self.ledger.safeTransferFrom(
            sender.holder, to.holder, token_id, amount_kg, b"", sender=sender.account
        )


def deploy_duties(*, now: int = START_OF_2025, stage: int = SEALED) -> Duties:
    """Deploy, wire and seal register and duties at a stated block time, with mocks beside them."""
    boa.env.timestamp = now
    return with_duties(
        deploy_register(),
        deployer_of("tests/mocks/VerifiedEmissionsMock.vy").deploy(),
        deployer_of("tests/mocks/ObligationsMock.vy").deploy(),
        stage=stage,
    )


def with_duties(
    it: Consortium,
    emissions: Any,
    obligations: Any,
    facilities: tuple[Any, ...] = (),
    stage: int = SEALED,
) -> Duties:
    """Deploy this group on an unsealed register and seal everything.

    `facilities` are contracts of other groups that hold units and money (the market).
    """
    rules, rating = load_rules(), load_rating_rules()
    offsets = deploy("OffsetRegistry", it.membership)
    compliance = deploy("Compliance", it.membership)
    coin = deploy("CreditCoin", it.membership, rules.money_per_coin, rules.notice_seconds)
    incentives = deploy(
        "Incentives",
        it.membership,
        rules.in_order(),
        rules.rules_hash,
        rules.appeal_seconds,
        rules.vote_seconds,
        rules.delay_seconds,
        rules.quorum,
    )
    auction = deploy("OneWayAuction", it.membership)
    check = deploy(
        "PeriodicCheck",
        it.membership,
        rating.weights,
        rating.masks,
        rating.contest_seconds,
        rating.rules_hash,
    )
    found = Duties(
        it, emissions, offsets, compliance, coin, incentives, obligations, check, auction
    )
    seal_register(
        it,
        unit_facilities=(auction, *facilities),
        money_facilities=(coin, auction, *facilities),
        issuers=((2, offsets), (1, compliance)),
        retirers=(compliance,),
        recorders=(compliance,),
    )
    if stage >= WIRED:
        found.wire()
    if stage >= SEALED:
        found.seal()
    return found


def unwired_duties() -> Duties:
    """As `deploy_duties`, with this group's contracts at the same addresses and not wired."""
    return deploy_duties(stage=FRESH)


def wired_duties() -> Duties:
    """As `deploy_duties`, wired and not sealed."""
    return deploy_duties(stage=WIRED)


@contextmanager
def refused_with(reason: str) -> Iterator[None]:
    """Expect a refusal whose reason, as the outermost caller sees it, is exactly this one."""
    try:
        yield
    except boa.BoaError as refusal:
        assert reason_of(refusal) == reason  # noqa: PT017
    else:
        pytest.fail(f"went through, instead of {reason!r}")


def vintage(year: int) -> int:
    """The token id of allowances of one vintage."""
    return allowance(year).token_id


def credit_token(project: int, year: int) -> int:
    """The token id of offset credits."""
    return offset(project, year).token_id


__all__ = ["DAY", "DEADLINE", "NORTH", "PERIOD", "Duties", "ReportFacts", "deploy_duties"]
