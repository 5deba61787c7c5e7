"""Duties, surrender, shortfall and carry-over against the register's real contracts."""

import boa
import pytest
from eth_utils import keccak
from hypothesis import given
from hypothesis import strategies as st

from harness.consortium import CEA24, DOCUMENT, EMPTY, PERIOD, TONNE, key_of
from harness.duties import DAY, DEADLINE, Duties, credit_token, refused_with, vintage
from tanlian.domain.compliance import carry_over_limit_kg, duty_kg, offset_limit_kg
from tanlian.domain.profiles import profile

T = TONNE


@pytest.fixture
def open_duty(duties: Duties) -> Duties:
    """The emitter holds 1,200 t of 2024 and has a duty of 1,000 t."""
    duties.open_period()
    duties.allocate(duties.emitter, 1_200 * T)
    duties.accept(duties.emitter, 1_000 * T)
    return duties


def duty(it: Duties, member: str = "emitter"):
    return it.compliance.duty(getattr(it, member).org_id, PERIOD)


def test_surrender__whole_duty__is_met_and_units_are_retired(open_duty: Duties) -> None:
    it = open_duty
    number = it.surrender(it.emitter, (CEA24, 1_000 * T))
    state = duty(it)
    assert (state.surrendered_kg, state.in_time_kg, state.outstanding_kg) == (
        1_000 * T,
        1_000 * T,
        0,
    )
    assert it.ledger.holding(it.emitter.org_id, CEA24) == 200 * T
    assert it.ledger.supply(CEA24).surrendered_kg == 1_000 * T
    certificate = it.compliance.surrender_certificate(number)
    assert (certificate.organisation, certificate.period) == (it.emitter.org_id, PERIOD)
    assert certificate.in_time
    (entry,) = it.compliance.ledger_certificates(number)
    retired = it.ledger.certificate(entry)
    assert retired.reference == it.compliance.certificate_identity(number)
    assert it.ledger.certificate_of_serial(CEA24, retired.first_serial) == entry
    assert retired.amount_kg == 1_000 * T


def test_surrender__in_parts__adds_up_and_numbers_certificates(open_duty: Duties) -> None:
    it = open_duty
    numbers = [it.surrender(it.emitter, (CEA24, part)) for part in (1, 999, 999_000)]
    assert numbers == [1, 2, 3]
    assert duty(it).outstanding_kg == 0
    identities = {it.compliance.certificate_identity(number) for number in numbers}
    assert len(identities) == 3


@pytest.mark.parametrize("amount", [1_000 * T + 1, 1_200 * T])
def test_surrender__more_than_the_duty__is_refused(open_duty: Duties, amount: int) -> None:
    it = open_duty
    with boa.reverts("compliance: more than the duty"):
        it.surrender(it.emitter, (CEA24, amount))
    assert duty(it).surrendered_kg == 0
    assert it.ledger.holding(it.emitter.org_id, CEA24) == 1_200 * T


def test_surrender__without_accepted_emissions__is_refused(duties: Duties) -> None:
    it = duties
    it.open_period()
    it.allocate(it.emitter, 10 * T)
    with boa.reverts("compliance: no accepted emissions"):
        it.surrender(it.emitter, (CEA24, T))
    assert it.ledger.holding(it.emitter.org_id, CEA24) == 10 * T


@pytest.mark.parametrize(
    ("items", "reason"),
    [
        ([], "compliance: nothing to surrender"),
        ([(CEA24, 0)], "compliance: amount must be positive"),
        ([(vintage(2018), T)], "compliance: vintage not accepted"),
        ([(vintage(2025), T)], "compliance: vintage not accepted"),
        ([(0, T)], "instrument: unknown kind"),
        ([(3 << 48 | 2024, T)], "instrument: unknown kind"),
        ([(1 << 48, T)], "instrument: vintage out of range"),
        ([(credit_token(9, 2024), T)], "compliance: offset not usable"),
        ([(credit_token(9, 2012), T)], "compliance: vintage not accepted"),
    ],
)
def test_surrender__bad_item__is_refused(open_duty: Duties, items, reason: str) -> None:
    it = open_duty
    with boa.reverts(reason):
        it.surrender(it.emitter, *items)
    assert duty(it).surrendered_kg == 0
    assert it.compliance.surrender_count() == 0


def test_surrender__units_of_another__is_refused(open_duty: Duties) -> None:
    it = open_duty
    it.accept(it.other_emitter, 1_000 * T)
    with refused_with("erc1155: burn amount exceeds balance"):
        it.surrender(it.other_emitter, (CEA24, T))
    assert duty(it, "other_emitter").surrendered_kg == 0
    assert it.ledger.holding(it.emitter.org_id, CEA24) == 1_200 * T


def test_surrender__outsider__is_refused(open_duty: Duties) -> None:
    it = open_duty
    with boa.reverts("member_guard: not a member"):
        it.compliance.surrender(PERIOD, [(CEA24, T)], sender=it.outsider())


def test_surrender__suspended_organisation__may_pay_its_duty(open_duty: Duties) -> None:
    it = open_duty
    it.suspend(it.emitter)
    it.surrender(it.emitter, (CEA24, 1_000 * T))
    assert duty(it).outstanding_kg == 0


def test_surrender__after_key_replacement__is_the_same_duty(open_duty: Duties) -> None:
    it = open_duty
    it.surrender(it.emitter, (CEA24, 400 * T))
    new = key_of("replacement")
    number = it.membership.propose_replacement(
        it.emitter.account, new.address, True, "stolen", sender=it.regulator.account
    )
    it.membership.approve_replacement(number, sender=it.exchange.account)
    assert duty(it).outstanding_kg == 600 * T
    with boa.reverts("member_guard: not a member"):
        it.surrender(it.emitter, (CEA24, T))
    it.compliance.surrender(PERIOD, [(CEA24, 600 * T)], sender=new.address)
    assert duty(it).outstanding_kg == 0


# --- offsets ---


@pytest.fixture
def with_credits(open_duty: Duties) -> Duties:
    """The trader owns a project with 100 t of credits of 2024 and gives them to the emitter."""
    it = open_duty
    project = it.approved_project(it.trader)
    _, token = it.credit(project, 100 * T, 1_704_067_200, 1_735_689_600)  # the year 2024
    assert token == credit_token(project, 2024)
    it.send(it.trader, it.emitter, token, 100 * T)
    return it


@pytest.mark.parametrize(("amount", "passes"), [(50 * T, True), (50 * T + 1, False)])
def test_surrender__offsets__at_most_the_share_of_the_duty(
    with_credits: Duties, amount: int, passes: bool
) -> None:
    it, token = with_credits, credit_token(1, 2024)
    if passes:
        it.surrender(it.emitter, (token, amount), (CEA24, 950 * T))
        assert duty(it).outstanding_kg == 0
        assert duty(it).offsets_kg == offset_limit_kg(1_000 * T, 50_000) == amount
    else:
        with boa.reverts("compliance: offset share exceeded"):
            it.surrender(it.emitter, (token, amount))
        assert it.ledger.holding(it.emitter.org_id, token) == 100 * T


def test_surrender__offsets_in_two_calls__share_one_limit(with_credits: Duties) -> None:
    it, token = with_credits, credit_token(1, 2024)
    it.surrender(it.emitter, (token, 30 * T), (token, 10 * T))
    with boa.reverts("compliance: offset share exceeded"):
        it.surrender(it.emitter, (token, 10 * T + 1))
    it.surrender(it.emitter, (token, 10 * T))
    assert duty(it).offsets_kg == 50 * T


def test_surrender__own_project__is_refused(with_credits: Duties) -> None:
    it = with_credits
    it.accept(it.trader, 1_000 * T)
    it.send(it.emitter, it.trader, credit_token(1, 2024), T)
    with boa.reverts("compliance: offset of an own project"):
        it.surrender(it.trader, (credit_token(1, 2024), T))
    it.surrender(it.emitter, (credit_token(1, 2024), T))


def test_surrender__revoked_attestation__makes_credits_useless(with_credits: Duties) -> None:
    it, token = with_credits, credit_token(1, 2024)
    it.surrender(it.emitter, (token, T))
    it.offsets.revoke(1, "meter was forged", DOCUMENT, sender=it.verifier.account)
    with boa.reverts("compliance: offset not usable"):
        it.surrender(it.emitter, (token, T))
    it.offsets.close_reversal(1, keccak(text="cancelled"), sender=it.regulator.account)
    it.surrender(it.emitter, (token, T))
    assert duty(it).offsets_kg == 2 * T


# --- deadline and shortfall ---


def test_record_shortfall__at_the_deadlines_edge__only_after_it(open_duty: Duties) -> None:
    it = open_duty
    boa.env.timestamp = DEADLINE
    with boa.reverts("compliance: deadline not passed"):
        it.compliance.record_shortfall(it.emitter.org_id, PERIOD, sender=it.outsider())
    it.surrender(it.emitter, (CEA24, 400 * T))
    assert duty(it).in_time_kg == 400 * T
    boa.env.timestamp = DEADLINE + 1
    it.surrender(it.emitter, (CEA24, 100 * T))
    assert duty(it).in_time_kg == 400 * T
    it.compliance.record_shortfall(it.emitter.org_id, PERIOD, sender=it.outsider())
    state = duty(it)
    assert state.recorded_shortfall_kg == 600 * T, "late payment does not lower the shortfall"
    assert it.allocation.owed_kg(it.emitter.org_id) == 600 * T
    with boa.reverts("compliance: shortfall recorded already"):
        it.compliance.record_shortfall(it.emitter.org_id, PERIOD)


def test_record_shortfall__then_allocation__is_cut_by_it(open_duty: Duties) -> None:
    it = open_duty
    boa.env.timestamp = DEADLINE + 1
    it.compliance.record_shortfall(it.emitter.org_id, PERIOD)
    it.allocate(it.emitter, 1_500 * T, 2025)
    assert it.ledger.holding(it.emitter.org_id, vintage(2025)) == 500 * T
    assert it.allocation.owed_kg(it.emitter.org_id) == 0


def test_record_shortfall__cut_in_full__is_not_owed_twice(open_duty: Duties) -> None:
    it = open_duty
    it.surrender(it.emitter, (CEA24, 400 * T))
    boa.env.timestamp = DEADLINE + 1
    it.compliance.record_shortfall(it.emitter.org_id, PERIOD)
    assert duty(it).outstanding_kg == 0
    with boa.reverts("compliance: more than the duty"):
        it.surrender(it.emitter, (CEA24, 1))


def test_record_shortfall__eu_rules__stay_due_without_a_cut(duties: Duties) -> None:
    it = duties
    it.compliance.open_period(
        PERIOD, profile("eu", 2024).compliance_rules(), sender=it.regulator.account
    )
    it.allocate(it.emitter, 1_200 * T)
    it.accept(it.emitter, 1_000 * T)
    boa.env.timestamp = DEADLINE
    it.compliance.record_shortfall(it.emitter.org_id, PERIOD)
    assert it.allocation.owed_kg(it.emitter.org_id) == 0
    assert duty(it).outstanding_kg == 1_000 * T
    it.surrender(it.emitter, (CEA24, 1_000 * T))
    state = duty(it)
    assert (state.outstanding_kg, state.recorded_shortfall_kg, state.in_time_kg) == (
        0,
        1_000 * T,
        0,
    )


def test_record_shortfall__duty_met_or_unknown__is_refused(open_duty: Duties) -> None:
    it = open_duty
    it.surrender(it.emitter, (CEA24, 1_000 * T))
    boa.env.timestamp = DEADLINE + 1
    with boa.reverts("compliance: no shortfall"):
        it.compliance.record_shortfall(it.emitter.org_id, PERIOD)
    with boa.reverts("compliance: no accepted emissions"):
        it.compliance.record_shortfall(it.other_emitter.org_id, PERIOD)
    with boa.reverts("compliance: period not opened"):
        it.compliance.record_shortfall(it.emitter.org_id, 2023)
    assert it.allocation.owed_kg(it.emitter.org_id) == 0


def test_record_shortfall__duty_raised_later__adds_the_difference(open_duty: Duties) -> None:
    it = open_duty
    it.surrender(it.emitter, (CEA24, 900 * T))
    boa.env.timestamp = DEADLINE + 1
    it.compliance.record_shortfall(it.emitter.org_id, PERIOD)
    it.accept(it.emitter, 1_100 * T)
    with boa.reverts("compliance: deadline not passed"):  # a grace after the new acceptance
        it.compliance.record_shortfall(it.emitter.org_id, PERIOD)
    boa.env.timestamp += 30 * DAY + 1
    it.compliance.record_shortfall(it.emitter.org_id, PERIOD)
    assert duty(it).recorded_shortfall_kg == 200 * T
    assert it.allocation.owed_kg(it.emitter.org_id) == 200 * T


def test_correct_shortfall__duty_lowered_later__lowers_it(open_duty: Duties) -> None:
    it = open_duty
    it.surrender(it.emitter, (CEA24, 900 * T))
    boa.env.timestamp = DEADLINE + 1
    it.compliance.record_shortfall(it.emitter.org_id, PERIOD)
    with boa.reverts("compliance: nothing to correct"):
        it.compliance.correct_shortfall(it.emitter.org_id, PERIOD)
    it.accept(it.emitter, 950 * T)
    it.compliance.correct_shortfall(it.emitter.org_id, PERIOD, sender=it.outsider())
    assert duty(it).recorded_shortfall_kg == 50 * T


def test_duty__accepted_late__leaves_the_grace(duties: Duties) -> None:
    it = duties
    it.open_period()
    it.allocate(it.emitter, 10 * T)
    boa.env.timestamp = DEADLINE + 5 * DAY
    it.accept(it.emitter, 10 * T)
    assert duty(it).deadline_at == DEADLINE + 35 * DAY
    it.surrender(it.emitter, (CEA24, 10 * T))
    assert duty(it).in_time_kg == 10 * T


# --- carry-over ---


@pytest.fixture
def after_deadline(open_duty: Duties) -> Duties:
    it = open_duty
    it.allocate(it.emitter, 20_000 * T)
    it.surrender(it.emitter, (CEA24, 1_000 * T))
    boa.env.timestamp = DEADLINE + 1
    return it


def test_carry_over__without_sales__is_limited_to_the_base(after_deadline: Duties) -> None:
    it = after_deadline
    with boa.reverts("compliance: carry-over exceeded"):
        it.compliance.carry_over(PERIOD, CEA24, 10_000 * T + 1, sender=it.emitter.account)
    it.compliance.carry_over(PERIOD, CEA24, 10_000 * T, sender=it.emitter.account)
    assert it.ledger.holding(it.emitter.org_id, vintage(2025)) == 10_000 * T
    assert it.ledger.holding(it.emitter.org_id, CEA24) == 10_200 * T
    assert it.ledger.supply(CEA24).cancelled_kg == 10_000 * T
    with boa.reverts("compliance: carry-over exceeded"):
        it.compliance.carry_over(PERIOD, CEA24, 1, sender=it.emitter.account)


def test_carry_over__with_sales__adds_the_multiple(after_deadline: Duties) -> None:
    it = after_deadline
    args = (it.emitter.org_id, PERIOD, 1_001, DOCUMENT)
    with boa.reverts("member_guard: role missing"):
        it.compliance.record_net_sales(*args, sender=it.emitter.account)
    it.compliance.record_net_sales(*args, sender=it.regulator.account)
    limit = carry_over_limit_kg(
        10**12, 1_001, base=10_000 * T, multiplier_ppm=1_500_000, unlimited=False
    )
    assert it.compliance.carry_over_limit(it.emitter.org_id, PERIOD) == limit == 10_001_501
    with boa.reverts("compliance: carry-over exceeded"):
        it.compliance.carry_over(PERIOD, CEA24, limit + 1, sender=it.emitter.account)
    it.compliance.carry_over(PERIOD, CEA24, limit, sender=it.emitter.account)
    # the regulator corrects the figure to less than what was carried over already
    corrected = (it.emitter.org_id, PERIOD, 0, DOCUMENT)
    it.compliance.record_net_sales(*corrected, sender=it.regulator.account)
    assert it.compliance.carry_over_limit(it.emitter.org_id, PERIOD) == 0
    with boa.reverts("compliance: carry-over exceeded"):
        it.compliance.carry_over(PERIOD, CEA24, 1, sender=it.emitter.account)


def test_carry_over__duty_unmet__is_refused(open_duty: Duties) -> None:
    it = open_duty
    boa.env.timestamp = DEADLINE
    with boa.reverts("compliance: deadline not passed"):
        it.compliance.carry_over(PERIOD, CEA24, T, sender=it.emitter.account)
    boa.env.timestamp = DEADLINE + 1
    with boa.reverts("compliance: duty not met"):
        it.compliance.carry_over(PERIOD, CEA24, T, sender=it.emitter.account)
    assert it.ledger.holding(it.emitter.org_id, vintage(2025)) == 0


def test_carry_over__after_its_deadline__lapses_instead(after_deadline: Duties) -> None:
    it = after_deadline
    end = profile("cn", 2024).compliance_rules().carry_deadline_at
    boa.env.timestamp = end
    with boa.reverts("compliance: carry-over has not ended"):
        it.compliance.lapse(it.emitter.org_id, PERIOD, CEA24)
    it.compliance.carry_over(PERIOD, CEA24, T, sender=it.emitter.account)
    boa.env.timestamp = end + 1
    with boa.reverts("compliance: carry-over has ended"):
        it.compliance.carry_over(PERIOD, CEA24, T, sender=it.emitter.account)
    it.compliance.lapse(it.emitter.org_id, PERIOD, CEA24, sender=it.outsider())
    assert it.ledger.holding(it.emitter.org_id, CEA24) == 0
    with boa.reverts("compliance: nothing to lapse"):
        it.compliance.lapse(it.emitter.org_id, PERIOD, CEA24)


def test_carry_over__eu_rules__is_unlimited_and_never_lapses(duties: Duties) -> None:
    it = duties
    rules = profile("eu", 2024).compliance_rules()
    it.compliance.open_period(PERIOD, rules, sender=it.regulator.account)
    it.allocate(it.emitter, 50_000 * T)
    boa.env.timestamp = rules.deadline_at + 1
    it.compliance.carry_over(PERIOD, CEA24, 50_000 * T, sender=it.emitter.account)
    assert it.ledger.holding(it.emitter.org_id, vintage(2025)) == 50_000 * T
    boa.env.timestamp = rules.carry_deadline_at + 1
    with boa.reverts("compliance: allowances do not lapse"):
        it.compliance.lapse(it.emitter.org_id, PERIOD, CEA24)


# --- rules ---


def test_open_period__twice_or_late_or_by_another__is_refused(duties: Duties) -> None:
    it = duties
    rules = it.open_period()
    assert it.compliance.rules(PERIOD).rules_hash == rules.rules_hash
    with boa.reverts("compliance: period opened already"):
        it.open_period()
    with boa.reverts("member_guard: role missing"):
        it.compliance.open_period(2025, rules, sender=it.emitter.account)
    boa.env.timestamp = DEADLINE
    with boa.reverts("compliance: deadline has passed"):
        it.open_period(2025)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"rules_hash": EMPTY}, "compliance: no hash of the rules"),
        ({"unit_kg": 0}, "compliance: unit must be positive"),
        ({"offset_limit_ppm": 1_000_001}, "compliance: share above one"),
        ({"next_cut_ppm": 1_000_001}, "compliance: share above one"),
        ({"first_vintage": 0}, "compliance: no first vintage"),
        ({"first_vintage": 2025}, "compliance: vintages out of order"),
        ({"carry_into_vintage": 2024}, "compliance: carry-over into an old vintage"),
        ({"carry_deadline_at": DEADLINE - 1}, "compliance: carry-over before the deadline"),
    ],
)
def test_open_period__bad_rules__are_refused(duties: Duties, changes, reason: str) -> None:
    with boa.reverts(reason):
        duties.open_period(**changes)
    with boa.reverts("compliance: period not opened"):
        duties.compliance.rules(PERIOD)


@given(
    st.integers(0, 10**13),
    st.sampled_from([1, 10, 1_000]),
    st.integers(0, 1_000_000),
)
def test_duty__random_emissions__equals_the_model(
    duties: Duties, accepted: int, unit: int, share: int
) -> None:
    with boa.env.anchor():
        it = duties
        it.open_period(unit_kg=unit, offset_limit_ppm=share)
        it.accept(it.emitter, accepted)
        assert duty(it).duty_kg == duty_kg(accepted, unit)


# --- the holes of other systems ---


def test_compliance__whole_interface__has_no_way_to_declare_oneself_compliant() -> None:
    """Everything that writes is listed here with who may call it; a new function must be thought of."""
    from tanlian_contracts.compile import ROOT, compile_contract

    abi = compile_contract(ROOT / "contracts" / "Compliance.vy")["abi"]
    writing = {
        entry["name"]
        for entry in abi
        if entry["type"] == "function" and entry["stateMutability"] == "nonpayable"
    }
    assert writing == {
        "wire",  # deployer, once
        "seal",  # deployer, once
        "open_period",  # regulator, before the deadline
        "surrender",  # the organisation, by retiring units
        "record_shortfall",  # anyone, from facts
        "correct_shortfall",  # anyone, from facts
        "record_net_sales",  # regulator, with a document
        "carry_over",  # the organisation, within the rules
        "lapse",  # anyone, from facts
    }


def test_wire__by_anyone_or_twice__is_refused(duties: Duties) -> None:
    with boa.reverts("wiring: not the deployer"):
        duties.compliance.wire(*[duties.emitter.account] * 4, sender=duties.emitter.account)
    with boa.reverts("wiring: sealed"):
        duties.compliance.wire(*[duties.emitter.account] * 4, sender=duties.deployer)
