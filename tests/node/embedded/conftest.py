"""A chain for the tests that only read, and one per test for those that change something."""

import pytest

from harness import chain_probe
from tanlian_node.embedded import EmbeddedChain


@pytest.fixture(scope="session")
def played(tmp_path_factory):
    """A chain on which the probe's transactions have happened; tests read it only."""
    folder = tmp_path_factory.mktemp("played") / "chain"
    with EmbeddedChain(folder, interval=0, alloc=chain_probe.ALLOC) as chain:
        rpc = chain_probe.RpcClient(chain.port)
        chain.scene = chain_probe.play(rpc)
        rpc.close()
        yield chain


@pytest.fixture
def chain(tmp_path):
    """A fresh chain that seals at once."""
    with EmbeddedChain(tmp_path / "chain", interval=0, alloc=chain_probe.ALLOC) as running:
        yield running


@pytest.fixture
def rpc(request):
    """A client of whichever chain the test uses."""
    running = request.getfixturevalue("chain" if "chain" in request.fixturenames else "played")
    client = chain_probe.RpcClient(running.port)
    yield client
    client.close()
