"""Points in time as people write them: a date and time in UTC, or a span from now."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from tanlian.domain.errors import InvalidInput

_SPAN = re.compile(r"\+(\d+)([smhd])")
_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


@dataclass(frozen=True, slots=True)
class Moment:
    """A time in UTC seconds, or so many seconds after whatever is now."""

    seconds: int
    relative: bool

    def at(self, now: int) -> int:
        return now + self.seconds if self.relative else self.seconds


def parse_moment(text: str) -> Moment:
    """Read `2026-11-23T09:30` (UTC unless it says otherwise), UTC seconds, or `+90s`, `+2h`, `+1d`.

    Raises:
        InvalidInput: it is none of them.
    """
    text = text.strip()
    if (match := _SPAN.fullmatch(text)) is not None:
        return Moment(int(match[1]) * _SECONDS[match[2]], relative=True)
    if text.isdigit():
        return Moment(int(text), relative=False)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidInput(
            f"{text!r} is no time; write 2026-11-23T09:30 (UTC), or +2h for two hours from now.",
            value=text,
        ) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return Moment(int(moment.timestamp()), relative=False)


def in_utc(seconds: int) -> str:
    """Write a time of the chain as people read it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def year_of(seconds: int) -> int:
    """Return the civil year (UTC) of a time of the chain, as the contracts count it."""
    return datetime.fromtimestamp(seconds, UTC).year


def start_of_year(year: int) -> int:
    """Return the first second (UTC) of a civil year; of one outside of 1 to 9999, the nearest."""
    nearest = datetime(min(max(year, 1), 9_999), 1, 1, tzinfo=UTC)
    return int(nearest.timestamp())
