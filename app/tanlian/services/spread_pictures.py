"""Pictures of supervision: a histogram with its quartiles, and a map of tiles."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from tanlian.domain.classifications import Region
from tanlian.domain.distribution import Bar, Distribution
from tanlian.services.report.figures import thousands
from tanlian.services.report.svg import WIDTH, Drawing, Scale, nice_marks

SHADES = 5
TILE, GAP = 92, 6
_TOP = 36


@dataclass(frozen=True, slots=True)
class Words:
    """What stands in a picture, in the reader's language."""

    title: str
    description: str
    across: str
    upwards: str = ""
    median: str = ""


@dataclass(frozen=True, slots=True)
class Tile:
    """A region in a map: its figure in words, where it leads, and how dark it is."""

    region: Region
    name: str
    figure: str
    href: str
    shade: int  # 1 to `SHADES`; 0: no figure


def histogram_picture(
    name: str, words: Words, bars: Sequence[Bar], spread: Distribution, unit: int
) -> Drawing:
    """Draw how many lie where; `unit` is what figures are divided by to be shown."""
    drawing = Drawing(name, words.title, words.description)
    most = max(bar.count for bar in bars)
    across = Scale(bars[0].low, bars[-1].high, *drawing.across)
    upwards = Scale(0, most, *drawing.upwards)
    edges = [bars[0].low, *(bar.high for bar in bars)]
    drawing.axes(
        (across, [(edge, thousands(edge // unit)) for edge in edges], words.across),
        (upwards, [(mark, thousands(mark)) for mark in nice_marks(0, most)], words.upwards),
    )
    for bar in bars:
        left, right = across.pixel(bar.low) + 2, across.pixel(bar.high) - 2
        tip = f"{thousands(bar.low // unit)} - {thousands(bar.high // unit)}: {bar.count}"
        drawing.rect(
            (str(left), upwards.at(bar.count)),
            (str(max(right - left, 1)), upwards.span(bar.count)),
            "bid",
            tip,
        )
    low, high = drawing.upwards
    for quartile, style in (
        (spread.lower_quartile, "band"),
        (spread.median, "closing"),
        (spread.upper_quartile, "band"),
    ):
        x = across.at(quartile)
        drawing.line((x, str(low)), (x, str(high)), style)
    median = f"{words.median} {thousands(spread.median // unit)}"
    at_right = across.pixel(spread.median) > WIDTH // 2
    x = str(across.pixel(spread.median) + (-6 if at_right else 6))
    drawing.text((x, str(high - 8)), median, "end" if at_right else "start", "note")
    return drawing


def map_picture(name: str, words: Words, tiles: Sequence[Tile]) -> Drawing:
    """Draw a tile for each region, dark where the figure is large; each leads to its region."""
    rows = max(tile.region.at[1] for tile in tiles) + 1
    columns = max(tile.region.at[0] for tile in tiles) + 1
    drawing = Drawing(name, words.title, words.description, _TOP + rows * (TILE + GAP))
    drawing.role = "group"
    left = (WIDTH - columns * (TILE + GAP)) // 2
    for tile in tiles:
        column, row = tile.region.at
        x, y = left + column * (TILE + GAP), row * (TILE + GAP) + GAP
        drawing.shapes.append(_tile(tile, x, y))
    return drawing


def shades(figures: Mapping[int, int | None]) -> dict[int, int]:
    """Return how dark each region is: its fifth among those that have a figure; 0 without one."""
    known = sorted(value for value in figures.values() if value is not None)
    found = {}
    for region, value in figures.items():
        below = sum(other < value for other in known) if value is not None else 0
        found[region] = 0 if value is None else below * SHADES // len(known) + 1
    return found


def _tile(tile: Tile, x: int, y: int) -> str:
    middle = x + TILE // 2
    inside = (
        f'<rect class="tile shade-{tile.shade}" x="{x}" y="{y}" width="{TILE}" height="{TILE}"'
        f' rx="6"/>'
        f'<text class="on-{tile.shade}" x="{middle}" y="{y + 40}" text-anchor="middle">'
        f"{escape(tile.name)}</text>"
        f'<text class="on-{tile.shade}" x="{middle}" y="{y + 62}" text-anchor="middle">'
        f"{escape(tile.figure)}</text>"
    )
    if not tile.shade:
        return f"<g>{inside}</g>"
    label = escape(f"{tile.name}: {tile.figure}", quote=True)
    return f'<a href="{escape(tile.href, quote=True)}" aria-label="{label}">{inside}</a>'
