"""`tanlian calibre`: calculated against measured against declared."""

import json
from pathlib import Path

import click

from tanlian.commands.acting import Parsed, case_of, target_of
from tanlian.domain.errors import InvalidInput

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


def _share(text: str) -> int:
    """A percentage as parts per million."""
    from tanlian.domain.factor_set import scaled

    try:
        ppm = scaled(text.strip().removesuffix("%").strip() or "none", 10_000)
    except InvalidInput as error:
        raise InvalidInput(f"{text!r} is no percentage such as 5 or 2.5%.") from error
    if ppm > 1_000_000:
        raise InvalidInput(f"{text!r} is more than 100 %.")
    return ppm


PERCENT = Parsed("percent", _share)


@click.command()
@click.argument("activity", type=_FILE)
@click.argument("readings", type=_FILE, nargs=-1)
@click.option("--devices", type=_FILE, help="CSV of the devices that should have measured.")
@click.option("--declared", type=click.IntRange(min=0), metavar="KG", help="The declared figure.")
@click.option(
    "--case",
    metavar="ORGANISATION-YEAR",
    help="Take the declared figure, the anchored mass and the factor sets from the chain.",
)
@click.option("--factors", help="Factor set, where no --case names it.  [default: cn-power-2022]")
@click.option("--gases", help="Set of warming potentials, likewise.  [default: gwp-ar5]")
@click.option(
    "--tolerance", type=PERCENT, metavar="PERCENT", help="Instead of that of the rules, such as 2."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of sentences.")
@click.pass_context
def calibre(
    ctx: click.Context,
    *,
    activity: Path,
    readings: tuple[Path, ...],
    devices: Path | None,
    declared: int | None,
    case: str | None,
    factors: str | None,
    gases: str | None,
    tolerance: int | None,
    as_json: bool,
) -> None:
    """Compare calculated, measured and declared emissions; exit with 1 if a gap is too large.

    ACTIVITY is a CSV file of activity data, READINGS are CSV files as `tanlian gateway export`
    writes them. With the columns source and month in ACTIVITY each source and month is compared,
    without them the organisation's year.
    """
    from tanlian.services.access import open_access
    from tanlian.services.activity_files import load_entries
    from tanlian.services.calibre import (
        FACTORS,
        GASES,
        CalibreCase,
        as_on_chain,
        compare,
        lines_of,
        plain,
    )  # fmt: skip
    from tanlian.services.reading_files import ReadingFile, load_devices

    if case and (declared is not None or factors or gases):
        raise click.UsageError("--case takes these from the chain: leave out --declared, "
                               "--factors and --gases.")  # fmt: skip
    described = CalibreCase(
        load_entries(activity),
        [one for path in readings for one in ReadingFile.load(path).readings],
        load_devices(devices) if devices else {},
        declared,
        factors=factors or FACTORS,
        gases=gases or GASES,
    )
    if case:
        described = as_on_chain(open_access(target_of(ctx)), *case_of(case), described)
    found = compare(described, tolerance)
    if as_json:
        click.echo(json.dumps(plain(found), indent=1))
    else:
        for line in lines_of(found):
            click.echo(line)
    if found.exceeds:
        ctx.exit(1)
