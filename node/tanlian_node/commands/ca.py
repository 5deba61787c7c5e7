"""The consortium's certificate authority."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from cryptography import x509

from tanlian_node.commands.network import folder_option
from tanlian_node.commands.signing import chosen_signer, signer_options
from tanlian_node.commands.validators import node_option, rpc_of
from tanlian_node.keys import open_keyfile, passphrase, read_node_key

passphrase_option = click.option(
    "--passphrase-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Passphrase of the keys; else TANLIAN_PASSPHRASE.",
)
organisation_option = click.option("--organisation", required=True, help="Its slug.")
name_option = click.option("--name", required=True, help="Whom the certificate is for.")
REASONS = {
    "key-compromise": x509.ReasonFlags.key_compromise,
    "superseded": x509.ReasonFlags.superseded,
    "left": x509.ReasonFlags.cessation_of_operation,
    "unspecified": x509.ReasonFlags.unspecified,
}


@click.group("ca")
def authority() -> None:
    """Issue, renew, revoke and check certificates that are bound to chain addresses."""


@authority.command("init")
@folder_option
@passphrase_option
def init(folder: Path, passphrase_file: Path | None) -> None:
    """Make the root, an authority per organisation, and every local node's TLS files."""
    from tanlian_node.ca_network import issue_for_network
    from tanlian_node.network_files import read_record

    secret = passphrase(passphrase_file)
    for line in issue_for_network(read_record(folder), secret, datetime.now(UTC)):
        click.echo(line)


@authority.command("issue")
@folder_option
@passphrase_option
@organisation_option
@name_option
@click.option(
    "--keyfile",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    required=True,
    help="The member's V3 keyfile, or a node's key file.",
)
@click.option("--host", "hosts", multiple=True, help="For a node: its name or address.")
def issue(
    *,
    folder: Path,
    passphrase_file: Path | None,
    organisation: str,
    name: str,
    keyfile: Path,
    hosts: tuple[str, ...],
) -> None:
    """Issue a certificate for a member, or for a node (--host)."""
    from tanlian_node.ca import Purpose
    from tanlian_node.ca_network import ca_folder

    secret = passphrase(passphrase_file)
    place = ca_folder(folder, secret)
    made = place.issue(
        organisation,
        name,
        _chain_key(keyfile, secret),
        purpose=Purpose.NODE if hosts else Purpose.MEMBER,
        now=datetime.now(UTC),
        hosts=hosts,
    )
    click.echo(f"serial {made.serial_number}")
    click.echo(f"fingerprint 0x{place.fingerprint(organisation, name).hex()}")


@authority.command("export")
@folder_option
@passphrase_option
@organisation_option
@name_option
@click.option("--to", "target", type=click.Path(file_okay=False, path_type=Path), required=True)
def export(
    *, folder: Path, passphrase_file: Path | None, organisation: str, name: str, target: Path
) -> None:
    """Write the chain and the key of a certificate for a web server (`tanlian web serve`)."""
    from tanlian_node.ca_network import ca_folder

    place = ca_folder(folder, passphrase(passphrase_file))
    chain, key = place.export(organisation, name, target)
    click.echo(f"tanlian web serve --certificate {chain} --certificate-key {key}")
    click.echo("The key has the passphrase of the authority's folder; browsers need ca/root.pem.")


@authority.command("renew")
@folder_option
@passphrase_option
@organisation_option
@name_option
@click.option(
    "--keyfile", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=True
)
def renew(
    folder: Path, passphrase_file: Path | None, organisation: str, name: str, keyfile: Path
) -> None:
    """Replace a certificate by its successor, with a new key."""
    from tanlian_node.ca_network import ca_folder

    secret = passphrase(passphrase_file)
    place = ca_folder(folder, secret)
    made = place.renew(organisation, name, _chain_key(keyfile, secret), datetime.now(UTC))
    click.echo(f"serial {made.serial_number}, until {made.not_valid_after_utc:%Y-%m-%d}")


@authority.command("revoke")
@folder_option
@passphrase_option
@organisation_option
@name_option
@click.option("--reason", type=click.Choice(sorted(REASONS)), default="unspecified")
def revoke(
    folder: Path, passphrase_file: Path | None, organisation: str, name: str, reason: str
) -> None:
    """Put a certificate on the revocation list of its organisation."""
    from tanlian_node.ca_folder import load_certificate
    from tanlian_node.ca_network import ca_folder

    place = ca_folder(folder, passphrase(passphrase_file))
    certificate = load_certificate(folder / "ca" / organisation / f"{name}.pem")
    place.revoke(organisation, certificate.serial_number, REASONS[reason], datetime.now(UTC))
    click.echo(f"{name} is revoked; hand out {folder / 'ca' / organisation / 'crl.pem'}.")


@authority.command("refresh")
@folder_option
@passphrase_option
@organisation_option
def refresh(folder: Path, passphrase_file: Path | None, organisation: str) -> None:
    """Sign the revocation list anew, before it is out of date (30 days)."""
    from tanlian_node.ca_network import ca_folder

    ca_folder(folder, passphrase(passphrase_file)).refresh_list(organisation, datetime.now(UTC))
    click.echo(f"{folder / 'ca' / organisation / 'crl.pem'} is good for 30 days.")


@authority.command("check")
@folder_option
@organisation_option
@name_option
@click.option("--membership", help="Its address, to ask it about the organisation's authority too.")
@node_option
def check(
    folder: Path, organisation: str, name: str, membership: str | None, node: str | None
) -> None:
    """Check a certificate up to the root, its revocation, and its binding both ways.

    With --membership also that the register names the organisation's authority, as `publish` left
    it, for the organisation of the account that the authority is bound to.
    """
    from tanlian_node.binding import bound_address
    from tanlian_node.ca_folder import load_certificate
    from tanlian_node.ca_network import ca_folder
    from tanlian_node.member_keys import check_published

    place = ca_folder(folder, "")
    address = place.check(organisation, name, datetime.now(UTC))
    click.echo(f"{name} is valid and speaks for {address}.")
    click.echo(f"fingerprint 0x{place.fingerprint(organisation, name).hex()}")
    if membership is not None:
        _, account = bound_address(load_certificate(place.folder / organisation / "ca.pem"))
        fingerprint = place.fingerprint(organisation)
        number = check_published(rpc_of(folder, node), membership, fingerprint, account)
        click.echo(f"Membership names the authority of {organisation} for organisation {number}.")


@authority.command("publish")
@folder_option
@node_option
@organisation_option
@click.option("--id", "number", type=int, required=True, help="The organisation's number.")
@click.option("--membership", required=True, envvar="TANLIAN_MEMBERSHIP", help="Its address.")
@signer_options
def publish(
    *,
    folder: Path,
    node: str | None,
    organisation: str,
    number: int,
    membership: str,
    **signing: Any,
) -> None:
    """Put the fingerprint of an organisation's authority into Membership."""
    from tanlian_node.ca_network import ca_folder
    from tanlian_node.member_keys import publish_certificate

    fingerprint = ca_folder(folder, "").fingerprint(organisation)
    publish_certificate(
        rpc_of(folder, node), membership, chosen_signer(**signing), number, fingerprint
    )
    click.echo(f"Membership names 0x{fingerprint.hex()} for organisation {number}.")


def _chain_key(path: Path, secret: str) -> bytes:
    """The private key of a keyfile (JSON) or of a node's key file (hex)."""
    if path.read_text().lstrip().startswith("{"):
        return open_keyfile(path, secret)
    return read_node_key(path).secret


COMMANDS = (authority,)
