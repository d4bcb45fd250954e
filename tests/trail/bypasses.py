"""Statements that would get past the log: of its table in the design, each that is refused, and some of the same kind.

They are made for a log a of capacity 10 with events 5 to 14, and a log b with event 1.
"""

from __future__ import annotations

from erebus.trail.tables import audit_events
from tests.conftest import DATABASE
from tests.trail.conftest import CAPACITY

ON_POSTGRESQL = DATABASE == "postgresql"
COLUMNS = [column.name for column in audit_events.c]


def forged(verb: str = "INSERT INTO", tail: str = "", source: int = 14, **values: str | int) -> str:
    """A statement that writes a copy of event *source* of log a, with other *values*."""
    copied = ", ".join(str(values.get(name, name)) for name in COLUMNS)
    return f"{verb} audit_events ({', '.join(COLUMNS)}) SELECT {copied} FROM audit_events WHERE number = {source}{tail}"


def upsert(*columns: str, **values: str | int) -> str:
    setting = ", ".join(f"{name} = excluded.{name}" for name in columns or COLUMNS)
    tail = f" AND log_id = 'a' ON CONFLICT (log_id, slot) DO UPDATE SET {setting}"
    return forged(tail=tail, **values)


LOG = "id, project_id, capacity, head_number, head_hash, prior_hash, head_time, seam_number, seam_hash, pending"


def log_row(verb: str = "INSERT INTO", **values: str | int) -> str:
    """A statement that writes a copy of the row of log a, with other *values*."""
    copied = ", ".join(str(values.get(name, name)) for name in LOG.split(", "))
    return f"{verb} audit_logs ({LOG}) SELECT {copied} FROM audit_logs WHERE id = 'a'"


def set_log(assignment: str) -> str:
    return f"UPDATE audit_logs SET {assignment} WHERE id = 'a'"


ZERO = "zeroblob(32)" if not ON_POSTGRESQL else "decode(repeat('00', 32), 'hex')"
SEAM = "(SELECT prev_hash FROM audit_events WHERE log_id = 'a' AND number = 5)"
PRIOR = "(SELECT prev_hash FROM audit_events WHERE log_id = 'a' AND number = 13)"
HELD = "" if ON_POSTGRESQL else ", pending = -10"
WIDER = set_log(f"capacity = 20, seam_number = 4, seam_hash = {SEAM}{HELD}")

BOTH = {
    "words": ["UPDATE audit_events SET description = 'nothing' WHERE number = 9"],
    "all words": ["UPDATE audit_events SET actor_name = 'Nobody'"],
    "a hash": ["UPDATE audit_events SET hash = prev_hash WHERE number = 9"],
    "a number": [f"UPDATE audit_events SET number = number + {CAPACITY} WHERE number = 9"],
    "an event in another log": ["UPDATE audit_events SET log_id = 'b' WHERE number = 9"],
    "an upsert that names somebody else": [upsert("actor_name", slot=9, number=9, actor_name="'Nobody'")],
    "an upsert of an event as it is, with other words": [upsert(source=9, description="'nothing'")],
    "the oldest displaced without the head": [upsert(number=15, slot=5)],
    "a middle one displaced without the head": [upsert(number=18, slot=8)],
    "an old number over a new one": [upsert(number=4, slot=4)],
    "delete one": ["DELETE FROM audit_events WHERE number = 9"],
    "delete the newest": ["DELETE FROM audit_events WHERE number = 14"],
    "delete all": ["DELETE FROM audit_events"],
    "the next number": [forged(log_id="'b'", number=2, slot=2)],
    "a number far ahead": [forged(log_id="'b'", number=7, slot=7)],
    "an old number": [forged(log_id="'b'", number=0, slot=0)],
    "a staging slot": [forged(number=9, slot=-10)],
    "a staging slot with the next number": [forged(number=15, slot=-6)],
    "a log without a row": [forged(log_id="'nowhere'", number=1, slot=1)],
    "parked": ["UPDATE audit_events SET slot = -10 WHERE number = 9"],
    "parked, and its number forged": [
        "UPDATE audit_events SET slot = -10 WHERE number = 9",
        forged(number=9, slot=9, description="'nothing'"),
    ],
    "parked, forged, and deleted": [
        "UPDATE audit_events SET slot = -10 WHERE number = 9",
        forged(number=9, slot=9, description="'nothing'"),
        "DELETE FROM audit_events WHERE slot = -10",
    ],
    "two that change places": [
        "UPDATE audit_events SET slot = -9 WHERE number = 8",
        "UPDATE audit_events SET slot = 8 WHERE number = 9",
        "UPDATE audit_events SET slot = 9 WHERE number = 8",
    ],
    "the head back": [set_log("head_number = head_number - 1")],
    "the head back with its hashes": [set_log(f"head_number = 13, head_hash = prior_hash, prior_hash = {PRIOR}")],
    "another hash of the head": [set_log("head_hash = prior_hash")],
    "another hash before the head": [set_log("prior_hash = head_hash")],
    "another time of the head": [set_log("head_time = head_time + 1")],
    "the head on without an event": [set_log("head_number = head_number + 1")],
    "the head on by a whole ring": [set_log(f"head_number = head_number + {CAPACITY}")],
    "the seam": [set_log("seam_number = 5")],
    "the hash of the seam": [set_log("seam_hash = head_hash")],
    "pending": [set_log("pending = 1")],
    "pending as while a ring is laid": [set_log("pending = -10")],
    "another id": [set_log("id = 'c'")],
    "another project": [set_log("project_id = 'c'")],
    "delete a log": ["DELETE FROM audit_logs WHERE id = 'a'"],
    "delete all logs": ["DELETE FROM audit_logs"],
    "a log that begins with a head": [log_row(id="'c'")],
    "a log that begins with a seam": [
        log_row(id="'c'", head_number=0, head_hash=ZERO, prior_hash=ZERO, head_time=0, seam_number=3)
    ],
    "a capacity alone": [set_log("capacity = 20")],
    "a capacity with its seam, not told": [WIDER],
    "a capacity and another number": [set_log(f"capacity = 20, seam_number = 9, seam_hash = {SEAM}{HELD}")],
    "a ring laid anew, not told": [
        WIDER,
        "UPDATE audit_events SET slot = -1 - number % 20 WHERE log_id = 'a'",
        "UPDATE audit_events SET slot = number % 20 WHERE log_id = 'a'",
    ],
    "a capacity that no log can have": [set_log(f"capacity = 5, seam_number = 9, seam_hash = {SEAM}")],
    "a ring that is made smaller to delete": [WIDER, "DELETE FROM audit_events WHERE number = 9"],
    "the trigger dropped": ["DROP TRIGGER audit_events_kept" + (" ON audit_events" if ON_POSTGRESQL else "")],
    "a table dropped": ["DROP TABLE audit_events"],
    "the logs dropped": ["DROP TABLE audit_logs"],
    "renamed and replaced": [
        "ALTER TABLE audit_events RENAME TO audit_past",
        "CREATE TABLE audit_events AS SELECT * FROM audit_past",
    ],
    "a column dropped": ["ALTER TABLE audit_events DROP COLUMN reason"],
    "a temporary log in front of the real one": [
        "CREATE TEMP TABLE audit_logs AS SELECT * FROM audit_logs",
        "UPDATE audit_logs SET head_number = 19",
        upsert(number=19, slot=9),
    ],
    "a temporary view in front of it": ["CREATE TEMP VIEW audit_logs AS SELECT * FROM audit_events"],
    "a temporary table of any name": ["CREATE TEMP TABLE anything (id integer)"],
    "a table of any name": ["CREATE TABLE anything (id integer)"],
    "zero": ["INSERT INTO audit_zero VALUES (20)"],
    "another zero": ["UPDATE audit_zero SET zero = -10"],
    "no zero": ["DELETE FROM audit_zero"],
}

SQLITE = {
    "replace with the same number": [forged("INSERT OR REPLACE INTO", source=9, description="'nothing'")],
    "replace the oldest": [forged("REPLACE INTO", number=15, slot=5)],
    "replace a middle one": [forged("INSERT OR REPLACE INTO", number=18, slot=8)],
    "update or replace a number": ["UPDATE OR REPLACE audit_events SET number = 18 WHERE number = 8"],
    "update or replace a slot": ["UPDATE OR REPLACE audit_events SET slot = 9 WHERE number = 8"],
    "update or replace a slot while the ring is laid": [
        WIDER,
        "UPDATE OR REPLACE audit_events SET slot = number % 20 WHERE log_id = 'a'",
    ],
    "update or ignore": ["UPDATE OR IGNORE audit_events SET description = 'nothing' WHERE number = 9"],
    "insert or ignore": [forged("INSERT OR IGNORE INTO", number=9, slot=-10)],
    "replace a log": [log_row("REPLACE INTO")],
    "replace a log by an empty one": [
        log_row("REPLACE INTO", head_number=0, head_hash=ZERO, prior_hash=ZERO, head_time=0, seam_hash=ZERO)
    ],
    "update or replace a log": ["UPDATE OR REPLACE audit_logs SET id = 'b' WHERE id = 'a'"],
    "a temporary table renamed": [
        "CREATE TEMP TABLE innocent AS SELECT * FROM audit_logs",
        "ALTER TABLE temp.innocent RENAME TO audit_logs",
    ],
    "a temporary trigger that swallows": [
        "CREATE TEMP TRIGGER swallow BEFORE INSERT ON audit_events BEGIN SELECT RAISE(IGNORE); END"
    ],
    "a trigger that swallows": [
        "CREATE TRIGGER swallow BEFORE INSERT ON main.audit_events BEGIN SELECT RAISE(IGNORE); END"
    ],
    "a table that somebody else may drop": ["ALTER TABLE scraps RENAME TO audit_scraps"],
    "an index": ["CREATE UNIQUE INDEX anything ON audit_events (log_id)"],
    "a virtual table": ["CREATE VIRTUAL TABLE anything USING fts5(words)"],
    "the schema written": ["PRAGMA writable_schema = ON", "DELETE FROM sqlite_master WHERE type = 'trigger'"],
    "the schema written at once": ["DELETE FROM sqlite_master WHERE type = 'trigger'"],
    "no foreign keys": ["PRAGMA foreign_keys = OFF"],
    "no foreign keys, in capitals": ["PRAGMA main.FOREIGN_KEYS(0)"],
    "no checks": ["PRAGMA ignore_check_constraints = ON"],
    "recursive triggers": ["PRAGMA recursive_triggers = ON"],
    "no journal": ["PRAGMA journal_mode = OFF"],
    "no fsync": ["PRAGMA synchronous = OFF"],
    "another version of the schema": ["PRAGMA schema_version = 1"],
    "another database": ["ATTACH ':memory:' AS other"],
}

MERGE = "MERGE INTO audit_events AS e USING (SELECT 9 AS number) AS n ON e.number = n.number WHEN MATCHED THEN"  # PG 15
SWALLOWING = "() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$"
POSTGRESQL = {
    "merge": [f"{MERGE} UPDATE SET actor_name = 'Nobody'"],
    "merge that deletes": [f"{MERGE} DELETE"],
    "a query that writes": [
        "WITH w AS (UPDATE audit_events SET reason = 'x' WHERE number = 9 RETURNING 1) SELECT * FROM w"
    ],
    "head and event in one query, not linked": [
        f"WITH h AS ({set_log('head_number = 15, prior_hash = head_hash')} RETURNING 1) {upsert(number=15, slot=5)}"
    ],
    "truncate": ["TRUNCATE audit_events"],
    "truncate the logs": ["TRUNCATE audit_logs CASCADE"],
    "triggers disabled": ["ALTER TABLE audit_events DISABLE TRIGGER ALL"],
    "one trigger disabled": ["ALTER TABLE audit_logs DISABLE TRIGGER audit_logs_guard"],
    "another function": [f"CREATE OR REPLACE FUNCTION audit_events_check{SWALLOWING}"],
    "a function dropped": ["DROP FUNCTION audit_refuse() CASCADE"],
    "as a replica": ["SET session_replication_role = replica"],
    "a child": ["CREATE TABLE audit_child () INHERITS (audit_events)"],
    "a rule": ["CREATE RULE swallow AS ON UPDATE TO audit_logs DO INSTEAD NOTHING"],
    "a trigger that swallows events": [
        "CREATE TRIGGER a BEFORE INSERT ON audit_events FOR EACH ROW EXECUTE FUNCTION audit_refuse()"
    ],
    "a trigger that swallows the head": [
        "CREATE TRIGGER a BEFORE UPDATE ON audit_logs FOR EACH ROW EXECUTE FUNCTION audit_refuse()"
    ],
    "a function of one's own": [f"CREATE FUNCTION swallow{SWALLOWING}"],
    "a schema of one's own": ["CREATE SCHEMA mine"],
    "the owner": ["SET ROLE postgres"],
    "another owner": ["ALTER TABLE audit_events OWNER TO CURRENT_USER"],
    "rights for everybody": ["GRANT ALL ON audit_events TO PUBLIC", "TRUNCATE audit_events"],
    "checks at once, then parked": [
        "SET CONSTRAINTS ALL IMMEDIATE",
        "UPDATE audit_events SET slot = -10 WHERE number = 9",
    ],
}

BYPASSES = BOTH | (POSTGRESQL if ON_POSTGRESQL else SQLITE)
