"""Block trades, keys and certificates of a member, and freezes, as people run them."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from harness.founded import found, ok, open_session, refused, wait
from harness.served import served
from tanlian.services.access import open_access

SELLER, BUYER = 4, 5
CEA24 = 1 << 48 | 2024
DECIDED = ("--as", "regulator", "--reason", "court order 7")
BLOCK = ("block", "propose", 1, "sell", "80.00", "100000")  # the band of listed orders ends at 77
TO_BUYER = ("--to", "The buyer", "--as", "seller")
NO_ORGANISATION = "No organisation is called 'nobody'."
NOT_A_REGULATOR = "Only a regulator may do this. Act with a regulator's key."
ROLE_MISSING = (
    "Your organisation lacks the role for this act. Act with the right key, or ask the regulator "
    "for the role."
)
NO_OPEN_PROPOSAL = "There is no such proposal, or it is settled or withdrawn."


@pytest.fixture(scope="module")
def founded(tmp_path_factory):
    """A market whose seller and buyer can trade a block of 100,000 t."""
    folder = tmp_path_factory.mktemp("more-verbs")
    with pytest.MonkeyPatch.context() as monkeypatch, served(folder, monkeypatch) as chain:
        found(chain, folder)
        final = ("--act", "final", "--period", 2024, "--document", "ab" * 32, "--as", "regulator")
        ok(chain, "allocate", "The seller", "260000", *final)
        paid = ("--payment", "in-for-blocks", "--as", "bank")
        ok(chain, "money", "issue", "The buyer", "9000000", *paid)
        ok(chain, "deposit", "units", "CEA24", "200000", "--as", "seller")
        ok(chain, "deposit", "money", "CEA24", "9000000", "--as", "buyer")
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
    open_session(market)
    return market


def trading(chain, organisation):
    """Free tonnes and free yuan of an organisation's trading account."""
    held = open_access(chain.target).contracts.market.read("account", CEA24, organisation)
    return held.lots_free, held.money_free / 1_000_000


# -- block trades ----------------------------------------------------------------------------------


def test_block__proposed_sale_accepted__moves_units_and_money(session):
    units, money = trading(session, SELLER)
    bought, spent = trading(session, BUYER)
    said = ok(session, *BLOCK, *TO_BUYER)
    assert "Proposed block trade 1 to The buyer: sell 100,000 t at 80.00 yuan/t, open until" in said
    shown = ok(session, "block", "show", 1)
    assert "block trade 1 in session 1: open" in shown
    terms = "The seller (4) sells 100,000 t at 80.00 yuan/t to The buyer (5)"
    assert terms in shown
    assert (units, money) == trading(session, SELLER)
    assert "Accepted block trade 1." in ok(session, "block", "accept", 1, "--as", "buyer")
    assert trading(session, SELLER) == (units - 100_000, money + 8_000_000)
    assert trading(session, BUYER) == (bought + 100_000, spent - 8_000_000)
    assert "block trade 1 in session 1: traded" in ok(session, "block", "show", 1)


def test_block__proposed_purchase_accepted__moves_units_the_other_way(session):
    units, bought = trading(session, SELLER)[0], trading(session, BUYER)[0]
    buying = ("block", "propose", 1, "buy", "60.00", "100000", "--to", "id:seller")
    ok(session, *buying, "--as", "buyer")
    assert "The buyer (5) buys 100,000 t at 60.00 yuan/t from The seller (4)" in ok(
        session, "block", "show", 1
    )
    ok(session, "block", "accept", 1, "--as", "seller")
    assert (trading(session, SELLER)[0], trading(session, BUYER)[0]) == (
        units - 100_000,
        bought + 100_000,
    )


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((*BLOCK, "--to", "nobody", "--as", "seller"), NO_ORGANISATION),
        (
            (*BLOCK, "--to", "The seller", "--as", "seller"),
            "Buyer and seller must be two organisations.",
        ),
        (
            ("block", "propose", 1, "sell", "80.00", "99999", *TO_BUYER),
            (
                "The quantity is too small for a block trade, or too large. "
                "Look at the session's terms."
            ),
        ),
        (
            ("block", "propose", 1, "sell", "91.01", "100000", *TO_BUYER),
            "The price is outside the band for block trades. Look at the session's terms.",
        ),
        (
            ("block", "propose", 9, "sell", "80.00", "100000", *TO_BUYER),
            "The session allows no block trades. Look at its terms.",
        ),
        (
            (*BLOCK, *TO_BUYER, "--expires", "2020-01-01"),
            "The block trade has expired. Propose or sign it again.",
        ),
        (
            (*BLOCK, *TO_BUYER, "--expires", "soon"),
            (
                "Invalid value for '--expires': 'soon' is no time; write 2026-11-23T09:30 (UTC), "
                "or +2h for two hours from now."
            ),
        ),
        (
            ("block", "propose", 1, "sell", "80.00", "100000.5", *TO_BUYER),
            "Invalid value for 'TONNES': '100000.5' is no positive number of whole tonnes.",
        ),
        (
            ("block", "propose", 1, "sell", "80.001", "100000", *TO_BUYER),
            "Invalid value for 'PRICE': '80.001' has more than 2 decimals for price.",
        ),
        (("block", "accept", 1, "--as", "buyer"), NO_OPEN_PROPOSAL),
        (("block", "withdraw", 1, "--as", "seller"), NO_OPEN_PROPOSAL),
        (("block", "show", 1), "There is no block proposal 1."),
    ],
)
def test_block__wrong_input__is_named(session, arguments, sentence):
    assert refused(session, *arguments) == sentence


def test_block_propose__by_no_member__is_refused(session):
    session.key("outsider")
    assert refused(session, *BLOCK, "--to", "The buyer", "--as", "outsider") == (
        "This key acts for no active organisation. Ask the regulator whether it is admitted and "
        "not suspended."
    )


def test_block_propose__to_a_suspended_organisation__is_refused(session):
    ok(session, "suspend", "The buyer", *DECIDED)
    assert refused(session, *BLOCK, *TO_BUYER) == "The other side is no active member."


def test_block_accept__by_another_organisation__is_refused(session):
    ok(session, *BLOCK, *TO_BUYER)
    sentence = "This proposal is addressed to another organisation."
    assert refused(session, "block", "accept", 1, "--as", "other") == sentence
    assert refused(session, "block", "accept", 1, "--as", "seller") == sentence


def test_block_accept__twice__is_refused(session):
    ok(session, *BLOCK, *TO_BUYER)
    ok(session, "block", "accept", 1, "--as", "buyer")
    assert refused(session, "block", "accept", 1, "--as", "buyer") == NO_OPEN_PROPOSAL
    assert refused(session, "block", "withdraw", 1, "--as", "seller") == NO_OPEN_PROPOSAL


def test_block_accept__expired__is_refused(session):
    ok(session, *BLOCK, *TO_BUYER, "--expires", "+1m")
    wait(session, 61)
    assert refused(session, "block", "accept", 1, "--as", "buyer") == (
        "The block trade has expired. Propose or sign it again."
    )
    assert "block trade 1 in session 1: expired" in ok(session, "block", "show", 1)


def test_block_accept__seller_without_the_units__is_refused(session):
    ok(session, *BLOCK, *TO_BUYER)
    ok(session, "withdraw", "units", "CEA24", "200000", "--as", "seller")
    assert refused(session, "block", "accept", 1, "--as", "buyer") == (
        "The trading account has not enough free units for this. Deposit more, or quote less."
    )


def test_block_accept__paused_session__is_refused(session):
    ok(session, *BLOCK, *TO_BUYER)
    ok(session, "pause", 1, *DECIDED)
    assert "paused the session" in refused(session, "block", "accept", 1, "--as", "buyer")


def test_block_withdraw__by_its_proposer__ends_it(session):
    ok(session, *BLOCK, *TO_BUYER)
    assert refused(session, "block", "withdraw", 1, "--as", "buyer") == (
        "Only the organisation that proposed the trade can withdraw it."
    )
    assert "Withdrew block trade 1." in ok(session, "block", "withdraw", 1, "--as", "seller")
    assert "block trade 1 in session 1: withdrawn" in ok(session, "block", "show", 1)
    assert refused(session, "block", "accept", 1, "--as", "buyer") == NO_OPEN_PROPOSAL


# -- keys and certificates -------------------------------------------------------------------------


def test_account_add__new_key__acts_for_the_organisation(market):
    new = market.key("seller-2").address
    said = ok(market, "account", "add", "seller-2", "--as", "seller")
    assert said == f"Added account {new} to organisation 4.\n"
    assert new in ok(market, "organisation", "4")
    ok(market, "deposit", "units", "CEA24", "1", "--as", "seller-2")


def test_account_add__new_key_with_its_own_passphrase_file__is_opened_with_it(market, tmp_path):
    market.keyfiles.create("seller-3", "another", cost=2**12)
    assert "does not open" in refused(market, "account", "add", "seller-3", "--as", "seller")
    file = tmp_path / "passphrase"
    file.write_text("another\n")
    opened = ("--new-passphrase-file", file, "--as", "seller")
    said = ok(market, "account", "add", "seller-3", *opened)
    assert market.keyfiles.address("seller-3") in said


def test_account_add__key_in_use__is_refused(market):
    sentence = "This account belongs or belonged to an organisation. Use a fresh key."
    assert refused(market, "account", "add", "buyer", "--as", "seller") == sentence
    assert refused(market, "account", "add", "seller", "--as", "seller") == sentence


def test_account_add__unknown_key__is_refused(market):
    assert "There is no keyfile" in refused(market, "account", "add", "nosuch", "--as", "seller")


def test_account_add__by_no_member__is_refused(market):
    outsider = market.key("outsider").address
    market.key("seller-2")
    assert refused(market, "account", "add", "seller-2", "--as", "outsider") == (
        f"The key {outsider} acts for no organisation; ask the regulator to admit it."
    )


def test_account_add__suspended_organisation__is_refused(market):
    market.key("seller-2")
    ok(market, "suspend", "The seller", *DECIDED)
    assert refused(market, "account", "add", "seller-2", "--as", "seller") == (
        "This key acts for no active organisation."
    )


@pytest.mark.parametrize("alias", ["seller-2", "regulator"])
def test_account_remove__by_the_organisation_or_a_regulator__ends_its_acting(market, alias):
    old = market.key("seller").address
    market.key("seller-2")
    ok(market, "account", "add", "seller-2", "--as", "seller")
    said = ok(market, "account", "remove", old, "--reason", "clerk left", "--as", alias)
    assert f"Removed account {old}." in said
    assert old not in ok(market, "organisation", "4")
    assert refused(market, "deposit", "units", "CEA24", "1", "--as", "seller") == (
        f"The key {old} acts for no organisation; ask the regulator to admit it."
    )
    assert refused(market, "account", "add", "seller", "--as", "seller-2") == (
        "This account belongs or belonged to an organisation. Use a fresh key."
    )


def test_account_remove__of_another_organisation__is_refused(market):
    market.key("seller-2")
    ok(market, "account", "add", "seller-2", "--as", "seller")
    theirs = ("account", "remove", market.key("seller-2").address, "--reason", "x")
    assert refused(market, *theirs, "--as", "buyer") == NOT_A_REGULATOR


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["{seller}", "--reason", "x"], ("An organisation keeps at least one account. "
         "Add another one first.")),
        (["{outsider}", "--reason", "x"], "This is no current account of an organisation."),
        (["0x1234", "--reason", "x"], "'0x1234' is no address; it has 40 hex digits after 0x."),
        (["{seller}", "--reason", ""], ("This act needs a reason that everyone can read. "
         "State one.")),
        (["{seller}", "--reason", "x" * 161], ("The reason has 161 bytes, but 160 are the most "
         "that go on chain; shorten it.")),
        (["{seller}"], "Missing option '--reason'."),
    ],
)  # fmt: skip
def test_account_remove__wrong_input__is_named(market, arguments, sentence):
    known = {alias: market.key(alias).address for alias in ("seller", "outsider")}
    named = [argument.format(**known) for argument in arguments]
    assert refused(market, "account", "remove", *named, "--as", "seller") == sentence


def certificate(path, name):
    """A PEM certificate on disk; returns its SHA-256 fingerprint."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    return made.fingerprint(hashes.SHA256())


def certificate_of(chain, organisation):
    return open_access(chain.target).contracts.membership.read("organisation", organisation)[6]


def test_certificate_rotate__own__stands_in_the_register(market, tmp_path):
    proof = certificate(tmp_path / "new.pem", "The seller")
    said = ok(market, "certificate", "rotate", tmp_path / "new.pem", "--as", "seller")
    assert said == f"Organisation 4 has the certificate {proof.hex()}.\n"
    assert certificate_of(market, SELLER) == proof


def test_certificate_rotate__used_before__is_refused(market, tmp_path):
    file = tmp_path / "new.pem"
    certificate(file, "The seller")
    ok(market, "certificate", "rotate", file, "--as", "seller")
    sentence = "This certificate belongs to an organisation already. Use its own one."
    for alias in ("seller", "buyer"):
        assert refused(market, "certificate", "rotate", file, "--as", alias) == sentence


def test_certificate_rotate__of_another_organisation__only_by_a_regulator(market, tmp_path):
    file = tmp_path / "new.pem"
    proof = certificate(file, "The seller")
    theirs = ("certificate", "rotate", file, "--organisation", "The seller")
    assert refused(market, *theirs, "--as", "buyer") == NOT_A_REGULATOR
    ok(market, *theirs, "--as", "regulator")
    assert certificate_of(market, SELLER) == proof
    nobodys = ("certificate", "rotate", file, "--organisation", "nobody")
    assert refused(market, *nobodys, "--as", "regulator") == NO_ORGANISATION


@pytest.mark.parametrize("content", [None, b"", b"no certificate", b"\xff\xfe"])
def test_certificate_rotate__no_pem__is_named(market, tmp_path, content):
    file = tmp_path / "new.pem"
    if content is not None:
        file.write_bytes(content)
    sentence = refused(market, "certificate", "rotate", file, "--as", "seller")
    assert sentence.startswith(f"{file} is no readable PEM certificate: ")


# -- freezes ---------------------------------------------------------------------------------------


def test_freeze__part_of_the_units__only_the_rest_moves(market):
    said = ok(market, "freeze", "The other", "CEA24", "9000", *DECIDED)
    assert said == "Froze 9,000 t of CEA24 of The other; 9,000 t frozen now.\n"
    deposit = ("deposit", "units", "CEA24", "1001", "--as", "other")
    assert refused(market, *deposit) == (
        "These units are frozen by the regulator. Only the rest can be moved."
    )
    ok(market, "deposit", "units", "CEA24", "1000", "--as", "other")
    said = ok(market, "unfreeze", "The other", "CEA24", "8999.5", *DECIDED)
    assert said == "Unfroze 8,999.500 t of CEA24 of The other; 0.500 t frozen now.\n"
    ok(market, *deposit)


def test_freeze_all__units_in_a_trading_account__are_sold_or_frozen_on_return(session):
    ok(session, "freeze-all", "The seller", *DECIDED)
    ok(session, *BLOCK, *TO_BUYER)
    ok(session, "block", "accept", 1, "--as", "buyer")
    ok(session, "withdraw", "units", "CEA24", "1", "--as", "seller")
    assert refused(session, "deposit", "units", "CEA24", "1", "--as", "seller") == (
        "The regulator has frozen this organisation's holdings. Ask for the reason."
    )


def test_freeze__twice__adds(market):
    ok(market, "freeze", "The other", "CEA24", "1", *DECIDED)
    assert "3 t frozen now" in ok(market, "freeze", "The other", "CEA24", "2", *DECIDED)


def test_freeze_all__whole_holder__moves_nothing_until_it_ends(market):
    deposit = ("deposit", "units", "CEA24", "1", "--as", "other")
    assert "Froze all holdings of The other." in ok(market, "freeze-all", "The other", *DECIDED)
    assert refused(market, *deposit) == (
        "The regulator has frozen this organisation's holdings. Ask for the reason."
    )
    assert refused(market, "freeze-all", "The other", *DECIDED) == (
        "This organisation's holdings are frozen already."
    )
    ended = ok(market, "unfreeze-all", "The other", *DECIDED)
    assert "Ended the freeze of all holdings of The other." in ended
    ok(market, *deposit)


def test_unfreeze_all__units_frozen_by_amount__stay_frozen(market):
    ok(market, "freeze", "The other", "CEA24", "10000", *DECIDED)
    ok(market, "freeze-all", "The other", *DECIDED)
    ok(market, "unfreeze-all", "The other", *DECIDED)
    assert refused(market, "deposit", "units", "CEA24", "1", "--as", "other") == (
        "These units are frozen by the regulator. Only the rest can be moved."
    )


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["freeze", "nobody", "CEA24", "1"], NO_ORGANISATION),
        (["unfreeze", "nobody", "CEA24", "1"], NO_ORGANISATION),
        (["freeze-all", "99"], "There is no organisation 99."),
        (["unfreeze-all", "99"], "There is no organisation 99."),
        (["freeze", "The other", "CEA24", "0"], "The amount is zero. State how much."),
        (
            ["unfreeze", "The other", "CEA24", "1"],
            "Less than that is frozen. Unfreeze at most what is frozen.",
        ),
        (["unfreeze-all", "The other"], "This organisation's holdings are not frozen."),
        (
            ["freeze", "The other", "CEA24", "x"],
            "Invalid value for 'TONNES': 'x' is no number of tonnes.",
        ),
        (
            ["freeze", "The other", "EUA24", "1"],
            (
                "Invalid value for 'INSTRUMENT': 'EUA24' is no kind of units; write CEA24 for "
                "allowances of 2024 or CCER7-24 for credits of project 7."
            ),
        ),
    ],
)
def test_freezing__wrong_input__is_named(market, arguments, sentence):
    assert refused(market, *arguments, *DECIDED) == sentence


@pytest.mark.parametrize(
    "arguments",
    [
        ["freeze", "The other", "CEA24", "1"],
        ["unfreeze", "The other", "CEA24", "1"],
        ["freeze-all", "The other"],
        ["unfreeze-all", "The other"],
    ],
)
@pytest.mark.parametrize("alias", ["exchange", "other"])
def test_freezing__by_no_regulator__is_refused(market, arguments, alias):
    ok(market, "freeze", "The other", "CEA24", "1", *DECIDED)
    assert refused(market, *arguments, "--reason", "x", "--as", alias) == ROLE_MISSING


@pytest.mark.parametrize(
    "arguments", [["freeze", "The other", "CEA24", "1"], ["freeze-all", "The other"]]
)
def test_freezing__no_reason__is_refused(market, arguments):
    ended = (*arguments, "--as", "regulator", "--reason")
    assert refused(market, *ended, "") == (
        "This act needs a reason that everyone can read. State one."
    )
    assert refused(market, *ended, "x" * 161) == (
        "The reason has 161 bytes, but 160 are the most that go on chain; shorten it."
    )
