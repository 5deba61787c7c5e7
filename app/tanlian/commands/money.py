"""`tanlian money …`: the bank's acts and redemption."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tanlian.commands.acting import YUAN, acting, done
from tanlian.commands.verbs import add_verbs
from tanlian.domain.units import show_yuan

if TYPE_CHECKING:
    from tanlian.chain.transactions import Sender
    from tanlian.services.access import Access


@click.group()
def money() -> None:
    """Issue, redeem and pay out settlement money."""


@money.command()
@click.argument("organisation")
@click.argument("amount", type=YUAN)
@click.option("--payment", required=True, help="The bank's number of the payment received.")
@acting
def issue(access: Access, sender: Sender, *, organisation: str, amount: int, payment: str) -> None:
    """Issue money for a payment received (bank)."""
    from tanlian.services import money as service

    receipt = service.issue(access, sender, organisation, amount, payment)
    done(f"Issued {show_yuan(amount)} to {organisation}.", receipt)


@money.command()
@click.argument("bank")
@click.argument("amount", type=YUAN)
@click.option("--payee", required=True, help="Where the bank shall pay to.")
@acting
def redeem(access: Access, sender: Sender, *, bank: str, amount: int, payee: str) -> None:
    """Hand money back to BANK, to be paid out in yuan."""
    from tanlian.services import money as service

    number = service.request_redemption(access, sender, bank, amount, payee)
    click.echo(f"Requested redemption {number} of {show_yuan(amount)}.")


@money.command("pay-out")
@click.argument("redemption", type=click.IntRange(1))
@click.option("--payment", required=True, help="The bank's number of the payment made.")
@acting
def pay_out(access: Access, sender: Sender, *, redemption: int, payment: str) -> None:
    """Record that a redemption was paid out (bank)."""
    from tanlian.services import money as service

    done(f"Paid out redemption {redemption}.", service.pay_out(access, sender, redemption, payment))


@money.command()
@click.argument("redemption", type=click.IntRange(1))
@click.option("--reason", required=True)
@acting
def reject(access: Access, sender: Sender, *, redemption: int, reason: str) -> None:
    """Refuse a redemption; the money goes back (bank)."""
    from tanlian.services import money as service

    receipt = service.reject_redemption(access, sender, redemption, reason)
    done(f"Rejected redemption {redemption}.", receipt)


add_verbs(money)
