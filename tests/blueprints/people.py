"""People made through the services."""

from __future__ import annotations

from erebus.blueprints.auth import services
from erebus.blueprints.auth.models import User
from erebus.db import transaction
from tests.conftest import PASSWORD


def register(name: str) -> User:
    """Make an account ``<name>@example.com``."""
    draft = services.draft_account(name=name.title(), email=f"{name}@example.com", password=PASSWORD)
    with transaction():
        return services.register_user(draft)
