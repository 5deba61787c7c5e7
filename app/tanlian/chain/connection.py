"""A node of the chain, spoken to over JSON-RPC.

Answers are used as the node gives them (hex strings): the formatters of web3 cost more time than
the embedded chain needs to execute a transaction. `Connection.web3` is there for everything else.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

import requests
from web3 import HTTPProvider, Web3
from web3.middleware import ExtraDataToPOAMiddleware
from web3.types import RPCEndpoint

from tanlian.chain.credentials import Credentials
from tanlian.chain.errors import (
    BadCredentials,
    ChainUnreachable,
    NodeRefused,
    SenderNotAllowed,
    WrongChain,
)
from tanlian.chain.reverts import revert_from

log = logging.getLogger(__name__)

BATCH = 200  # requests in one HTTP body; Besu's default limit is 1,024
ATTEMPTS = 4  # a node that restarts is back within the pauses between them
FIRST_PAUSE_SECONDS = 0.25
TIMEOUT_SECONDS = 60.0
NOT_ALLOWED = -32007  # Besu's answer to an account that is not on its allowlist
ALLOWLIST_PAUSE_SECONDS = 1.0
HEAD_SECONDS = 10.0
HEAD_PAUSE_SECONDS = 0.1
_CLOSED_DOORS = (401, 403)
# never empty: Besu answers null where it tells of a new head and does not have its state yet
_OF_THE_STATE = frozenset(
    {
        "eth_getCode", "eth_getBalance", "eth_getTransactionCount", "eth_getStorageAt", "eth_call",
        "eth_estimateGas",
    }
)  # fmt: skip
_NO_STATE = {
    "error": {"code": -32000, "message": "it does not have the state of its newest block yet"}
}

Item = TypeVar("Item")
Request = tuple[str, Sequence[Any]]


@dataclass(frozen=True, slots=True)
class _Wait:
    """How long an answer is asked for again, and what stands for it if that was in vain."""

    seconds: float
    pause: float
    in_vain: dict[str, Any] | None = None


class Connection:
    """One node.

    `patience_seconds` is how long a transaction waits for the node's allowlist to name its sender:
    the lists follow Membership with a delay, so that a member admitted a moment ago may be refused
    where a member of long standing never is.

    With `meets`, nothing is asked at first: the node is met at the first question that it answers,
    and `meets` then refuses a node that serves another chain than expected.

    Raises:
        ChainUnreachable: no answer, also after several attempts.
        BadCredentials: the node wants a token, or shows a certificate of another authority.
        WrongChain: the node serves another chain than the one expected.
    """

    def __init__(
        self,
        url: str,
        chain_id: int | None = None,
        *,
        timeout: float = TIMEOUT_SECONDS,
        credentials: Credentials | None = None,
        meets: Callable[["Connection"], None] | None = None,
    ) -> None:
        self.url = url
        self._meets = meets
        self._meeting = threading.local()
        self._is_met = False
        self._expected = chain_id
        self.patience_seconds = 0.0
        self._provider = HTTPProvider(
            url,
            request_kwargs={
                "timeout": timeout,
                **(credentials or Credentials()).request_arguments(),
            },
            exception_retry_configuration=None,
        )
        if meets is None:
            self._meet()

    @property
    def chain_id(self) -> int:
        """The number of the chain: that which was expected, else the node's."""
        if self._expected is None:
            self._meet()
        assert self._expected is not None
        return self._expected

    def _meet(self) -> None:
        """Make sure that the node serves the expected chain, before anything else is asked."""
        if self._is_met or getattr(self._meeting, "is_on", False):
            return
        self._meeting.is_on = True
        try:
            found = quantity(self.request("eth_chainId"))
            if self._expected is not None and found != self._expected:
                raise WrongChain(
                    f"The node at {self.url} serves chain {found}, but chain {self._expected} was "
                    "expected; check --rpc and --network.",
                    url=self.url,
                    expected=self._expected,
                    found=found,
                )
            self._expected = found
            if self._meets is not None:
                self._meets(self)
        finally:
            self._meeting.is_on = False
        self._is_met = True

    @cached_property
    def web3(self) -> Web3:
        """The same node through web3.py, which reads QBFT's long extraData with this middleware."""
        web3 = Web3(self._provider)
        web3.middleware_onion.inject(ExtraDataToPOAMiddleware, layer=0)
        return web3

    @cached_property
    def genesis_hash(self) -> str:
        """The hash of block 0: two chains with one chain id differ in it."""
        block = self.request("eth_getBlockByNumber", "0x0", False)
        return str(block["hash"])

    def request(self, method: str, *params: Any) -> Any:
        """Ask once; repeats when the node does not answer, which is harmless for every method used.

        A signed transaction sent twice is one transaction.

        Raises:
            NodeRefused: the node answered with an error.
            ContractRefused: that error is a contract's refusal.
        """
        one = (method, params)
        (answer,) = self._settled([one], lambda _again: [self._one(one)])
        return result_of(answer)

    def batch(self, requests_: Sequence[Request]) -> list[dict[str, Any]]:
        """Ask many at once; the answers come in the order of the requests, each result or error.

        Use `result_of` on an answer.
        """
        return self._settled(requests_, self._many)

    def _settled(
        self,
        requests_: Sequence[Request],
        ask: Callable[[Sequence[Request]], list[dict[str, Any]]],
    ) -> list[dict[str, Any]]:
        """The answers; what the node is not ready for yet is asked for again, for a while."""
        answers, began = ask(requests_), time.monotonic()
        while early := self._early(requests_, answers):
            waits = [wait for wait in early.values() if time.monotonic() - began < wait.seconds]
            if not waits:
                for place, wait in early.items():
                    answers[place] = wait.in_vain or answers[place]
                break
            time.sleep(min(wait.pause for wait in waits))
            places = list(early)
            again = ask([requests_[place] for place in places])
            for place, answer in zip(places, again, strict=True):
                answers[place] = answer
        return answers

    def _early(
        self, requests_: Sequence[Request], answers: Sequence[dict[str, Any]]
    ) -> dict[int, "_Wait"]:
        """Which answers the node was not ready for, by their place."""
        found = {}
        for place, answer in enumerate(answers):
            if _is_shut_out(answer):
                found[place] = _Wait(self.patience_seconds, ALLOWLIST_PAUSE_SECONDS)
            elif requests_[place][0] in _OF_THE_STATE and _is_empty(answer):
                found[place] = _Wait(HEAD_SECONDS, HEAD_PAUSE_SECONDS, _NO_STATE)
        return found

    def _one(self, one: Request) -> dict[str, Any]:
        method, params = one
        answer: dict[str, Any] = self._persistently(
            lambda: self._provider.make_request(RPCEndpoint(method), list(params))
        )
        return answer

    def _many(self, requests_: Sequence[Request]) -> list[dict[str, Any]]:
        return [answer for some in chunks(requests_, BATCH) for answer in self._one_batch(some)]

    def _one_batch(self, chunk: Sequence[Request]) -> list[dict[str, Any]]:
        named = [(RPCEndpoint(method), list(params)) for method, params in chunk]
        answer = self._persistently(lambda: self._provider.make_batch_request(named))
        if isinstance(answer, list) and len(answer) == len(chunk):
            return answer
        log.info("batch refused by %s, asking one by one: %.200s", self.url, answer)
        return [self._one(one) for one in chunk]

    def _persistently(self, ask: Any) -> Any:
        self._meet()
        pause = FIRST_PAUSE_SECONDS
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return ask()
            except requests.exceptions.SSLError as error:
                raise BadCredentials(
                    f"The node at {self.url} shows a certificate that is not trusted here. Name "
                    "the consortium's root.pem with `authority` in [chain] of params.toml or with "
                    "TANLIAN_RPC_AUTHORITY.",
                    url=self.url,
                    cause=str(error),
                ) from error
            except (requests.RequestException, ConnectionError, ValueError) as error:
                response = getattr(error, "response", None)
                if response is not None and response.status_code in _CLOSED_DOORS:
                    raise BadCredentials(
                        f"The node at {self.url} wants a token that permits this. Name a token's "
                        "file with `token_file` in [chain] of params.toml or with "
                        "TANLIAN_RPC_TOKEN_FILE; the node's operator makes one with "
                        "`tanlian-node jwt`.",
                        url=self.url,
                    ) from error
                # ValueError: the answer is no JSON, as from a proxy before a node that restarts
                if attempt == ATTEMPTS:
                    raise ChainUnreachable(
                        f"No chain answers at {self.url}. Start the node (for the embedded chain: "
                        "`tanlian-node chain start`) or name another with --rpc.",
                        url=self.url,
                        cause=str(error),
                    ) from error
                log.info("no answer from %s (%s), attempt %s", self.url, error, attempt)
                time.sleep(pause)
                pause *= 2
        raise AssertionError("the loop returns or raises")

    # -- questions everyone asks -----------------------------------------------------------------

    def head(self) -> int:
        """The number of the newest block."""
        return quantity(self.request("eth_blockNumber"))

    def block(self, number: int | str = "latest") -> dict[str, Any]:
        """A block by its number, without its transactions.

        Besu can tell of a new head a moment before it serves that block, so that a block which
        must be there is asked for again.

        Raises:
            NodeRefused: the chain has not come that far.
        """
        tag = hex(number) if isinstance(number, int) else number
        deadline = time.monotonic() + HEAD_SECONDS
        while (block := self.request("eth_getBlockByNumber", tag, False)) is None:
            is_ahead = isinstance(number, int) and number > self.head()
            if is_ahead or time.monotonic() > deadline:
                raise NodeRefused(f"The chain has no block {number} yet.", block=number)
            time.sleep(HEAD_PAUSE_SECONDS)
        return dict(block)

    def now(self) -> int:
        """The time that the next block will have at least, in UTC seconds.

        The newest block alone does not tell: a chain without empty blocks may have stood for hours.
        """
        return max(quantity(self.block()["timestamp"]), int(time.time()))

    def code(self, address: str) -> bytes:
        return bytes.fromhex(self.request("eth_getCode", address, "latest")[2:])


def quantity(value: str | int) -> int:
    """Read a JSON-RPC quantity."""
    return value if isinstance(value, int) else int(value, 16)


def result_of(answer: dict[str, Any]) -> Any:
    """Take the result out of one answer, or raise what its error means."""
    error = answer.get("error")
    if error is None:
        return answer.get("result")
    if isinstance(error, str):
        error = {"message": error}
    refusal = revert_from(error)
    if refusal is not None:
        raise refusal
    if error.get("code") == NOT_ALLOWED:
        raise SenderNotAllowed(
            "The node does not let this account send yet: its allowlist lacks it. Lists follow "
            "Membership; if it stays so, the node's operator runs `tanlian-node permissions --fix` "
            "and looks why.",
            rpc_code=NOT_ALLOWED,
            rpc_message=error.get("message"),
        )
    raise NodeRefused(
        f"The node refused the request: {error.get('message', error)}.",
        rpc_code=error.get("code"),
        rpc_message=error.get("message"),
        rpc_data=error.get("data"),
    )


def _is_empty(answer: Any) -> bool:
    return isinstance(answer, dict) and answer.get("result") is None and not answer.get("error")


def _is_shut_out(answer: Any) -> bool:
    error = answer.get("error") if isinstance(answer, dict) else None
    return isinstance(error, dict) and error.get("code") == NOT_ALLOWED


def chunks(items: Sequence[Item], size: int) -> Iterator[Sequence[Item]]:
    """Cut a sequence into pieces of at most `size`."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
