"""Savepoints made on the connection, or as text: the session hears nothing of them, but their statements pass."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from erebus.trail.buffer import INFO
from erebus.trail.connections import session_on

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from erebus.trail.buffer import Buffer

_SAVEPOINT = re.compile(
    r"(?:\s|--[^\n]*\n|/\*.*?\*/)*"
    r"(?P<verb>savepoint|rollback(?:\s+(?:work|transaction))?\s+to(?:\s+savepoint)?|release(?:\s+savepoint)?)\s+"
    r"""(?P<name>"(?:[^"]|"")+"|'(?:[^']|'')+'|`[^`]+`|\[[^\]]+\]|[^\s;]+)""",
    re.IGNORECASE | re.DOTALL,
)


def follow(connection: Connection, _cursor: object, statement: str, *_: object) -> None:
    """Let what was captured since a savepoint go when *statement* rolls back to it.

    Of several with one name the newest is meant; a savepoint that is rolled back to stays, those made after it do not.
    """
    found = _SAVEPOINT.match(statement)
    session = session_on(connection) if found else None
    buffer: Buffer | None = session.info.get(INFO) if session else None
    if found is None or buffer is None:
        return
    verb, name = found["verb"].lower(), _folded(found["name"], connection)
    if verb == "savepoint":
        buffer.savepoints.append((connection, name, len(buffer.captures)))
        return
    own = [i for i, savepoint in enumerate(buffer.savepoints) if savepoint[:2] == (connection, name)]
    if not own:
        return
    if verb.startswith("rollback"):
        buffer.take_back(buffer.savepoints[own[-1]][2])
    del buffer.savepoints[own[-1] + (1 if verb.startswith("rollback") else 0) :]


def _folded(name: str, connection: Connection) -> str:
    """Return *name* as the database compares it: PostgreSQL knows small letters from capitals between quotes."""
    is_quoted = name[0] in "\"'`["
    plain = name[1:-1].replace(name[0] * 2, name[0]) if is_quoted else name
    return plain if is_quoted and connection.dialect.name == "postgresql" else plain.lower()
