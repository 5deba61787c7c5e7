"""`tanlian demo`: the demonstration market, on an embedded chain of its own or a network."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tanlian.commands.acting import target_of

if TYPE_CHECKING:
    from tanlian.domain.target import Target
    from tanlian.services.consortium import Member

HOST = "127.0.0.1"


@click.command()
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    show_default="var/demo, or var/demo-NETWORK",
    help="Folder of the chain, the keys and the reports; a later run goes on in it.",
)
@click.option(
    "--members", type=click.IntRange(4, 120), default=12, show_default=True, help="Emitters."
)
@click.option("--seed", type=int, default=2024, show_default=True, help="What everything drawn is.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8545, show_default=True, help="0: a free one."
)
@click.option(
    "--web-port",
    type=click.IntRange(0, 65535),
    default=8000,
    show_default=True,
    help="Of the pages; a free one where it is taken.",
)
@click.option(
    "--pace",
    type=click.IntRange(1, 60),
    show_default="as the chain's blocks want it",
    help="Stages that many times longer.",
)
@click.option("--once", is_flag=True, help="Stop after the run instead of serving.")
@click.pass_context
def demo(
    ctx: click.Context,
    data: Path | None,
    *,
    members: int,
    seed: int,
    port: int,
    web_port: int,
    pace: int | None,
    once: bool,
) -> None:
    """Run a demonstration market, then keep serving it.

    Without --network or --rpc before the verb it runs on an embedded chain of its own. On a network
    it deploys contracts of its own, whose book and keys lie in the folder: the network's market is
    not touched.
    """
    # the gateways of the reporting year are sent nonsense on purpose, which the run tells itself
    logging.getLogger("tanlian.services.gateway").setLevel(logging.ERROR)
    from tanlian.services.demo_run import run_demo
    from tanlian.services.embedded_process import end_in_order
    from tanlian.services.narration import terminal
    from tanlian.services.run_chain import data_of

    end_in_order()
    narrator = terminal()
    books_balance = run_demo(
        data or data_of(target_of(ctx), "demo"),
        narrator,
        target=target_of(ctx),
        members=members,
        seed=seed,
        port=port,
        pace=pace,
        pages=None if once else _Pages(web_port),
    )
    if not books_balance:
        ctx.exit(1)


class _Pages:
    """The pages of the market after the run."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._ended = threading.Event()

    @contextmanager
    def serving(self, market: Target, data: Path) -> Iterator[str]:
        from tanlian.bootstrap import serving
        from tanlian.servers import PortTaken

        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda _number, _frame: self._ended.set())
        with ExitStack() as stack:
            try:
                address = stack.enter_context(serving(market, HOST, self._port, data=data))
            except PortTaken:
                address = stack.enter_context(serving(market, HOST, 0, data=data))
            yield address

    def enter(self, market: Target, data: Path, members: Sequence[Member], passphrase: str) -> str:
        from tanlian.bootstrap import seat

        return seat(market, data, members, passphrase)

    def wait(self) -> None:
        self._ended.wait()
