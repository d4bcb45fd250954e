"""A link that the database refuses is a failure of the entity that records it, with its links before and after."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Column, ForeignKey, Table, delete, insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship
from sqlalchemy.orm.exc import StaleDataError

from erebus import trail
from tests.conftest import DATABASE
from tests.trail.conftest import Base
from tests.trail.test_failures import expect, failures

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.engine import Engine

BROKEN = "It refers to something that is not there, or something else still refers to it."
TWICE = "There is one with the same values already."

playlist_songs = Table(
    "playlist_songs",
    Base.metadata,
    Column("playlist_id", ForeignKey("playlists.id"), primary_key=True),
    Column("song_id", ForeignKey("songs.id"), primary_key=True),
)
playlist_encores = Table(
    "playlist_encores",
    Base.metadata,
    Column("playlist_id", ForeignKey("playlists.id")),
    Column("song_id", ForeignKey("songs.id", deferrable=True, initially="DEFERRED")),
)


class Playlist(Base):
    """It records its songs, whose links are checked at once, and its encores, whose links are at the commit."""

    __tablename__ = "playlists"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    songs: Mapped[list[Song]] = relationship(secondary=playlist_songs, back_populates="playlists")
    encores: Mapped[list[Song]] = relationship(secondary=playlist_encores)


class Song(Base):
    __tablename__ = "songs"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(default="Untitled")
    playlists: Mapped[list[Playlist]] = relationship(secondary=playlist_songs, back_populates="songs")


trail.describe(
    Playlist,
    trail.AuditDescription(entity_type="playlist", label=lambda p: p.name, recorded=("name", "songs", "encores")),
)
trail.describe(Song, trail.AuditDescription(entity_type="song", label=lambda s: s.title, recorded=("title",)))


Songs = dict[int, Song]


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    """A session that believes what it has seen after its commits."""
    with Session(engine, expire_on_commit=False) as session:
        yield session


@pytest.fixture
def songs(engine: Engine, session: Session) -> Songs:
    """Songs by their keys: 9 is gone, of which its session knows nothing."""
    songs = {n: Song(id=n) for n in (1, 2, 3, 9)}
    session.add_all(songs.values())
    session.commit()
    with Session(engine) as other:
        other.delete(other.get_one(Song, 9))
        other.commit()
    return songs


@pytest.fixture
def playlist(session: Session, songs: Songs) -> Playlist:
    """Playlist 1 with song 1."""
    session.add(playlist := Playlist(id=1, name="Rain", songs=[songs[1]]))
    session.commit()
    return playlist


def told(session: Session) -> list[tuple[str, str, dict[str, Any]]]:
    """The failures: what was tried, on what, and each field before and after."""
    return [
        (e.action, f"{e.entity_type} {e.entity_id}", {c["field"]: (c.get("before"), c.get("after")) for c in e.changes})
        for e in failures(session, "rest")
    ]


def write(engine: Engine, statement: Any) -> None:
    """Change links where the log does not look: they have no events of their own."""
    with engine.connect() as connection, connection.begin():
        connection.execute(statement.execution_options(**{trail.UNAUDITED: "another writes"}))


LINK_TO_2 = insert(playlist_songs).values(playlist_id=1, song_id=2)


@pytest.mark.parametrize("step", ["flush", "commit"])
def test_a_link_to_what_is_gone_is_one_failed_update(
    session: Session, songs: Songs, playlist: Playlist, step: str
) -> None:
    """O-E1."""
    playlist.songs.append(songs[9])
    expect(session, IntegrityError, getattr(session, step))

    assert told(session) == [("update", "playlist 1", {"songs": ("1", "1, 9")})]
    assert [e.reason for e in failures(session, "rest")] == [BROKEN]


def test_what_was_written_beside_the_link_is_not_blamed(session: Session, songs: Songs, playlist: Playlist) -> None:
    songs[2].title = "Dry"
    session.add_all([Song(id=4), Playlist(id=2, name="Sun", songs=[songs[3]], encores=[])])
    playlist.name = "Storm"
    playlist.songs = [songs[9]]
    expect(session, IntegrityError, session.commit)

    expected = ("update", "playlist 1", {"name": ("Rain", "Storm"), "songs": ("1", "9")})
    also = ("create", "playlist 2", {"name": (None, "Sun"), "songs": (None, "3")})
    assert told(session) == ([expected] if DATABASE == "postgresql" else [also, expected])


def test_a_link_that_is_made_from_its_other_end_is_one_failed_update(
    session: Session, songs: Songs, playlist: Playlist
) -> None:
    session.expire(playlist, ["songs"])
    songs[9].playlists = [playlist]
    expect(session, IntegrityError, session.commit)

    assert told(session) == [("update", "playlist 1", {"songs": ("1", "1, 9")})]


def test_a_new_entity_with_a_link_to_what_is_gone_is_one_failed_creation(session: Session, songs: Songs) -> None:
    session.add(Playlist(id=2, name="Sun", songs=[songs[n] for n in (9, 1)]))
    expect(session, IntegrityError, session.commit)

    assert told(session) == [("create", "playlist 2", {"name": (None, "Sun"), "songs": (None, "1, 9")})]


def test_what_is_made_anew_with_a_link_to_what_is_gone_is_one_failed_update(
    session: Session, songs: Songs, playlist: Playlist
) -> None:
    session.delete(playlist)
    session.add(Playlist(id=1, name="Rain", songs=[songs[9]]))
    expect(session, IntegrityError, session.commit)

    assert told(session) == [("update", "playlist 1", {"songs": ("1", "9")})]


def test_a_link_that_is_made_twice_is_told_twice(session: Session, songs: Songs, playlist: Playlist) -> None:
    playlist.songs += [songs[2]] * 2
    expect(session, IntegrityError, session.commit)

    assert told(session) == [("update", "playlist 1", {"songs": ("1", "1, 2, 2")})]
    assert [e.reason for e in failures(session, "rest")] == [TWICE]


@pytest.mark.past_the_log("another makes a link without an event")
def test_a_link_that_another_has_made_meanwhile_is_told_twice(
    engine: Engine, session: Session, songs: Songs, playlist: Playlist
) -> None:
    write(engine, LINK_TO_2)
    playlist.songs.append(songs[2])
    expect(session, IntegrityError, session.commit)

    assert told(session) == [("update", "playlist 1", {"songs": ("1, 2", "1, 2, 2")})]


@pytest.mark.past_the_log("another takes a link away without an event")
@pytest.mark.parametrize("is_deleted", [True, False])
def test_a_link_that_another_has_taken_away_meanwhile_is_a_failure_of_its_owner(
    engine: Engine, session: Session, songs: Songs, playlist: Playlist, is_deleted: bool
) -> None:
    """Links go before their owner is deleted, and before anything is announced of it."""
    playlist.songs.append(songs[2])
    session.commit()
    write(engine, delete(playlist_songs).where(playlist_songs.c.song_id == 2))
    songs[3].title = "Dry"
    if is_deleted:
        session.delete(playlist)
    else:
        playlist.songs.clear()
    expect(session, StaleDataError, session.commit)

    changes = {"name": ("Rain", None), "songs": ("1", None)} if is_deleted else {"songs": ("1, 2", "")}
    assert told(session) == [("delete" if is_deleted else "update", "playlist 1", changes)]


@pytest.mark.parametrize("is_flushed", [True, False])
def test_a_link_that_only_the_commit_refuses_is_one_failed_update(
    session: Session, songs: Songs, playlist: Playlist, is_flushed: bool
) -> None:
    """The line was written already: it goes with the change."""
    playlist.encores.append(songs[9])
    if is_flushed:
        session.flush()
    expect(session, IntegrityError, session.commit)

    assert told(session) == [("update", "playlist 1", {"encores": ("", "9")})]
    assert [e.reason for e in failures(session, "rest")] == [BROKEN]


@pytest.mark.skipif(DATABASE != "postgresql", reason="SQLite says at the commit only that something is wrong")
def test_of_all_that_was_done_the_one_whose_link_the_commit_refuses_has_failed(
    session: Session, songs: Songs, playlist: Playlist
) -> None:
    songs[2].title = "Dry"
    session.add(Playlist(id=2, name="Sun", encores=[songs[3]]))
    playlist.encores.append(songs[9])
    expect(session, IntegrityError, session.commit)

    assert told(session) == [("update", "playlist 1", {"encores": ("", "9")})]


@pytest.mark.parametrize("is_loaded", [True, False])
def test_links_that_wait_when_something_else_fails_are_told(
    session: Session, songs: Songs, playlist: Playlist, is_loaded: bool
) -> None:
    if not is_loaded:
        session.expire(playlist, ["songs"])
    songs[2].playlists.append(playlist)
    with session.no_autoflush:
        trail.failed(session, ValueError())
    session.rollback()

    assert told(session) == [("update", "playlist 1", {"songs": ("1", "1, 2")})]
