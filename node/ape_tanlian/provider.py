"""The provider for Tanlian's two engines; plain JSON-RPC, with QBFT's header form announced."""

import os

from ape_node.provider import Node

RPC_VARIABLE = "TANLIAN_RPC"


class TanlianProvider(Node):
    name: str = "tanlian"  # Ape wants the module's name without "ape_"

    @property
    def has_poa_history(self) -> bool:
        """Say that headers carry more than 32 bytes of extraData; Ape cannot find out by itself."""
        return True

    @property
    def _configured_rpc(self) -> str | None:
        """Take the node's URL from the environment, as `tanlian` does, before ape-config.yaml."""
        rpc: str | None = os.environ.get(RPC_VARIABLE) or super()._configured_rpc
        return rpc

    @property
    def _configured_http_uri(self) -> str | None:
        uri: str | None = os.environ.get(RPC_VARIABLE) or super()._configured_http_uri
        return uri
