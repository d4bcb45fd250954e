"""How accounts and platform settings are told in the platform's log (``product.md``, *What each action is called*)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from erebus.blueprints.auth import services
from erebus.trail import AuditDescription, Rule, Words

if TYPE_CHECKING:
    from collections.abc import Callable

    from erebus.trail import ChangeSet

_NAMES = {
    "name": "name",
    "email": "email address",
    "image": "profile image",
    "time_zone": "time zone",
    "is_platform_admin": "platform admin",
    "active": "active",
    "password": "password",
}
_TOLD = ("active", "password", "email", "name", "image", "time_zone", "is_platform_admin")


def _registration(change: ChangeSet) -> str:
    if not change["name"]:  # refused: what was typed is not kept
        return f"an account for {change['email']}" if change["email"] else "an account"
    admin = " as platform admin" if change["is_platform_admin"] else ""
    return f"account '{change['name']}' ({change['email']}){admin}"


def _account(change: ChangeSet, *, beside: str = "") -> str:
    """Name the account, and tell with both values what changed of it *beside* the field that the title is about."""
    untold = {beside, "image" if change.changed("name") else ""}  # a generated picture follows the name
    told = [_part(change, field) for field in _TOLD if change.changed(field) and field not in untold]
    return f"account '{change.before('name')}'" + (f": {', '.join(told)}" if told else "")


def _part(change: ChangeSet, field: str) -> str:
    if field in {"password", "image"}:
        return _NAMES[field]
    return f"{_NAMES[field]} {_value(change.before(field))} → {_value(change.after(field))}"


def _value(value: object) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else f"'{value}'"


def _status(change: ChangeSet) -> str:
    return _account(change, beside="active")


def _password(change: ChangeSet) -> str:
    return f"password of {_account(change, beside='password')}"


def _email(change: ChangeSet) -> str:
    return f"{_part(change, 'email')} of {_account(change, beside='email')}"


def _is_changed(field: str) -> Callable[[ChangeSet], bool]:
    return lambda change: change.changed(field)


def _is_deactivated(change: ChangeSet) -> bool:
    return change.changed("active") and not change.after("active")


USER = AuditDescription(
    entity_type="user",
    label=lambda user: str(user.name),
    recorded=("name", "email", "image", "time_zone", "is_platform_admin", "active"),
    secret=("password",),
    ignored=("fs_uniquifier", "theme", "created_at"),  # sessions go with the password; a look concerns nobody else
    names=_NAMES,
    constraints={"uq_users_email": Rule(services.EmailIsTaken, lambda _: services.EMAIL_IS_TAKEN, "email")},
    words=(
        Words("create", "Registered", ("Registered", "register"), _registration),
        Words("update", "Deactivated account", ("Deactivated", "deactivate"), _status, _is_deactivated),
        Words("update", "Reactivated account", ("Reactivated", "reactivate"), _status, _is_changed("active")),
        Words("update", "Changed password", ("Changed", "change"), _password, _is_changed("password")),
        Words("update", "Changed email", ("Changed", "change"), _email, _is_changed("email")),
        Words("update", "Updated profile", ("Updated", "update"), _account),
    ),
)


def _is_sign_up(change: ChangeSet, value: str) -> bool:
    return change["key"] == services.OPEN_SIGN_UP and change.after("value") == value


def _sign_up(change: ChangeSet) -> str:
    words = {services.ON: "open to everyone", services.OFF: "closed"}
    before, after = (words.get(str(value)) for value in (change.before("value"), change.after("value")))
    return f"sign-up: {before} → {after}" if before else "sign-up"


def _setting(change: ChangeSet) -> str:
    name = str(change["key"]).replace("_", " ")
    before, after = change.before("value"), change.after("value")
    return f"platform setting '{name}' " + (f"from '{before}' to '{after}'" if before else f"to '{after}'")


_SETTING = "Updated platform setting"
SETTING = AuditDescription(
    entity_type="setting",
    label=lambda setting: "sign-up" if setting.key == services.OPEN_SIGN_UP else str(setting.key).replace("_", " "),
    recorded=("key", "value"),
    words=tuple(
        words
        for action in ("create", "update")
        for words in (
            Words(action, _SETTING, ("Opened", "open"), _sign_up, lambda change: _is_sign_up(change, services.ON)),
            Words(action, _SETTING, ("Closed", "close"), _sign_up, lambda change: _is_sign_up(change, services.OFF)),
            Words(action, _SETTING, ("Updated", "update"), _setting),
        )
    ),
)
