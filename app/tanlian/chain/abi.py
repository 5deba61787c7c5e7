"""ABI encoding and decoding, bound once per function and event, for speed."""

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from typing import Any

from eth_abi.abi import encode
from eth_abi.codec import ABIDecoder
from eth_abi.decoding import StringDecoder
from eth_abi.exceptions import EncodingError
from eth_abi.registry import registry as standard_types

from tanlian.chain.keys import checksum, keccak
from tanlian.domain.errors import InvalidInput

_DIGITS = 64  # of a word in hex
_NO_CHARACTER = "\ufffd"


def _decoder() -> ABIDecoder:
    """Decoding that no member can stop: a string on the chain is any bytes its author chose."""
    types = standard_types.copy()  # type: ignore[no-untyped-call]
    types.unregister_decoder("string")
    lenient = StringDecoder("replace")  # type: ignore[no-untyped-call]
    types.register_decoder("string", lenient, label="string")
    return ABIDecoder(types)


decode = _decoder().decode


def type_of(entry: Mapping[str, Any]) -> str:
    """The canonical type of an ABI entry; a tuple becomes the list of its parts."""
    kind = str(entry["type"])
    if not kind.startswith("tuple"):
        return kind
    return f"({','.join(type_of(part) for part in entry['components'])}){kind[5:]}"


def tidy(entry: Mapping[str, Any], value: Any) -> Any:
    """A decoded value as the application uses it: structs become named tuples."""
    kind = str(entry["type"])
    if kind.endswith("]"):
        element = {**entry, "type": kind[: kind.rindex("[")]}
        return tuple(tidy(element, part) for part in value)
    if kind == "tuple":
        parts = entry["components"]
        return _record(tuple(str(part["name"]) for part in parts))(
            *(tidy(part, inner) for part, inner in zip(parts, value, strict=True))
        )
    if kind == "string":
        return value.replace("\0", _NO_CHARACTER)  # which no database keeps
    return checksum(value) if kind == "address" else value


@cache
def _record(names: tuple[str, ...]) -> Callable[..., Any]:
    return namedtuple("Record", names, rename=True)  # noqa: PYI024 - the names come from the ABI


@dataclass(frozen=True)
class Function:
    """One external function of a contract."""

    entry: Mapping[str, Any]

    @cached_property
    def name(self) -> str:
        return str(self.entry["name"])

    @cached_property
    def inputs(self) -> tuple[str, ...]:
        return tuple(type_of(e) for e in self.entry["inputs"])

    @cached_property
    def parameters(self) -> tuple[str, ...]:
        """The names of the arguments."""
        return tuple(str(e["name"]) for e in self.entry["inputs"])

    @cached_property
    def outputs(self) -> tuple[str, ...]:
        return tuple(type_of(e) for e in self.entry["outputs"])

    @cached_property
    def signature(self) -> str:
        return f"{self.name}({','.join(self.inputs)})"

    @cached_property
    def selector(self) -> bytes:
        return keccak(self.signature.encode())[:4]

    def data(self, arguments: Sequence[Any]) -> bytes:
        """The call data.

        Raises:
            InvalidInput: an argument does not fit its type.
        """
        return self.selector + encode_arguments(self.signature, self.inputs, arguments)

    def read(self, data: bytes) -> tuple[Any, ...]:
        """The arguments of a call, from its data."""
        values = decode(self.inputs, data[4:])
        return tuple(tidy(e, value) for e, value in zip(self.entry["inputs"], values, strict=True))

    def result(self, data: bytes) -> Any:
        """What a call returned: nothing, one value, or a tuple."""
        values = tuple(
            tidy(entry, value)
            for entry, value in zip(self.entry["outputs"], decode(self.outputs, data), strict=True)
        )
        if not values:
            return None
        return values[0] if len(values) == 1 else values


def encode_arguments(speaker: str, types: Sequence[str], arguments: Sequence[Any]) -> bytes:
    """Encode arguments; says which act they were for where they do not fit."""
    if len(types) != len(arguments):
        raise InvalidInput(f"{speaker} takes {len(types)} arguments, not {len(arguments)}.")
    try:
        return encode(types, arguments)
    except (EncodingError, TypeError, ValueError) as error:
        raise InvalidInput(f"The arguments do not fit {speaker}: {error}.") from error


@dataclass(frozen=True)
class EventType:
    """One event of a contract."""

    entry: Mapping[str, Any]

    @cached_property
    def name(self) -> str:
        return str(self.entry["name"])

    @cached_property
    def topic(self) -> str:
        types = ",".join(type_of(e) for e in self.entry["inputs"])
        return "0x" + keccak(f"{self.name}({types})".encode()).hex()

    @cached_property
    def _indexed(self) -> tuple[tuple[str, Callable[[str], Any] | None], ...]:
        """Name and reader of each topic; one without reader is the hash of what it stands for."""
        return tuple(
            (e["name"], word_reader(type_of(e))) for e in self.entry["inputs"] if e["indexed"]
        )

    @cached_property
    def _plain(self) -> tuple[Mapping[str, Any], ...]:
        return tuple(e for e in self.entry["inputs"] if not e["indexed"])

    @cached_property
    def _plain_types(self) -> tuple[str, ...]:
        return tuple(type_of(e) for e in self._plain)

    @cached_property
    def _readers(self) -> tuple[tuple[str, int, Callable[[str, int], Any]], ...] | None:
        """Name, place and reader of each value in the data; None if one needs the full decoder."""
        found = []
        for position, (entry, kind) in enumerate(zip(self._plain, self._plain_types, strict=True)):
            reader = _reader_at(kind)
            if reader is None:
                return None
            found.append((entry["name"], position * _DIGITS, reader))
        return tuple(found)

    @cached_property
    def _order(self) -> tuple[str, ...]:
        return tuple(e["name"] for e in self.entry["inputs"])

    @cached_property
    def _is_in_order(self) -> bool:
        """Whether the topics are declared before the data."""
        return self._order == (
            *(name for name, _ in self._indexed),
            *(e["name"] for e in self._plain),
        )

    def arguments(self, topics: Sequence[str], data: str) -> dict[str, Any]:
        """The arguments of one log, by name, in the order of the declaration."""
        found: dict[str, Any] = {}
        for (name, read), topic in zip(self._indexed, topics[1:], strict=True):
            found[name] = topic if read is None else read(topic[2:])
        readers = self._readers
        if readers is None:
            values = decode(self._plain_types, bytes.fromhex(data[2:]))
            for entry, value in zip(self._plain, values, strict=True):
                found[entry["name"]] = tidy(entry, value)
        else:
            body = data[2:]
            for name, start, read_at in readers:
                found[name] = read_at(body, start)
        return found if self._is_in_order else {name: found[name] for name in self._order}


def word_reader(kind: str) -> Callable[[str], Any] | None:
    """What reads a word of this type from its 64 hex digits; None for what is no such word."""
    if kind.endswith("]"):
        return None
    if kind.startswith("uint"):
        return _number
    return _WORD_READERS.get(kind)


def _reader_at(kind: str) -> Callable[[str, int], Any] | None:
    """What reads a value whose head begins at a digit of the data: a word, or an array of words."""
    read = word_reader(kind.removesuffix("[]"))
    if read is None:
        return None
    if not kind.endswith("[]"):
        return lambda body, start: read(body[start : start + _DIGITS])

    def array(body: str, start: int) -> tuple[Any, ...]:
        begin = int(body[start : start + _DIGITS], 16) * 2 + _DIGITS
        end = begin + int(body[begin - _DIGITS : begin], 16) * _DIGITS
        return tuple(read(body[at : at + _DIGITS]) for at in range(begin, end, _DIGITS))

    return array


def _number(digits: str) -> int:
    return int(digits, 16)


@lru_cache(maxsize=10_000)
def _address(digits: str) -> str:
    return checksum(digits[24:])


_WORD_READERS: dict[str, Callable[[str], Any]] = {
    "address": _address,
    "bool": lambda digits: int(digits, 16) != 0,
    "bytes32": bytes.fromhex,
}


@dataclass(frozen=True)
class Interface:
    """The functions and events of one contract."""

    name: str
    abi: Sequence[Mapping[str, Any]]

    @cached_property
    def functions(self) -> dict[str, tuple[Function, ...]]:
        """Each function by name; one with optional arguments has several forms."""
        found: dict[str, tuple[Function, ...]] = {}
        for entry in self.abi:
            if entry["type"] == "function":
                found[entry["name"]] = (*found.get(entry["name"], ()), Function(entry))
        return found

    @cached_property
    def by_selector(self) -> dict[bytes, Function]:
        return {form.selector: form for forms in self.functions.values() for form in forms}

    @cached_property
    def events(self) -> dict[str, EventType]:
        return {e["name"]: EventType(e) for e in self.abi if e["type"] == "event"}

    @cached_property
    def by_topic(self) -> dict[str, EventType]:
        return {event.topic: event for event in self.events.values()}

    @cached_property
    def constructor(self) -> tuple[str, ...]:
        for entry in self.abi:
            if entry["type"] == "constructor":
                return tuple(type_of(e) for e in entry["inputs"])
        return ()

    def function(self, name: str, arguments: int) -> Function:
        """Find a function by name and number of arguments.

        Raises:
            LookupError: the contract has none such; a mistake in the code that asks.
        """
        for form in self.functions.get(name, ()):
            if len(form.inputs) == arguments:
                return form
        raise LookupError(f"{self.name} has no function {name!r} of {arguments} arguments")
