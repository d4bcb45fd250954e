"""What a validator refused: read from the traceback, for nothing else tells which entity and which value it was.

A validator (``@validates``) runs when an attribute is set, often before the object is in any session. SQLAlchemy calls
it with the object, the name and the value.
"""

from __future__ import annotations

from types import CodeType
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy.orm import util as orm_util

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType


class Invalid(NamedTuple):
    """The entity, the field and the value that a validator refused."""

    target: Any
    field: str
    value: object


def invalid(error: BaseException) -> Invalid | None:
    """Return what a validator refused by raising *error*; None if *error* came from none."""
    for frame in _frames(error):
        if frame.f_code in _CALLERS and "state" in frame.f_locals:
            held = frame.f_locals
            return Invalid(held["state"].obj(), held["key"], held.get("value"))
    return None


def _frames(error: BaseException) -> Iterator[FrameType]:
    trace = error.__traceback__
    while trace is not None:
        yield trace.tb_frame
        trace = trace.tb_next


def _codes(code: CodeType) -> Iterator[CodeType]:
    """Yield the code of the functions defined in *code*."""
    yield from (constant for constant in code.co_consts if isinstance(constant, CodeType))


_CALLERS = frozenset(_codes(orm_util._validator_events.__code__))  # noqa: SLF001 - SQLAlchemy's own; a test holds it to us
"""The functions in which SQLAlchemy calls validators."""
