"""The proof of a certificate, checked by the reader's own browser; any lie is found."""

import json
import subprocess
import sys

import pytest

from harness.founded import found
from harness.retired import cancel
from harness.served import served
from tanlian.bootstrap import serving

SELLER, FIRST_KG, SECOND_KG = 4, 1_500, 7


@pytest.fixture(scope="module")
def market(tmp_path_factory):
    folder = tmp_path_factory.mktemp("certificates")
    with pytest.MonkeyPatch.context() as environment, served(folder, environment) as chain:
        found(chain, folder)
        numbers = [cancel(chain, "seller", SELLER, kg) for kg in (FIRST_KG, SECOND_KG)]
        with serving(chain.target, "127.0.0.1", 0) as address:
            yield chain, address, numbers


def check(tab, address: str, number: int, bundle: dict | None = None, **typed: str) -> str:
    """Open the page and press the button; `bundle` is what a lying server would send instead."""
    path = f"{address}certificates/{number}"
    if bundle is not None:
        tab.route("**/proof.json", lambda route: route.fulfill(json=bundle))
    tab.goto(path)
    if typed:
        tab.locator("#proof summary").click()
    for name, text in typed.items():
        tab.locator(f"#{name}").fill(text)
    tab.locator("#proof button").click()
    tab.locator("#proof[data-verdict=proved], #proof[data-verdict=failed]").wait_for()
    return tab.locator("#proof").get_attribute("data-verdict")


def bundle_of(tab, market, number: int | None = None) -> dict:
    return tab.request.get(f"{market[1]}certificates/{number or market[2][1]}/proof.json").json()


def test_proof__honest_server__every_step_holds(market, tab) -> None:
    _, address, (first, second) = market
    assert check(tab, address, first) == "proved"
    assert tab.locator("#proof-steps .holds").count() == 5
    assert tab.locator("#proof-steps .fails").count() == 0
    assert tab.locator("#proof-steps code").count() == 1  # the one sealer of the embedded chain
    assert check(tab, address, second) == "proved"
    assert f"{SECOND_KG} " in tab.locator("#proof-steps").inner_text()


def test_proof__validators_and_ledger_of_my_own__said_so(market, tab) -> None:
    _, address, numbers = market
    trust = bundle_of(tab, market)["trust"]
    own = {"validators": "\n".join(trust["validators"]), "ledger": trust["contracts"]["ledger"]}
    assert check(tab, address, numbers[1], **own) == "proved"
    said = tab.locator("#proof-verdict").inner_text()
    assert "yourself" in said or "您自己知道" in said


@pytest.mark.parametrize("typed", ["validators", "ledger"])
def test_proof__other_validators_or_ledger_than_i_know__not_proved(market, tab, typed) -> None:
    other = {typed: "0x" + "12" * 20}
    assert check(tab, market[1], market[2][1], **other) == "failed"


def change(bundle: dict, what: str) -> dict:
    changed = json.loads(json.dumps(bundle))
    receipt = changed["receipts"][0]
    if what == "header":
        changed["headers"][0] = changed["headers"][0][:-2] + "01"
    elif what == "number of the block":
        # fields keep their lengths: the last byte of the gas used or time is another one
        place = len(changed["headers"][0]) // 8 * 2
        changed["headers"][0] = (
            changed["headers"][0][:place] + "ff" + changed["headers"][0][place + 2 :]
        )
    elif what == "node":
        receipt["nodes"][-1] = receipt["nodes"][-1][:-2] + "99"
    elif what == "node missing":
        receipt["nodes"] = receipt["nodes"][:-1]
    elif what == "node too many":
        receipt["nodes"].append(receipt["nodes"][-1])
    elif what == "index":
        receipt["index"] += 1
    elif what == "validators":
        changed["trust"]["validators"].append("0x" + "34" * 20)
    return changed


@pytest.mark.parametrize(
    "what",
    ["header", "number of the block", "node", "node missing", "node too many", "index",
     "validators"],
)  # fmt: skip
def test_proof__anything_changed__not_proved(market, tab, what) -> None:
    bundle = bundle_of(tab, market)
    assert check(tab, market[1], market[2][1], change(bundle, what)) == "failed"
    assert tab.locator("#proof-steps .fails").count() == 1


def test_proof__of_another_certificate__not_proved(market, tab) -> None:
    _, address, (first, second) = market
    assert check(tab, address, second, bundle_of(tab, market, first)) == "failed"


def test_proof__page_that_shows_another_amount__found_out(market, tab) -> None:
    """The server may write what it likes around a true proof."""
    _, address, (_, second) = market

    def lie(route) -> None:
        page = route.fetch()
        text = page.text().replace(f"&#34;{SECOND_KG}&#34;", "&#34;700&#34;")
        assert text != page.text()
        route.fulfill(response=page, body=text)

    tab.route(f"**/certificates/{second}", lie)
    assert check(tab, address, second) == "failed"
    assert "700" in tab.locator("#proof-steps .fails").inner_text()


def test_download__checked_offline__proved(market, tab, tmp_path) -> None:
    _, address, (first, _) = market
    tab.goto(f"{address}certificates/{first}")
    with tab.expect_download() as download:
        tab.locator("a[download]").click()
    path = tmp_path / "proof.json"
    download.value.save_as(path)
    command = [sys.executable, "-m", "tanlian.proofs.evidence.checker", str(path)]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stdout
    assert f"organisation {SELLER} had {FIRST_KG} kg" in told.stdout
    text = path.read_text()
    path.write_text(text.replace('"index":0', '"index":1'))
    assert subprocess.run(command, capture_output=True, check=False).returncode == 1


def test_page__without_scripts__offers_the_file(market, chromium) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{market[1]}certificates/{market[2][0]}")
    assert page.locator("#proof").is_hidden()
    assert page.locator("a[download]").is_visible()
    assert "tanlian-check" in page.locator("main").inner_text()
    context.close()
