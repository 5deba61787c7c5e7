"""Documents that are kept, and forms that somebody has begun to fill in."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "kept_documents",
        sa.Column("id", _ID, nullable=False),
        sa.Column("organisation", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("kept_by", _ID, nullable=False),
        sa.Column("kept_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["kept_by"], ["users.id"], name="fk_kept_documents_kept_by"),
        sa.PrimaryKeyConstraint("id", name="pk_kept_documents"),
        sa.UniqueConstraint("organisation", "sha256", name="uq_kept_documents_owner"),
    )
    op.create_table(
        "form_drafts",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("organisation", sa.Integer(), nullable=False),
        sa.Column("act", sa.String(length=64), nullable=False),
        sa.Column("given", sa.LargeBinary(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("saved_by", _ID, nullable=False),
        sa.Column("saved_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["saved_by"], ["users.id"], name="fk_form_drafts_saved_by"),
        sa.PrimaryKeyConstraint("id", name="pk_form_drafts"),
    )
    op.create_index("ix_form_drafts_organisation", "form_drafts", ["organisation"])


def downgrade() -> None:
    op.drop_table("form_drafts")
    op.drop_table("kept_documents")
