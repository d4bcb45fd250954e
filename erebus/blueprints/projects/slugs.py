"""Slugs: made from a title, given once in the life of an installation."""

from __future__ import annotations

import re
import secrets
import string
import unicodedata
from typing import TYPE_CHECKING

from sqlalchemy.dialects import postgresql, sqlite

from erebus.blueprints.projects.models import SLUG_MAX, Slug
from erebus.db import db

if TYPE_CHECKING:
    from collections.abc import Iterator

RESERVED = frozenset({"new"})
_EMPTY = "project"
_RANDOM = string.ascii_lowercase + string.digits
_RANDOM_LENGTH = 4


def slugify(title: str) -> str:
    """Return *title* as small letters, digits and hyphens, short enough that four characters can be added."""
    plain = unicodedata.normalize("NFKD", title.casefold()).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[: SLUG_MAX - _RANDOM_LENGTH - 1].strip("-")


def give(title: str, project_id: str) -> str:
    """Take a slug for the project and return it: that of *title* if it was never given, else with four characters more.

    Two at once get two: the second insertion waits for the first, and finds the slug taken.
    """
    return next(slug for slug in _candidates(title) if slug not in RESERVED and _take(slug, project_id))


def _candidates(title: str) -> Iterator[str]:
    base = slugify(title) or _EMPTY
    yield base
    while True:
        yield f"{base}-{''.join(secrets.choice(_RANDOM) for _ in range(_RANDOM_LENGTH))}"


def _take(slug: str, project_id: str) -> bool:
    """Return whether *slug* was free and is now taken. A Core statement: the table is exempt from the log."""
    connection = db.session.connection()
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    row = {"slug": slug, "project_id": project_id}
    statement = insert(Slug).values(row).on_conflict_do_nothing().returning(Slug.slug)
    return connection.execute(statement).first() is not None
