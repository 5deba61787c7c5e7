"""Join, back up, restore, restart."""

import tomllib
from pathlib import Path

import click

from tanlian_node.commands.network import folder_option
from tanlian_node.keys import open_keyfile, passphrase

passphrase_option = click.option(
    "--passphrase-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Passphrase of the keyfile; else TANLIAN_PASSPHRASE.",
)


@click.command("invite")
@folder_option
@passphrase_option
@click.option("--id", "number", type=int, required=True, help="The organisation's number.")
@click.option("--slug", required=True, help="Short name, e.g. emitter-7.")
@click.option("--name", required=True, help="Full name.")
@click.option(
    "--keyfile",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    required=True,
    help="Account that signs the invitation.",
)
@click.option("--to", "target", type=click.Path(dir_okay=False, path_type=Path), required=True)
def invite(
    *,
    folder: Path,
    passphrase_file: Path | None,
    number: int,
    slug: str,
    name: str,
    keyfile: Path,
    target: Path,
) -> None:
    """Write an invitation file for a new member."""
    from tanlian_node.invitation import invite as write_invitation
    from tanlian_node.keys import keyfile_address
    from tanlian_node.network_files import read_record

    table = tomllib.loads((folder / "network.toml").read_text())
    text = write_invitation(
        read_record(folder),
        table,
        {"id": number, "slug": slug, "name": name},
        open_keyfile(keyfile, passphrase(passphrase_file)),
        accounts=[],
    )
    target.write_text(text)
    click.echo(
        f"{target} is for {name}. Tell them by other means that it is signed by "
        f"{keyfile_address(keyfile)}."
    )


@click.command("join")
@click.argument("invitation", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@folder_option
@passphrase_option
@click.option("--inviter", required=True, help="Account that must have signed the invitation.")
@click.option("--node", "name", required=True, help="Name of your node.")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--p2p-port", default=30303, show_default=True)
@click.option("--rpc-port", default=8545, show_default=True)
@click.option("--metrics-port", default=9545, show_default=True)
def join(
    *,
    invitation: Path,
    folder: Path,
    passphrase_file: Path | None,
    inviter: str,
    name: str,
    host: str,
    p2p_port: int,
    rpc_port: int,
    metrics_port: int,
) -> None:
    """Make your node's folder and keys from an invitation; prints where the answer lies."""
    from tanlian_node.invitation import Place
    from tanlian_node.invitation import join as accept_invitation

    answer = accept_invitation(
        invitation.read_text(),
        inviter,
        folder,
        Place(name, host, p2p_port, rpc_port, metrics_port),
        passphrase(passphrase_file),
    )
    target = folder / "answer.json"
    target.write_text(answer)
    click.echo(f"Send {target} to the inviting member, then: tanlian-node up --folder {folder}")


@click.command("welcome")
@click.argument("answer", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@folder_option
@click.pass_context
def welcome(context: click.Context, answer: Path, folder: Path) -> None:
    """Let the node of a new member in: allowlists and peers of every node."""
    from tanlian_node.invitation import welcome as let_in

    node, problems = let_in(folder, answer.read_text())
    for sentence in problems:
        click.echo(f"! {sentence}")
    click.echo(f"{node.name} ({node.address}) of {node.organisation} may connect.")
    if problems:
        context.exit(1)


@click.command("backup")
@folder_option
@click.argument("name")
@click.option("--to", "target", type=click.Path(dir_okay=False, path_type=Path), required=True)
def backup(folder: Path, name: str, target: Path) -> None:
    """Back up a node: stop it (if the network can do without), copy, start it again."""
    from tanlian_node.backup import backup_node, read_head
    from tanlian_node.besu import find_besu
    from tanlian_node.errors import UnsafeChange
    from tanlian_node.local import start_nodes, stop_nodes
    from tanlian_node.network_files import read_record
    from tanlian_node.rolling import health_problems

    record = read_record(folder)
    besu = find_besu()
    if problems := health_problems(record):
        raise UnsafeChange(f"{name} is not stopped for a backup: {'; '.join(problems)}.")
    head = read_head(record, name)
    stop_nodes(record, [name])
    try:
        manifest = backup_node(record, name, head, target)
    finally:
        start_nodes(record, besu, record.java_options, [name])
    click.echo(f"{target}: {len(manifest.files)} files up to block {head.number}.")


@click.command("restore")
@click.argument("archive", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--to",
    "place",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    help="The node's folder; it must hold no chain.",
)
def restore(archive: Path, place: Path) -> None:
    """Unpack a backup and check every file of it."""
    from tanlian_node.backup import restore_node

    manifest = restore_node(archive, place)
    click.echo(
        f"{manifest.node} is back in {place}, up to block {manifest.head.number}. Make sure that "
        "the old machine never starts again with this key."
    )


@click.command("drill")
@click.argument("archive", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--in", "place", type=click.Path(file_okay=False, path_type=Path), required=True)
@click.option("--rpc-port", default=18545, show_default=True)
def drill(archive: Path, place: Path, rpc_port: int) -> None:
    """Prove a backup: restore it beside the network and open its chain, without peers."""
    from tanlian_node.backup import drill as run_drill
    from tanlian_node.besu import find_besu

    head = run_drill(archive, place, find_besu(), rpc_port, "")
    click.echo(f"The backup opens at block {head.number} {head.hash}.")


@click.command("restart")
@folder_option
@click.argument("names", nargs=-1)
def restart(folder: Path, names: tuple[str, ...]) -> None:
    """Restart node by node; each must be well again before the next one goes down."""
    from tanlian_node.besu import find_besu
    from tanlian_node.network_files import read_record
    from tanlian_node.rolling import rolling_restart

    record = read_record(folder)
    for one in rolling_restart(record, find_besu(), record.java_options, names or None):
        click.echo(f"{one.name}: back after {one.seconds:.0f} s, block {one.height}")


COMMANDS = (invite, join, welcome, backup, restore, drill, restart)
