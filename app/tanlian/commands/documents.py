"""`tanlian documents`: seal, open, grant and hand on encrypted documents."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tanlian.commands.acting import Parsed, target_of
from tanlian.domain.errors import InvalidInput

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    from tanlian.chain.keys import Key
    from tanlian.services.documents import Documents, Reader

_IN = click.Path(exists=True, dir_okay=False, path_type=Path)
_STORE = click.option(
    "--store",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("documents"),
    show_default=True,
    envvar="TANLIAN_DOCUMENTS",
    help="Folder of the documents and of the log of grants.",
)
_SIGNED = (
    click.option(
        "--as", "alias", metavar="KEY", required=True, envvar="TANLIAN_KEY",
        help="Keyfile to sign with: its name in the network's key folder, or a path.",
    ),
    click.option("--passphrase-file", type=click.Path(dir_okay=False, path_type=Path)),
)  # fmt: skip
_KEY = click.option(
    "--key", "private", type=_IN, required=True,
    help="Own private key for reading (NAME.pem); TANLIAN_PASSPHRASE_<NAME> or "
    "TANLIAN_PASSPHRASE opens it.",
)  # fmt: skip
_TO = click.option(
    "--to", "readers", type=_IN, multiple=True, required=True,
    help="Public key of a reader (NAME.pub); give one for each reader.",
)  # fmt: skip
_REASON = click.option("--reason", required=True, help="Why, in words; stands in the log.")


def _address(text: str) -> bytes:
    digits = text.removeprefix("0x")
    try:
        found = bytes.fromhex(digits)
    except ValueError:
        found = b""
    if len(found) != 32:
        raise InvalidInput(f"{text!r} is no address of a document: 64 hex digits after 0x.")
    return found


ADDRESS = Parsed("document", _address)
_DOCUMENT = click.argument("document", type=ADDRESS)


def signing(function: Any) -> Any:
    """Add the options that name the key that signs."""
    for option in reversed(_SIGNED):
        function = option(function)
    return function


def _documents(store: Path) -> Documents:
    from tanlian.services.documents import Documents, FolderStore

    store.mkdir(parents=True, exist_ok=True)
    now = time.time
    return Documents(FolderStore(store / "blobs"), store / "grants.log", lambda: int(now()))


def _opened(store: Path) -> Documents:
    """A store that must be there already.

    Raises:
        InvalidInput: it is not; an empty one would only say that there is no such document.
    """
    if not (store / "grants.log").exists():
        raise InvalidInput(f"{store} is no store of documents; name it with --store.")
    return _documents(store)


def _author(ctx: click.Context, alias: str, passphrase_file: Path | None) -> Key:
    from tanlian.services.access import key_of
    from tanlian.services.networks import network

    return key_of(network(target_of(ctx)), alias, passphrase_file)


def _private(path: Path) -> X25519PrivateKey:
    from tanlian.chain.keyfiles import passphrase_for
    from tanlian.services.reader_keys import open_private

    return open_private(path, passphrase_for(path.stem))


def _readers(paths: tuple[Path, ...]) -> list[Reader]:
    from tanlian.services.reader_keys import load_reader

    return [load_reader(path) for path in paths]


@click.group()
def documents() -> None:
    """Documents that only named readers open: seal, open, grant, seal anew, prove.

    DOCUMENT is the hash that `seal` prints; it stands on the chain with the report.
    """


@documents.command()
@click.argument("name")
@click.option(
    "--keys",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("readers"),
    show_default=True,
    help="Folder for the two files.",
)
@click.option("--passphrase-file", type=click.Path(dir_okay=False, path_type=Path))
def key(name: str, folder: Path, passphrase_file: Path | None) -> None:
    """Make a key for reading: NAME.pem, which stays here, and NAME.pub for those who write."""
    from tanlian.chain.keyfiles import passphrase_for
    from tanlian.services.reader_keys import ReaderKeys

    keys = ReaderKeys(folder)
    keys.create(name, passphrase_for(name, passphrase_file))
    click.echo(
        f"{keys.private_file(name)} is yours alone; give {keys.public_file(name)} to others."
    )


@documents.command()
@click.argument("file", type=_IN)
@_TO
@signing
@_STORE
@click.pass_context
def seal(
    ctx: click.Context, *, file: Path, readers: tuple[Path, ...], alias: str,
    passphrase_file: Path | None, store: Path,
) -> None:  # fmt: skip
    """Encrypt and sign a FILE for readers; prints the hash that goes on the chain."""
    named = _readers(readers)
    author = _author(ctx, alias, passphrase_file)
    sealed = _documents(store).file(file.read_bytes(), Path(alias).stem, author.sign, named)
    click.echo(f"0x{sealed.address.hex()}")
    click.echo(f"Sealed for {', '.join(one.name for one in named)}, signed by {author.address}.")


@documents.command("open")
@_DOCUMENT
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True)
@_KEY
@_STORE
def open_(document: bytes, out: Path, private: Path, store: Path) -> None:
    """Decrypt a document into the file --out, which must not exist yet."""
    found = _opened(store).open(document, _private(private))
    try:
        with out.open("xb") as stream:
            stream.write(found.content)
    except FileExistsError as error:
        raise InvalidInput(f"{out} exists; name another file.") from error
    click.echo(f"{out}: {len(found.content)} bytes, as their author signed them.")


@documents.command()
@_DOCUMENT
@_TO
@_REASON
@_KEY
@_STORE
def grant(
    *, document: bytes, readers: tuple[Path, ...], reason: str, private: Path, store: Path
) -> None:
    """Let further readers in, or the own next key: with a key that opens the document."""
    opened, holder = _opened(store), _private(private)
    for reader in _readers(readers):
        opened.grant(document, holder, reader, private.stem, reason)
        click.echo(f"{reader.name} may open 0x{document.hex()}.")


@documents.command()
@click.option("--to", "reader", type=_IN, required=True, help="The next public key (NAME.pub).")
@_KEY
@_STORE
def rotate(reader: Path, private: Path, store: Path) -> None:
    """Let the own next key in to every document that the old key opens."""
    from tanlian.services.reader_keys import load_reader

    opened, holder, following = _opened(store), _private(private), load_reader(reader)
    addresses = opened.open_to(holder.public_key())
    for address in addresses:
        opened.grant(address, holder, following, private.stem, "key rotated")
    click.echo(f"{following.name} may open {len(addresses)} documents.")


@documents.command()
@_DOCUMENT
@_TO
@_REASON
@_KEY
@signing
@_STORE
@click.pass_context
def reseal(
    ctx: click.Context, *, document: bytes, readers: tuple[Path, ...], reason: str, private: Path,
    alias: str, passphrase_file: Path | None, store: Path,
) -> None:  # fmt: skip
    """Seal the same content under another key for other readers, and end the old access."""
    author = _author(ctx, alias, passphrase_file)
    named = _readers(readers)
    sealed = _opened(store).reseal(
        document, _private(private), author=Path(alias).stem, sign=author.sign, readers=named,
        reason=reason,
    )  # fmt: skip
    click.echo(f"0x{sealed.address.hex()}")
    click.echo(
        f"The same content for {', '.join(one.name for one in named)}; "
        f"0x{document.hex()} is closed to all."
    )


@documents.command()
@click.argument("document", type=ADDRESS, required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of lines.")
@_STORE
def log(document: bytes | None, store: Path, *, as_json: bool) -> None:
    """List who was given access to what, by whom and why; of one document or of all."""
    grants = _opened(store).grants(document)
    if as_json:
        fields = ("at", "document", "reader", "reader_name", "given_by", "reason")
        rows = [{n: getattr(g, n) for n in fields} | {"open": bool(g.wrapped)} for g in grants]
        click.echo(json.dumps(rows, indent=1, ensure_ascii=False))
        return
    for one in grants:
        at = datetime.fromtimestamp(one.at, UTC)
        what = "may open" if one.wrapped else "lost access to"
        click.echo(
            f"{at:%Y-%m-%d %H:%M:%S}  {one.reader_name} {what} 0x{one.document}  "
            f"by {one.given_by}: {one.reason}"
        )


@documents.command()
@click.argument("document", type=ADDRESS, required=False)
@click.option("--author", metavar="ADDRESS", help="Who must have signed it.")
@_STORE
@click.pass_context
def verify(ctx: click.Context, *, document: bytes | None, author: str | None, store: Path) -> None:
    """Check bytes, signature and log of one document or of all, without opening any.

    Exits with 1 if anything is damaged.
    """
    from tanlian.domain.errors import TanlianError

    opened, bad = _opened(store), 0
    opened.grants()  # a broken log is refused as a whole
    wanted = [document] if document is not None else opened.addresses()
    for address in wanted:
        try:
            signer = opened.sealed(address).author()
        except TanlianError as error:
            click.echo(f"BAD 0x{address.hex()}: {error.user_message}")
            bad += 1
            continue
        if author is not None and signer != author.lower():
            click.echo(f"BAD 0x{address.hex()}: signed by {signer}, not by {author}.")
            bad += 1
        else:
            click.echo(f"ok  0x{address.hex()}: signed by {signer}.")
    click.echo(f"{len(wanted) - bad} of {len(wanted)} documents are whole; so is the log.")
    if bad:
        ctx.exit(1)


@documents.command()
@click.argument("store", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("other", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of lines.")
@click.pass_context
def compare(ctx: click.Context, store: Path, other: Path, *, as_json: bool) -> None:
    """Name the documents in which two stores differ; exit with 1 if there are any.

    Compared is what a document's author signed, found from the roots of two trees down.
    """
    from tanlian.domain.errors import TanlianError
    from tanlian.proofs.locate import locate_documents

    stores = [_opened(store), _opened(other)]
    located = locate_documents(*(one.contents() for one in stores))
    rows = []
    for address, side in sorted(located.keys.items()):
        signers = []
        for one in stores:
            try:
                signers.append(one.sealed(address).author())
            except TanlianError as error:
                signers.append(error.code)
        rows.append((f"0x{address.hex()}", side.value, *signers))
    if as_json:
        names = ("document", "side", "first_signer", "second_signer")
        found = [dict(zip(names, row, strict=True)) for row in rows]
        click.echo(json.dumps({"comparisons": located.comparisons, "differences": found}, indent=1))
    else:
        for document, where, first, second in rows:
            click.echo(f"{document}: {where}; signed by {first} | {second}")
        click.echo(f"{len(rows)} documents differ, found with {located.comparisons} comparisons.")
    if rows:
        ctx.exit(1)
