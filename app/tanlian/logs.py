"""Structured logs: one JSON object a line, for journald and whatever collects it."""

import json
import logging
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, TextIO

QUIET = ("waitress", "alembic")  # libraries whose everyday words nobody needs


class JsonLines(logging.Formatter):
    """Formats a record as JSON.

    `context` adds what is known of the work at hand, such as the request's id; `scrub` takes what
    must not be written down out of a text. The fields of a record come as `extra={"fields": …}`.
    """

    def __init__(
        self,
        context: Callable[[], Mapping[str, Any]] = dict,
        scrub: Callable[[str], str] = str,
    ) -> None:
        super().__init__()
        self._context = context
        self._scrub = scrub

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": self._scrub(record.getMessage()),
            **self._context(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            line["trace"] = self._scrub(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=False, default=str)


def write_to(
    stream: TextIO | None = None, level: str = "info", formatter: logging.Formatter | None = None
) -> logging.Handler:
    """Send every log line of this process to a stream (standard error); returns the handler."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(formatter or JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in QUIET:
        logging.getLogger(name).setLevel(max(root.level, logging.WARNING))
    return handler
