"""`tanlian import`: published data of real installations into the market."""

from __future__ import annotations

from pathlib import Path

import click

from tanlian.commands.acting import target_of

DEFAULT_DATA = Path("var/import")


@click.group("import")
def importing() -> None:
    """Bring published data into the market."""


@importing.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--year", type=int, required=True, help="Compliance year.")
@click.option("--registry", required=True, help="Two capital letters, as in DE.")
@click.option("--limit", type=click.IntRange(2, 10_000), help="Only the first so many.")
@click.option("--seed", type=int, default=1, show_default=True, help="What prices are drawn from.")
@click.option("--price", help="The day's price, as in 33.25.")
@click.option(
    "--prices",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Daily series (date, close or close_eur); its last price of the year is taken.",
)
@click.option("--spread", type=click.IntRange(0, 199), default=60, help="Of prices, per mille.")
@click.option("--parts", type=click.IntRange(1, 16), default=3, help="Quotes for one need.")
@click.option(
    "--pace", type=click.IntRange(1, 60), default=1, help="Stages that many times longer."
)
@click.option("--atomic", is_flag=True, help="Import nothing where a row is malformed.")
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of chain, keys and report.  [default: var/import-<registry>-<year>]",
)
@click.pass_context
def eutl(
    ctx: click.Context,
    folder: Path,
    *,
    year: int,
    registry: str,
    limit: int | None,
    seed: int,
    price: str | None,
    prices: Path | None,
    spread: int,
    parts: int,
    pace: int,
    atomic: bool,
    data: Path | None,
) -> None:
    """Load installations from FOLDER (eutl_*.csv), trade their surplus and shortfall, reconcile.

    Without --network or --rpc before the verb it runs on an embedded chain of its own.
    """
    from tanlian.services.embedded_process import end_in_order
    from tanlian.services.eutl_files import select_members
    from tanlian.services.eutl_import import ImportPlan
    from tanlian.services.eutl_run import run_import
    from tanlian.services.narration import terminal
    from tanlian.services.price_files import DayPrice, last_close, price_to_ticks

    if (price is None) == (prices is None):
        raise click.UsageError("Give the day's price: either --price or --prices.")
    day = (
        last_close(prices, year=year)
        if prices is not None
        else DayPrice(price_to_ticks(price or ""), "--price")
    )
    selection = select_members(folder, registry=registry, year=year, limit=limit, atomic=atomic)
    plan = ImportPlan(registry, year, seed, day, spread_per_mille=spread, parts=parts, pace=pace)
    end_in_order()
    narrator = terminal()
    result = run_import(
        data or DEFAULT_DATA.with_name(f"import-{plan.name}"),
        plan,
        selection,
        narrator,
        target_of(ctx),
    )
    narrator.say(result.imported.books.verdict)
    if not result.imported.books.balanced:
        ctx.exit(1)
