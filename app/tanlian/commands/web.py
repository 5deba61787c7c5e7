"""`tanlian web`: the pages for everybody and for members."""

from __future__ import annotations

import signal
import threading
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from tanlian.domain.target import Target


@click.group()
def web() -> None:
    """Serve the pages, and invite people to them."""


@web.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True)
@click.pass_obj
def serve(target: Target, host: str, port: int) -> None:
    """Serve until Ctrl-C or SIGTERM; the tables follow the chain meanwhile."""
    from tanlian.bootstrap import serving

    stop = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: stop.set())
    with serving(target, host, port) as address:
        click.echo(f"serving: {address}")
        stop.wait()


@web.command("invite")
@click.argument("organisation", type=click.IntRange(1, 2**24 - 1))
@click.argument("name")
@click.option("--address", default="http://127.0.0.1:8000/", show_default=True)
@click.pass_obj
def invite(target: Target, organisation: int, name: str, address: str) -> None:
    """Invite the first person of an organisation; prints the link to hand over."""
    from tanlian.bootstrap import invitation

    click.echo(address.rstrip("/") + invitation(target, organisation, name))
