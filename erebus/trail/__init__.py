"""The trail: every change that any session makes turns by itself into a line of an append-only, capped, chained log.

It works on any SQLAlchemy declarative base that it is attached to, and knows neither Flask nor any feature. Attach it
once a process, give each engine its key, and describe the models::

    attach(Base, main=…, log_of=…, actor_of=…, clock=…)
    use_key(engine, key)
    describe(Widget, AuditDescription(entity_type="widget", label=lambda w: w.name, recorded=("name",)))

From then on no code has to remember the log. `verify` tells whether a log is what was written; checkpoints (`seal`),
kept in a `CheckpointFolder` or anywhere else outside the database, let it tell that the end was cut off, too.
"""

from erebus.trail.actor import SYSTEM, Actor, ActorKind, acting_as, current_actor
from erebus.trail.authorizer import guard_connections
from erebus.trail.capacity import CapacityChange, CapacityError, UnknownLogError, change_capacity, plan_capacity
from erebus.trail.changes import ChangeSet, FieldChange
from erebus.trail.checkpoints import Checkpoint, is_genuine, read_checkpoint, seal
from erebus.trail.description import AuditDescription, Words
from erebus.trail.events import AuditEvent, AuditLog, Log, OpenBurst
from erebus.trail.failures import failed, refused_by
from erebus.trail.findings import Fault, Finding
from erebus.trail.folder import CheckpointFolder
from erebus.trail.guard import UNAUDITED
from erebus.trail.ledger import key_of, use_key
from erebus.trail.listener import attach
from erebus.trail.noting import note
from erebus.trail.reading import log_ids, newest_time, read_head, read_log, rooms
from erebus.trail.refusal import Refused, Rule
from erebus.trail.registry import describe, entity_types, exempt, is_known
from erebus.trail.settling import open_bursts, settle_due
from erebus.trail.tables import RIGHTS, metadata
from erebus.trail.triggers import drop_triggers, make_triggers, missing_triggers
from erebus.trail.values import printable
from erebus.trail.verify import Verification, key_fits, verify

__all__ = [
    "RIGHTS",
    "SYSTEM",
    "UNAUDITED",
    "Actor",
    "ActorKind",
    "AuditDescription",
    "AuditEvent",
    "AuditLog",
    "CapacityChange",
    "CapacityError",
    "ChangeSet",
    "Checkpoint",
    "CheckpointFolder",
    "Fault",
    "FieldChange",
    "Finding",
    "Log",
    "OpenBurst",
    "Refused",
    "Rule",
    "UnknownLogError",
    "Verification",
    "Words",
    "acting_as",
    "attach",
    "change_capacity",
    "current_actor",
    "describe",
    "drop_triggers",
    "entity_types",
    "exempt",
    "failed",
    "guard_connections",
    "is_genuine",
    "is_known",
    "key_fits",
    "key_of",
    "log_ids",
    "make_triggers",
    "metadata",
    "missing_triggers",
    "newest_time",
    "note",
    "open_bursts",
    "plan_capacity",
    "printable",
    "read_checkpoint",
    "read_head",
    "read_log",
    "refused_by",
    "rooms",
    "seal",
    "settle_due",
    "use_key",
    "verify",
]
