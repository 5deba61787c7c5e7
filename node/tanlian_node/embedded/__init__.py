"""The embedded chain: py-evm with state and blocks on disk behind Ethereum's JSON-RPC.

One process, no other install. It answers as Besu answers, so nothing above it has to know which
engine it speaks to.
"""

import os

# eth_hash would take pycryptodome, which needs five times as long for every trie node; the choice
# has to be made before anything hashes.
os.environ.setdefault("ETH_HASH_BACKEND", "pysha3")

from tanlian_node.embedded.embedded_chain import EmbeddedChain, initialise

__all__ = ["EmbeddedChain", "initialise"]
