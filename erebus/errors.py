"""What follows an error: its page, its line in the process's log, and what it stopped, kept as a failure."""

from __future__ import annotations

import re
import traceback
from typing import TYPE_CHECKING

from flask import current_app, g, render_template, request
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DBAPIError, OperationalError, StatementError
from werkzeug.exceptions import HTTPException, InternalServerError, ServiceUnavailable

from erebus.db import db
from erebus.trail import failed

if TYPE_CHECKING:
    from types import TracebackType

    from flask import Flask
    from flask.typing import ResponseReturnValue

_ADVICE = {
    400: ("This request cannot be read", "Go back, reload the page, and send the form again."),
    403: ("This is not open to you", "Ask an owner or an admin of the project for a role that may do this."),
    404: ("There is no such page", "It may be gone, or you may not be a member of its project. Check the address."),
    405: ("This page cannot do that", "Go back and use the page's own buttons."),
    413: ("This is too large", "Send less than a megabyte at once."),
    415: ("Nothing here reads JSON", "Send the page's own form."),
    503: ("The database is busy", "Nothing was changed. Wait a moment, then send the form again."),
}


def init_errors(app: Flask) -> None:
    """Set up what follows an error."""
    app.register_error_handler(HTTPException, _error_page)
    app.register_error_handler(DBAPIError, _database_error)
    app.teardown_appcontext(_undo)  # runs before Flask-SQLAlchemy's, which was set up first and closes the session
    app.log_exception = _log_exception  # type: ignore[assignment,method-assign]  # Flask's writes the text of any error


def _error_page(error: HTTPException) -> ResponseReturnValue:
    if error.response is not None or error.code is None or error.code < 400:  # noqa: PLR2004 - not an error
        return error
    _undo(error.original_exception or error if isinstance(error, InternalServerError) else error)
    if isinstance(error, InternalServerError):
        return render_template("errors/500.html", request_id=g.get("request_id", "")), 500
    title, hint = getattr(error, "advice", None) or _ADVICE.get(error.code, (error.name, "Go back and try again."))
    if isinstance(error, CSRFError):
        title, hint = "This form has expired", "Reload the page it was on, and send it again. Nothing was changed."
    if request.path.endswith(".json"):
        return {"error": title, "hint": hint}, error.code
    return render_template("errors/error.html", code=error.code, title=title, text=title, hint=hint), error.code


def _database_error(error: DBAPIError) -> ResponseReturnValue:
    """Tell a lock that was not to be had in time from a failure of ours."""
    _undo(error)
    request_id, kind = g.get("request_id", ""), type(error.orig).__name__  # not its text, which holds values
    current_app.logger.warning("The database did not do it (request %s): %s", request_id, kind)
    if isinstance(error, OperationalError) and re.search("locked|deadlock|timeout", str(error.orig)):
        return _error_page(ServiceUnavailable())
    raise error


def _undo(error: BaseException | None) -> None:
    """End the transaction that *error* stopped, and keep what it did as failures: handled by a page, or by nobody."""
    if error is None or not db.session.registry.has():
        return
    session = db.session()
    failed(session, error)
    if not isinstance(error, HTTPException) or session.info or session.new or session.dirty or session.deleted:
        session.rollback()  # with nothing changed, what was loaded serves the page


def _log_exception(found: tuple[type[BaseException], BaseException, TracebackType]) -> None:
    """Log an unhandled error; without its text if a database had to do with it, for that holds values."""
    error = found[1]
    told = traceback.format_exception(error) if not _is_of_database(error) else traceback.format_tb(error.__traceback__)
    where = f"{request.method} {request.path}, request {g.get('request_id', '')}"
    current_app.logger.error("%s on %s\n%s", type(error).__name__, where, "".join(told))


def _is_of_database(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, StatementError):
            return True
        error = error.__cause__ or error.__context__
    return False
