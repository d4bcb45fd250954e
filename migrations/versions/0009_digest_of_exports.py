"""An export keeps the digest of its file: of older ones it is not known."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column. Nobody has the files that were exported before: so it stays empty."""
    op.add_column("audit_exports", sa.Column("sha256", sa.String(64), nullable=True))


def downgrade() -> None:
    """Drop it."""
    op.drop_column("audit_exports", "sha256")
