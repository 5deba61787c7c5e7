"""`tanlian gateway`: take readings from devices, keep them, anchor them."""

import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tanlian.commands.acting import acting
from tanlian.domain.reading import SECONDS_PER_HOUR

if TYPE_CHECKING:
    from tanlian.chain.transactions import Sender
    from tanlian.services.access import Access
    from tanlian.services.gateway.settings import GatewaySettings

_SETTINGS = click.argument("settings", type=click.Path(exists=True, dir_okay=False, path_type=Path))


@click.group()
def gateway() -> None:
    """Take readings from devices, keep them, anchor them.

    SETTINGS is the TOML file that describes the gateway; docs/emissions.md explains it.
    """


def _opened(path: Path) -> "GatewaySettings":
    from tanlian.services.gateway.settings import GatewaySettings

    return GatewaySettings.load(path)


def _now() -> int:
    return int(time.time())


@gateway.command()
@_SETTINGS
@click.option("--once", is_flag=True, help="Close and anchor what is due, then end.")
@acting
def run(access: "Access", sender: "Sender", settings: Path, once: bool) -> None:
    """Serve HTTP and MQTT, and anchor batches as they fall due."""
    from tanlian.services.gateway.anchoring import ChainAnchoring
    from tanlian.services.gateway.service import GatewayService

    described = _opened(settings)
    chain = ChainAnchoring(access.contracts, sender, described.year)
    opened = described.open(_now)
    if once:
        opened.close_due()
        click.echo(f"{len(opened.anchor_due(chain))} batches anchored.")
        return
    service = GatewayService(described, opened, chain)

    def say(count: int) -> None:
        if count:
            click.echo(f"{count} batches anchored.")

    try:
        service.run(say)
    except KeyboardInterrupt:
        service.stop()


@gateway.command("import")
@_SETTINGS
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.pass_context
def import_(ctx: click.Context, settings: Path, file: Path) -> None:
    """Take signed readings from a CSV file; exit with 1 if any was put aside."""
    from tanlian.services.gateway.store import Taken
    from tanlian.services.reading_files import ReadingFile, SignedReading

    opened = _opened(settings).open(_now)
    loaded = ReadingFile.load(file)
    with opened.store.together():
        answers = [
            opened.take(SignedReading(r, loaded.signatures.get(r.key, b"")), f"csv {file.name}")
            for r in loaded.readings
        ]
    for kind in Taken:
        click.echo(f"{sum(a.taken is kind for a in answers)} {kind.value}")
    if any(a.taken is Taken.QUARANTINED for a in answers):
        ctx.exit(1)


@gateway.command()
@_SETTINGS
def quarantine(settings: Path) -> None:
    """List what was put aside, with the reasons."""
    for aside in _opened(settings).open(_now).store.quarantine():
        click.echo(f"{aside.number}  {aside.origin}  {aside.reason.value}  {aside.detail}")


@gateway.command()
@_SETTINGS
@click.argument("readings", type=click.Path(dir_okay=False, path_type=Path))
@click.argument("anchors", type=click.Path(dir_okay=False, path_type=Path))
def export(settings: Path, readings: Path, anchors: Path) -> None:
    """Write the readings of all anchored batches, and the anchors, as CSV for `tanlian locate`."""
    from tanlian.services.reading_files import write_anchors, write_readings

    store = _opened(settings).open(_now).store
    anchored = store.batches(anchored=True)
    found = [one for a in anchored for one in store.readings(a.first_hour, a.hours)]
    write_readings(readings, found)
    write_anchors(anchors, anchored)
    click.echo(f"{len(found)} readings in {len(anchored)} batches written.")


@gateway.command()
@_SETTINGS
@click.option(
    "--period",
    type=click.Choice(["batch", "day", "month", "year"]),
    default="month",
    show_default=True,
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of lines.")
def roots(settings: Path, period: str, as_json: bool) -> None:
    """Print the roots of days, months or the year over what is anchored.

    Whoever holds the same root holds the same readings of that period.
    """
    from tanlian.proofs.logbook import Batch
    from tanlian.proofs.period_roots import Period, period_roots

    anchored = _opened(settings).open(_now).store.batches(anchored=True)
    batches = [Batch(a.first_hour, a.hours, a.root) for a in anchored]
    found = period_roots(batches, Period(period))
    if as_json:
        click.echo(
            json.dumps(
                [
                    {
                        "first_hour": one.first_hour,
                        "hours": one.hours,
                        "root": "0x" + one.root.digest.hex(),
                        "mass_g": one.root.mass_g,
                        "count": one.root.count,
                    }
                    for one in found
                ],
                indent=1,
            )
        )
        return
    for one in found:
        begin = datetime.fromtimestamp(one.first_hour * SECONDS_PER_HOUR, UTC)
        click.echo(
            f"{begin:%Y-%m-%d %H:%M}  {one.hours:>4} h  0x{one.root.digest.hex()}  "
            f"{one.root.mass_g} g  {one.root.count} readings"
        )
