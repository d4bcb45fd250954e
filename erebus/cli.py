"""``flask erebus …``: what an installation needs from the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from flask.cli import AppGroup, with_appcontext

from erebus.commands.checkpoints import checkpoints
from erebus.commands.doctor import doctor
from erebus.commands.verify import verify
from erebus.db import db
from erebus.demo import demo
from erebus.plugins import installation
from erebus.trail import missing_triggers
from erebus.upgrading import upgrade_all

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
    if missing := missing_triggers(db.session.connection()):
        message = f"the log is not protected: {', '.join(missing)} missing"
        raise click.ClickException(message)
    click.echo("The tables are up to date.")


for command in (demo, verify, checkpoints, doctor):
    commands.add_command(command)
