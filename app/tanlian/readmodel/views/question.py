"""A question to a contract, and what the tables answer."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Table, select
from sqlalchemy.engine import Connection, RowMapping

from tanlian.chain.contracts import Reading
from tanlian.readmodel.tables.types import FOR_EVER

NO_WORD = "0x" + "0" * 64


@dataclass(frozen=True, slots=True)
class Question:
    """`said` is a figure, or the fields of a struct by name, as the table has them."""

    reading: Reading
    where: str
    said: Any

    def same_as(self, answer: Any) -> tuple[bool, Any]:
        """Whether the answer is what the tables say, and that answer in the tables' form."""
        if not isinstance(self.said, dict):
            found = kept(answer, self.said)
            return found == self.said, found
        fields = {name: kept(getattr(answer, name), self.said[name]) for name in self.said}
        return fields == self.said, fields


def kept(value: Any, like: Any) -> Any:
    """A value of the chain in the form in which a column keeps it, judged by what stands there."""
    if isinstance(value, bytes):
        word = "0x" + value.hex()
        return None if like is None and word == NO_WORD else word
    if isinstance(value, str) and value.startswith("0x"):
        return value.lower()
    if like is None and value == 0:
        return None
    if like == FOR_EVER:
        return min(value, FOR_EVER)
    if isinstance(value, tuple) and not hasattr(value, "_fields"):  # a list, not a struct
        return tuple(sorted(value))
    return value


def rows_of(db: Connection, table: Table) -> Iterator[RowMapping]:
    yield from db.execute(select(table)).mappings()


def fields(row: RowMapping, *names: str) -> dict[str, Any]:
    return {name: row[name] for name in names}
