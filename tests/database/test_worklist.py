"""The worklist: tasks come, change, go up and go by themselves, and people never overwrite each other."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from clearway.config.regions import find
from clearway.core.audit.actions import Actor
from clearway.core.audit.models import Action
from clearway.core.feeds.models import Batch, Source
from clearway.core.layout import context
from clearway.core.live import viewers
from clearway.core.live.models import Change
from clearway.core.live.stream import Pushed, Viewer
from clearway.core.organisation.actions import load_region
from clearway.core.organisation.models import Organisation
from clearway.core.people import actions as people
from clearway.core.people.models import RoleGrant, User
from clearway.core.worklist import actions, live, presenters, queries
from clearway.core.worklist.actions import Shown, Swept, sweep
from clearway.core.worklist.models import Task
from clearway.core.worklist.rules import Outcome, Rule, SweepPolicy, Wanted, evaluate, together
from clearway.desks.ambulance import live as desk_live
from clearway.desks.ambulance import rules as ambulance
from clearway.domain.ambulance.situation import Feed, compose
from clearway.domain.shared.errors import NotAllowed
from clearway.interchange.region_pack import parse
from tests.trust import AT, a_trust, acting, signed_in, somebody

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)
POLICY = SweepPolicy()


@pytest.fixture(autouse=True)
def _connection_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stream's check gives its thread's connection back; here it is the test's own."""
    monkeypatch.setattr(viewers, "close_old_connections", lambda: None)


@pytest.fixture
def trust() -> Organisation:
    return a_trust()


def wanted(subject: str = "site:TV001", **more: Any) -> Wanted:
    usual = {
        "priority": 2,
        "title": "Release plan",
        "cause": "A1 since 01:40",
        "role": "patient_flow_coordinator",
    }
    return Wanted(subject=subject, **{**usual, "site_code": subject.removeprefix("site:"), **more})


def swept(
    trust: Organisation, *wants: Wanted, minutes: float = 0, rule: str = "ladder", **more: Any
) -> Swept:
    return sweep(trust.pk, [Outcome(rule, wants, **more)], AT + minutes * MINUTE, POLICY)


def the_task() -> Task:
    return Task.objects.get()


def shown(task: Task) -> Shown:
    return Shown(task.pk, task.version, task.organisation_id)


def verbs(task: Task) -> list[str]:
    return [action.verb for action in queries.history(task.organisation_id, task.pk)]


def two_rules(*broken: str) -> tuple[list[Outcome], list[Outcome]]:
    """The outcomes of a rule of each of two desks, those named having failed through their own fault."""

    def asked(code: str) -> list[Outcome]:
        def check(situation: int, values: Any) -> list[Wanted]:
            return [] if code not in broken else [1 // situation]  # type: ignore[list-item]

        return evaluate([Rule(code, "One.", "test", check)], 0, {}, {})

    return asked("handover"), asked("clinic")


# What the rules want


def test_one_desk_does_not_close_what_is_open_about_a_rule_of_the_other(trust: Organisation) -> None:
    handover, clinic = two_rules("handover")

    for minutes in range(3):
        for outcomes in (handover, clinic):
            sweep(trust.pk, outcomes, AT + minutes * MINUTE, POLICY)
    assert [task.subject for task in Task.objects.filter(closed_at=None)] == ["rule:handover"]
    assert Task.objects.count() == 1

    mended, _ = two_rules()
    sweep(trust.pk, together(mended, two_rules()[0]), AT + 4 * MINUTE, POLICY)
    assert not Task.objects.filter(closed_at=None).exists()


def test_what_a_rule_wants_becomes_a_task_with_its_audit_and_its_change(trust: Organisation) -> None:
    assert swept(trust, wanted()) == Swept(raised=1)

    task = the_task()
    assert (task.priority, task.site and task.site.code, task.state) == (2, "TV001", "open")
    assert task.due_at == AT + 15 * MINUTE
    assert Action.objects.get().actor == "rule:ladder"
    assert Change.objects.get().key == str(task.pk)


def test_the_same_again_changes_nothing(trust: Organisation) -> None:
    swept(trust, wanted())

    assert swept(trust, wanted(), minutes=1) == Swept()
    assert Action.objects.count() == 1


def test_what_has_not_held_long_enough_is_not_raised(trust: Organisation) -> None:
    assert swept(trust, wanted(since=AT - timedelta(seconds=30))) == Swept()
    assert swept(trust, wanted(since=AT - timedelta(seconds=30)), minutes=0.5) == Swept(raised=1)


def test_a_flicker_below_the_threshold_neither_closes_nor_raises(trust: Organisation) -> None:
    swept(trust, wanted(reading=31.0, threshold=30.0))

    assert swept(trust, wanted(reading=28.0, threshold=30.0), minutes=1) == Swept()
    assert swept(trust, wanted(reading=26.0, threshold=30.0), minutes=2) == Swept(closed=1)
    assert swept(trust, wanted(reading=28.0, threshold=30.0), minutes=3) == Swept()


def test_a_task_closes_by_itself_when_its_cause_is_gone(trust: Organisation) -> None:
    swept(trust, wanted())

    swept(trust, minutes=5)

    task = the_task()
    assert (task.state, task.closed_because, task.closed_at) == (
        "closed",
        "The cause is gone",
        AT + 5 * MINUTE,
    )
    assert verbs(task) == ["tasks.raise", "tasks.close"]


def test_a_rule_that_could_not_say_leaves_its_tasks_alone(trust: Organisation) -> None:
    swept(trust, wanted())

    assert swept(trust, minutes=5, failure="KeyError") == Swept()


def test_a_rule_that_is_switched_off_closes_its_tasks_and_says_so(trust: Organisation) -> None:
    swept(trust, wanted())
    swept(trust, minutes=1, is_off=True)

    assert the_task().closed_because == "The rule was switched off"


def test_one_rule_does_not_touch_the_tasks_of_another(trust: Organisation) -> None:
    swept(trust, wanted())

    assert swept(trust, minutes=1, rule="feeds") == Swept()


def test_new_words_do_not_spoil_the_form_that_somebody_fills_in(trust: Organisation) -> None:
    swept(trust, wanted())
    before = shown(the_task())

    swept(trust, wanted(cause="A1 since 01:40, B2 since 01:52"), minutes=1)
    actions.acknowledge(before, by=acting(somebody("pfc")), at=AT)

    assert the_task().cause == "A1 since 01:40, B2 since 01:52"


def test_a_task_that_becomes_more_urgent_must_be_acknowledged_again(trust: Organisation) -> None:
    swept(trust, wanted())
    actions.acknowledge(shown(the_task()), by=acting(somebody("pfc")), at=AT)

    swept(trust, wanted(priority=1, title="Commander"), minutes=1)

    task = the_task()
    assert (task.state, task.priority, task.due_at) == ("open", 1, AT + 6 * MINUTE)
    assert verbs(task)[-1] == "tasks.raise_priority"


@pytest.mark.parametrize("hidden_by", ["shelve", "answer"])
def test_what_becomes_more_urgent_comes_back_from_where_it_was_put(
    trust: Organisation, hidden_by: str
) -> None:
    swept(trust, wanted())
    by = acting(somebody("pfc"))
    if hidden_by == "shelve":
        actions.shelve(shown(the_task()), 60, "known", POLICY, by=by, at=AT)
    else:
        actions.answer(shown(the_task()), "asked the nurse in charge", by=by, at=AT)

    swept(trust, wanted(priority=1), minutes=1)

    assert the_task().state == "open"


def test_an_answered_task_stays_out_of_sight_until_its_cause_is_gone(trust: Organisation) -> None:
    swept(trust, wanted())
    actions.answer(shown(the_task()), "asked the nurse in charge", by=acting(somebody("pfc")), at=AT)

    assert swept(trust, wanted(), minutes=1) == Swept()
    assert context.tasks(trust.pk) == context.Tasks(
        waiting=0, urgent=0
    )  # the count in the bar is what is to do
    assert swept(trust, minutes=2) == Swept(closed=1)


def test_an_overdue_p1_goes_up_step_by_step(trust: Organisation) -> None:
    swept(trust, wanted(priority=1))
    officer = somebody("sdo", "service_delivery_officer", trust)
    people.put_on_call(
        officer,
        "service_delivery_officer",
        None,
        (AT, AT + timedelta(hours=1)),
        "",
        organisation_id=trust.pk,
        by=acting(officer),
        at=AT,
    )

    assert swept(trust, wanted(priority=1), minutes=4.9).escalated == 0
    assert swept(trust, wanted(priority=1), minutes=5).escalated == 1
    assert the_task().escalated_to == "service_delivery_officer"
    assert Action.objects.get(verb="tasks.escalate").detail["who"] == "sdo"

    swept(trust, wanted(priority=1), minutes=10)
    assert the_task().escalated_to == "trust_incident_manager"


def test_an_overdue_p2_does_not_go_up_by_itself(trust: Organisation) -> None:
    swept(trust, wanted())

    assert swept(trust, wanted(), minutes=60).escalated == 0


def test_an_acknowledged_p1_does_not_go_up_by_itself(trust: Organisation) -> None:
    swept(trust, wanted(priority=1))
    actions.acknowledge(shown(the_task()), by=acting(somebody("pfc")), at=AT)

    assert swept(trust, wanted(priority=1), minutes=60).escalated == 0


def test_a_shelved_task_returns_by_itself(trust: Organisation) -> None:
    swept(trust, wanted())
    actions.shelve(shown(the_task()), 20, "known", POLICY, by=acting(somebody("pfc")), at=AT)

    assert swept(trust, wanted(), minutes=19).returned == 0
    assert swept(trust, wanted(), minutes=20).returned == 1
    assert the_task().state == "open"


@pytest.mark.parametrize("count", [1, 12])
def test_a_sweep_costs_the_same_however_much_it_does(
    trust: Organisation, count: int, django_assert_num_queries: Any
) -> None:
    swept(trust, *(wanted(f"thing:{number}") for number in range(count)))
    changed = [wanted(f"thing:{number}", cause="another") for number in range(count)]
    new = [wanted(f"new:{number}") for number in range(count)]

    # savepoint twice, lock, tasks, sites, on call, insert, update, audit, change
    with django_assert_num_queries(10):
        swept(trust, *changed, *new, minutes=1)


def test_the_database_holds_one_open_task_per_rule_and_subject(trust: Organisation) -> None:
    swept(trust, wanted())
    task = the_task()
    task.pk = None

    with pytest.raises(IntegrityError), transaction.atomic():
        task.save(force_insert=True)


# What people do


def test_the_second_of_two_people_is_told_and_nothing_is_overwritten(trust: Organisation) -> None:
    swept(trust, wanted())
    seen = shown(the_task())
    actions.acknowledge(seen, by=acting(somebody("one")), at=AT)

    with pytest.raises(actions.ChangedMeanwhile):
        actions.answer(seen, "done", by=acting(somebody("other")), at=AT)

    assert (the_task().state, the_task().answer) == ("acknowledged", "")


def test_who_takes_a_task_has_acknowledged_it(trust: Organisation) -> None:
    swept(trust, wanted())
    person = somebody("pfc")

    task = actions.assign(shown(the_task()), person, by=acting(person), at=AT)

    assert (task.state, task.owner) == ("acknowledged", person)


def test_a_p1_that_nobody_acknowledged_cannot_be_shelved(trust: Organisation) -> None:
    swept(trust, wanted(priority=1))

    with pytest.raises(NotAllowed, match="Acknowledge it first"):
        actions.shelve(shown(the_task()), 10, "x", POLICY, by=acting(somebody("pfc")), at=AT)


def test_nothing_is_shelved_for_more_than_an_hour(trust: Organisation) -> None:
    swept(trust, wanted())

    with pytest.raises(NotAllowed, match="1 to 60"):
        actions.shelve(shown(the_task()), 61, "x", POLICY, by=acting(somebody("pfc")), at=AT)


def test_escalating_names_the_commander_of_the_area_at_that_moment(trust: Organisation) -> None:
    swept(trust, wanted("site:TV002"))
    commander, by = somebody("southern"), acting(somebody("pfc"))
    people.put_on_call(
        commander,
        "local_commander",
        trust.areas.get(code="south"),
        (AT, AT + timedelta(hours=1)),
        "",
        organisation_id=trust.pk,
        by=by,
        at=AT,
    )

    task = actions.escalate(shown(the_task()), "local_commander", "no plan", POLICY, by=by, at=AT)

    assert (task.state, task.escalated_to, task.owner) == ("open", "local_commander", None)
    assert Action.objects.get(verb="tasks.escalate").detail["who"] == "southern"


def test_what_was_escalated_is_not_taken_back_by_who_escalated_it(trust: Organisation) -> None:
    swept(trust, wanted("site:TV002"))
    pfc, officer = (
        somebody("pfc", "patient_flow_coordinator", trust),
        somebody("sdo", "service_delivery_officer", trust),
    )
    by, officer_by = acting(pfc), acting(officer, "service_delivery_officer")
    actions.escalate(shown(the_task()), "service_delivery_officer", "no plan", POLICY, by=by, at=AT)

    for take_back in (
        lambda: actions.acknowledge(shown(the_task()), by=by, at=AT),
        lambda: actions.answer(shown(the_task()), "done", by=by, at=AT),
        lambda: actions.assign(shown(the_task()), pfc, by=by, at=AT),
        lambda: actions.escalate(shown(the_task()), "patient_flow_coordinator", "x", POLICY, by=by, at=AT),
    ):
        with pytest.raises(NotAllowed, match="whom it was escalated to"):
            take_back()

    page = signed_in(pfc).get(f"/tasks/{the_task().pk}/").content.decode()
    assert "It was escalated to Service delivery officer" in page
    assert "Acknowledge and take it" not in page
    assert actions.assign(shown(the_task()), pfc, by=officer_by, at=AT).owner == pfc
    assert actions.answer(shown(the_task()), "done", by=by, at=AT).state == "answered"


def test_what_was_escalated_to_nobody_is_for_whoever_comes_first(trust: Organisation) -> None:
    swept(trust, wanted("site:TV002"))
    by = acting(somebody("pfc", "patient_flow_coordinator", trust))
    actions.escalate(shown(the_task()), "tactical_commander", "no plan", POLICY, by=by, at=AT)

    assert actions.acknowledge(shown(the_task()), by=by, at=AT).state == "acknowledged"


def test_a_task_raised_by_hand_is_closed_by_its_answer(trust: Organisation) -> None:
    by = acting(somebody("pfc"))
    given = actions.ByHand("Call the ward", "Bed promised for 02:00", 3, "patient_flow_coordinator")
    task = actions.raise_by_hand(given, POLICY, organisation_id=trust.pk, by=by, at=AT)

    actions.answer(shown(task), "It is ready", by=by, at=AT)

    assert the_task().state == "closed"
    assert verbs(task) == ["tasks.raise", "tasks.answer"]


# The pages


def test_a_whole_task_is_worked_from_the_pages(trust: Organisation) -> None:
    swept(trust, wanted())
    client, key = signed_in(somebody("pfc", "patient_flow_coordinator", trust)), the_task().pk

    assert "Release plan" in client.get("/tasks/").content.decode()
    client.post(f"/tasks/{key}/acknowledge/", {"version": 1, "back": "list"})
    client.post(f"/tasks/{key}/shelve/", {"version": 2, "minutes": "20", "shelve_reason": "plan for 03:00"})
    assert "1 shelved" in client.get("/tasks/").content.decode()
    client.post(f"/tasks/{key}/return/", {"version": 3})
    client.post(
        f"/tasks/{key}/escalate/", {"version": 4, "to": "service_delivery_officer", "escalate_reason": "x"}
    )
    client.post(f"/tasks/{key}/answer/", {"version": 5, "answer": "Released"})

    page = client.get(f"/tasks/{key}/").content.decode()
    assert all(
        word in page for word in ("Acknowledged", "Shelved", "Came back", "Escalated", "Answered", "Released")
    )
    assert Action.objects.filter(role="patient_flow_coordinator").count() == 5


def test_the_second_writer_gets_a_plain_page_with_what_was_typed(trust: Organisation) -> None:
    swept(trust, wanted())
    key = the_task().pk
    client = signed_in(somebody("pfc", "patient_flow_coordinator", trust))
    client.post(f"/tasks/{key}/acknowledge/", {"version": 1})

    response = client.post(f"/tasks/{key}/answer/", {"version": 1, "answer": "spoke to the nurse in charge"})

    page = response.content.decode()
    assert response.status_code == 409
    assert "Somebody changed this task" in page
    assert "spoke to the nurse in charge" in page


def test_a_form_with_a_mistake_keeps_what_was_typed(trust: Organisation) -> None:
    swept(trust, wanted())
    client = signed_in(somebody("pfc", "patient_flow_coordinator", trust))

    response = client.post(
        f"/tasks/{the_task().pk}/shelve/", {"version": 1, "minutes": "90", "shelve_reason": "known"}
    )

    assert response.status_code == 422
    assert "at most 60 minutes" in response.content.decode()
    assert 'value="known"' in response.content.decode()


@pytest.mark.promise("S1")
def test_a_liaison_officer_sees_the_tasks_of_one_hospital(trust: Organisation) -> None:
    swept(trust, wanted("site:TV001", title="Here"), wanted("site:TV002", title="Elsewhere"))
    client = signed_in(somebody("halo", "halo", trust, site="TV001"))
    elsewhere = Task.objects.get(title="Elsewhere")

    page = client.get("/tasks/").content.decode()

    assert "Here" in page
    assert "Elsewhere" not in page
    assert client.get(f"/tasks/{elsewhere.pk}/").status_code == 404
    assert client.post(f"/tasks/{elsewhere.pk}/acknowledge/", {"version": 1}).status_code == 404


@pytest.mark.promise("S1")
def test_the_screen_of_a_liaison_officer_follows_the_tasks_of_one_hospital(trust: Organisation) -> None:
    swept(trust, wanted("site:TV001"), wanted("site:TV002"))
    halo, junior = (
        somebody("halo", "halo", trust, site="TV001"),
        somebody("junior", "junior_coordinator", trust),
    )
    keys = [str(task.pk) for task in Task.objects.order_by("subject")]

    pushed = [
        Pushed(1, trust.pk, each.topic, each.site, each.key.encode())
        for each in desk_live.tasks(trust.pk, frozenset(keys), AT)
    ]

    def seen(user: User) -> set[str]:
        viewer = viewer_of(user)
        return {push.encoded.decode() for push in pushed if push.is_for(viewer)}

    assert seen(halo) == {keys[0]}
    assert seen(junior) == {*keys, "count"}
    assert 'class="count"' not in signed_in(halo).get("/tasks/").content.decode()
    assert 'class="count">2<' in signed_in(junior).get("/tasks/").content.decode()


@pytest.mark.promise("S1")
def test_a_stream_is_refused_once_the_role_behind_it_has_ended(trust: Organisation) -> None:
    halo = somebody("halo", "halo", trust, site="TV001")
    scope = scope_of(halo)
    assert viewers.authenticate(scope, frozenset({"tasks", "resources"}))

    RoleGrant.objects.filter(user=halo).update(ends_at=timezone.now())
    assert viewers.authenticate(scope, frozenset({"tasks"})) is None


def scope_of(user: User) -> dict[str, Any]:
    """The request of a screen in this person's browser."""
    cookie = f"sessionid={signed_in(user).cookies['sessionid'].value}"
    return {"headers": [(b"cookie", cookie.encode())]}


def viewer_of(user: User) -> Viewer:
    found = viewers.authenticate(scope_of(user), frozenset({"tasks", "feeds"}))
    assert found is not None
    return found


@pytest.mark.promise("S2")
def test_tasks_of_another_trust_are_not_there(trust: Organisation) -> None:
    swept(trust, wanted())
    stranger = signed_in(somebody("pfc", "patient_flow_coordinator", a_trust("other-vale")))

    assert "Release plan" not in stranger.get("/tasks/").content.decode()
    assert stranger.get(f"/tasks/{the_task().pk}/").status_code == 404


def test_a_p1_that_nobody_acknowledged_stays_on_top(trust: Organisation) -> None:
    swept(trust, wanted("site:TV001"), wanted("site:TV002", priority=1))

    groups = presenters.worklist(queries.open_tasks(trust.pk), AT).groups

    assert [group.heading for group in groups] == ["P1, not acknowledged", "P2"]


def test_a_flood_is_grouped_by_cause_and_site_and_nothing_is_lost(trust: Organisation) -> None:
    swept(trust, *(wanted(f"thing:{number}", site_code="TV001") for number in range(11)))

    listed = presenters.worklist(queries.open_tasks(trust.pk), AT + MINUTE)
    (bundle,) = listed.groups[0].rows

    assert listed.is_flooded
    assert isinstance(bundle, presenters.Bundle)
    assert (bundle.where, bundle.count) == ("Hillside", 11)
    later = presenters.worklist(queries.open_tasks(trust.pk), AT + 11 * MINUTE)
    assert len(later.groups[0].rows) == 11


def test_the_budget_is_measured_from_the_tasks(trust: Organisation) -> None:
    swept(trust, *(wanted(f"thing:{number}") for number in range(3)), wanted("urgent", priority=1))
    swept(trust, minutes=30)

    measured = queries.budget(trust.pk, AT + 2 * 60 * MINUTE)

    assert (measured.total, measured.most_in_ten_minutes, measured.standing) == (4, 4, 0)
    assert measured.share(1) == 0.25
    assert measured.per_hour == pytest.approx(4 / 24)
    assert measured.most_in_an_hour == 4


def test_a_task_that_asks_anew_counts_in_the_budget_as_the_alarm_that_it_is(trust: Organisation) -> None:
    swept(trust, wanted())
    swept(trust, wanted(priority=1), minutes=1)
    swept(trust, wanted(priority=1, cause="said otherwise"), minutes=2)

    measured = queries.budget(trust.pk, AT + 60 * MINUTE)

    assert (measured.total, measured.most_in_ten_minutes) == (2, 2)


def test_what_the_first_messages_raised_at_once_is_counted_apart(trust: Organisation) -> None:
    source = Source.objects.create(organisation=trust, name="cad", kind="cad", expected_interval_seconds=30)
    Batch.objects.create(source=source, received_at=AT, body=b"")
    swept(trust, *(wanted(f"thing:{number}") for number in range(12)), minutes=1)
    swept(trust, wanted("later"), minutes=11, rule="other")

    measured = queries.budget(trust.pk, AT + 62 * MINUTE)

    assert (measured.total, measured.at_first, measured.most_in_ten_minutes) == (1, 12, 1)
    verdicts = [each.verdict for each in presenters.measures(measured, queries.Limits())]
    assert verdicts == ["kept", "kept", "kept", "not kept", "", "", "", ""]  # twelve stand unanswered


def test_the_budget_page_shows_the_measure_beside_the_budget(trust: Organisation) -> None:
    sweep(trust.pk, [Outcome("handover_ladder", (wanted(),))], timezone.now(), POLICY)

    page = (
        signed_in(somebody("pfc", "patient_flow_coordinator", trust)).get("/tasks/budget/").content.decode()
    )

    assert "Most raised in any 10 min" in page
    assert "Handover ladder" in page
    assert "<td>Kept</td>" in page


def test_a_task_is_raised_from_the_page_and_found_again_when_closed(trust: Organisation) -> None:
    client = signed_in(somebody("pfc", "patient_flow_coordinator", trust))
    typed = {
        "title": "Call the ward",
        "cause": "Bed promised",
        "priority": "3",
        "role": "patient_flow_coordinator",
    }

    made = client.post("/tasks/new/", typed)
    client.post(f"{made['Location']}answer/", {"version": 1, "answer": "Ready"})

    assert "Call the ward" in client.get("/tasks/closed/").content.decode()


def test_a_row_that_is_pushed_holds_no_form_of_anybody_and_goes_when_it_is_done(trust: Organisation) -> None:
    swept(trust, wanted())
    (row,) = live.render(trust.pk, [str(the_task().pk)], AT)
    actions.answer(shown(the_task()), "done", by=acting(somebody("pfc")), at=AT)
    (gone,) = live.render(trust.pk, [str(the_task().pk)], AT)

    assert 'id="tasks-' in row.html
    assert "csrf" not in row.html
    assert gone.html == ""


# The rules of the ambulance desk, from a loaded region


def test_the_ambulance_rules_run_on_a_loaded_region() -> None:
    region = load_region(parse(find("test-valley")), by=Actor("test"), at=AT)
    situation = compose(AT, [], [], [], {}, [Feed("valley-cad", "cad", 10, AT - 5 * MINUTE, frozenset())])

    assert queries.limits(region.pk, AT.date()).raised_per_hour == 4
    assert ambulance.run(region.pk, situation, AT).raised == 1
    assert ambulance.run(region.pk, situation, AT + MINUTE) == Swept()
    assert Task.objects.get().title == "Nothing comes from valley-cad"
