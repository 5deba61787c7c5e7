"""${message}"""

from alembic import op
import sqlalchemy as sa
import tanlian.readmodel.tables
from tanlian.readmodel.emptying import empty
${imports if imports else ""}
revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None


def upgrade() -> None:
    empty(op.get_bind())
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    ${downgrades if downgrades else "pass"}
