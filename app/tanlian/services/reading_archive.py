"""The readings that an installation keeps at hand, for the pages to compare and to prove.

A folder holds one folder for each year and in it one for each organisation, as in `2024/7`:

    gateway.toml    a gateway as in `services/gateway/settings.py`; its store may lie elsewhere;
                    several gateways have a file each, under any name
    readings.csv    a copy of the year's readings, as `tanlian gateway export` writes them
    handed-over.csv another copy; any other name does as well
    activity.csv    the activity data of the report, as in `services/activity_files.py`

A copy is called as its file. A file is read anew when it changed; nothing is ever written here.
"""

import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, TypeVar, cast

from tanlian.domain.calibre.figures import Entry
from tanlian.domain.errors import InvalidInput, NotFound
from tanlian.domain.reading import Reading
from tanlian.proofs.period_copy import PeriodCopy
from tanlian.services.activity_files import load_entries
from tanlian.services.gateway.settings import GatewaySettings
from tanlian.services.gateway.store import GatewayStore, Quarantined
from tanlian.services.reading_files import Anchor, ReadingFile

ACTIVITY_FILE = "activity.csv"
NO_COPIES = frozenset({"activity", "anchors", "devices"})  # CSV files that lie beside copies
CASE_NAME = re.compile(r"(\d{4})/([1-9]\d{0,7})$")
COPY_NAME = re.compile(r"^[\w-]{1,40}$")
REMEMBERED = 4_096  # small results
KEPT = 24  # files, trees and orders in memory; those of 3 devices in a year take about 20 MB

Made = TypeVar("Made")
Key = tuple[Any, ...]
Stamp = tuple[tuple[str, int, int], ...]


class ReadingArchive:
    """All readings at hand. Safe to use from several threads."""

    def __init__(self, folder: Path | None) -> None:
        """Look into this folder, which need not exist yet; None: there are no readings."""
        self._folder = folder
        self._lock = threading.Lock()
        self._kept: OrderedDict[Key, tuple[Stamp, Any]] = OrderedDict()
        self._remembered: OrderedDict[Key, tuple[Stamp, Any]] = OrderedDict()

    def cases(self) -> list[tuple[int, int]]:
        """Return organisation and year of everything at hand, in order."""
        if self._folder is None or not self._folder.is_dir():
            return []
        found = (CASE_NAME.search(path.as_posix()) for path in self._folder.glob("*/*"))
        return sorted((int(match[2]), int(match[1])) for match in found if match)

    def names(self, organisation: int, year: int) -> list[str]:
        """Return the names of the copies of a year, the gateways' own first."""
        place = self._place(organisation, year)
        if place is None:
            return []
        gateways = self.gateways(organisation, year)
        return gateways + [n for n in _stems(place, "csv") if n not in NO_COPIES | set(gateways)]

    def gateways(self, organisation: int, year: int) -> list[str]:
        """Return the names of those copies that are a gateway's own store."""
        place = self._place(organisation, year)
        return _stems(place, "toml") if place else []

    def readings(self, organisation: int, year: int, name: str) -> ReadingFile:
        """Return one copy of a year's readings.

        Raises:
            NotFound: no such copy is at hand.
            InvalidInput: the file is damaged.
        """
        place = self._place_of_copy(organisation, year, name)
        return self._keep(
            ("copy", place, name), self._files(place, name), lambda: _load(place, name)
        )

    def trees(
        self, organisation: int, year: int, name: str, anchors: Sequence[Anchor]
    ) -> PeriodCopy:
        """Return the trees over a copy, cut into the batches of the anchors.

        Raises:
            NotFound, InvalidInput: as `readings`; or a reading lies before the first batch.
        """
        place = self._place_of_copy(organisation, year, name)
        file = self.readings(organisation, year, name)
        edges = tuple(sorted((anchor.first_hour, anchor.hours) for anchor in anchors))
        key = ("trees", place, name, edges)
        return self._keep(key, self._files(place, name), lambda: file.copy(anchors))

    def by_device(self, organisation: int, year: int, name: str) -> dict[int, list[Reading]]:
        """Return the readings of a copy by device, in the order of time.

        Raises:
            NotFound, InvalidInput: as `readings`.
        """
        place = self._place_of_copy(organisation, year, name)
        file = self.readings(organisation, year, name)
        return self._keep(("devices", place, name), self._files(place, name), lambda: _sort(file))

    def remember(
        self, organisation: int, year: int, name: str, what: str, make: Callable[[], Made]
    ) -> Made:
        """Return something small made from a copy, made anew when the copy changed.

        Raises:
            NotFound: no such copy is at hand.
        """
        place = self._place_of_copy(organisation, year, name)
        key, stamp = (what, place, name), _stamp(self._files(place, name))
        return self._kept_in(self._remembered, REMEMBERED, key, stamp, make)

    def quarantined(self, organisation: int, year: int) -> list[Quarantined]:
        """Return what the gateways of a year put aside, oldest first."""
        place = self._place(organisation, year)
        if place is None:
            return []
        descriptions = sorted(place.glob("*.toml"))
        files = [file for description in descriptions for file in _gateway_files(description)]
        return self._keep(("aside", place), files, lambda: _put_aside(descriptions))

    def activity(self, organisation: int, year: int) -> list[Entry]:
        """Return the activity data of a year's report, as far as they are at hand.

        Raises:
            InvalidInput: the file is damaged.
        """
        place = self._place(organisation, year)
        path = place / ACTIVITY_FILE if place else None
        if path is None or not path.exists():
            return []
        return self._keep(("activity", path), [path], lambda: load_entries(path))

    def _place(self, organisation: int, year: int) -> Path | None:
        if self._folder is None:
            return None
        place = self._folder / f"{year:04d}" / f"{organisation:d}"
        return place if place.is_dir() else None

    def _place_of_copy(self, organisation: int, year: int, name: str) -> Path:
        place = self._place(organisation, year)
        if place is None or name not in self.names(organisation, year):
            raise NotFound(
                f"No copy {name!r} of the readings of organisation {organisation} for {year} is "
                "kept here.",
                organisation=organisation,
                year=year,
            )
        return place

    def _files(self, place: Path, name: str) -> list[Path]:
        description = place / f"{name}.toml"
        return _gateway_files(description) if description.exists() else [place / f"{name}.csv"]

    def _keep(self, key: Key, files: Sequence[Path], make: Callable[[], Made]) -> Made:
        return self._kept_in(self._kept, KEPT, key, _stamp(files), make)

    def _kept_in(
        self,
        shelf: OrderedDict[Key, tuple[Stamp, Any]],
        places: int,
        key: Key,
        stamp: Stamp,
        make: Callable[[], Made],
    ) -> Made:
        with self._lock:
            known = shelf.get(key)
            if known is not None and known[0] == stamp:
                shelf.move_to_end(key)
                return cast("Made", known[1])
        made = make()  # outside the lock: two threads may read the same file, nobody waits
        with self._lock:
            shelf[key] = (stamp, made)
            shelf.move_to_end(key)
            while len(shelf) > places:
                shelf.popitem(last=False)
        return made


def _stamp(files: Sequence[Path]) -> Stamp:
    found = []
    for path in files:
        if path.exists():
            at = path.stat()
            found.append((str(path), at.st_mtime_ns, at.st_size))
    return tuple(found)


def _sort(file: ReadingFile) -> dict[int, list[Reading]]:
    found: dict[int, list[Reading]] = {}
    for reading in sorted(file.readings):
        found.setdefault(reading.device, []).append(reading)
    return found


def _stems(place: Path, ending: str) -> list[str]:
    return sorted(p.stem for p in place.glob(f"*.{ending}") if COPY_NAME.match(p.stem))


def _gateway_files(description: Path) -> list[Path]:
    store = GatewaySettings.load(description).store
    return [description, store, store.with_name(store.name + "-wal")]


def _load(place: Path, name: str) -> ReadingFile:
    description = place / f"{name}.toml"
    if not description.exists():
        return ReadingFile.load(place / f"{name}.csv")
    settings = GatewaySettings.load(description)
    with closing(_store(settings)) as store:
        signed = store.readings(settings.first_hour, settings.end_hour - settings.first_hour)
    signatures = {s.reading.key: s.signature for s in signed if s.signature}
    return ReadingFile(tuple(s.reading for s in signed), signatures)


def _put_aside(descriptions: Sequence[Path]) -> list[Quarantined]:
    found: list[Quarantined] = []
    for description in descriptions:
        with closing(_store(GatewaySettings.load(description))) as store:
            found += store.quarantine()
    return sorted(found, key=lambda one: (one.received_at, one.number))


def _store(settings: GatewaySettings) -> GatewayStore:
    if not settings.store.is_file():
        raise InvalidInput(
            f"The gateway's store {settings.store.name} is missing; see `store` in its description."
        )
    return GatewayStore(settings.store, read_only=True)
