"""What a validator refused: read from the traceback, for nothing else tells which entity and which value it was.

A validator (``@validates``) runs when an attribute is set, often before the object is in any session. SQLAlchemy calls
it with the object, the name and the value.
"""

from __future__ import annotations

from types import CodeType
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy.orm import util as orm_util

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType


class Invalid(NamedTuple):
    """The entity, the field and the value that a validator refused; of a collection, what was to be done with it.

    *how* is ``set_``, ``append``, ``remove`` or ``bulk_set``: then *value* is all that was to be in it.
    """

    target: Any
    field: str
    value: Any
    how: str

    def applied_to(self, ids: set[str], id_of: Callable[[object], str]) -> set[str]:
        """Return what a collection of the entities with *ids* would have come to."""
        if self.how == "bulk_set":
            return {id_of(value) for value in self.value}
        return ids - {id_of(self.value)} if self.how == "remove" else ids | {id_of(self.value)}


def invalid(error: BaseException) -> Invalid | None:
    """Return what a validator refused by raising *error*; None if *error* came from none."""
    for frame in _frames(error):
        if frame.f_code in _CALLERS:
            held = frame.f_locals
            value = held["values"] if frame.f_code.co_name == "bulk_set" else held["value"]
            return Invalid(held["state"].obj(), held["key"], value, frame.f_code.co_name)
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
