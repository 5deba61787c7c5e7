"""`tanlian simulate`: what rules do to a population before they are put in force."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from tanlian.commands.acting import target_of

if TYPE_CHECKING:
    from tanlian.domain.target import Target
    from tanlian.domain.year_simulation import SimulatedYear, YearRules
    from tanlian.services.eutl_files import Selection
    from tanlian.services.year_run import YearOnChain

MOST_SHOWN = 10


@click.group()
def simulate() -> None:
    """See what rules do to a population before they are put in force."""


@simulate.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--year", type=int, required=True, help="Compliance year in the data.")
@click.option("--registry", required=True, help="Two capital letters, as in DE.")
@click.option("--rules", "jurisdiction", default="eu", show_default=True, help="cn or eu.")
@click.option("--rules-year", type=int, default=2024, show_default=True)
@click.option("--limit", type=click.IntRange(2, 20_000), help="Only the first so many.")
@click.option("--seed", type=int, default=1, show_default=True, help="What is drawn, from this.")
@click.option("--price", required=True, help="The day's price, as in 33.25.")
@click.option("--spread", type=click.IntRange(0, 199), default=60, help="Of prices, per mille.")
@click.option(
    "--falsified",
    type=click.IntRange(0, 1_000),
    default=20,
    show_default=True,
    help="Share of emitters that declare a tenth less, per mille.",
)
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("var/simulation"),
    show_default=True,
)
@click.option(
    "--without-chain",
    is_flag=True,
    help="Only the arithmetic: seconds for any number, where the chain takes about a minute for "
    "200 installations.",
)
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    help="Keep the chain, its book and keys in this new folder.  [default: removed afterwards]",
)
@click.option(
    "--clock-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="On a trial network: the file from which its machines take the time (docs/network.md).",
)
@click.pass_context
def year(
    ctx: click.Context,
    folder: Path,
    *,
    year: int,
    registry: str,
    jurisdiction: str,
    rules_year: int,
    limit: int | None,
    seed: int,
    price: str,
    spread: int,
    falsified: int,
    output: Path,
    without_chain: bool,
    data: Path | None,
    clock_file: Path | None,
) -> None:
    """Run the compliance year of real installations from FOLDER (eutl_*.csv) under stated rules.

    Admits, allocates, monitors, reports, verifies, trades in a double auction, surrenders, checks,
    rewards, penalises and rates, on an embedded chain of its own whose clock is put forward from
    deadline to deadline; compares every member's outcome with the rules' own arithmetic, and the
    rule's letters with the registry's. Writes a page, a CSV and a JSON file; exits with 1 where
    anything differs or the books do not balance. With --network or --rpc before the verb it runs on
    that chain, whose clock has to be one that can be put forward (--clock-file).
    """
    from tanlian.domain.credit_rating import load_rating_rules
    from tanlian.domain.incentives import load_rules
    from tanlian.domain.profiles import profile
    from tanlian.domain.year_simulation import YearRules, simulate_year
    from tanlian.services.eutl_files import select_members
    from tanlian.services.eutl_import import price_range
    from tanlian.services.price_files import price_to_ticks
    from tanlian.services.year_data import emitters_of
    from tanlian.services.year_report import year_csv, year_json, year_page

    rules = YearRules(
        profile=profile(jurisdiction, rules_year),
        incentives=load_rules(),
        rating=load_rating_rules(),
        prices=price_range(price_to_ticks(price), spread),
        seed=seed,
        falsified_per_mille=falsified,
    )
    selection = select_members(folder, registry=registry, year=year, limit=limit)
    result = simulate_year(emitters_of(selection), rules)
    chain = None if without_chain else _on_chain(data, rules, selection, target_of(ctx), clock_file)
    output.mkdir(parents=True, exist_ok=True)
    name = f"year-{registry}-{year}-{jurisdiction}"
    for suffix, text in (
        ("html", year_page(f"Compliance year {registry} {year}", result, rules, chain)),
        ("csv", year_csv(result, rules)),
        ("json", year_json(result, rules, chain)),
    ):
        (output / f"{name}.{suffix}").write_text(text, encoding="utf-8")
    agree, of = result.agreement
    short = sum(1 for member in result.members if member.shortfall_t)
    click.echo(
        f"{len(result.members)} installations, {len(result.trades)} pairs, {short} short; "
        f"{agree} of {of} codes as in the registry."
    )
    click.echo(f"Report: {output / name}.html")
    if not _tell(result, chain):
        ctx.exit(1)


def _on_chain(
    data: Path | None,
    rules: YearRules,
    selection: Selection,
    target: Target,
    clock_file: Path | None,
) -> YearOnChain:
    """Run the year on a chain in the folder, or in one that is removed afterwards."""
    import tempfile

    from tanlian.services.embedded_process import end_in_order
    from tanlian.services.narration import terminal
    from tanlian.services.year_run import run_year

    end_in_order()
    if data is not None:
        return run_year(data, rules, selection, terminal(), target=target, clock_file=clock_file)
    with tempfile.TemporaryDirectory(prefix="tanlian-year-") as folder:
        run = Path(folder) / "run"
        return run_year(run, rules, selection, terminal(), target=target, clock_file=clock_file)


def _tell(result: SimulatedYear, chain: YearOnChain | None) -> bool:
    """Say the verdict; return whether it is a good one."""
    if chain is None:
        click.echo(f"reconciled: carbon gap {result.gap_t} t")
        return result.balanced
    from tanlian.services.year_outcome import compare
    from tanlian.services.year_report import verdict_of

    compared = compare(chain.outcome, result)
    for difference in compared.differences[:MOST_SHOWN]:
        click.echo(f"DIFFERENCE {difference}")
    click.echo(f"{chain.gas_per_member:,} gas a member, deployment and opening left out.")
    words, good = verdict_of(result, chain, compared)
    click.echo(words)
    return good
