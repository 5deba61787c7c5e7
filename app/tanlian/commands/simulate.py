"""`tanlian simulate`: what rules do to a population before they are put in force."""

from pathlib import Path

import click


@click.group()
def simulate() -> None:
    """Compute what rules would come to, without a chain."""


@simulate.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--year", type=int, required=True, help="Compliance year in the data.")
@click.option("--registry", required=True, help="Two capital letters, as in DE.")
@click.option("--rules", "jurisdiction", default="eu", show_default=True, help="cn or eu.")
@click.option("--rules-year", type=int, default=2024, show_default=True)
@click.option("--limit", type=click.IntRange(2, 20_000), help="Only the first so many.")
@click.option("--seed", type=int, default=1, show_default=True, help="What is drawn, from this.")
@click.option("--price", required=True, help="The day's price, as in 33.25.")
@click.option("--spread", type=click.IntRange(0, 999), default=60, help="Of prices, per mille.")
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
) -> None:
    """Run the compliance year of real installations from FOLDER (eutl_*.csv) under stated rules.

    Allocates, reports, trades in a double auction, surrenders, rewards, penalises and rates; then
    compares the rule's letters with the registry's. Writes a page, a CSV and a JSON file.
    """
    from tanlian.domain.credit_rating import load_rating_rules
    from tanlian.domain.incentives import load_rules
    from tanlian.domain.profiles import profile
    from tanlian.domain.trading_need import PriceRange
    from tanlian.domain.year_simulation import YearRules, simulate_year
    from tanlian.services.eutl_files import select_members
    from tanlian.services.price_files import price_to_ticks
    from tanlian.services.year_data import emitters_of
    from tanlian.services.year_report import year_csv, year_json, year_page

    middle = price_to_ticks(price)
    width = middle * spread // 1_000
    rules = YearRules(
        profile=profile(jurisdiction, rules_year),
        incentives=load_rules(),
        rating=load_rating_rules(),
        prices=PriceRange(middle, width, max(1, middle - width), middle + width),
        seed=seed,
        falsified_per_mille=falsified,
    )
    selection = select_members(folder, registry=registry, year=year, limit=limit)
    result = simulate_year(emitters_of(selection), rules)
    output.mkdir(parents=True, exist_ok=True)
    name = f"year-{registry}-{year}-{jurisdiction}"
    for suffix, text in (
        ("html", year_page(f"Compliance year {registry} {year}", result, rules)),
        ("csv", year_csv(result, rules)),
        ("json", year_json(result, rules)),
    ):
        (output / f"{name}.{suffix}").write_text(text, encoding="utf-8")
    agree, of = result.agreement
    short = sum(1 for member in result.members if member.shortfall_t)
    click.echo(
        f"{len(result.members)} installations, {len(result.trades)} pairs, {short} short; "
        f"{agree} of {of} codes as in the registry."
    )
    click.echo(f"Report: {output / name}.html")
    click.echo(f"reconciled: carbon gap {result.gap_t} t")
    if not result.balanced:
        ctx.exit(1)
