"""Is this installation well? Questions, each a small function that answers whether, what it found, and what to do.

``flask erebus doctor`` asks all of them, ``/readyz`` those that are cheap and whose answer must be yes to serve. None
tells a secret.
"""

from __future__ import annotations

import stat
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sqlalchemy import func, inspect, select
from sqlalchemy.exc import SQLAlchemyError

from erebus import clock, config
from erebus.answering import CHECK
from erebus.db import Base, db, trouble
from erebus.plugins import installation
from erebus.protection import powers, what_is_left
from erebus.records import SigningKey
from erebus.scope import PLATFORM, PLATFORM_CAPACITY, PROJECT_CAPACITY
from erebus.times import utc
from erebus.trail import is_genuine, is_known, key_fits, key_of, missing_triggers, newest_time, rooms
from erebus.verification import checkpoints, last_verification

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from erebus.config import Settings

    Question = Callable[[], "Answer"]

_BEHIND = 60_000  # milliseconds by which a clock may be behind the newest event
_OLD = 7 * 24 * 3600 * 1000  # milliseconds after which a verification is old
_NAMED = 5  # of several things, how many are named
_SAFE_SQLITE = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}  # 2 is FULL
_SAFE_POSTGRESQL = {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on"}


@dataclass(frozen=True)
class Answer:
    """Whether all is well, what was found, and what to do: where all is well, what could be done.

    A warning is well as well, for an installation may choose it; but it is weaker than it could be.
    """

    is_ok: bool
    text: str
    to_do: str = ""
    is_warning: bool = False


def well(text: str, to_do: str = "") -> Answer:
    """Answer that nothing must be done."""
    return Answer(is_ok=True, text=text, to_do=to_do)


def warning(text: str, to_do: str) -> Answer:
    """Answer that nothing must be done, and what would make it stronger."""
    return Answer(is_ok=True, text=text, to_do=to_do, is_warning=True)


def to_be_done(text: str, to_do: str) -> Answer:
    """Answer that something must be done, and what."""
    return Answer(is_ok=False, text=text, to_do=to_do)


def ask(questions: Mapping[str, Question]) -> dict[str, Answer]:
    """Return the answers by name. Where the database does not answer, that is the last one."""
    answers: dict[str, Answer] = {}
    for name, question in questions.items():
        try:
            answers[name] = question()
        except SQLAlchemyError as error:
            db.session.rollback()
            answers["database"] = _unanswered(error)
            break
    return answers


def _unanswered(error: SQLAlchemyError) -> Answer:
    if words := trouble(error):
        return to_be_done(f"the database does not answer: {words}", CHECK)
    text = f"the database does not answer ({type(error).__name__})"
    return to_be_done(text, "Run flask erebus upgrade; if that fails, look at the database server.")


def triggers() -> Answer:
    """Ask whether the database protects the log."""
    connection = db.session.connection()
    missing = missing_triggers(connection)
    if not missing:
        return well("the database refuses to change what was logged")
    if not inspect(connection).has_table("audit_logs"):
        to_do = "Run flask erebus upgrade in a new database. In one that had them, find out who took them away."
        return to_be_done("the tables of the log are not there", to_do)
    text = f"the log is not protected: {', '.join(missing)} missing or switched off"
    where = f"erebus/trail/triggers_{connection.dialect.name}.sql"
    return to_be_done(text, f"Find out who took them away, verify the logs, then put back what {where} has of them.")


def owner() -> Answer:
    """Ask whether who works as the app could switch the triggers off, as the owner of the tables can."""
    connection = db.session.connection()
    if connection.dialect.name == "sqlite":
        return well("the app's connections change rows only; who opens the file with another program is not stopped")
    role = str(connection.execute(select(func.current_user())).scalar_one())
    if found := powers(connection, role):
        return warning(f"the app's role {role} could get past the triggers: {'; '.join(found)}", _TWO_ROLES)
    if left := what_is_left(connection, role):
        return warning(f"the app's role {role} owns nothing, but {'; '.join(left)}", _ROLES)
    return well(f"the app's role {role} owns nothing")


def capacities() -> Answer:
    """Ask whether each log keeps as many events as it should."""
    found = rooms(db.session.connection())
    wrong = [room.log_id for room in found if not 0 <= room.kept <= room.capacity]
    if wrong:
        return to_be_done(f"more is kept than there is room for in {_some(wrong)}", _VERIFY)
    default = {True: PLATFORM_CAPACITY, False: PROJECT_CAPACITY}
    other = [room.log_id for room in found if room.capacity != default[room.log_id == PLATFORM.id]]
    told = f"; {len(other)} with a capacity of their own: {_some(other)}" if other else ", with the usual capacities"
    return well(f"{len(found)} logs{told}")


def keys() -> Answer:
    """Ask whether the chain's key is the one that the logs were written with, and whether others can read the keys."""
    if key_fits(db.session.connection()) is False:
        text = "the newest events were not written with this chain key"
        to_do = "Put the right chain.key into the instance folder, or set EREBUS_CHAIN_KEY, before anybody works on."
        return to_be_done(text, to_do)
    if readable := [name for name in ("chain.key", "session.key", config.RECORD_KEY) if _is_open(name)]:
        return to_be_done(
            f"others can read {_some(readable)}",
            f"chmod 600 {' '.join(readable)}, in the instance folder",
        )
    return well("the chain key is the one that the logs were written with; nobody else can read the keys")


def record_keys() -> Answer:
    """Ask whether the keys of records are there and whole. It makes none."""
    settings: Settings = installation().settings
    file = settings.instance_path / config.RECORD_KEY
    try:
        old = config.record_old_keys(settings)
        if not settings.record_key and not file.exists():
            return to_be_done(f"{file.name} is gone, and there are older keys", _LOST) if old else well(_NO_RECORD)
        key = SigningKey(config.record_key(settings))
        if settings.record_key and file.exists():
            unused = SigningKey(config.record_key(replace(settings, record_key="")))
            if unused.public not in {key.public, *old}:
                text = f"what {file.name} has signed is not verified, for EREBUS_RECORD_KEY is set"
                return warning(
                    text, f"Add {unused.public.hex()} to EREBUS_RECORD_OLD_KEYS, if it ever signed a record."
                )
    except OSError as error:
        return to_be_done(f"no record can be made or verified: {error.strerror or error}", _PUT_BACK)
    return well(f"records are signed with the key {key.id}; older keys that verify: {len(old)}")


def clocks() -> Answer:
    """Ask whether the clock goes right, as far as the log can tell."""
    newest = newest_time(db.session.connection())
    if newest is not None and newest > clock.milliseconds() + _BEHIND:
        text = f"the clock is behind the newest event, {utc(newest)}: new events get that time until it is reached"
        return to_be_done(text, "Set the clock by a time server (NTP). Events that were ahead stay so.")
    return well("no event is ahead of the clock")


def journal() -> Answer:
    """Ask whether a crash leaves the database whole, with all that was committed."""
    connection = db.session.connection()
    word, safe = ("PRAGMA", _SAFE_SQLITE) if connection.dialect.name == "sqlite" else ("SHOW", _SAFE_POSTGRESQL)
    found = {name: connection.exec_driver_sql(f"{word} {name}").scalar() for name in safe}
    text = ", ".join(f"{name}={value}" for name, value in found.items())
    wanted = ", ".join(f"{name}={value}" for name, value in safe.items() if found[name] != value)
    if wanted == "synchronous_commit=on":
        return warning(text, f"Set {wanted}, or a crash can take the last changes, and their events, with it.")
    return to_be_done(f"{text}: a crash can leave the database broken", f"Set {wanted}.") if wanted else well(text)


def descriptions() -> Answer:
    """Ask whether each model has words of its own: any other is told in generic ones, without values."""
    generic = sorted(m.class_.__name__ for m in Base.registry.mappers if not is_known(m.class_))
    if generic:
        text = f"told in generic words, without values: {_some(generic)}"
        return well(text, "Give the plugin an AuditDescription of each.")
    return well("every model is described, or exempt with a reason")


def kept_checkpoints() -> Answer:
    """Ask whether checkpoints are there, and are ours; and whether more can be kept."""
    folder, key = checkpoints(), key_of(db.session.connection())
    try:
        found = {log_id: folder.of(log_id) for log_id in folder.log_ids()}
        folder.try_out()
    except OSError as error:
        text = f"no checkpoint can be kept: {error.strerror or type(error).__name__}"
        return to_be_done(text, "Let Erebus write to the folder checkpoints in the instance folder.")
    forged = [log_id for log_id, kept in found.items() if not all(is_genuine(c, key) for c in kept)]
    if forged:
        text = f"not made with this installation's key, or changed since: those of {_some(forged)}"
        to_do = "Find out who changed them. Then move their files out of the instance folder, and keep them."
        return to_be_done(text, to_do)
    return well(f"{len(found)} logs have checkpoints", _EXPORT)


def verification() -> Answer:
    """Ask when all logs were last verified, and what came of it."""
    last = last_verification()
    if last is None:
        return to_be_done("all logs together were never verified", _VERIFY)
    text = f"{last.logs} logs on {utc(last.time)}"
    if last.unsound:
        return to_be_done(f"{text}; not sound: {_some(last.unsound)}", _VERIFY)
    if clock.milliseconds() - last.time > _OLD:
        return to_be_done(f"{text}, more than a week ago", _VERIFY)
    return well(f"{text}, all sound")


CHEAP: Mapping[str, Question] = {"triggers": triggers, "keys": keys, "journal": journal}
"""What takes a statement or two, and can be set right: a clock that was once ahead cannot."""

QUESTIONS: Mapping[str, Question] = {
    **CHEAP,
    "records": record_keys,
    "owner": owner,
    "clock": clocks,
    "capacities": capacities,
    "descriptions": descriptions,
    "checkpoints": kept_checkpoints,
    "verification": verification,
}

_NO_RECORD = "no record was made yet: its key is made with the first one"
_LOST = f"Put {config.RECORD_KEY} back from a backup. Without it, what it has signed cannot be verified any more."
_PUT_BACK = (
    f"Put {config.RECORD_KEY} and {config.RECORD_OLD_KEYS} back from a backup, readable by Erebus alone. Do not delete"
    " them: what they have signed could not be verified any more."
)
_TWO_ROLES = 'Let another role own the tables: README.md, "Who owns the tables", says how.'
_ROLES = "Let the owner of the database run flask erebus roles."
_VERIFY = "Run flask erebus verify, every night at best: it names what is wrong."
_EXPORT = "Keep what flask erebus checkpoints export prints somewhere else, now and then."


def _is_open(name: str) -> bool:
    """Return whether others than the owner can do anything with a key's file."""
    settings: Settings = installation().settings
    path = settings.instance_path / name
    return path.exists() and bool(stat.S_IMODE(path.stat().st_mode) & 0o077)


def _some(names: Iterable[str]) -> str:
    listed = list(names)
    rest = f" and {len(listed) - _NAMED} more" if len(listed) > _NAMED else ""
    return ", ".join(listed[:_NAMED]) + rest
