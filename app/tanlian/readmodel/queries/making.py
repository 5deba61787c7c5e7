"""Dataclasses from rows: each field is the column of its name, unless it is given."""

from dataclasses import fields
from typing import Any, TypeVar

from sqlalchemy.engine import RowMapping

Made = TypeVar("Made")


def made(kind: type[Made], row: RowMapping, /, **given: Any) -> Made:
    """Make a dataclass from a row; what is `given` by name does not come from a column."""
    names = [field.name for field in fields(kind)]  # type: ignore[arg-type]
    return kind(**{name: given[name] if name in given else row[name] for name in names})
