"""Vote on who seals the blocks."""

from pathlib import Path
from typing import Any

import click

from tanlian_node.commands.network import folder_option
from tanlian_node.commands.signing import chosen_signer, signer_options

node_option = click.option("--at", "node", help="Node that is asked; else the network's first.")
statement_option = click.option(
    "--statement",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Document with the reason; its hash goes on the chain.",
)


@click.group("validators")
def validators() -> None:
    """Show and change the set of validators by votes of their organisations."""


def rpc_of(folder: Path, node: str | None) -> Any:
    """The RPC of a node of the network."""
    from tanlian_node.access import open_rpc
    from tanlian_node.network_files import read_record

    record = read_record(folder)
    return open_rpc(record, node or record.nodes[0].name)


def _hash_of(statement: Path | None) -> bytes:
    from eth_utils.crypto import keccak

    return bytes(32) if statement is None else keccak(statement.read_bytes())


@validators.command("list")
@folder_option
@node_option
def show(folder: Path, node: str | None) -> None:
    """Show who seals, and the changes that are open."""
    from tanlian_node.network_files import read_record
    from tanlian_node.validators import CONTRACT, latest_change, read_change
    from tanlian_node.validators import validators as read_validators

    rpc = rpc_of(folder, node)
    names = {one.address.lower(): one.name for one in read_record(folder).nodes}
    for address in read_validators(rpc):
        organisation = CONTRACT.read(rpc, "organisation_of", address)
        click.echo(f"{address}  organisation {organisation:<6} {names.get(address, '')}")
    for number in range(1, latest_change(rpc) + 1):
        change = read_change(rpc, number)
        if not change.enacted:
            click.echo(
                f"change {number}: {change.kind} {change.subject}, "
                f"{change.approvals} of {change.needed} approvals"
            )


@validators.command("accept")
@folder_option
@click.argument("name")
@click.option("--organisation", type=int, required=True, help="Number of the organisation.")
@click.option("--to", "target", type=click.Path(dir_okay=False, path_type=Path), required=True)
def accept(folder: Path, name: str, organisation: int, target: Path) -> None:
    """Sign, with a node's own key, that it accepts a seat; the file goes to a voter."""
    import json
    from dataclasses import asdict

    from tanlian_node.keys import read_node_key
    from tanlian_node.network_files import read_record
    from tanlian_node.validators import accept_seat

    record = read_record(folder)
    key = read_node_key(record.node_folder(record.node(name).name) / "key")
    accepted = asdict(accept_seat(key, record.chain_id, organisation))
    target.write_text(json.dumps({k: str(v) for k, v in accepted.items()}, indent=1) + "\n")
    click.echo(f"{target}: {key.address} accepts a seat for organisation {organisation}.")


@validators.command("add")
@folder_option
@node_option
@click.argument("acceptance", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--newcomer", required=True, help="RPC of the new node, to check that it is synced.")
@statement_option
@signer_options
def add(
    *,
    folder: Path,
    node: str | None,
    acceptance: Path,
    newcomer: str,
    statement: Path | None,
    **signing: Any,
) -> None:
    """Propose a validator from its acceptance file, and approve it."""
    import json

    from tanlian_node.access import open_url
    from tanlian_node.validators import Acceptance, propose_addition

    table = json.loads(acceptance.read_text())
    accepted = Acceptance(
        table["validator"], *(int(table[name]) for name in ("organisation", "v", "r", "s"))
    )
    signer = chosen_signer(**signing)
    number = propose_addition(
        rpc_of(folder, node), open_url(folder, newcomer), signer, accepted, _hash_of(statement)
    )
    click.echo(f"change {number} is proposed; others: tanlian-node validators approve {number}")


@validators.command("remove")
@folder_option
@node_option
@click.argument("address")
@click.option("--below-safe-size", is_flag=True, help="Accept fewer than 4; needs --statement.")
@statement_option
@signer_options
def remove(
    *,
    folder: Path,
    node: str | None,
    address: str,
    below_safe_size: bool,
    statement: Path | None,
    **signing: Any,
) -> None:
    """Propose to take a validator's seat, and approve it."""
    from tanlian_node.validators import propose_removal

    number = propose_removal(
        rpc_of(folder, node),
        chosen_signer(**signing),
        address,
        _hash_of(statement),
        below_safe_size=below_safe_size,
    )
    click.echo(f"change {number} is proposed; others: tanlian-node validators approve {number}")


@validators.command("bind")
@folder_option
@node_option
@click.argument("membership")
@statement_option
@signer_options
def bind(
    *, folder: Path, node: str | None, membership: str, statement: Path | None, **signing: Any
) -> None:
    """Propose which Membership contract says who votes, and approve it."""
    from tanlian_node.validators import propose_membership

    number = propose_membership(
        rpc_of(folder, node), chosen_signer(**signing), membership, _hash_of(statement)
    )
    click.echo(f"change {number} is proposed; others: tanlian-node validators approve {number}")


@validators.command("approve")
@folder_option
@node_option
@click.argument("number", type=int)
@click.option("--newcomer", help="RPC of the new node; needed for the deciding vote.")
@signer_options
def approve(
    *, folder: Path, node: str | None, number: int, newcomer: str | None, **signing: Any
) -> None:
    """Approve a change for your organisation."""
    from tanlian_node.access import open_url
    from tanlian_node.validators import approve as send_approval

    change = send_approval(
        rpc_of(folder, node),
        chosen_signer(**signing),
        number,
        None if newcomer is None else open_url(folder, newcomer),
    )
    state = "enacted" if change.enacted else f"{change.approvals} of {change.needed} approvals"
    click.echo(f"change {number}: {state}")


COMMANDS = (validators,)
