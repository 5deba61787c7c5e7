"""A transaction that no node will ever take holds its number no longer."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_INDEX = "uq_act_transactions_number"


def _hold(where: str) -> None:
    op.drop_index(_INDEX, "act_transactions")
    op.create_index(
        _INDEX,
        "act_transactions",
        ["chain", "account", "nonce"],
        unique=True,
        sqlite_where=sa.text(where),
        postgresql_where=sa.text(where),
    )


def upgrade() -> None:
    _hold("state NOT IN ('overtaken', 'void')")


def downgrade() -> None:
    op.execute("UPDATE act_transactions SET state = 'overtaken' WHERE state = 'void'")
    _hold("state <> 'overtaken'")
