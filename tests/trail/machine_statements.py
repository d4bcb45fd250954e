"""Steps by statements: bulk updates, deletions, insertions and upserts of classes, and what is past the log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st
from sqlalchemy import delete, insert, inspect, text, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from erebus import trail
from tests.trail.machine import IDLE, NUMBERS, WAYS, Core, step
from tests.trail.machine_objects import DATA, ROLES

if TYPE_CHECKING:
    from tests.trail.machine_features import Role

FREE = st.sampled_from(["owner", "tag"])
"""Roles that can be inserted without anything above them."""
PLACES = st.lists(st.integers(0, 3), min_size=1, max_size=2, unique=True)


class StatementSteps(Core):
    """What `Session.execute` can do to the rows of a class."""

    def role(self, name: str) -> Role:
        return self.family.roles.get(name, self.family.roles["item"])

    def _drawn(self, role: Role, data: Any, **options: Any) -> dict[str, Any]:
        """Values for columns of the role's own table."""
        local = role.model.__mapper__.local_table.c
        own = {
            n: v for n, v in role.columns.items() if role.model.__mapper__.columns[n].table is local.values()[0].table
        }
        chosen = data.draw(st.lists(st.sampled_from(sorted(own)), unique=True, max_size=2, **options))
        return {n: data.draw(own[n]) for n in chosen}

    def _where(self, role: Role, number: int | None) -> list[Any]:
        """That its row is the one in place *number*; nothing for all rows."""
        if number is None:
            return []
        found = self.get(role, number)
        key = inspect(found).identity if found is not None else None
        key = key or role.pool[number]
        return [getattr(role.model, n) == v for n, v in zip(role.key, key, strict=True)]

    @step(name=ROLES, number=NUMBERS | st.none(), data=DATA, way=WAYS, is_returning=st.booleans())
    def update_rows(self, name: str, number: int | None, data: Any, way: Any, is_returning: bool) -> object:
        role = self.role(name)
        statement = update(role.model).where(*self._where(role, number)).values(self._drawn(role, data, min_size=1))
        if is_returning:
            statement = statement.returning(*(getattr(role.model, n) for n in role.key))
        return self._run(statement, way)

    @step(name=st.sampled_from(["item", "sub"]), number=NUMBERS | st.none(), way=WAYS)
    def count_rows_up(self, name: str, number: int | None, way: Any) -> object:
        item = self.role("item")
        statement = update(item.model).where(*self._where(item, number)).values(rank=item.model.rank + 1)
        return self._run(statement, way)

    @step(name=ROLES, data=DATA)
    def update_by_key(self, name: str, data: Any) -> object:
        role, values = self.role(name), self._drawn(self.role(name), data, min_size=1)
        found = [o for n in range(2) if (o := self.get(role, n)) is not None and inspect(o).persistent]
        versions = [{"version": o.version} if hasattr(o, "version") else {} for o in found]
        keys = [dict(zip(role.key, inspect(o).identity, strict=True)) for o in found]
        rows = [{**key, **version, **values} for key, version in zip(keys, versions, strict=True)]
        if not rows:
            return IDLE
        self.session.execute(update(role.model), rows)
        return None

    @step(name=ROLES, number=NUMBERS | st.none(), way=WAYS)
    def delete_rows(self, name: str, number: int | None, way: Any) -> object:
        role = self.role(name)
        return self._run(delete(role.model).where(*self._where(role, number)), way)

    def _run(self, statement: Any, way: Any) -> object:
        result = self.session.execute(statement, execution_options={"synchronize_session": way})
        count = len(result.all()) if statement._returning else result.rowcount
        return None if count else IDLE

    @step(name=FREE, numbers=PLACES, data=DATA, is_returning=st.booleans())
    def insert_rows(self, name: str, numbers: list[int], data: Any, is_returning: bool) -> object:
        role, statement = self.role(name), insert(self.role(name).model)
        rows = self._rows(role, numbers, data)
        if is_returning:
            made = self.session.scalars(statement.returning(role.model), rows).all()
            assert len(made) == len(rows)
            self.held += made
        else:
            self.session.execute(statement, rows)
        return None

    def _rows(self, role: Role, numbers: list[int], data: Any) -> list[dict[str, Any]]:
        values = {n: v for n, v in self._drawn(role, data).items() if n != "name"}
        return [{**dict(zip(role.key, role.pool[n], strict=True)), **values} for n in numbers]

    @step(name=st.sampled_from(["item", "sub", "part"]), number=NUMBERS, data=DATA)
    def insert_below(self, name: str, number: int, data: Any) -> object:
        role = self.role(name)
        above = self.get(self.family.roles[role.above], 0)
        if above is None or not inspect(above).persistent:
            return IDLE
        [row] = self._rows(role, [number], data)
        row |= dict(zip(role.owned_by, inspect(above).identity, strict=True))
        self.session.execute(insert(role.model), [row])
        return None

    @step(
        name=FREE,
        numbers=st.lists(NUMBERS, min_size=1, unique=True),
        data=DATA,
        how=st.sampled_from(["do", "list", "no"]),
    )
    def upsert(self, name: str, numbers: list[int], data: Any, how: str) -> object:
        role = self.role(name)
        dialect = postgresql_insert if self.engine.dialect.name == "postgresql" else sqlite_insert
        rows = self._rows(role, numbers, data)
        statement: Any = dialect(role.model) if how == "list" else dialect(role.model).values(rows)
        columns = role.model.__mapper__.columns
        changed = [columns[n].name for n in rows[0] if n not in role.key]
        if how == "no" or not changed:
            statement = statement.on_conflict_do_nothing()
        else:
            key = [columns[n] for n in role.key]
            statement = statement.on_conflict_do_update(
                index_elements=key, set_={n: statement.excluded[n] for n in changed}
            )
        self.session.execute(statement, rows) if how == "list" else self.session.execute(statement)
        return None

    # Past the log

    @step(name=ROLES, how=st.sampled_from(["text", "core", "bulk"]))
    def write_past(self, name: str, how: str) -> object:
        """The engine refuses, in words."""
        model = self.role(name).model
        table = model.__mapper__.local_table
        try:
            if how == "bulk":
                self.session.bulk_insert_mappings(model, [{}])
            else:
                statement = f"DELETE FROM {table.name}"
                self.session.execute(text(statement) if how == "text" else delete(table))
        except RuntimeError:
            self.done["write_past"] += 1
            raise
        message = "it was not refused"
        raise AssertionError(message)

    @step(name=st.sampled_from(["owner", "tag"]), is_text=st.booleans())
    def write_unaudited(self, name: str, is_text: bool) -> object:
        """With a reason, which is an event itself: the oracle knows no more what these rows hold."""
        role = self.role(name)
        column = role.model.__mapper__.columns["hidden" if name == "owner" else "name"]
        statement: Any = update(column.table).values({column: None})
        if is_text:
            statement = text(f"UPDATE {column.table.name} SET {column.name} = NULL")
        self.session.execute(statement, execution_options={trail.UNAUDITED: "the machine says so"})
        self.session.expire_all()
        return None
