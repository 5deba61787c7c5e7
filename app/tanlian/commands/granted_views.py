"""`tanlian grants`, `tanlian may-view`: who may see what of whom.

`grant-view` and `revoke-view` come from the catalogue of acts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tanlian.commands.acting import looking

if TYPE_CHECKING:
    from tanlian.domain.supervision import Extent, GrantedView
    from tanlian.services.access import Access

# as in `domain.supervision.ViewKind`, which is not imported for --help
KINDS = ("reports", "readings", "holdings", "trades", "duties", "coins", "documents")


@click.command()
@click.argument("organisation", required=False)
@looking
def grants(access: Access, *, organisation: str | None) -> None:
    """List the views granted to an organisation, or to all."""
    from tanlian.services import supervision

    now = access.connection.now()
    found = supervision.grants(access, organisation)
    for one in found:
        click.echo(_line(one, now))
    if not found:
        click.echo("no grants")


@click.command("may-view")
@click.argument("viewer")
@click.argument("kind", type=click.Choice(KINDS))
@click.argument("subject")
@click.argument("year", type=click.IntRange(1, 9_999))
@looking
def may_view(access: Access, *, viewer: str, kind: str, subject: str, year: int) -> None:
    """Ask the contract whether VIEWER may see one KIND of data of SUBJECT for YEAR now.

    Ends with 1 where the answer is no.
    """
    from tanlian.domain.supervision import ViewKind
    from tanlian.services import supervision

    allowed = supervision.may_view(access, viewer, ViewKind[kind.upper()], subject, year)
    click.echo("yes" if allowed else "no")
    if not allowed:
        raise click.exceptions.Exit(1)


def _line(one: GrantedView, now: int) -> str:
    from tanlian.domain.moments import in_utc
    from tanlian.domain.supervision import ViewKind

    state = f"until {in_utc(one.expires_at)}"
    if one.revoked_at:
        state = f"revoked {in_utc(one.revoked_at)}"
    elif not one.is_in_force(now):
        state = f"expired {in_utc(one.expires_at)}"
    kinds = ", ".join(str(kind.name).lower() for kind in ViewKind if kind & one.extent.kinds)
    return (
        f"grant {one.number}: to organisation {one.grantee}: {kinds} of {_whom(one.extent)}, "
        f"{one.extent.first_year} to {one.extent.last_year}, {state}"
    )


def _whom(extent: Extent) -> str:
    from tanlian.domain.supervision import Scope

    return {
        Scope.EVERYONE: "all organisations",
        Scope.REGION: f"region {extent.region}",
        Scope.SECTOR: f"sector {extent.sector}",
        Scope.SECTOR_OF_REGION: f"sector {extent.sector} of region {extent.region}",
        Scope.ORGANISATION: f"organisation {extent.subject}",
    }[extent.scope]
