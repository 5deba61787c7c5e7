"""`tanlian locate`: name every reading in which two copies of a period differ."""

import json
from pathlib import Path

import click

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.argument("first", type=_FILE)
@click.argument("second", type=_FILE)
@click.option("--devices", type=_FILE, help="CSV of the devices and their registered signers.")
@click.option("--anchors", type=_FILE, help="CSV of the anchored roots with their transactions.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of sentences.")
@click.pass_context
def locate(  # noqa: PLR0917  click passes by name
    ctx: click.Context,
    first: Path,
    second: Path,
    devices: Path | None,
    anchors: Path | None,
    as_json: bool,
) -> None:
    """Compare two copies of a period's readings; exit with 1 if they differ.

    FIRST and SECOND are CSV files of readings, as `tanlian gateway export` writes them.
    """
    from tanlian.services.lie_location import compare_copies
    from tanlian.services.reading_files import ReadingFile, load_anchors, load_devices

    found = compare_copies(
        ReadingFile.load(first),
        ReadingFile.load(second),
        load_devices(devices) if devices else None,
        load_anchors(anchors) if anchors else None,
    )
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
    if found.findings:
        ctx.exit(1)
