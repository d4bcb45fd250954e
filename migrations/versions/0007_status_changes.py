"""A key counts the changes of its status itself: of keys that are older, from the next change on."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add both columns. Nobody knows how often the status of a key that is there has changed: so they stay empty."""
    op.add_column("api_keys", sa.Column("status_changes", sa.Integer(), nullable=True))
    op.add_column("api_keys", sa.Column("status_counted_since", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    """Drop them."""
    op.drop_column("api_keys", "status_counted_since")
    op.drop_column("api_keys", "status_changes")
