"""The catalogue of acts against a real deployment: complete, readable, and obeyed by the contracts."""

import pytest

from harness.founded import found, ok
from harness.profiles import profile_text
from harness.served import served
from tanlian.chain.keys import keccak
from tanlian.domain.errors import TanlianError
from tanlian.services.access import open_access
from tanlian.services.acts.act import Act, Desk, FieldsRefused
from tanlian.services.acts.catalogue import act, catalogue

REGULATOR, SELLER, BUYER = 1, 4, 5
ANY_HASH = "ab" * 32
SAMPLES = {
    "whole": "7",
    "text": "words",
    "long": "words",
    "decimal": "12",
    "organisation": "The seller",
    "instrument": "CEA24",
    "roles": "emitter",
    "address": "0x" + "11" * 20,
    "document": ANY_HASH,
    "payee": "ICBC 1",
    "moment": "+1h",
    "flag": "yes",
}
SPECIAL = {
    "year": "2024",
    "vintage": "2024",
    "first_year": "2024",
    "last_year": "2025",
    "quantity": "12",
    "basis": "default",
    "rules": "cn_market_2021",
    "method": "fuel",
    "unit": "t",
    "key": "anthracite",
    "opens": "+1m",
    "cancels_until": "+2m",
    "auction_ends": "+3m",
    "closes": "+4m",
    "pay_by": "+5m",
}
# A year whose deadlines lie ahead, and whose window of net sales is over.
RULES = profile_text(surrender_deadline="2199-12-31", carry_deadline="2200-06-10")
BY_NAME = {
    ("account.add", "consent"): "cd" * 65,
    ("device.register", "key"): "0x" + "11" * 20,
    ("device.replace-key", "key"): "0x" + "11" * 20,
    ("duty.open-year", "rules"): "cn_2024",
    ("net-sales.record", "rules"): RULES.encode(),
    ("auction.announce", "rules"): "cn_2024",
    ("rules.propose", "rules"): "incentives_2024",
    ("complaint.take-up", "reference"): "7",
    ("complaint.pursue", "reference"): "7",
    ("credits.import", "first"): "7",
    ("credits.import", "last"): "9",
}
# Functions that no person calls: set-up, callbacks, calls between contracts, programs' own.
NOT_FOR_PEOPLE = {
    "ledger": {"issue", "wire", "seal", "setApprovalForAll", "safeBatchTransferFrom"},
    "money": {"wire", "seal", "transferFrom", "transferAndCall"},
    "allocation": {"wire", "seal", "reduce_next"},
    "market": {
        "wire",
        "seal",
        "open_session",
        "set_paused",
        "settle_block",
        "discharge",
        "onERC1155Received",
        "list_instrument",
        "place_signed",  # a relayer's
        "skip_nonces",
        "move_money",
    },
    "clearing_house": {
        "clear",
        "close",
        "discharge",
        "list_instrument",
        "open_session",
        "set_paused",
        "settle_block",
    },
    "settlement": {"owe"},
    "block_trades": {"settle_signed"},
    "methods": {"open_set", "load_factors", "load_fuels", "seal_set"},  # emissions load-factors
    "monitoring": {"anchor"},  # the gateway's
    "offsets": {"wire", "seal"},
    "compliance": {"wire", "seal"},
    "coin": {
        "wire",
        "seal",
        "reward",
        "deduct",
        "lock",
        "unlock",
        "approve",  # programs'
        "transferFrom",
    },
    "incentives": {"wire", "seal"},
    "periodic_check": {"wire", "seal"},
    "auction": {"wire", "seal", "onERC1155Received", "onERC1155BatchReceived"},
}


@pytest.fixture(scope="module")
def chain(tmp_path_factory):
    folder = tmp_path_factory.mktemp("acts")
    with pytest.MonkeyPatch.context() as monkeypatch, served(folder, monkeypatch) as served_chain:
        found(served_chain, folder)
        ok(served_chain, "emissions", "load-factors", "ipcc-2006", "--as", "regulator")
        ok(served_chain, "emissions", "load-factors", "gwp-ar5", "--as", "regulator")
        rules = folder / "rules.toml"
        rules.write_text(RULES, encoding="utf-8")
        given = ("--year", 2024, "--rules", rules, "--as", "regulator")
        ok(served_chain, "duty", "open-year", *given)
        yield served_chain


@pytest.fixture(scope="module")
def desk(chain):
    access = open_access(chain.target)
    return Desk(access, SELLER, chain.key("seller").address, access.connection.now())


def sample(act: Act, field) -> object:
    if field.kind.columns:
        return [{c.name: sample(act, c) for c in field.kind.columns if not c.optional}]
    if field.kind.choices:
        return next(iter(field.kind.choices))
    if (act.name, field.name) in BY_NAME:
        return BY_NAME[act.name, field.name]
    if field.name in {"factors", "gases"}:
        return {"factors": "ipcc-2006", "gases": "gwp-ar5"}[field.name]
    if field.name in SPECIAL and field.kind.widget != "address":
        return SPECIAL[field.name]
    return SAMPLES[field.kind.widget]


def samples(act: Act) -> dict[str, object]:
    return {field.name: sample(act, field) for field in act.fields}


@pytest.mark.parametrize("name", catalogue())
def test_act__sample_values__calls_that_fit_their_contracts(desk, name) -> None:
    calls = act(name).calls_for(desk, samples(act(name)))
    known = {entry.address: n for n, entry in desk.access.book.contracts.items()}
    assert calls
    assert all(one.to in known and len(one.data) >= 4 for one in calls)


@pytest.mark.parametrize("name", catalogue())
def test_act__nothing_given__every_needed_field_named(desk, name) -> None:
    needed = {f.name for f in act(name).fields if not f.optional and f.kind.widget != "flag"}
    if not needed:
        pytest.fail("an act without a needed field cannot be told from another")
    with pytest.raises(FieldsRefused) as refused:
        act(name).calls_for(desk, {})
    assert set(refused.value.errors) == needed


def test_act__unknown_field__refused_by_name(desk) -> None:
    with pytest.raises(FieldsRefused) as refused:
        act("order.cancel").calls_for(desk, {"order": "1", "price": "3"})
    assert set(refused.value.errors) == {"price"}


def test_catalogue__every_function_of_every_contract__an_act_or_stated_not_to_be(desk) -> None:
    """A new function is either somebody's act or listed here with its reason."""
    called = set()
    for one in catalogue().values():
        for call in one.calls_for(desk, samples(one)):
            called.add((call.to, call.data[:4]))
    missing = []
    for name in desk.access.contracts:
        contract = desk.access.contracts[name]
        for entry in contract.interface.abi:
            if entry["type"] != "function" or entry["stateMutability"] != "nonpayable":
                continue
            if entry["name"] in NOT_FOR_PEOPLE.get(name, ()):
                continue
            selector = keccak(signature(entry).encode())[:4]
            if (contract.address, selector) not in called:
                missing.append(f"{name}.{entry['name']}")
    assert missing == []


def signature(entry) -> str:
    return f"{entry['name']}({','.join(_type(i) for i in entry['inputs'])})"


def _type(entry) -> str:
    if not entry["type"].startswith("tuple"):
        return entry["type"]
    inner = ",".join(_type(part) for part in entry["components"])
    return f"({inner}){entry['type'].removeprefix('tuple')}"


def test_verb__units_transferred_and_cancelled__as_the_catalogue_says(chain) -> None:
    ledger = open_access(chain.target).contracts.ledger
    before = ledger.read("balanceOf", chain.key("buyer").address, 1 << 48 | 2024)
    out = ok(chain, "units", "transfer", "--to", "The buyer", "--instrument", "CEA24",
             "--amount", "12.5", "--as", "seller")  # fmt: skip
    assert out.startswith("Done: transfer units.")
    after = ledger.read("balanceOf", chain.key("buyer").address, 1 << 48 | 2024)
    assert after - before == 12_500
    ok(chain, "units", "cancel", "--instrument", "CEA24", "--amount", "0.5", "--reference", "a gift",
       "--as", "buyer")  # fmt: skip
    assert after - ledger.read("balanceOf", chain.key("buyer").address, 1 << 48 | 2024) == 500


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (("--amount", "12.5555"), "--amount: '12.5555' has more than 3 decimals for tonnes."),
        (("--amount", "x"), "--amount: 'x' is no number of tonnes."),
    ],
)
def test_verb__value_that_cannot_be_read__named_and_nothing_sent(chain, given, sentence) -> None:
    head = chain.connection().head()
    result = chain.run("units", "transfer", "--to", "The buyer", "--instrument", "CEA24", *given,
                       "--as", "seller")  # fmt: skip
    assert result.exit_code == 2
    assert sentence in result.output
    assert chain.connection().head() == head


def test_verb__other_role__refused_by_the_contract(chain) -> None:
    head = chain.connection().head()
    result = chain.run("reclassify", "--organisation", "The seller", "--sector", 3, "--region", 2,
                       "--document", ANY_HASH, "--as", "seller")  # fmt: skip
    assert result.exit_code == 1
    assert "Only a regulator may do this." in result.output
    assert chain.connection().head() == head


def test_desk__payee_that_is_not_trusted__no_redemption(desk) -> None:
    def refuse(payee: bytes) -> None:
        raise TanlianError(f"not trusted: {payee.rstrip(bytes(1)).decode()}")

    guarded = Desk(desk.access, SELLER, desk.account, desk.now, check_payee=refuse)
    with pytest.raises(TanlianError, match="not trusted: ICBC 1"):
        act("money.redeem").calls_for(guarded, samples(act("money.redeem")))
