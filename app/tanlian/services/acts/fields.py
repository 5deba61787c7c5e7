"""What an act asks for: each field with its kind, which reads what people and programs give."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tanlian.domain.errors import InvalidInput
from tanlian.domain.identity import document_hash, identity_of, reference_of
from tanlian.domain.instrument import parse_instrument
from tanlian.domain.moments import parse_moment
from tanlian.domain.roles import parse_roles
from tanlian.domain.texts import MAX_NAME, MAX_REASON, N_, fitting
from tanlian.domain.units import (
    KILOGRAMS_PER_LOT,
    MICRO_YUAN_PER_TICK,
    parse_price,
    parse_tonnes,
    parse_yuan,
)

if TYPE_CHECKING:
    from tanlian.services.acts.act import Desk

Row = Mapping[str, str]
Raw = str | bytes | Sequence[Row]  # as typed, as uploaded, as the rows of a table
Read = Callable[["Desk", Any], Any]
Schema = Mapping[str, Any]

_HASH = re.compile(r"(0x)?[0-9a-fA-F]{64}")
SIGNATURE_BYTES = 65
_TEXT: Schema = {"type": "string"}


@dataclass(frozen=True, slots=True)
class Kind:
    """How a field is asked for and read.

    `widget` is the name by which forms choose an input; `unit` stands behind it. `schema` describes
    what programs send. `choices` are the words a reader picks from, with their titles.
    """

    widget: str
    read: Read
    schema: Schema = field(default_factory=lambda: dict(_TEXT))
    unit: str = ""
    choices: Mapping[str, str] = field(default_factory=dict)
    columns: "tuple[Field, ...]" = ()


@dataclass(frozen=True, slots=True)
class Field:
    """One thing that an act needs to know; an optional one that is left empty is None."""

    name: str
    kind: Kind
    title: str
    hint: str = ""
    optional: bool = False
    preset: str | Callable[[], str] = ""

    def value(self, desk: "Desk", raw: Raw | None) -> Any:
        """Read what was given.

        Raises:
            InvalidInput, NotFound: it is missing, or cannot be read as this kind.
        """
        if self.kind.widget == "flag":
            return self.kind.read(desk, _yes_or_no(raw))
        raw = _plain(raw, has_rows=self.kind.columns != ())
        if isinstance(raw, str) and self.kind.columns == ():
            raw = raw.strip()
        if raw is None or len(raw) == 0:
            if self.optional:
                return None
            raise InvalidInput("This is needed.", field=self.name)
        return self.kind.read(desk, raw)


def typed(
    parse: Callable[[str], Any], widget: str, unit: str = "", schema: Schema | None = None
) -> Kind:
    """A kind that a function of the domain reads from text."""
    return Kind(widget, lambda _desk, raw: parse(_text(raw)), schema or dict(_TEXT), unit)


def whole(least: int, most: int) -> Kind:
    """A whole number within bounds."""

    def read(_desk: "Desk", raw: Raw) -> int:
        text = _text(raw).replace(",", "")
        if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
            raise InvalidInput(
                f"{text!r} is no whole number from {least:,} to {most:,}.", value=text
            )
        return int(text)

    return Kind("whole", read, {"type": "integer", "minimum": least, "maximum": most})


def text(limit: int, what: str = "text") -> Kind:
    """Words that go on chain, so many bytes at most."""

    def read(_desk: "Desk", raw: Raw) -> str:
        return fitting(what, _text(raw), limit)

    return Kind(
        "long" if limit > MAX_NAME else "text", read, {"type": "string", "maxLength": limit}
    )


def choice(values: Mapping[str, Any], titles: Mapping[str, str]) -> Kind:
    """One of some words, each of which stands for a value."""

    def read(_desk: "Desk", raw: Raw) -> Any:
        word = _text(raw)
        if word not in values:
            raise InvalidInput(
                f"{word!r} is none of {', '.join(values)}; choose one of them.", value=word
            )
        return values[word]

    return Kind("choice", read, {"type": "string", "enum": list(values)}, choices=titles)


def several(values: Mapping[str, Any], titles: Mapping[str, str]) -> Kind:
    """Some of some words, joined by commas; comes as a list of their values, each once."""

    def read(_desk: "Desk", raw: Raw) -> list[Any]:
        words = dict.fromkeys(word.strip() for word in _text(raw).split(","))
        for word in words:
            if word not in values:
                raise InvalidInput(
                    f"{word!r} is none of {', '.join(values)}; choose some of them.", value=word
                )
        return [values[word] for word in words]

    word = "|".join(re.escape(one) for one in values)
    schema = {"type": "string", "pattern": f"^({word})(,({word}))*$"}
    return Kind("several", read, schema, choices=titles)


def rows(columns: "tuple[Field, ...]", read: Callable[["Desk", Sequence[Row]], Any]) -> Kind:
    """A table; programs send a list of objects, people fill in lines or upload a CSV file."""
    schema = {
        "type": "array",
        "minItems": 1,
        "items": {
            "type": "object",
            "additionalProperties": False,
            "properties": {c.name: c.kind.schema for c in columns},
            "required": [c.name for c in columns if not c.optional],
        },
    }

    def table(desk: "Desk", raw: Raw) -> Any:
        given = table_of(raw) if isinstance(raw, str | bytes) else raw
        if not given:
            raise InvalidInput("The table has no rows.")
        return read(desk, given)

    return Kind("rows", table, schema, columns=columns)


def each(columns: "tuple[Field, ...]") -> Kind:
    """A table whose every row is read by its columns; comes as a list of tuples in their order."""

    def read(desk: "Desk", given: Sequence[Row]) -> list[tuple[Any, ...]]:
        found = []
        for number, row in enumerate(given, start=1):
            if unknown := set(row) - {c.name for c in columns}:
                raise InvalidInput(
                    f"Line {number} has the unknown column {min(unknown)!r}.", line=number
                )
            try:
                found.append(tuple(c.value(desk, row.get(c.name)) for c in columns))
            except InvalidInput as error:
                raise InvalidInput(f"Line {number}: {error.user_message}", line=number) from error
        return found

    return rows(columns, read)


def table_of(raw: str | bytes) -> list[dict[str, str]]:
    """Read a CSV table with a header row.

    Raises:
        InvalidInput: it is no UTF-8, or a line has more or fewer values than the header.
    """
    import csv
    import io

    try:
        content = raw.decode("utf-8-sig") if isinstance(raw, bytes) else raw
    except UnicodeDecodeError as error:
        raise InvalidInput("This file is no text in UTF-8; save it as CSV, UTF-8.") from error
    reader = csv.DictReader(io.StringIO(content, newline=""), skipinitialspace=True)
    found = []
    for row in reader:
        if None in row or None in row.values():
            raise InvalidInput(
                f"Line {reader.line_num} has another number of values than the header.",
                line=reader.line_num,
            )
        found.append({name.strip(): value.strip() for name, value in row.items()})
    return found


def _text(raw: Any) -> str:
    if not isinstance(raw, str):
        raise InvalidInput("A file was given where a value belongs.")
    return raw


def _plain(raw: Any, *, has_rows: bool) -> Raw | None:
    """Return what a program or a form gave in one of the forms that kinds read.

    Raises:
        InvalidInput: a number with a point (give it as text), or a value of another type.
    """
    if isinstance(raw, int) and not isinstance(raw, bool):
        return str(raw)
    if raw is None or isinstance(raw, str | bytes):
        return raw
    if has_rows and isinstance(raw, list) and all(_is_row(row) for row in raw):
        return [{name: _cell(cell) for name, cell in row.items()} for row in raw]
    raise InvalidInput("This is of the wrong type; give text, whole numbers, yes or no.")


def _yes_or_no(raw: Any) -> Raw:
    if isinstance(raw, bool):
        return "true" if raw else ""
    if raw is None or isinstance(raw, str):
        return raw or ""
    raise InvalidInput("This is of the wrong type; give text, whole numbers, yes or no.")


def _cell(cell: str | int | None) -> str:
    """A cell as a CSV file would have it."""
    return "" if cell is None else str(cell)


def _is_row(row: Any) -> bool:
    return isinstance(row, dict) and all(
        isinstance(name, str) and _is_cell(cell) for name, cell in row.items()
    )


def _is_cell(cell: Any) -> bool:
    return isinstance(cell, str | int | None) and not isinstance(cell, bool)


def _flag(_desk: "Desk", raw: Raw) -> bool:
    word = _text(raw).strip().lower()
    if word in {"", "0", "false", "no", "off"}:
        return False
    if word in {"1", "true", "yes", "on"}:
        return True
    raise InvalidInput(f"{word!r} is neither yes nor no.", value=word)


def _document(_desk: "Desk", raw: Raw) -> bytes:
    if isinstance(raw, bytes):
        return document_hash(raw)
    digits = _text(raw)
    if not _HASH.fullmatch(digits):
        raise InvalidInput(
            f"{digits!r} is no hash of 64 hex digits; choose a file or paste its SHA-256.",
            value=digits,
        )
    return bytes.fromhex(digits.removeprefix("0x"))


def _payee(raw: str) -> bytes:
    return bytes.fromhex(raw.removeprefix("0x")) if _HASH.fullmatch(raw) else reference_of(raw)


def _signature(raw: str) -> bytes:
    digits = raw.removeprefix("0x")
    if len(digits) != 2 * SIGNATURE_BYTES or not re.fullmatch("[0-9a-fA-F]*", digits):
        raise InvalidInput(f"A signature has {2 * SIGNATURE_BYTES} hex digits.", value=raw)
    return bytes.fromhex(digits)


def _organisation(desk: "Desk", raw: Raw) -> int:
    return desk.organisation_called(_text(raw))


def _address(_desk: "Desk", raw: Raw) -> str:
    from tanlian.services.organisations import account_address

    return account_address(_text(raw))


def _moment(desk: "Desk", raw: Raw) -> int:
    return parse_moment(_text(raw)).at(desk.now)


def _lots_kg(raw: str) -> int:
    amount_kg = parse_tonnes(raw)
    if amount_kg % KILOGRAMS_PER_LOT:
        raise InvalidInput(f"{raw!r} t are no whole tonnes; the market trades whole ones.")
    return amount_kg


FLAG = Kind(
    "flag",
    _flag,
    {"type": ["boolean", "string"], "pattern": "^(0|1|false|true|no|yes|off|on)?$"},
)
YEAR = whole(1970, 9998)  # the one after it is a year of the calendar too
NUMBER = whole(1, 2**63 - 1)
COUNT = whole(1, 2**32 - 1)
NAME = text(MAX_NAME, "name")
REASON = text(MAX_REASON, "reason")
TONNES = typed(parse_tonnes, "decimal", N_("t"))  # kilograms
WHOLE_TONNES = typed(_lots_kg, "decimal", N_("t"))  # kilograms, a whole number of tonnes
YUAN = typed(parse_yuan, "decimal", N_("yuan"))  # micro-yuan
COINS = typed(parse_yuan, "decimal", N_("coins"))  # millionths of a coin
PRICE = typed(lambda raw: parse_price(raw) * MICRO_YUAN_PER_TICK, "decimal", N_("yuan/t"))
TICKS = typed(parse_price, "decimal", N_("yuan/t"))  # ticks of 0.01 yuan per tonne
INSTRUMENT = typed(lambda raw: parse_instrument(raw).token_id, "instrument")
ROLES = typed(lambda raw: int(parse_roles(raw)), "roles")
IDENTITY = typed(identity_of, "text")
REFERENCE = typed(reference_of, "text")
PAYEE = typed(_payee, "payee")  # as the bank knows it, or the hash that stands on chain
DOCUMENT = Kind("document", _document, {"type": "string", "pattern": _HASH.pattern})
ORGANISATION = Kind("organisation", _organisation)
SIGNATURE = typed(_signature, "text")
ADDRESS = Kind("address", _address, {"type": "string", "pattern": "^0x[0-9a-fA-F]{40}$"})
MOMENT = Kind("moment", _moment)

BUY_OR_SELL = choice({"buy": True, "sell": False}, {"buy": N_("buy"), "sell": N_("sell")})


def document(hint: str = "") -> Field:
    """The decision or evidence behind an act, whose hash goes on chain."""
    return Field(
        "document",
        DOCUMENT,
        N_("Document"),
        hint or N_("A file, of which only the SHA-256 goes on chain, or that hash itself."),
    )


def reason(title: str = N_("Reason")) -> Field:
    return Field("reason", REASON, title, N_("In words; everyone can read it on chain."))


def organisation(title: str = N_("Organisation"), name: str = "organisation") -> Field:
    return Field(name, ORGANISATION, title, N_("Name, number, account or identifier."))


def year(title: str = N_("Year"), name: str = "year") -> Field:
    return Field(name, YEAR, title)
