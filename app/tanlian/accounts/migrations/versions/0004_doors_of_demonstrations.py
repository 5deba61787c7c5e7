"""Doors of demonstrations: one-time links, and the people who may come in by them."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "doors",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("browser_hash", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_doors")),
        sa.UniqueConstraint("browser_hash", name=op.f("uq_doors_browser_hash")),
    )
    op.create_table(
        "door_people",
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_door_people_user_id")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_door_people")),
    )


def downgrade() -> None:
    op.drop_table("door_people")
    op.drop_table("doors")
