"""Which events a filter lets through, and what is offered to choose from."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from erebus.blueprints.audit import controls, matching
from erebus.blueprints.audit.filters import Filter
from erebus.trail import AuditEvent

pytestmark = pytest.mark.pure

ID = "01M8HMVHTTSQY49CWZQCBZT5BC"
GRACE, LEO, KEY, PROJECT = f"user_{ID}", f"user_{ID[::-1]}", f"key_{ID}", f"proj_{ID}"
NOON = 1_795_780_800_000  # 2026-11-27 12:00 UTC
BLANK: dict[str, Any] = dict.fromkeys(AuditEvent._fields, "") | {"stored_changes": "[]", "created_at": NOON}


def event(**values: Any) -> AuditEvent:
    return AuditEvent(**BLANK | {"number": 1, "status": True, "reason": None, "request_id": None} | values)


def told(*changes: dict[str, Any]) -> str:
    return json.dumps(changes)


RENAMED = event(
    number=2,
    id="01M8HMVJE20NCWX2E1W7J1ECH0",
    actor_id=GRACE,
    actor_name="Grace Hill",
    action="update",
    action_description="Updated API key",
    entity_type="api_key",
    entity_id=KEY,
    entity_label="Straße",
    project_id=PROJECT,
    description="Renamed development API key 'Weg' to 'Straße'",
    request_id="01M8REQUEST",
    stored_changes=told({"field": "label", "name": "label", "before": "Weg", "after": "Straße"}),
)
REFUSED = event(
    number=1,
    actor_id=LEO,
    actor_name="Leo Tann",
    action="delete",
    entity_type="project",
    entity_id=PROJECT,
    description="Tried to delete project 'Chat'. Not done: the name does not match",
    status=False,
    reason="the name does not match",
    created_at=NOON - 1000,
    stored_changes=told({"field": "n", "name": "n", "before": 4711, "after": None}, {"field": "s", "hidden": "secret"}),
)


def numbers(wanted: Filter, *events: AuditEvent) -> list[int]:
    now = datetime(2026, 11, 27, 12, 30, tzinfo=UTC)
    return [found.number for found in matching.select(events or (RENAMED, REFUSED), wanted, UTC, now)]


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("Tomás Vega", "tomas"),
        ("Tomás Vega", "TOMÁS"),
        ("Tomás Vega", "tom\u0061\u0301s"),
        ("Tomas Vega", "tomás"),
        ("Søren Łukasz Đorđević", "soren lukasz dordevic"),
        ("Jürgen Groß", "JURGEN GROSS"),
        ("İpek Işık", "ipek isik"),
        ("Zoë Æsir", "zoe aesir"),
        ("Ἀλέξανδρος", "αλεξανδροσ"),
        ("Ｓａｍ", "sam"),
        ("नीना", "नीना"),
    ],
)
def test_an_actor_is_found_whatever_the_accents(name: str, typed: str) -> None:
    assert numbers(Filter(actor=typed), event(actor_id=LEO, actor_name=name)) == [1]


@pytest.mark.parametrize(
    ("name", "typed"), [("Tomás", "tom"), ("Leo", "\u0301"), ("नीना", "नना"), (f"ü {GRACE}", GRACE)]
)
def test_another_name_is_not_found(name: str, typed: str) -> None:
    assert numbers(Filter(actor=typed), event(actor_id=LEO, actor_name=name)) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [(("zoe's app",), [1]), (("ZOË", "Jürgen"), [1]), (("jurgen", "karl"), []), (("\u0301",), [])],
)
def test_text_is_found_whatever_the_accents(text: tuple[str, ...], expected: list[int]) -> None:
    told = event(description="Jurgen renamed “App” to “Zoë's App”.", reason="asked by Jürgen")
    assert numbers(Filter(text=text), told) == expected


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (Filter(), [2, 1]),
        (Filter(actor=GRACE), [2]),
        (Filter(actor=GRACE.lower()), [2]),
        (Filter(actor="grace"), [2]),
        (Filter(actor="HILL grace"), [2]),
        (Filter(actor="grace tann"), []),
        (Filter(actor="gra"), []),
        (Filter(action="delete"), [1]),
        (Filter(entity_type="api_key"), [2]),
        (Filter(entity=PROJECT), [1]),
        (Filter(entity="proj_"), []),
        (Filter(status="succeeded"), [2]),
        (Filter(status="failed"), [1]),
        (Filter(since="2026-11-27T12:00"), [2]),
        (Filter(until="2026-11-27T11:59"), [1]),
        (Filter(since="2026-11-27", until="2026-11-27"), [2, 1]),
        (Filter(since="2026-11-28"), []),
        (Filter(request="01m8request"), [2]),
        (Filter(text=("STRASSE",)), [2]),
        (Filter(text=("weg", "renamed")), [2]),
        (Filter(text=("weg", "project")), []),
        (Filter(text=("does not match",)), [1]),
        (Filter(text=("4711",)), [1]),
        (Filter(text=(KEY,)), [2]),
        (Filter(text=(PROJECT.lower(),)), [2, 1]),
        (Filter(text=("01M8HMVJE20NCWX2E1W7J1ECH0",)), [2]),
        (Filter(text=("01M8REQUEST",)), [2]),
        (Filter(text=("updated api key",)), [2]),
        (Filter(text=("secret",)), []),
        (Filter(text=("null",)), []),
        (Filter(actor="leo", status="failed", text=("chat",)), [1]),
        (Filter(actor="leo", status="succeeded"), []),
    ],
)
def test_each_part_of_a_filter_lets_through_what_it_asks(wanted: Filter, expected: list[int]) -> None:
    assert numbers(wanted) == expected


def test_nobody_gets_into_the_filter_for_an_id_by_their_name() -> None:
    impostor = event(number=3, actor_id=LEO, actor_name=GRACE.lower())

    assert numbers(Filter(actor=GRACE), RENAMED, impostor) == [2]
    assert numbers(Filter(actor="system"), event(number=4, actor_id=LEO, actor_name="System")) == []


def test_what_the_trail_never_wrote_is_searched_as_it_is_stored() -> None:
    assert numbers(Filter(text=("[broken",)), event(number=5, stored_changes="[Broken")) == [5]
    assert numbers(Filter(text=("deep",)), event(number=6, stored_changes=told({"after": [{"x": "Deep"}]}))) == [6]


def test_only_what_occurs_is_offered() -> None:
    actor, action, kind, status = controls.offer((RENAMED,), Filter()).selects

    assert actor.options == [(GRACE, "Grace Hill")]
    assert action.options == [("update", "update")]
    assert kind.options == [("api_key", "api_key")]
    assert status.options == [("succeeded", "succeeded")]


def test_actors_are_offered_under_their_newest_name_and_told_apart() -> None:
    before = RENAMED._replace(actor_name="Grace Miller")
    other = RENAMED._replace(actor_id=LEO)
    offered = controls.offer((RENAMED, before, other), Filter())

    assert offered.selects[0].options == [(LEO, f"Grace Hill …{LEO[-4:]}"), (GRACE, f"Grace Hill …{GRACE[-4:]}")]
    assert offered.completions[1] == (f"actor:{GRACE}", f"Grace Hill …{GRACE[-4:]}")


def test_what_is_chosen_is_offered_even_if_it_does_not_occur() -> None:
    select = controls.offer((RENAMED,), Filter(actor="maya")).selects[0]

    assert (select.chosen, select.options[-1]) == ("maya", ("maya", "maya"))


def test_the_box_is_completed_to_what_occurs_in_the_log() -> None:
    offered = [value for value, _label in controls.offer((RENAMED, REFUSED), Filter()).completions]

    assert offered[:2] == ["actor:grace", "actor:leo"]
    assert {"action:update", "type:project", "status:failed", "from:7d", f"entity:{KEY}"} <= set(offered)
    assert "action:create" not in offered


def test_an_actor_is_completed_to_a_word_that_nobody_else_has() -> None:
    names = ("Leo Hill", "Grace Hill", "Grace Tann", "Grace", "Zoë Ray", "Zoe Ruiz", "Søren Ray")
    events = [event(actor_id=f"user_{place}", actor_name=name) for place, name in enumerate(names)]
    offered = dict(reversed(option) for option in controls.offer(events, Filter()).completions[:7])

    assert offered == {
        "Leo Hill": "actor:leo",
        "Grace Hill": "actor:user_1",
        "Grace Tann": "actor:tann",
        "Grace": "actor:user_3",
        "Zoë Ray": "actor:user_4",
        "Zoe Ruiz": "actor:ruiz",
        "Søren Ray": "actor:soren",
    }


def test_each_chip_leaves_out_its_own_part() -> None:
    chosen = Filter(actor=GRACE, entity=KEY, since="7d", text=("weg", "my key"))
    chips = controls.offer((RENAMED,), chosen).chips

    assert [(chip.label, chip.text) for chip in chips] == [
        ("Actor", "Grace Hill"),
        ("Entity", "api_key Straße"),
        ("From", "Last 7 days"),
        ("Text", "weg"),
        ("Text", "my key"),
    ]
    assert chips[0].without == Filter(entity=KEY, since="7d", text=("weg", "my key"))
    assert chips[3].without == Filter(actor=GRACE, entity=KEY, since="7d", text=("my key",))


def test_a_quick_range_takes_the_place_of_other_times() -> None:
    ranges = controls.offer((RENAMED,), Filter(actor=GRACE, since="2026-11-01", until="2026-11-02")).ranges

    assert ranges[0].filter == Filter(actor=GRACE, since="today")
    assert not any(found.is_chosen for found in ranges)
