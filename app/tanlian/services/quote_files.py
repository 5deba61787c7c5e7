"""Files of quotes: a table that a member writes, and signed messages for a relayer."""

import csv
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tanlian.chain.signed_quotes import Message, SignedMessage
from tanlian.domain.errors import InvalidInput, TanlianError
from tanlian.domain.quotes import Quote
from tanlian.domain.units import KILOGRAMS_PER_LOT, Lots, Ticks, parse_price, parse_tonnes

COLUMNS = ("side", "price", "tonnes")
SIDES = {"buy": True, "sell": False}
SIGNATURE_BYTES = 65


@dataclass(frozen=True, slots=True)
class Row:
    """One good line of a table."""

    line: int
    quote: Quote


@dataclass(frozen=True, slots=True)
class Bad:
    """One line that cannot be read, and why."""

    line: int
    reason: str


def parse_lots(text: str) -> Lots:
    """Read a quantity of whole tonnes.

    Raises:
        InvalidInput: no number, none, or parts of a tonne.
    """
    kilograms = parse_tonnes(text)
    if kilograms == 0 or kilograms % KILOGRAMS_PER_LOT:
        raise InvalidInput(f"{text.strip()!r} is no positive number of whole tonnes.", value=text)
    return Lots(kilograms // KILOGRAMS_PER_LOT)


def parse_quote(side: str, price: str, tonnes: str) -> Quote:
    """Read a quote from its three parts.

    Raises:
        InvalidInput: one of them is not what it should be.
    """
    buy = SIDES.get(side.strip().lower())
    if buy is None:
        raise InvalidInput(f"{side.strip()!r} is no side; write buy or sell.", value=side)
    return Quote(buy, Ticks(parse_price(price)), parse_lots(tonnes))


def read_quotes(path: Path) -> tuple[list[Row], list[Bad]]:
    """Read a table `side,price,tonnes`; malformed lines are named and left out.

    Raises:
        InvalidInput: the file cannot be read, or lacks a column.
    """
    rows: list[Row] = []
    bad: list[Bad] = []
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            missing = [column for column in COLUMNS if column not in (reader.fieldnames or ())]
            if missing:
                raise InvalidInput(
                    f"{path} lacks the column {', '.join(missing)}; the first line must be "
                    f"{','.join(COLUMNS)}.",
                    path=str(path),
                )
            for row in reader:
                try:
                    if None in row or None in row.values():
                        raise InvalidInput("it has not as many fields as the first line")
                    quote = parse_quote(row["side"], row["price"], row["tonnes"])
                except TanlianError as error:
                    bad.append(Bad(reader.line_num, error.user_message))
                else:
                    rows.append(Row(reader.line_num, quote))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InvalidInput(f"{path} cannot be read: {error}.", path=str(path)) from error
    return rows, bad


def write_signed(path: Path, messages: Sequence[SignedMessage]) -> None:
    """Write signed messages, one JSON object a line."""
    with path.open("w", encoding="utf-8") as file:
        for signed in messages:
            content: dict[str, Any] = asdict(signed.message)
            content["quotes"] = [
                {"side": "buy" if q.buy else "sell", "tick": q.tick, "lots": q.lots}
                for q in signed.message.quotes
            ]
            content["signature"] = "0x" + signed.signature.hex()
            file.write(json.dumps(content) + "\n")


def read_signed(paths: Sequence[Path]) -> tuple[list[SignedMessage], list[tuple[Path, Bad]]]:
    """Read signed messages of several files; malformed lines are named and left out.

    Raises:
        InvalidInput: a file cannot be read.
    """
    good: list[SignedMessage] = []
    bad: list[tuple[Path, Bad]] = []
    for path in paths:
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise InvalidInput(f"{path} cannot be read: {error}.", path=str(path)) from error
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                good.append(_signed(json.loads(line)))
            except InvalidInput as error:
                bad.append((path, Bad(number, error.user_message)))
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                bad.append((path, Bad(number, f"no signed message: {error}")))
    return good, bad


def _signed(content: dict[str, Any]) -> SignedMessage:
    quotes = tuple(
        Quote(SIDES[q["side"]], Ticks(int(q["tick"])), Lots(int(q["lots"])))
        for q in content["quotes"]
    )
    signature = bytes.fromhex(content["signature"].removeprefix("0x"))
    if len(signature) != SIGNATURE_BYTES:
        raise InvalidInput(f"a signature has {SIGNATURE_BYTES} bytes, not {len(signature)}")
    message = Message(
        session=int(content["session"]),
        organisation=int(content["organisation"]),
        nonce=int(content["nonce"]),
        expires_at=int(content["expires_at"]),
        quotes=quotes,
    )
    return SignedMessage(message, signature)
