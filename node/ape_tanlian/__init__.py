"""Ape plugin: lets Ape read the blocks of a QBFT chain (and of the embedded chain).

Ape 0.8.52 does not recognise QBFT's long extraData and then fails on every block.
"""

from collections.abc import Iterator

from ape.api import PluginConfig, ProviderAPI

from ape import plugins


@plugins.register(plugins.Config)
def config_class() -> type[PluginConfig]:
    from ape_node.provider import EthereumNodeConfig

    return EthereumNodeConfig


@plugins.register(plugins.ProviderPlugin)
def providers() -> Iterator[tuple[str, str, type[ProviderAPI]]]:
    from ape_tanlian.provider import TanlianProvider

    for network in ("consortium", "embedded"):
        yield "ethereum", network, TanlianProvider
