"""Sign-up, one's own account, and the pictures of people."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, cast

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_login import current_user
from flask_security import login_user
from werkzeug.wrappers import Response

from erebus.blueprints.auth import passwords, services
from erebus.blueprints.auth.addresses import is_own
from erebus.blueprints.auth.forms import PasswordForm, ProfileForm, SignUpForm
from erebus.blueprints.auth.models import Image, Theme, User
from erebus.db import db, transaction
from erebus.forms import form_status, sent, show_refusal
from erebus.http import actor_for
from erebus.permissions import public, requires
from erebus.trail import Refused, acting_as

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

bp = Blueprint("auth", __name__)
_A_YEAR = 365 * 24 * 3600


@bp.route("/signup", methods=["GET", "POST"])
@public
def signup() -> ResponseReturnValue:
    """Make an account and sign its owner in."""
    if current_user.is_authenticated:
        return redirect(url_for("projects.list"))
    form = SignUpForm()
    if form.validate_on_submit() and (user := _register(form)) is not None:
        login_user(user)  # type: ignore[arg-type]  # the mixin is theirs at run time only
        return redirect(url_for("projects.list"))
    if not services.is_sign_up_open():
        return render_template("auth/closed.html"), 403
    return render_template("auth/signup.html", form=form, is_first=services.is_first()), form_status(form)


@bp.route("/account", methods=["GET", "POST"])
@requires("account:profile:update")
def account() -> ResponseReturnValue:
    """Show and change one's own profile."""
    form = ProfileForm(obj=current_user)
    if form.validate_on_submit():
        with transaction():
            services.update_profile(
                _me(), name=form.name.data or "", time_zone=form.time_zone.data, theme=Theme(form.theme.data)
            )
        flash("Your profile is saved.")
        return redirect(url_for("auth.account"))
    return _account_page(form, PasswordForm(formdata=None), form_status(form))


@bp.route("/account/password", methods=["GET", "POST"])
@requires("account:profile:update")
def change_password() -> ResponseReturnValue:
    """Change one's own password: every other session ends, this one stays."""
    form = PasswordForm()
    if form.validate_on_submit():
        password_hash = passwords.hashed(form.new.data)
        with transaction():
            services.change_password(_me(), password_hash)
        is_remembered = "erebus_remember" in request.cookies
        login_user(_me(), remember=is_remembered)  # type: ignore[arg-type]  # the mixin is theirs at run time only
        flash("Your password is changed. You are signed out everywhere else.")
        return redirect(url_for("auth.account"))
    return _account_page(ProfileForm(formdata=None, obj=current_user), form, form_status(form))


@bp.route("/account/theme", methods=["POST"])
@requires("account:profile:update")
def theme() -> ResponseReturnValue:
    """Set the look of the pages and go back to where one was."""
    wanted, back = sent("theme"), _where_one_was()
    if wanted not in set(Theme):
        abort(400)
    with transaction():
        services.set_theme(_me(), Theme(wanted))
    return redirect(back, 303)


@bp.route("/images/<sha256>.png")
@public
def image(sha256: str) -> Response:
    """Show a picture; what an address shows never changes, so it is kept for a year."""
    found = db.session.get(Image, sha256)
    if found is None:
        abort(404)
    response = Response(found.png, mimetype="image/png")
    response.cache_control.public = response.cache_control.immutable = True
    response.cache_control.max_age = _A_YEAR
    response.set_etag(sha256)
    return response.make_conditional(request)


def _register(form: SignUpForm) -> User | None:
    """Take in who fills in *form*, as their own first act; on a refusal show it in the form and return None."""
    name, email = form.name.data or "", form.email.data or ""
    try:
        with transaction():
            services.check_registration(email)
        draft = services.draft_account(name=name, email=email, password=form.password.data)
        with ExitStack() as until_committed, transaction():
            user = services.register_user(draft)
            until_committed.enter_context(acting_as(actor_for(user)))
    except Refused as refused:
        show_refusal(form, refused)
        return None
    return user


def _me() -> User:
    return cast("User", current_user._get_current_object())  # noqa: SLF001 - how werkzeug unwraps a proxy


def _account_page(profile: ProfileForm, password: PasswordForm, status: int) -> ResponseReturnValue:
    return render_template("auth/account.html", profile=profile, password=password), status


def _where_one_was() -> str:
    """Return the page that the form names, else the one it was on, else the projects; only pages of this site."""
    named = sent("next")
    if is_own(named):
        return named
    was = (request.referrer or "").removeprefix(request.host_url.rstrip("/"))
    return was if is_own(was) else url_for("projects.list")
