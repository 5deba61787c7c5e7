"""Put a published factor set on the chain, whole, and seal it."""

from tanlian.chain.transactions import Sender
from tanlian.domain.factor_set import FactorSet
from tanlian.services.access import Access

BATCH = 64  # what EmissionMethods takes at once


def load_factor_set(access: Access, sender: Sender, published: FactorSet) -> int:
    """Load and seal a set with the regulator's key; return its number. A set that is there already
    is left as it is.
    """
    methods = access.contracts["methods"]
    if known := int(methods.read("set_named", published.name)):
        return known
    access.act(
        sender, "methods", "open_set", published.name, published.effective_from,
        published.document, published.source,
    )  # fmt: skip
    set_id = int(methods.read("set_named", published.name))
    fuels = [
        (_key(f.key), int(f.unit), f.ncv, f.carbon, f.oxidation, f.ch4, f.n2o, int(f.status))
        for f in published.fuels.values()
    ]
    factors = [
        (int(kind), _key(f.key), int(f.unit), f.value, int(f.status))
        for (kind, _), f in published.factors.items()
    ]
    for at in range(0, len(fuels), BATCH):
        access.act(sender, "methods", "load_fuels", set_id, fuels[at : at + BATCH])
    for at in range(0, len(factors), BATCH):
        access.act(sender, "methods", "load_factors", set_id, factors[at : at + BATCH])
    access.act(sender, "methods", "seal_set", set_id)
    return set_id


def _key(name: str) -> bytes:
    """A name as the contract holds it: ASCII, left-aligned."""
    return name.encode("ascii").ljust(32, b"\0")
