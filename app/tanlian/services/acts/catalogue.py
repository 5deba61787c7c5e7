"""All acts by name."""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from tanlian.domain.errors import NotFound
from tanlian.services.acts import (
    allocation,
    auction,
    checks,
    coin,
    compliance,
    emissions,
    incentives,
    membership,
    money,
    monitoring,
    offsets,
    supervision,
    trading,
    units,
)
from tanlian.services.acts.act import Act

MODULES = (
    membership,
    allocation,
    units,
    money,
    trading,
    monitoring,
    emissions,
    compliance,
    offsets,
    coin,
    incentives,
    checks,
    auction,
    supervision,
)


@cache
def catalogue() -> Mapping[str, Act]:
    """Return every act by its name, `noun.verb`, in the order in which people look for them."""
    return MappingProxyType({act.name: act for module in MODULES for act in module.ACTS})


def act(name: str) -> Act:
    """Return one act.

    Raises:
        NotFound: there is none of that name.
    """
    found = catalogue().get(name)
    if found is None:
        raise NotFound(f"There is no act {name!r}.", name=name)
    return found
