"""``flask erebus upgrade``: the tables, as this version of Erebus and of its plugins needs them."""

from __future__ import annotations

import click
from flask.cli import with_appcontext

from erebus.answering import reaching
from erebus.db import db
from erebus.plugins import installation
from erebus.protection import look_for_triggers
from erebus.trail import missing_triggers
from erebus.upgrading import owner_connection, upgrade_all


@click.command()
@with_appcontext
def upgrade() -> None:
    """Bring the tables up to date: Erebus's own, then each plugin's."""
    with reaching():
        upgrade_all(installation())
        with owner_connection(installation().settings) as connection:
            missing = missing_triggers(connection)
    if missing := missing or look_for_triggers(db.engine):  # the app's own address may lead elsewhere
        message = f"the log is not protected: {', '.join(missing)} missing"
        raise click.ClickException(message)
    click.echo("The tables are up to date.")
