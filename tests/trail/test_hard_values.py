"""Values that are hard to tell: the cases O-D1 to O-D18 that `tests.trail.test_capture` has not (O-D1, O-D3)."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import JSON, event, null, select
from sqlalchemy.orm import Session, defer, load_only, make_transient
from sqlalchemy.orm.attributes import flag_modified
from sqlalchemy.orm.exc import ObjectDeletedError, StaleDataError

from erebus import trail
from tests.trail.conftest import Base, kept
from tests.trail.value_models import Country, Engineer, Marked, Paper, Point, Poster, Sample

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture
def sample(session: Session) -> Sample:
    """A sample that is event 1 of its log."""
    sample = Sample(label="one", data={"a": 1}, moment=NOON, price=Decimal("1.50"), token="s3cret", x=1, y=2)
    session.add(sample)
    session.commit()
    return sample


def told(session: Session) -> list[trail.AuditEvent]:
    """The log of what lies on no shelf, which verifies."""
    session.rollback()
    events = kept(session, "rest")
    assert trail.verify(session.connection(), "rest").is_sound
    return events


def changes(event: trail.AuditEvent) -> dict[str, tuple[Any, Any]]:
    """What the event tells of each field: before and after."""
    return {c["field"]: (c.get("before"), c.get("after")) for c in event.changes}


def test_a_value_set_after_the_commit_that_expired_it_has_its_true_before(session: Session, sample: Sample) -> None:
    """O-D1."""
    sample.state, sample.label = "used", "two"
    session.commit()

    assert changes(told(session)[-1]) == {"state": ("new", "used"), "label": ("one", "two")}


def test_a_creation_tells_what_defaults_and_the_database_made(session: Session) -> None:
    """O-D2."""
    session.add(sample := Sample(label="one"))
    session.commit()

    event = told(session)[-1]
    assert event.entity_id == str(sample.id)
    assert changes(event) == {"label": (None, "one"), "number": (None, 7), "state": (None, "new")}


def test_a_document_changed_in_place_has_its_true_before(session: Session, sample: Sample) -> None:
    """O-D4."""
    sample.data["a"] = 2
    flag_modified(sample, "data")
    session.commit()

    assert changes(told(session)[-1]) == {"data": ('{"a": 1}', '{"a": 2}')}


@pytest.mark.parametrize(("value", "kept_as"), [(True, "true"), (1.0, "1.0")])
def test_a_document_in_which_true_or_a_fraction_takes_the_place_of_1_has_changed(
    session: Session, sample: Sample, value: object, kept_as: str
) -> None:
    sample.data["a"] = value
    flag_modified(sample, "data")
    session.commit()

    assert changes(told(session)[-1]) == {"data": ('{"a": 1}', f'{{"a": {kept_as}}}')}


def test_a_document_that_is_flagged_and_the_same_is_no_event(session: Session, sample: Sample) -> None:
    """O-D4, without a change."""
    sample.data = {"a": 1}
    flag_modified(sample, "data")
    session.commit()

    assert len(told(session)) == 1


@pytest.mark.parametrize("value", [None, JSON.NULL, null()])
def test_no_document_and_a_document_that_says_null_are_both_null(session: Session, value: object) -> None:
    """O-D5: documented, the log does not tell the JSON null from the SQL one; never is either the text 'None'."""
    session.add(sample := Sample(label="one", data=value))
    session.commit()
    assert "data" not in changes(told(session)[-1])

    sample.data = {"a": None}
    session.commit()
    assert changes(told(session)[-1]) == {"data": (None, '{"a": null}')}

    sample.data = value
    session.commit()
    assert changes(told(session)[-1]) == {"data": ('{"a": null}', None)}


def test_one_null_for_another_is_no_event(session: Session) -> None:
    """O-D5."""
    session.add(sample := Sample(label="one", data=JSON.NULL))
    session.commit()
    sample.data = null()
    session.commit()

    assert len(told(session)) == 1


def test_the_same_instant_in_another_zone_is_no_event(session: Session, sample: Sample) -> None:
    """O-D6."""
    sample.moment = NOON.astimezone(timezone(timedelta(hours=1)))
    session.commit()
    assert len(told(session)) == 1

    sample.moment = NOON.replace(tzinfo=timezone(timedelta(hours=1)))
    session.commit()
    assert changes(told(session)[-1]) == {"moment": ("2026-11-24T12:00:00Z", "2026-11-24T11:00:00Z")}


@pytest.mark.parametrize(
    ("value", "kept_as"), [(math.inf, "inf"), (-math.inf, "-inf"), (math.nan, "nan"), (0.1, "0.1")]
)
def test_a_float_that_json_does_not_have_is_told_as_text(session: Session, value: float, kept_as: str) -> None:
    """O-D7: SQLite keeps not-a-number as null, and so it is told."""
    session.add(sample := Sample(label="one", weight=value))
    session.commit()
    is_lost = math.isnan(value) and session.get_bind().dialect.name == "sqlite"

    assert changes(told(session)[-1]).get("weight") == (None if is_lost else (None, kept_as))
    sample.weight = value
    session.commit()
    assert len(told(session)) == 1


def test_a_secret_shows_that_it_is_set_changed_and_gone_and_never_its_value(session: Session, sample: Sample) -> None:
    """O-D8, and O-D10: it lies in a column of another name."""
    sample.token = "n3w"
    session.commit()
    session.delete(sample)
    session.commit()

    events = told(session)
    assert [[c for c in e.changes if c["field"] == "token"] for e in events] == [
        [{"field": "token", "name": "token", "hidden": "secret"}]
    ] * 3
    assert "s3cret" not in repr(events)
    assert "n3w" not in repr(events)


def test_a_long_text_is_cut_and_says_so(session: Session, sample: Sample) -> None:
    """O-D9."""
    sample.body = "x" * 10**6
    session.commit()
    sample.body = "x" * (10**6 - 1) + "y"
    session.commit()

    first, second = told(session)[1:]
    assert first.changes[0]["cut"] is True
    assert len(first.changes[0]["after"]) <= 2000
    assert "1000000 characters" in first.changes[0]["after"]
    assert second.changes[0]["before"] == first.changes[0]["after"] != second.changes[0]["after"]


def test_a_field_has_the_name_of_its_attribute_whatever_its_column_is_called(session: Session, sample: Sample) -> None:
    """O-D10."""
    sample.label = "two"
    session.commit()

    assert changes(told(session)[-1]) == {"label": ("one", "two")}


def test_the_parts_of_a_composite_are_told(session: Session, sample: Sample) -> None:
    """O-D11."""
    sample.where = Point(3, 4)
    session.commit()

    assert changes(told(session)[-1]) == {"x": (1, 3), "y": (2, 4)}


def test_a_failure_is_kept_where_a_composite_has_to_be_loaded_first(session: Session, sample: Sample) -> None:
    """To load it must not run the listener again that has failed."""

    def fail(*_args: object) -> None:
        raise ValueError

    sample.label = "two"
    session.expire(sample, ["x", "y", "where"])
    event.listen(session, "before_flush", fail)
    with pytest.raises(ValueError, match=r"^$"):
        session.commit()
    event.remove(session, "before_flush", fail)

    assert (told(session)[-1].status, changes(told(session)[-1])) == (False, {"label": ("one", "two")})


@pytest.mark.parametrize("option", [defer(Sample.data, raiseload=True), load_only(Sample.id, raiseload=True)])
def test_what_was_never_loaded_is_complete_in_the_deletion(session: Session, sample: Sample, option: Any) -> None:
    """O-D12."""
    session.expunge_all()
    session.delete(session.scalars(select(Sample).options(option)).one())
    session.commit()

    event = told(session)[-1]
    assert (event.action, event.entity_label) == ("delete", "one")
    assert {c["field"] for c in event.changes} == {
        "label",
        "number",
        "state",
        "data",
        "moment",
        "price",
        "x",
        "y",
        "token",
    }
    assert changes(event)["data"] == ('{"a": 1}', None)
    assert sample


def test_a_changed_key_is_one_update_under_the_new_one(session: Session) -> None:
    """O-D13."""
    session.add(country := Country(code="DE", name="Germany"))
    session.commit()
    country.code = "GE"
    session.commit()
    country.code, country.name = "ZZ", "Nowhere"
    session.commit()

    assert [(e.action, e.entity_id, changes(e)) for e in told(session)[1:]] == [
        ("update", "GE", {"code": ("DE", "GE")}),
        ("update", "ZZ", {"code": ("GE", "ZZ"), "name": ("Germany", "Nowhere")}),
    ]


def test_an_entity_that_gets_another_key_and_goes_is_deleted_under_the_one_it_had(session: Session) -> None:
    """O-D13, in one transaction."""
    session.add(country := Country(code="DE", name="Germany"))
    session.commit()
    country.code = "GE"
    session.flush()
    session.delete(country)
    session.commit()

    event = told(session)[-1]
    assert (event.action, event.entity_id, changes(event)["code"]) == ("delete", "DE", ("DE", None))


def test_an_entity_in_two_tables_is_one_event_under_its_own_type(session: Session) -> None:
    """O-D14."""
    session.add(engineer := Engineer(name="Ada", language="Analytical"))
    session.commit()
    engineer.name = "Ada Byron"
    session.commit()
    engineer.name, engineer.language = "Ada", "Python"
    session.commit()
    session.delete(engineer)
    session.commit()

    assert [(e.action, e.entity_type, changes(e)) for e in told(session)] == [
        ("create", "engineer", {"name": (None, "Ada"), "language": (None, "Analytical")}),
        ("update", "engineer", {"name": ("Ada", "Ada Byron")}),
        ("update", "engineer", {"name": ("Ada Byron", "Ada"), "language": ("Analytical", "Python")}),
        ("delete", "engineer", {"name": ("Ada", None), "language": ("Python", None)}),
    ]


def test_what_was_added_and_taken_back_is_no_event(session: Session) -> None:
    """O-D15."""
    session.add(sample := Sample(label="one"))
    session.expunge(sample)
    session.commit()

    assert kept(session, "rest") == []


def test_what_was_written_and_then_left_alone_by_the_session_is_told(session: Session) -> None:
    """O-D15, when it was flushed: its row is there, whatever the session holds."""
    session.add(sample := Sample(label="one"))
    session.flush()
    make_transient(sample)
    session.commit()

    assert [e.action for e in told(session)] == ["create"]


@pytest.mark.parametrize("is_loaded", [True, False])
def test_a_row_that_is_gone_is_a_failure_and_no_success(
    engine: Engine, session: Session, sample: Sample, *, is_loaded: bool
) -> None:
    """O-D16."""
    session.expire_on_commit = not is_loaded
    assert sample.label == "one"
    session.commit()
    with Session(engine) as other:
        other.delete(other.scalars(select(Sample)).one())
        other.commit()
    with session.no_autoflush, pytest.raises(StaleDataError if is_loaded else ObjectDeletedError):
        sample.label = "two"
        session.commit()
    session.rollback()

    event = told(session)[-1]
    assert [e.status for e in told(session)] == [True, True, False]
    assert (event.action, event.reason) == ("update", "Somebody else changed or deleted it in the meantime.")
    assert changes(event)["label"][1] == "two"


def test_of_two_who_change_one_version_the_second_fails(engine: Engine, session: Session) -> None:
    """O-D17: and the version's own number is no change that anybody made."""
    session.add(paper := Paper(title="Draft"))
    session.commit()
    with Session(engine) as winner, Session(engine, expire_on_commit=False) as loser:
        theirs = loser.get_one(Paper, paper.id)
        loser.commit()
        winner.get_one(Paper, paper.id).title = "Winner"
        winner.commit()
        theirs.title = "Loser"
        with pytest.raises(StaleDataError):
            loser.commit()
        loser.rollback()

    events = told(session)[1:]
    assert [(e.status, changes(e)) for e in events] == [
        (True, {"title": ("Draft", "Winner")}),
        (False, {"title": ("Draft", "Loser")}),
    ]


def test_a_mixins_description_covers_whoever_is_mapped_with_it(session: Session) -> None:
    """O-D18."""
    session.add(Poster(title="Old"))
    session.commit()

    assert [(e.entity_type, e.entity_label) for e in told(session)] == [("marked", "Old")]


def test_a_class_that_is_mapped_late_is_heard(engine: Engine, session: Session) -> None:
    """O-D18."""

    class Leaflet(Marked, Base):
        __tablename__ = "leaflets"

    Base.metadata.tables["leaflets"].create(engine)
    session.add(Leaflet(title="Late"))
    session.commit()

    assert [(e.entity_type, e.entity_label) for e in told(session)] == [("marked", "Late")]
