"""The verbs of `tanlian` against a served chain, as people and schedulers run them."""

import json

import pytest

from harness.founded import found, ok, refused, wait
from harness.founded import open_session as start_session
from harness.served import served
from tanlian.services.access import open_access


@pytest.fixture(scope="module")
def monkeymodule():
    with pytest.MonkeyPatch.context() as context:
        yield context


@pytest.fixture(scope="module")
def founded(tmp_path_factory, monkeymodule):
    """A chain with a regulator, an exchange, a bank and three emitters with units and money."""
    folder = tmp_path_factory.mktemp("verbs")
    with served(folder, monkeymodule) as chain:
        found(chain, folder)
        yield chain


@pytest.fixture
def market(founded):
    """The same market for each test: what a test does is undone."""
    snapshot = founded.connection().request("evm_snapshot")
    founded.connection().request("evm_mine")  # the clock, once set forward, stays so
    yield founded
    founded.connection().request("evm_revert", snapshot)


@pytest.fixture
def session(market):
    """A session in which quotes are taken."""
    start_session(market)
    return market


def holdings(chain):
    access = open_access(chain.target)
    token = 1 << 48 | 2024
    return [
        (
            access.contracts.ledger.read("holding", org, token),
            tuple(access.contracts.market.read("account", token, org)),
        )
        for org in range(1, 7)
    ]


# -- the register ----------------------------------------------------------------------------------


def test_organisation__by_id_name_identity_and_account__is_the_same(market):
    account = market.key("seller").address
    shown = {ok(market, "organisation", name) for name in ("4", "The seller", "id:seller", account)}
    assert len(shown) == 1
    assert "4  The seller" in shown.pop()


def test_organisation__several_of_that_name__lists_them(market):
    assert "5 organisations are called 'the'" in refused(market, "organisation", "the")


def test_grant_and_revoke__role__is_there_and_gone(market):
    decision = ("--as", "regulator", "--document", "ab" * 32)
    ok(market, "grant", "The seller", "--roles", "trader", *decision)
    assert "emitter, trader" in ok(market, "organisation", "4")
    ok(market, "revoke", "The seller", "--roles", "trader", *decision)
    assert "trader" not in ok(market, "organisation", "4")


def test_suspend__then_reinstate__changes_what_the_organisation_may_do(market):
    ok(market, "suspend", "The seller", "--as", "regulator", "--reason", "forged report")
    assert "suspended" in ok(market, "organisation", "4")
    assert "not active" in refused(market, "deposit", "units", "CEA24", "1", "--as", "seller")
    ok(market, "reinstate", "The seller", "--as", "regulator", "--reason", "cleared")
    ok(market, "deposit", "units", "CEA24", "1", "--as", "seller")


def test_replace_key__stolen__moves_the_organisation_to_the_new_key(market):
    old, new = market.key("seller").address, market.key("seller-2").address
    ok(
        market,
        "replace-key",
        "propose",
        old,
        new,
        "--stolen",
        "--reason",
        "theft",
        "--as",
        "regulator",
    )
    ok(market, "replace-key", "approve", "1", "--as", "exchange")
    assert new in ok(market, "organisation", "4")
    sentence = refused(market, "withdraw", "money", "CEA24", "1", "--as", "seller")
    assert "This key acts for no organisation" in sentence
    ok(market, "deposit", "units", "CEA24", "1", "--as", "seller-2")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--roles", "emitter,king"], "'king' is no role"),
        (["--account", "0x1234"], "is no address"),
        (["--account", "0x5AAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"], "has a wrong digit"),
        (["--identity", " "], "needs a permanent identifier"),
        (["--identity", "id:seller"], "is admitted already"),
        (["--name", ""], "name is missing"),
        (["--name", "x" * 97], "has 97 bytes, but 96 are the most"),
        (["--sector", "70000"], "0<=x<=65535"),
        (["--certificate", "nosuch.pem"], "no readable PEM certificate"),
        (["--as", "nobody"], "There is no keyfile"),
        (["--as", "seller"], "Only a regulator may do this"),
        (["--passphrase-file", "nosuch"], "cannot be read"),
    ],
)
def test_admit__wrong_input__is_named(market, arguments, sentence):
    base = {
        "--as": "regulator",
        "--identity": "id:new",
        "--name": "New",
        "--roles": "emitter",
        "--account": market.key("new").address,
    }
    base |= dict(zip(arguments[::2], arguments[1::2], strict=True))
    assert sentence in refused(market, "admit", *(part for pair in base.items() for part in pair))


def test_admit__no_passphrase_anywhere__says_where_to_put_it(market, monkeypatch):
    monkeypatch.delenv("TANLIAN_PASSPHRASE", raising=False)
    output = market.run(
        "suspend", "4", "--as", "regulator", "--reason", "x", TANLIAN_PASSPHRASE=None
    )
    assert "set TANLIAN_PASSPHRASE_REGULATOR" in output.output


# -- money and allocation --------------------------------------------------------------------------


def test_money__issue_twice_for_one_payment__is_refused(market):
    sentence = refused(market, "money", "issue", "4", "1", "--as", "bank", "--payment", "in-seller")
    assert "issued for this payment already" in sentence


def test_money__redeem_and_pay_out__burns_it(market):
    supply = lambda: open_access(market.target).contracts.money.read("totalSupply")  # noqa: E731
    before = supply()
    ok(market, "money", "redeem", "The bank", "1000.50", "--payee", "DE02", "--as", "seller")
    ok(market, "money", "pay-out", "1", "--payment", "out-1", "--as", "bank")
    assert supply() == before - 1_000_500_000


def test_allocate__file_with_bad_rows__does_the_rest_and_names_them(market, tmp_path):
    table = tmp_path / "grants.csv"
    table.write_text("organisation,tonnes\nThe seller,1\nnobody,5\nThe buyer,x\nThe bank,5\n")
    result = market.run(
        "allocate",
        "--file",
        table,
        "--as",
        "regulator",
        "--period",
        2024,
        "--act",
        "final",
        "--document",
        "ab" * 32,
    )
    assert result.exit_code == 1
    for line in (":3: No organisation is called 'nobody'", ":4: 'x' is no number", ":5:"):
        assert line in result.output
    assert "3 rows" in result.output
    assert "the other 1 are allocated" in result.output


def test_allocate__atomic_file_with_bad_row__does_nothing(market, tmp_path):
    table = tmp_path / "grants.csv"
    table.write_text("organisation,tonnes\nThe seller,20000\nThe buyer,x\n")
    output = refused(
        market,
        "allocate",
        "--file",
        table,
        "--atomic",
        "--act",
        "final",
        "--as",
        "regulator",
        "--period",
        2024,
        "--document",
        "ab" * 32,
    )
    assert "nothing was allocated" in output


def test_claw_back__part_of_an_allocation__leaves_the_rest(market):
    ok(
        market,
        "claw-back",
        "The seller",
        "4000",
        "--as",
        "regulator",
        "--period",
        2024,
        "--document",
        "ab" * 32,
    )
    assert holdings(market)[3][0] == 6_000_000


# -- trading ---------------------------------------------------------------------------------------


def test_deposit_and_withdraw__units_and_money__come_back(market):
    before = holdings(market)
    ok(market, "deposit", "units", "CEA24", "100", "--as", "seller")
    ok(market, "deposit", "money", "CEA24", "12.34", "--as", "seller")
    shown = ok(market, "trading-account", "The seller", "CEA24")
    assert "12.34 yuan" in shown
    assert "100 t" in shown
    ok(market, "withdraw", "units", "CEA24", "100", "--as", "seller")
    ok(market, "withdraw", "money", "CEA24", "12.34", "--as", "seller")
    assert holdings(market) == before


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["deposit", "units", "CEA24", "99999"], "fewer units than that"),
        (["deposit", "units", "CEA24", "0"], "zero"),
        (["deposit", "units", "CEA24", "0.5"], "whole tonnes"),
        (["deposit", "units", "EUA24", "1"], "is no kind of units"),
        (["deposit", "units", "CEA24", "-1"], "No such option"),
        (["deposit", "money", "CEA24", "1e3x"], "is no number"),
        (["withdraw", "units", "CEA24", "1"], "not enough free units"),
        (["withdraw", "money", "CEA24", "1"], "not enough free money"),
        (["cancel", "12345"], "no such session"),
        (["pay", "7"], "no open debt"),
        (["quote", "9", "buy", "70", "1"], "takes no orders"),
        (["quote", "9", "keep", "70", "1"], "is not one of 'buy', 'sell'"),
        (["quote", "9", "buy", "70.001", "1"], "more than 2 decimals"),
        (["quote", "9", "buy", "70", "1.5"], "whole tonnes"),
        (["clear", "9"], "nothing to clear"),
    ],
)
def test_trading__wrong_input__is_named(market, arguments, sentence):
    assert sentence in refused(market, *arguments, "--as", "seller")


def test_session__two_stages__trade_and_close(session):
    sold = ok(session, "quote", "1", "sell", "69.00", "100", "--as", "seller")
    ok(session, "quote", "1", "buy", "70.00", "60", "--as", "buyer")
    wait(session, 700)
    assert "60 t" in ok(session, "clear", "1", "--as", "other")
    assert "continuous trading" in ok(session, "session", "1")
    traded = ok(session, "market-order", "1", "buy", "10", "--as", "other")
    assert "Traded 10 t of 10 t" in traded
    order = sold.split()[1].rstrip(".")
    ok(session, "amend", order, "69.00", "20", "--as", "seller")
    ok(session, "cancel", order, "--as", "seller")
    wait(session, 8_000)
    # 60 t at 69.50 and 10 t at 69.00: the volume-weighted mean is 69.43
    assert "Closed session 1 at 69.43 yuan/t" in ok(session, "close", "1", "--as", "other")


def test_quote_many__malformed_and_refused_lines__are_named_and_the_rest_placed(session, tmp_path):
    table = tmp_path / "quotes.csv"
    table.write_text(
        "side,price,tonnes\nsell,70.00,10\nsell,70.005,10\nhold,70.00,10\nsell,200.00,10\n"
        "sell,71.00\nsell,70.01,0\nsell,70.02,20\n"
    )
    result = session.run("quote-many", 1, table, "--as", "seller")
    assert result.exit_code == 1
    assert "Placed 2 of 7 quotes" in result.output
    for line in (
        ":3: '70.005' has more than 2 decimals",
        ":4: 'hold' is no side",
        ":5: The price is outside the session's band",
        ":6: it has not as many fields",
        ":7: '0' is no positive number",
    ):
        assert line in result.output
    assert "sell 30 t" in ok(session, "trading-account", "4", "CEA24")


def test_quote_many__atomic__places_nothing(session, tmp_path):
    table = tmp_path / "quotes.csv"
    table.write_text("side,price,tonnes\nsell,70.00,10\nsell,200.00,10\n")
    sentence = refused(session, "quote-many", 1, table, "--atomic", "--as", "seller")
    assert "outside the session's band" in sentence
    table.write_text("side,price,tonnes\nsell,70.00,10\nhold,70.00,10\n")
    sentence = refused(session, "quote-many", 1, table, "--atomic", "--as", "seller")
    assert "nothing was quoted" in sentence


@pytest.mark.parametrize("content", [b"", b"side;price;tonnes\n", b"\xff\xfe\x00"])
def test_quote_many__no_table__is_named(session, tmp_path, content):
    table = tmp_path / "quotes.csv"
    table.write_bytes(content)
    output = refused(session, "quote-many", 1, table, "--as", "seller")
    assert "lacks the column" in output or "cannot be read" in output


def test_quote_many__many_quotes__takes_several_calls_and_shows_progress(session, tmp_path):
    table = tmp_path / "quotes.csv"
    rows = [f"sell,{70 + n % 50 / 100:.2f},1" for n in range(600)]
    table.write_text("\n".join(["side,price,tonnes", *rows]))
    output = ok(session, "quote-many", 1, table, "--as", "seller")
    assert "Placed 600 of 600 quotes" in output
    assert "quoting: 600 of 600" in output
    assert "sell 600 t" in ok(session, "trading-account", "4", "CEA24")


def test_signed_quotes__relayed_by_a_stranger__count_once(session, tmp_path):
    table, signed = tmp_path / "quotes.csv", tmp_path / "signed.jsonl"
    table.write_text("side,price,tonnes\n" + "".join(f"sell,70.{n:02},1\n" for n in range(40)))
    ok(session, "sign-quotes", 1, table, "--output", signed, "--as", "seller")
    assert len(signed.read_text().splitlines()) == 3
    session.key("relayer")
    assert "Placed 40 quotes of 3 messages" in ok(session, "relay", 1, signed, "--as", "relayer")
    again = session.run("relay", 1, signed, "--as", "relayer")
    assert again.exit_code == 1
    assert "was taken already" in again.output
    assert "sell 40 t" in ok(session, "trading-account", "4", "CEA24")


def test_relay__changed_or_malformed_messages__are_named_and_the_rest_placed(session, tmp_path):
    table, signed = tmp_path / "quotes.csv", tmp_path / "signed.jsonl"
    table.write_text("side,price,tonnes\n" + "".join(f"sell,70.{n:02},1\n" for n in range(40)))
    ok(session, "sign-quotes", 1, table, "--output", signed, "--as", "seller")
    lines = signed.read_text().splitlines()
    forged = json.loads(lines[1])
    forged["quotes"][0]["lots"] = 500
    signed.write_text("\n".join([lines[0], json.dumps(forged), "{}", "nonsense", lines[2]]))
    result = session.run("relay", 1, signed, "--as", "buyer")
    assert result.exit_code == 1
    assert "signed.jsonl:3: no signed message" in result.output
    assert "signed.jsonl:4: no signed message" in result.output
    assert "not signed by a key of the organisation" in result.output
    assert "Placed 24 quotes of 3 messages" in result.output


def test_pause__stops_quotes__not_withdrawals(session):
    ok(session, "pause", "1", "--reason", "odd prices", "--as", "regulator")
    sentence = refused(session, "quote", "1", "sell", "70", "1", "--as", "seller")
    assert "paused the session" in sentence
    ok(session, "withdraw", "units", "CEA24", "5000", "--as", "seller")
    ok(session, "resume", "1", "--as", "regulator")
    ok(session, "quote", "1", "buy", "70", "1", "--as", "buyer")


def test_margin__paid_by_one__defaulted_by_another(market):
    ok(market, "deposit", "units", "CEA24", "1000", "--as", "seller")
    for alias in ("buyer", "other"):
        ok(market, "deposit", "money", "CEA24", "10000", "--as", alias)
    ok(
        market,
        "open-session",
        "--as",
        "exchange",
        "--instrument",
        "CEA24",
        "--reference",
        "70.00",
        "--opens",
        "+1s",
        "--margin-bps",
        2_000,
        "--pay-by",
        "+1d",
    )
    wait(market, 2)
    ok(market, "quote", "1", "sell", "70.00", "20", "--as", "seller")
    for alias in ("buyer", "other"):
        ok(market, "quote", "1", "buy", "70.00", "10", "--as", alias)
    wait(market, 700)
    ok(market, "clear", "1", "--as", "exchange")
    ok(market, "pay", "1", "--as", "buyer")
    early = refused(market, "default", "2", "--as", "seller")
    assert "due" in early
    wait(market, 90_000)
    ok(market, "default", "2", "--as", "seller")
    shown = ok(market, "trading-account", "The seller", "CEA24")
    # one sale paid in full, one margin of 20 % kept: 700 + 140 yuan, and 10 t came back
    assert "840.00 yuan" in shown
    assert "990 t" in shown


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--opens", "tomorrow"], "is no time"),
        (["--closes", "+1m"], "are in another order"),
        (["--rules", "mars_2024"], "There are no rules"),
        (["--rules", "mars"], "names no rules"),
        (["--reference", "0"], "reference price is refused"),
        (["--as", "seller"], "lacks the role"),
    ],
)
def test_open_session__wrong_input__is_named(market, arguments, sentence):
    base = {"--as": "exchange", "--instrument": "CEA24", "--reference": "70.00"}
    base |= dict(zip(arguments[::2], arguments[1::2], strict=True))
    output = refused(market, "open-session", *(part for pair in base.items() for part in pair))
    assert sentence in output


def test_unknown_network__is_named(market):
    result = market.run("--network", "mars", "session", "1")
    assert result.exit_code == 1
    assert "There is no network 'mars'" in result.output
    assert "known are consortium, demonstration, embedded" in result.output
