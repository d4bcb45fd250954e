"""Whether the database protects the log, who could get past it, and what a crash leaves."""

from __future__ import annotations

from sqlalchemy import func, inspect, select

from erebus.db import db
from erebus.health.answers import Answer, to_be_done, warning, well
from erebus.protection import powers, what_is_left
from erebus.trail import missing_triggers

_SAFE_SQLITE = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}  # 2 is FULL
_SAFE_POSTGRESQL = {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on"}
_TWO_ROLES = 'Let another role own the tables: README.md, "Who owns the tables", says how.'
_ROLES = "Let the owner of the database run flask erebus roles."


def triggers() -> Answer:
    """Ask whether the database protects the log."""
    connection = db.session.connection()
    missing = missing_triggers(connection)
    if not missing:
        return well("the database refuses to change what was logged")
    if not inspect(connection).has_table("audit_logs"):
        to_do = "Run flask erebus upgrade in a new database. In one that had them, find out who took them away."
        return to_be_done("the tables of the log are not there", to_do)
    text = f"the log is not protected: {', '.join(missing)} missing or switched off"
    where = f"erebus/trail/triggers_{connection.dialect.name}.sql"
    return to_be_done(text, f"Find out who took them away, verify the logs, then put back what {where} has of them.")


def owner() -> Answer:
    """Ask whether who works as the app could switch the triggers off, as the owner of the tables can."""
    connection = db.session.connection()
    if connection.dialect.name == "sqlite":
        return well("the app's connections change rows only; who opens the file with another program is not stopped")
    role = str(connection.execute(select(func.current_user())).scalar_one())
    if found := powers(connection, role):
        return warning(f"the app's role {role} could get past the triggers: {'; '.join(found)}", _TWO_ROLES)
    if left := what_is_left(connection, role):
        return warning(f"the app's role {role} owns nothing, but {'; '.join(left)}", _ROLES)
    return well(f"the app's role {role} owns nothing")


def journal() -> Answer:
    """Ask whether a crash leaves the database whole, with all that was committed."""
    connection = db.session.connection()
    word, safe = ("PRAGMA", _SAFE_SQLITE) if connection.dialect.name == "sqlite" else ("SHOW", _SAFE_POSTGRESQL)
    found = {name: connection.exec_driver_sql(f"{word} {name}").scalar() for name in safe}
    text = ", ".join(f"{name}={value}" for name, value in found.items())
    wanted = ", ".join(f"{name}={value}" for name, value in safe.items() if found[name] != value)
    if wanted == "synchronous_commit=on":
        return warning(text, f"Set {wanted}, or a crash can take the last changes, and their events, with it.")
    return to_be_done(f"{text}: a crash can leave the database broken", f"Set {wanted}.") if wanted else well(text)
