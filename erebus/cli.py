"""``flask erebus …``: what an installation needs from the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from flask.cli import AppGroup, with_appcontext
from sqlalchemy.exc import OperationalError

from erebus.commands.capacity import capacity
from erebus.commands.checkpoints import checkpoints
from erebus.commands.doctor import doctor
from erebus.commands.roles import roles
from erebus.commands.settle import settle
from erebus.commands.verify import verify
from erebus.db import db
from erebus.demo import demo
from erebus.plugins import installation
from erebus.trail import missing_triggers
from erebus.upgrading import owner_connection, upgrade_all

if TYPE_CHECKING:
    from flask import Flask

commands = AppGroup("erebus", help="Set Erebus up and look after it.")


def init_commands(app: Flask) -> None:
    """Register the group of commands."""
    app.cli.add_command(commands)


@commands.command()
@with_appcontext
def upgrade() -> None:
    """Bring the tables up to date: Erebus's own, then each plugin's."""
    upgrade_all(installation())
    with owner_connection(installation().settings) as connection:
        missing = missing_triggers(connection)
    if missing := missing or _missing_for_the_app():
        message = f"the log is not protected: {', '.join(missing)} missing"
        raise click.ClickException(message)
    click.echo("The tables are up to date.")


def _missing_for_the_app() -> list[str]:
    """Return the triggers that the app's own address does not lead to; its role may not be made yet."""
    try:
        with db.engine.connect() as connection:
            return missing_triggers(connection)
    except OperationalError:
        return []
    finally:
        db.engine.dispose()


for command in (capacity, checkpoints, demo, doctor, roles, settle, verify):
    commands.add_command(command)
