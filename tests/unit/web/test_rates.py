"""One key's flood is its own."""

import pytest

from tanlian.web.rates import Rates, TooManyRequests


def test_take__flood_of_one_key__others_go_on_and_time_brings_it_back() -> None:
    now = [100.0]
    rates = Rates(60, lambda: now[0])
    assert [rates.take("flood") for _ in range(60)] == list(range(59, -1, -1))
    with pytest.raises(TooManyRequests) as refusal:
        rates.take("flood")
    assert refusal.value.fields["retry_after"] == 2
    assert rates.take("other") == 59
    now[0] += 1
    assert rates.take("flood") == 0
    with pytest.raises(TooManyRequests):
        rates.take("flood")
    now[0] += 3_600
    assert rates.take("flood") == 59, "no more than a minute's worth is in stock"
