"""prices of sessions, and indexes for what pages ask"""

from alembic import op
import sqlalchemy as sa
from tanlian.readmodel.emptying import empty

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    empty(op.get_bind())
    with op.batch_alter_table("sessions", schema=None) as batch_op:
        batch_op.add_column(sa.Column("first_half_ticks", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("highest_half_ticks", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("lowest_half_ticks", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("last_half_ticks", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("trades", sa.Integer(), nullable=False))
    with op.batch_alter_table("orders", schema=None) as batch_op:
        batch_op.create_index(
            "ix_orders_standing",
            ["session", "buy", "tick", "open_lots"],
            unique=False,
            sqlite_where=sa.text("open_lots > 0"),
            postgresql_where=sa.text("open_lots > 0"),
        )
        batch_op.create_index("ix_orders_arrival", ["session", "time"], unique=False)
    with op.batch_alter_table("fills", schema=None) as batch_op:
        batch_op.drop_index("ix_fills_session")
        batch_op.create_index(
            "ix_fills_newest", ["session", "block", "log_index", "number"], unique=False
        )
        batch_op.create_index("ix_fills_kind", ["session", "kind"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("fills", schema=None) as batch_op:
        batch_op.drop_index("ix_fills_kind")
        batch_op.drop_index("ix_fills_newest")
        batch_op.create_index("ix_fills_session", ["session"], unique=False)
    with op.batch_alter_table("orders", schema=None) as batch_op:
        batch_op.drop_index("ix_orders_arrival")
        batch_op.drop_index("ix_orders_standing")
    with op.batch_alter_table("sessions", schema=None) as batch_op:
        for name in ("trades", "last_half_ticks", "lowest_half_ticks", "highest_half_ticks"):
            batch_op.drop_column(name)
        batch_op.drop_column("first_half_ticks")
