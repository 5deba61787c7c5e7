"""A part of a workbench, and who has it."""

import importlib
import pkgutil
from dataclasses import dataclass
from functools import cache

from tanlian.domain.roles import Role
from tanlian.web import desks


@dataclass(frozen=True, slots=True)
class Section:
    """`endpoint` is the page behind `title`, for organisations with one of `roles`."""

    title: str
    endpoint: str
    roles: Role


@cache
def _all() -> tuple[Section, ...]:
    names = sorted(entry.name for entry in pkgutil.iter_modules(desks.__path__))
    modules = [importlib.import_module(f"{desks.__name__}.{name}") for name in names]
    return tuple(found for module in modules for found in getattr(module, "SECTIONS", ()))


def sections(roles: Role) -> list[Section]:
    """Return the sections of an organisation with these roles."""
    return [found for found in _all() if found.roles & roles]
