"""Commands of `tanlian` as Ape scripts: the same verbs, on the network that Ape names."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import click

from tanlian.domain.errors import TanlianError
from tanlian.domain.target import Target

DEFAULT_NETWORK = "ethereum:embedded:tanlian"


def as_script(command: click.Command) -> click.Command:
    """The command with Ape's `--network` and a `--book`, to be the `cli` of a script."""
    if isinstance(command, click.Group):
        members = {name: as_script(member) for name, member in command.commands.items()}
        return click.Group(commands=members, help=command.help)
    options = [
        click.Option(
            ["--network", "ape_network"],
            default=DEFAULT_NETWORK,
            show_default=True,
            help="Ape's name of the chain: ecosystem:network:provider.",
        ),
        click.Option(
            ["--book", "ape_book"],
            type=click.Path(dir_okay=False, path_type=Path),
            envvar="TANLIAN_BOOK",
            help="File with the contracts' addresses, instead of the network's own.",
        ),
    ]
    return _OnNetwork(
        name=None,  # Ape names a script after its file
        params=[*command.params, *options],
        callback=command.callback,
        help=command.help,
    )


class _OnNetwork(click.Command):
    """A command that runs while Ape is connected, against the node that Ape is connected to."""

    def invoke(self, ctx: click.Context) -> Any:
        from ape import networks

        # Ape and the contracts' compiler look for programs of this environment
        os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        choice, book = ctx.params.pop("ape_network"), ctx.params.pop("ape_book")
        with networks.parse_network_choice(choice) as provider:
            ctx.obj = Target(network=provider.network.name, rpc=provider.http_uri, book=book)
            try:
                return super().invoke(ctx)
            except TanlianError as error:
                raise click.ClickException(error.user_message) from error
