"""`tanlian project`: keep the read model, and prove it equal to the chain."""

from __future__ import annotations

import signal
import sys
import threading
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from tanlian.domain.target import Target

SHOWN = 10


@click.group()
def project() -> None:
    """Keep the tables that the pages read (TANLIAN_READ_MODEL names the database)."""


@project.command("once")
@click.pass_obj
def once(target: Target) -> None:
    """Project every block that is missing, and stop."""
    from tanlian.services import projecting

    click.echo(f"The tables stand at block {projecting.catch_up(target).block}.")


@project.command("follow")
@click.pass_obj
def follow(target: Target) -> None:
    """Stay at the head of the chain until Ctrl-C or SIGTERM."""
    from tanlian.services import projecting

    stop = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: stop.set())
    click.echo("Following the chain; Ctrl-C ends it.")
    projecting.follow(target, stop)


@project.command("rebuild")
@click.pass_obj
def rebuild(target: Target) -> None:
    """Throw the tables away and make them anew from the chain."""
    from tanlian.services import projecting

    click.echo(f"Made anew; the tables stand at block {projecting.rebuild(target).block}.")


@project.command("verify")
@click.pass_obj
def verify(target: Target) -> None:
    """Prove the tables equal to the chain; exit status 1 and the differences if they are not."""
    from tanlian.services import projecting

    verdict = projecting.verify(target)
    for difference in verdict.differences[:SHOWN]:
        click.echo(
            f"{difference.where}: the chain says {difference.expected}, the tables say "
            f"{difference.found}"
        )
    if not verdict.is_equal:
        click.echo(f"{len(verdict.differences)} differences; `tanlian project rebuild` mends them.")
        sys.exit(1)
    click.echo(
        f"equal: {verdict.rows} rows made anew, {verdict.views} views compared at block "
        f"{verdict.block}"
    )
