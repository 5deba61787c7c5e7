"""The verbs that come from the catalogue of acts: each act that names a command becomes one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

import tanlian.commands
from tanlian.commands.acting import acting
from tanlian.services.acts.act import Act, FieldsRefused
from tanlian.services.acts.catalogue import catalogue

if TYPE_CHECKING:
    from tanlian.chain.transactions import Sender
    from tanlian.services.access import Access
    from tanlian.services.acts.fields import Field, Raw

NOUNS = {
    "conflict": "Conflicts of interest between verifiers and emitters.",
    "offset": "Reduction projects, their credits, and credits of other registries.",
    "rules": "Propose, vote on and enact rules of rewards and penalties.",
    "units": "Move and retire units of the registry account.",
}
_FILES = {"document", "rows"}  # kinds that are given as files


def add_verbs(group: click.Group) -> None:
    """Add to a group that was written by hand the verbs that the catalogue has for it."""
    for act in catalogue().values():
        noun, _, verb = act.command.rpartition(" ")
        if noun == group.name:
            group.add_command(command_of(act, verb))


def groups() -> dict[str, click.Command]:
    """Make the commands and groups that no module of `tanlian.commands` has by hand."""
    by_hand = {
        path.stem.replace("_", "-") for path in Path(tanlian.commands.__file__).parent.glob("*.py")
    }
    found: dict[str, click.Command] = {}
    for act in catalogue().values():
        noun, _, verb = act.command.rpartition(" ")
        if not act.command or noun in by_hand:
            continue
        if not noun:
            found[verb] = command_of(act, verb)
            continue
        group = found.setdefault(noun, click.Group(noun, help=NOUNS[noun]))
        assert isinstance(group, click.Group)
        group.add_command(command_of(act, verb))
    return found


def command_of(act: Act, verb: str) -> click.Command:
    """Make the command of one act: an option for each field."""

    def run(access: Access, sender: Sender, **given: Any) -> None:
        do(act, access, sender, {n: v for n, v in given.items() if v is not None})

    command = click.command(verb, help=f"{act.explains}{_who(act)}")(acting(run))
    command.params = [*(_option(field) for field in act.fields), *command.params]
    return command


def do(act: Act, access: Access, sender: Sender, given: Mapping[str, Raw]) -> None:
    """Do an act with a key of this machine, and say what came of it.

    Raises:
        click.UsageError: something given cannot be read.
    """
    from tanlian.chain.transactions import Receipt
    from tanlian.services.acts.act import Desk
    from tanlian.services.trading import acting_organisation

    organisation = acting_organisation(access, sender)
    desk = Desk(access, organisation, sender.address, access.connection.now())
    try:
        calls = act.calls_for(desk, given)
    except FieldsRefused as refused:
        lines = [
            f"--{name.replace('_', '-')}: {e.user_message}" for name, e in refused.errors.items()
        ]
        raise click.UsageError("\n".join(lines)) from refused
    receipt: Receipt | None = None
    for one in calls:
        receipt = sender.send(one)
    assert receipt is not None, "an act comes to at least one call"
    number = act.number_made(access, receipt)
    made = f" Its number is {number}." if number is not None else ""
    click.echo(
        f"Done: {act.title.lower()}.{made}  (block {receipt.block}, transaction {receipt.tx_hash})"
    )


def _who(act: Act) -> str:
    from tanlian.domain.roles import role_names

    return f" ({' or '.join(role_names(act.roles))})" if act.roles else ""


def _option(field: Field) -> click.Option:
    flag = "--" + field.name.replace("_", "-")
    help_text = " ".join(part for part in (f"{field.title}.", field.hint) if part)
    if field.kind.widget == "flag":
        return click.Option([f"{flag}/--no-{flag[2:]}", field.name], default=None, help=help_text)
    if field.kind.widget == "rows":
        columns = ",".join(column.name for column in field.kind.columns)
        help_text += f" A CSV file with the columns {columns}."
    if field.kind.widget == "several":
        help_text += f" Some of {', '.join(field.kind.choices)}, joined by commas."
    preset = field.preset() if callable(field.preset) else field.preset
    return click.Option(
        [flag, field.name],
        required=not field.optional and not preset,
        default=preset or None,
        show_default=bool(preset),
        metavar=_metavar(field),
        type=_type(field),
        help=help_text,
    )


def _metavar(field: Field) -> str | None:
    if field.kind.widget == "choice":
        return None  # click shows the words
    if field.kind.widget == "several":
        return "WORDS"
    return (field.kind.unit or field.kind.widget).upper()


def _type(field: Field) -> click.ParamType:
    if field.kind.widget == "choice":
        return click.Choice(list(field.kind.choices))
    return _Given(field)


class _Given(click.ParamType):
    """What was typed; for documents and tables, the content of the file that it names."""

    name = "value"

    def __init__(self, field: Field) -> None:
        self._reads_files = field.kind.widget in _FILES
        self._needs_file = field.kind.widget == "rows"

    def convert(
        self, value: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> str | bytes:
        if not self._reads_files:
            return value
        path = Path(value)
        if path.is_file():
            return path.read_bytes()
        if self._needs_file:
            self.fail(f"{value} is no file.", param, ctx)
        return value


globals().update(groups())
