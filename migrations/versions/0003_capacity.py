"""A log's capacity can be changed: the triggers let its ring be laid anew, and nothing else."""

from pathlib import Path

from alembic import op

from erebus.trail.triggers import run_script

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Put the new triggers in the place of the old ones."""
    _run("0002_down")
    _run("0003_up")


def downgrade() -> None:
    """Put the old triggers back."""
    _run("0003_down")
    _run("0002_up")


def _run(name: str) -> None:
    """Run a text that is kept beside the revisions: what the package's has become since is not for them."""
    connection = op.get_bind()
    folder = Path(__file__).parent.parent / "triggers"
    run_script(connection, (folder / f"{name}_{connection.dialect.name}.sql").read_text())
