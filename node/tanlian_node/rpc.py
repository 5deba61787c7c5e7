"""JSON-RPC to one node: plain or TLS, with or without a token."""

import json
import ssl
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tanlian_node.errors import InvalidNetwork, NodeUnreachable, RpcRefused

TIMEOUT_SECONDS = 10
HEAD_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Rpc:
    """A node's RPC. `authority` is the CA that signed its certificate, `token` a JWT."""

    url: str
    authority: Path | None = None
    token: str | None = None
    timeout: int = TIMEOUT_SECONDS

    def call(self, method: str, *parameters: Any) -> Any:
        """Call a method and return its result.

        Raises:
            NodeUnreachable: no answer.
            RpcRefused: the node answered with an error.
        """
        answer = self._post({"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters})
        return _result(answer, method)

    def batch(self, calls: list[tuple[str, tuple[Any, ...]]]) -> list[Any]:
        """Call several methods in one request; an entry is a result or the `RpcRefused` of it."""
        if not calls:
            return []
        answers = self._post(
            [
                {"jsonrpc": "2.0", "id": number, "method": method, "params": parameters}
                for number, (method, parameters) in enumerate(calls)
            ]
        )
        by_number = {entry["id"]: entry for entry in answers}
        results: list[Any] = []
        for number, (method, _) in enumerate(calls):
            try:
                results.append(_result(by_number[number], method))
            except RpcRefused as refusal:
                results.append(refusal)
        return results

    def height(self) -> int:
        return int(self.call("eth_blockNumber"), 16)

    def head(self) -> dict[str, Any]:
        """The newest block; Besu can tell of it a moment before it serves it.

        Raises:
            NodeUnreachable: it is not served for several seconds.
        """
        deadline = time.monotonic() + HEAD_SECONDS
        while (block := self.call("eth_getBlockByNumber", "latest", False)) is None:
            if time.monotonic() > deadline:
                raise NodeUnreachable(f"{self.url} does not serve its newest block.", url=self.url)
            time.sleep(0.1)
        found: dict[str, Any] = block
        return found

    def peers(self) -> int:
        return int(self.call("net_peerCount"), 16)

    def _post(self, body: Any) -> Any:
        if not self.url.startswith(("http://", "https://")):
            raise InvalidNetwork(f"{self.url!r} is no URL of a node.")
        headers = {"Content-Type": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        request = urllib.request.Request(  # noqa: S310 - the scheme is checked above
            self.url, json.dumps(body).encode(), headers
        )
        context = None
        if self.url.startswith("https://"):
            context = ssl.create_default_context(cafile=self.authority)
        try:
            with urllib.request.urlopen(  # noqa: S310 - as above
                request, timeout=self.timeout, context=context
            ) as answer:
                return json.loads(answer.read())
        except urllib.error.HTTPError as error:
            raise _refusal_of(error, self.url) from error
        except (OSError, ValueError) as error:
            reason = getattr(error, "reason", error)
            raise NodeUnreachable(
                f"{self.url} does not answer ({reason}).", url=self.url
            ) from error


def _refusal_of(error: urllib.error.HTTPError, url: str) -> RpcRefused:
    """What a node means by an HTTP error; Besu explains itself in the body."""
    text = error.read().decode(errors="replace").strip()
    if error.code == 401:
        return RpcRefused(f"{url} wants a token with that permission.", code=401, answer=text)
    return RpcRefused(f"{url} answered {error.code}: {text[:200]}", code=error.code, answer=text)


def _result(answer: Any, method: str) -> Any:
    if not isinstance(answer, dict):
        raise RpcRefused(f"{method} got no JSON-RPC answer.", method=method)
    if "error" in answer:
        error = answer["error"]
        raise RpcRefused(
            f"{method} was refused: {error.get('message')} ({error.get('code')}).",
            method=method,
            code=error.get("code"),
            reason=error.get("message"),
            data=error.get("data"),
        )
    return answer.get("result")
