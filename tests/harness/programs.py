"""A program of an organisation: the API over HTTP with a key that a person issued."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager

import requests

from harness.visitor import PASSWORD, Visitor


class Program:
    def __init__(self, address: str, token: str) -> None:
        self.base = address + "api/v1"
        self.http = requests.Session()
        self.http.headers.update({"Authorization": f"Bearer {token}", "Accept-Language": "en"})

    def get(self, path, **query):
        return self.http.get(self.base + path, params=query, timeout=30)

    def post(self, path, body=None):
        return self.http.post(self.base + path, json=body, timeout=30)

    def delete(self, path):
        return self.http.delete(self.base + path, timeout=30)

    def do(self, name, values, once, **query):
        headers = {"Idempotency-Key": once} if once else {}
        url = f"{self.base}/do/{name}"
        return self.http.post(url, json=values, headers=headers, params=query, timeout=30)

    @contextmanager
    def stream(self, path: str, last: str | None = None) -> Iterator[Iterator[dict]]:
        """Follow server-sent events; each as id, event and data."""
        headers = {} if last is None else {"Last-Event-ID": last}
        with self.http.get(self.base + path, headers=headers, stream=True, timeout=30) as answer:
            assert answer.status_code == 200, answer.text
            yield self._events(answer)

    def opens(self, path: str) -> bool:
        """Whether a stream can be opened now."""
        with self.http.get(self.base + path, stream=True, timeout=30) as answer:
            return answer.status_code == 200

    def _events(self, answer) -> Iterator[dict]:
        event: dict = {}
        for line in answer.iter_lines(chunk_size=1, decode_unicode=True):
            name, _, value = line.partition(": ")
            if line and name in {"id", "event", "data"}:
                event[name] = json.loads(value) if name == "data" else value
            elif not line and "data" in event:
                yield event
                event = {}


def issued(visitor: Visitor, label: str = "a program", **wanted: str) -> str:
    """Have a person issue a key; returns the token."""
    page = visitor.send(
        visitor.get("programs"), 'name="label"', label=label, days="30", password=PASSWORD,
        **wanted,
    )  # fmt: skip
    token = re.search(r'id="token">(tl_[\w-]+)<', page.html)
    assert token, page.alerts
    return token[1]
