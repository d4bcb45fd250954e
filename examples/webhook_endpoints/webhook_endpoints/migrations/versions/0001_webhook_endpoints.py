"""Webhook endpoints."""

import sqlalchemy as sa
from alembic import op

revision = "webhook_endpoints_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "webhook_endpoints",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("project_id", sa.String(40), sa.ForeignKey("projects.id"), nullable=False),
        sa.Column("url", sa.String(261), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("project_id", "url", name="uq_webhook_endpoints_project_id_url"),
        sa.CheckConstraint("status IN ('active', 'paused')", name="ck_webhook_endpoints_status"),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("webhook_endpoints")
