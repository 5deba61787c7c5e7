"""`tanlian propose-allocation`."""

import csv
import sys
from fractions import Fraction
from pathlib import Path

import click


@click.command("propose-allocation")
@click.argument("units", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--year", required=True, type=click.IntRange(1970, 9999), help="Whose benchmarks are taken."
)
@click.option(
    "--percent",
    type=click.IntRange(1, 100),
    default=100,
    show_default=True,
    help="Share that is allocated beforehand, such as 70.",
)
def propose_allocation(*, units: Path, year: int, percent: int) -> None:
    """Calculate what a table of units is entitled to, and print it as `allocate --file` reads it.

    UNITS is a CSV file, one line a unit. For power units (benchmark method): organisation,
    unit_class (I to IV), electricity_mwh, and where they apply heat_gj, cooling, heat_ratio,
    load_percent, cogeneration (yes). For steel, cement and aluminium: organisation, method
    (balance), emissions_t, intensity, balance. Nothing is sent to the chain.
    """
    from tanlian.domain.allocation_methods import benchmarks
    from tanlian.services.allocation_proposals import propose

    proposals = propose(units, year, Fraction(percent))
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(["organisation", "tonnes"])
    writer.writerows((one.organisation, one.tonnes) for one in proposals)
    figures = benchmarks()["years"].get(str(year))
    status = "" if figures is None else f"; benchmarks of {year}: status {figures['status']}"
    click.echo(
        f"{sum(one.units for one in proposals)} units of {len(proposals)} organisations, "
        f"{sum(one.tonnes for one in proposals):,} t{status}",
        err=True,
    )
