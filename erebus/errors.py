"""What follows an error: its page, its line in the process's log, and what it stopped, kept as a failure."""

from __future__ import annotations

import traceback
from http import HTTPStatus
from typing import TYPE_CHECKING

from flask import current_app, g, has_request_context, render_template, request
from flask_wtf.csrf import CSRFError
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError, NoResultFound, StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm.exc import ObjectDeletedError
from werkzeug.exceptions import HTTPException, InternalServerError, NotFound, ServiceUnavailable

from erebus.db import db, is_busy, is_in_doubt, is_unreachable
from erebus.signing import KeysAreUnreadable
from erebus.trail import failed

if TYPE_CHECKING:
    from types import TracebackType

    from flask import Flask
    from flask.typing import ResponseReturnValue
    from sqlalchemy.orm import Session

_ADVICE = {
    400: ("This request cannot be read", "Go back, reload the page, and send the form again."),
    403: ("This is not open to you", "Ask whoever runs this installation for the right to it."),
    404: ("There is no such page", "It may be gone, or you may not be a member of its project. Check the address."),
    405: ("This page cannot do that", "Go back and use the page's own buttons."),
    413: ("This is too large", "Send less than a megabyte at once."),
    429: ("Too many at once", "Wait a minute, then try again. This request was not looked at."),
    415: ("Nothing here reads JSON", "Send the page's own form."),
}
_BROKEN = ("Something broke on our side", "If this stays, tell whoever runs this installation this number:")
_BUSY = ("The database is busy", "Wait a moment, then try again. If this stays, say this number:")
_AWAY = ("The database cannot be reached", "Wait a moment, then try again. If this stays, say this number:")
_NOTHING = "Nothing was changed."
_COMMITTED = "erebus.committed"
_RETRY_AFTER = {"Retry-After": "5"}  # seconds


class RecordsAreAway(ServiceUnavailable):
    """Without its keys an installation can say nothing of a record, least of all that it is false."""

    advice = (
        "Records can be neither made nor verified just now",
        "The keys of this installation cannot be read. This says nothing about the record. Try again later.",
    )


def init_errors(app: Flask) -> None:
    """Set up what follows an error."""
    app.register_error_handler(HTTPException, error_page)
    app.register_error_handler(DBAPIError, _database_error)
    app.register_error_handler(PoolTimeoutError, _database_error)
    app.register_error_handler(NoResultFound, _gone)
    app.register_error_handler(ObjectDeletedError, _gone)
    app.register_error_handler(KeysAreUnreadable, _without_keys)
    app.teardown_appcontext(_leave)  # runs before Flask-SQLAlchemy's, which was set up first and closes the session
    app.log_exception = _log_exception  # type: ignore[assignment,method-assign]  # Flask's writes the text of any error
    event.listen(db.session, "after_commit", _remember_commit)


def error_page(error: HTTPException) -> ResponseReturnValue:
    """Return the page of *error*, with the title and the hint that it has as ``advice``, or those of its status."""
    if error.response is not None or error.code is None or error.code < 400:  # noqa: PLR2004 - not an error
        return error
    if isinstance(error, InternalServerError):
        return _fault_page(500, _BROKEN, error.original_exception or error)
    _undo(error)
    title, hint = getattr(error, "advice", None) or _ADVICE.get(error.code, (error.name, "Go back and try again."))
    if isinstance(error, CSRFError):
        title, hint = "This form has expired", "Reload the page it was on, and send it again. Nothing was changed."
    again = dict(pair for pair in error.get_headers() if pair[0] == "Retry-After")
    if _is_for_programs():
        return {"error": title, "hint": hint}, error.code, again
    try:
        page = render_template("errors/error.html", code=error.code, title=title, hint=hint, back=g.get("back"))
    except (DBAPIError, PoolTimeoutError) as failure:  # the page asks for the reader
        return _database_error(failure)
    return page, error.code, again


def _gone(_error: Exception) -> ResponseReturnValue:
    """Answer 404 when somebody else has deleted what the request is about since it began."""
    db.session.rollback()
    g.pop("project", None)
    g.pop("back", None)
    return current_app.handle_http_exception(NotFound())


def _without_keys(error: KeysAreUnreadable) -> ResponseReturnValue:
    current_app.logger.error("The keys of records cannot be read: %s", error)
    return error_page(RecordsAreAway())


def _database_error(error: DBAPIError | PoolTimeoutError) -> ResponseReturnValue:
    """Tell a lock that was not to be had in time, and a database that is not there, from a failure of ours."""
    kind = type(getattr(error, "orig", error)).__name__  # not its text, which holds values
    current_app.logger.warning("The database did not do it (request %s): %s", g.get("request_id", ""), kind)
    if is_unreachable(error):
        return _fault_page(503, _AWAY, error)
    if is_busy(error):
        return _fault_page(503, _BUSY, error)
    raise error


def _fault_page(code: int, words: tuple[str, str], error: BaseException) -> ResponseReturnValue:
    """Return a page that is made without the database; of what was sent it says no more than is known."""
    _undo(error)
    title, advice = words
    done = "What you sent may have been done: look, before you send it again." if _may_be_done(error) else _NOTHING
    answer = {"error": title, "hint": f"{done} {advice}", "request_id": g.get("request_id", "")}
    headers = _RETRY_AFTER if code == HTTPStatus.SERVICE_UNAVAILABLE else {}
    if _is_for_programs():
        return answer, code, headers
    # Flask's own way would ask for the reader, and that is in the database.
    page = current_app.jinja_env.get_template("errors/fault.html")
    return page.render(code=code, title=title, hint=answer["hint"], request_id=answer["request_id"]), code, headers


def _is_for_programs() -> bool:
    """Return whether JSON was asked for. A form, whatever it is answered with, is sent by somebody who reads a page."""
    return request.path.endswith(".json") and request.method != "POST"


def _may_be_done(error: BaseException) -> bool:
    return request.environ.get(_COMMITTED, False) or is_in_doubt(error)


def _remember_commit(session: Session) -> None:
    if has_request_context() and not session.in_nested_transaction():
        request.environ[_COMMITTED] = True


def _undo(error: BaseException | None) -> None:
    """End the transaction that *error* stopped, and keep what it did as failures: handled by a page, or by nobody."""
    if error is None or not db.session.registry.has():
        return
    session = db.session()
    failed(session, error)
    if not isinstance(error, HTTPException) or session.info or session.new or session.dirty or session.deleted:
        session.rollback()  # with nothing changed, what was loaded serves the page


def _leave(error: BaseException | None) -> None:
    """End the session of a request whose answer is made: that the database is lost only now must not change it."""
    _undo(error)
    if not db.session.registry.has():
        return
    try:
        db.session.close()
    except DBAPIError as lost:
        current_app.logger.warning("The database was lost after an answer was made: %s", type(lost.orig).__name__)
        db.session().invalidate()


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
