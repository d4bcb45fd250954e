"""Flask-Security, set up for what is wanted of it: sign-in at ``/login``, sign-out at ``/logout``, sessions.

Registration, profile and password are views of ours, for their changes go through `erebus.db.transaction`.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from flask import abort, g, render_template, request, session
from flask_login import current_user, user_logged_in
from flask_security import RoleMixin, Security, SQLAlchemyUserDatastore

from erebus.blueprints.auth.addresses import is_own
from erebus.blueprints.auth.forms import SignInForm
from erebus.blueprints.auth.models import User
from erebus.db import db
from erebus.forms import form_status

if TYPE_CHECKING:
    from flask import Flask, Request

ENDPOINTS = frozenset({"security.login", "security.logout"})
_REMEMBERED = timedelta(days=30)
_ARGON2 = {"argon2__rounds": 3, "argon2__memory_cost": 64 * 1024, "argon2__parallelism": 4}
"""The second recommended choice of RFC 9106, section 4: 64 MiB; about 145 ms."""
_CHEAP_ARGON2 = {"argon2__rounds": 1, "argon2__memory_cost": 8, "argon2__parallelism": 1}


class ReadingDatastore(SQLAlchemyUserDatastore):
    """What Flask-Security sees of the accounts: it reads them, it writes none."""

    def commit(self) -> None:
        """Do nothing: signing in changes no row, and what commits is `erebus.db.transaction` alone."""


def init_security(app: Flask) -> None:
    """Set Flask-Security up in *app*."""
    app.config.update(_configuration(app))
    datastore = ReadingDatastore(db, User, RoleMixin)  # type: ignore[arg-type]  # the mixin is theirs at run time only
    security = Security(
        app,
        datastore,
        login_form=SignInForm,
        render_template=_render,  # type: ignore[arg-type]  # the view returns it as it is, so a status may come along
    )
    security.want_json(_wants_no_json)
    security.login_manager.request_loader(_no_token)
    # Nothing asks Flask-Principal who somebody is: it would read the reader's row before every request, a probe's too.
    security.principal.identity_loaders.clear()
    app.before_request(_check_next)
    user_logged_in.connect(_renew_form_token, app)


def _configuration(app: Flask) -> dict[str, Any]:
    return {
        "SECURITY_PASSWORD_HASH": "argon2",
        "SECURITY_PASSWORD_SCHEMES": ["argon2"],
        # argon2 salts by itself. A second hash would be keyed with a salt for all, lost with which all passwords are
        "SECURITY_PASSWORD_SINGLE_HASH": {"argon2"},
        "SECURITY_PASSWORD_HASH_PASSLIB_OPTIONS": _CHEAP_ARGON2 if app.testing else _ARGON2,
        "SECURITY_LOGIN_USER_TEMPLATE": "auth/login.html",
        "SECURITY_POST_LOGIN_VIEW": "projects.list",
        "SECURITY_POST_LOGOUT_VIEW": "security.login",
        "SECURITY_FRESHNESS": timedelta(seconds=-1),  # no page of Flask-Security's at /verify
        "SECURITY_STATIC_FOLDER": None,
        "SECURITY_CACHE_CONTROL": None,  # ours is `no-store` for every page; theirs comes out as "no-store=True"
        "SECURITY_FLASH_MESSAGES": False,
        "SECURITY_JOIN_USER_ROLES": False,
        "SECURITY_CLI_USERS_NAME": None,
        "SECURITY_CLI_ROLES_NAME": None,
        "REMEMBER_COOKIE_NAME": "erebus_remember",
        "REMEMBER_COOKIE_DURATION": _REMEMBERED,
        "REMEMBER_COOKIE_HTTPONLY": True,
        "REMEMBER_COOKIE_SAMESITE": "Lax",
        "REMEMBER_COOKIE_SECURE": app.config["SESSION_COOKIE_SECURE"],
    }


def _render(template: str, **context: Any) -> tuple[str, int]:  # noqa: ANN401 - whatever a page takes
    """Render a page of Flask-Security's with the status that its form has earned."""
    return render_template(template, form=context["login_user_form"]), form_status(context["login_user_form"])


def _wants_no_json(_request: Request) -> bool:
    """Answer with pages, whatever a request would rather have: the JSON of Flask-Security is no interface of ours."""
    return False


def _renew_form_token(app: Flask, **_user: object) -> None:
    """Let a token from before the sign-in go with nothing after it: whoever planted that session would know it."""
    name = app.config["WTF_CSRF_FIELD_NAME"]
    session.pop(name, None)
    g.pop(name, None)


def _check_next() -> None:
    """Let sign-out, and sign-in of somebody who is in, lead to pages of this site only; sign-in's form has a message.

    Flask-Security looks too, but takes what is no path, and breaks on what is no address.
    """
    if request.endpoint == "security.logout" or (request.endpoint in ENDPOINTS and current_user.is_authenticated):
        wanted = [*request.args.getlist("next"), *request.form.getlist("next")]
        if any(page and not is_own(page) for page in wanted):
            abort(400)


def _no_token(_request: Request) -> None:
    """Know nobody by a token in an address or a header: people sign in, programs will have keys of their own."""
