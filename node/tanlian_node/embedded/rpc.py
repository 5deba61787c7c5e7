"""JSON-RPC 2.0: single requests and batches, answered with results or Besu's errors."""

import json
import logging
from typing import Any

from tanlian_node.embedded import (
    call_methods,
    debug_methods,
    dev_methods,
    errors,
    eth_methods,
    node_methods,
    views,
)
from tanlian_node.embedded.errors import Refusal, RpcError
from tanlian_node.embedded.methods import MethodTable
from tanlian_node.embedded.node import Node
from tanlian_node.embedded.pool import Entry

logger = logging.getLogger(__name__)
LARGEST_BATCH = 1_024  # Besu's --rpc-http-max-batch-size
SEND = "eth_sendRawTransaction"
Answer = dict[str, Any]


def table(*, development: bool) -> MethodTable:
    """All methods of a node."""
    methods = MethodTable()
    for module in (eth_methods, call_methods, debug_methods, node_methods):
        methods.include(module.TABLE)
    if development:
        methods.include(dev_methods.TABLE)
    return methods


class Dispatcher:
    """Turns the body of a request into the body of its answer."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._methods = table(development=node.development)

    def answer(self, body: bytes) -> tuple[bool, bytes]:
        """Answer a request or a batch; false if it was no JSON-RPC at all."""
        try:
            request = json.loads(body)
        except ValueError:
            return _refused(errors.PARSE_ERROR)
        if isinstance(request, list):
            if len(request) > LARGEST_BATCH:
                return True, _refused(errors.EXCEEDS_BATCH_SIZE)[1]
            return (
                (True, _encode(self._batch(request)))
                if request
                else _refused(errors.INVALID_REQUEST)
            )
        if not isinstance(request, dict):
            return _refused(errors.PARSE_ERROR)
        answer = self._single(request)
        is_request = answer.get("error", {}).get("code") != errors.INVALID_REQUEST.code
        wants_answer = "id" in request or "error" in answer
        return is_request, _encode(answer) if wants_answer else b""

    def _batch(self, requests: list[Any]) -> list[Answer]:
        """Answer in order; transactions that follow one another become durable together."""
        answers: list[Answer] = []
        promised: list[tuple[int, Entry]] = []
        for request in requests:
            if isinstance(request, dict) and request.get("method") == SEND:
                try:
                    entry = call_methods.admit(self._node, *(request.get("params") or [])[:1])
                except RpcError as error:
                    answers.append(_failure(request.get("id"), error))
                else:
                    promised.append((len(answers), entry))
                    answers.append(_success(request.get("id"), views.data(entry.transaction.hash)))
                continue
            self._keep(promised, answers)
            if isinstance(request, dict):
                answers.append(self._single(request))
            else:
                answers.append(_failure(None, RpcError(errors.INVALID_REQUEST)))
        self._keep(promised, answers)
        return answers

    def _keep(self, promised: list[tuple[int, Entry]], answers: list[Answer]) -> None:
        """Make transactions durable before their answers leave; on failure, say so instead."""
        if not promised:
            return
        try:
            self._node.sealer.accept([entry for _, entry in promised])
        except Exception:
            logger.exception("%d transactions could not be stored", len(promised))
            for at, _ in promised:
                answers[at] = _failure(answers[at]["id"], RpcError(errors.INTERNAL_ERROR))
        promised.clear()

    def _single(self, request: dict[str, Any]) -> Answer:
        name = request.get("method")
        if not isinstance(name, str) or not isinstance(request.get("params", []), list | None):
            return _failure(request.get("id"), RpcError(errors.INVALID_REQUEST))
        try:
            result = self._methods.call(self._node, name, request.get("params"))
        except RpcError as error:
            return _failure(request.get("id"), error)
        except Exception:
            logger.exception("%s failed", name)
            return _failure(request.get("id"), RpcError(errors.INTERNAL_ERROR))
        return _success(request.get("id"), result)


def _success(request_id: Any, result: Any) -> Answer:
    return {"jsonrpc": "2.0", "id": request_id, "result": result}


def _failure(request_id: Any, error: RpcError) -> Answer:
    return {"jsonrpc": "2.0", "id": request_id, "error": error.as_json()}


def _refused(refusal: Refusal) -> tuple[bool, bytes]:
    return False, _encode(_failure(None, RpcError(refusal)))


def _encode(answer: Any) -> bytes:
    return json.dumps(answer, separators=(",", ":")).encode()
