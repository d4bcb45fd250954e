"""A test finds its database as if nobody had had it before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import create_engine, text

from tests.databases import Databases, Postgres

if TYPE_CHECKING:
    from pathlib import Path


def make(url: str) -> None:
    run(url, "CREATE TABLE things (id serial PRIMARY KEY, name text)")
    run(url, "INSERT INTO things (name) VALUES ('first')")


def run(url: str, statement: str) -> list[tuple[object, ...]]:
    engine = create_engine(url)
    with engine.begin() as connection:
        found = connection.execute(text(statement))
        rows = [tuple(row) for row in found] if found.returns_rows else []
    engine.dispose()
    return rows


@pytest.mark.parametrize(
    ("statement", "is_lent_again"),
    [
        ("INSERT INTO things (name) VALUES ('second'), ('third')", True),
        ("DELETE FROM things", True),
        ("SELECT nextval('things_id_seq'), nextval('things_id_seq')", True),
        ("ALTER TABLE things ENABLE ROW LEVEL SECURITY", False),
        ("ALTER TABLE things RENAME name TO title", False),
        ("CREATE INDEX ON things (name)", False),
        ("DROP TABLE things", False),
        ("GRANT ALL ON things TO PUBLIC", False),
        ("CREATE FUNCTION one() RETURNS integer LANGUAGE sql RETURN 1", False),
        ("DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET work_mem = 64', current_database()); END $$", False),
        ("DO $$ BEGIN EXECUTE format('GRANT ALL ON DATABASE %I TO PUBLIC', current_database()); END $$", False),
    ],
)
def test_a_database_that_was_changed_is_emptied_or_another(
    databases: Databases, tmp_path: Path, statement: str, is_lent_again: bool
) -> None:
    if not isinstance(databases, Postgres):
        pytest.skip("a file is copied each time")
    template = databases.template(make)
    with databases.lend(tmp_path, template) as first:
        run(first, statement)
    databases.background.submit(int).result()
    with databases.lend(tmp_path, template) as second:
        assert (first == second) is is_lent_again
        run(second, "INSERT INTO things (name) VALUES ('next')")
        assert run(second, "SELECT id, name FROM things ORDER BY ctid") == [(1, "first"), (2, "next")]
