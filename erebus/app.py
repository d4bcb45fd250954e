"""The composition root: `create_app`, about a dozen calls in order, and the list of the built-in plugins."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click
from flask import Flask

from erebus import clock, config, trail
from erebus.assets import init_assets
from erebus.cli import init_commands
from erebus.db import Base, Model, db, limit_waiting, prepare
from erebus.http import actor, init_http, required_permission
from erebus.plugins import Installation, Plugin, PluginError, load
from erebus.probes import bp as probes
from erebus.protection import look_for_triggers
from erebus.scope import PLATFORM, log_of
from erebus.templating import init_templating

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

BUILT_IN = (
    "erebus.blueprints.auth:plugin",
    "erebus.blueprints.projects:plugin",
    "erebus.blueprints.keys:plugin",
    "erebus.blueprints.audit:plugin",
    "erebus.blueprints.history:plugin",
    "erebus.blueprints.exports:plugin",
    "erebus.blueprints.records:plugin",
    "erebus.blueprints.verify:plugin",
)


@contextmanager
def _collecting_later() -> Iterator[None]:
    """Look for no garbage meanwhile: what a start makes stays, and looking it through took a fifth of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@_collecting_later()
def create_app(settings: Mapping[str, Any] | None = None, plugins: Iterable[Plugin] = ()) -> Flask:
    """Return the app. *settings* win over the environment; *plugins* come after the built-in and the installed ones.

    Raises `erebus.config.SettingError` for a setting that cannot work, `erebus.plugins.PluginError` for a plugin that
    cannot be taken in, `erebus.protection.UnprotectedLogError` for a database without the log's triggers; each names
    the culprit.
    """
    app = Flask("erebus")
    installation = Installation(config.load(settings), tuple(load(BUILT_IN, plugins)))
    app.extensions["erebus"] = installation
    _configure(app, installation.settings)
    trail.attach(Model, main=PLATFORM, log_of=log_of, actor_of=actor, clock=clock.milliseconds)
    _describe(installation)
    _connect(app, installation.settings)
    init_http(app)
    init_assets(app)
    init_templating(app)
    app.register_blueprint(probes)
    for plugin in installation.plugins:
        _register(app, plugin)
    # Set last: Flask-Security brings a JSON provider of its own, which would sort the fields of an event again.
    app.json.sort_keys = False  # type: ignore[attr-defined]  # the provider's, not the base class's
    init_commands(app)
    if click.get_current_context(silent=True):
        _init_migrations(app)
    _check(app)
    return app


def _configure(app: Flask, settings: config.Settings) -> None:
    app.config.update(
        SECRET_KEY=config.secret_key(settings),
        TESTING=settings.testing,
        SQLALCHEMY_DATABASE_URI=config.database_url(settings),
        SQLALCHEMY_ENGINE_OPTIONS={"hide_parameters": True, "pool_pre_ping": True},  # no bound value in an error's text
        SESSION_COOKIE_NAME="erebus_session",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.secure_cookies,
    )


def _describe(installation: Installation) -> None:
    for plugin in installation.plugins:
        for model, description in plugin.descriptions.items():
            trail.describe(model, description)
        for model, reason in plugin.exempt.items():
            trail.exempt(model, reason)


def _connect(app: Flask, settings: config.Settings) -> None:
    db.init_app(app)
    key = config.chain_key(settings)
    with app.app_context():
        prepare(db.engine)
        limit_waiting(db.engine)
        trail.guard_connections(db.engine)  # after its pragmas, which it would refuse
        trail.use_key(db.engine, key)


def _init_migrations(app: Flask) -> None:
    """Let ``flask db`` make revisions; Alembic is loaded on the command line only."""
    from flask_migrate import Migrate  # noqa: PLC0415 - as said

    Migrate(app, db, directory=str(config.MIGRATIONS), render_as_batch=True, compare_type=True)


def _refuse_unprotected(missing: list[str]) -> None:
    from erebus.upgrading import refuse_unprotected  # noqa: PLC0415 - Alembic, where something is wrong only

    refuse_unprotected(db.engine, missing)


def _is_serving() -> bool:
    """Return whether the app is made to be served: a command that looks after it must start whatever is wrong."""
    command = click.get_current_context(silent=True)
    return command is None or command.info_name == "run"


def _register(app: Flask, plugin: Plugin) -> None:
    for blueprint in plugin.blueprints:
        app.register_blueprint(blueprint)
    for command in plugin.commands:
        app.cli.add_command(command)
    if plugin.init_app:
        plugin.init_app(app)


def _check(app: Flask) -> None:
    """Refuse, by name, what is missing: a trigger of the log, a route's permission, a model's description."""
    with app.app_context():
        if _is_serving() and (missing := look_for_triggers(db.engine)):
            _refuse_unprotected(missing)
        for rule in app.url_map.iter_rules():
            try:
                required_permission(rule.endpoint)
            except LookupError as error:
                raise PluginError(str(error)) from None
    for mapper in Base.registry.mappers:
        model = mapper.class_
        if model.__module__.startswith("erebus.") and not trail.is_known(model):
            message = f"{model.__module__}.{model.__name__} is neither described for the log nor exempt, with a reason"
            raise PluginError(message)
