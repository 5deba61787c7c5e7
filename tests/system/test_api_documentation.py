"""The examples of docs/api.md, run as they stand there."""

import hashlib
import json
import re
import shlex
from datetime import UTC, datetime

import pytest
import requests

from harness.consortium import ROOT
from harness.founded import found, open_session
from harness.programs import issued
from harness.served import served
from harness.visitor import Visitor
from tanlian.bootstrap import serving
from tanlian.services.webhooks import signature

SELLER = 4
REPORT = b"%PDF-1.7 of the reader"
TEXT = (ROOT / "docs" / "api.md").read_text()
COMMANDS = [
    one.replace("\\\n", " ")
    for one in re.findall(r"^    (curl (?:.*\\\n)*.*)$", TEXT, re.MULTILINE)
]


@pytest.fixture(scope="module")
def seller(tmp_path_factory):
    """The address of the pages, and a key of the seller that signs."""
    folder = tmp_path_factory.mktemp("api-documentation")
    with pytest.MonkeyPatch.context() as environment, served(folder, environment) as chain:
        found(chain, folder)
        open_session(chain)
        with serving(chain.target, "127.0.0.1", 0) as address:
            visitor = Visitor(address).join(chain, SELLER, "seller-one")
            visitor.store_key(chain.network.keys / "seller.json")
            visitor.unlock()
            yield address, issued(visitor, may_write="yes", may_sign="yes")


def asked(command: str, address: str, key: str) -> requests.Response:
    """Send what a curl command would."""
    text = command.replace("https://market.example/", address).replace("$KEY", key)
    words = iter(shlex.split(text)[1:])
    method, url, headers, body = "GET", "", {}, None
    for word in words:
        if word == "-X":
            method = next(words)
        elif word == "-H":
            name, _, value = next(words).partition(": ")
            headers[name] = value
        elif word == "--data-binary":
            next(words)  # the reader's own file
            body = REPORT
        elif word == "-d":
            body = next(words).replace('"session": 7', '"session": 1')  # the one that is open here
        elif word != "-N":
            url = word
    return requests.request(method, url, headers=headers, data=body, stream=True, timeout=30)


def test_examples__there_are_some() -> None:
    assert len(COMMANDS) == TEXT.count("    curl ") >= 4


@pytest.mark.parametrize("command", COMMANDS, ids=lambda c: re.search("v1/([a-z/.]+)", c)[1])
def test_example__as_documented__is_answered(seller, command) -> None:
    with asked(command, *seller) as answer:
        assert answer.status_code in {200, 201}, answer.text
        if answer.headers["Content-Type"].startswith("text/event-stream"):
            assert answer.iter_content(16).__next__()
            return
        found = answer.json()
    if "/do/" in command:
        assert found["state"] == "done"
    elif "/webhooks" in command:
        assert found["secret"].startswith("whsec_")
    elif "/documents" in command:
        assert found["sha256"] == hashlib.sha256(REPORT).hexdigest()
    else:
        assert found["items"]


def test_receiver__of_the_documentation__takes_what_is_sent_once_and_refuses_forgeries(
    monkeypatch, capsys
) -> None:
    (source,) = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    secret = "whsec_" + "c2VjcmV0" * 4
    monkeypatch.setenv("SECRET", secret)
    names: dict = {}
    exec(compile(source, "docs/api.md", "exec"), names)
    receiver = names["app"].test_client()
    body = json.dumps({"type": "market.Traded", "data": {"cursor": "7.1", "said": {}}}).encode()
    moment = int(datetime.now(UTC).timestamp())
    headers = {
        "webhook-id": "evt_1_7_1",
        "webhook-timestamp": str(moment),
        "webhook-signature": signature(secret, "evt_1_7_1", moment, body),
    }
    for _ in range(2):
        assert receiver.post("/tanlian", data=body, headers=headers).status_code == 204
    assert capsys.readouterr().out.count("market.Traded") == 1
    forged = body.replace(b"7.1", b"7.2")
    assert receiver.post("/tanlian", data=forged, headers=headers).status_code == 500
    assert capsys.readouterr().out == ""
