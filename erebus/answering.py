"""What a command says when the database does not answer: plain words, where to look, and no traceback."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import click
from sqlalchemy.exc import SQLAlchemyError

from erebus.db import trouble

if TYPE_CHECKING:
    from collections.abc import Iterator

CHECK = "See that it is there, and that EREBUS_DATABASE_URL is right."
_CHECK_BOTH = "See that it is there, and that EREBUS_DATABASE_URL, or EREBUS_OWNER_DATABASE_URL, is right."


class Unanswered(click.ClickException):
    """The database does not answer: why, and what to do."""

    def __init__(self, told: str, exit_code: int = 1) -> None:
        """Say what is *told*, and end the command with *exit_code*."""
        super().__init__(f"the database does not answer{told}")
        self.exit_code = exit_code  # type: ignore[misc]  # click reads it from the instance


@contextmanager
def answering(exit_code: int = 1) -> Iterator[None]:
    """Turn what the database fails with into words that say what to do, and into *exit_code*."""
    try:
        yield
    except SQLAlchemyError as error:
        words = trouble(error)
        told = f": {words}. {CHECK}" if words else f" ({type(error).__name__}). Run flask erebus doctor."
        raise Unanswered(told, exit_code) from None


@contextmanager
def reaching() -> Iterator[None]:
    """Turn a database that cannot be worked with into words; what else goes wrong with the tables goes on as it is."""
    try:
        yield
    except SQLAlchemyError as error:
        if not (words := trouble(error)):
            raise
        told = f": {words}. {_CHECK_BOTH}"
        raise Unanswered(told) from None
