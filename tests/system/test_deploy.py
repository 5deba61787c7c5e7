"""Deployment: interrupted anywhere and resumed it gives one and the same book."""

import json

import pytest

from tanlian.chain.book import Book, read_book
from tanlian.chain.connection import Connection
from tanlian.chain.errors import BookError, ChainUnreachable, WrongChain
from tanlian.chain.keys import Call
from tanlian.services.access import deploy_protocol, open_access
from tanlian.services.deployment import steps_of
from tanlian.services.inspection import inspect
from tanlian.services.protocol import PLAN, settled

STEPS = len(PLAN.contracts) + len(PLAN.wiring)


class Cut(BaseException):
    """The process ends here; nothing may catch it."""


def cut_before_send(monkeypatch, number):
    """The process dies before transaction `number` reaches the node."""
    count = iter(range(1000))
    original = Connection.request

    def request(self, method, *params):
        if method == "eth_sendRawTransaction" and next(count) == number:
            raise Cut
        return original(self, method, *params)

    monkeypatch.setattr(Connection, "request", request)


def cut_after_send(monkeypatch, number):
    """It dies when the node has the transaction and the answer is on its way."""
    count = iter(range(1000))
    original = Connection.request

    def request(self, method, *params):
        answer = original(self, method, *params)
        if method == "eth_sendRawTransaction" and next(count) == number:
            raise Cut
        return answer

    monkeypatch.setattr(Connection, "request", request)


def cut_before_record(monkeypatch, number):
    """It dies when the receipt is there and the book is not written; the opening write is the 0th."""
    count = iter(range(1000))
    original = Book.write

    def write(self, path):
        if next(count) == number + 1:
            raise Cut
        original(self, path)

    monkeypatch.setattr(Book, "write", write)


def cut_after_record(monkeypatch, number):
    count = iter(range(1000))
    original = Book.write

    def write(self, path):
        original(self, path)
        if next(count) == number + 1:
            raise Cut

    monkeypatch.setattr(Book, "write", write)


CUTS = [cut_before_send, cut_after_send, cut_before_record, cut_after_record]


def uninterrupted(tmp_path, monkeypatch):
    from harness.served import served

    with served(tmp_path / "reference", monkeypatch) as chain:
        return chain.deploy().book


def without_chain(book):
    """What of a book does not depend on the genesis of the chain."""
    contracts = {n: (e.address, e.tx_hash, e.block, e.code_hash) for n, e in book.contracts.items()}
    return contracts, [(w.step, w.tx_hash, w.block) for w in book.wiring], book.complete


@pytest.mark.parametrize("cut", CUTS, ids=lambda cut: cut.__name__)
def test_deploy__interrupted_at_every_step__gives_the_same_book(cut, chain, tmp_path, monkeypatch):
    reference = uninterrupted(tmp_path, monkeypatch)
    monkeypatch.setenv("TANLIAN_DATA", str(tmp_path))
    interruptions = 0
    for _ in range(STEPS + 1):
        with monkeypatch.context() as context:
            # each run gets one step further: it dies at the first transaction that it sends
            cut(context, 1 if cut is cut_before_send else 0)
            try:
                chain.deploy()
            except Cut:
                interruptions += 1
    book = chain.deploy().book
    assert interruptions >= STEPS // 2
    assert book.complete
    assert without_chain(book) == without_chain(reference)
    assert chain.connection().head() == STEPS


def test_deploy__second_run__does_nothing(chain):
    first = chain.deploy()
    before, head = chain.target.book.read_bytes(), chain.connection().head()
    second = chain.deploy()
    assert second.book == first.book
    assert chain.target.book.read_bytes() == before
    assert chain.connection().head() == head


def test_deploy__killed_before_the_first_transaction__keeps_the_reserved_number(chain, monkeypatch):
    with monkeypatch.context() as context:
        cut_before_send(context, 0)
        with pytest.raises(Cut):
            chain.deploy()
    begun = read_book(chain.target.book)
    assert begun is not None
    assert (begun.first_nonce, begun.contracts, begun.complete) == (0, {}, False)
    assert chain.deploy().book.complete


def test_open__unfinished_book__is_refused(chain, monkeypatch):
    with monkeypatch.context() as context:
        cut_after_record(context, 2)
        with pytest.raises(Cut):
            chain.deploy()
    with pytest.raises(BookError, match="was interrupted; run `tanlian deploy` again"):
        open_access(chain.target)


def test_deploy__another_chain_with_the_same_id__is_refused(chain, tmp_path, monkeypatch):
    from harness.served import served

    chain.deploy()
    with served(tmp_path / "other", monkeypatch) as other:
        (tmp_path / "other").mkdir(exist_ok=True)
        other.target.book.write_bytes(chain.target.book.read_bytes())
        other.key("regulator")
        with pytest.raises(WrongChain, match="genesis"):
            deploy_protocol(other.network, other.sender("deployer"))
        with pytest.raises(WrongChain, match="genesis"):
            open_access(other.target)
        assert other.connection().head() == 0


def test_open__wrong_chain_id__is_refused(tmp_path, monkeypatch):
    from tanlian.domain.target import Target
    from tanlian_node.embedded import EmbeddedChain

    wrong = pytest.raises(WrongChain, match="serves chain 777, but chain 20260 was expected")
    with EmbeddedChain(interval=0, chain_id=777) as other, wrong:
        open_access(Target(rpc=other.url, book=tmp_path / "book.json"))


def test_open__node_is_down__says_how_to_start_one(monkeypatch):
    from tanlian.domain.target import Target

    monkeypatch.setattr("tanlian.chain.connection.FIRST_PAUSE_SECONDS", 0)
    with pytest.raises(ChainUnreachable, match="Start the node"):
        open_access(Target(rpc="http://127.0.0.1:9"))


def test_open__code_differs__is_refused(chain):
    chain.deploy()
    content = json.loads(chain.target.book.read_text())
    content["contracts"]["ledger"]["address"] = content["contracts"]["money"]["address"]
    chain.target.book.write_text(json.dumps(content))
    with pytest.raises(BookError, match=r"ledger.*other code than the book says"):
        open_access(chain.target)


def test_open__no_code_there__is_refused(chain):
    chain.deploy()
    content = json.loads(chain.target.book.read_text())
    content["contracts"]["ledger"]["address"] = "0x" + "11" * 20
    chain.target.book.write_text(json.dumps(content))
    with pytest.raises(BookError, match="there is no code"):
        open_access(chain.target)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"format": 2}', '{"format": 1}', "nonsense"])
def test_open__malformed_book__is_refused(chain, content):
    chain.deploy()
    chain.target.book.write_text(content)
    with pytest.raises(BookError):
        open_access(chain.target)


def test_deploy__number_used_for_something_else__is_refused(chain, monkeypatch):
    with monkeypatch.context() as context:
        cut_after_record(context, 1)
        with pytest.raises(Cut):
            chain.deploy()
    stranger = chain.sender("deployer")
    stranger.send(Call(stranger.address, b"", 21_000))
    before = chain.target.book.read_bytes()
    with pytest.raises(BookError, match="was used for something else"):
        chain.deploy()
    assert chain.target.book.read_bytes() == before


def test_deploy__finished_by_another_key__is_refused(chain, monkeypatch):
    with monkeypatch.context() as context:
        cut_after_record(context, 1)
        with pytest.raises(Cut):
            chain.deploy()
    head = chain.connection().head()
    with pytest.raises(BookError, match="only that key can finish"):
        deploy_protocol(chain.network, chain.sender("outsider"))
    assert chain.connection().head() == head


def test_deploy__parameters_changed_on_the_way__is_refused(chain, monkeypatch):
    from tanlian.services.deployment import deploy

    chain.deploy()
    params = settled(chain.network)
    params = {**params, "regulator": {**params["regulator"], "name": "Another ministry"}}
    with pytest.raises(BookError, match=r"other contracts or parameters than these \(membership\)"):
        deploy(chain.sender("deployer"), PLAN, params, network="embedded", path=chain.target.book)


def test_deploy__contract_added_to_the_plan__is_refused_on_the_old_book(chain):
    from tanlian.services.deployment import New, Plan, deploy

    chain.deploy()
    more = Plan((*PLAN.contracts, New("second", "Membership", PLAN.contracts[0].arguments)), ())
    with pytest.raises(BookError, match="second"):
        deploy(
            chain.sender("deployer"),
            more,
            settled(chain.network),
            network="embedded",
            path=chain.target.book,
        )


def test_inspect__fresh_deployment__is_all_good(chain):
    access = chain.deploy()
    findings = inspect(access.contracts, PLAN, settled(access.network))
    assert [f for f in findings if not f.good] == []
    assert {f.subject for f in findings} >= {"book", "regulator", *access.book.contracts}


def test_inspect__contract_made_of_other_code__is_found(chain):
    access = chain.deploy()
    params = settled(access.network)
    params = {**params, "regulator": {**params["regulator"], "name": "Another ministry"}}
    bad = [f for f in inspect(access.contracts, PLAN, params) if not f.good]
    assert [(f.subject, "does something else" in f.sentence) for f in bad] == [("membership", True)]


def test_inspect__regulator_lost_its_account__is_found(chain):
    access = chain.deploy()
    params = settled(access.network)
    params = {**params, "regulator": {**params["regulator"], "account": "0x" + "22" * 20}}
    bad = [f.sentence for f in inspect(access.contracts, PLAN, params) if not f.good]
    assert any("acts for organisation nobody" in sentence for sentence in bad)


def test_steps__addresses__are_known_before_anything_is_sent(chain):
    access = chain.deploy()
    planned = {s.title: s.address for s in steps_of(PLAN, settled(chain.network), access.book)}
    assert {n: planned[n] for n in access.book.contracts} == {
        n: e.address for n, e in access.book.contracts.items()
    }


def test_deploy_command__from_nothing__prints_the_contracts(chain):
    chain.key("regulator")
    chain.key("deployer")
    done = chain.run("deploy")
    assert done.exit_code == 0, done.output
    assert "membership" in done.output
    checked = chain.run("check")
    assert checked.exit_code == 0, checked.output
    assert "findings are good" in checked.output


def test_check_command__no_book__says_what_to_do(chain):
    result = chain.run("check")
    assert result.exit_code == 1
    assert "deploy with `tanlian deploy`" in result.output


def test_deploy_command__wrong_passphrase__exits_with_a_sentence(chain):
    chain.key("regulator")
    chain.key("deployer")
    result = chain.run("deploy", TANLIAN_PASSPHRASE="guess-4711")
    assert result.exit_code == 1
    assert "The passphrase does not open" in result.output
    assert "guess-4711" not in result.output
    assert not chain.target.book.exists()
