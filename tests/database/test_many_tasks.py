"""A flood of one kind is one task; what comes back within a while is the same alarm."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from clearway.core.audit.models import Action
from clearway.core.organisation.models import Organisation
from clearway.core.worklist.actions import Shown, answer, sweep
from clearway.core.worklist.models import Task
from clearway.core.worklist.rules import Outcome, SweepPolicy, Wanted
from tests.trust import AT, a_trust, acting, somebody

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)
POLICY = SweepPolicy(together_from=4, off_delay_seconds=900)


@pytest.fixture
def trust() -> Organisation:
    return a_trust()


def wanted(name: str, **more: Any) -> Wanted:
    usual = {
        "priority": 2,
        "title": f"{name}: release plan",
        "cause": name,
        "role": "patient_flow_coordinator",
    }
    return Wanted(subject=f"site:{name}", **{**usual, **more})


def swept(
    trust: Organisation, names: str | Sequence[Wanted], minutes: float, policy: SweepPolicy = POLICY
) -> None:
    wants = tuple(wanted(each) if isinstance(each, str) else each for each in names)
    sweep(trust.pk, [Outcome("ladder", wants, many="On the ladder")], AT + minutes * MINUTE, policy)


def open_now() -> dict[str, str]:
    rows = Task.objects.filter(closed_at=None).order_by("subject")
    return {task.subject.removeprefix("site:"): task.title for task in rows}


def test_few_stand_each_for_itself(trust: Organisation) -> None:
    swept(trust, "ABC", 0)

    assert list(open_now()) == ["A", "B", "C"]


def test_many_become_one_task_that_names_them_and_the_single_ones_close_in_the_same_breath(
    trust: Organisation,
) -> None:
    swept(trust, "ABC", 0)
    swept(trust, "ABCD", 1)

    assert list(open_now().values()) == ["On the ladder: 4"]
    assert Task.objects.get(closed_at=None).cause == (
        "A: release plan; B: release plan; C: release plan; D: release plan"
    )
    closed = Task.objects.exclude(closed_at=None)
    assert {task.closed_because for task in closed} == {"It stands together with others now"}


def test_a_number_that_goes_up_and_down_raises_nothing_new(trust: Organisation) -> None:
    for minutes, names in enumerate(("ABCD", "ABC", "ABCDE", "CDE", "ABCDEFGH")):
        swept(trust, names, minutes)

    assert Task.objects.count() == 1
    assert list(open_now().values()) == ["On the ladder: 8"]


def test_what_stands_together_does_so_until_none_is_left(trust: Organisation) -> None:
    for minutes, names in ((0, "ABCD"), (1, "A"), (2, "AB"), (3, "B"), (4, ""), (5, "C")):
        swept(trust, names, minutes)
    assert list(open_now().values()) == ["C: release plan"]
    assert Task.objects.count() == 1

    swept(trust, "", 6)
    swept(trust, "", 21)
    swept(trust, "C", 22)

    assert list(open_now()) == ["C"]


def test_where_a_trust_wants_it_no_more_each_stands_for_itself_again(trust: Organisation) -> None:
    swept(trust, "ABCD", 0)
    swept(trust, "AB", 1, SweepPolicy())

    assert list(open_now()) == ["A", "B"]
    assert Task.objects.exclude(closed_at=None).get().closed_because == "Each stands for itself now"


def test_one_of_many_that_falls_a_little_below_its_threshold_is_still_one_of_them(
    trust: Organisation,
) -> None:
    def a_at(reading: float) -> list[Wanted]:
        return [wanted("A", reading=reading, threshold=1.0), *map(wanted, "BCD")]

    swept(trust, a_at(0.95), 0)
    assert "A" not in "".join(open_now())

    for minutes, reading, number in ((1, 1.0, 4), (2, 0.95, 4), (3, 0.85, 3), (4, 0.95, 3)):
        swept(trust, a_at(reading), minutes)
        assert list(open_now().values()) == [f"On the ladder: {number}"]


def test_each_role_and_priority_has_its_own(trust: Organisation) -> None:
    worst = [wanted(each, priority=1) for each in "AB"]
    officers = [wanted(each, role="service_delivery_officer") for each in "XY"]
    swept(trust, [*worst, *officers, *map(wanted, "CD")], 0)

    assert list(open_now().values()) == [
        "On the ladder: 2",
        "On the ladder: 2",
        "X: release plan",
        "Y: release plan",
    ]
    rows = Task.objects.filter(subject__startswith="many:").order_by("priority")
    assert [task.cause[:2] for task in rows] == ["A:", "C:"]


def test_one_that_has_not_lasted_does_not_make_them_many(trust: Organisation) -> None:
    swept(trust, [*map(wanted, "ABC"), wanted("D", since=AT)], 0)
    assert list(open_now()) == ["A", "B", "C"]

    swept(trust, [*map(wanted, "ABC"), wanted("D", since=AT)], 2)
    assert list(open_now().values()) == ["On the ladder: 4"]


def test_more_than_can_be_named_are_counted_the_worst_first(trust: Organisation) -> None:
    swept(trust, [wanted(chr(65 + place), reading=place, threshold=0.5) for place in range(11)], 0)

    cause = Task.objects.get(closed_at=None).cause
    assert cause.startswith("K: release plan; J:") and cause.endswith("; and 2 more")


def test_what_comes_back_within_the_delay_is_the_same_alarm(trust: Organisation) -> None:
    swept(trust, "A", 0)
    swept(trust, "", 1)
    task = Task.objects.get()
    assert (task.state, task.gone_since) == ("open", AT + MINUTE)

    swept(trust, "A", 14)

    task.refresh_from_db()
    assert (Task.objects.count(), task.gone_since) == (1, None)


def test_what_is_most_urgent_may_have_a_shorter_delay(trust: Organisation) -> None:
    policy = replace(POLICY, off_delay_urgent_seconds=300)
    swept(trust, [wanted("A", priority=1), wanted("B")], 0, policy)
    swept(trust, "", 1, policy)

    swept(trust, "", 6, policy)

    assert list(open_now()) == ["B"]


def test_what_stays_away_for_the_delay_closes_by_itself(trust: Organisation) -> None:
    swept(trust, "A", 0)
    swept(trust, "", 1)
    swept(trust, "", 15.9)
    assert open_now()

    swept(trust, "", 16)

    task = Task.objects.get()
    assert task.closed_because == "The cause is gone"
    assert Action.objects.filter(verb="tasks.close", subject=f"task:{task.pk}").count() == 1


def test_one_that_stands_for_many_waits_out_the_delay_too(trust: Organisation) -> None:
    swept(trust, "ABCD", 0)
    swept(trust, "", 1)
    swept(trust, "EFGH", 5)

    assert (Task.objects.count(), list(open_now().values())) == (1, ["On the ladder: 4"])


def test_what_comes_so_fast_that_it_stands_together_always_is_one_task_from_the_first(
    trust: Organisation,
) -> None:
    for minutes, names in enumerate(("A", "AB", "B", "", "C")):
        outcome = Outcome("ladder", tuple(map(wanted, names)), many="On the ladder", from_one=True)
        sweep(trust.pk, [outcome], AT + minutes * MINUTE, POLICY)

    (task,) = Task.objects.all()
    assert (task.title, task.cause, task.members) == ("C: release plan", "C", ["site:C"])


def test_what_joins_an_answered_task_brings_it_back_and_what_returns_to_it_does_not(
    trust: Organisation,
) -> None:
    swept(trust, "ABCD", 0)
    task = Task.objects.get()
    by = acting(somebody("pfc", "patient_flow_coordinator", trust))
    answer(Shown(task.pk, task.version, trust.pk), "All four were rung", by=by, at=AT)

    for minutes, names in ((1, "ABC"), (2, "ABCD")):
        swept(trust, names, minutes)
        task.refresh_from_db()
        assert task.state == "answered"
    swept(trust, "ABCDE", 3)

    task.refresh_from_db()
    assert (task.state, task.members[-1]) == ("open", "site:E")


def test_what_joins_a_shelved_task_brings_it_back(trust: Organisation) -> None:
    swept(trust, "ABCD", 0)
    Task.objects.update(state="shelved", shelved_until=AT + 60 * MINUTE)

    swept(trust, "ABCD", 1)
    assert Task.objects.get().state == "shelved"
    swept(trust, "ABCDE", 2)

    assert Task.objects.get().state == "open"


def worst_at(step: float) -> list[Wanted]:
    return [wanted("A", reading=step, threshold=30, step=step), *map(wanted, "BCD")]


def test_a_further_step_of_the_worst_rings_for_all_of_them(trust: Organisation) -> None:
    swept(trust, worst_at(45), 0)
    Task.objects.update(state="acknowledged")
    swept(trust, worst_at(45), 1)
    assert Task.objects.get().state == "acknowledged"

    swept(trust, worst_at(60), 2)

    assert (Task.objects.get().state, heard(trust)) == ("open", ["tasks.raise_priority"])


def test_a_step_that_comes_back_within_the_delay_is_the_same_alarm_and_later_another(
    trust: Organisation,
) -> None:
    for minutes, step in ((0, 45), (1, 60), (2, 45), (16, 60), (17, 45), (20, 60)):
        swept(trust, worst_at(step), minutes)
    assert len(heard(trust)) == 1

    for minutes, step in ((21, 45), (36, 45), (37, 60)):
        swept(trust, worst_at(step), minutes)

    assert len(heard(trust)) == 2


def test_of_an_answered_task_a_step_that_comes_back_is_another_alarm(trust: Organisation) -> None:
    swept(trust, worst_at(60), 0)
    by = acting(somebody("pfc", "patient_flow_coordinator", trust))
    task = Task.objects.get()
    answer(Shown(task.pk, task.version, trust.pk), "The commander was told", by=by, at=AT)

    for minutes, step in ((1, 60), (2, 45), (3, 60)):
        swept(trust, worst_at(step), minutes)

    assert (Task.objects.get().state, heard(trust)) == ("open", ["tasks.raise_priority"])


def heard(trust: Organisation) -> list[str]:
    """What was an alarm again of a task that was there already."""
    verbs = ("tasks.raise_priority", "tasks.join")
    rows = Action.objects.filter(organisation_id=trust.pk, verb__in=verbs).order_by("id")
    return list(rows.values_list("verb", flat=True))


@pytest.mark.parametrize(("rings_to", "priority", "rings"), [(1, 1, True), (1, 2, False), (2, 2, True)])
def test_who_joins_rings_up_to_the_priority_that_the_trust_sets(
    trust: Organisation, rings_to: int, priority: int, rings: bool
) -> None:
    policy = replace(POLICY, joining_rings={"ladder": rings_to})
    swept(trust, [wanted(each, priority=priority) for each in "ABCD"], 0, policy)
    Task.objects.update(state="acknowledged")

    swept(trust, [wanted(each, priority=priority) for each in "ABCDE"], 1, policy)

    assert (Task.objects.get().state == "open") == rings
    assert heard(trust) == (["tasks.join"] if rings else [])


def test_a_serious_delay_that_joins_others_rings_where_nothing_is_set(trust: Organisation) -> None:
    for minutes, names in enumerate(("ABCD", "ABCDE")):
        swept(trust, [wanted(each, priority=1) for each in names], minutes)

    assert heard(trust) == ["tasks.join"]


@pytest.mark.parametrize(("then", "rings"), [("E", ["tasks.join"]), ("A", []), ("AE", [])])
def test_a_further_one_rings_when_none_of_the_others_is_left(
    trust: Organisation, then: str, rings: list[str]
) -> None:
    swept(trust, "ABCD", 0)
    Task.objects.update(state="acknowledged")
    swept(trust, "", 1)

    swept(trust, then, 5)

    assert heard(trust) == rings
    assert (Task.objects.get().state == "open") == bool(rings)


def test_who_leaves_and_comes_back_within_the_delay_has_not_joined(trust: Organisation) -> None:
    for minutes, names in ((0, "ABCDE"), (1, "ABCD"), (15, "ABCDE"), (16, "ABCD")):
        swept(trust, [wanted(each, priority=1) for each in names], minutes)
    assert heard(trust) == []

    for minutes, names in ((31, "ABCD"), (32, "ABCDE")):
        swept(trust, [wanted(each, priority=1) for each in names], minutes)
    assert heard(trust) == ["tasks.join"]


def test_who_comes_down_from_a_more_urgent_task_is_no_alarm_of_the_lesser(trust: Organisation) -> None:
    policy = replace(POLICY, joining_rings={"ladder": 3})
    urgent = [wanted(each, priority=1) for each in "XY"]
    swept(trust, [*urgent, *map(wanted, "ABCD")], 0, policy)

    swept(trust, [urgent[0], wanted("Y"), *map(wanted, "ABCD")], 1, policy)

    assert sorted(open_now().values()) == ["On the ladder: 5", "X: release plan"]
    assert heard(trust) == []


def test_who_joins_puts_off_nothing_that_nobody_has_acknowledged(trust: Organisation) -> None:
    for minutes, names in ((0, "ABCD"), (4, "ABCDE")):
        swept(trust, [wanted(each, priority=1) for each in names], minutes)

    assert Task.objects.get().due_at == AT + 5 * MINUTE


def test_when_each_stands_for_itself_again_what_people_did_with_all_goes_on(trust: Organisation) -> None:
    swept(trust, "ABCD", 0)
    person = somebody("pfc", "patient_flow_coordinator", trust)
    task = Task.objects.get()
    answer(Shown(task.pk, task.version, trust.pk), "All were rung", by=acting(person), at=AT)

    swept(trust, "AB", 1, SweepPolicy())

    rows = Task.objects.filter(closed_at=None)
    assert {(row.state, row.answer, row.owner) for row in rows} == {("answered", "All were rung", person)}


def test_one_that_was_passed_up_stays_passed_up_when_others_join_it(trust: Organisation) -> None:
    swept(trust, "ABC", 0)
    Task.objects.filter(subject="site:B").update(escalated_to="trust_incident_manager", escalated_at=AT)

    swept(trust, "ABCD", 1)

    task = Task.objects.get(closed_at=None)
    assert (task.state, task.escalated_to) == ("open", "trust_incident_manager")


def test_what_was_answered_closes_with_its_cause_so_that_the_next_is_an_alarm(trust: Organisation) -> None:
    swept(trust, "A", 0)
    task = Task.objects.get()
    by = acting(somebody("pfc", "patient_flow_coordinator", trust))
    answer(Shown(task.pk, task.version, trust.pk), "It was rung", by=by, at=AT)

    swept(trust, "", 5)
    swept(trust, "A", 18)

    assert list(Task.objects.order_by("id").values_list("state", flat=True)) == ["closed", "open"]


def test_what_is_gone_climbs_no_further_and_comes_back_from_no_shelf(trust: Organisation) -> None:
    urgent = wanted("A", priority=1, role="service_delivery_officer")
    swept(trust, [urgent, wanted("B")], 0)
    Task.objects.filter(subject="site:B").update(state="shelved", shelved_until=AT + 6 * MINUTE)

    for minutes in (2, 5.5, 10):
        swept(trust, "", minutes)

    assert {task.escalated_to for task in Task.objects.all()} == {""}
    assert {task.state for task in Task.objects.all()} == {"open", "shelved"}


def test_a_trust_that_wants_neither_has_neither(trust: Organisation) -> None:
    plain = SweepPolicy()
    swept(trust, "ABCDEF", 0, plain)
    assert len(open_now()) == 6

    swept(trust, "", 1, plain)
    assert open_now() == {}
