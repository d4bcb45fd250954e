"""Is there a demo in this database, and may one be made? If so, it is made here."""

from __future__ import annotations

import enum
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click
from sqlalchemy import select

from erebus import clock
from erebus.blueprints.auth import services as accounts
from erebus.blueprints.auth.models import User
from erebus.db import db, transaction
from erebus.demo import password as passwords
from erebus.demo import story
from erebus.demo.people import PEOPLE
from erebus.demo.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from erebus.config import Settings


class Finding(enum.Enum):
    """What a database holds."""

    NOTHING = enum.auto()
    DEMO = enum.auto()
    HALF_A_DEMO = enum.auto()
    SOMETHING_ELSE = enum.auto()


def look(settings: Settings) -> Finding:
    """Return what the database holds."""
    emails, ours = set(db.session.scalars(select(User.email))), {person.email for person in PEOPLE}
    if not emails:
        return Finding.NOTHING
    if emails & ours and _mark(settings).exists():
        return Finding.HALF_A_DEMO
    return Finding.DEMO if emails >= ours else Finding.SOMETHING_ELSE


def make(settings: Settings, password: str, host: str) -> None:
    """Fill an empty database with accounts of this *password* and with their story, up to now.

    *host* is where it is going to be served: records say where they can be verified.
    """
    now, stage = clock.now(), Stage(host)
    with _marked(_mark(settings)):
        registered = {key: when(now) for key, when in story.REGISTERED.items()}
        for person in PEOPLE:
            draft = accounts.draft_account(name=person.name, email=person.email, password=password)
            stage.register(person.key, draft, registered[person.key])
        with click.progressbar(story.tell(now), label="Telling the story of the demo") as scenes:
            for moment, scene in scenes:
                stage.play(scene, moment)
        _use_keys(stage, now)
        passwords.keep(settings, password)


def _use_keys(stage: Stage, now: datetime) -> None:
    """Let keys have been used: nothing does that yet, and it is no event."""
    with transaction():
        for name, when in story.LAST_USED.items():
            stage.keys[name].last_used_at = when(now)


@contextmanager
def _marked(mark: Path) -> Iterator[None]:
    """Leave *mark* behind if the block does not come to its end: each scene is committed by itself."""
    mark.touch()
    yield
    mark.unlink()


def _mark(settings: Settings) -> Path:
    return settings.instance_path / "demo.unfinished"
