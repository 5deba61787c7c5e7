"""`tanlian evidence`: a case in one file that stands without the system."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from tanlian.commands.acting import acting, case_of

if TYPE_CHECKING:
    from tanlian.chain.transactions import Sender
    from tanlian.proofs.sealed_document import SealedDocument
    from tanlian.services.access import Access

_IN = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def evidence() -> None:
    """Export a case as one file, and check such a file offline."""


@evidence.command()
@click.argument("case", metavar="CASE")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--readings", type=_IN, help="CSV of the year's readings, as anchored.")
@click.option(
    "--reading", "keys", multiple=True, metavar="START,SOURCE,DEVICE",
    help="A reading to prove: its start in Unix seconds, its source, its device.",
)  # fmt: skip
@click.option(
    "--documents", "store", type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Store of documents; those of the case's reports go into the file, encrypted as they are.",
)  # fmt: skip
@click.option("--certificate", "certificates", multiple=True, type=_IN, help="A member's, in PEM.")
@click.option("--ca", type=_IN, help="Certificate of the authority, in PEM.")
@acting
def export(  # noqa: PLR0917  click passes by name
    access: "Access",
    sender: "Sender",
    case: str,
    file: Path,
    readings: Path | None,
    keys: tuple[str, ...],
    store: Path | None,
    certificates: tuple[Path, ...],
    ca: Path | None,
) -> None:
    """Write what proves a CASE, such as 2-2024: organisation 2, year 2024.

    The file holds the organisation's admission, devices and reports of the year with the receipts
    and sealed headers behind them, and each reading that is asked for with its path to the anchored
    root. It is signed with the key of --as.
    """
    from tanlian.domain.errors import InvalidInput
    from tanlian.services.evidence_export import Case, export_case
    from tanlian.services.reading_files import ReadingFile

    org_id, year = case_of(case)
    try:
        wanted = [tuple(int(part) for part in key.split(",")) for key in keys]
        places = [(start, source, device) for start, source, device in wanted]
    except ValueError as error:
        raise InvalidInput("A reading is named START,SOURCE,DEVICE: three numbers.") from error
    described = Case(
        org_id,
        year,
        ReadingFile.load(readings) if readings else None,
        places,
        _documents(access, org_id, year, store) if store else (),
        certificates=[path.read_text() for path in certificates],
        ca=ca.read_text() if ca else "",
    )
    validators = access.connection.request("qbft_getValidatorsByBlockNumber", "latest")
    text = export_case(access, described, sender.key, validators)
    file.write_bytes(text)
    click.echo(f"{file}: {len(text)} bytes. Check it with `tanlian evidence check {file}`.")


def _documents(access: "Access", org_id: int, year: int, folder: Path) -> "list[SealedDocument]":
    from tanlian.services.documents import Documents, FolderStore
    from tanlian.services.evidence_export import reported_documents

    opened = Documents(FolderStore(folder / "blobs"), folder / "grants.log", lambda: 0)
    return reported_documents(access, org_id, year, opened)


@evidence.command()
@click.argument("file", type=_IN)
@click.option("--trust", type=_IN, help="JSON with validators, contracts and ca you know yourself.")
@click.pass_context
def check(ctx: click.Context, file: Path, trust: Path | None) -> None:
    """Check a bundle offline, as `tanlian-check` does; exit with 1 if anything fails."""
    from tanlian.proofs.evidence.checker import main

    ctx.exit(main([str(file), *(["--trust", str(trust)] if trust else [])]))
