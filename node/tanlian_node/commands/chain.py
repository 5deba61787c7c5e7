"""`tanlian-node chain`: make, run, inspect and stop the embedded chain."""

import json
import os
import signal
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from types import FrameType

import click

from tanlian_node.embedded import EmbeddedChain, audit, initialise
from tanlian_node.embedded.chain import Chain
from tanlian_node.embedded.errors import ChainError
from tanlian_node.embedded.folder import Folder
from tanlian_node.embedded.genesis import DEFAULT_CHAIN_ID, DEFAULT_GAS_LIMIT
from tanlian_node.embedded.header import address_of

DEFAULT_FOLDER = Path("var/chain")
DEFAULT_PORT = 8545
LONGEST_STOP = 30.0  # seconds to wait for a chain to end by itself


folder_option = click.option(
    "--data",
    "data",
    type=click.Path(file_okay=False, path_type=Path),
    default=DEFAULT_FOLDER,
    show_default=True,
    envvar="TANLIAN_CHAIN_DATA",
    help="Folder of the chain.",
)
genesis_options = [
    click.option(
        "--genesis",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="Genesis file in Besu's form, for a new chain; without it one is made.",
    ),
    click.option("--chain-id", type=click.IntRange(1), help="Chain id of a new chain."),
    click.option("--gas-limit", type=click.IntRange(5_000_000), help="Gas in one block."),
    click.option(
        "--allow",
        multiple=True,
        metavar="ADDRESS",
        help="Account that may send transactions (repeat it); without it everybody may.",
    ),
]


def with_genesis_options(command: click.decorators.FC) -> click.decorators.FC:
    for option in reversed(genesis_options):
        command = option(command)
    return command


@click.group()
def chain() -> None:
    """The embedded chain: one process, one folder, no other install."""


@chain.command()
@folder_option
@with_genesis_options
def init(
    data: Path,
    genesis: Path | None,
    chain_id: int | None,
    gas_limit: int | None,
    allow: tuple[str, ...],
) -> None:
    """Lay out a new chain without starting it."""
    folder = initialise(
        data,
        genesis=genesis,
        chain_id=chain_id or DEFAULT_CHAIN_ID,
        gas_limit=gas_limit or DEFAULT_GAS_LIMIT,
        allowlist=allow or None,
    )
    click.echo(f"chain {folder.genesis().chain_id} laid out in {folder.path}")


@chain.command()
@folder_option
@with_genesis_options
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=DEFAULT_PORT,
    show_default=True,
    help="Port of the JSON-RPC; 0 takes any free one.",
)
@click.option(
    "--interval",
    type=click.FloatRange(0),
    help="Seconds between blocks; 0 seals each transaction at once. "
    "[default: what the genesis says]",
)
@click.option("--dev", is_flag=True, help="Offer evm_snapshot, evm_revert, evm_increaseTime, ...")
@click.option(
    "--fast-disk-sync",
    is_flag=True,
    help="Promise transactions before the disk has them: a killed process loses nothing, "
    "a power cut may lose the last moments.",
)
def start(  # noqa: PLR0917
    data: Path,
    genesis: Path | None,
    chain_id: int | None,
    gas_limit: int | None,
    allow: tuple[str, ...],
    host: str,
    port: int,
    interval: float | None,
    dev: bool,
    fast_disk_sync: bool,
) -> None:
    """Run the chain until it is told to stop (Ctrl-C, SIGTERM, or `chain stop`)."""
    if allow and Folder(data).is_initialised:
        raise ChainError(
            "--allow is for a new chain: for this one edit permissions_config.toml in its folder, "
            "or call perm_addAccountsToAllowlist"
        )
    initial: dict[str, object] = {}
    if chain_id is not None:
        initial["chain_id"] = chain_id
    if gas_limit is not None:
        initial["gas_limit"] = gas_limit
    if genesis is not None:
        initial["genesis"] = genesis
    if allow:
        initial["allowlist"] = allow
    running = EmbeddedChain(
        data,
        interval=interval,
        host=host,
        port=port,
        development=dev,
        durable=not fast_disk_sync,
        **initial,
    )
    ended = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        ended.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    running.start_in_background()
    head = running.node.chain.head
    click.echo(
        f"ready: {running.url} chain {running.chain_id} block {head.number} data {data.absolute()}"
    )
    while not ended.wait(1.0):
        if (fault := running.node.sealer.fault) is not None:
            running.stop()
            raise ChainError(f"no more blocks can be sealed: {fault}")
    running.stop()
    click.echo("stopped")


@chain.command()
@folder_option
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def info(data: Path, as_json: bool) -> None:
    """Say what lies in the folder, and whether it runs."""
    folder = Folder(data)
    genesis = folder.genesis()
    owner = folder.owner()
    opened = Chain(folder)
    try:
        head = opened.head
        (count,) = opened.store.row("select count(*) from transactions") or (0,)
        (waiting,) = opened.store.row("select count(*) from pool") or (0,)
        facts: dict[str, object] = {
            "folder": str(folder.path),
            "chain_id": genesis.chain_id,
            "genesis": "0x" + opened.header(0).hash.hex(),
            "head": head.number,
            "head_hash": "0x" + head.hash.hex(),
            "head_time": head.timestamp,
            "gas_limit": head.gas_limit,
            "transactions": count,
            "waiting": waiting,
            "validators": [
                "0x" + address_of(key.public_key).hex() for key in folder.private_keys()
            ],
            "bytes": sum(file.stat().st_size for file in folder.path.glob("chain.sqlite*")),
            "process": owner,
        }
    finally:
        opened.close()
    if as_json:
        click.echo(json.dumps(facts))
        return
    for name, fact in facts.items():
        shown = ", ".join(fact) if isinstance(fact, list) else fact
        click.echo(f"{name.replace('_', ' '):<13} {'not running' if shown is None else shown}")


@chain.command()
@folder_option
def stop(data: Path) -> None:
    """End the process that runs the chain, and wait until it has."""
    folder = Folder(data)
    owner = folder.owner()
    if owner is None:
        click.echo(f"no chain runs in {folder.path}")
        return
    os.kill(owner, signal.SIGTERM)
    end = time.monotonic() + LONGEST_STOP
    while folder.owner() == owner:
        if time.monotonic() > end:
            raise ChainError(f"process {owner} has not ended after {LONGEST_STOP:.0f} s")
        time.sleep(0.05)
    click.echo("stopped")


@chain.command()
@folder_option
@click.option("--replay", is_flag=True, help="Also execute every transaction again.")
def check(data: Path, replay: bool) -> None:
    """Check a stopped chain: links, seals, roots, and the database's own pages."""
    folder = Folder(data)
    folder.genesis()
    folder.acquire()
    opened = Chain(folder)
    try:
        numbers: Iterable[int] = range(opened.head.number)
        with click.progressbar(numbers, label="checking") as bar:
            head = audit.check(opened, replay=replay, progress=lambda _: bar.update(1))
    finally:
        opened.close()
        folder.release()
    click.echo(f"sound: {head} blocks{', all executed again' if replay else ''}")


COMMANDS = (chain,)
