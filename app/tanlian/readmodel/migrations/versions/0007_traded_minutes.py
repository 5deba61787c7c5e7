"""prices within sessions, minute by minute"""

from alembic import op
import sqlalchemy as sa
from tanlian.readmodel.emptying import empty
from tanlian.readmodel.tables.types import Whole

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    empty(op.get_bind())
    op.create_table(
        "traded_minutes",
        sa.Column("session", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("minute", Whole(), autoincrement=False, nullable=False),
        sa.Column("volume_lots", sa.BigInteger(), nullable=False),
        sa.Column("first_half_ticks", sa.Integer(), nullable=False),
        sa.Column("highest_half_ticks", sa.Integer(), nullable=False),
        sa.Column("lowest_half_ticks", sa.Integer(), nullable=False),
        sa.Column("last_half_ticks", sa.Integer(), nullable=False),
        sa.Column("trades", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("session", "minute"),
    )


def downgrade() -> None:
    op.drop_table("traded_minutes")
