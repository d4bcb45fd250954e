"""Random steps on random models: nothing escapes the log, and nothing is in it that did not happen."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from sqlalchemy import create_engine, event

from erebus import trail
from erebus.db import prepare
from tests.trail import collecting, machine_models
from tests.trail.conftest import KEY, lay
from tests.trail.machine import NAMES
from tests.trail.machine_families import families
from tests.trail.machine_features import Base
from tests.trail.machine_fields import START, clock
from tests.trail.machine_transactions import Machine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy.engine import Engine

pytestmark = pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")  # steps meet on purpose
EXAMPLES, STEPS = (
    int(os.environ.get(f"EREBUS_SOAK_{name}", usual)) for name, usual in (("EXAMPLES", "1000"), ("STEPS", "50"))
)
PHASES = (Phase.reuse, Phase.generate, Phase.shrink)
COMMON = settings(deadline=None, suppress_health_check=list(HealthCheck), phases=PHASES, report_multiple_bugs=False)
USUAL = settings(COMMON, max_examples=200, stateful_step_count=19, derandomize=True)
SOAK = settings(COMMON, max_examples=EXAMPLES, stateful_step_count=STEPS)


@pytest.fixture(scope="module", autouse=True)
def _machine_attached(_attached: None) -> None:
    machine_models.attach()


@pytest.fixture
def engine(blank_database_url: str) -> Iterator[Engine]:
    """An engine on the machine's tables; it gives up at once where it would have to wait for another session."""
    on_postgresql = blank_database_url.startswith("postgresql")
    engine = create_engine(blank_database_url, connect_args={"options": "-c lock_timeout=2s"} if on_postgresql else {})
    prepare(engine)
    trail.use_key(engine, KEY)
    if not on_postgresql:
        event.listen(engine, "connect", _hurry)
    lay(Base.metadata, engine)
    yield engine
    engine.dispose()


def _hurry(connection: sqlite3.Connection, _record: object) -> None:
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("PRAGMA busy_timeout = 0")


@pytest.fixture
def fresh(engine: Engine) -> Callable[[], Machine]:
    """A machine on tables that are empty again; none has done anything yet."""
    Machine.begin_counting()
    if engine.dialect.name == "postgresql":
        return partial(_emptied, engine)
    file = Path(str(engine.url.database))
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("VACUUM INTO ?", (f"{file}.blank",))
    return partial(_copied, engine, file)


def _copied(engine: Engine, file: Path) -> Machine:
    engine.dispose()
    for ending in ("-wal", "-shm"):
        Path(f"{file}{ending}").unlink(missing_ok=True)
    shutil.copy(f"{file}.blank", file)
    return _machine(engine)


def _emptied(engine: Engine) -> Machine:
    tables = [t for family in families() for t in family.tables]
    tables += [t for t in trail.metadata.tables.values() if t.name != "audit_zero"]
    url = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("; ".join(f"DELETE FROM {t.name}" for t in tables))
        connection.execute("SELECT setval(oid::regclass, 1, false) FROM pg_class WHERE relkind = 'S'")  # counted keys
    return _machine(engine)


def _machine(engine: Engine) -> Machine:
    collecting.begin()
    clock.now = START
    return Machine(engine)


@pytest.mark.long
def test_whatever_is_done_the_log_tells_it_and_nothing_else(fresh: Callable[[], Machine]) -> None:
    run_state_machine_as_test(fresh, settings=USUAL)
    _has_done_much()


@pytest.mark.soak
def test_whatever_is_done_for_long_the_log_tells_it_and_nothing_else(fresh: Callable[[], Machine]) -> None:
    run_state_machine_as_test(fresh, settings=SOAK)
    counts = ", ".join(f"{name} {count}" for name, count in Machine.done.most_common())
    print(f"{Machine.steps} steps in {len(Machine.changes)} examples; committed: {counts}")  # noqa: T201 - the soak tells what it did
    _has_done_much()


def _has_done_much() -> None:
    """What the machine does has to come to something: every step was committed, half of the examples change much."""
    never = {name for name in NAMES if not Machine.done[name]}
    assert not never, f"never committed: {never}, unlike {dict(Machine.done)}"
    lively = sum(changes >= 3 for changes in Machine.changes)
    assert lively * 2 >= len(Machine.changes), f"{lively} of {len(Machine.changes)} examples changed something thrice"


def test_what_was_deleted_in_bulk_and_is_made_anew_with_a_link_had_none(fresh: Callable[[], Machine]) -> None:
    """The oracle looks; the soak found it."""
    machine = fresh()
    machine.begin(number=0, rows=1, is_handed_on=False)
    machine.delete_rows(end="", name="tag", number=None, way="auto")
    machine.link_by_name(end="commit", names=["red"], number=0)
    machine.teardown()
