"""The page around the pictures: one file, no other needed, readable without scripts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from importlib.resources import files

from tanlian.services.report.svg import Drawing


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of text; columns whose heading ends in a unit are set as numbers."""

    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    numeric: frozenset[int] = frozenset()

    def render(self) -> str:
        head = "".join(
            f"<th scope=col{self._number(place)}>{escape(heading)}</th>"
            for place, heading in enumerate(self.headings)
        )
        body = "".join(
            "<tr>"
            + "".join(
                f"<td{self._number(place)}>{escape(cell)}</td>" for place, cell in enumerate(row)
            )
            + "</tr>"
            for row in self.rows
        )
        return (
            f"<div class=scroll tabindex=0 role=region aria-label=table><table><thead><tr>{head}"
            f"</tr></thead><tbody>{body}</tbody></table></div>"
        )

    def _number(self, place: int) -> str:
        return " class=n" if place in self.numeric else ""


@dataclass(frozen=True, slots=True)
class Key:
    """One entry of a picture's legend."""

    style: str
    words: str


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawing, the words that lead into it, its legend and the table behind it."""

    heading: str
    introduction: str
    drawing: Drawing
    legend: Sequence[Key]
    table: Table

    def render(self) -> str:
        keys = "".join(
            f'<li><span class="key {key.style}"></span>{escape(key.words)}</li>'
            for key in self.legend
        )
        return (
            f"<section><h2>{escape(self.heading)}</h2><p>{escape(self.introduction)}</p>"
            f"<figure><div class=picture tabindex=0>{self.drawing.render()}</div>"
            f"<figcaption><ul class=legend>{keys}</ul></figcaption>"
            f"</figure><details><summary>数据表 Table ({len(self.table.rows)})</summary>"
            f"{self.table.render()}</details></section>"
        )


@dataclass(frozen=True, slots=True)
class Section:
    """A heading, a sentence and a table that is always open."""

    heading: str
    introduction: str
    table: Table

    def render(self) -> str:
        return (
            f"<section><h2>{escape(self.heading)}</h2><p>{escape(self.introduction)}</p>"
            f"{self.table.render()}</section>"
        )


@dataclass(frozen=True, slots=True)
class Fact:
    """One figure at the top of the page."""

    value: str
    words: str


def render_page(
    *,
    title: str,
    introduction: str,
    reconciled: str,
    balanced: bool,
    facts: Iterable[Fact],
    parts: Iterable[Picture | Section],
) -> str:
    """Return the whole HTML page."""
    style = files("tanlian.services.report").joinpath("report.css").read_text(encoding="utf-8")
    cards = "".join(
        f"<li><strong>{escape(fact.value)}</strong><span>{escape(fact.words)}</span></li>"
        for fact in facts
    )
    state = "good" if balanced else "bad"
    return (
        '<!doctype html><html lang="zh"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{style}</style></head><body>"
        f"<header><p class=brand>碳链 Tanlian</p><h1>{escape(title)}</h1>"
        f"<p>{escape(introduction)}</p>"
        f'<p class="verdict {state}" role=status>{escape(reconciled)}</p></header>'
        f"<main><ul class=facts>{cards}</ul>{''.join(part.render() for part in parts)}</main>"
        "</body></html>\n"
    )
