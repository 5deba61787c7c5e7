"""The command `tanlian`: its sub-commands lie in `tanlian/commands/<noun>.py`.

Every click command or group at the top level of such a module is a sub-command, groups' members
excepted. Command modules import services inside their functions, so that `tanlian --help` is quick.
"""

import importlib
import pkgutil
from pathlib import Path
from types import ModuleType
from typing import Any

import click

import tanlian.commands
from tanlian.domain.errors import TanlianError
from tanlian.domain.target import DEFAULT_NETWORK, Target


class LazyGroup(click.Group):
    """A group whose members are spread over the modules of `tanlian.commands`.

    A verb is looked for in the module of its own name first, then in all others. An error of the
    application ends the command with one sentence and exit status 1.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return sorted({name for module in _module_names() for name in _commands_of(module)})

    def get_command(
        self,
        ctx: click.Context,  # noqa: ARG002
        cmd_name: str,
    ) -> click.Command | None:
        own = cmd_name.replace("-", "_")
        for module in sorted(_module_names(), key=lambda name: (name != own, name)):
            if (found := _commands_of(module).get(cmd_name)) is not None:
                return found
        return None

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except TanlianError as error:
            raise click.ClickException(error.user_message) from error


def _module_names() -> list[str]:
    return [entry.name for entry in pkgutil.iter_modules(tanlian.commands.__path__)]


def _commands_of(name: str) -> dict[str, click.Command]:
    """The commands at the top level of one module, without those that belong to a group in it."""
    module: ModuleType = importlib.import_module(f"tanlian.commands.{name}")
    found = [value for value in vars(module).values() if isinstance(value, click.Command)]
    members = {
        id(member)
        for group in found
        if isinstance(group, click.Group)
        for member in group.commands.values()
    }
    return {c.name: c for c in found if c.name is not None and id(c) not in members}


@click.command(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--network",
    default=DEFAULT_NETWORK,
    show_default=True,
    envvar="TANLIAN_NETWORK",
    help="Folder in deployments/ whose params.toml describes the chain.",
)
@click.option(
    "--rpc", envvar="TANLIAN_RPC", help="URL of the node, instead of the one in params.toml."
)
@click.option(
    "--book",
    type=click.Path(dir_okay=False, path_type=Path),
    envvar="TANLIAN_BOOK",
    help="File with the contracts' addresses, instead of the network's own.",
)
@click.version_option(package_name="ape-tanlian", prog_name="tanlian")
@click.pass_context
def main(ctx: click.Context, network: str, rpc: str | None, book: Path | None) -> None:
    """Run a carbon market on a permissioned chain."""
    ctx.obj = Target(network=network, rpc=rpc, book=book)


if __name__ == "__main__":
    main()
