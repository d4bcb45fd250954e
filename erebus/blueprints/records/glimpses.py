"""What templates can ask for about records: those of an event, how many they are, and a code as it is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import g

from erebus.blueprints.records import queries
from erebus.records import grouped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flask import Flask

    from erebus.blueprints.records.models import AuditRecord


def init_glimpses(app: Flask) -> None:
    """Give the templates of *app* the functions below, and `grouped`."""
    app.add_template_global(records_of)
    app.add_template_global(count_records)
    app.add_template_filter(grouped)


def records_of(asked: str) -> Sequence[AuditRecord]:
    """Return the records of the event of the current project that was *asked* for by its id or number."""
    return queries.find_records_of(g.project.id, asked)


def count_records(asked: str) -> int:
    """Return how many records there are of the event of the current project that was *asked* for likewise."""
    return queries.count_records_of(g.project.id, asked)
