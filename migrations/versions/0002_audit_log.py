"""The log: the ring, its head, and the triggers that make it append-only."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

from erebus.trail.triggers import run_script

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "audit_events",
        sa.Column("log_id", sa.Text(), nullable=False),
        sa.Column("slot", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("actor_id", sa.Text(), nullable=False),
        sa.Column("actor_kind", sa.Text(), nullable=False),
        sa.Column("actor_name", sa.Text(), nullable=False),
        sa.Column("actor_image", sa.Text(), nullable=True),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("action_description", sa.Text(), nullable=False),
        sa.Column("entity_type", sa.Text(), nullable=False),
        sa.Column("entity_id", sa.Text(), nullable=False),
        sa.Column("entity_label", sa.Text(), nullable=False),
        sa.Column("project_id", sa.Text(), nullable=True),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("status", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("changes", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("user_agent", sa.Text(), nullable=True),
        sa.Column("prev_hash", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("slot BETWEEN -10000 AND 9999", name="ck_audit_events_slot"),
        sa.PrimaryKeyConstraint("log_id", "slot", name="pk_audit_events"),
        postgresql_with={"fillfactor": 70},
        sqlite_with_rowid=False,
    )
    op.create_table(
        "audit_zero",
        sa.Column("zero", sa.Integer(), autoincrement=False, nullable=False),
        sa.CheckConstraint("zero = 0", name="ck_audit_zero_zero"),
        sa.PrimaryKeyConstraint("zero", name="pk_audit_zero"),
    )
    op.create_table(
        "audit_logs",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("project_id", sa.Text(), nullable=True),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("head_number", sa.BigInteger(), nullable=False),
        sa.Column("head_hash", sa.LargeBinary(), nullable=False),
        sa.Column("prior_hash", sa.LargeBinary(), nullable=False),
        sa.Column("head_time", sa.BigInteger(), nullable=False),
        sa.Column("seam_number", sa.BigInteger(), nullable=False),
        sa.Column("seam_hash", sa.LargeBinary(), nullable=False),
        sa.Column("pending", sa.Integer(), nullable=False),
        sa.CheckConstraint("capacity BETWEEN 10 AND 10000", name="ck_audit_logs_capacity"),
        sa.ForeignKeyConstraint(
            ["pending"], ["audit_zero.zero"], name="fk_audit_logs_pending", initially="DEFERRED", deferrable=True
        ),
        sa.PrimaryKeyConstraint("id", name="pk_audit_logs"),
        postgresql_with={"fillfactor": 50},
        sqlite_with_rowid=False,
    )
    op.execute("INSERT INTO audit_zero (zero) VALUES (0)")
    _run("0002_up")


def downgrade() -> None:
    """Drop the tables."""
    _run("0002_down")
    op.drop_table("audit_logs")
    op.drop_table("audit_zero")
    op.drop_table("audit_events")


def _run(name: str) -> None:
    """Run a text of this revision's own: what the package's has become since is not for it."""
    connection = op.get_bind()
    folder = Path(__file__).parent.parent / "triggers"
    run_script(connection, (folder / f"{name}_{connection.dialect.name}.sql").read_text())
