"""Every test of emissions begins on 1 February 2024."""

import boa
import pytest

from harness.emissions import DAY, STARTS


@pytest.fixture(autouse=True)
def _clock():
    before = boa.env.timestamp
    boa.env.timestamp = STARTS[2024] + 31 * DAY
    yield
    boa.env.timestamp = before
