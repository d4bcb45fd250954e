"""The rules about accounts and their settings. Call these inside `erebus.db.transaction`, but for `draft_account`."""

from __future__ import annotations

from dataclasses import dataclass

import email_validator
from sqlalchemy import func, select

from erebus.blueprints.auth import images, passwords
from erebus.blueprints.auth.models import Image, PlatformSetting, Theme, User, new_session_token
from erebus.db import db
from erebus.trail import Refused

SIGN_UP_IS_CLOSED = "Sign-up is closed here. Ask an administrator of this installation for an account."
EMAIL_IS_TAKEN = "There is an account with this email address. Sign in with it, or take another address."
OPEN_SIGN_UP = "open_sign_up"
ON, OFF = "on", "off"
_DEFAULTS = {OPEN_SIGN_UP: ON}
_REGISTRATION_LOCK = 7_300_001  # any number that nothing else locks by in this database


class SignUpIsClosed(Refused):
    """People can't register themselves in this installation."""


class EmailIsTaken(Refused):
    """Another account has this email address."""


@dataclass(frozen=True)
class AccountDraft:
    """An account that has been made ready, in no session yet: the person and their generated picture."""

    user: User
    image: Image


def normalise_email(text: str) -> str:
    """Return the one form of the address *text* by which an account is known: composed, in small letters.

    Raises ValueError saying what is wrong with it. Mail servers that tell capitals apart are a matter of RFCs only.
    """
    return email_validator.validate_email(text, check_deliverability=False).normalized.lower()


def draft_account(*, name: str, email: str, password: str, time_zone: str = "UTC") -> AccountDraft:
    """Return an account for *name*, ready for `register_user`. Takes about 160 ms: call it outside a transaction.

    *email* must be normalised (`normalise_email`), *time_zone* an IANA name.
    """
    user = User(name=name, email=email, password=passwords.hashed(password), time_zone=time_zone)
    image = _generated_image(user.id, name)
    user.image = image.sha256
    return AccountDraft(user, image)


def register_user(draft: AccountDraft) -> User:
    """Take the account in; the first one of an installation becomes its platform admin (``product.md``, *People*).

    One at a time, so that of two first ones only one becomes it. Raises what `check_registration` does.
    """
    _wait_for_other_registrations()
    user = draft.user
    check_registration(user.email)
    user.is_platform_admin = is_first()
    _keep(draft.image)
    db.session.add(user)
    return user


def check_registration(email: str) -> None:
    """Refuse an account for the normalised address *email* by the rules of `register_user`: ask before hashing.

    The refusals hold nothing that a visitor typed (``product.md``: a failed sign-in neither; a password may have ended
    up in the wrong field), but for an address that has an account. Raises `SignUpIsClosed` and `EmailIsTaken`.
    """
    if not is_sign_up_open():
        raise SignUpIsClosed(User(name="", email=""), {}, reason=SIGN_UP_IS_CLOSED, action="create")
    if db.session.scalar(select(User.id).where(User.email == email)) is not None:
        nobody = User(name="", email=email)
        raise EmailIsTaken(nobody, {"email": email}, reason=EMAIL_IS_TAKEN, action="create", field="email")


def update_profile(user: User, *, name: str, time_zone: str, theme: Theme) -> None:
    """Change what *user* says about themselves; a generated picture follows the name."""
    if user.picture is not None and user.picture.is_generated and images.initials(name) != images.initials(user.name):
        _wait_for_other_registrations()
        image = _generated_image(user.id, name)
        _keep(image)
        user.image = image.sha256
    user.name, user.time_zone, user.theme = name, time_zone, theme


def change_password(user: User, password_hash: str) -> None:
    """Give *user* the password of which *password_hash* is the hash, and end all sessions of theirs."""
    user.password = password_hash
    user.fs_uniquifier = new_session_token()


def set_theme(user: User, theme: Theme) -> None:
    """Let the pages look as *theme* says for *user*."""
    user.theme = theme


def set_open_sign_up(*, is_open: bool) -> None:
    """Decide whether people can register themselves."""
    value = ON if is_open else OFF
    setting = db.session.get(PlatformSetting, OPEN_SIGN_UP, with_for_update=True)
    if setting is None:
        db.session.add(PlatformSetting(key=OPEN_SIGN_UP, value=value))
    else:
        setting.value = value


def is_sign_up_open() -> bool:
    """Return whether people can register themselves: always for the first account, then as the setting has it."""
    setting = db.session.get(PlatformSetting, OPEN_SIGN_UP)
    value = setting.value if setting else _DEFAULTS[OPEN_SIGN_UP]
    return value == ON or is_first()


def is_first() -> bool:
    """Return whether nobody has an account yet: the next one is the platform admin's."""
    return db.session.scalar(select(User.id).limit(1)) is None


def _wait_for_other_registrations() -> None:
    """Let nobody else register until this transaction ends; on SQLite it holds the write lock already."""
    if db.session.get_bind().dialect.name == "postgresql":
        db.session.execute(select(func.pg_advisory_xact_lock(_REGISTRATION_LOCK)))


def _generated_image(user_id: str, name: str) -> Image:
    png = images.picture(user_id, name)
    return Image(sha256=images.digest(png), png=png, is_generated=True)


def _keep(image: Image) -> None:
    """Add *image* unless one with this content is there: two people may have the same initials and colour."""
    if db.session.get(Image, image.sha256) is None:
        db.session.add(image)
