"""Plants: their picture at an hour, the readings of their devices, the proof of each reading."""

from datetime import datetime
from typing import Any

from flask import g, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_timezone, gettext
from sqlalchemy.engine import Connection

from tanlian.domain.errors import InvalidInput, NotFound
from tanlian.domain.reading import SECONDS_PER_HOUR
from tanlian.domain.supervision import ViewKind
from tanlian.readmodel.queries import members
from tanlian.services.evidence_rights import READINGS, may_see_evidence, visible_years
from tanlian.services.plant_registry import Plant, plant_of
from tanlian.services.plant_scene import PlantScene, day_of, plant_scene, state_counts
from tanlian.services.proved_readings import DAY_SECONDS, HeldCopy, held_copies, held_copy
from tanlian.web import current
from tanlian.web.datasets import csv_answer
from tanlian.web.evidence_words import READING_STATES
from tanlian.web.guards import Forbidden, member

LATEST = 1 << 34  # seconds; the year 2514
READING_HEADS = (
    "start", "source", "device", "sequence", "co2_g", "status", "rule", "state", "signer",
    "anchoring_transaction", "anchoring_block",
)  # fmt: skip
DEVICE_HEADS = (
    "source", "source_name", "device", "device_name", "hour", "state", "co2_g", "year_co2_g",
    "measured_hours", "substituted_hours", "missing_hours", "quarantined", "altered_batches",
)  # fmt: skip


def check_evidence_right(
    db: Connection, organisation: int, year: int, kinds: ViewKind = READINGS
) -> None:
    """Refuse whoever may not see an organisation's evidence of a year; a grant needs all `kinds`.

    Raises:
        Forbidden: the page belongs to others.
    """
    viewer = current.session().person.organisation
    if not may_see_evidence(db, viewer, g.roles, organisation, year, kinds=kinds):
        raise Forbidden(
            "Readings are shown to the emitter itself, the verifier of the year, the regulator and "
            "whoever was granted a view of them."
        )


@member
def plants() -> ResponseReturnValue:
    with current.tables() as db:
        cases = visible_years(db, current.session().person.organisation, g.roles)
        names = members.names(db)
    at_hand = set(current.office().readings.cases())
    return render_template("plants.html", cases=cases, names=names, at_hand=at_hand)


@member
def plant(organisation: int, year: int) -> ResponseReturnValue:
    scene, name = _scene(organisation, year)
    followed = "at" not in request.args and "start" not in request.args
    counts, picture = state_counts(scene), _picture(scene)
    return render_template(
        "plant.html", scene=scene, name=name, counts=counts, followed=followed, picture=picture
    )


@member
def plant_csv(organisation: int, year: int) -> ResponseReturnValue:
    scene, _ = _scene(organisation, year)
    rows = (
        (d.source.number, d.source.name, d.device.number, d.device.name, scene.start,
         d.state.value, d.held.reading.mass_g if d.held else "", d.mass_g, d.measured_hours,
         d.substituted_hours, d.missing_hours, d.quarantined, d.altered_batches)
        for d in scene.devices
    )  # fmt: skip
    return csv_answer(f"plant-{organisation}-{year}.csv", DEVICE_HEADS, rows)


@member
def quarantine_csv(organisation: int, year: int) -> ResponseReturnValue:
    scene, _ = _scene(organisation, year)
    heads = ("received_at", "origin", "reason", "detail", "source", "device", "start", "payload")
    rows = (
        (p.quarantined.received_at, p.quarantined.origin, p.quarantined.reason.value,
         p.quarantined.detail, *((r.source, r.device, r.start) if (r := p.reading) else ("",) * 3),
         p.quarantined.payload.hex())
        for p in scene.aside
    )  # fmt: skip
    return csv_answer(f"quarantine-{organisation}-{year}.csv", heads, rows)


@member
def device(organisation: int, year: int, number: int) -> ResponseReturnValue:
    found, copy, name = _device_copy(organisation, year, number)
    begin = _begin(copy, number)
    held = day_of(copy, number, begin, begin + DAY_SECONDS) if copy else []
    return render_template(
        "device.html", plant=found, device=found.devices[number], copy=copy, begin=begin,
        held=held, name=name, day=DAY_SECONDS,
    )  # fmt: skip


@member
def device_csv(organisation: int, year: int, number: int) -> ResponseReturnValue:
    _, copy, _ = _device_copy(organisation, year, number)
    held = day_of(copy, number, 0, 2**63) if copy else []
    rows = (
        (h.reading.start, h.reading.source, h.reading.device, h.reading.sequence,
         h.reading.mass_g, h.reading.status.name.lower(), h.reading.rule, h.state.value, h.signer,
         h.batch.tx_hash if h.batch else "", h.batch.block if h.batch else "")
        for h in held
    )  # fmt: skip
    return csv_answer(f"readings-{organisation}-{year}-{number}.csv", READING_HEADS, rows)


@member
def reading(
    organisation: int, year: int, copy: str, number: int, start: int
) -> ResponseReturnValue:
    found, name = _plant(organisation, year)
    if number not in found.devices:
        raise NotFound("The organisation has no such device.", device=number)
    held = held_copy(current.office().readings, found, copy)
    sheet = held.proof((start, found.devices[number].source, number))
    return render_template("reading.html", plant=found, copy=held, sheet=sheet, name=name)


def _plant(organisation: int, year: int) -> tuple[Plant, str]:
    with current.tables() as db:
        check_evidence_right(db, organisation, year)
        name = members.member(db, organisation).name
        return plant_of(db, organisation, year), name


def _scene(organisation: int, year: int) -> tuple[PlantScene, str]:
    found, name = _plant(organisation, year)
    archive = current.office().readings
    aside = archive.quarantined(organisation, year)
    return plant_scene(found, held_copies(archive, found), aside, _asked_hour()), name


def _picture(scene: PlantScene) -> dict[str, Any]:
    """What the picture is drawn from: the scene, and the labels with where they lead."""
    devices = [
        {
            "of": f"device-{d.device.number}",
            "label": f"{d.device.name}: {gettext(READING_STATES[d.state])}",
            "href": url_for(
                "device",
                organisation=scene.plant.organisation,
                year=scene.plant.year,
                number=d.device.number,
                start=scene.start,
            ),
        }
        for d in scene.devices
    ]
    return scene.as_dict() | {"devices": devices}


def _device_copy(organisation: int, year: int, number: int) -> tuple[Plant, HeldCopy | None, str]:
    found, name = _plant(organisation, year)
    if number not in found.devices:
        raise NotFound("The organisation has no such device.", device=number)
    copies = held_copies(current.office().readings, found)
    return found, next((c for c in copies if number in c.by_device), None), name


def _asked_hour() -> int | None:
    """The hour that the address names: as seconds, or as people enter it in the market's zone."""
    start, at = request.args.get("start"), request.args.get("at")
    if not (start or at):
        return None
    try:
        if start:
            asked = int(start)
        else:
            local = datetime.fromisoformat(at or "").replace(tzinfo=None)
            zone: Any = get_timezone()  # pytz, which must localize
            asked = int(zone.localize(local).timestamp())
    except ValueError as error:
        raise InvalidInput("An hour looks like 2024-01-31T08:00.") from error
    if not 0 <= asked < LATEST:
        raise InvalidInput("An hour looks like 2024-01-31T08:00.")
    return asked


def _begin(copy: HeldCopy | None, number: int) -> int:
    """The start of the day asked for, which is UTC as the batches are; the last day otherwise."""
    asked = _asked_hour()
    if asked is None and copy is not None:
        asked = copy.by_device[number][-1].start
    asked = asked or 0
    return asked - asked % (24 * SECONDS_PER_HOUR)
