"""Column types of the read model, and the one list of its tables.

An amount on the chain has 256 bits and its author chooses them; no value may stop the tables.
"""

from typing import Any

from sqlalchemy import BigInteger, MetaData, Numeric, String
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine

metadata = MetaData()
OF_THE_TABLES = {"of_the_tables": True}  # marks a column that says nothing about the chain
_DIGITS = 78  # of 2**256
FOR_EVER = 2**63 - 1  # what a greater time or number is kept as


class Amount(TypeDecorator[int]):
    """An unsigned integer of up to 256 bits: exact digits in PostgreSQL, padded text in SQLite."""

    impl = Numeric
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        wide = Numeric(_DIGITS, 0) if dialect.name == "postgresql" else String(_DIGITS)
        return dialect.type_descriptor(wide)

    def process_bind_param(self, value: int | None, dialect: Dialect) -> Any:
        if value is None or dialect.name == "postgresql":
            return value
        return str(value).zfill(_DIGITS)

    def process_result_value(self, value: Any, dialect: Dialect) -> int | None:  # noqa: ARG002
        return None if value is None else int(value)


class Whole(TypeDecorator[int]):
    """A number, a year or a time: 63 bits, and what is greater is kept as `FOR_EVER`."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: int | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        return None if value is None else min(value, FOR_EVER)
