"""Keep the nodes' allowlists equal to Membership."""

import json
from collections.abc import Sequence
from pathlib import Path

import click

from tanlian_node.commands.network import folder_option


@click.command("permissions")
@folder_option
@click.option(
    "--membership",
    "memberships",
    multiple=True,
    envvar="TANLIAN_MEMBERSHIP",
    help="Address of a register; several where one network carries several markets.",
)
@click.option(
    "--book",
    "books",
    multiple=True,
    type=click.Path(dir_okay=False, path_type=Path),
    envvar="TANLIAN_BOOK",
    help="Address book of a deployment, instead of an address: its Membership and its deployer. "
    "It may come into being later.",
)
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
    memberships: tuple[str, ...],
    books: tuple[Path, ...],
    ask: str | None,
    always: tuple[str, ...],
    fix: bool,
    every: float | None,
    alarm_file: Path | None,
) -> None:
    """Report how the nodes' allowlists differ from Membership, or make them equal (--fix).

    Exit status 1 if a difference remains.
    """
    from tanlian_node.network_files import read_record
    from tanlian_node.permissions import Drift, compare_network, watch
    from tanlian_node.registers import Followed, followed

    if not memberships and not books:
        raise click.UsageError("Name whom the lists follow: --membership or --book.")
    record = read_record(folder)

    def one_round() -> Sequence[Drift]:
        whom = followed(memberships, books)
        whom = Followed(whom.registers, (*whom.accounts, *always))
        return compare_network(record, ask or record.nodes[0].name, whom, fix=fix)

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
    clean = sum(drift.is_clean for drift in found)
    click.echo(f"{clean} of {len(found)} nodes were equal to Membership.")
    if any(not drift.is_clean and (drift.problem or not fix) for drift in found):
        context.exit(1)


COMMANDS = (permissions,)
