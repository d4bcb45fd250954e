"""What a validator refuses is a failure of its object, whatever it was to be set to: the cases of O-E5."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Column, ForeignKey, Table
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship, validates

from erebus import trail
from tests.trail.conftest import Base
from tests.trail.test_failures import failures
from tests.trail.value_models import Sample

if TYPE_CHECKING:
    from collections.abc import Callable

crate_stickers = Table(
    "crate_stickers",
    Base.metadata,
    Column("crate_id", ForeignKey("crates.id"), primary_key=True),
    Column("sticker_id", ForeignKey("stickers.id"), primary_key=True),
)


class Sticker(Base):
    """What is bad sticks to no crate, and what is glued stays."""

    __tablename__ = "stickers"
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]


class Crate(Base):
    """It takes only good things, into each of its relationships."""

    __tablename__ = "crates"
    id: Mapped[int] = mapped_column(primary_key=True)
    main_id: Mapped[int | None] = mapped_column(ForeignKey("stickers.id"))
    outer_id: Mapped[int | None] = mapped_column(ForeignKey("crates.id"))
    main: Mapped[Sticker | None] = relationship()
    stickers: Mapped[list[Sticker]] = relationship(secondary=crate_stickers)
    inner: Mapped[list[Crate]] = relationship()

    @validates("stickers", "main", include_removes=True)
    def _stick(self, _name: str, sticker: Sticker, is_removed: bool) -> Sticker:
        if sticker.kind == ("glued" if is_removed else "bad"):
            message = f"this one is {sticker.kind}"
            raise ValueError(message)
        return sticker

    @validates("inner")
    def _nest(self, _name: str, inner: Crate) -> Crate:
        if inner.main_id:
            message = "this one has a sticker"
            raise ValueError(message)
        return inner


trail.describe(
    Crate,
    trail.AuditDescription(entity_type="crate", label=lambda c: f"No. {c.id}", recorded=("main_id", "stickers")),
)
trail.describe(Sticker, trail.AuditDescription(entity_type="sticker", label=lambda s: s.kind, recorded=("kind",)))


@pytest.fixture
def crate(session: Session) -> Crate:
    """Crate 1 with the good sticker 1 and the glued sticker 3; sticker 2 is bad."""
    good, bad, glued = (Sticker(id=n, kind=kind) for n, kind in enumerate(("good", "bad", "glued"), 1))
    session.add_all([crate := Crate(id=1, stickers=[good, glued], main=good), bad])
    session.commit()
    return crate


def refused(session: Session, act: Callable[[], object]) -> trail.AuditEvent:
    """The one failure that *act* comes to, in which a validator raises."""
    with pytest.raises(ValueError, match=r"below nothing|this one") as caught:
        act()
    trail.failed(session, caught.value)
    trail.failed(session, caught.value)
    session.rollback()
    (told,) = failures(session, "rest")
    assert told.reason == "An error stopped it (ValueError)."
    return told


def changes(event: trail.AuditEvent) -> dict[str, Any]:
    """Before and after of each field, or why it is hidden."""
    return {c["field"]: c.get("hidden") or (c["before"], c["after"]) for c in event.changes}


def test_a_value_that_a_new_object_cannot_have_is_a_failed_creation(session: Session) -> None:
    """O-E5: also of one that was never in a session."""
    told = refused(session, lambda: Sample(label="new", number=-1))

    assert (told.action, told.entity_type, told.entity_label) == ("create", "sample", "new")
    assert changes(told) == {"label": (None, "new"), "number": (None, -1)}


@pytest.mark.parametrize("is_loaded", [True, False])
def test_a_value_that_cannot_be_set_is_a_failed_update(session: Session, is_loaded: bool) -> None:
    """O-E5: with the value that the row has, whether or not the object holds it."""
    session.add(sample := Sample(label="old"))
    session.commit()
    if is_loaded:
        session.refresh(sample)
    told = refused(session, lambda: setattr(sample, "number", -1))

    assert (told.action, told.entity_type, told.entity_label) == ("update", "sample", "old")
    assert changes(told) == {"number": (7, -1)}


@pytest.mark.parametrize(
    ("how", "after"),
    [
        (lambda crate, bad, _: crate.stickers.append(bad), "1, 2, 3"),
        (lambda crate, bad, _: setattr(crate, "stickers", [bad]), "2"),
        (lambda crate, _, glued: crate.stickers.remove(glued), "1"),
        (lambda crate, *_: crate.stickers.append(Sticker(kind="bad")), "1, 3, new sticker"),
    ],
    ids=["append", "replace", "remove", "append a new one"],
)
def test_links_that_cannot_be_made_or_taken_away_are_told_as_keys(
    session: Session, crate: Crate, how: Callable[..., None], after: str
) -> None:
    """O-E5."""
    bad, glued = session.get_one(Sticker, 2), session.get_one(Sticker, 3)
    told = refused(session, lambda: how(crate, bad, glued))

    assert (told.action, told.entity_type, told.entity_id) == ("update", "crate", "1")
    assert changes(told) == {"stickers": ("1, 3", after)}


def test_a_new_object_with_links_that_cannot_be_is_a_failed_creation(session: Session, crate: Crate) -> None:
    """O-E5."""
    bad = session.get_one(Sticker, 2)
    told = refused(session, lambda: Crate(id=7, stickers=[bad]))

    assert (told.action, told.entity_id, changes(told)) == ("create", "7", {"stickers": (None, "2")})


def test_a_parent_that_cannot_be_set_is_told_by_its_foreign_key(session: Session, crate: Crate) -> None:
    """O-E5."""
    bad = session.get_one(Sticker, 2)
    told = refused(session, lambda: setattr(crate, "main", bad))

    assert (told.action, told.entity_id, changes(told)) == ("update", "1", {"main_id": (1, 2)})


def test_children_that_cannot_be_added_are_told_by_the_name_of_the_collection(session: Session, crate: Crate) -> None:
    """O-E5: the change would have been one of the child."""
    told = refused(session, lambda: crate.inner.append(Crate(id=8, main_id=1)))

    assert (told.action, told.entity_type, told.entity_id) == ("update", "crate", "1")
    assert changes(told) == {"inner": "unrecorded"}
