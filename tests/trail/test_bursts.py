"""A flood of failures is counted, not logged line by line, and nothing of it is lost."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from erebus import trail
from erebus.trail.bursts import HOUR, MINUTE, Bursts
from erebus.trail.ledger import append
from erebus.trail.settling import append_failures
from erebus.trail.tables import audit_logs
from tests.trail.conftest import CAPACITY, Book, Shelf, kept

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine

pytestmark = pytest.mark.past_the_log("lines are written here for which there are no rows")
START = 1_800_000_000_000  # milliseconds since 1970
LOG = trail.Log("a", "a", CAPACITY)


def content(actor: str = "anonymous", kind: str = "Created book", *, status: bool = False) -> dict[str, Any]:
    return {
        **dict.fromkeys(("actor_image", "reason", "request_id", "address", "user_agent")),
        "id": "x",
        "actor_id": actor,
        "actor_kind": "user",
        "actor_name": actor,
        "action": "create",
        "action_description": kind,
        "entity_type": "book",
        "entity_id": "1",
        "entity_label": "Dune",
        "project_id": "a",
        "description": "Tried to create book 'Dune'",
        "status": status,
        "changes": "[]",
    }


ATTEMPTS = st.lists(
    st.tuples(
        st.sampled_from([0, 1, 500, 20_000, MINUTE - 1, MINUTE, 10 * MINUTE, HOUR]),
        st.sampled_from("abcdefgh"),
        st.sampled_from(["Created book", "Renamed book", "Deleted book"]),
    ),
    max_size=300,
)


@given(ATTEMPTS)
def test_no_minute_has_more_than_five_lines_of_an_actor_and_no_hour_more_than_twenty(
    attempts: list[tuple[int, str, str]],
) -> None:
    bursts, now, lines = Bursts({}, "a"), START, []
    counted = 0
    for pause, actor, kind in attempts:
        now += pause
        lines += [(now, line) for line in bursts.settle(now)]
        admitted = bursts.admit(content(actor, kind), now)
        counted += not admitted
        lines += [(now, line) for line in admitted]

    for at, line in lines:
        window = [(t, other) for t, other in lines if at - HOUR < t <= at]
        own = [t for t, other in window if other["actor_id"] == line["actor_id"] and at - MINUTE < t]
        assert len(window) <= 20
        assert line["actor_id"] == "anonymous" or len(own) <= 5
    told = sum(int(line["description"].split()[0]) for _, line in lines if "more attempt" in line["description"])
    still_open = sum(sum(burst.counts.values()) for burst in bursts.of.values())
    assert told + still_open == counted


def test_the_first_three_of_a_kind_stand_by_themselves_and_the_rest_is_one_line(engine: Engine) -> None:
    with engine.begin() as connection:
        for n in range(50):
            append_failures(connection, LOG, [content()], START + n)
        assert [b.count for b in trail.open_bursts(connection, "a")] == [47]
    assert trail.settle_due(engine, START + MINUTE - 1) == 0
    assert trail.settle_due(engine, START + MINUTE + 3) == 1

    with Session(engine) as session:
        events = kept(session)
        assert [e.number for e in events] == [1, 2, 3, 4]
        assert events[-1].description.startswith("47 more attempts failed between ")
        assert events[-1].status is False
        assert trail.open_bursts(session.connection(), "a") == []
        assert trail.verify(session.connection(), "a").is_sound


def test_visitors_are_one_actor_wherever_they_come_from(engine: Engine) -> None:
    first, second = ({**content(kind=f"Kind {n}"), "address": f"192.0.2.{n}"} for n in (1, 2))
    with engine.begin() as connection:
        for n in range(4):
            append_failures(connection, LOG, [{**first, "action_description": f"Kind {n}"}], START)
        append_failures(connection, LOG, [second], START + 1)
        append_failures(connection, LOG, [content("ada")], START + 2)

    with Session(engine) as session:
        assert [event.actor_id for event in kept(session)] == ["anonymous"] * 4 + ["ada"]
        assert {event.address for event in kept(session)} == {"192.0.2.1", None}
        assert [b.count for b in trail.open_bursts(session.connection(), "a")] == [1]


@pytest.mark.parametrize("by", ["append", "failure"])
def test_a_summary_is_written_by_what_comes_next(engine: Engine, by: str) -> None:
    with engine.begin() as connection:
        append_failures(connection, LOG, [content()] * 5, START)
    later = START + MINUTE
    with engine.begin() as connection:
        if by == "failure":
            append_failures(connection, LOG, [content("ada")], later)
        else:
            assert append(
                connection, LOG, [content("ada", status=True)], later
            )  # tells whoever appends that one is due
            append_failures(connection, LOG, [], later)

    with Session(engine) as session:
        assert "2 more attempts" in " ".join(e.description for e in kept(session))


def test_threads_share_the_counters_and_lose_none(engine: Engine) -> None:
    with engine.begin() as connection:
        append_failures(connection, LOG, [content("first")], START)

    def fail(_worker: int) -> None:
        for _ in range(5):
            with engine.connect().execution_options(erebus_write=True) as connection, connection.begin():
                append_failures(connection, LOG, [content("mallory")], START)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(fail, range(4)))

    with Session(engine) as session:
        assert len(kept(session)) == 4
        assert [b.count for b in trail.open_bursts(session.connection(), "a")] == [17]


def test_500_failures_of_nobody_leave_the_history_where_it_is(engine: Engine) -> None:
    """O-E6: over ten minutes, each from a kind of its own."""
    log = trail.Log("a", "a", 100)
    with engine.begin() as connection:
        append(connection, log, [content("ada", status=True)] * 75, START)
        for n in range(500):
            append_failures(connection, log, [content(kind=f"Kind {n}")], START + n * 1200)

    with Session(engine) as session:
        events = kept(session)
        assert sum(e.status for e in events) == 75
        assert sum(not e.status for e in events) <= 20
        counted = sum(b.count for b in trail.open_bursts(session.connection(), "a"))
        told = sum(int(e.description.split()[0]) for e in events if "more attempt" in e.description)
        singles = sum("Tried to" in e.description for e in events if not e.status)
        assert singles + told + counted == 500


def test_a_clock_that_is_put_back_neither_opens_the_gate_nor_shuts_it_for_good(engine: Engine) -> None:
    with engine.begin() as connection:
        append_failures(connection, LOG, [content()] * 4, START)
        append_failures(connection, LOG, [content()] * 4, START - HOUR)
    with Session(engine) as session:
        assert len(kept(session)) == 3
    trail.settle_due(engine, START + MINUTE)
    with engine.begin() as connection:
        append_failures(connection, LOG, [content("ada")], START + HOUR)
        assert connection.execute(select(audit_logs.c.settle_at)).scalar() is None
        assert trail.verify(connection, "a").is_sound


def test_many_successes_are_all_logged(engine: Engine) -> None:
    with Session(engine) as session:
        session.add(Shelf(id="a"))
        session.commit()
        for n in range(30):
            session.add(Book(shelf_id="a", title=f"Book {n}"))
            session.commit()
        assert kept(session)[-1].number == 31
