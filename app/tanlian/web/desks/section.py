"""The parts of the workbenches: every module of this package brings its `LISTINGS`."""

import importlib
import pkgutil
from functools import cache

from tanlian.domain.errors import NotFound
from tanlian.domain.roles import Role
from tanlian.web import desks
from tanlian.web.desks.listing import Listing


@cache
def _all() -> tuple[Listing, ...]:
    names = sorted(entry.name for entry in pkgutil.iter_modules(desks.__path__))
    modules = [importlib.import_module(f"{desks.__name__}.{name}") for name in names]
    return tuple(found for module in modules for found in getattr(module, "LISTINGS", ()))


def listings(roles: Role) -> list[Listing]:
    """Return the lists of an organisation with these roles; a list without roles is everybody's."""
    return [found for found in _all() if not found.roles or found.roles & roles]


def listing(name: str, roles: Role) -> Listing:
    """Return one list.

    Raises:
        NotFound: there is none of that name for these roles.
    """
    for found in listings(roles):
        if found.name == name:
            return found
    raise NotFound(f"Your desk has no list {name!r}.", name=name)
