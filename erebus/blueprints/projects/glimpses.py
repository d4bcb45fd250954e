"""What every page shows of the reader's projects: a function for the templates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import request
from flask_login import current_user

from erebus.blueprints.projects import queries

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flask import Flask

    from erebus.blueprints.projects.queries import ProjectName


def init_glimpses(app: Flask) -> None:
    """Give the templates of *app* the function below."""
    app.add_template_global(projects_to_switch_to)


def projects_to_switch_to() -> Sequence[ProjectName]:
    """Return the reader's projects for the menu in the top bar, the current one first, then by title."""
    return queries.find_names(current_user.id, (request.view_args or {}).get("slug", ""))
