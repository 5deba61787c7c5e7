"""Forms of acts: what a browser sends becomes what the catalogue reads, and stays if refused."""

import json
import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from flask import request
from flask_babel import get_timezone
from werkzeug.datastructures import FileStorage

from tanlian.domain.errors import TanlianError
from tanlian.domain.moments import parse_moment
from tanlian.services.acts.act import Act, FieldsRefused, Figure
from tanlian.services.acts.fields import Field, Raw, table_of
from tanlian.web.converters import row_number

Keep = Callable[[str, bytes], str]  # a name and bytes in, the SHA-256 out
LINES = 6  # empty lines of a table; a longer one comes as a CSV file
_LOCAL = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?")


@dataclass(slots=True)
class ActForm:
    """One act as a form: what was given, and what was wrong with it.

    `once` is the number of this form: sent twice, it makes one act. `draft` names the draft that it
    was opened from, and which version that was.
    """

    act: Act
    given: dict[str, Any]
    once: str
    errors: Mapping[str, TanlianError] = field(default_factory=dict)
    refusal: TanlianError | None = None
    figures: Sequence[Figure] = ()
    draft: tuple[str, int] | None = None

    @property
    def is_wrong(self) -> bool:
        return bool(self.errors) or self.refusal is not None

    def refuse(self, error: TanlianError) -> None:
        """Show an error where it belongs: at its fields, or above the form."""
        if isinstance(error, FieldsRefused):
            self.errors = error.errors
        else:
            self.refusal = error

    def raws(self) -> dict[str, Raw]:
        """Return what was given as the catalogue reads it."""
        found: dict[str, Raw] = {}
        for one in self.act.fields:
            value = self.given.get(one.name)
            if value in (None, "", []):
                continue
            found[one.name] = _utc(value) if one.kind.widget == "moment" else value
        return found


def blank(act: Act, now: int) -> ActForm:
    """Return a form with what the address names, and the presets; `now` is the chain's time."""
    given = {f.name: _preset(f, now) for f in act.fields} | {
        f.name: _asked(f) for f in act.fields if f.name in request.args
    }
    return ActForm(act, given, secrets.token_urlsafe(12))


def _asked(one: Field) -> Any:
    """Return what the address gives for a field; a table as the JSON list of its lines."""
    value = request.args[one.name]
    if one.kind.widget != "rows":
        return value
    try:
        lines = json.loads(value)
    except ValueError:
        return []
    names = {column.name for column in one.kind.columns}
    return [
        {name: str(cell) for name, cell in line.items() if name in names}
        for line in lines
        if isinstance(line, dict)
    ]


def filled(act: Act, keep: Keep) -> ActForm:
    """Return the form that was sent; `keep` gets the documents in it.

    What `keep` refuses stands as an error at its field, where the hash that was there before stays.
    """
    given: dict[str, Any] = {}
    errors: dict[str, TanlianError] = {}
    for one in act.fields:
        try:
            given[one.name] = _given(one, keep)
        except TanlianError as error:
            given[one.name], errors[one.name] = request.form.get(one.name, ""), error
    draft, version = request.form.get("draft", ""), request.form.get("version", 0, type=row_number)
    return ActForm(
        act, given, request.form.get("once", "")[:64], errors,
        draft=(draft, version) if draft else None,
    )  # fmt: skip


def storable(form: ActForm) -> dict[str, Any]:
    """Return what was given as a draft keeps it: the lines of a CSV file instead of the file.

    Raises:
        InvalidInput: a file is no table.
    """
    return {
        name: table_of(value) if isinstance(value, bytes) else value
        for name, value in form.given.items()
    }


def _given(one: Field, keep: Keep) -> Any:
    name, widget = one.name, one.kind.widget
    if widget == "document":
        upload = request.files.get(f"{name}-file")
        content = _content(upload)
        return keep(_name(upload), content) if content else request.form.get(name, "")
    if widget == "rows":
        content = _content(request.files.get(f"{name}-file"))
        return content or _lines(one)
    if widget in {"roles", "several"}:
        return ",".join(request.form.getlist(name))
    return request.form.get(name, "")


def _lines(one: Field) -> list[dict[str, str]]:
    """Return the lines of a table that have something in them."""
    found = []
    told = request.form.get(f"{one.name}-lines", LINES, type=int)
    for number in range(min(told, len(request.form))):  # each line has fields of its own
        line = {
            c.name: request.form.get(f"{one.name}-{number}-{c.name}", "") for c in one.kind.columns
        }
        if any(value.strip() for value in line.values()):
            found.append({name: value for name, value in line.items() if value.strip()})
    return found


def _name(upload: FileStorage | None) -> str:
    return (upload.filename or "") if upload is not None else ""


def _content(upload: FileStorage | None) -> bytes:
    return upload.read() if upload is not None and upload.filename else b""


def _preset(one: Field, now: int) -> str:
    preset = one.preset() if callable(one.preset) else one.preset
    if one.kind.widget == "moment" and preset:
        moment = datetime.fromtimestamp(parse_moment(preset).at(now), UTC)
        return moment.astimezone(get_timezone()).strftime("%Y-%m-%dT%H:%M:%S")
    return preset


def _utc(local: str) -> str:
    """Read the time of the market's clock, which browsers send without a zone."""
    if not _LOCAL.fullmatch(local):
        return local
    zone: Any = get_timezone()
    naive = datetime.fromisoformat(local)
    localise = getattr(zone, "localize", None)  # pytz, which Babel may use
    moment = localise(naive) if localise else naive.replace(tzinfo=zone)
    return str(moment.astimezone(UTC).isoformat())
