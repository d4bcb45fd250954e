"""People, and what the platform's log says of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from erebus import db
from erebus.blueprints.auth.models import User
from erebus.blueprints.auth.services import draft_account, register_user
from erebus.db import transaction
from erebus.trail import AuditEvent, read_log
from tests.conftest import PASSWORD

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask


@pytest.fixture
def register(app: Flask) -> Callable[..., str]:
    """``register("Ada Lovelace")`` makes the account ada@example.com and returns its id."""

    def register(name: str = "Ada Lovelace", email: str = "") -> str:
        address = email or f"{name.split(maxsplit=1)[0].lower()}@example.com"
        with app.app_context():
            draft = draft_account(name=name, email=address, password=PASSWORD)
            with transaction():
                register_user(draft)
            return draft.user.id

    return register


@pytest.fixture
def user_of(app: Flask) -> Callable[[str], User]:
    """``user_of("ada@example.com")`` gives the account as it is in the database now."""

    def user_of(email: str) -> User:
        with app.app_context():
            user = db.session.scalars(db.select(User).filter_by(email=email)).one()
            db.session.expunge(user)
            return user

    return user_of


@pytest.fixture
def told(app: Flask) -> Callable[[], list[AuditEvent]]:
    """``told()`` gives the platform's log, newest first."""

    def told() -> list[AuditEvent]:
        with app.app_context():
            log = read_log(db.session.connection(), "platform")
            return list(log.events) if log else []

    return told
