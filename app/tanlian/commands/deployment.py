"""`tanlian deploy`, `check`, `key`."""

from __future__ import annotations

from pathlib import Path

import click

from tanlian.commands.acting import target_of
from tanlian.domain.errors import TanlianError


@click.command()
@click.option("--as", "key", metavar="KEY", help="Deployer's keyfile, instead of the parameters'.")
@click.option("--passphrase-file", type=click.Path(dir_okay=False, path_type=Path))
@click.pass_context
def deploy(ctx: click.Context, key: str | None, passphrase_file: Path | None) -> None:
    """Deploy what is not deployed yet; run again after an interruption."""
    from tanlian.services.access import connect, deploy_protocol, sender_of
    from tanlian.services.networks import network

    found = network(target_of(ctx))
    connection = connect(found)
    alias = key or str(found.section("deployer")["key"])
    sender = sender_of(found, connection, alias, passphrase_file)

    def show(done: int, of: int, title: str) -> None:
        click.echo(f"[{done}/{of}] {title}", err=True)

    access = deploy_protocol(found, sender, show)
    for name, entry in access.book.contracts.items():
        click.echo(f"{name:<12} {entry.address}  {entry.contract}")
    click.echo(f"The book is {found.book}.")


@click.command()
@click.pass_context
def check(ctx: click.Context) -> None:
    """Check a deployment: code, wiring, seals and the founding regulator against the plan."""
    from tanlian.services.access import open_access
    from tanlian.services.inspection import inspect
    from tanlian.services.protocol import PLAN, settled

    access = open_access(target_of(ctx))
    findings = inspect(access.contracts, PLAN, settled(access.network))
    for finding in findings:
        click.echo(f"{'ok ' if finding.good else 'BAD'} {finding.subject}: {finding.sentence}")
    wrong = sum(not finding.good for finding in findings)
    if wrong:
        raise TanlianError(f"{wrong} of {len(findings)} findings are bad; do not trust this chain.")
    click.echo(f"All {len(findings)} findings are good.")


@click.group()
def key() -> None:
    """Make and list keyfiles."""


@key.command()
@click.argument("name")
@click.option("--passphrase-file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--quick", is_flag=True, help="Weak against guessing; for throw-away chains only.")
@click.pass_context
def new(ctx: click.Context, name: str, passphrase_file: Path | None, quick: bool) -> None:
    """Make a key and its keyfile in the network's key folder."""
    from tanlian.chain.keyfiles import QUICK, STRONG, Keyfiles, passphrase_for
    from tanlian.services.networks import network

    keyfiles = Keyfiles(network(target_of(ctx)).keys)
    passphrase = passphrase_for(name, passphrase_file)
    address = keyfiles.create(name, passphrase, cost=QUICK if quick else STRONG)
    click.echo(f"{address}  {keyfiles.path(name)}")


@key.command("list")
@click.pass_context
def list_keys(ctx: click.Context) -> None:
    """List the keys in the network's key folder."""
    from tanlian.chain.keyfiles import Keyfiles
    from tanlian.services.networks import network

    keyfiles = Keyfiles(network(target_of(ctx)).keys)
    for alias in keyfiles.aliases():
        click.echo(f"{keyfiles.address(alias)}  {alias}")
