"""A node behind TLS and tokens, and one whose allowlist lags behind the register."""

import ssl
from datetime import UTC, datetime

import pytest

from harness.besu_network import PASSPHRASE, secret
from harness.fake_node import Refusal, fake_node
from tanlian.chain import connection as connection_module
from tanlian.chain.connection import Connection
from tanlian.chain.credentials import Credentials
from tanlian.chain.crowd import Act, Crowd
from tanlian.chain.errors import BadCredentials, NodeRefused, SenderNotAllowed
from tanlian.chain.keys import Call, Fees, Key, keccak
from tanlian.domain.target import Target
from tanlian.services.networks import network
from tanlian_node.ca import Purpose, create_root, pem
from tanlian_node.ca_folder import CaFolder

CHAIN = {"eth_chainId": lambda: hex(20_261)}
KEY = Key(keccak(b"newcomer"))


@pytest.fixture
def authority(tmp_path):
    """The consortium's root, and a TLS context with a node's certificate under it."""
    now = datetime.now(UTC)
    place = CaFolder(tmp_path / "ca", PASSPHRASE, 20_261)
    place.create_root("trial", now)
    place.create_authority("bank", secret("bank"), now)
    place.issue("bank", "node", secret("node"), purpose=Purpose.NODE, now=now, hosts=("127.0.0.1",))
    chain = tmp_path / "chain.pem"
    chain.write_bytes(
        (tmp_path / "ca/bank/node.pem").read_bytes() + (tmp_path / "ca/bank/ca.pem").read_bytes()
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, tmp_path / "ca/bank/node.key", PASSPHRASE)
    return tmp_path / "ca" / "root.pem", context


def test_connect__node_of_the_consortium__trusted_by_its_root_only(authority, tmp_path):
    root, context = authority
    foreign = tmp_path / "foreign.pem"
    foreign.write_bytes(pem(create_root("trial", datetime.now(UTC)).certificate))
    with fake_node(CHAIN, tls=context) as node:
        assert Connection(node.url, credentials=Credentials(root)).chain_id == 20_261
        for credentials in (None, Credentials(foreign)):
            with pytest.raises(BadCredentials, match="not trusted here"):
                Connection(node.url, credentials=credentials)
    assert [method for method, _ in node.calls] == ["eth_chainId"]


def test_connect__node_wants_a_token__file_is_read_anew_at_each_request(tmp_path):
    path = tmp_path / "token"
    path.write_text("first\n")
    with fake_node(CHAIN, token="first") as node:
        connection = Connection(node.url, credentials=Credentials(token_file=path))
        path.write_text("ended\n")
        with pytest.raises(BadCredentials, match="wants a token"):
            connection.request("eth_chainId")
        with pytest.raises(BadCredentials, match="wants a token"):
            Connection(node.url)
        path.write_text("first\n")
        assert connection.request("eth_chainId") == hex(20_261)


@pytest.mark.parametrize("content", [None, "", " \n"])
def test_connect__token_or_authority_missing__named(tmp_path, content):
    path = tmp_path / "token"
    if content is not None:
        path.write_text(content)
    with fake_node(CHAIN) as node:
        with pytest.raises(BadCredentials, match="token"):
            Connection(node.url, credentials=Credentials(token_file=path))
        with pytest.raises(BadCredentials, match="There is no certificate"):
            Connection(node.url, credentials=Credentials(authority=tmp_path / "none.pem"))
    assert node.calls == []


def test_network__credentials__environment_before_parameters(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    place = tmp_path / "deployments" / "far"
    place.mkdir(parents=True)
    (place / "params.toml").write_text(
        '[chain]\nid = 7\nrpc = "https://far"\nauthority = "root.pem"\n'
        '[files]\nbook = "book.json"\nkeys = "keys"\n'
    )
    found = network(Target(network="far"))
    assert found.credentials == Credentials(place / "root.pem", None)
    monkeypatch.setenv("TANLIAN_RPC_AUTHORITY", "other.pem")
    monkeypatch.setenv("TANLIAN_RPC_TOKEN_FILE", "token")
    assert network(Target(network="far")).credentials == Credentials(
        tmp_path.__class__("other.pem"), tmp_path.__class__("token")
    )


class Doorkeeper:
    """A node that lets a sender in after some refusals, and then seals at once."""

    def __init__(self, refusals):
        self.refusals = refusals
        self.taken = []

    def methods(self):
        return {
            **CHAIN,
            "eth_sendRawTransaction": self._send,
            "eth_getTransactionCount": lambda *_: hex(len(self.taken)),
            "eth_gasPrice": lambda: "0x0",
            "eth_getTransactionReceipt": self._receipt,
        }

    def _send(self, raw):
        if self.refusals > 0:
            self.refusals -= 1
            raise Refusal(-32007, "Sender account not authorized to send transactions")
        self.taken.append(raw)
        return "0x" + keccak(bytes.fromhex(raw[2:])).hex()

    def _receipt(self, tx_hash):
        return {
            "transactionHash": tx_hash, "blockNumber": "0x1", "gasUsed": "0x1", "status": "0x1",
            "contractAddress": None, "logs": [],
        }  # fmt: skip


@pytest.fixture
def hurried(monkeypatch):
    monkeypatch.setattr(connection_module, "ALLOWLIST_PAUSE_SECONDS", 0.01)


@pytest.mark.usefixtures("hurried")
def test_send__list_lags_behind__patient_connection_hands_over_the_same_bytes():
    door = Doorkeeper(refusals=5)
    acts = [Act(KEY, Call(KEY.address, bytes([n]), 30_000)) for n in range(3)]
    with fake_node(door.methods()) as node:
        connection = Connection(node.url)
        connection.patience_seconds = 30
        outcomes = Crowd(connection).send(acts)
    assert [one.error for one in outcomes] == [None] * 3
    fees = Fees()
    assert sorted(door.taken) == sorted(
        "0x" + KEY.sign_transaction(act.call, nonce=n, chain_id=20_261, fees=fees).hex()
        for n, act in enumerate(acts)
    )


@pytest.mark.usefixtures("hurried")
def test_send__account_not_let_in__refused_by_name_and_nothing_sent():
    door = Doorkeeper(refusals=10**9)
    with fake_node(door.methods()) as node:
        connection = Connection(node.url)
        for patience in (0, 0.05):
            connection.patience_seconds = patience
            with pytest.raises(SenderNotAllowed, match="permissions --fix"):
                connection.request("eth_sendRawTransaction", "0x00")
            (answer,) = connection.batch([("eth_sendRawTransaction", ["0x00"])])
            assert answer["error"]["code"] == -32007
    assert door.taken == []


def test_block__head_told_before_it_is_served__asked_again_and_the_future_is_not():
    answers = iter([None, None, {"number": "0x5", "timestamp": "0x1"}])
    served = {"0x5": {"number": "0x5"}, "0x6": None}
    methods = {
        **CHAIN,
        "eth_blockNumber": lambda: "0x5",
        "eth_getBlockByNumber": lambda tag, full: next(answers) if tag == "latest" else served[tag],
    }
    with fake_node(methods) as node:
        connection = Connection(node.url)
        assert connection.block()["number"] == "0x5"
        assert connection.block(5) == {"number": "0x5"}
        asked = len(node.calls)
        with pytest.raises(NodeRefused, match="no block 6 yet"):
            connection.block(6)
        assert len(node.calls) == asked + 2  # one question, one look at the head


class LateState:
    """A node that tells of a head before it has its state: the first questions get null."""

    def __init__(self, empty: int) -> None:
        self.left = empty

    def code(self, _address, _block):
        self.left -= 1
        return None if self.left >= 0 else "0x6001"


def test_state__head_told_before_its_state_is_there__asked_again_alone_and_in_batches():
    for empty in (0, 1, 3):
        late = LateState(empty)
        with fake_node(CHAIN | {"eth_getCode": late.code}) as node:
            assert Connection(node.url).code(KEY.address) == b"\x60\x01"
        late.left = empty
        with fake_node(
            CHAIN | {"eth_getCode": late.code, "eth_blockNumber": lambda: "0x1"}
        ) as node:
            asked = [("eth_getCode", [KEY.address, "latest"])] * 2 + [("eth_blockNumber", [])]
            answers = Connection(node.url).batch(asked)
            assert [one["result"] for one in answers] == ["0x6001", "0x6001", "0x1"]
            assert [method for method, _ in node.calls].count("eth_blockNumber") == 1


def test_state__never_there__refused_with_the_reason(monkeypatch):
    monkeypatch.setattr(connection_module, "HEAD_SECONDS", 0.3)
    with fake_node(CHAIN | {"eth_getCode": lambda *_: None}) as node:
        connection = Connection(node.url)
        with pytest.raises(NodeRefused, match="does not have the state of its newest block"):
            connection.code(KEY.address)
        (answer,) = connection.batch([("eth_getCode", [KEY.address, "latest"])])
        assert "state of its newest block" in answer["error"]["message"]
        assert connection.batch([]) == []


def test_receipt__not_there_yet__is_told_at_once():
    with fake_node(CHAIN | {"eth_getTransactionReceipt": lambda _hash: None}) as node:
        assert Connection(node.url).request("eth_getTransactionReceipt", "0x" + "ab" * 32) is None
        assert [method for method, _ in node.calls] == ["eth_chainId", "eth_getTransactionReceipt"]
