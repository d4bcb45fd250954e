"""Tallies."""

import sqlalchemy as sa
from alembic import op

revision = "tallies_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "daily_tallies",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("project_id", sa.String(40), sa.ForeignKey("projects.id"), nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("daily_tallies")
