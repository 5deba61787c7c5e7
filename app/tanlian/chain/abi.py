"""ABI encoding and decoding, bound once per function and event, for speed."""

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

from eth_abi.abi import encode
from eth_abi.codec import ABIDecoder
from eth_abi.decoding import StringDecoder
from eth_abi.exceptions import EncodingError
from eth_abi.registry import registry as standard_types

from tanlian.chain.keys import checksum, keccak
from tanlian.domain.errors import InvalidInput

_WORD = 32
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
    def _indexed(self) -> tuple[tuple[str, str], ...]:
        return tuple((e["name"], type_of(e)) for e in self.entry["inputs"] if e["indexed"])

    @cached_property
    def _plain(self) -> tuple[Mapping[str, Any], ...]:
        return tuple(e for e in self.entry["inputs"] if not e["indexed"])

    @cached_property
    def _plain_types(self) -> tuple[str, ...]:
        return tuple(type_of(e) for e in self._plain)

    @cached_property
    def _is_all_words(self) -> bool:
        return all(_is_word(kind) for kind in self._plain_types)

    @cached_property
    def _order(self) -> tuple[str, ...]:
        return tuple(e["name"] for e in self.entry["inputs"])

    def arguments(self, topics: Sequence[str], data: str) -> dict[str, Any]:
        """The arguments of one log, by name, in the order of the declaration."""
        found: dict[str, Any] = {}
        for (name, kind), topic in zip(self._indexed, topics[1:], strict=True):
            found[name] = word(kind, topic[2:]) if _is_word(kind) else topic
        if self._is_all_words:
            body = data[2:]
            for position, entry in enumerate(self._plain):
                start = position * _WORD * 2
                found[entry["name"]] = word(entry["type"], body[start : start + _WORD * 2])
        else:
            values = decode(self._plain_types, bytes.fromhex(data[2:]))
            for entry, value in zip(self._plain, values, strict=True):
                found[entry["name"]] = tidy(entry, value)
        return {name: found[name] for name in self._order}


def _is_word(kind: str) -> bool:
    """Whether a value of this type is one word that `word` reads."""
    if kind.endswith("]"):
        return False
    return kind in {"address", "bool"} or kind.startswith("uint") or kind == "bytes32"


def word(kind: str, digits: str) -> Any:
    """Read one word of 64 hex digits."""
    if kind == "address":
        return checksum(digits[24:])
    if kind == "bytes32":
        return bytes.fromhex(digits)
    number = int(digits, 16)
    return bool(number) if kind == "bool" else number


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
