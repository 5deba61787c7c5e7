"""`tanlian admit`, `grant`, `revoke`, `suspend`, `reinstate`, `replace-key`, `organisation`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from tanlian.commands.acting import ROLES, acting, document_option, done, looking
from tanlian.domain.roles import Role, role_names

if TYPE_CHECKING:
    from tanlian.chain.transactions import Sender
    from tanlian.services.access import Access

NAME = click.argument("organisation")
REASON = click.option("--reason", required=True, help="Why; it stands on chain for everyone.")


@click.command()
@click.option("--identity", required=True, help="Permanent identifier, e.g. social credit code.")
@click.option("--name", required=True)
@click.option("--roles", required=True, type=ROLES, help="E.g. emitter,trader.")
@click.option("--sector", type=click.IntRange(0, 65_535), default=0, show_default=True)
@click.option("--region", type=click.IntRange(0, 65_535), default=0, show_default=True)
@click.option("--account", required=True, help="Address of its first key.")
@click.option("--certificate", type=click.Path(dir_okay=False, path_type=Path), help="PEM file.")
@acting
def admit(
    access: Access,
    sender: Sender,
    *,
    identity: str,
    name: str,
    roles: Role,
    sector: int,
    region: int,
    account: str,
    certificate: Path | None,
) -> None:
    """Admit an organisation (regulator)."""
    from tanlian.services.organisations import Admission
    from tanlian.services.organisations import admit as admit_it
    from tanlian.services.protocol import fingerprint

    proof = fingerprint(certificate) if certificate else None
    org_id = admit_it(
        access, sender, Admission(identity, name, roles, sector, region, account, proof)
    )
    click.echo(f"Admitted {name} as organisation {org_id}.")


@click.command()
@NAME
@click.option("--roles", required=True, type=ROLES)
@document_option
@acting
def grant(
    access: Access, sender: Sender, *, organisation: str, roles: Role, document: bytes
) -> None:
    """Grant roles to an organisation (regulator)."""
    from tanlian.services.organisations import grant_roles

    receipt = grant_roles(access, sender, organisation, roles, document)
    done(f"{organisation} has got {', '.join(role_names(roles))}.", receipt)


@click.command()
@NAME
@click.option("--roles", required=True, type=ROLES)
@document_option
@acting
def revoke(
    access: Access, sender: Sender, *, organisation: str, roles: Role, document: bytes
) -> None:
    """Take roles from an organisation (regulator)."""
    from tanlian.services.organisations import revoke_roles

    receipt = revoke_roles(access, sender, organisation, roles, document)
    done(f"{organisation} has lost {', '.join(role_names(roles))}.", receipt)


@click.command()
@NAME
@REASON
@acting
def suspend(access: Access, sender: Sender, *, organisation: str, reason: str) -> None:
    """Suspend an organisation: it exercises no new right (regulator)."""
    from tanlian.services import organisations

    receipt = organisations.suspend(access, sender, organisation, reason)
    done(f"Suspended {organisation}.", receipt)


@click.command()
@NAME
@REASON
@acting
def reinstate(access: Access, sender: Sender, *, organisation: str, reason: str) -> None:
    """End an organisation's suspension (regulator)."""
    from tanlian.services import organisations

    receipt = organisations.reinstate(access, sender, organisation, reason)
    done(f"Reinstated {organisation}.", receipt)


@click.group()
def replace_key() -> None:
    """Replace a lost or stolen key under two approvals."""


@replace_key.command()
@click.argument("old")
@click.argument("new")
@click.option("--stolen/--lost", required=True, help="A stolen key is replaced without delay.")
@REASON
@acting
def propose(
    access: Access, sender: Sender, *, old: str, new: str, stolen: bool, reason: str
) -> None:
    """Propose that account NEW takes the place of account OLD: the first approval."""
    from tanlian.services.organisations import propose_replacement

    number = propose_replacement(access, sender, old, new, stolen=stolen, reason=reason)
    click.echo(f"Proposed replacement {number}; a second organisation must approve it.")


def _decision(verb: str, sentence: str, summary: str) -> None:
    @replace_key.command(name=verb, help=summary)
    @click.argument("replacement", type=click.IntRange(1))
    @acting
    def decide(access: Access, sender: Sender, *, replacement: int) -> None:
        from tanlian.services.organisations import decide_replacement

        receipt = decide_replacement(access, sender, verb, replacement)
        done(sentence.format(replacement), receipt)


_decision("approve", "Approved replacement {}.", "Approve a replacement: the second approval.")
_decision("complete", "Completed replacement {}.", "Complete it once nobody can veto any more.")
_decision("veto", "Vetoed replacement {}.", "Prove with the old key that it is not lost.")
_decision("withdraw", "Withdrew replacement {}.", "Withdraw a proposal.")


@click.command()
@NAME
@looking
def organisation(access: Access, *, organisation: str) -> None:
    """Show an organisation, by id, account, name or identifier."""
    from tanlian.services import organisations

    found = organisations.organisation(access, organisation)
    click.echo(f"{found.id}  {found.name}")
    click.echo(f"  roles     {', '.join(role_names(found.roles))}")
    click.echo(f"  sector    {found.sector}   region {found.region}")
    click.echo(f"  standing  {'active' if found.active else 'suspended'}")
    for account in found.accounts:
        click.echo(f"  account   {account}")
