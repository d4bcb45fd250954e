"""The trail: every change that any session makes turns by itself into a line of an append-only, capped, chained log.

It works on any SQLAlchemy declarative base that it is attached to, and knows neither Flask nor any feature. Attach it
once a process, give each engine its key, and describe the models::

    attach(Base, log_of=…, actor_of=…, clock=…)
    use_key(engine, key)
    describe(Widget, AuditDescription(entity_type="widget", label=lambda w: w.name, recorded=("name",)))

From then on no code has to remember the log.
"""

from erebus.trail.actor import SYSTEM, Actor, ActorKind, acting_as, current_actor
from erebus.trail.attempts import Refused, note
from erebus.trail.changes import ChangeSet, FieldChange
from erebus.trail.description import AuditDescription, Words
from erebus.trail.events import AuditEvent, AuditLog, Log
from erebus.trail.ledger import use_key
from erebus.trail.listener import attach
from erebus.trail.reading import read_head, read_log
from erebus.trail.registry import describe, exempt, is_known
from erebus.trail.tables import metadata
from erebus.trail.triggers import drop_triggers, make_triggers, missing_triggers
from erebus.trail.values import printable
from erebus.trail.verify import Verification, verify

__all__ = [
    "SYSTEM",
    "Actor",
    "ActorKind",
    "AuditDescription",
    "AuditEvent",
    "AuditLog",
    "ChangeSet",
    "FieldChange",
    "Log",
    "Refused",
    "Verification",
    "Words",
    "acting_as",
    "attach",
    "current_actor",
    "describe",
    "drop_triggers",
    "exempt",
    "is_known",
    "make_triggers",
    "metadata",
    "missing_triggers",
    "note",
    "printable",
    "read_head",
    "read_log",
    "use_key",
    "verify",
]
