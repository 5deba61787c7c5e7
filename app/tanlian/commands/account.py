"""`tanlian account`, `certificate`: the keys of an organisation and its certificate."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from tanlian.commands.acting import acting, done
from tanlian.commands.membership import REASON

if TYPE_CHECKING:
    from tanlian.chain.transactions import Sender
    from tanlian.services.access import Access


@click.group()
def account() -> None:
    """Add and remove the keys that act for an organisation."""


@account.command()
@click.argument("new_key")
@click.option(
    "--new-passphrase-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File with the new key's passphrase; else its variable, as for --as.",
)
@acting
def add(access: Access, sender: Sender, *, new_key: str, new_passphrase_file: Path | None) -> None:
    """Add the keyfile NEW_KEY to your organisation; the new key signs that it consents."""
    from tanlian.services.access import key_of
    from tanlian.services.organisations import add_account

    key = key_of(access.network, new_key, new_passphrase_file)
    organisation = add_account(access, sender, key)
    click.echo(f"Added account {key.address} to organisation {organisation}.")


@account.command()
@click.argument("address")
@REASON
@acting
def remove(access: Access, sender: Sender, *, address: str, reason: str) -> None:
    """Remove the account ADDRESS for ever (its organisation, or regulator)."""
    from tanlian.services.organisations import remove_account

    done(f"Removed account {address}.", remove_account(access, sender, address, reason))


@click.group()
def certificate() -> None:
    """Keep the fingerprint of an organisation's certificate."""


@certificate.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--organisation", help="Instead of your own (regulator).")
@acting
def rotate(access: Access, sender: Sender, *, file: Path, organisation: str | None) -> None:
    """Put the PEM certificate FILE in place of the organisation's present one."""
    from tanlian.services.organisations import rotate_certificate
    from tanlian.services.protocol import fingerprint

    proof = fingerprint(file)
    number = rotate_certificate(access, sender, proof, organisation)
    click.echo(f"Organisation {number} has the certificate {proof.hex()}.")
