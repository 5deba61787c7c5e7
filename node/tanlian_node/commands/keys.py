"""Keys of members: make, rotate, replace."""

from pathlib import Path
from typing import Any

import click

from tanlian_node.commands.network import folder_option
from tanlian_node.commands.signing import chosen_signer, signer_options
from tanlian_node.commands.validators import node_option, rpc_of
from tanlian_node.keys import create_keyfile, open_keyfile, passphrase

membership_option = click.option(
    "--membership", required=True, envvar="TANLIAN_MEMBERSHIP", help="Its address."
)


@click.group("keys")
def keys() -> None:
    """Make, rotate and replace the keys of members."""


@keys.command("new")
@click.argument("path", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--passphrase-file", type=click.Path(dir_okay=False, path_type=Path))
def new(path: Path, passphrase_file: Path | None) -> None:
    """Make a key and keep it as a V3 keyfile."""
    click.echo(create_keyfile(path, passphrase(passphrase_file)))


@keys.command("rotate")
@folder_option
@node_option
@membership_option
@click.option(
    "--new-keyfile",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    required=True,
    help="V3 keyfile of the new account, with the same passphrase.",
)
@click.option("--reason", default="rotation", show_default=True)
@signer_options
def rotate(
    *,
    folder: Path,
    node: str | None,
    membership: str,
    new_keyfile: Path,
    reason: str,
    **signing: Any,
) -> None:
    """Give your organisation a new account and take the old one away."""
    from tanlian_node.member_keys import rotate as rotate_account

    secret = open_keyfile(new_keyfile, passphrase(signing["passphrase_file"]))
    address = rotate_account(
        rpc_of(folder, node), membership, chosen_signer(**signing), secret, reason
    )
    click.echo(f"{address} acts now; run tanlian-node permissions --fix for the other nodes.")


@keys.command("replace")
@folder_option
@node_option
@membership_option
@click.argument("old")
@click.argument("new_account")
@click.option("--stolen", is_flag=True, help="Replaced at once; else after the days for a veto.")
@click.option("--reason", required=True)
@signer_options
def replace(
    *,
    folder: Path,
    node: str | None,
    membership: str,
    old: str,
    new_account: str,
    stolen: bool,
    reason: str,
    **signing: Any,
) -> None:
    """Give the first approval for replacing a lost or stolen key."""
    from tanlian_node.member_keys import propose_replacement

    number = propose_replacement(
        rpc_of(folder, node),
        membership,
        chosen_signer(**signing),
        old,
        new_account,
        stolen=stolen,
        reason=reason,
    )
    click.echo(f"Replacement {number}; another organisation: tanlian-node keys approve {number}")


@keys.command("approve")
@folder_option
@node_option
@membership_option
@click.argument("number", type=int)
@signer_options
def approve(
    *, folder: Path, node: str | None, membership: str, number: int, **signing: Any
) -> None:
    """Give the second approval, as another organisation."""
    from tanlian_node.member_keys import approve_replacement

    approve_replacement(rpc_of(folder, node), membership, chosen_signer(**signing), number)
    click.echo(f"Replacement {number} has both approvals.")


@keys.command("complete")
@folder_option
@node_option
@membership_option
@click.argument("number", type=int)
@signer_options
def complete(
    *, folder: Path, node: str | None, membership: str, number: int, **signing: Any
) -> None:
    """Put the replacement of a lost key into force after the days for a veto."""
    from tanlian_node.member_keys import complete_replacement

    complete_replacement(rpc_of(folder, node), membership, chosen_signer(**signing), number)
    click.echo(f"Replacement {number} is in force.")


COMMANDS = (keys,)
