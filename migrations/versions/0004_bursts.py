"""Failures that come thick and fast are counted: the counters, and when the next of them is due to be told."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table, and the column; adding one leaves the triggers of the log in place."""
    op.create_table(
        "audit_bursts",
        sa.Column("log_id", sa.Text(), nullable=False),
        sa.Column("actor_id", sa.Text(), nullable=False),
        sa.Column("lines", sa.Text(), nullable=False),
        sa.Column("counts", sa.Text(), nullable=False),
        sa.Column("kinds", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("first_at", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("log_id", "actor_id", name="pk_audit_bursts"),
    )
    op.add_column("audit_logs", sa.Column("settle_at", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    """Drop both; counts that were never told go with them."""
    op.drop_column("audit_logs", "settle_at")
    op.drop_table("audit_bursts")
