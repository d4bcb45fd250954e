"""People, their pictures, and the settings of the platform that decide about them.

Roles in a project are memberships (feature *projects*); Flask-Security's own roles are not used: nobody has any.
"""

from __future__ import annotations

import enum
import uuid
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from erebus import clock
from erebus.db import Identified, Model, Timestamp, choice
from erebus.times import zone_of

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    class Account:
        """What Flask-Security's mixin gives to `User`; its own annotations contradict a mapped class."""

        is_authenticated: bool
        is_active: bool
        is_anonymous: bool

        def get_id(self) -> str:
            """Return the token that a session knows the user by; it changes with the password, so never log it."""
else:
    from flask_security import UserMixin as Account

DIGEST_LENGTH = 64
NAME_LENGTH = 100
EMAIL_LENGTH = 254
"""The longest address that a mail server has to accept (RFC 5321, erratum 1690)."""


class Theme(enum.StrEnum):
    """The look of the pages: as the reader's system has it, or always one of the two."""

    SYSTEM = "system"
    DARK = "dark"
    LIGHT = "light"


class Image(Model):
    """A picture, addressed by its content: never overwritten, so that an old address shows what it always showed."""

    __tablename__ = "images"

    sha256: Mapped[str] = mapped_column(String(DIGEST_LENGTH), primary_key=True)
    png: Mapped[bytes] = mapped_column(LargeBinary)
    is_generated: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(Timestamp, default=clock.now)


def new_session_token() -> str:
    """Return a fresh value for `User.fs_uniquifier`; giving a user one ends all sessions of theirs."""
    return uuid.uuid4().hex


class User(Identified, Account, Model):
    """Somebody with an account. Deactivated, never deleted: the log speaks of them for good."""

    __tablename__ = "users"
    id_prefix = "user_"
    roles: ClassVar[tuple[str, ...]] = ()

    name: Mapped[str] = mapped_column(String(NAME_LENGTH))
    email: Mapped[str] = mapped_column(String(EMAIL_LENGTH), unique=True)
    password: Mapped[str] = mapped_column(String(255))
    image: Mapped[str | None] = mapped_column(ForeignKey("images.sha256"))
    time_zone: Mapped[str] = mapped_column(String(64), default="UTC")
    theme: Mapped[Theme] = mapped_column(
        choice(Theme, "theme"),
        default=Theme.SYSTEM,
    )
    is_platform_admin: Mapped[bool] = mapped_column(default=False)
    active: Mapped[bool] = mapped_column(default=True)
    fs_uniquifier: Mapped[str] = mapped_column(String(64), unique=True, default=new_session_token)
    created_at: Mapped[datetime] = mapped_column(Timestamp, default=clock.now)

    picture: Mapped[Image | None] = relationship(cascade="")

    @property
    def zone(self) -> ZoneInfo:
        """The zone in which times are shown to them."""
        return zone_of(self.time_zone)


class PlatformSetting(Model):
    """A choice that holds for the whole installation; without a row, the default in `services` holds."""

    __tablename__ = "platform_settings"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    value: Mapped[str] = mapped_column(String(255))
