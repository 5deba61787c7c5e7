"""`tanlian freeze`, `unfreeze`, `freeze-all`, `unfreeze-all`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tanlian.commands.acting import INSTRUMENT, TONNES, acting, done
from tanlian.commands.membership import NAME, REASON
from tanlian.domain.units import show_tonnes

if TYPE_CHECKING:
    from tanlian.chain.transactions import Sender
    from tanlian.domain.instrument import Instrument
    from tanlian.services.access import Access


@click.command()
@NAME
@click.argument("instrument", type=INSTRUMENT)
@click.argument("tonnes", type=TONNES)
@REASON
@acting
def freeze(
    access: Access,
    sender: Sender,
    *,
    organisation: str,
    instrument: Instrument,
    tonnes: int,
    reason: str,
) -> None:
    """Freeze units of an organisation, also such as come later (regulator)."""
    from tanlian.services import freezing

    frozen = freezing.freeze(
        access,
        sender,
        organisation,
        instrument=instrument.token_id,
        amount_kg=tonnes,
        reason=reason,
    )
    click.echo(
        f"Froze {show_tonnes(tonnes)} of {instrument.symbol} of {organisation}; "
        f"{show_tonnes(frozen)} frozen now."
    )


@click.command()
@NAME
@click.argument("instrument", type=INSTRUMENT)
@click.argument("tonnes", type=TONNES)
@REASON
@acting
def unfreeze(
    access: Access,
    sender: Sender,
    *,
    organisation: str,
    instrument: Instrument,
    tonnes: int,
    reason: str,
) -> None:
    """Let frozen units of an organisation go (regulator)."""
    from tanlian.services import freezing

    frozen = freezing.unfreeze(
        access,
        sender,
        organisation,
        instrument=instrument.token_id,
        amount_kg=tonnes,
        reason=reason,
    )
    click.echo(
        f"Unfroze {show_tonnes(tonnes)} of {instrument.symbol} of {organisation}; "
        f"{show_tonnes(frozen)} frozen now."
    )


@click.command("freeze-all")
@NAME
@REASON
@acting
def freeze_all(access: Access, sender: Sender, *, organisation: str, reason: str) -> None:
    """Freeze whatever an organisation holds in the ledger (regulator)."""
    from tanlian.services import freezing

    receipt = freezing.freeze_all(access, sender, organisation, reason)
    done(f"Froze all holdings of {organisation}.", receipt)


@click.command("unfreeze-all")
@NAME
@REASON
@acting
def unfreeze_all(access: Access, sender: Sender, *, organisation: str, reason: str) -> None:
    """End a freeze-all; units frozen by amount stay frozen (regulator)."""
    from tanlian.services import freezing

    receipt = freezing.unfreeze_all(access, sender, organisation, reason)
    done(f"Ended the freeze of all holdings of {organisation}.", receipt)
