"""What commands that act on a chain share: the key, progress, values as people type them."""

import functools
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from tanlian.domain.errors import InvalidInput, TanlianError
from tanlian.domain.identity import document_hash
from tanlian.domain.instrument import parse_instrument
from tanlian.domain.roles import parse_roles
from tanlian.domain.target import Target
from tanlian.domain.units import parse_price, parse_tonnes, parse_yuan

if TYPE_CHECKING:
    from tanlian.chain.transactions import Progress, Receipt

Function = TypeVar("Function", bound=Callable[..., Any])
LINES_OF_PROGRESS = 10


def target_of(ctx: click.Context) -> Target:
    """The chain that the options before the verb name."""
    found = ctx.find_object(Target)
    return found if found is not None else Target()


def looking(function: Function) -> Function:
    """Hand the command the market (`access`) that its options name."""

    @click.pass_context
    @functools.wraps(function)
    def with_access(ctx: click.Context, *args: Any, **kwargs: Any) -> Any:
        from tanlian.services.access import open_access

        return function(open_access(target_of(ctx)), *args, **kwargs)

    return with_access  # type: ignore[return-value]


def acting(function: Function) -> Function:
    """Hand the command the market and a `sender` that acts with the key that `--as` names."""

    @click.option(
        "--as",
        "key",
        metavar="KEY",
        required=True,
        envvar="TANLIAN_KEY",
        help="Key to act with: its name in the network's key folder, the path of a keyfile, or an "
        "external signer as web3signer+http://127.0.0.1:9000/0x….",
    )
    @click.option(
        "--passphrase-file",
        type=click.Path(dir_okay=False, path_type=Path),
        help="File with the passphrase; else TANLIAN_PASSPHRASE_<KEY> or TANLIAN_PASSPHRASE.",
    )
    @click.pass_context
    @functools.wraps(function)
    def with_sender(ctx: click.Context, *args: Any, **kwargs: Any) -> Any:
        from tanlian.services.access import open_access

        key, passphrase_file = kwargs.pop("key"), kwargs.pop("passphrase_file")
        access = open_access(target_of(ctx))
        return function(access, access.sender(key, passphrase_file), *args, **kwargs)

    return with_sender  # type: ignore[return-value]


def done(sentence: str, receipt: "Receipt") -> None:
    """Say what happened, and where on the chain it stands."""
    click.echo(f"{sentence}  (block {receipt.block}, transaction {receipt.tx_hash})")


@contextmanager
def progress(label: str) -> Iterator["Progress"]:
    """Show how far long work is: a bar at a terminal, a line now and then elsewhere."""
    state = {"done": -1, "total": 0}

    def show(done: int, total: int) -> None:
        state["total"] = total
        if sys.stderr.isatty():
            filled = 30 * done // max(total, 1)
            click.echo(
                f"\r{label} [{'#' * filled}{'.' * (30 - filled)}] {done}/{total}",
                err=True,
                nl=False,
            )
        elif done == total or (done - state["done"]) * LINES_OF_PROGRESS >= total:
            click.echo(f"{label}: {done} of {total}", err=True)
            state["done"] = done

    try:
        yield show
    finally:
        if sys.stderr.isatty() and state["total"]:
            click.echo(err=True)


class Parsed(click.ParamType):
    """A parameter that a function of the domain reads; what it refuses is a usage error."""

    def __init__(self, name: str, parse: Callable[[str], Any]) -> None:
        self.name = name
        self._parse = parse

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not isinstance(value, str):
            return value
        try:
            return self._parse(value)
        except TanlianError as error:
            self.fail(error.user_message, param, ctx)


def case_of(text: str) -> tuple[int, int]:
    """Read a case as people name it: ORGANISATION-YEAR.

    Raises:
        InvalidInput: it is not two numbers with a dash.
    """
    organisation, _, year = text.partition("-")
    if not (organisation.isdecimal() and year.isdecimal()):
        raise InvalidInput("A case is ORGANISATION-YEAR, such as 2-2024.")
    return int(organisation), int(year)


def _document(text: str) -> bytes:
    """The hash of a document: of the file with that name, or given as 64 hex digits."""
    path = Path(text)
    if path.is_file():
        return document_hash(path.read_bytes())
    digits = text.removeprefix("0x")
    if len(digits) == 64:
        try:
            return bytes.fromhex(digits)
        except ValueError:
            pass
    raise click.BadParameter(f"{text!r} is neither a file nor a hash of 64 hex digits.")


TONNES = Parsed("tonnes", parse_tonnes)
YUAN = Parsed("yuan", parse_yuan)
PRICE = Parsed("yuan per tonne", parse_price)
ROLES = Parsed("roles", parse_roles)
INSTRUMENT = Parsed("instrument", parse_instrument)
DOCUMENT = Parsed("file or hash", _document)

document_option = click.option(
    "--document",
    required=True,
    type=DOCUMENT,
    help="The decision behind this act: a file, whose hash goes on chain, or the hash itself.",
)
