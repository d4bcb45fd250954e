"""The two tables of the log, one of one row, and the counters of failures.

``audit_logs`` has a row a log: its head (number, hash, time), its capacity and its seam. ``audit_events`` is a ring:
key (log, slot), slot = number modulo capacity, so that more than the capacity cannot exist. ``audit_zero`` is what an
unfinished batch on SQLite is held against: ``pending`` must be 0 at commit. ``audit_bursts`` counts failures that come
thick and fast; ``settle_at`` is when the next of its counts is due to be told. None refers to projects: a log outlives
its project.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
)

if TYPE_CHECKING:
    from erebus.trail.events import Log

metadata = MetaData()

MIN_CAPACITY, MAX_CAPACITY = 10, 10_000
ZERO_HASH = bytes(32)

audit_zero = Table(
    "audit_zero",
    metadata,
    Column("zero", Integer, nullable=False, autoincrement=False),
    PrimaryKeyConstraint("zero", name="pk_audit_zero"),
    CheckConstraint("zero = 0", name="ck_audit_zero_zero"),
)

audit_logs = Table(
    "audit_logs",
    metadata,
    Column("id", Text, nullable=False),
    Column("project_id", Text),
    Column("capacity", Integer, nullable=False),
    Column("head_number", BigInteger, nullable=False),
    Column("head_hash", LargeBinary, nullable=False),
    Column("prior_hash", LargeBinary, nullable=False),
    Column("head_time", BigInteger, nullable=False),
    Column("seam_number", BigInteger, nullable=False),
    Column("seam_hash", LargeBinary, nullable=False),
    Column(
        "pending",
        Integer,
        ForeignKey("audit_zero.zero", name="fk_audit_logs_pending", deferrable=True, initially="DEFERRED"),
        nullable=False,
    ),
    Column("settle_at", BigInteger),
    PrimaryKeyConstraint("id", name="pk_audit_logs"),
    CheckConstraint(f"capacity BETWEEN {MIN_CAPACITY} AND {MAX_CAPACITY}", name="ck_audit_logs_capacity"),
    sqlite_with_rowid=False,
    postgresql_with={"fillfactor": 50},
)


def empty(log: Log) -> dict[str, Any]:
    """Return the row of a *log* without events."""
    zeros = {"head_number": 0, "head_time": 0, "seam_number": 0, "pending": 0}
    hashes = dict.fromkeys(("head_hash", "prior_hash", "seam_hash"), ZERO_HASH)
    return {"id": log.id, "project_id": log.project_id, "capacity": log.capacity, **zeros, **hashes}


CONTENT = (
    "id",
    "actor_id",
    "actor_kind",
    "actor_name",
    "actor_image",
    "action",
    "action_description",
    "entity_type",
    "entity_id",
    "entity_label",
    "project_id",
    "description",
    "status",
    "reason",
    "changes",
    "request_id",
    "address",
    "user_agent",
)
"""What the keyed digest of an event covers, beside the id of its log."""

OPTIONAL = {"actor_image", "project_id", "reason", "request_id", "address", "user_agent"}
"""What of it may be nothing."""

audit_events = Table(
    "audit_events",
    metadata,
    Column("log_id", Text, nullable=False),
    Column("slot", SmallInteger, nullable=False, autoincrement=False),
    Column("number", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    *(Column(n, Boolean if n == "status" else Text, nullable=n in OPTIONAL) for n in CONTENT),
    Column("prev_hash", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    PrimaryKeyConstraint("log_id", "slot", name="pk_audit_events"),
    CheckConstraint(f"slot BETWEEN -{MAX_CAPACITY} AND {MAX_CAPACITY - 1}", name="ck_audit_events_slot"),
    sqlite_with_rowid=False,
    postgresql_with={"fillfactor": 70},
)

audit_bursts = Table(
    "audit_bursts",
    metadata,
    Column("log_id", Text, nullable=False),
    Column("actor_id", Text, nullable=False),
    Column("lines", Text, nullable=False),
    Column("counts", Text, nullable=False),
    Column("kinds", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("first_at", BigInteger, nullable=False),
    Column("last_at", BigInteger, nullable=False),
    PrimaryKeyConstraint("log_id", "actor_id", name="pk_audit_bursts"),
)
WRITE_RING = (
    f"INSERT INTO audit_events ({', '.join(c.name for c in audit_events.c)}) {{source}}"
    " ON CONFLICT (log_id, slot) DO UPDATE SET "
    + ", ".join(f"{c.name} = excluded.{c.name}" for c in audit_events.c if not c.primary_key)
)
"""The statement that writes events over those that they displace, but for where it takes them from."""

RIGHTS = {
    "audit_events": ("SELECT", "INSERT", "UPDATE", "DELETE"),  # a ring that is laid anew smaller deletes the displaced
    "audit_logs": ("SELECT", "INSERT", "UPDATE"),
    "audit_zero": ("SELECT",),
    "audit_bursts": ("SELECT", "INSERT", "DELETE"),
}
"""What a PostgreSQL role that owns nothing has to be granted to write logs, read them and change their capacity."""
