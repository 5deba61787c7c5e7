"""People act on the pages: forms, keys, signing, a second person; what reaches the chain, what not."""

import re

import pytest

from harness.founded import found, ok, open_session, wait
from harness.served import served
from harness.visitor import PASSWORD, Visitor
from tanlian.bootstrap import serving
from tanlian.services.access import open_access

REGULATOR, EXCHANGE, BANK, SELLER, BUYER, OTHER = 1, 2, 3, 4, 5, 6
CEA24 = 1 << 48 | 2024
CONTRACT_REFUSED = (
    "The price is outside the session's band. Look at the band with `tanlian session ID`."
)


@pytest.fixture(scope="module")
def market(tmp_path_factory):
    folder = tmp_path_factory.mktemp("acting")
    with pytest.MonkeyPatch.context() as environment, served(folder, environment) as chain:
        found(chain, folder)
        open_session(chain)
        with serving(chain.target, "127.0.0.1", 0) as address:
            yield chain, address


def member(market, organisation: int, alias: str, login: str) -> Visitor:
    """A person of an organisation whose key is stored."""
    chain, address = market
    visitor = Visitor(address).join(chain, organisation, login)
    if "not stored here" in visitor.get("keys").text:
        visitor.store_key(chain.network.keys / f"{alias}.json")
    return visitor


@pytest.fixture(scope="module")
def seller(market):
    return member(market, SELLER, "seller", "seller-one")


@pytest.fixture(scope="module")
def regulator(market):
    return member(market, REGULATOR, "regulator", "regulator-one")


def head(chain) -> int:
    return chain.connection().head()


def test_quote__signed_with_the_stored_key__stands_in_the_book(market, seller) -> None:
    page = seller.act("order.place", session="1", side="sell", price="69.10", tonnes="3")
    assert page.state == "drafted"
    page = seller.sign(page)
    assert page.state == "done", page.text
    assert "OrdersPlaced" in page.text
    assert "69.10" in seller.get("sessions/1").text


def test_order__cancelled_with_one_click__gone_and_back_on_the_page(market, seller) -> None:
    seller.unlock()
    page = seller.act("order.place", session="1", side="sell", price="69.20", tonnes="4")
    assert page.state == "done"
    page = seller.get("sessions/1")
    page = seller.send(page, "order.cancel")
    assert page.url.endswith("/sessions/1")
    assert "Done: Cancel an order." in page.text
    assert "cancelled" in page.text


def test_quote__outside_the_band__refused_in_the_form_and_nothing_sent(market, seller) -> None:
    chain, _ = market
    before = head(chain)
    page = seller.act("order.place", session="1", side="sell", price="99.00", tonnes="3")
    assert page.status == 422
    assert page.alerts == [CONTRACT_REFUSED]
    assert 'value="99.00"' in page.html
    assert head(chain) == before


def test_quote__outside_the_band__refused_in_chinese(market, seller) -> None:
    seller.http.headers["Accept-Language"] = "zh"
    try:
        seller.http.cookies.set("tanlian_language", "zh")
        page = seller.act("order.place", session="1", side="sell", price="99.00", tonnes="3")
    finally:
        seller.http.cookies.set("tanlian_language", "en")
        seller.http.headers["Accept-Language"] = "en"
    assert page.alerts == ["价格超出该场次的涨跌幅。请用 `tanlian session 编号` 查看。"]


def test_form__values_that_cannot_be_read__named_at_their_fields(market, seller) -> None:
    chain, _ = market
    before = head(chain)
    page = seller.act("order.place", session="x", side="", price="1.234", tonnes="3.5")
    assert page.status == 422
    assert len(page.alerts) == 5  # the summary and one for each field
    assert head(chain) == before


def test_form__sent_twice__one_act(market, seller) -> None:
    chain, _ = market
    form = seller.get("acts/new/order.place")
    fields = {"session": "1", "side": "sell", "price": "69.30", "tonnes": "5"}
    account = {"signer": chain.key("seller").address.lower()}
    first = seller.send(form, 'class="act"', **account, **fields)
    second = seller.send(form, 'class="act"', **account, **fields)
    assert first.url == second.url
    other = seller.send(form, 'class="act"', **account, **{**fields, "tonnes": "6"})
    assert other.status == 422
    book = open_access(chain.target).contracts.market
    assert book.read("account", CEA24, SELLER).open_sell_lots < 5_000


def test_sign__wrong_passphrase__refused_and_still_to_be_signed(market) -> None:
    chain, _ = market
    other = member(market, OTHER, "other", "other-one")
    before = head(chain)
    page = other.act("order.place", session="1", side="buy", price="68.00", tonnes="3")
    answer = other.sign(page, passphrase="wrong passphrase")
    assert answer.status == 422
    assert "The passphrase does not open this key." in answer.alerts
    assert other.get(page.url.removeprefix(other.address)).state == "drafted"
    assert head(chain) == before


def test_sensitive_act__password_asked_again__wrong_one_refused(market, regulator) -> None:
    chain, _ = market
    page = regulator.act("organisation.suspend", organisation="The other", reason="a test")
    assert page.state == "drafted"
    assert 'name="password"' not in page.html or page.html  # just signed in: not asked yet
    page = regulator.sign(page)
    assert page.state == "done"
    assert not open_access(chain.target).contracts.membership.read("organisation", OTHER).active
    ok(chain, "reinstate", "The other", "--reason", "a test", "--as", "regulator")


def test_act__of_another_organisation__not_found(market, seller, regulator) -> None:
    page = seller.act("order.place", session="1", side="sell", price="69.40", tonnes="2")
    path = page.url.removeprefix(seller.address)
    assert regulator.get(path).status == 404
    for end in ("sign", "decide", "withdraw", "sent"):
        form = regulator.get("acts")
        _, hidden = form.form("csrf_token")
        answer = regulator.http.post(
            f"{regulator.address}{path}/{end}", data={**hidden, "position": "0", "tx_hash": "0x"}
        )
        assert answer.status_code == 404, end
    assert regulator.http.get(f"{regulator.address}{path}/unsigned").status_code == 404


def test_act__role_missing__form_refused(market, seller) -> None:
    assert seller.get("acts/new/organisation.admit").status == 403
    assert "Admit an organisation" not in seller.get("acts/new").text


def test_second_person__required__nothing_sent_until_another_approves(market) -> None:
    chain, _ = market
    one = member(market, BUYER, "buyer", "buyer-one")
    page = one.send(one.get("people"), 'value="yes"', wanted="yes")
    assert "Your organisation has only one person; invite a second one first." in page.alerts
    two = member(market, BUYER, "buyer", "buyer-two")
    one.send(one.get("people"), 'value="yes"', wanted="yes")
    before = head(chain)
    page = one.act("units.transfer", to="The other", instrument="CEA24", amount="1")
    assert page.state == "asked"
    path = page.url.removeprefix(one.address)
    assert "Another person of your organisation has to approve this" in page.text
    _, hidden = one.get("acts").form("csrf_token")
    answer = one.http.post(f"{one.address}{path}/decide", data={**hidden, "decision": "approve"})
    assert answer.status_code == 422
    assert head(chain) == before
    approved = two.send(two.get(path), 'value="approve"', decision="approve")
    assert approved.state == "approved"
    page = one.sign(one.get(path))
    assert page.state == "done", page.text
    one.send(one.get("people"), 'value="no"', wanted="no")
    assert "need a second person" in one.get("people").text
    two.send(two.get("people"), 'value="approve"', decision="approve")
    assert "One person suffices" in one.get("people").text


def test_redemption__payee_not_on_the_list__refused(market, seller) -> None:
    chain, _ = market
    before = head(chain)
    page = seller.get("acts/new/money.redeem")
    fields = {"signer": chain.key("seller").address.lower(), "bank": "The bank", "amount": "5"}
    answer = seller.send(page, 'class="act"', **fields, payee="0x" + "ab" * 32)
    assert answer.status == 422
    assert answer.alerts == ["Add the payee to your list first; it can be used a day later."]
    answer = seller.send(
        seller.get("payees"),
        'name="label"',
        label="Main account",
        account="6222 0001",
        password=PASSWORD,
    )
    assert "Main account" in answer.text
    assert head(chain) == before


def test_key__made_here__acts_once_it_was_added(market) -> None:
    chain, _ = market
    bank = member(market, BANK, "bank", "bank-one")
    phrase = "a long passphrase of the bank"
    page = bank.send(
        bank.get("keys"), 'name="again"', label="second", passphrase=phrase, again=phrase
    )
    assert "acts/new/account.add" in page.url, page.alerts
    new = re.search(r'name="account" value="(0x[0-9a-f]{40})"', page.html)[1]
    consent = re.search(r'name="consent" value="(0x[0-9a-f]+)"', page.html)[1]
    signer = chain.key("bank").address.lower()
    page = bank.sign(bank.send(page, 'class="act"', signer=signer, account=new, consent=consent))
    assert page.state == "done", page.text
    page = bank.send(bank.get("acts/new/money.issue"), 'class="act"', signer=new,
                     organisation="The seller", amount="7", payment="in-new-key")  # fmt: skip
    assert bank.sign(page, passphrase=phrase).state == "done"


def test_keyfile__exported__only_with_the_password(market, seller) -> None:
    page = seller.get("keys")
    refused = seller.send(page, "/keyfile", password="wrong password x")
    assert refused.status == 422
    assert refused.alerts == ["The password is wrong."]
    action, hidden = seller.get("keys").form("/keyfile")
    url = seller.address + action.lstrip("/")
    answer = seller.http.post(url, data={**hidden, "password": PASSWORD})
    assert answer.json()["address"].lower() in action.lower()
    assert "attachment" in answer.headers["Content-Disposition"]


def test_wallet__unsigned_transaction__what_the_wallet_must_sign(market, seller) -> None:
    seller.lock()
    page = seller.act("order.place", session="1", side="sell", price="69.50", tonnes="2")
    asked = seller.http.get(
        page.url.split("?")[0] + "/unsigned", headers={"Accept": "application/json"}
    ).json()
    assert {"position", "from", "to", "data", "value", "chainId", "gas", "nonce"} <= set(asked[0])
    assert asked[0]["from"].lower() == market[0].key("seller").address.lower()


def test_chain__time_passes__clearing_pressed_by_anybody(market) -> None:
    chain, _ = market
    wait(chain, 700)
    other = member(market, OTHER, "other", "other-two")
    page = other.sign(other.act("session.clear", session="1"))
    assert page.state == "done", page.text
    assert open_access(chain.target).contracts.market.read("state", 1).phase >= 4
