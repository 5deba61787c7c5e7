"""`tanlian check`: a deployment; periodic checks and their signed reports."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from tanlian.commands import deployment
from tanlian.commands.acting import acting, looking
from tanlian.commands.verbs import add_verbs

if TYPE_CHECKING:
    from tanlian.chain.transactions import Sender
    from tanlian.services.access import Access

ROUND = click.argument("round_id", metavar="CHECK", type=click.IntRange(min=1))
FOLDER = click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("var/checks"),
    show_default=True,
)


@click.group(invoke_without_command=True)
@click.pass_context
def check(ctx: click.Context) -> None:
    """Check a deployment, or with a further word: open periodic checks, push them on, report.

    Alone it holds code, wiring, seals and the founding regulator against the plan.
    """
    if ctx.invoked_subcommand is None:
        ctx.invoke(deployment.check)


@check.command()
@ROUND
@looking
def show(access: Access, *, round_id: int) -> None:
    """Show how far a check is."""
    from tanlian.domain.credit_rating import CheckKind

    state = access.contracts["periodic_check"].read("round", round_id)
    kind = CheckKind(state.kind).name.lower()
    walk = "verifiers" if state.on_verifiers else "emitters"
    where = (
        "finished" if state.finished_at else f"at {state.cursor} of {state.member_count}, {walk}"
    )
    click.echo(f"check {round_id}: {kind} {state.index} of {state.year}, {where}")
    click.echo(f"  cases opened  {state.cases}")
    click.echo(f"  digest        0x{bytes(state.digest).hex()}")


@check.command()
@ROUND
@FOLDER
@acting
def report(access: Access, sender: Sender, *, round_id: int, output: Path) -> None:
    """Write a finished check as JSON, CSV and a printable page, signed with the key of --as.

    The digest over all facts and every rating are recomputed first; what differs is not signed.
    """
    from tanlian.services.check_rounds import report_of
    from tanlian.services.periodic_report import as_csv, as_page, signature_text, signed

    found = report_of(access, round_id)
    proof = signed(found, sender.key)
    output.mkdir(parents=True, exist_ok=True)
    name = f"check-{round_id}"
    for suffix, text in (
        ("json", proof.text),
        ("csv", as_csv(found)),
        ("html", as_page(found)),
        ("signature.json", signature_text(proof)),
    ):
        (output / f"{name}.{suffix}").write_text(text, encoding="utf-8")
    click.echo(
        f"Check {round_id}: {len(found.members)} emitters, {found.cases} cases; digest recomputed, "
        f"equal. Signed by {proof.signer}."
    )
    click.echo(f"Report: {output / name}.html")


@check.command()
@click.argument("report_file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("signature_file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@looking
def verify(access: Access, *, report_file: Path, signature_file: Path) -> None:
    """Verify a signed report: who signed it, and that the chain's events give the same bytes."""
    from tanlian.services.check_rounds import verified

    told = verified(
        access,
        report_file.read_bytes(),
        signature_file.read_bytes(),
    )
    click.echo(f"Genuine: signed by {told.signer_words}.")
    click.echo(f"Reproduced: the chain's events of check {told.round_id} give the same bytes.")


add_verbs(check)
