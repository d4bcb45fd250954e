"""Steps on objects: added, changed, deleted, linked, moved, renamed, merged, lost and found."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from sqlalchemy import inspect
from sqlalchemy.orm import Session, make_transient, make_transient_to_detached
from sqlalchemy.orm.attributes import flag_modified

from tests.trail.machine import IDLE, NUMBERS, Core, set_all, step
from tests.trail.machine_features import NAMES

DATA = st.data()
DOCUMENTS = {"document", "options"}
ROLES = st.sampled_from(["owner", "owner", "item", "item", "sub", "part", "tag"])


class ObjectSteps(Core):
    """What a session can do to an object."""

    def role(self, name: str) -> Any:
        return self.family.roles.get(name, self.family.roles["item"])

    @step(name=ROLES, number=NUMBERS, data=DATA)
    def save(self, name: str, number: int, data: Any) -> object:
        role = self.role(name)
        found, values = self.get(role, number), data.draw(role.values)
        if found is None:
            self.session.add(self.make(role, number, {**values, **self.above(role, data)}))
            return None
        set_all(found, values)
        return None if values else IDLE

    def above(self, role: Any, data: Any) -> dict[str, Any]:
        """What the new object belongs to: by the relationship, or by the key alone."""
        if not role.above:
            return {}
        above = self.get_or_add(self.family.roles[role.above], data.draw(NUMBERS))
        if inspect(above).persistent and data.draw(st.booleans()):
            return dict(zip(role.owned_by, inspect(above).identity, strict=True))
        return {role.above: above}

    @step(name=ROLES, number=NUMBERS)
    def delete(self, name: str, number: int) -> object:
        found = self.existing(self.role(name), number)
        if not inspect(found).persistent:
            return IDLE
        self.session.delete(found)
        return None

    @step(name=ROLES, number=NUMBERS, data=DATA)
    def delete_unseen(self, name: str, number: int, data: Any) -> object:
        """Delete what this transaction has written, and does not hold whole any more."""
        role = self.role(name)
        set_all(self.existing(role, number), data.draw(role.values))
        self.end(Session.commit)
        found = self.get(role, number)
        if found is None:
            return IDLE
        set_all(found, data.draw(role.values))
        self.session.flush()
        self.session.expire(found, list(role.columns))
        self.session.delete(found)
        return None

    @step(number=NUMBERS, tag=NUMBERS)
    def delete_linked(self, number: int, tag: int) -> None:
        """Delete what something else is linked to."""
        one, other = self.existing(self.role("item"), number), self.existing(self.role("tag"), tag)
        if other not in one.tags:
            one.tags.append(other)
        self.end(Session.commit)
        if inspect(other).persistent:
            self.session.delete(other)

    @step(name=st.sampled_from(["owner", "item", "tag"]), number=NUMBERS, data=DATA)
    def make_anew(self, name: str, number: int, data: Any) -> object:
        """Delete and make again under the same key in one flush."""
        role = self.role(name)
        found = self.existing(role, number)
        if not inspect(found).persistent:
            return IDLE
        key = dict(zip(role.key, inspect(found).identity, strict=True))
        above = {role.above: getattr(found, role.above)} if role.above else {}
        self.session.delete(found)
        self.session.add(self.hold(type(found)(**key, **data.draw(role.values), **above)))
        return None

    @step(number=NUMBERS, tag=NUMBERS, is_added=st.booleans(), is_reverse=st.booleans())
    def link(self, number: int, tag: int, is_added: bool, is_reverse: bool) -> object:
        one, other = self.get_or_add(self.role("item"), number), self.get_or_add(self.role("tag"), tag)
        is_reverse = is_reverse and self.family.features.is_two_way
        links, target = (other.items, one) if is_reverse else (one.tags, other)
        if is_added == (target in links):
            return IDLE
        (links.append if is_added else links.remove)(target)
        return None

    @step(number=NUMBERS, names=st.lists(st.sampled_from(NAMES), max_size=2, unique=True))
    def link_by_name(self, number: int, names: list[str]) -> None:
        """Through the association proxy, which makes a tag for each name."""
        self.get_or_add(self.role("item"), number).tag_names = names

    @step(name=st.sampled_from(["item", "part"]), number=NUMBERS, to=NUMBERS)
    def move(self, name: str, number: int, to: int) -> None:
        """To another above it, or away from that where it is: an orphan, then."""
        role = self.role(name)
        found, above = self.existing(role, number), self.get_or_add(self.family.roles[role.above], to)
        children = getattr(above, f"{name}s")
        (children.remove if found in children else children.append)(found)

    @step(number=NUMBERS, other=NUMBERS, what=st.sampled_from(["boss", "staff", "favourite", "none"]))
    def refer(self, number: int, other: int, what: str) -> object:
        """Rows of one table that refer to each other, and rows that refer to each other in a circle."""
        found = self.get(self.role("owner"), number)
        if found is None:
            return IDLE
        if what == "staff":
            found.staff = [o for o in [self.get(self.role("owner"), other)] if o is not None]
        elif what == "none":
            found.boss = found.favourite = None
        else:
            setattr(found, what, self.get(self.role("owner" if what == "boss" else "item"), other))
        return None

    @step(name=ROLES, number=NUMBERS, to=st.sampled_from([3, 3, 0, 1]))
    def rename(self, name: str, number: int, to: int) -> object:
        role = self.role(name)
        found = self.existing(role, number)
        if role.is_serial or number == to:
            return IDLE
        for attribute, value in zip(role.key, role.pool[to], strict=True):
            setattr(found, attribute, value)
        return None

    @step(place=NUMBERS, number=NUMBERS, is_flagged=st.booleans(), value=st.sampled_from([1, 2, True]))
    def change_in_place(self, place: int, number: int, is_flagged: bool, value: object) -> object:
        """Change a document, of one of the roles that have any."""
        roles = [r for r in self.family.roles.values() if not DOCUMENTS.isdisjoint(r.columns)]
        if not roles:
            return IDLE
        role = roles[place % len(roles)]
        found = self.existing(role, number)
        for attribute in sorted(DOCUMENTS & role.columns.keys()):
            if not isinstance(getattr(found, attribute), dict):
                setattr(found, attribute, {"b": 1})
                self.session.flush()
            getattr(found, attribute)["a"] = value
            if is_flagged and attribute == "document":
                flag_modified(found, attribute)
        return None

    @step(name=st.sampled_from(["item", "sub"]), number=NUMBERS)
    def count_up(self, name: str, number: int) -> None:
        """Set an attribute to an expression that only the database can work out."""
        found = self.existing(self.role(name), number)
        found.rank = type(found).rank + 1

    @step(name=ROLES, number=NUMBERS, data=DATA)
    def merge(self, name: str, number: int, data: Any) -> object:
        """Merge what another session might have sent."""
        role = self.role(name)
        found = self.existing(role, number)
        if type(found) is not role.model:
            return IDLE  # a merge would make its row one of another class
        key = inspect(found).identity or ()
        sent = role.model(**dict(zip(role.key, key, strict=True)), **data.draw(role.values))
        self.hold(self.session.merge(sent))
        return None

    @step(name=ROLES, number=NUMBERS, data=DATA)
    def change_unseen(self, name: str, number: int, data: Any) -> object:
        """Change a row that was never loaded."""
        role, values = self.role(name), data.draw(self.role(name).values)
        found = self.existing(role, number)
        if not inspect(found).persistent or not values or self.session.is_modified(found):
            return IDLE
        if type(found) is not role.model:
            return IDLE
        version = {"version": found.version} if hasattr(found, "version") else {}
        unseen = role.model(**dict(zip(role.key, inspect(found).identity, strict=True)), **version)
        self.session.expunge(found)
        make_transient_to_detached(unseen)
        self.session.add(self.hold(unseen))
        set_all(unseen, values)
        return None

    @step(name=ROLES, number=NUMBERS, how=st.sampled_from(["expire", "refresh", "expunge", "part", "all", "detach"]))
    def lose(self, name: str, number: int, how: str) -> object:
        found = self.existing(self.role(name), number)
        if not inspect(found).persistent:
            return IDLE
        if how == "part":
            self.session.expire(found, [self.role(name).key[0]])
        elif how == "all":
            self.session.expire_all()
        elif how == "detach":
            self.session.flush()
            self.session.expunge(found)
            self.session.add(found)
        else:
            getattr(self.session, how)(found)
        return None

    @step(name=ROLES, number=NUMBERS)
    def make_transient(self, name: str, number: int) -> object:
        """Delete a row, and add its object again as if it were new."""
        found = self.existing(self.role(name), number)
        if not inspect(found).persistent:
            return IDLE
        self.session.refresh(found)
        self.session.delete(found)
        self.session.flush()
        make_transient(found)
        self.session.add(found)
        return None
