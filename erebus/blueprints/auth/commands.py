"""``flask sign-up``: what decides whether people can register themselves, until there is a page for it."""

from __future__ import annotations

import click
from flask.cli import with_appcontext

from erebus.answering import answering
from erebus.blueprints.auth import services
from erebus.db import transaction


@click.command("sign-up")
@click.argument("state", type=click.Choice(["open", "closed"]))
@with_appcontext
def sign_up(state: str) -> None:
    """Let people register themselves (open), or not (closed)."""
    with answering(), transaction():
        services.set_open_sign_up(is_open=state == "open")
    click.echo(f"Sign-up is {state}.")
