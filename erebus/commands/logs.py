"""Which logs a command is about: all, or the one of a project that is named."""

from __future__ import annotations

import click
from sqlalchemy import select

from erebus.blueprints.projects.models import Slug
from erebus.db import db
from erebus.scope import PLATFORM
from erebus.verification import all_log_ids

UNANSWERED = 2
"""The exit code where the question whether a log is sound cannot be answered: 1 is an answer."""


def chosen_logs(project: str | None) -> list[str]:
    """Return the ids of all logs, or of that of *project*: a slug, an id, or ``platform``; deleted ones included.

    Raises `click.BadParameter` for a project that there never was.
    """
    if project is None:
        return all_log_ids()
    found = log_called(project)
    if found is None:
        message = f"there is no log of {project!r}. Give a project's slug or id, or {PLATFORM.id!r}."
        raise click.BadParameter(message, param_hint="PROJECT")
    return [found]


def log_called(name: str) -> str | None:
    """Return the id of the log called *name*: by its id, or the slug that its project has, or had when it was deleted.

    A slug never changes, and is never given twice.
    """
    known = set(all_log_ids())
    by_slug = db.session.scalar(select(Slug.project_id).where(Slug.slug == name))
    return next((log_id for log_id in (name, by_slug) if log_id in known), None)
