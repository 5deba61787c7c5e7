"""Granted views and complaints."""

from collections.abc import Iterator

from sqlalchemy.engine import Connection

from tanlian.chain.contracts import Contracts
from tanlian.readmodel.tables.supervision import complaints, view_grants
from tanlian.readmodel.views.question import Question, fields, rows_of

EXTENT = ("kinds", "scope", "region", "sector", "subject", "first_year", "last_year")
COMPLAINT = (
    "complainant", "subject", "kind", "period", "evidence", "status", "filed_at", "act_by",
    "escalated", "route", "reference", "regulator", "document",
)  # fmt: skip


def questions(db: Connection, contracts: Contracts) -> Iterator[Question]:
    """Ask for every grant and every complaint."""
    if "supervision" not in contracts:
        return
    desk = contracts["supervision"]
    for row in rows_of(db, view_grants):
        said = fields(row, "grantee", "granted_at", "expires_at", "revoked_at", "document")
        said["extent"] = tuple(row[name] for name in EXTENT)
        yield Question(desk.reading("grant", row["id"]), f"view_grants {row['id']}", said)
    for row in rows_of(db, complaints):
        said = fields(row, *COMPLAINT)
        yield Question(desk.reading("complaint", row["id"]), f"complaints {row['id']}", said)
