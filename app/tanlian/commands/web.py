"""`tanlian web`: the pages for everybody and for members, and how they are operated."""

from __future__ import annotations

import json
import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from tanlian.domain.target import Target

CONFIG = click.option(
    "--config",
    type=click.Path(dir_okay=False, path_type=Path),
    envvar="TANLIAN_WEB_CONFIG",
    help="TOML file of the installation (docs/app-operation.md).",
)


@click.group()
def web() -> None:
    """Serve the pages, invite people to them, keep them safe."""


@web.command("serve")
@CONFIG
@click.option("--host", help="Address to listen on [default: 127.0.0.1].")
@click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on [default: 8000].")
@click.option("--certificate", help="Serve HTTPS under this chain of certificates (PEM).")
@click.option("--certificate-key", help="Its private key (PEM).")
@click.pass_obj
def serve(
    target: Target,
    config: Path | None,
    host: str | None,
    port: int | None,
    *,
    certificate: str | None,
    certificate_key: str | None,
) -> None:
    """Serve until Ctrl-C or SIGTERM; the tables follow the chain meanwhile.

    Plain HTTP is for this machine or behind a proxy; --certificate serves HTTPS, for example under
    a certificate of the consortium (`tanlian-node ca export`).
    """
    from tanlian import logs, settings
    from tanlian.bootstrap import serving
    from tanlian.web.request_log import formatter

    found = settings.load(
        config,
        host=host,
        port=port,
        certificate=certificate,
        certificate_key=certificate_key,
    )
    logs.write_to(level=found.log_level, formatter=formatter())
    stop = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: stop.set())
    with serving(target, settings=found) as address:
        click.echo(f"serving: {address}")
        stop.wait()


@web.command("config")
@CONFIG
def show_config(config: Path | None) -> None:
    """Print the configuration in effect as JSON, without its secrets; serves nothing."""
    from tanlian import settings

    click.echo(json.dumps(settings.load(config).shown(), indent=2, ensure_ascii=False))


@web.command("door")
@click.option("--address", default="http://127.0.0.1:8000/", show_default=True)
@click.option(
    "--data",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of the demonstration, such as var/demo.",
)
@CONFIG
@click.pass_obj
def door(target: Target, address: str, data: Path | None, config: Path | None) -> None:
    """Make a one-time link by which this machine's browser signs in as a demonstration's people.

    Only people whom `tanlian demo` made come in; the link is refused wherever the pages are reached
    from another machine.
    """
    from tanlian import settings
    from tanlian.bootstrap import door as make_door
    from tanlian.services.networks import data_folder

    path = make_door(target, settings.load(config), data or data_folder())
    click.echo(address.rstrip("/") + "/" + path)


@web.command("backup")
@click.argument("folder", type=click.Path(path_type=Path))
@CONFIG
@click.pass_obj
def backup(target: Target, folder: Path, config: Path | None) -> None:
    """Copy everything that is not on the chain into a new FOLDER, while the pages run.

    The folder holds secrets; keep it where only you can read it, and apart from this machine.
    """
    from tanlian import settings
    from tanlian.bootstrap import installation
    from tanlian.services.backup.backup import take

    taken = take(installation(target, settings.load(config)), folder)
    click.echo(
        f"{folder}: {sum(taken.rows.values())} rows, {taken.files} files, {taken.bytes} bytes, as "
        f"of {taken.made_at}. Try it: `tanlian web restore` into an empty installation."
    )


@web.command("restore")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@CONFIG
@click.pass_obj
def restore(target: Target, folder: Path, config: Path | None) -> None:
    """Bring a back-up from FOLDER into an installation that is still empty."""
    from tanlian import settings
    from tanlian.bootstrap import installation
    from tanlian.services.backup.backup import restore as bring_back

    counts = bring_back(installation(target, settings.load(config)), folder)
    click.echo(f"{sum(counts.values())} rows are back. People sign in again; `tanlian web serve`.")


@web.command("invite")
@click.argument("organisation", type=click.IntRange(1, 2**24 - 1))
@click.argument("name")
@click.option("--address", default="http://127.0.0.1:8000/", show_default=True)
@CONFIG
@click.pass_obj
def invite(target: Target, organisation: int, name: str, address: str, config: Path | None) -> None:
    """Invite the first person of an organisation; prints the link to hand over."""
    from tanlian import settings
    from tanlian.bootstrap import invitation

    path = invitation(target, organisation, name, settings.load(config))
    click.echo(address.rstrip("/") + path)
