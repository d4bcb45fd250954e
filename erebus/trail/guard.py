"""What would change audited rows past the session is refused, in words that say what to do instead.

Every statement of every engine passes here, as text, on its way to the driver. It may write to an audited table if a
flush of a heard session made it, if the trail takes it over (`erebus.trail.bulk`), or if it carries the execution
option ``erebus_unaudited`` with a reason, which is an event itself. Not seen: a driver's own cursor, what functions and
triggers in the database do, other clients.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import TextClause, event
from sqlalchemy.engine import Engine
from sqlalchemy.sql.selectable import TextualSelect

from erebus.trail import registry
from erebus.trail.buffer import INFO, buffer_of
from erebus.trail.changes import Remark
from erebus.trail.connections import refuse_autocommit, session_on, use, write
from erebus.trail.derived import changes
from erebus.trail.freshness import Freshness
from erebus.trail.ledger import append
from erebus.trail.telling import tell_unaudited

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.engine import Connection
    from sqlalchemy.engine.default import DefaultExecutionContext
    from sqlalchemy.orm import Session

UNAUDITED = "erebus_unaudited"
TAKEN_OVER: dict[str, Any] = {"erebus_taken_over": object()}
"""The execution options of a statement that the trail itself watches; the object cannot be had elsewhere by chance."""

_NOISE = re.compile(
    r"""(?P<name>"(?:[^"]|"")*")|--[^\n]*|/\*.*?\*/|\be'(?:[^'\\]|\\.|'')*'|'(?:[^']|'')*'"""
    r"|(?<![\w$])\$(?P<tag>\w*)\$.*?\$(?P=tag)\$|\bfor\s+(?:no\s+key\s+)?update\b|\bfor\s+(?:key\s+)?share\b",
    re.IGNORECASE | re.DOTALL,
)
_BLOCK = re.compile(r"\s*do\b", re.IGNORECASE)  # of PostgreSQL: what it does stands in a string
_WRITES = re.compile(r"\b(insert|update|delete|replace|merge|truncate|copy|drop|alter|rename)\b", re.IGNORECASE)
_TARGET = re.compile(
    r"\b(?:insert\s+(?:or\s+\w+\s+)?into|replace\s+into|update(?:\s+or\s+\w+)?|delete\s+from|merge\s+into|truncate(?:\s+table)?)"
    r"""\s+(?:only\s+)?(?:(?:"(?:[^"]|"")*"|\w+)\s*\.\s*)?("(?:[^"]|"")*"|\w+)""",
    re.IGNORECASE,
)
_OF_ROWS = re.compile(r"\s*(?:insert|update|delete|replace|merge|truncate|copy|with|do)\b", re.IGNORECASE)
_WORD = re.compile(r"\w+")


def listen() -> None:
    """Stand before every engine's statements."""
    event.listen(Engine, "before_cursor_execute", _before)
    event.listen(Engine, "after_cursor_execute", _after)


def written_tables(statement: str, *, is_text: bool) -> frozenset[str]:
    """Return the audited tables that *statement* writes to; of text, all that it names if it writes at all."""
    return _written(statement, is_text, changes())


@lru_cache(maxsize=4096)
def _written(statement: str, is_text: bool, _changes: int) -> frozenset[str]:  # noqa: FBT001 - part of the key of a cache
    plain = statement if _BLOCK.match(statement) else _NOISE.sub(lambda found: found["name"] or " ", statement)
    if not _WRITES.search(plain):
        return frozenset()
    audited = registry.audited_tables()
    if is_text:
        words = {word.lower() for word in _WORD.findall(plain)}
        return frozenset(t for t in audited if t in words or (not _WORD.fullmatch(t) and t in plain.lower()))
    return audited & {_unquoted(target).lower() for target in _TARGET.findall(plain)}


def _unquoted(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name


def _before(
    connection: Connection,
    _cursor: object,
    statement: str,
    _parameters: object,
    context: DefaultExecutionContext,
    _many: bool,  # noqa: FBT001 - the same
) -> None:
    tables = written_tables(statement, is_text=_is_text(context))
    if not tables or _makes_no_row(statement, context) or _is_taken_over(context):
        return
    if _is_of_flush(session_on(connection), context, tables):
        return
    if not _reason(connection, context):
        raise RuntimeError(_refusal(tables))
    refuse_autocommit(connection)


def _after(
    connection: Connection,
    cursor: Any,  # noqa: ANN401 - the driver's own
    statement: str,
    _parameters: object,
    context: DefaultExecutionContext,
    _many: bool,  # noqa: FBT001 - the same
) -> None:
    if UNAUDITED not in context.execution_options:
        return
    reason = _reason(connection, context)
    tables = written_tables(statement, is_text=_is_text(context)) if reason else frozenset()
    if not tables or _makes_no_row(statement, context):
        return
    model = registry.classes_in(tables)[0]
    attachment = registry.attachment_of(model)
    told = tell_unaudited(sorted(tables), cursor.rowcount, reason, attachment.main, attachment.actor_of())
    session = session_on(connection)
    if session is None or not session.in_transaction():
        append(connection, attachment.main, [told], attachment.clock())
    else:
        buffer = buffer_of(session)
        use(session, buffer, connection)
        write(buffer, connection)
        buffer.freshness = Freshness()
        buffer.captures.append(Remark(model, attachment.main, told))


def reason_in(options: Mapping[str, Any]) -> str:
    """Return the reason among execution *options* for which a statement passes the log by, or nothing."""
    return str(options.get(UNAUDITED) or "").strip()


def _reason(connection: Connection, context: DefaultExecutionContext) -> str:
    """Return the statement's own reason: given to a connection or an engine, it would hold for what comes later."""
    return "" if UNAUDITED in connection.get_execution_options() else reason_in(context.execution_options)


def _makes_no_row(statement: str, context: DefaultExecutionContext) -> bool:
    return bool(context.isddl) and not _OF_ROWS.match(statement)


def _is_taken_over(context: DefaultExecutionContext) -> bool:
    return context.execution_options.get("erebus_taken_over") is TAKEN_OVER["erebus_taken_over"]


def _is_text(context: DefaultExecutionContext) -> bool:
    """Return whether somebody wrote the statement by hand: SQLAlchemy's own names what it writes to in one way."""
    compiled = getattr(context, "compiled", None)
    return compiled is None or isinstance(compiled.statement, (TextClause, TextualSelect))


def _is_of_flush(session: Session | None, context: DefaultExecutionContext, tables: frozenset[str]) -> bool:
    """Return whether a heard flush made the statement, and not a listener that writes in the middle of it.

    The unit of work compiles with the cache of its mapper; what it writes to a table without a class it does not. A
    bulk update by primary keys, whose options SQLAlchemy loses, is made by it too.
    """
    buffer = session.info.get(INFO) if session is not None else None
    if session is None or buffer is None:
        return False
    is_by_mapper = "compiled_cache" in context.execution_options
    if buffer.is_in_bulk:
        return is_by_mapper
    return buffer.runs_flush(session) and (is_by_mapper or tables <= registry.link_tables())


def _refusal(tables: frozenset[str]) -> str:
    names = ", ".join(model.__name__ for model in registry.classes_in(tables)) or ", ".join(sorted(tables))
    return (
        f"{names} is audited: change objects in a session, or use session.execute(insert/update/delete(Class)), which"
        f" the log follows. If neither will do, give the execution option {UNAUDITED}='why', which is logged itself."
    )
