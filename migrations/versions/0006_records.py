"""Records of events, signed, are kept for good."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "audit_records",
        sa.Column("code", sa.String(21), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("values", sa.Text(), nullable=False),
        sa.Column("more_changes", sa.Text(), nullable=False),
        sa.Column("log_id", sa.String(40), nullable=False),
        sa.Column("project_id", sa.String(40), nullable=True),
        sa.Column("event_id", sa.String(26), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("made_by_id", sa.String(40), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("time_zone", sa.String(64), nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_records"),
        sa.UniqueConstraint("code", name="uq_audit_records_code"),
    )
    op.create_index("ix_audit_records_event", "audit_records", ["log_id", "event_id"])
    op.create_index("ix_audit_records_project_id", "audit_records", ["project_id"])


def downgrade() -> None:
    """Drop it, and the records with it: those who hold a picture or a file can still verify it."""
    op.drop_table("audit_records")
