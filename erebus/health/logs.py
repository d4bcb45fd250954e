"""Whether the logs are as they should be, and somebody looks after them."""

from __future__ import annotations

from erebus import clock
from erebus.db import Base, db
from erebus.health.answers import Answer, some, to_be_done, well
from erebus.scope import PLATFORM, PLATFORM_CAPACITY, PROJECT_CAPACITY
from erebus.times import told
from erebus.trail import is_genuine, is_known, key_of, newest_time, rooms
from erebus.verification import checkpoints, last_verification

_BEHIND = 60_000  # milliseconds by which a clock may be behind the newest event
_OLD = 7 * 24 * 3600 * 1000  # milliseconds after which a verification is old
_VERIFY = "Run flask erebus verify, every night at best: it names what is wrong."
_EXPORT = "Keep what flask erebus checkpoints export prints somewhere else, now and then."


def clocks() -> Answer:
    """Ask whether the clock goes right, as far as the log can tell."""
    newest = newest_time(db.session.connection())
    if newest is not None and newest > clock.milliseconds() + _BEHIND:
        text = f"the clock is behind the newest event, {told(newest)}: new events get that time until it is reached"
        return to_be_done(text, "Set the clock by a time server (NTP). Events that were ahead stay so.")
    return well("no event is ahead of the clock")


def capacities() -> Answer:
    """Ask whether each log keeps as many events as it should."""
    found = rooms(db.session.connection())
    wrong = [room.log_id for room in found if not 0 <= room.kept <= room.capacity]
    if wrong:
        return to_be_done(f"more is kept than there is room for in {some(wrong)}", _VERIFY)
    default = {True: PLATFORM_CAPACITY, False: PROJECT_CAPACITY}
    other = [room.log_id for room in found if room.capacity != default[room.log_id == PLATFORM.id]]
    rest = f"; {len(other)} with a capacity of their own: {some(other)}" if other else ", with the usual capacities"
    return well(f"{len(found)} logs{rest}")


def descriptions() -> Answer:
    """Ask whether each model has words of its own: any other is told in generic ones, without values."""
    generic = sorted(m.class_.__name__ for m in Base.registry.mappers if not is_known(m.class_))
    if generic:
        text = f"told in generic words, without values: {some(generic)}"
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
        text = f"not made with this installation's key, or changed since: those of {some(forged)}"
        to_do = "Find out who changed them. Then move their files out of the instance folder, and keep them."
        return to_be_done(text, to_do)
    return well(f"{len(found)} logs have checkpoints", _EXPORT)


def verification() -> Answer:
    """Ask when all logs were last verified, and what came of it."""
    last = last_verification()
    if last is None:
        return to_be_done("all logs together were never verified", _VERIFY)
    text = f"{last.logs} logs on {told(last.time)}"
    if last.unsound:
        return to_be_done(f"{text}; not sound: {some(last.unsound)}", _VERIFY)
    if clock.milliseconds() - last.time > _OLD:
        return to_be_done(f"{text}, more than a week ago", _VERIFY)
    return well(f"{text}, all sound")
