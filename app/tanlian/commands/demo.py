"""`tanlian demo`: the demonstration market on an embedded chain of its own."""

from __future__ import annotations

from pathlib import Path

import click

DEFAULT_DATA = Path("var/demo")


@click.command()
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    default=DEFAULT_DATA,
    show_default=True,
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
    "--pace", type=click.IntRange(1, 60), default=1, help="Stages that many times longer."
)
@click.option("--once", is_flag=True, help="Stop after the run instead of serving.")
@click.pass_context
def demo(
    ctx: click.Context, data: Path, *, members: int, seed: int, port: int, pace: int, once: bool
) -> None:
    """Run a demonstration market on an embedded chain, then keep serving it."""
    from tanlian.services.demo_run import run_demo
    from tanlian.services.narration import terminal

    narrator = terminal()
    books_balance = run_demo(
        data,
        narrator,
        members=members,
        seed=seed,
        port=port,
        pace=pace,
        serve=None if once else _until_stopped,
    )
    if not books_balance:
        ctx.exit(1)


def _until_stopped() -> None:
    """Wait until a person or the system ends the command."""
    import signal
    import threading

    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: ended.set())
    ended.wait()
