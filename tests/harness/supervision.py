"""Supervision on top of duties and of the real emission registry, under titanoboa."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boa
import pytest
from eth_utils import keccak

from harness import emissions
from harness.consortium import (
    CEA24,
    DOCUMENT,
    PERIOD,
    Member,
    deploy,
    deploy_register,
    deployer_of,
)
from harness.duties import START_OF_2025, Duties, with_duties
from harness.refusal import reason_of
from tanlian.domain.emission_methods import ActivityLine, Method
from tanlian.domain.factor_set import Unit
from tanlian.domain.roles import Role
from tanlian.domain.supervision import (
    ComplaintKind,
    ComplaintStatus,
    Extent,
    GrantedView,
    Party,
    Route,
    Scope,
    ViewKind,
    load_supervision_rules,
)

RULES = load_supervision_rules()
EVIDENCE = keccak(text="photographs of the stack")
STATEMENT = "Smoke at night, nothing in the readings"
EVERYTHING = Extent(ViewKind(127), Scope.EVERYONE, 1, 9_999)
ORDER = int.from_bytes(keccak(text="order of inspection"), "big")


def deploy_supervision() -> Duties:
    """Register, duties, emission registry and supervision, at the beginning of 2025."""
    boa.env.timestamp = START_OF_2025
    it = emissions.with_registries(deploy_register())
    obligations = deployer_of("tests/mocks/ObligationsMock.vy").deploy()
    duties = with_duties(it, it.contracts.emissions, obligations)
    deploy_supervision_on(duties)
    it.admit("other_regulator", Role.REGULATOR)
    duties.open_period()
    return duties


def deploy_supervision_on(it: Any) -> None:
    """Deploy supervision beside duties and emission registry that are there already."""
    it.contracts.supervision = deploy(
        "Supervision",
        it.membership,
        it.check,
        it.incentives,
        it.emissions,
        RULES.take_up_seconds,
        RULES.resolve_seconds,
        RULES.longest_grant_seconds,
        RULES.rules_hash,
    )


def grant(
    it: Duties,
    grantee: Member,
    extent: Extent = EVERYTHING,
    seconds: int = 86_400,
    by: Member | None = None,
) -> int:
    """Let a regulator grant a view from now on."""
    until = boa.env.timestamp + seconds
    sender = (by or it.regulator).account
    return it.supervision.grant_view(
        grantee.org_id, extent.as_struct(), until, DOCUMENT, sender=sender
    )


def complain(
    it: Duties,
    complainant: Member | None = None,
    subject: Member | None = None,
    kind: int = ComplaintKind.EMISSIONS,
    period: int = PERIOD,
) -> int:
    """File a complaint, of the observer about the emitter unless told otherwise."""
    return it.supervision.file_complaint(
        (subject or it.emitter).org_id,
        kind,
        period,
        EVIDENCE,
        STATEMENT,
        sender=(complainant or it.observer).account,
    )


def inspect(it: Duties, complaint: int, by: Member | None = None) -> None:
    """Take a complaint up with an order of inspection."""
    it.supervision.take_up(
        complaint, Route.INSPECTION, ORDER, DOCUMENT, sender=(by or it.regulator).account
    )


def resolve(it: Duties, complaint: int, *, upheld: bool = True, by: Member | None = None) -> None:
    it.supervision.resolve(
        complaint, upheld, "the findings", DOCUMENT, sender=(by or it.regulator).account
    )


def status(it: Duties, complaint: int) -> ComplaintStatus:
    return ComplaintStatus(it.supervision.complaint(complaint).status)


def report(it: Duties, member: Member, kilograms: int = 1_000_000) -> None:
    """Let an emitter report carbon dioxide for the period."""
    line = ActivityLine(Method.GAS, "CO2", Unit.KILOGRAM, kilograms * 10**6)
    emissions.report(it.consortium, member, lines=[line])


def accept(it: Duties, member: Member, verifier: Member | None = None) -> int:
    """Have a report verified and accepted."""
    emissions.assign(it.consortium, member, verifier=verifier)
    emissions.endorse(it.consortium, member, verifier=verifier)
    return emissions.accept(it.consortium, member)


def reexamine(it: Duties, member: Member) -> None:
    it.emissions.reexamine(
        member.org_id, PERIOD, "after a complaint", DOCUMENT, sender=it.regulator.account
    )


def party(it: Duties, org_id: int) -> Party:
    """An organisation as the register has it now."""
    found = it.membership.organisation(org_id)
    return Party(org_id, Role(found.roles), found.region, found.sector, found.active)


def granted(it: Duties, number: int) -> GrantedView:
    """A grant as the contract has it now."""
    found = it.supervision.grant(number)
    e = found.extent
    extent = Extent(
        ViewKind(e.kinds), Scope(e.scope), e.first_year, e.last_year, e.region, e.sector, e.subject
    )
    return GrantedView(
        number, found.grantee, extent, found.granted_at, found.expires_at, found.revoked_at
    )


def observed(it: Duties) -> dict[str, Any]:
    """What supervision says in public, beside `beyond`."""
    desk = it.supervision
    return {
        "grants": [tuple(desk.grant(n + 1)) for n in range(desk.grant_count())],
        "complaints": [tuple(desk.complaint(n + 1)) for n in range(desk.complaint_count())],
        "live": [desk.live_grants(member.org_id) for member in it.members.values()],
        **beyond(it),
    }


def beyond(it: Duties) -> dict[str, Any]:
    """Units, money, coins and figures of everybody, which no act of supervision reaches."""
    facts: dict[str, Any] = {
        "supply": it.ledger.supply(CEA24),
        "money": it.money.totalSupply(),
        "rounds": it.check.round_count(),
        "cases": it.incentives.case_count(),
    }
    for name, member in it.members.items():
        facts[name] = (
            it.membership.standing_of(member.org_id),
            it.ledger.holding(member.org_id, CEA24),
            it.ledger.free_holding(member.org_id, CEA24),
            it.money.balanceOf(member.holder),
            it.coins(member),
            it.check.score(member.org_id),
            it.emissions.commitment_of(member.org_id, PERIOD),
            tuple(it.compliance.duty(member.org_id, PERIOD)),
        )
    return facts


@contextmanager
def refused(it: Duties, reason: str) -> Iterator[None]:
    """Expect exactly this refusal, and nothing changed."""
    before = observed(it)
    try:
        yield
    except boa.BoaError as refusal:
        assert reason_of(refusal) == reason  # noqa: PT017
    else:
        pytest.fail(f"went through, instead of {reason!r}")
    assert observed(it) == before
