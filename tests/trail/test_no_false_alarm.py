"""A thousand clean histories verify, and bear out every checkpoint that was made on the way."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any

import pytest
from ulid import ULID

from erebus import trail
from erebus.trail.ledger import append
from tests.trail.conftest import KEY

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection, Engine

HISTORIES = 1000
TEXTS = ["", "x", "Zürich", "日本 🗝", "\u202e", "\\u0000", "'; --", "é", "a" * 300, "true", "1", " "]
BATCHES = [*[1] * 10, *[2] * 5, 3, 5, 6, 9, 10, 11, 25]  # few, more than a statement takes, more than a ring holds


def content(chance: random.Random, project_id: str | None) -> dict[str, Any]:
    def maybe() -> str | None:
        return chance.choice([None, chance.choice(TEXTS)])

    changes = [{"field": "f", "name": "f", "before": maybe(), "after": chance.choice([True, 2**53 - 1, maybe()])}]
    texts = ("actor_id", "actor_kind", "actor_name", "action", "action_description")
    texts += ("entity_type", "entity_id", "entity_label", "description")
    return {
        "id": str(ULID()),
        **{name: chance.choice(TEXTS) for name in texts},
        **{name: maybe() for name in ("actor_image", "reason", "request_id", "address", "user_agent")},
        "project_id": project_id,
        "status": chance.random() < 0.8,
        "changes": json.dumps(chance.choice([[], changes]), ensure_ascii=False),
    }


def live(chance: random.Random, connection: Connection, log: trail.Log, now: int) -> list[trail.Checkpoint]:
    """Append a few batches to *log*; return the checkpoints that were made between them."""
    checkpoints = []
    for _ in range(chance.randint(1, 4)):
        now += chance.choice([0, 1, 60_000, -3_600_000])  # clocks are put back
        append(connection, log, [content(chance, log.project_id) for _ in range(chance.choice(BATCHES))], now)
        if chance.random() < 0.5:
            found = trail.read_log(connection, log.id)
            assert found
            checkpoints.append(trail.seal(found, KEY, now))
    return checkpoints


@pytest.mark.long
def test_no_clean_history_raises_an_alarm(engine: Engine) -> None:
    chance = random.Random(20261125)
    with engine.connect().execution_options(erebus_write=True) as connection:
        for history in range(HISTORIES):
            capacity = chance.choice([10, 10, 13, 40])
            name = f"log {history}"
            log = trail.Log(name, chance.choice([None, name]), capacity)
            checkpoints = live(chance, connection, log, 1_800_000_000_000)
            if history % 3:  # another log in between, in the same transaction
                live(chance, connection, trail.Log(f"{name} too", None, 10), 1_800_000_000_000)
            verification = trail.verify(connection, log.id, checkpoints)
            assert verification.is_sound, (history, verification.fault)
            assert verification.compared == len(checkpoints)
            if history % 20 == 0:
                connection.commit()
