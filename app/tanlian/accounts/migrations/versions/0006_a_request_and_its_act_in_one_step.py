"""A request with an idempotency key is remembered with its act: no claim stays without answer."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("DELETE FROM idempotent_answers WHERE status IS NULL")
    with op.batch_alter_table("idempotent_answers") as batch:
        batch.drop_column("status")
        batch.alter_column(
            "body",
            new_column_name="act",
            existing_type=sa.Text(),
            type_=sa.String(length=16),
            nullable=False,
        )


def downgrade() -> None:
    with op.batch_alter_table("idempotent_answers") as batch:
        batch.alter_column(
            "act",
            new_column_name="body",
            existing_type=sa.String(length=16),
            type_=sa.Text(),
            nullable=True,
        )
        batch.add_column(sa.Column("status", sa.Integer(), nullable=True))
    op.execute("UPDATE idempotent_answers SET status = 200")
