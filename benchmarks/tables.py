"""The tables of docs/benchmarks.md."""

from __future__ import annotations

import datetime as dt
import os
import platform
import sqlite3
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

from benchmarks import reading, size, start, throughput, writes

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from benchmarks.rounds import Rounds
    from benchmarks.workers import Databases

NAMES = {
    "erebus": "Erebus",
    "handwritten": "hand-written row",
    "continuum": "SQLAlchemy-Continuum",
    "history": "sqlalchemy-history",
    "triggers": "PostgreSQL-Audit",
}
UNITS = {
    "create": "create a project and a key (two events)",
    "update": "update a key, read with a lock",
    "update_unlocked": "update a key, read without a lock",
    "delete": "delete a key",
    "insert_many": "a flush of 1,000 inserts",
    "update_many": "a flush of 1,000 updates",
}
GOALS = {
    "SQLite": {"create": 1.40, "update": 1.35, "delete": 1.35, "insert_many": 1.25, "update_many": 1.35},
    "PostgreSQL": {"create": 1.50, "update": 1.40, "delete": 1.40, "insert_many": 1.25, "update_many": 1.35},
}
PACKAGES = ("sqlalchemy", "psycopg", "flask", "sqlalchemy-continuum", "sqlalchemy-history", "postgresql-audit")
HEAD = """# What the trail costs

Made by `make bench`, which anybody can run again. Every figure is a ratio to the same unit of work without any audit,
measured side by side in one run: each variant in a process and a database of its own, the variants of a round in an
order by chance. In each cell: the ratio of the medians of all rounds / of the best rounds. PostgreSQL runs with
`synchronous_commit` on, SQLite with `synchronous` FULL. Erebus is measured with everything that it does: sentence,
before and after, number, cap, keyed chain, triggers, authorizer. The others keep neither a cap nor a chain nor a
sentence.
"""


def render(rounds: Rounds, databases: dict[str, Databases]) -> str:
    """Return the whole page."""
    parts = [HEAD, *_writes(rounds), _throughput(rounds), _size(rounds), _start(rounds), _reading(rounds)]
    parts.append(_machine(databases))
    return "\n".join(parts)


def _writes(rounds: Rounds) -> Iterable[str]:
    for kind, variants in writes.VARIANTS.items():
        shown = [v for v in variants if v != "plain"]
        lines = []
        for unit, told in UNITS.items():
            found = rounds.ratios(writes.name(kind, unit), "plain")
            goal = GOALS[kind].get(unit)
            lines.append([told, *(_pair(found[v]) for v in shown), f"{goal:.2f}" if goal else ""])
        yield f"## Writes on {kind}\n\n{writes.ROUNDS} rounds.\n"
        yield _table(["unit of work", *(NAMES[v] for v in shown), "goal for Erebus"], lines)


def _throughput(rounds: Rounds) -> str:
    lines = []
    for case in throughput.cases():
        found = rounds.ratios(case.name, "plain")
        lines.append([case.name, *(_pair(tuple(1 / r for r in found[v])) for v in ("erebus", "handwritten"))])
    about = (
        f"Transactions a second against those without audit (more is better); {throughput.ROUNDS} rounds of "
        f"{throughput.SECONDS:.0f} s. Goals: 8 writers in one project 0.60, with 2 ms between the flushes 0.80.\n"
    )
    return f"## Throughput on PostgreSQL\n\n{about}\n" + _table(["", "Erebus", "hand-written row"], lines)


def _size(rounds: Rounds) -> str:
    lines = []
    for variant in size.VARIANTS:
        found = {name: values[0] for name, values in rounds.values[f"size, {variant}"].items()}
        hot = f"{100 * found['hot'] / found['updated']:.1f} %" if found["updated"] else "no updates"
        kilobytes = [f"{found[name] / 1000:,.0f}" for name in ("live", "heap", "indexes")]
        lines.append([NAMES[variant], *kilobytes, f"{found['heap'] / found['live']:.2f}", f"{found['dead']:,.0f}", hot])
    about = (
        f"After {size.EVENTS:,} events in {size.PROJECTS} projects, with no vacuum."
        " Goals: heap over live 2.0, HOT 99 %.\n"
    )
    head = ["", "live rows, kB", "heap, kB", "indexes, kB", "heap over live", "dead rows", "HOT updates"]
    return f"## Size on PostgreSQL\n\n{about}\n" + _table(head, lines)


def _start(rounds: Rounds) -> str:
    told = {"create_app": "`create_app`", "trail": "`import erebus.trail`"}
    lines = [[words, _pair(rounds.ratios(f"start, {n}", "libraries")[n])] for n, words in told.items()]
    about = f"A whole process over one that only imports the same libraries; {start.ROUNDS} rounds. Goal: 1.25.\n"
    return f"## Start\n\n{about}\n" + _table(["", "ratio"], lines)


def _reading(rounds: Rounds) -> str:
    told = {
        "page": ("the page of 25 over its template alone", "template", "page", "1.50"),
        "rows": ("100 rows over the same built of plain strings", "plain strings", "template", "2.00"),
        "page among many": (f"the page, {reading.LOGS:,} full logs behind it", "template", "page", "1.50"),
    }
    lines = []
    for what, (words, base, variant, goal) in told.items():
        pairs = [_pair(rounds.ratios(reading.name(kind, what), base)[variant]) for kind in ("SQLite", "PostgreSQL")]
        lines.append([words, *pairs, goal])
    about = (
        f"The list page of a full log, asked for as a browser does; {reading.ROUNDS} rounds of {reading.TIMES}.\n"
        "It makes nine statements, however long the log is and however many there are: the account; the membership\n"
        "with its project; the log with its events; the triggers; the failures that were only counted; and for what\n"
        "stands around it the projects to switch to, the number of keys and of members, and the head of the log.\n"
    )
    return f"## Reading\n\n{about}\n" + _table(["", "SQLite", "PostgreSQL", "goal"], lines)


def _machine(databases: dict[str, Databases]) -> str:
    with psycopg.connect(databases["PostgreSQL"].make().replace("+psycopg", "")) as connection:
        row = connection.execute("SHOW server_version").fetchone()
    parts = [f"PostgreSQL {row[0] if row else '?'}", f"SQLite {sqlite3.sqlite_version}"]
    parts += [f"Python {platform.python_version()}", *(f"{name} {version(name)}" for name in PACKAGES)]
    machine = f"{os.cpu_count()} cores ({_processor()}), {platform.system()}"
    return f"## Where and when\n\n{dt.datetime.now(dt.UTC):%-d %B %Y}, {machine}; {', '.join(parts)}.\n"


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    lines = information.read_text().splitlines() if information.exists() else []
    return next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.machine())


def _pair(values: Sequence[float]) -> str:
    return " / ".join(f"{value:.2f}" for value in values)


def _table(head: list[str], lines: list[list[str]]) -> str:
    rows = [head, ["---"] * len(head), *lines]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)
