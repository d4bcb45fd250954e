"""What following a statement row by row takes, whatever the statement: for bulk changes and for insertions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from erebus.trail.buffer import buffer_of
from erebus.trail.changes import DELETE
from erebus.trail.failures import statement_failed
from erebus.trail.guard import TAKEN_OVER

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy.engine import Result
    from sqlalchemy.orm import Mapper, ORMExecuteState

    from erebus.trail.changes import Capture
    from erebus.trail.tried import Tried

INSTEAD = "Change the objects in a session one by one instead."


def dml(state: ORMExecuteState) -> Any:  # noqa: ANN401 - an insertion, an update or a deletion
    """Return the statement of *state* as what it is."""
    return state.statement


def invoke(
    state: ORMExecuteState,
    statement: Any,  # noqa: ANN401 - an insertion, update or deletion
    tried: Iterable[Tried],
) -> Result[Any]:
    """Run *statement* in the place of that of *state*; the guard lets it pass. If it fails, *tried* is what failed."""
    buffer = buffer_of(state.session)
    buffer.is_in_bulk = True
    try:
        return state.invoke_statement(statement, execution_options=TAKEN_OVER)
    except Exception as error:
        statement_failed(state.session, error, tried)
        raise
    finally:
        buffer.is_in_bulk = False


def refuse_new_keys(mapper: Mapper[Any], captures: list[Capture]) -> None:
    """Raise RuntimeError if a row that a statement changed is gone: it has another key now."""
    if any(c.action == DELETE for c in captures):
        message = f"a bulk statement may not change the primary key of {mapper.class_.__name__}. {INSTEAD}"
        raise RuntimeError(message)
