"""Telling a person at a terminal what a long run does, with progress where it takes time."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table

WIDTH_OF_A_FILE = 120

Advance = Callable[[int, int], None]


class Narrator(Protocol):
    """Who hears of a run: a terminal, or nobody in a test."""

    def section(self, title: str) -> None: ...
    def say(self, text: str) -> None: ...
    def table(self, title: str, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None: ...
    def progress(self, title: str) -> AbstractContextManager[Advance]: ...


class TerminalNarrator:
    """Speaks through rich; plain lines where the output is no terminal."""

    def __init__(self, console: Console) -> None:
        self.console = console

    def section(self, title: str) -> None:
        self.console.print()
        self.console.rule(f"[bold]{title}", align="left", style="green")

    def say(self, text: str) -> None:
        self.console.print(text, highlight=False, markup=False)

    def table(self, title: str, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        table = Table(title=title, title_justify="left", header_style="bold", title_style="bold")
        for place, heading in enumerate(headings):
            table.add_column(heading, justify="left" if place == 0 else "right")
        for row in rows:
            table.add_row(*row)
        self.console.print(table)

    @contextmanager
    def progress(self, title: str) -> Iterator[Advance]:
        bar = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=self.console,
        )
        with bar:
            task = bar.add_task(title, total=None)
            yield lambda done, of: bar.update(task, completed=done, total=of)


class SilentNarrator:
    """Says nothing."""

    def section(self, title: str) -> None:
        pass

    def say(self, text: str) -> None:
        pass

    def table(self, title: str, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        pass

    @contextmanager
    def progress(self, title: str) -> Iterator[Advance]:  # noqa: ARG002
        yield lambda _done, _of: None


def terminal() -> TerminalNarrator:
    """Speak to standard output; where that is no terminal, in lines of a fixed width."""
    console = Console()
    return TerminalNarrator(console if console.is_terminal else Console(width=WIDTH_OF_A_FILE))
