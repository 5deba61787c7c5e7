"""`tanlian-node`: the commands of whoever runs a node.

Every module in `tanlian_node/commands` offers its click commands in a tuple `COMMANDS`.
"""

import importlib
import pkgutil
from typing import Any

import click

from tanlian_node import commands
from tanlian_node.errors import NodeError


class Sentences(click.Group):
    """A group in which a refusal ends the command with one sentence and exit status 1.

    So does a file that cannot be read or written: the sentence names it.
    """

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except NodeError as error:
            raise click.ClickException(error.user_message) from error
        except OSError as error:
            if error.filename is None:
                raise
            raise click.ClickException(f"{error.filename}: {error.strerror}.") from error


@click.group(
    cls=Sentences,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="ape-tanlian", prog_name="tanlian-node")
def main() -> None:
    """Run the embedded chain, or a network of Besu nodes."""


def load(group: click.Group) -> None:
    """Add what each module of the commands package offers."""
    for found in pkgutil.iter_modules(commands.__path__):
        module = importlib.import_module(f"{commands.__name__}.{found.name}")
        for command in module.COMMANDS:
            group.add_command(command)


load(main)

if __name__ == "__main__":
    main()
