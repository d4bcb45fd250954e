"""The forms of accounts: sign-up, sign-in, profile and password."""

from __future__ import annotations

import unicodedata
from functools import cache
from zoneinfo import available_timezones

from flask import request
from flask_login import current_user
from sqlalchemy import select
from wtforms import BooleanField, HiddenField, PasswordField, SelectField
from wtforms.validators import AnyOf, DataRequired, EqualTo, Length, StopValidation, ValidationError
from wtforms.widgets import EmailInput

from erebus.blueprints.auth import passwords, services
from erebus.blueprints.auth.addresses import is_own
from erebus.blueprints.auth.models import EMAIL_LENGTH, NAME_LENGTH, Theme, User
from erebus.db import db
from erebus.forms import UNREADABLE, BaseForm, LineField, is_readable

THEMES = {Theme.SYSTEM: "As my device", Theme.DARK: "Dark", Theme.LIGHT: "Light"}
WRONG = "Email or password is wrong. Check both; capital and small letters differ in a password."
DEACTIVATED = "This account is deactivated. Ask an administrator of this installation to reactivate it."
ELSEWHERE = "The page to go on to is not one of this site. Sign in again, and you will see your projects."


@cache
def time_zone_choices() -> dict[str, dict[str, str]]:
    """Return the zones to choose from, by part of the world; old names without one are left out."""
    zones = sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith("Etc/"))
    choices: dict[str, dict[str, str]] = {"Everywhere": {"UTC": "UTC"}}
    for zone in zones:
        choices.setdefault(zone.partition("/")[0], {})[zone] = zone.replace("_", " ")
    return choices


def _check_time_zone(_form: BaseForm, field: SelectField) -> None:
    known = {zone for zones in time_zone_choices().values() for zone in zones}
    if field.data not in known:
        message = "There is no such time zone. Choose one from the list."
        raise StopValidation(message)


def _wanted_page() -> str:
    page = request.args.get("next", "")
    return page if is_own(page) else ""


def _show(field: PasswordField | LineField, problem: str | None) -> None:
    if problem:
        field.errors = [*field.errors, problem]


class AddressField(LineField):
    """An email address, kept in the one form by which an account is found."""

    widget = EmailInput()

    def post_validate(self, form: BaseForm, validation_stopped: bool) -> None:  # noqa: ARG002, FBT001 - WTForms' own
        """Refuse what is no address; otherwise normalise it."""
        if self.errors or not self.data:
            return
        try:
            self.data = services.normalise_email(self.data)
        except ValueError as error:
            message = f"This is not an email address like name@example.com. {error}"
            raise ValidationError(message) from None


class _SecretField(PasswordField):
    """A password: never shown again, of characters that can be typed, no longer than is worth hashing."""

    def pre_validate(self, form: BaseForm) -> None:
        """Refuse what nobody types and what would cost too much to hash."""
        super().pre_validate(form)
        text = self.data or ""
        if any(unicodedata.category(character) in {"Cc", "Cs"} for character in text):
            message = "This contains control characters, which cannot be typed again reliably. Leave them out."
            raise StopValidation(message)
        if not is_readable(text):
            raise StopValidation(UNREADABLE)
        if len(text) > passwords.LONGEST:
            message = f"A password has at most {passwords.LONGEST} characters. Shorten it."
            raise StopValidation(message)


def _new_password() -> list[object]:
    shortest = f"A password has at least {passwords.SHORTEST} characters. Take a longer one."
    return [DataRequired("Choose a password."), Length(min=passwords.SHORTEST, message=shortest)]


def _name() -> LineField:
    longest = Length(max=NAME_LENGTH, message=f"A name has at most {NAME_LENGTH} characters. Shorten it.")
    return LineField("Name", [DataRequired("Say what others should call you."), longest])


def _address() -> AddressField:
    longest = Length(max=EMAIL_LENGTH, message=f"An email address has at most {EMAIL_LENGTH} characters. Check it.")
    return AddressField("Email", [DataRequired("Give your email address."), longest])


class SignUpForm(BaseForm):
    """A new account."""

    name = _name()
    email = _address()
    password = _SecretField("Password", _new_password())

    def validate(self, extra_validators: object = None) -> bool:
        """Look at the password with the name and the address in mind."""
        super().validate(extra_validators)
        name, email = self.name.data or "", self.email.data or ""
        if not self.password.errors:
            _show(self.password, passwords.weakness(self.password.data, [name, email, *email.split("@")]))
        return not self.errors


class SignInForm(BaseForm):
    """Email and password, as Flask-Security's sign-in view takes them: it signs in the *user* found here.

    Whoever has no account learns that as slowly, and in the same words, as whoever mistyped a password.
    """

    email = _address()
    password = _SecretField("Password", [DataRequired("Give your password.")])
    remember = BooleanField("Stay signed in for 30 days")
    next = HiddenField(default=_wanted_page)

    user: User | None = None
    requires_confirmation = False

    def validate(self, extra_validators: object = None) -> bool:
        """Find the account; without one *user* stays None."""
        if not super().validate(extra_validators):
            return False
        problem = self._problem()
        if problem:
            self.form_errors.append(problem)
        return not problem

    def _problem(self) -> str | None:
        wanted = (self.next.data, request.args.get("next"))
        if any(page and not is_own(page) for page in wanted):
            self.next.data = ""
            return ELSEWHERE
        user = db.session.scalar(select(User).where(User.email == self.email.data))
        if user is None:
            passwords.hashed(self.password.data)  # takes as long as comparing does
            return WRONG
        if not passwords.is_right(self.password.data, user.password):
            return WRONG
        if not user.active:
            return DEACTIVATED
        self.user = user
        return None


class ProfileForm(BaseForm):
    """What people say about themselves."""

    name = _name()
    time_zone = SelectField(
        "Time zone",
        choices=time_zone_choices,
        validate_choice=False,
        validators=[_check_time_zone],
    )
    theme = SelectField(
        "Theme",
        choices=THEMES,
        validate_choice=False,
        validators=[AnyOf(list(THEMES), "Choose one of the themes.")],
    )


class PasswordForm(BaseForm):
    """A new password, for somebody who knows the old one."""

    current = _SecretField("Current password", [DataRequired("Give the password that you have now.")])
    new = _SecretField("New password", _new_password())
    repeat = _SecretField(
        "New password again",
        [
            DataRequired("Type the new password again."),
            EqualTo("new", "This differs from the new password. Type both again."),
        ],
    )

    def validate(self, extra_validators: object = None) -> bool:
        """Look at the new password, then whether the old one is right."""
        super().validate(extra_validators)
        if not self.new.errors:
            known = [current_user.name, current_user.email]
            _show(self.new, passwords.weakness(self.new.data, known))
        if not self.errors and not passwords.is_right(self.current.data, current_user.password):
            _show(self.current, "This is not your current password. Type it again.")
        return not self.errors
