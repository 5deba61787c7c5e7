"""The readings that an installation keeps at hand, for the pages to compare and to prove.

A folder holds one folder for each organisation and year, named by their numbers as in `7-2024`:

    gateway.toml    a gateway as in `services/gateway/settings.py`; its store may lie elsewhere;
                    several gateways have a file each, under any name
    emitter.csv     a copy of the year's readings, as `tanlian gateway export` writes them
    verifier.csv    another party's copy; any other name does as well
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
from tanlian.proofs.period_copy import PeriodCopy
from tanlian.services.activity_files import load_entries
from tanlian.services.gateway.settings import GatewaySettings
from tanlian.services.gateway.store import GatewayStore, Quarantined
from tanlian.services.reading_files import Anchor, ReadingFile

ACTIVITY_FILE = "activity.csv"
NO_COPIES = frozenset({"activity", "anchors", "devices"})  # CSV files that lie beside copies
CASE_NAME = re.compile(r"^([1-9]\d{0,7})-(\d{4})$")
COPY_NAME = re.compile(r"^[\w-]{1,40}$")
KEPT = 8  # years of readings in memory; one of 3 devices takes about 15 MB

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

    def cases(self) -> list[tuple[int, int]]:
        """Return organisation and year of everything at hand, in order."""
        if self._folder is None or not self._folder.is_dir():
            return []
        found = (CASE_NAME.match(path.name) for path in self._folder.iterdir() if path.is_dir())
        return sorted((int(match[1]), int(match[2])) for match in found if match)

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
        place = self._folder / f"{organisation:d}-{year:04d}"
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
        stamp = _stamp(files)
        with self._lock:
            known = self._kept.get(key)
            if known is not None and known[0] == stamp:
                self._kept.move_to_end(key)
                return cast("Made", known[1])
        made = make()  # outside the lock: two threads may read the same file, nobody waits
        with self._lock:
            self._kept[key] = (stamp, made)
            self._kept.move_to_end(key)
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return made


def _stamp(files: Sequence[Path]) -> Stamp:
    found = []
    for path in files:
        if path.exists():
            at = path.stat()
            found.append((str(path), at.st_mtime_ns, at.st_size))
    return tuple(found)


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
