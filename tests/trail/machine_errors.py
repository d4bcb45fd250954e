"""Which errors a step of the state machine may raise, and where they were raised."""

from __future__ import annotations

from traceback import extract_tb

from sqlalchemy.exc import OperationalError, SQLAlchemyError

from tests.trail.machine_models import TrippedError

_REFUSED = (
    "is audited: change objects",
    "may not change the primary key",
    "rows appeared while",
    "would leave its rows",
    "an upsert of",
    "may not change rows twice",
)
_PASSING = {"invoke", "_invoke", "_before_commit", "_check"}
"""The functions of the engine in which the application's own statements run."""


def has_stopped_flush(error: BaseException) -> bool:
    """Whether *error* was raised in a flush, which rolls back and keeps its failures by itself."""
    return any(
        frame.name == "_flush" and frame.filename.endswith("orm/session.py")
        for frame in extract_tb(error.__traceback__)
    )


def is_lawful(error: BaseException) -> bool:
    """Whether *error* may be raised: it is none of the engine's own doing, or it is a refusal in its words."""
    if isinstance(error, RuntimeError):
        return any(words in str(error) for words in _REFUSED)
    if isinstance(error, ValueError) and not isinstance(error, SQLAlchemyError):
        return "that is no title" in str(error)
    if isinstance(error, (TrippedError, OperationalError)):
        return True
    own = [frame.name for frame in extract_tb(error.__traceback__) if "/erebus/trail/" in frame.filename]
    return not own or own[-1] in _PASSING
