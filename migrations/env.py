"""How ``flask db revision --autogenerate`` sees the models. Migrations are run by ``flask erebus upgrade``."""

from alembic import context

from erebus import db, trail
from erebus.plugins import installation
from erebus.upgrading import owner_connection

with owner_connection(installation().settings) as connection:
    context.configure(
        connection=connection,
        target_metadata=[db.metadata, trail.metadata],
        render_as_batch=True,
        compare_type=True,
    )
    context.run_migrations()
