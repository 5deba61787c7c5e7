"""One deployed market for the whole run of these tests; titanoboa undoes what each test did."""

import pytest

from harness.market import PLENTY, RICH, Market, deploy_market

TRADERS = ("emitter", "other_emitter", "trader")


@pytest.fixture(scope="session")
def deployed():
    return deploy_market()


@pytest.fixture
def market(deployed: Market) -> Market:
    """The market with three funded members and a session that takes quotes."""
    for name in TRADERS:
        deployed.fund(deployed.members[name], RICH, PLENTY)
    deployed.announce()
    return deployed


@pytest.fixture
def fresh(deployed: Market) -> Market:
    """The market with nobody's money or units in it, and no session."""
    return deployed
