"""The pages killed with SIGKILL, the chain stopped: what a person signed there happens once."""

import time

import pytest

from harness.founded import found, open_session
from harness.served import CHAIN_ID, Served
from harness.visitor import Visitor
from harness.web_process import Process
from tanlian.services.access import open_access
from tanlian_node.embedded import EmbeddedChain

SELLER = 4
CEA24 = 1 << 48 | 2024


def started(folder, port: int = 0) -> EmbeddedChain:
    return EmbeddedChain(
        folder / "chain", interval=0, development=True, durable=False, chain_id=CHAIN_ID, port=port
    ).start_in_background()


@pytest.fixture(scope="module")
def chain(tmp_path_factory):
    folder = tmp_path_factory.mktemp("power-cut")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("TANLIAN_DATA", str(folder))
        running = Served(started(folder), folder)
        found(running, folder)
        open_session(running)
        yield running
        running.chain.stop()


@pytest.fixture(scope="module")
def pages(chain):
    """A box with the running process, so that a test may put another one in."""
    box = [Process(chain, {}).ready()]
    yield box
    box[0].kill()


@pytest.fixture(scope="module")
def seller(chain, pages):
    visitor = Visitor(pages[0].address).join(chain, SELLER, "seller-one")
    visitor.store_key(chain.network.keys / "seller.json")
    return visitor


def open_lots(chain) -> int:
    return open_access(chain.target).contracts.market.read("account", CEA24, SELLER).open_sell_lots


def sell(seller, price: str, tonnes: str):
    return seller.act("order.place", session="1", side="sell", price=price, tonnes=tonnes)


def until_state(seller, page, state: str):
    path = page.url.removeprefix(seller.address)
    ends = time.monotonic() + 30
    while (page := seller.get(path)).state != state:
        assert time.monotonic() < ends, page.text
        time.sleep(0.2)
    return page


@pytest.mark.parametrize("pool", ["kept", "lost"])
def test_pages__killed_after_signing__act_done_once_by_the_next_process(
    chain, pages, seller, pool
) -> None:
    before = open_lots(chain)
    page = signed(chain, seller, sell_for="69.40", tonnes="3")
    assert "takes it into one of the next blocks" in page.text
    pages[0].kill()
    if pool == "lost":
        chain.chain.node.pool.clear()
    pages[0] = Process(chain, {}).ready()
    path, seller.address = page.url.removeprefix(seller.address), pages[0].address
    page = seller.get(path)
    chain.connection().request("evm_setAutomine", True)
    chain.connection().request("evm_mine")
    until_state(seller, page, "done")
    assert open_lots(chain) == before + 3


def signed(chain, seller, *, sell_for: str, tonnes: str):
    """Let the seller sign a quote that gets into no block yet; returns the act's page."""
    seller.unlock()
    chain.connection().request("evm_setAutomine", False)
    page = sell(seller, sell_for, tonnes)
    if page.state == "drafted":
        page = seller.sign(page)
    assert page.state == "signed"
    return page


def test_chain_stopped__pages_read_and_drafts_wait_and_say_why(chain, pages, seller) -> None:
    before, port = open_lots(chain), chain.chain.port
    seller.lock()
    chain.chain.stop()
    assert seller.get("sessions/1").status == 200
    page = sell(seller, "69.60", "4")
    assert page.state == "drafted", page.text
    assert "The chain did not answer when this was drafted" in page.text
    refused = seller.sign(page)
    assert refused.state == "drafted"
    assert any("chain" in alert.lower() for alert in refused.alerts), refused.text
    chain.chain = started(chain.folder, port)
    page = seller.sign(seller.get(page.url.removeprefix(seller.address)))
    until_state(seller, page, "done")
    assert open_lots(chain) == before + 4


def test_chain_stopped_after_signing__waits_says_why_and_happens_once(chain, pages, seller) -> None:
    before, port = open_lots(chain), chain.chain.port
    page = signed(chain, seller, sell_for="69.70", tonnes="5")
    chain.chain.stop()
    path, ends = page.url.removeprefix(seller.address), time.monotonic() + 30
    while "does not answer at this moment" not in (page := seller.get(path)).text:
        assert time.monotonic() < ends, page.text
        time.sleep(0.2)
    assert page.state == "signed"
    chain.chain = started(chain.folder, port)
    chain.connection().request("evm_mine")
    until_state(seller, page, "done")
    assert open_lots(chain) == before + 5


def test_pages_started__chain_away__read_wait_and_follow_when_it_comes(
    chain, pages, seller
) -> None:
    before, port = open_lots(chain), chain.chain.port
    seller.lock()
    pages[0].end()
    chain.chain.stop()
    pages[0] = Process(chain, {}).ready()
    seller.address = pages[0].address
    assert seller.get("sessions/1").status == 200
    page = sell(seller, "69.30", "2")
    assert page.state == "drafted", page.text
    assert "The chain did not answer when this was drafted" in page.text
    chain.chain = started(chain.folder, port)
    page = seller.sign(seller.get(page.url.removeprefix(seller.address)))
    until_state(seller, page, "done")
    assert open_lots(chain) == before + 2
    ends = time.monotonic() + 30
    while "69.30" not in seller.get("sessions/1").text:
        assert time.monotonic() < ends
        time.sleep(0.2)


def test_pages_started__chain_away_and_no_tables__say_so_until_it_comes(chain, pages) -> None:
    port = chain.chain.port
    pages[0].end()
    chain.chain.stop()
    (chain.folder / "readmodel-embedded.sqlite").unlink()
    pages[0] = Process(chain, {}).ready()
    reader = Visitor(pages[0].address)
    page = reader.get("members")
    assert page.status == 503, page.text
    assert "made anew" in page.alerts[0]
    chain.chain = started(chain.folder, port)
    ends = time.monotonic() + 30
    while (page := reader.get("members")).status == 503:
        assert time.monotonic() < ends, page.text
        time.sleep(0.2)
    assert "The seller" in page.text
