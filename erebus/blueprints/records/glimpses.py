"""What templates can ask for about records: those of an event, and a code as it is shown."""

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
    """Give the templates of *app* the function below, and `grouped`."""
    app.add_template_global(records_of)
    app.add_template_filter(grouped)


def records_of(asked: str) -> Sequence[AuditRecord]:
    """Return the records of the event of the current project that was *asked* for by its id or number."""
    return queries.find_records_of(g.project.id, asked)
