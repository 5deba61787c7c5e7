"""What acts are about is encrypted; the request of a program is recognised with the key only.

Nothing of what lay in clear stays behind in the files: SQLite overwrites what it frees, PostgreSQL
writes the tables anew.
"""

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from alembic import op

from tanlian.accounts.sealing import BOX
from tanlian.accounts.secrets_box import SecretsBox

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_SEALED = {"acts": ("number", ("details", "calls")), "approvals": ("id", ("details",))}
_AT_ONCE = 500


def _box() -> SecretsBox:
    found: SecretsBox = op.get_bind().info[BOX]
    return found


def _is_postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"


def _rewrite(table: str, key: str, column: str, change: Callable[[Any], object]) -> None:
    """Replace each value of a column by what `change` makes of it, in portions."""
    db = op.get_bind()
    rows = sa.table(table, sa.column(key), sa.column(column))
    found, value = rows.c[key], rows.c[column]
    last = None
    while True:
        query = sa.select(found, value).order_by(found).limit(_AT_ONCE)
        portion = db.execute(query if last is None else query.where(found > last)).all()
        for number, text in portion:
            db.execute(sa.update(rows).where(found == number).values({column: change(text)}))
        if len(portion) < _AT_ONCE:
            return
        last = portion[-1][0]


def upgrade() -> None:
    box = _box()
    if not _is_postgresql():
        op.execute("PRAGMA secure_delete=ON")
    for table, (key, columns) in _SEALED.items():
        for column in columns:
            if _is_postgresql():
                op.alter_column(table, column, type_=sa.Text(), postgresql_using=f"{column}::text")
                _rewrite(table, key, column, lambda text: box.lock(text.encode()).decode())
                op.alter_column(
                    table,
                    column,
                    type_=sa.LargeBinary(),
                    postgresql_using=f"convert_to({column}, 'UTF8')",
                )
            else:
                _rewrite(table, key, column, lambda text: box.lock(text.encode()))
        if not _is_postgresql():
            with op.batch_alter_table(table) as batch:
                for column in columns:
                    batch.alter_column(column, existing_type=sa.JSON(), type_=sa.LargeBinary())
    _rewrite("idempotent_answers", "id", "request_hash", box.mark)


def downgrade() -> None:
    box = _box()
    op.execute("DELETE FROM idempotent_answers")
    for table, (key, columns) in _SEALED.items():
        for column in columns:
            if _is_postgresql():
                op.alter_column(
                    table,
                    column,
                    type_=sa.Text(),
                    postgresql_using=f"convert_from({column}, 'UTF8')",
                )
                _rewrite(table, key, column, lambda token: box.open(token.encode()).decode())
                op.alter_column(table, column, type_=sa.JSON(), postgresql_using=f"{column}::json")
            else:
                _rewrite(table, key, column, lambda token: box.open(bytes(token)).decode())
        if not _is_postgresql():
            with op.batch_alter_table(table) as batch:
                for column in columns:
                    batch.alter_column(column, existing_type=sa.LargeBinary(), type_=sa.JSON())
