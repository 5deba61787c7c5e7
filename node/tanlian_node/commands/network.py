"""Make, start, stop and watch a network of Besu nodes."""

import json
import time
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import click

from tanlian_node.errors import BadKey, NodeError
from tanlian_node.keys import passphrase

FOLDER = Path("var/network")
folder_option = click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=FOLDER,
    show_default=True,
    envvar="TANLIAN_NETWORK_FOLDER",
    help="Folder of the network.",
)


@click.command("create")
@click.argument("description", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@folder_option
@click.option(
    "--passphrase-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Passphrase of the founding accounts' keyfiles; else TANLIAN_PASSPHRASE.",
)
@click.option("--quick-keys", is_flag=True, help="Weak keyfiles that open fast, for trials.")
def create(description: Path, folder: Path, passphrase_file: Path | None, quick_keys: bool) -> None:
    """Make keys, genesis and every node's files from a network.toml."""
    from tanlian_node.ca_network import issue_for_network, write_jwt
    from tanlian_node.network import size_warning
    from tanlian_node.network_file import load_network
    from tanlian_node.network_files import write_network

    network = load_network(description)
    needs_account = any(
        organisation.account is None
        and not (folder / "organisations" / f"{organisation.slug}.json").exists()
        for organisation in network.organisations
    )
    secret = passphrase(passphrase_file) if needs_account else None
    record = write_network(network, folder, secret, quick_keys=quick_keys)
    (folder / "network.toml").write_text(description.read_text())
    if network.rpc.jwt:
        write_jwt(record)
    if network.rpc.tls:
        for line in issue_for_network(record, passphrase(passphrase_file), datetime.now(UTC)):
            click.echo(line)
    for node in record.nodes:
        click.echo(f"{node.name:<20} {node.role:<10} {node.address}  {node.rpc}")
    if (warning := size_warning(network)) is not None:
        click.echo(f"Warning: {warning}", err=True)
    click.echo(f"{folder} is ready; start it with: tanlian-node up --folder {folder}")


@click.command("up")
@folder_option
@click.option("--wait/--no-wait", default=True, show_default=True, help="Wait for the first block.")
@click.argument("names", nargs=-1)
def up(folder: Path, wait: bool, names: tuple[str, ...]) -> None:
    """Start the local nodes (all, or those named) as Besu processes."""
    from tanlian_node.besu import find_besu
    from tanlian_node.local import local_names, start_nodes, wait_for_height
    from tanlian_node.network_files import read_record

    record = read_record(folder)
    besu = find_besu()
    started = start_nodes(record, besu, record.java_options, names or None)
    click.echo(f"Started {', '.join(started) or 'nothing: all run already'}.")
    elsewhere = {node.name for node in record.nodes} - set(local_names(record))
    if elsewhere and not names:
        click.echo(f"Not in this folder, so not started: {', '.join(sorted(elsewhere))}.")
    if wait and started:
        seconds = wait_for_height(record, 1, started)
        click.echo(f"Block 1 after {seconds:.1f} s.")


@click.command("down")
@folder_option
@click.argument("names", nargs=-1)
def down(folder: Path, names: tuple[str, ...]) -> None:
    """Stop the local nodes (all, or those named)."""
    from tanlian_node.local import stop_nodes
    from tanlian_node.network_files import read_record

    stopped = stop_nodes(read_record(folder), names or None)
    click.echo(f"Stopped {', '.join(stopped) or 'nothing: none ran'}.")


@click.command("status")
@folder_option
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_context
def status(context: click.Context, folder: Path, as_json: bool) -> None:
    """Say how every node is; exit status 1 if one has a problem."""
    from tanlian_node.health import judge
    from tanlian_node.local import round_changes, state_of
    from tanlian_node.network_files import read_record

    record = read_record(folder)
    now = time.time()
    states = [state_of(record, node, now) for node in record.nodes]
    verdict = judge(record, states)
    if as_json:
        click.echo(
            json.dumps({"nodes": [asdict(state) for state in states], **asdict(verdict)}, indent=1)
        )
    else:
        click.echo(
            f"{'node':<20}{'pid':>8}{'height':>10}{'age s':>7}{'round':>7}{'peers':>7}"
            f"{'pending':>9}{'rounds missed':>15}{'disk MB':>9}  state"
        )
        for state in states:
            cells = [state.pid, state.height, state.head_age_seconds, state.round, state.peers]
            shown = ["-" if cell is None else str(cell) for cell in [*cells, state.pending]]
            click.echo(
                f"{state.name:<20}{shown[0]:>8}{shown[1]:>10}{shown[2]:>7}{shown[3]:>7}"
                f"{shown[4]:>7}{shown[5]:>9}{round_changes(record.node_folder(state.name)):>15}"
                f"{state.disk_bytes // 1_000_000:>9}  {state.problem or 'ok'}"
            )
        click.echo(f"validators: {len(verdict.validators)}, of these up: {verdict.validators_up}")
        for sentence in verdict.problems:
            click.echo(f"! {sentence}")
    if verdict.problems:
        context.exit(1)


@click.command("logs")
@folder_option
@click.argument("name")
@click.option("--lines", "-n", default=40, show_default=True)
@click.option("--follow", "-f", is_flag=True, help="Go on until interrupted.")
def logs(folder: Path, name: str, lines: int, follow: bool) -> None:
    """Show the end of a node's log."""
    from tanlian_node.local import log_tail
    from tanlian_node.network_files import read_record

    record = read_record(folder)
    place = record.node_folder(record.node(name).name)
    if not (place / "besu.log").exists():
        raise NodeError(f"{name} has no log in {place}: it was never started from this folder.")
    for line in log_tail(place, lines):
        click.echo(line)
    if not follow:
        return
    with (place / "besu.log").open(errors="replace") as log:
        log.seek(0, 2)
        while True:
            line = log.readline()
            if line:
                click.echo(line, nl=False)
            else:
                time.sleep(0.3)


@click.command("jwt")
@folder_option
@click.option("--permission", "permissions", multiple=True, default=("*:*",), show_default=True)
@click.option("--hours", default=12, show_default=True)
def jwt(folder: Path, permissions: tuple[str, ...], hours: int) -> None:
    """Print a token that opens the nodes' RPC, e.g. with --permission eth:*."""
    from tanlian_node.jwt import issue_token

    key = folder / "jwt" / "operator.pem"
    if not key.exists():
        raise BadKey(f"There is no {key}; the network was made without jwt = true in [rpc].")
    click.echo(
        issue_token(key.read_bytes(), list(permissions), now=int(time.time()), seconds=hours * 3600)
    )


COMMANDS = (create, up, down, status, logs, jwt)
