"""`tanlian monitoring`: years, sources, plans, devices and gateways' logbooks."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from tanlian.commands.acting import acting, document_option, done
from tanlian.commands.verbs import add_verbs

if TYPE_CHECKING:
    from tanlian.chain.transactions import Receipt, Sender
    from tanlian.services.access import Access

YEAR = click.argument("year", type=click.IntRange(1970, 9999))
NUMBER = click.IntRange(min=1)
REASON = click.option("--reason", required=True, help="Why, in words; at most 160 bytes.")


def start_of(year: int) -> int:
    """The first second of a calendar year, UTC."""
    return int(datetime(year, 1, 1, tzinfo=UTC).timestamp())


@click.group()
def monitoring() -> None:
    """Register what is measured: sources, plans, devices, gateways."""


def _act(access: Access, sender: Sender, sentence: str, function: str, *arguments: Any) -> Receipt:
    receipt = access.act(sender, "monitoring", function, *arguments)
    done(sentence, receipt)
    return receipt


@monitoring.command("open-year")
@YEAR
@acting
def open_year(access: Access, sender: Sender, year: int) -> None:
    """Open a calendar year for monitoring (regulator)."""
    span = (start_of(year), start_of(year + 1))
    _act(access, sender, f"{year} is open for monitoring.", "open_year", year, *span)


@monitoring.command()
@click.argument("name")
@acting
def source(access: Access, sender: Sender, name: str) -> None:
    """Register an emission source (emitter)."""
    receipt = access.act(sender, "monitoring", "register_source", name)
    number = access.event(receipt, "monitoring", "SourceRegistered")["source"]
    done(f"{name} is source {number}.", receipt)


@monitoring.command()
@click.argument("source", type=NUMBER)
@click.argument("address")
@click.argument("name")
@acting
def device(access: Access, sender: Sender, *, source: int, address: str, name: str) -> None:
    """Register a device of a SOURCE by the ADDRESS of its key (emitter)."""
    receipt = access.act(sender, "monitoring", "register_device", source, address, name)
    number = access.event(receipt, "monitoring", "DeviceRegistered")["device"]
    done(f"{name} is device {number} of source {source}.", receipt)


@monitoring.command("replace-key")
@click.argument("device", type=NUMBER)
@click.argument("address")
@REASON
@acting
def replace_key(access: Access, sender: Sender, *, device: int, address: str, reason: str) -> None:
    """Give a device another key (emitter)."""
    sentence = f"Device {device} signs with {address} from now on."
    _act(access, sender, sentence, "replace_device_key", device, address, reason)


@monitoring.command()
@click.argument("device", type=NUMBER)
@REASON
@acting
def retire(access: Access, sender: Sender, *, device: int, reason: str) -> None:
    """Take a device out of use (emitter)."""
    _act(access, sender, f"Device {device} is retired.", "retire_device", device, reason)


@monitoring.command("file-plan")
@YEAR
@document_option
@acting
def file_plan(access: Access, sender: Sender, *, year: int, document: bytes) -> None:
    """File the monitoring plan of a year (emitter)."""
    receipt = access.act(sender, "monitoring", "file_plan", year, document)
    version = access.event(receipt, "monitoring", "PlanFiled")["version"]
    done(f"Version {version} of the plan for {year} is filed.", receipt)


@monitoring.command("approve-plan")
@click.argument("organisation")
@YEAR
@click.option("--version", required=True, type=NUMBER)
@acting
def approve_plan(
    access: Access, sender: Sender, *, organisation: str, year: int, version: int
) -> None:
    """Approve an organisation's plan (regulator)."""
    from tanlian.services.organisations import organisation as found

    org = found(access, organisation)
    sentence = f"The plan of {org.name} for {year} is approved."
    _act(access, sender, sentence, "approve_plan", org.id, year, version)


@monitoring.command()
@YEAR
@click.argument("gateway")
@acting
def logbook(access: Access, sender: Sender, *, year: int, gateway: str) -> None:
    """Open the logbook of a GATEWAY's address for a year (emitter)."""
    receipt = access.act(sender, "monitoring", "open_logbook", year, gateway)
    first = access.event(receipt, "monitoring", "LogbookOpened")["first_hour"]
    done(f"The logbook of {gateway} for {year} begins with hour {first}.", receipt)


add_verbs(monitoring)
