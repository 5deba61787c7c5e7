"""Keep the nodes' allowlists equal to Membership."""

import json
from collections.abc import Sequence
from pathlib import Path

import click

from tanlian_node.commands.network import folder_option


@click.command("permissions")
@folder_option
@click.option("--membership", required=True, envvar="TANLIAN_MEMBERSHIP", help="Its address.")
@click.option("--ask", help="Node whose chain is read; else the first of the network.")
@click.option("--account", "always", multiple=True, help="Allow this account as well.")
@click.option("--fix", is_flag=True, help="Change the nodes' lists; else only report.")
@click.option("--every", type=float, help="Stay and repeat after so many seconds.")
@click.option(
    "--alarm-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Append each alarm as a line of JSON, for those who watch files.",
)
@click.pass_context
def permissions(
    context: click.Context,
    /,
    *,
    folder: Path,
    membership: str,
    ask: str | None,
    always: tuple[str, ...],
    fix: bool,
    every: float | None,
    alarm_file: Path | None,
) -> None:
    """Report how the nodes' allowlists differ from Membership, or make them equal (--fix).

    Exit status 1 if a difference remains.
    """
    from tanlian_node.access import open_rpc
    from tanlian_node.network_files import read_record
    from tanlian_node.peers import drop_forbidden_peers
    from tanlian_node.permissions import Drift, drift_of, reconcile, wanted_lists, watch

    record = read_record(folder)
    source = open_rpc(record, ask or record.nodes[0].name)

    def one_round() -> Sequence[Drift]:
        wanted = wanted_lists(source, membership, [n.enode for n in record.nodes], always)
        act = reconcile if fix else drift_of
        found = [act(node.name, open_rpc(record, node.name), wanted) for node in record.nodes]
        if fix:
            for node in record.nodes:  # else a node would not start again
                drop_forbidden_peers(record.node_folder(node.name))
        return found

    def alarm(drift: Drift) -> None:
        for sentence in drift.sentences():
            click.echo(sentence)
        if alarm_file is not None:
            with alarm_file.open("a") as file:
                file.write(json.dumps({"node": drift.node, "alarm": drift.sentences()}) + "\n")

    if every is not None:
        watch(one_round, alarm, every_seconds=every)
        return
    found = one_round()
    for drift in found:
        if not drift.is_clean:
            alarm(drift)
    clean = [drift for drift in found if drift.is_clean]
    click.echo(f"{len(clean)} of {len(found)} nodes were equal to Membership.")
    unresolved = [drift for drift in found if drift.problem is not None or not fix]
    if any(not drift.is_clean for drift in unresolved):
        context.exit(1)


COMMANDS = (permissions,)
