"""Programs that sign: an organisation's key, encrypted with the program's token."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("api_keys") as batch:
        batch.add_column(sa.Column("signer", sa.String(length=42), nullable=True))
        batch.add_column(sa.Column("signing", sa.LargeBinary(), nullable=True))
        batch.add_column(
            sa.Column("sensitive", sa.Boolean(), nullable=False, server_default=sa.text("false"))
        )


def downgrade() -> None:
    with op.batch_alter_table("api_keys") as batch:
        for name in ("sensitive", "signing", "signer"):
            batch.drop_column(name)
