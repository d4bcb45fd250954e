"""The project of the neighbouring tests, and a key in it."""

from __future__ import annotations

import pytest

from erebus.blueprints.auth.models import User
from erebus.blueprints.keys import services
from erebus.blueprints.keys.models import ApiKey, Environment
from erebus.blueprints.projects.models import Project
from erebus.db import transaction
from tests.blueprints.projects.conftest import app_context, attempt, log, owner, project

__all__ = ["app_context", "attempt", "log", "owner", "project"]


@pytest.fixture
def key(project: Project, owner: User) -> ApiKey:
    """An active development key."""
    with transaction():
        key, _secret = services.create_key(project, "My Dev Key", Environment.DEVELOPMENT, by=owner)
    return key
