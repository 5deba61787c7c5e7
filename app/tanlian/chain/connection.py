"""A node of the chain, spoken to over JSON-RPC.

Answers are used as the node gives them (hex strings): the formatters of web3 cost more time than
the embedded chain needs to execute a transaction. `Connection.web3` is there for everything else.
"""

import logging
import time
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any, TypeVar

import requests
from web3 import HTTPProvider, Web3
from web3.middleware import ExtraDataToPOAMiddleware
from web3.types import RPCEndpoint

from tanlian.chain.errors import ChainUnreachable, NodeRefused, WrongChain
from tanlian.chain.reverts import revert_from

log = logging.getLogger(__name__)

BATCH = 200  # requests in one HTTP body; Besu's default limit is 1,024
ATTEMPTS = 4  # a node that restarts is back within the pauses between them
FIRST_PAUSE_SECONDS = 0.25
TIMEOUT_SECONDS = 60.0

Item = TypeVar("Item")
Request = tuple[str, Sequence[Any]]


class Connection:
    """One node.

    Raises:
        ChainUnreachable: no answer, also after several attempts.
        WrongChain: the node serves another chain than the one expected.
    """

    def __init__(
        self, url: str, chain_id: int | None = None, *, timeout: float = TIMEOUT_SECONDS
    ) -> None:
        self.url = url
        self._provider = HTTPProvider(
            url, request_kwargs={"timeout": timeout}, exception_retry_configuration=None
        )
        self.chain_id = quantity(self.request("eth_chainId"))
        if chain_id is not None and self.chain_id != chain_id:
            raise WrongChain(
                f"The node at {url} serves chain {self.chain_id}, but chain {chain_id} was "
                "expected; check --rpc and --network.",
                url=url,
                expected=chain_id,
                found=self.chain_id,
            )

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
        answer = self._persistently(
            lambda: self._provider.make_request(RPCEndpoint(method), list(params))
        )
        return result_of(answer)

    def batch(self, requests_: Sequence[Request]) -> list[dict[str, Any]]:
        """Ask many at once; the answers come in the order of the requests, each result or error.

        Use `result_of` on an answer.
        """
        answers: list[dict[str, Any]] = []
        for chunk in chunks(requests_, BATCH):
            answers += self._one_batch(chunk)
        return answers

    def _one_batch(self, chunk: Sequence[Request]) -> list[dict[str, Any]]:
        named = [(RPCEndpoint(method), list(params)) for method, params in chunk]
        answer = self._persistently(lambda: self._provider.make_batch_request(named))
        if isinstance(answer, list) and len(answer) == len(chunk):
            return answer
        log.info("batch refused by %s, asking one by one: %.200s", self.url, answer)
        return [
            self._persistently(lambda one=one: self._provider.make_request(*one)) for one in named
        ]

    def _persistently(self, ask: Any) -> Any:
        pause = FIRST_PAUSE_SECONDS
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return ask()
            except (requests.RequestException, ConnectionError, ValueError) as error:
                # ValueError: the answer is no JSON, as from a proxy before a node that restarts
                if attempt == ATTEMPTS:
                    raise ChainUnreachable(
                        f"No chain answers at {self.url}. Start the node (for the embedded chain: "
                        "`tanlian-node embedded`) or name another with --rpc.",
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
        tag = hex(number) if isinstance(number, int) else number
        block = self.request("eth_getBlockByNumber", tag, False)
        if block is None:
            raise NodeRefused(f"The chain has no block {number} yet.", block=number)
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
    raise NodeRefused(
        f"The node refused the request: {error.get('message', error)}.",
        rpc_code=error.get("code"),
        rpc_message=error.get("message"),
        rpc_data=error.get("data"),
    )


def chunks(items: Sequence[Item], size: int) -> Iterator[Sequence[Item]]:
    """Cut a sequence into pieces of at most `size`."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
