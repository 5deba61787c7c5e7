"""`tanlian duty`: a year's duty, its surrender and what follows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tanlian.commands.acting import looking
from tanlian.commands.verbs import add_verbs

if TYPE_CHECKING:
    from tanlian.services.access import Access


@click.group()
def duty() -> None:
    """Meet a duty, record shortfalls, carry over."""


@duty.command()
@click.argument("organisation")
@click.argument("year", type=click.IntRange(1970, 9999))
@looking
def show(access: Access, *, organisation: str, year: int) -> None:
    """Show an organisation's duty of a year, and the certificates of its surrender."""
    from tanlian.domain.moments import in_utc
    from tanlian.domain.units import show_tonnes
    from tanlian.services.duties import duty_of

    found = duty_of(access, organisation, year)
    click.echo(f"{found.name} ({found.organisation}), {year}: {found.code} {found.words}")
    rows = [("duty", found.duty_kg)] if found.accepted else []
    rows += [
        ("surrendered", found.surrendered_kg),
        ("  in time", found.in_time_kg),
        ("  offset credits", found.offsets_kg),
        ("still due", found.outstanding_kg),
        ("shortfall recorded", found.shortfall_kg),
        ("cut of the next allocation", found.cut_kg),
        ("carried over", found.carried_kg),
    ]
    for name, amount in rows:
        click.echo(f"  {name:<28}{show_tonnes(amount)}")
    click.echo(f"  {'deadline':<28}{in_utc(found.deadline_at)}")
    for certificate in found.certificates:
        late = "" if certificate.in_time else ", late"
        click.echo(
            f"  certificate {certificate.number}: {show_tonnes(certificate.amount_kg)}, "
            f"{in_utc(certificate.surrendered_at)}{late}, 0x{certificate.identity.hex()}"
        )


add_verbs(duty)
