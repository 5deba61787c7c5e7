"""How figures and times are written on pages."""

from datetime import UTC, datetime

from flask import Flask
from flask_babel import format_datetime, format_timedelta, gettext, to_user_timezone

from tanlian.domain import classifications
from tanlian.domain.factor_set import UNIT_NAMES
from tanlian.domain.roles import role_names
from tanlian.services.report import figures
from tanlian.web import evidence_words
from tanlian.web.language import reader_language
from tanlian.web.words import REPORT_STATES


def install(app: Flask) -> None:
    app.jinja_env.filters.update(
        utc=utc,
        local_time=local_time,
        tonnes=figures.tonnes,
        price=figures.price,
        half_price=figures.half_tick_price,
        count=figures.thousands,
        local_hour=local_hour,
        yuan=figures.yuan,
        percent=figures.percent,
        region_name=lambda code: classifications.region_name(code, reader_language()),
        sector_name=lambda number: classifications.sector_name(number, reader_language()),
        span=format_timedelta,
        millionths=figures.millionths,
        unit_name={unit: name for name, unit in UNIT_NAMES.items()}.get,
        role_names=lambda roles: [gettext(name) for name in role_names(roles)],
    )
    app.jinja_env.globals.update(
        reading_states=evidence_words.READING_STATES,
        step_words=evidence_words.READING_PROOF_STEPS,
        evidence_words=evidence_words,
        report_states=REPORT_STATES,
    )


def utc(seconds: int) -> str:
    """For programs: ISO 8601 in UTC."""
    return datetime.fromtimestamp(seconds, UTC).isoformat()


def local_time(seconds: int) -> str:
    """For people: in the market's time zone and the reader's language."""
    return str(format_datetime(datetime.fromtimestamp(seconds, UTC), "medium"))


def local_hour(seconds: int) -> str:
    """For fields of forms: the hour in the market's time zone."""
    local = to_user_timezone(datetime.fromtimestamp(seconds, UTC))
    return str(local.strftime("%Y-%m-%dT%H:00"))
