"""A sealed bid placed on the pages: whoever takes the disk of the server learns nothing of it."""

import pytest

from harness.founded import found, ok, wait
from harness.programs import Program, issued
from harness.served import served
from harness.visitor import Visitor
from tanlian.bootstrap import serving

BUYER = 5
WORDS, PRICE = "rain falls upwards on tuesdays", "61.37"
CLEAR = (WORDS.encode(), PRICE.encode(), b"6137.25")  # the deposit


@pytest.fixture(scope="module")
def market(tmp_path_factory):
    folder = tmp_path_factory.mktemp("at-rest")
    with pytest.MonkeyPatch.context() as environment, served(folder, environment) as chain:
        found(chain, folder)
        aside = ("--region", 1, "--year", 2024, "--amount", 100, "--document", "ab" * 32)
        ok(chain, "set-aside", *aside, "--as", "regulator")
        terms = ("--instrument", "CEA24", "--tonnes", 100, "--reserve", "50.00", "--most", 100)
        moments = ("--opens", "+1m", "--bids-until", "+9h", "--reveals-until", "+18h")
        rules = ("--rules", "cn_2024", "--as", "regulator")
        ok(chain, "auction", "announce", *terms, *moments, *rules)
        ok(chain, "auction", "bring-units", "--auction", 1, "--as", "regulator")
        wait(chain, 90)
        with serving(chain.target, "127.0.0.1", 0) as address:
            yield chain, address


def on_disk(folder) -> dict[str, set[bytes]]:
    """The files of the installation in which something of the bid can be read."""
    written = {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert any(name.endswith("accounts.sqlite") for name in written)
    hits = {name: {words for words in CLEAR if words in held} for name, held in written.items()}
    return {name: words for name, words in hits.items() if words}


def test_bid__on_the_page_and_by_a_program__shown_to_its_own_people_and_nowhere_on_disk(
    market,
) -> None:
    chain, address = market
    buyer = Visitor(address).join(chain, BUYER, "buyer-one")
    buyer.store_key(chain.network.keys / "buyer.json")
    program = Program(address, issued(buyer, may_write="yes"))
    bid = {"auction": 1, "price": PRICE, "tonnes": 100, "deposit": "6137.25", "secret": WORDS}
    drafted = program.do("auction.bid", bid, "bid-1")
    assert drafted.status_code in {200, 202}, drafted.text
    assert on_disk(chain.folder) == {}
    page = buyer.act("auction.bid", **{name: str(value) for name, value in bid.items()})
    page = buyer.sign(page)
    assert page.state == "done", page.text
    assert on_disk(chain.folder) == {}
    # those whose bid it is still read it
    assert WORDS in page.text
    assert program.get(f"/acts/{drafted.json()['id']}").json()["values"]["secret"] == WORDS
    (mine,) = [one for one in program.get("/acts").json()["items"] if one["state"] == "done"]
    assert mine["values"]["price"] == PRICE
