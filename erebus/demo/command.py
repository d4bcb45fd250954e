"""``flask erebus demo``: make the demo where there is nothing, and say how to sign in."""

from __future__ import annotations

from urllib.parse import urlsplit

import click
from flask.cli import with_appcontext
from sqlalchemy import select

from erebus.answering import answering
from erebus.blueprints.auth.models import User
from erebus.blueprints.auth.passwords import is_right
from erebus.config import SettingError, Settings
from erebus.db import db
from erebus.demo import password as passwords
from erebus.demo.making import Finding, look, make
from erebus.demo.people import PEOPLE
from erebus.plugins import installation

_HOST = "127.0.0.1:5000"  # where it is served unless said otherwise
_OTHER_PLACE = "Give the demo a place of its own: EREBUS_INSTANCE_PATH=instance-demo make demo"
_SOMETHING_ELSE = f"This database has accounts that are not the demo's. Nothing was changed. {_OTHER_PLACE}"
_HALF_A_DEMO = (
    "Setting up the demo was interrupted here, so its history is incomplete. Remove the database and the "
    "checkpoints of its logs (by default instance/erebus.db and instance/checkpoints) and run this again. "
    f"{_OTHER_PLACE}"
)


@click.command()
@click.option("--address", help="Where the demo is going to be served, to be printed.")
@with_appcontext
def demo(address: str | None) -> None:
    """Fill an empty database with a small company and its history; print the accounts.

    Where the demo is there already, nothing is made. Where anything else is, nothing is changed.
    """
    with answering():
        _demo(installation().settings, address)


def _demo(settings: Settings, address: str | None) -> None:
    found = look(settings)
    if found is Finding.SOMETHING_ELSE:
        raise click.ClickException(_SOMETHING_ELSE)
    if found is Finding.HALF_A_DEMO:
        raise click.ClickException(_HALF_A_DEMO)
    if found is Finding.NOTHING:
        _make(settings, address)
    else:
        click.echo("The demo is there already. Nothing was changed.")
    _print(address, settings)


def _make(settings: Settings, address: str | None) -> None:
    try:
        password = passwords.choose(settings)
    except SettingError as error:
        raise click.ClickException(str(error)) from None
    make(settings, password, urlsplit(settings.public_url or address or "").netloc or _HOST)


def _print(address: str | None, settings: Settings) -> None:
    password, changed = _known_password(settings)
    widths = [max(len(text) for text in column) for column in zip(*((p.email, p.name) for p in PEOPLE), strict=True)]
    click.echo()
    if address:
        click.echo(f"  Erebus is at {address}")
        click.echo()
    for person in PEOPLE:
        note = " (password changed since)" if person.email in changed else ""
        click.echo(f"  {person.email:<{widths[0]}}  {person.name:<{widths[1]}}  {person.part}{note}")
    click.echo()
    click.echo(f"  {_told(password)}")
    click.echo()


def _told(password: str | None) -> str:
    return (
        f"Password of all: {password}"
        if password
        else "Their password is not known here: it was chosen elsewhere, or changed since."
    )


def _known_password(settings: Settings) -> tuple[str | None, set[str]]:
    """Return the password that most accounts have, if it is known, and the addresses of those with another."""
    users = db.session.scalars(select(User).where(User.email.in_([person.email for person in PEOPLE])))
    kept = {user.email: user.password for user in users}
    for password in passwords.candidates(settings):
        changed = {email for email, text in kept.items() if not is_right(password, text)}
        if len(changed) < len(kept):
            return password, changed
    return None, set()
