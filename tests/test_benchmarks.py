"""The benchmark of reading compares like with like, or says so before it measures anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.reading import Reading
from erebus.db import db

if TYPE_CHECKING:
    from pathlib import Path


def test_the_rows_of_plain_strings_are_those_of_the_page(blank_database_url: str, tmp_path: Path) -> None:
    reading = Reading(blank_database_url, tmp_path)

    assert len(reading.events) == 100
    with reading.app.app_context():
        db.engine.dispose()
