"""What each event changes in the tables, one module a contract."""

import importlib
import pkgutil


def load() -> None:
    """Import every module here, so that its functions are registered."""
    for entry in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{entry.name}")
