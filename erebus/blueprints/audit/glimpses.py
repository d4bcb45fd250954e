"""What pages of other features show of the log: functions for every template."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import g

from erebus.blueprints.audit import queries, ring
from erebus.blueprints.audit.presenter import moment_of
from erebus.trail import AuditLog

if TYPE_CHECKING:
    from flask import Flask


def init_glimpses(app: Flask) -> None:
    """Give the templates of *app* the functions below, and `moment_of`."""
    for glimpse in (ring_of, log_head, moment_of):
        app.add_template_global(glimpse)


def ring_of(log: AuditLog | str) -> ring.Picture | None:
    """Return a log, or that of the project with this id, as a picture; None if there is none."""
    found = log if isinstance(log, AuditLog) else queries.find_log(log)
    return ring.draw(found) if found else None


def log_head() -> queries.Head | None:
    """Return where the log of the current project stands, for the line at the foot of its pages."""
    return queries.find_head(g.project.id) if "project" in g else None
