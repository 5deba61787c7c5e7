"""The provider for Tanlian's two engines; plain JSON-RPC, with QBFT's header form announced."""

from ape_node.provider import Node


class TanlianProvider(Node):
    name: str = "tanlian"  # Ape wants the module's name without "ape_"

    @property
    def has_poa_history(self) -> bool:
        """Say that headers carry more than 32 bytes of extraData; Ape cannot find out by itself."""
        return True
