"""The table of JSON-RPC methods: each module of methods fills one, the server joins them."""

import inspect
from collections.abc import Callable
from typing import Any

from tanlian_node.embedded import errors
from tanlian_node.embedded.errors import RpcError
from tanlian_node.embedded.node import Node

Method = Callable[..., Any]


class MethodTable:
    """Methods by name; each takes the node and then the request's parameters."""

    def __init__(self) -> None:
        self.methods: dict[str, tuple[Method, int]] = {}

    def method(self, *names: str) -> Callable[[Method], Method]:
        """Offer a function under these names."""

        def offer(function: Method) -> Method:
            most = len(inspect.signature(function).parameters) - 1
            for name in names:
                self.methods[name] = (function, most)
            return function

        return offer

    def names(self) -> list[str]:
        return sorted(self.methods)

    def include(self, other: "MethodTable") -> None:
        self.methods.update(other.methods)

    def call(self, node: Node, name: str, parameters: Any) -> Any:
        """Answer one request.

        Raises:
            RpcError: there is no such method, or it refuses.
        """
        found = self.methods.get(name)
        if found is None:
            raise RpcError(errors.METHOD_NOT_FOUND)
        function, most = found
        return function(node, *(parameters or [])[:most])
