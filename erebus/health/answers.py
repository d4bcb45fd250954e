"""What an answer is, and asking one question after the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy.exc import SQLAlchemyError

from erebus.answering import CHECK
from erebus.db import db, trouble

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    Question = Callable[[], "Answer"]


_NAMED = 5  # of several things, how many are named


@dataclass(frozen=True)
class Answer:
    """Whether all is well, what was found, and what to do: where all is well, what could be done.

    A warning is well as well, for an installation may choose it; but it is weaker than it could be.
    """

    is_ok: bool
    text: str
    to_do: str = ""
    is_warning: bool = False


def well(text: str, to_do: str = "") -> Answer:
    """Answer that nothing must be done."""
    return Answer(is_ok=True, text=text, to_do=to_do)


def warning(text: str, to_do: str) -> Answer:
    """Answer that nothing must be done, and what would make it stronger."""
    return Answer(is_ok=True, text=text, to_do=to_do, is_warning=True)


def to_be_done(text: str, to_do: str) -> Answer:
    """Answer that something must be done, and what."""
    return Answer(is_ok=False, text=text, to_do=to_do)


def ask(questions: Mapping[str, Question]) -> dict[str, Answer]:
    """Return the answers by name. Where the database does not answer, that is the last one."""
    answers: dict[str, Answer] = {}
    for name, question in questions.items():
        try:
            answers[name] = question()
        except SQLAlchemyError as error:
            db.session.rollback()
            answers["database"] = _unanswered(error)
            break
    return answers


def _unanswered(error: SQLAlchemyError) -> Answer:
    if words := trouble(error):
        return to_be_done(f"the database does not answer: {words}", CHECK)
    text = f"the database does not answer ({type(error).__name__})"
    return to_be_done(text, "Run flask erebus upgrade; if that fails, look at the database server.")


def some(names: Iterable[str]) -> str:
    """Return the first of *names*, and how many more there are."""
    listed = list(names)
    rest = f" and {len(listed) - _NAMED} more" if len(listed) > _NAMED else ""
    return ", ".join(listed[:_NAMED]) + rest
