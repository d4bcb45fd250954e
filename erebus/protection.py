"""Whether the database protects the log: asked at start, by whoever upgrades, and by those who look after it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from sqlalchemy.exc import OperationalError

from erebus.trail import missing_triggers

if TYPE_CHECKING:
    from sqlalchemy import Engine

_log = logging.getLogger("erebus.protection")


class UnprotectedLogError(Exception):
    """The database does not protect the log; the text names the triggers that are missing, and says what to do."""


def look_for_triggers(engine: Engine) -> list[str]:
    """Return the triggers that the log lacks, found by one query; none where the database cannot be reached.

    A database that is not there yet is no reason not to start: ``/readyz`` tells of it.
    """
    try:
        with engine.connect() as connection:
            return missing_triggers(connection)
    except OperationalError:
        _log.warning("the database cannot be reached: whether the log is protected was not looked at")
        return []
    finally:
        engine.dispose()  # or a server that forks after this would share the connection among its workers
