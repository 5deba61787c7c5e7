"""Every amount that a contract of this group computes: random input and kinks, by the model."""

from fractions import Fraction
from math import ceil, floor

import boa
from hypothesis import example, given, settings
from hypothesis import strategies as st

from harness.consortium import CEA24, DOCUMENT, PERIOD, TONNE, deploy, deployer_of
from harness.duties import COIN, DAY, DEADLINE, Duties
from tanlian.domain.compliance import (
    carry_over_limit_kg,
    next_allocation_cut_kg,
    offset_limit_kg,
    shortfall_kg,
)
from tanlian.domain.incentives import ONE_COIN

PPM = 1_000_000
EACH = settings(max_examples=25)


@EACH
@given(st.integers(0, 2**60), st.integers(0, 2**60), st.integers(0, 10 * PPM))
@example(0, 0, 0)
@example(1, 1, PPM - 1)  # floored to nothing
@example(1, 1, PPM)
@example(0, 3, 1_500_000)  # 4.5
def test_carry_over_limit__any_figures__equals_the_model(
    duties: Duties, base: int, sold: int, multiplier: int
) -> None:
    with boa.env.anchor():
        it = duties
        it.open_period(carry_base_kg=base, carry_multiplier_ppm=multiplier)
        it.compliance.record_net_sales(
            it.emitter.org_id, PERIOD, sold, DOCUMENT, sender=it.regulator.account
        )
        expected = carry_over_limit_kg(
            2**255, sold, base=base, multiplier_ppm=multiplier, unlimited=False
        )
        assert it.compliance.carry_over_limit(it.emitter.org_id, PERIOD) == expected


@EACH
@given(st.integers(1, 10**9), st.integers(0, 10**9), st.integers(0, PPM))
@example(1_000, 999, PPM - 1)
@example(3_000, 0, 333_333)
@example(3_000, 3_000, PPM)
@example(1_000, 0, 0)
@example(1_000, 0, PPM)
def test_shortfall_and_cut__any_surrender__equal_the_model(
    duties: Duties, tonnes: int, paid: int, cut_ppm: int
) -> None:
    duty, paid = tonnes * TONNE, min(paid, tonnes) * TONNE
    with boa.env.anchor():
        it = duties
        it.open_period(next_cut_ppm=cut_ppm)
        it.set_cap(2 * duty)
        it.accept(it.emitter, duty)
        if paid:
            it.allocate(it.emitter, paid)
            it.surrender(it.emitter, (CEA24, paid))
        boa.env.timestamp = DEADLINE + 1
        missing = shortfall_kg(duty, paid)
        record = lambda: it.compliance.record_shortfall(it.emitter.org_id, PERIOD)  # noqa: E731
        if missing == 0:
            with boa.reverts("compliance: no shortfall"):
                record()
            return
        record()
        cut = next_allocation_cut_kg(missing, cut_ppm)
        assert it.compliance.shortfall_kg(it.emitter.org_id, PERIOD) == missing
        assert it.compliance.cut_kg(it.emitter.org_id, PERIOD) == cut
        assert it.compliance.duty(it.emitter.org_id, PERIOD).outstanding_kg == missing - cut


@EACH
@given(
    st.integers(0, PPM),
    st.lists(st.integers(1, 40_000), min_size=2, max_size=5, unique=True),
)
@example(500_000, [10_000, 4_000, 3_000])
@example(0, [1_000, 999])
def test_shortfall__duty_raised_again_and_again__cuts_add_up_to_the_cut_of_the_whole(
    duties: Duties, cut_ppm: int, figures: list[int]
) -> None:
    """Each cut is floored by itself; their sum must still be the floored cut of the sum."""
    with boa.env.anchor():
        it = duties
        it.open_period(next_cut_ppm=cut_ppm, unit_kg=1)
        for figure in sorted(figures):
            it.accept(it.emitter, figure, accepted_at=DEADLINE - 90 * DAY)
            boa.env.timestamp = max(boa.env.timestamp, DEADLINE + 1)
            it.compliance.record_shortfall(it.emitter.org_id, PERIOD)
            cut = it.compliance.cut_kg(it.emitter.org_id, PERIOD)
            assert cut == next_allocation_cut_kg(figure, cut_ppm)


@EACH
@given(st.integers(1, 10**6), st.integers(0, PPM))
@example(1, 50_000)
@example(20, 50_000)
@example(3, 333_333)
@example(1, PPM)
def test_offset_share__up_to_the_models_limit_and_not_a_kilogram_more(
    duties: Duties, tonnes: int, share: int
) -> None:
    duty = tonnes * TONNE
    limit = offset_limit_kg(duty, share)
    with boa.env.anchor():
        it = duties
        it.open_period(offset_limit_ppm=share)
        it.accept(it.emitter, duty)
        project = it.approved_project(it.trader)
        _, token = it.credit(project, duty + TONNE, DEADLINE - 600 * DAY, DEADLINE - 400 * DAY)
        it.send(it.trader, it.emitter, token, duty + TONNE)
        if limit < duty:
            with boa.reverts("compliance: offset share exceeded"):
                it.surrender(it.emitter, (token, limit + 1))
        if limit:
            it.surrender(it.emitter, (token, limit))
        assert it.compliance.duty(it.emitter.org_id, PERIOD).offsets_kg == limit


@EACH
@given(st.integers(1, 5_000 * COIN), st.integers(0, 5_000 * COIN))
@example(1, 1)  # a millionth of a coin: 10 micro-yuan
@example(COIN, COIN)
@example(7, 3)
def test_coin__redeemed_and_debt_paid__floored_and_rounded_up_by_the_ratio(
    duties: Duties, coins: int, debt: int
) -> None:
    with boa.env.anchor():
        it = duties
        ratio = Fraction(it.coin.money_per_coin(), ONE_COIN)
        it.fund(it.regulator, 10**12)
        it.money.approve(it.coin, 10**12, sender=it.regulator.account)
        it.coin.fund(10**12, sender=it.regulator.account)
        it.give_coins(it.emitter, coins)
        it.coin.announce_release(coins, sender=it.emitter.account)
        boa.env.timestamp += it.coin.notice_seconds()
        assert it.coin.redeem(coins, sender=it.emitter.account) == floor(coins * ratio)
        if debt:
            case = it.penalise(it.other_emitter, debt)
            boa.env.timestamp += 16 * DAY
            it.incentives.settle(case)
            due = ceil(debt * ratio)
            it.fund(it.other_emitter, due)
            it.money.approve(it.coin, due, sender=it.other_emitter.account)
            assert it.coin.pay_debt(debt, sender=it.other_emitter.account) == due
            assert it.coins(it.other_emitter) == (0, 0, 0)


@EACH
@given(st.integers(1, 2**40), st.integers(1, 10**9), st.integers(1, 10**9))
@example(1, COIN, COIN)
@example(999_999, 1, 1)  # worth less than the unit, and owed in full
@example(3_333_333, 2, 2)
@example(1_000_001, 999_999, 999_999)
def test_coin__any_ratio__floors_what_it_pays_and_rounds_up_what_it_takes(
    duties: Duties, micro_per_coin: int, coins: int, debt: int
) -> None:
    """At the shipped ratio nothing rounds; at most of these everything does."""
    with boa.env.anchor():
        it, ratio = duties, Fraction(micro_per_coin, ONE_COIN)
        deployer = it.consortium.deployer
        with boa.env.prank(deployer):
            coin = deploy("CreditCoin", it.membership, micro_per_coin, 0)
            coin.wire(deployer, deployer_of("tests/mocks/MoneyMock.vy").deploy())
            coin.seal()
            coin.reward(it.emitter.org_id, coins, 1)
            coin.deduct(it.other_emitter.org_id, debt, 2)
        coin.announce_release(coins, sender=it.emitter.account)
        paid = floor(coins * ratio)
        if paid:
            assert coin.redeem(coins, sender=it.emitter.account) == paid
        else:
            with boa.reverts("credit_coin: worth less than the unit"):
                coin.redeem(coins, sender=it.emitter.account)
        due = ceil(debt * ratio)
        assert coin.pay_debt(debt, sender=it.other_emitter.account) == due
