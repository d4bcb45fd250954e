"""``flask erebus …``: what an installation needs from the command line.

A command is imported when it is asked for: serving needs none of them, nor what they need.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from flask.cli import AppGroup

if TYPE_CHECKING:
    import click
    from flask import Flask

COMMANDS = {
    "capacity": "erebus.commands.capacity",
    "checkpoints": "erebus.commands.checkpoints",
    "demo": "erebus.demo",
    "doctor": "erebus.commands.doctor",
    "roles": "erebus.commands.roles",
    "rotate-record-key": "erebus.commands.rotate_record_key",
    "settle": "erebus.commands.settle",
    "upgrade": "erebus.commands.upgrade",
    "verify": "erebus.commands.verify",
    "verify-record": "erebus.commands.verify_record",
}
"""The module of each command, which has its name there, with _ for -."""


class Commands(AppGroup):
    """The group of `COMMANDS`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        return sorted({*super().list_commands(ctx), *COMMANDS})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of that name, imported."""
        if cmd_name not in COMMANDS:
            return super().get_command(ctx, cmd_name)
        command: click.Command = getattr(import_module(COMMANDS[cmd_name]), cmd_name.replace("-", "_"))
        return command


def init_commands(app: Flask) -> None:
    """Register the group of commands."""
    app.cli.add_command(Commands("erebus", help="Set Erebus up and look after it."))
