"""Verification beside writers: what another process did meanwhile is no cut."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from sqlalchemy import select

from erebus import db
from erebus.blueprints.auth import services as accounts
from erebus.blueprints.auth.models import User
from erebus.db import transaction
from erebus.verification import checkpoints, examine
from tests.conftest import PASSWORD

if TYPE_CHECKING:
    from flask import Flask


def register(app: Flask, name: str) -> None:
    with app.app_context():
        draft = accounts.draft_account(name=name, email=f"{name}@example.com", password=PASSWORD)
        with transaction():
            accounts.register_user(draft)


def register_and_look(app: Flask, name: str) -> None:
    register(app, name)
    with app.app_context():
        examine("platform")


def test_a_reader_s_old_snapshot_is_not_taken_for_a_cut(app: Flask) -> None:
    register(app, "ada")
    with app.app_context(), ThreadPoolExecutor(1) as other_process:
        assert db.session.scalars(select(User)).all(), "the snapshot is taken"
        other_process.submit(register_and_look, app, "grace").result()

        examined = examine("platform")

        assert [c.number for c in checkpoints().of("platform")] == [examined.verification.head_number]
        assert examined.verification.is_sound


def test_many_look_while_others_write_and_nobody_is_alarmed(app: Flask) -> None:
    names = [f"person{n}" for n in range(8)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda name: register_and_look(app, name), names))
    with app.app_context():
        assert examine("platform").verification.is_sound
        assert len(checkpoints().of("platform")) == 1
