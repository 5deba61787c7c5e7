"""Scalable drawings: shapes with integer coordinates, a title and a description for everyone."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape

WIDTH = 960
HEIGHT = 400
LEFT, RIGHT, TOP, BOTTOM = 76, 24, 28, 56
NICE_STEPS = (1, 2, 5)


@dataclass(frozen=True, slots=True)
class Scale:
    """A straight map from values to pixels; both ends given, integers only."""

    low: int
    high: int
    start: int
    end: int

    def at(self, value: int) -> str:
        """Return the pixel of a value, to a tenth."""
        tenths = self._tenths(value - self.low, self.end - self.start) + self.start * 10
        return f"{'-' if tenths < 0 else ''}{abs(tenths) // 10}.{abs(tenths) % 10}"

    def span(self, size: int) -> str:
        """Return the pixels that a difference of values takes."""
        tenths = self._tenths(size, abs(self.end - self.start))
        return f"{tenths // 10}.{tenths % 10}"

    def pixel(self, value: int) -> int:
        """Return the whole pixel at or before a value."""
        return self._tenths(value - self.low, self.end - self.start) // 10 + self.start

    def _tenths(self, size: int, pixels: int) -> int:
        return size * pixels * 10 // max(self.high - self.low, 1)


def nice_marks(low: int, high: int, most: int = 7) -> list[int]:
    """Return round values from low to high, at most `most` and at least one."""
    span = max(high - low, 1)
    power = 1
    while True:
        for step in NICE_STEPS:
            width = step * power
            if span // width < most:
                first = -(-low // width) * width
                return list(range(first, high + 1, width)) or [low]
        power *= 10


@dataclass(slots=True)
class Drawing:
    """One picture: shapes are added in the order in which they are painted."""

    name: str
    title: str
    description: str
    height: int = HEIGHT
    shapes: list[str] = field(default_factory=list)
    role: str = "img"  # "group" where shapes are links

    @property
    def across(self) -> tuple[int, int]:
        return LEFT, WIDTH - RIGHT

    @property
    def upwards(self) -> tuple[int, int]:
        return self.height - BOTTOM, TOP

    def rect(self, at: tuple[str, str], size: tuple[str, str], style: str, tip: str = "") -> None:
        (x, y), (width, height) = at, size
        self._add(f'<rect class="{style}" x="{x}" y="{y}" width="{width}" height="{height}"', tip)

    def line(self, start: tuple[str, str], end: tuple[str, str], style: str) -> None:
        (x1, y1), (x2, y2) = start, end
        self._add(f'<line class="{style}" x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}"')

    def path(self, points: Sequence[tuple[str, str]], style: str, *, closed: bool = False) -> None:
        if points:
            steps = "L".join(f"{x} {y}" for x, y in points)
            self._add(f'<path class="{style}" d="M{steps}{"Z" if closed else ""}"')

    def mark(self, at: tuple[str, str], shape: str, style: str, tip: str = "") -> None:
        """Paint a small outline given around 0,0: a kind has a shape, not only a colour."""
        self._add(f'<path class="{style}" transform="translate({at[0]} {at[1]})" d="{shape}"', tip)

    def text(
        self, at: tuple[str, str], words: str, anchor: str = "middle", style: str = ""
    ) -> None:
        name = f' class="{style}"' if style else ""
        self.shapes.append(
            f'<text{name} x="{at[0]}" y="{at[1]}" text-anchor="{anchor}">{escape(words)}</text>'
        )

    def axes(
        self,
        across: tuple[Scale, Sequence[tuple[int, str]], str],
        upwards: tuple[Scale, Sequence[tuple[int, str]], str],
    ) -> None:
        """Paint grid, labels and names of both axes; first of all, so that data lies above."""
        scale, marks, name = upwards
        for value, label in marks:
            y = scale.at(value)
            self.line((str(LEFT), y), (str(WIDTH - RIGHT), y), "grid")
            self.shapes.append(
                f'<text x="{LEFT - 8}" y="{y}" dy="4" text-anchor="end">{escape(label)}</text>'
            )
        self.text((str(LEFT), str(TOP - 12)), name, "start", "axis")
        scale, marks, name = across
        floor = self.height - BOTTOM
        for value, label in marks:
            x = scale.at(value)
            self.line((x, str(floor)), (x, str(floor + 5)), "tick")
            self.text((x, str(floor + 19)), label)
        self.line((str(LEFT), str(floor)), (str(WIDTH - RIGHT), str(floor)), "tick")
        self.text((str(WIDTH - RIGHT), str(self.height - 14)), name, "end", "axis")

    def render(self) -> str:
        """Return the whole picture as text for an HTML page."""
        title, words = f"{self.name}-title", f"{self.name}-desc"
        return (
            f'<svg role="{self.role}" aria-labelledby="{title} {words}"'
            f' viewBox="0 0 {WIDTH} {self.height}"'
            f' xmlns="http://www.w3.org/2000/svg"><title id="{title}">{escape(self.title)}</title>'
            f'<desc id="{words}">{escape(self.description)}</desc>{"".join(self.shapes)}</svg>'
        )

    def _add(self, opening: str, tip: str = "") -> None:
        inside = f"<title>{escape(tip)}</title>" if tip else ""
        tag = opening[1 : opening.index(" ")]
        self.shapes.append(f"{opening}>{inside}</{tag}>" if inside else f"{opening}/>")
