"""Whether sensitive acts of an organisation need two people."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "policies",
        sa.Column("organisation", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("second_person", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("organisation", name=op.f("pk_policies")),
    )


def downgrade() -> None:
    op.drop_table("policies")
