"""The two tables of the log, and a third of one row.

``audit_logs`` has a row a log: its head (number, hash, time), its capacity and its seam. ``audit_events`` is a ring:
key (log, slot), slot = number modulo capacity, so that more than the capacity cannot exist. ``audit_zero`` is what an
unfinished batch on SQLite is held against: ``pending`` must be 0 at commit. Neither refers to projects: a log outlives
its project.
"""

from __future__ import annotations

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
    PrimaryKeyConstraint("id", name="pk_audit_logs"),
    CheckConstraint(f"capacity BETWEEN {MIN_CAPACITY} AND {MAX_CAPACITY}", name="ck_audit_logs_capacity"),
    sqlite_with_rowid=False,
    postgresql_with={"fillfactor": 50},
)

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
