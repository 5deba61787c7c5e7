"""`tanlian emissions`: factor sets, reports, verification and acceptance."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tanlian.commands.acting import acting, document_option, done, looking
from tanlian.commands.monitoring import NUMBER, REASON, YEAR, start_of

if TYPE_CHECKING:
    from tanlian.chain.transactions import Sender
    from tanlian.services.access import Access

ORGANISATION = click.argument("organisation")
ACTIVITY = click.argument("activity", type=click.Path(exists=True, dir_okay=False, path_type=Path))
VERSION = click.option("--version", required=True, type=NUMBER, help="The report's version.")
STATES = (
    "nothing reported", "submitted", "with the verifier", "rejected", "corrected", "endorsed",
    "objected to", "estimated", "accepted",
)  # fmt: skip
DAY = 86_400


@click.group()
def emissions() -> None:
    """Report, verify and accept emissions. ACTIVITY is a CSV file of activity data."""


def _id(access: Access, name: str) -> int:
    from tanlian.services.organisations import organisation

    return organisation(access, name).id


def _lines(path: Path) -> list[tuple[object, ...]]:
    from tanlian.services.activity_files import call_lines, load_activity

    return call_lines(load_activity(path))


def _act(access: Access, sender: Sender, sentence: str, function: str, *arguments: Any) -> None:
    done(sentence, access.act(sender, "emissions", function, *arguments))


@emissions.command("load-factors")
@click.argument("name")
@acting
def load_factors(access: Access, sender: Sender, name: str) -> None:
    """Load and seal a published factor set (regulator)."""
    from tanlian.domain.factor_set import factor_set
    from tanlian.services.factor_loading import load_factor_set

    published = factor_set(name)
    number = load_factor_set(access, sender, published)
    click.echo(f"{published.title} is factor set {number}; weakest status {published.status.name}.")


@emissions.command("open-year")
@YEAR
@click.option("--factors", required=True, help="Name of the factor set.")
@click.option("--gases", required=True, help="Name of the set of warming potentials.")
@click.option("--report-days", default=90, show_default=True, help="After the year's end.")
@click.option("--verify-days", default=60, show_default=True)
@click.option("--correction-days", default=30, show_default=True)
@click.option("--objection-days", default=7, show_default=True)
@click.option("--most-years", default=3, show_default=True, help="One verifier, running.")
@acting
def open_year(access: Access, sender: Sender, *, year: int, **rules: Any) -> None:
    """Fix the rules of a reporting year (regulator)."""
    methods = access.contracts["methods"]
    sets = [int(methods.read("set_named", rules[name])) for name in ("factors", "gases")]
    spans = [rules[f"{name}_days"] * DAY for name in ("verify", "correction", "objection")]
    report_by = start_of(year + 1) + rules["report_days"] * DAY - 1
    calendar = (report_by, *spans, rules["most_years"], *sets)
    _act(access, sender, f"{year} is open for reports.", "open_year", year, calendar)


@emissions.command()
@YEAR
@ACTIVITY
@document_option
@click.option("--amend", is_flag=True, help="Amend a report that the verifier rejected.")
@acting
def report(
    access: Access, sender: Sender, *, year: int, activity: Path, document: bytes, amend: bool
) -> None:
    """Report a year (emitter)."""
    function = "amend" if amend else "report"
    receipt = access.act(sender, "emissions", function, year, _lines(activity), document)
    event = access.event(receipt, "emissions", "ReportSubmitted")
    done(f"Version {event['version']} for {year}: {event['reported_kg']} kg CO2e.", receipt)


@emissions.command()
@ORGANISATION
@YEAR
@click.argument("verifier")
@acting
def assign(access: Access, sender: Sender, *, organisation: str, year: int, verifier: str) -> None:
    """Assign a verifier to a report (regulator)."""
    arguments = (_id(access, organisation), year, _id(access, verifier))
    _act(access, sender, f"{verifier} verifies {organisation} for {year}.", "assign", *arguments)


@emissions.command()
@ORGANISATION
@YEAR
@VERSION
@document_option
@acting
def endorse(
    access: Access, sender: Sender, *, organisation: str, year: int, version: int, document: bytes
) -> None:
    """Endorse the reported figure (verifier)."""
    arguments = (_id(access, organisation), year, version, document)
    _act(access, sender, f"Version {version} is endorsed.", "endorse", *arguments)


@emissions.command()
@ORGANISATION
@YEAR
@ACTIVITY
@VERSION
@REASON
@document_option
@acting
def correct(
    access: Access, sender: Sender, *, organisation: str, year: int, activity: Path, version: int,
    reason: str, document: bytes,
) -> None:  # fmt: skip
    """State other activity data than the emitter (verifier)."""
    arguments = (_id(access, organisation), year, version, _lines(activity), reason, document)
    _act(access, sender, f"Version {version} is corrected.", "correct", *arguments)


@emissions.command()
@ORGANISATION
@YEAR
@VERSION
@REASON
@document_option
@acting
def reject(
    access: Access, sender: Sender, *, organisation: str, year: int, version: int, reason: str,
    document: bytes,
) -> None:  # fmt: skip
    """Return a report to its emitter (verifier)."""
    arguments = (_id(access, organisation), year, version, reason, document)
    _act(access, sender, f"Version {version} is rejected.", "reject", *arguments)


@emissions.command()
@ORGANISATION
@YEAR
@click.argument("kilograms", type=click.IntRange(min=0))
@REASON
@document_option
@acting
def estimate(
    access: Access, sender: Sender, *, organisation: str, year: int, kilograms: int, reason: str,
    document: bytes,
) -> None:  # fmt: skip
    """State a conservative figure where time ran out (regulator, or the assigned verifier)."""
    arguments = (_id(access, organisation), year, kilograms, reason, document)
    _act(access, sender, f"{kilograms} kg are estimated.", "estimate", *arguments)


@emissions.command()
@YEAR
@acting
def agree(access: Access, sender: Sender, *, year: int) -> None:
    """Agree to a corrected or estimated figure (emitter)."""
    _act(access, sender, f"The figure for {year} is agreed to.", "agree", year)


@emissions.command("object")
@YEAR
@REASON
@document_option
@acting
def object_(access: Access, sender: Sender, *, year: int, reason: str, document: bytes) -> None:
    """Object to a corrected or estimated figure (emitter)."""
    arguments = (year, reason, document)
    _act(access, sender, "The objection is raised.", "object_to_figure", *arguments)


@emissions.command()
@ORGANISATION
@YEAR
@click.option("--upheld/--dismissed", required=True)
@REASON
@document_option
@acting
def decide(
    access: Access, sender: Sender, *, organisation: str, year: int, upheld: bool, reason: str,
    document: bytes,
) -> None:  # fmt: skip
    """Decide an objection (regulator)."""
    arguments = (_id(access, organisation), year, upheld, reason, document)
    sentence = f"The objection is {'upheld' if upheld else 'dismissed'}."
    _act(access, sender, sentence, "decide_objection", *arguments)


@emissions.command()
@ORGANISATION
@YEAR
@click.argument("kilograms", type=click.IntRange(min=0))
@document_option
@acting
def accept(
    access: Access, sender: Sender, *, organisation: str, year: int, kilograms: int, document: bytes
) -> None:
    """Make the verified figure final, naming it (regulator)."""
    arguments = (_id(access, organisation), year, kilograms, document)
    _act(access, sender, f"{kilograms} kg for {year} are accepted.", "accept", *arguments)


@emissions.command()
@ORGANISATION
@YEAR
@REASON
@document_option
@acting
def reexamine(
    access: Access, sender: Sender, *, organisation: str, year: int, reason: str, document: bytes
) -> None:
    """Open an accepted figure again (regulator)."""
    arguments = (_id(access, organisation), year, reason, document)
    _act(access, sender, "The figure is open again.", "reexamine", *arguments)


@emissions.command()
@ORGANISATION
@YEAR
@looking
def show(access: Access, *, organisation: str, year: int) -> None:
    """Show where a report stands, and the gap between its figures."""
    record = access.contracts["emissions"].read("record_of", _id(access, organisation), year)
    click.echo(f"{STATES[record.status]}, version {record.version}")
    for name in ("declared_kg", "reported_kg", "verified_kg", "accepted_kg"):
        click.echo(f"{name:<12} {getattr(record, name)}")
    click.echo(f"{'measured_kg':<12} {record.measured_g // 1_000}")
