"""`tanlian import eutl` from the files to the report, on a chain of its own or a running one."""
# ruff: noqa: RUF001 - Chinese sentences have Chinese punctuation

from dataclasses import dataclass
from pathlib import Path

from tanlian.domain.roles import Role
from tanlian.domain.target import Target
from tanlian.services.demo_run import tell_sessions
from tanlian.services.eutl_files import Selection
from tanlian.services.eutl_import import EutlImport, Imported, ImportPlan, institution
from tanlian.services.narration import Narrator
from tanlian.services.report.figures import price, thousands
from tanlian.services.run_chain import chain_of
from tanlian.services.run_folder import RunFolder, open_consortium
from tanlian.services.run_report import run_report

MOST_SHOWN = 10


@dataclass(frozen=True, slots=True)
class ImportResult:
    """Whether the books balance, and where the report lies."""

    imported: Imported
    report: Path


def run_import(
    data: Path, plan: ImportPlan, selection: Selection, narrator: Narrator, target: Target
) -> ImportResult:
    """Import a selection with the keys of `data`, on a chain of its own or the one that is named.

    Raises:
        ImportedAlready: the year was traded on this chain before.
    """
    folder = RunFolder(data)
    folder.prepare()
    _tell_selection(narrator, selection)
    with chain_of(folder, target, narrator) as market:
        consortium = open_consortium(folder, market, narrator)
        importing = EutlImport(
            consortium,
            folder,
            plan,
            institution(consortium, folder, "exchange", Role.EXCHANGE),
            institution(consortium, folder, "bank", Role.BANK),
        )
        imported = importing.perform(selection)
    books = imported.books
    narrator.say(
        f"{thousands(books.events)} events confirmed by their blocks and replayed, "
        f"{thousands(books.compared)} views compared at block {books.block}."
    )
    for difference in books.findings.differences[:MOST_SHOWN]:
        narrator.say(f"DIFFERENCE {difference}")
    page = folder.reports / f"eutl-{plan.name}.html"
    page.write_text(
        run_report(
            f"EUTL {plan.registry} {plan.year}: {len(selection.members)} 家设施 installations",
            "配额与核查排放为公开数据；限价由种子随机生成。Allocation and verified emissions are "
            f"published data; limit prices are drawn from seed {plan.seed} around "
            f"{price(plan.price.price_ticks)} ({plan.price.source}).",
            books,
            [imported.session],
            imported.names,
        ),
        encoding="utf-8",
    )
    tell_sessions(narrator, books, [imported.session])
    narrator.table(
        "Seconds",
        ["step", "seconds"],
        [[step, f"{seconds:.1f}"] for step, seconds in imported.seconds.items()],
    )
    narrator.say(f"Report: {page}")
    return ImportResult(imported, page)


def _tell_selection(narrator: Narrator, selection: Selection) -> None:
    narrator.say(
        f"{len(selection.members)} installations; {len(selection.not_reported)} without verified "
        f"emissions and {len(selection.errors)} malformed rows are left out."
    )
    for error in selection.errors[:MOST_SHOWN]:
        narrator.say(f"- {error}")
    if len(selection.errors) > MOST_SHOWN:
        narrator.say(f"- and {len(selection.errors) - MOST_SHOWN} more")
