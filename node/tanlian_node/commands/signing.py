"""Options that say who signs, shared by the commands that send transactions."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click

from tanlian_node.errors import BadKey
from tanlian_node.signer import Signer

Command = Callable[..., Any]
LOOPBACK = ("127.0.0.1", "localhost", "::1")


def signer_options(command: Command) -> Command:
    """Add --keyfile, --passphrase-file, --signer-url, --signer-kind and --account."""
    for option in reversed(
        (
            click.option(
                "--keyfile",
                type=click.Path(exists=True, dir_okay=False, path_type=Path),
                help="V3 keyfile of the account that signs.",
            ),
            click.option(
                "--passphrase-file",
                type=click.Path(dir_okay=False, path_type=Path),
                help="Its passphrase; else TANLIAN_PASSPHRASE.",
            ),
            click.option("--signer-url", help="External signer instead of a keyfile."),
            click.option(
                "--signer-kind",
                type=click.Choice(["web3signer", "clef"]),
                default="web3signer",
                show_default=True,
            ),
            click.option("--account", help="The external signer's account."),
        )
    ):
        command = option(command)
    return command


def chosen_signer(
    keyfile: Path | None,
    passphrase_file: Path | None,
    signer_url: str | None,
    signer_kind: str,
    account: str | None,
) -> Signer:
    """The signer that the options of `signer_options` name.

    Raises:
        BadKey: neither a keyfile nor an external signer with its account is named.
    """
    from tanlian_node.keys import open_keyfile, passphrase
    from tanlian_node.rpc import Rpc
    from tanlian_node.signer import LocalSigner, RemoteSigner, SignerKind

    if signer_url is not None:
        if account is None:
            raise BadKey("Name the external signer's account with --account.")
        parts = urlsplit(signer_url)
        if parts.scheme != "https" and parts.hostname not in LOOPBACK:
            raise BadKey(
                f"The signer at {signer_url} can be reached by others without TLS; use https.",
                url=signer_url,
            )
        return RemoteSigner(account.lower(), Rpc(signer_url), SignerKind(signer_kind))
    if keyfile is None:
        raise BadKey("Name who signs: --keyfile, or --signer-url with --account.")
    return LocalSigner(open_keyfile(keyfile, passphrase(passphrase_file)))


COMMANDS = ()
