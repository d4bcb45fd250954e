"""Which log an entity belongs to: that of its project, found along a foreign key, else the platform's.

A foreign key to ``projects.id`` is followed, direct or through one parent. A plugin's models need nothing else, but
for what outlives its project and so has no foreign key: there the column with the project's id says so (`OUTLIVES`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import inspect, select

from erebus.trail import Log

if TYPE_CHECKING:
    from sqlalchemy import Column, Table
    from sqlalchemy.engine import Connection

PROJECT_CAPACITY = 100
PLATFORM_CAPACITY = 1000
PLATFORM = Log("platform", None, PLATFORM_CAPACITY)
OUTLIVES = {"outlives": "projects"}
"""The ``info`` of a column that holds a project's id without being a foreign key."""
_PROJECTS = "projects"


def log_of(entity: Any, connection: Connection) -> Log:  # noqa: ANN401 - an object of any mapped class
    """Return the log that the changes of *entity* go to.

    A project that has no row was never made: what was tried with it goes to the platform's log.
    """
    state = inspect(entity)
    table = state.mapper.local_table
    if table.name == _PROJECTS:
        return _project(entity.id) if state.has_identity else PLATFORM
    for column in table.columns:
        value = getattr(entity, state.mapper.get_property_by_column(column).key)
        project_id = _project_behind(column, value, connection)
        if project_id is not None:
            return _project(project_id)
    return PLATFORM


def _project(project_id: str) -> Log:
    return Log(project_id, project_id, PROJECT_CAPACITY)


def _project_behind(column: Column[Any], value: object, connection: Connection) -> str | None:
    """Return the project that *value* in *column* leads to."""
    if value is not None and column.info.get("outlives") == _PROJECTS:
        return str(value)
    for foreign_key in column.foreign_keys if value is not None else ():
        parent = foreign_key.column.table
        if parent.name == _PROJECTS:
            return str(value)
        if (link := _link_to_project(parent)) is not None:
            found = connection.execute(select(link).where(foreign_key.column == value)).scalar()
            if found is not None:
                return str(found)
    return None


def _link_to_project(table: Table) -> Column[Any] | None:
    keys = (c for c in table.columns for k in c.foreign_keys if k.column.table.name == _PROJECTS)
    return next(keys, None)
