"""Numbers in addresses: those that a database can hold; with any other there is no such page."""

from flask import Flask
from werkzeug.routing import IntegerConverter, Map


class Number(IntegerConverter):
    """A number of the tables: 63 bits."""

    regex = r"\d{1,19}"

    def __init__(self, map: Map) -> None:  # noqa: A002
        super().__init__(map, max=2**63 - 1)


class Word(IntegerConverter):
    """A number of the chain: 256 bits."""

    regex = r"\d{1,78}"

    def __init__(self, map: Map) -> None:  # noqa: A002
        super().__init__(map, max=2**256 - 1)


def row_number(text: str) -> int:
    """Read a number of the tables in a query; for `request.args.get(…, type=row_number)`.

    Raises:
        ValueError: it is none, and the query is taken as if it had not named it.
    """
    found = int(text)
    if not 0 <= found < 2**63:
        raise ValueError(text)
    return found


def install(app: Flask) -> None:
    app.url_map.converters |= {"int": Number, "word": Word}
