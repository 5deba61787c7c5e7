"""`tanlian locate`: name every reading in which two copies of a period differ."""

import json
from pathlib import Path

import click

from tanlian.commands.acting import case_of, target_of

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.argument("first", type=_FILE)
@click.argument("second", type=_FILE)
@click.option("--devices", type=_FILE, help="CSV of the devices and their registered signers.")
@click.option("--anchors", type=_FILE, help="CSV of the anchored roots with their transactions.")
@click.option(
    "--case",
    metavar="ORGANISATION-YEAR",
    help="Take devices and anchored roots from the chain instead of from files.",
)
@click.option("--gateway", metavar="ADDRESS", help="Whose batches, where there are several.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of sentences.")
@click.pass_context
def locate(  # noqa: PLR0917  click passes by name
    ctx: click.Context,
    first: Path,
    second: Path,
    devices: Path | None,
    anchors: Path | None,
    case: str | None,
    gateway: str | None,
    as_json: bool,
) -> None:
    """Compare two copies of a period's readings; exit with 1 if they differ from one another or
    from what was anchored.

    FIRST and SECOND are CSV files of readings, as `tanlian gateway export` writes them. Give one
    file twice to hold it against the chain alone.
    """
    from tanlian.services.access import open_access
    from tanlian.services.lie_location import compare_copies
    from tanlian.services.reading_files import ReadingFile, load_anchors, load_devices
    from tanlian.services.registered_devices import anchored_batches, devices_of

    if case:
        if devices or anchors:
            raise click.UsageError("--case takes these from the chain: leave out --devices and "
                                   "--anchors.")  # fmt: skip
        access, (org_id, year) = open_access(target_of(ctx)), case_of(case)
        registered = devices_of(access, org_id)
        roots = anchored_batches(access, org_id, year, gateway)
    else:
        registered = load_devices(devices) if devices else {}
        roots = load_anchors(anchors) if anchors else {}
    found = compare_copies(ReadingFile.load(first), ReadingFile.load(second), registered, roots)
    if as_json:
        click.echo(
            json.dumps(
                {
                    "comparisons": found.comparisons,
                    "readings": found.readings,
                    "not_as_anchored": found.not_as_anchored,
                    "differences": [finding.as_dict() for finding in found.findings],
                },
                indent=1,
            )
        )
    else:
        for finding in found.findings:
            click.echo(finding.sentence())
        for name, batches in zip((first, second), found.not_as_anchored, strict=True):
            if batches:
                click.echo(f"{name}: {len(batches)} batches are not as anchored.")
        click.echo(
            f"{len(found.findings)} of {max(found.readings)} readings differ, "
            f"found with {found.comparisons} comparisons."
        )
    if found.findings or any(found.not_as_anchored):
        ctx.exit(1)
