"""Two keys of a project that are not revoked never have one label."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the index behind the rule."""
    op.create_index(
        "ix_api_keys_label_in_use",
        "api_keys",
        ["project_id", "label"],
        unique=True,
        sqlite_where=sa.text("status <> 'revoked'"),
        postgresql_where=sa.text("status <> 'revoked'"),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_index("ix_api_keys_label_in_use", table_name="api_keys")
