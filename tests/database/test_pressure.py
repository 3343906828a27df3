"""Pressure at the desk: figures, levels that people set, what they ask, and who sees it."""

import re
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client

from clearway.cli import demo_prepare
from clearway.core.audit.actions import Actor
from clearway.core.audit.models import Action
from clearway.core.feeds.models import Source
from clearway.core.live.models import Change, Push
from clearway.core.live.tailer import Tailer
from clearway.core.organisation.models import Organisation, PolicyVersion
from clearway.core.people.demo import ensure_accounts
from clearway.core.people.models import User
from clearway.core.worklist.models import Task
from clearway.desks.ambulance import live, retention, rules, situation
from clearway.desks.ambulance.pressure import actions, presenters, queries
from clearway.desks.ambulance.pressure.actions import Report, Wanted
from clearway.desks.ambulance.pressure.models import ActionAnswer, ActionCard, HospitalFigure, TrustLevel
from clearway.domain.ambulance.events import CallEvent
from clearway.domain.ambulance.pressure import Ladder
from clearway.domain.ambulance.words import CallStatus, Category
from clearway.domain.shared.errors import NotAllowed
from tests.trust import a_trust, signed_in, somebody, stop_the_clock

from .conftest import at, conveyance, deliver, report

pytestmark = pytest.mark.django_db
TIM = ("trust_incident_manager",)
CSP, REAP = Ladder.CSP, Ladder.REAP
FORM = {"level": "3", "why": "Calls wait", "review_by": "2026-11-20T12:00", "seen": "0"}


@pytest.fixture
def tim(knowing: Organisation) -> User:
    return somebody("tim", "trust_incident_manager", knowing)


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> None:
    stop_the_clock(monkeypatch, at(0))


def scope(user: User, minutes: float = 0, role: str = "trust_incident_manager") -> dict[str, Any]:
    trust = Organisation.objects.get(slug="test-valley")
    by = Actor(user.username, user.pk, role)
    return {"organisation_id": trust.pk, "by": by, "at": at(minutes)}


def wanted(level: int, minutes: float = 0, after: int = 0, ladder: Ladder = CSP) -> Wanted:
    outlook = (2, 2, 3, 3, 3, 2, 2) if ladder is REAP else ()
    return Wanted(ladder, level, "Calls wait", at(minutes + 60), after, outlook)


def opel(trust: Organisation, code: str, minutes: float) -> queries.SitePressure:
    (site,) = [each for each in queries.levels(trust.pk, at(minutes)).sites if each.code == code]
    return site


def cells(trust: Organisation, minutes: float) -> dict[str, presenters.Cell]:
    return {each.label: each for each in presenters.row(opel(trust, "TVH01", minutes)).cells}


def open_tasks() -> list[tuple[str, int, str]]:
    tasks = Task.objects.filter(rule="pressure_overdue", closed_at=None)
    return [(task.role, task.priority, task.title) for task in tasks]


def run_rules(trust: Organisation, minutes: float) -> None:
    for later in (0, 2):  # a cause waits a minute before it is a task
        rules.run(trust.pk, situation.read(trust.pk, at(minutes + later)), at(minutes + later))


def test_clearway_works_out_what_it_knows_and_takes_the_rest_from_people(
    knowing: Organisation, cad: Source, hospitals: Source, flow: Client, now: None
) -> None:
    deliver(
        cad, [*conveyance("TVH01"), *conveyance("TVH01", start=15, incident="2", call_sign="A2")], known=80
    )
    taken = {"majors_places": 20, "majors_taken": 22, "resus_places": 4, "resus_taken": 4}
    deliver(hospitals, [report("TVH01", 70, pressure_level=2, **taken)], known=71)

    found = cells(knowing, 81)
    assert (found["Handover"].text, found["Handover"].level) == ("10", 1)
    assert (found["Majors"].text, found["Majors"].by) == ("108.3", "hospital")
    assert found["Beds"].text == "" and found["Handover"].at == at(80)

    answer = flow.post("/pressure/hospital/TVH01/", {"figure-beds": "99", "told_by": "site manager"})

    assert answer["Location"] == "/pressure/"
    beds = cells(knowing, 81)["Beds"]
    assert (beds.text, beds.level, beds.by, beds.at) == ("99", 4, "site manager", at(0))
    assert presenters.row(opel(knowing, "TVH01", 81)).missing == "6 of 9 unknown"
    assert Action.objects.get(verb="pressure.report").subject == "site:TVH01"
    assert Change.objects.filter(topic="pressure", key="TVH01").exists()


def test_what_was_worked_out_counts_only_while_its_feed_may_be_relied_on(
    knowing: Organisation, cad: Source, hospitals: Source
) -> None:
    deliver(cad, conveyance("TVH01"), known=80)
    taken = {"majors_places": 20, "majors_taken": 22, "resus_places": 4, "resus_taken": 4}
    deliver(hospitals, [report("TVH01", 70, pressure_level=2, **taken)], known=71)

    counted, silent = cells(knowing, 81), cells(knowing, 180)

    assert [(counted[each].text, counted[each].level) for each in ("Handover", "Majors")] == [
        ("10", 1),
        ("108.3", 3),
    ]
    assert [(silent[each].text, silent[each].level) for each in ("Handover", "Majors")] == [
        ("10", 0),
        ("108.3", 0),
    ]


def test_a_figure_grows_old_and_a_later_word_about_the_past_does_not_replace_the_newest(
    knowing: Organisation, tim: User
) -> None:
    actions.report(Report("TVH01", {"beds": 99}, at(0)), **scope(tim))
    actions.report(Report("TVH01", {"beds": 90}, at(-60)), **scope(tim, 5))

    assert cells(knowing, 6)["Beds"].text == "99"
    later = cells(knowing, 481)["Beds"]
    assert (later.text, later.level) == ("99", 0)


def test_what_a_hospital_declares_against_its_figures_is_seen(
    knowing: Organisation, hospitals: Source, tim: User
) -> None:
    deliver(hospitals, [report("TVH01", 0, pressure_level=1)], known=1)
    bad = {"four_hours": 40, "treatment": 300, "over_12h": 20, "beds": 99, "escalation_beds": 8}
    actions.report(Report("TVH01", bad, at(1)), **scope(tim, 1))

    stands = opel(knowing, "TVH01", 2)

    assert stands.standing is not None and (stands.standing.least, stands.standing.most) == (3, 4)
    assert stands.disagrees
    assert not opel(knowing, "TVH02", 2).disagrees


@pytest.mark.parametrize(
    ("data", "why"),
    [
        ({"told_by": "x"}, "Enter at least one figure"),
        ({"figure-beds": "many", "told_by": "x"}, "enter a number from 0 to 200"),
        ({"figure-beds": "-1", "told_by": "x"}, "enter a number from 0 to 200"),
        ({"figure-beds": "1e309", "told_by": "x"}, "enter a number from 0 to 200"),
        ({"figure-beds": "nan", "told_by": "x"}, "enter a number from 0 to 200"),
        ({"figure-over_12h": "101", "told_by": "x"}, "enter a number from 0 to 100"),
        ({"figure-beds": "90"}, "Say who told you"),
        ({"figure-beds": "90", "told_by": "x", "true_at": "2026-11-20T09:00"}, "not one to come"),
        ({"figure-beds": "90", "told_by": "x", "true_at": "2026-11-18T09:00"}, "within the last 24 hours"),
        ({"figure-beds": "90", "told_by": "x", "true_at": "soon"}, "Enter a date and a time"),
        ({"figure-handover": "5", "told_by": "x"}, "Enter at least one figure"),
    ],
)
def test_figures_that_nobody_can_mean_are_refused_and_nothing_typed_is_lost(
    flow: Client, now: None, data: dict[str, str], why: str
) -> None:
    answer = flow.post("/pressure/hospital/TVH01/", data)

    page = answer.content.decode()
    assert answer.status_code == 422 and why in page
    assert all(f'value="{typed}"' in page for name, typed in data.items() if name != "figure-handover")
    assert not HospitalFigure.objects.exists()


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"level": ""}, "Choose a level"),
        ({"level": "5"}, "Choose a level from the list"),
        ({"why": ""}, "Say why this level is right now"),
        ({"review_by": ""}, "Say by when it is reviewed"),
        ({"review_by": "2026-11-20T07:00"}, "within 168 hours"),
        ({"review_by": "2026-11-30T07:00"}, "within 168 hours"),
        ({"outlook": "2 2 3"}, "Enter seven levels"),
        ({"outlook": "2 2 3 3 3 2 9"}, "Enter seven levels"),
        ({"seen": "goat"}, "Open this page again"),
    ],
)
def test_a_level_that_lacks_something_is_refused_with_what_is_missing(
    tim: User, now: None, change: dict[str, str], why: str
) -> None:
    form = {**FORM, "outlook": "2 2 3 3 3 2 2", **change}

    answer = signed_in(tim).post("/pressure/level/reap/", form)

    assert answer.status_code == 422 and why in answer.content.decode()
    assert not TrustLevel.objects.exists()


def test_only_command_sets_a_level_and_the_next_one_follows_it(
    knowing: Organisation, tim: User, flow: Client, now: None
) -> None:
    assert flow.post("/pressure/level/csp/", FORM).status_code == 403
    command = signed_in(tim)

    assert command.post("/pressure/level/csp/", FORM)["Location"] == "/pressure/"
    reap = {**FORM, "level": "2", "outlook": "2233322"}
    assert command.post("/pressure/level/reap/", reap)["Location"] == "/pressure/"

    page = flow.get("/pressure/").content.decode()
    assert "3 severe" in page and "2 moderate" in page and "Calls wait" in page
    assert "Clinical safety plan</a> <b>3 severe" in flow.get("/handovers/").content.decode()
    assert queries.names(knowing.pk, at(1)) == ["REAP 2 moderate", "Clinical safety plan 3 severe"]
    with pytest.raises(NotAllowed, match="Only a person"):
        actions.declare(wanted(4), organisation_id=knowing.pk, by=Actor("rules"), at=at(1))


def test_who_sets_a_level_has_seen_the_last_one(knowing: Organisation, tim: User, now: None) -> None:
    actions.declare(wanted(2), **scope(tim))

    answer = signed_in(tim).post("/pressure/level/csp/", {**FORM, "level": "4"})

    page = answer.content.decode()
    assert answer.status_code == 409 and "tim set 2 watchful at 08:00" in page
    assert 'value="Calls wait"' in page and "2 watchful" in page
    assert TrustLevel.objects.count() == 1

    (seen,) = re.findall(r'name="seen" value="(\d+)"', page)
    assert (
        signed_in(tim).post("/pressure/level/csp/", {**FORM, "level": "4", "seen": seen}).status_code == 302
    )
    assert queries.names(knowing.pk, at(1)) == ["Clinical safety plan 4 extreme"]


def test_a_level_that_two_set_alike_is_set_once(knowing: Organisation, tim: User, now: None) -> None:
    first = actions.declare(wanted(2), **scope(tim))

    assert actions.declare(wanted(2), **scope(tim)).pk == first.pk
    assert TrustLevel.objects.count() == 1


def test_the_outlook_names_its_days_and_drops_those_that_are_past(knowing: Organisation, tim: User) -> None:
    actions.declare(wanted(2, ladder=REAP), **scope(tim))
    day = 24 * 60

    def outlook(minutes: float) -> list[tuple[str, int]]:
        return list(presenters.panel(queries.set_now(knowing.pk, at(0))[REAP], at(minutes)).outlook)

    assert outlook(0)[:2] == [("Fri 20 Nov", 2), ("Sat 21 Nov", 2)] and len(outlook(0)) == 7
    assert outlook(5 * day) == [("Wed 25 Nov", 2), ("Thu 26 Nov", 2)]
    assert outlook(7 * day) == []


def test_entering_a_level_opens_its_cards_and_leaving_it_closes_and_keeps_them(tim: User) -> None:
    actions.declare(wanted(3), **scope(tim))
    first = set(ActionCard.objects.filter(closed_at=None).values_list("code", flat=True))
    assert first == {"csp3-validation", "csp3-release", "csp3-unavailable", "csp3-call"}

    actions.declare(wanted(3, 10, after=1), **scope(tim, 10))
    assert set(ActionCard.objects.values_list("code", flat=True)) == first

    actions.declare(wanted(2, 20, after=2), **scope(tim, 20))
    assert ActionCard.objects.filter(closed_at=at(20)).count() == 4
    assert {each.code for each in ActionCard.objects.filter(closed_at=None)} == {
        "csp2-callback",
        "csp2-queues",
    }
    assert [each.level for each in queries.history(tim.grants.get().organisation_id, CSP)] == [2, 3, 3]


def test_a_card_is_ticked_once_and_what_was_not_done_may_be_done_later(
    tim: User, flow: Client, now: None
) -> None:
    actions.declare(wanted(3), **scope(tim))
    card = ActionCard.objects.get(code="csp3-release")
    address = f"/pressure/action/{card.pk}/"

    assert "Say why it is not done" in flow.post(address, {"answer": "not_done"}).content.decode()
    assert "Say whether it is done" in flow.post(address, {}).content.decode()
    assert "Choose done" in flow.post(address, {"answer": "goat"}).content.decode()
    flow.post(address, {"answer": "not_done", "because": "No hospital answers"})
    page = signed_in(tim).get("/pressure/").content.decode()
    assert "Not done 08:00, flow: No hospital answers" in page and "Nobody has answered" in page

    flow.post(address, {"answer": "done", "because": "typed and not meant"})
    card.refresh_from_db()
    assert (card.because, card.answered_by) == ("", "flow")
    with pytest.raises(NotAllowed, match="flow did it at 08:00"):
        actions.answer(card.pk, "", TIM, **scope(tim, 5))
    verbs = Action.objects.filter(subject=f"card:{card.pk}").values_list("verb", flat=True)
    assert sorted(verbs) == ["pressure.done", "pressure.not_done"]
    answers = [(each.by, each.role, each.because) for each in card.answers.all()]
    role = "patient_flow_coordinator"
    assert answers == [("flow", role, "No hospital answers"), ("flow", role, "")]
    assert "not done, because: No hospital answers" in flow.get(address).content.decode()


def test_only_the_role_that_is_asked_and_command_answer_for_an_action(
    knowing: Organisation, tim: User, flow: Client, now: None
) -> None:
    actions.declare(wanted(3), **scope(tim))
    card = ActionCard.objects.get(code="csp3-validation")
    dispatcher = signed_in(somebody("dee", "dispatcher", knowing))

    for other in (dispatcher, flow):
        refused = other.post(f"/pressure/action/{card.pk}/", {"answer": "done"})
        assert refused.status_code == 422 and "It is asked of the clinical lead" in refused.content.decode()
        assert "Record it" not in other.get(f"/pressure/action/{card.pk}/").content.decode()

    lead = signed_in(somebody("lead", "clinical_lead", knowing))
    not_done = {"answer": "not_done", "because": "Nobody free"}
    assert lead.post(f"/pressure/action/{card.pk}/", not_done).status_code == 302
    assert signed_in(tim).post(f"/pressure/action/{card.pk}/", {"answer": "done"}).status_code == 302


def test_each_role_that_a_level_asks_has_one_task_at_once_until_it_has_answered(
    knowing: Organisation, tim: User
) -> None:
    actions.declare(wanted(3), **scope(tim))
    run_rules(knowing, 1)

    open_ones = Task.objects.filter(rule="pressure_asked", closed_at=None)
    assert sorted((each.role, each.priority, len(each.members)) for each in open_ones) == [
        ("clinical_lead", 2, 1),
        ("patient_flow_coordinator", 2, 2),
        ("service_delivery_officer", 2, 1),
    ]

    for card in ActionCard.objects.filter(role="patient_flow_coordinator"):
        actions.answer(card.pk, "", TIM, **scope(tim, 4))
    for minutes in (5, 25):
        run_rules(knowing, minutes)
    assert {each.role for each in open_ones.all()} == {"clinical_lead", "service_delivery_officer"}


def test_triggers_above_the_level_that_is_set_are_a_task_that_stays_while_they_cannot_say(
    knowing: Organisation, cad: Source, tim: User
) -> None:
    above = Task.objects.filter(rule="pressure_above", closed_at=None)
    actions.declare(wanted(2), **scope(tim))
    deliver(cad, held_calls(3), known=4)
    run_rules(knowing, 4)

    (task,) = above.all()
    assert (task.subject, task.priority) == ("pressure:above:csp", 2)
    assert "C1 calls without a crew points to 3" in task.cause

    run_rules(knowing, 300)
    assert above.exists()

    actions.declare(wanted(4, 301, after=1), **scope(tim, 301))
    for minutes in (302, 320):
        deliver(cad, held_calls(1, start=minutes), known=minutes)
        run_rules(knowing, minutes)
    assert not above.filter(subject="pressure:above:csp").exists()


def test_nobody_answers_for_a_level_that_was_left_or_for_another_trust(tim: User) -> None:
    actions.declare(wanted(3), **scope(tim))
    actions.declare(wanted(1, 10, after=1), **scope(tim, 10))
    card = ActionCard.objects.get(code="csp3-release")

    with pytest.raises(NotAllowed, match="left at 08:10"):
        actions.answer(card.pk, "", TIM, **scope(tim, 11))
    with pytest.raises(NotAllowed, match="no such action"):
        actions.answer(card.pk, "", TIM, **{**scope(tim, 11), "organisation_id": 0})


def test_what_is_overdue_is_one_task_that_closes_when_it_is_seen_to(knowing: Organisation, tim: User) -> None:
    actions.declare(wanted(3), **scope(tim))
    run_rules(knowing, 10)
    assert open_tasks() == []

    run_rules(knowing, 31)
    assert open_tasks() == [("service_delivery_officer", 2, "4 actions past their time")]

    run_rules(knowing, 61)
    assert [title for _, _, title in open_tasks()] == ["1 level to be reviewed, 4 actions past their time"]

    for card in ActionCard.objects.all():
        actions.answer(card.pk, "" if card.code == "csp3-call" else "Nobody free", TIM, **scope(tim, 65))
    actions.declare(wanted(3, 65, after=1), **scope(tim, 65))
    run_rules(knowing, 66)
    assert open_tasks() == []


def held_calls(count: int, start: int = 0) -> list[CallEvent]:
    """Calls of category 1 to which nobody has been sent."""
    return [
        CallEvent(f"c{number}", at(number), f"i{number}", CallStatus.CATEGORY_SET, category=Category.C1)
        for number in range(start, start + count)
    ]


def test_triggers_inform_with_live_values_and_set_nothing(knowing: Organisation, cad: Source) -> None:
    deliver(cad, [*held_calls(3), *conveyance("TVH01", until="at_hospital")], known=45)

    csp = queries.levels(knowing.pk, at(45)).ladders[CSP]
    shown = presenters.panel(csp, at(45))

    assert {each.says: (each.text, each.level) for each in shown.pulls}["C1 calls without a crew"] == ("3", 3)
    assert (shown.points_to, shown.set) == ("3 severe", None)
    assert not TrustLevel.objects.exists()

    stale = presenters.panel(queries.levels(knowing.pk, at(400)).ladders[CSP], at(400))
    assert stale.points_to == "" and not stale.counts


def test_a_hospital_sees_and_says_its_own_figures_alone(knowing: Organisation, tim: User, now: None) -> None:
    actions.declare(wanted(3), **scope(tim))
    ward = signed_in(somebody("ward", "hospital_user", knowing, site="TVH01"))

    page = ward.get("/pressure/").content.decode()

    assert "Millbrook" in page and "Fordham" not in page and "Clinical safety plan" not in page
    assert ward.get("/pressure/hospital/TVH02/").status_code == 404
    assert ward.post("/pressure/hospital/TVH02/", {"figure-beds": "90"}).status_code == 404
    assert ward.get("/pressure/level/csp/").status_code == 404
    assert ward.post("/pressure/hospital/TVH01/", {"figure-beds": "90"}).status_code == 302
    assert cells(knowing, 1)["Beds"].by == "Hospital user"


def test_what_changed_is_drawn_for_the_screens_and_what_was_left_goes(
    knowing: Organisation, tim: User
) -> None:
    actions.declare(wanted(3), **scope(tim))
    drawn = live.trust_levels(knowing.pk, frozenset({"csp"}), at(1))
    assert {each.key for each in drawn if each.topic == "levels"} == {"csp", "strip"}
    assert sum(bool(each.html) for each in drawn if each.topic == "cards") == 4

    actions.declare(wanted(1, 5, after=1), **scope(tim, 5))
    drawn = live.trust_levels(knowing.pk, frozenset({"csp"}), at(5.5))
    assert [bool(each.html) for each in drawn if each.topic == "cards"] == [False] * 4
    rows = live.pressed_sites(knowing.pk, frozenset({"TVH01"}), at(6))
    assert [(each.key, each.site) for each in rows] == [("TVH01", "TVH01"), ("system-0", None)]


def test_a_signed_limit_of_unavailability_offers_the_levels_that_are_set(tim: User, now: None) -> None:
    command = signed_in(tim)
    assert "For example REAP 3" in command.get("/unavailable/limits/").content.decode()

    actions.declare(wanted(3), **scope(tim))

    page = command.get("/unavailable/limits/").content.decode()
    assert '<option value="Clinical safety plan 3 severe">' in page


def test_the_database_keeps_the_history_in_one_line_and_refuses_halves(tim: User) -> None:
    row = actions.declare(wanted(3), **scope(tim))
    (figure,) = actions.report(Report("TVH01", {"beds": 90}, at(0)), **scope(tim))
    whole = {"organisation": row.organisation, "ladder": "csp", "why": "x", "at": at(0), "by": "x"}
    broken = [
        lambda: TrustLevel.objects.filter(pk=row.pk).update(level=1),
        lambda: HospitalFigure.objects.filter(pk=figure.pk).update(value=1),
        lambda: TrustLevel.objects.create(**whole, number=1, level=2, review_by=at(9)),
        lambda: TrustLevel.objects.create(**whole, number=2, level=5, review_by=at(9)),
        lambda: TrustLevel.objects.create(**whole, number=2, level=2, review_by=at(0)),
        lambda: TrustLevel.objects.create(**whole, number=2, level=2, review_by=at(9), outlook=[1]),
        lambda: ActionCard.objects.filter(code="csp3-call").update(because="x"),
        lambda: ActionCard.objects.filter(code="csp3-call").update(answered_at=at(1)),
    ]
    for each in broken:
        with pytest.raises(IntegrityError), transaction.atomic():
            each()


def test_levels_go_with_their_period_after_their_cards_and_the_newest_stays(tim: User) -> None:
    day = 24 * 60
    long_ago = -400 * day
    actions.declare(wanted(3, long_ago), **scope(tim, long_ago))
    card = ActionCard.objects.get(code="csp3-release")
    actions.answer(card.pk, "", TIM, **scope(tim, long_ago + 5))
    actions.declare(wanted(1, long_ago + 10, after=1), **scope(tim, long_ago + 10))
    trust = tim.grants.get().organisation
    from clearway.core.retention import actions as core

    core.forget(trust, retention.TRUST_LEVELS, by=Actor("test"), at=at(3283 * day))

    assert [row.level for row in TrustLevel.objects.all()] == [1]
    assert not ActionCard.objects.exists() and not ActionAnswer.objects.exists()


def test_no_level_figure_or_answer_is_deleted_before_its_period_or_while_it_is_open(tim: User) -> None:
    level = actions.declare(wanted(3), **scope(tim))
    (figure,) = actions.report(Report("TVH01", {"beds": 90}, at(0)), **scope(tim))
    card = ActionCard.objects.get(code="csp3-release")
    actions.answer(card.pk, "Nobody free", TIM, **scope(tim, 1))
    for row in (card.answers.get(), figure, level):
        table = row._meta.db_table
        with (
            pytest.raises(IntegrityError, match="insert-only"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(f"DELETE FROM {table} WHERE id = %s", [row.pk])
    actions.declare(wanted(2, 3, after=1), **scope(tim, 3))

    forget = "SELECT clearway_forget_{}(%s, %s, 10)"
    for name in ("trust_levels", "hospital_figures"):
        with (
            pytest.raises(IntegrityError, match="too young"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(forget.format(name), [level.organisation_id, at(10)])


def test_the_demonstration_begins_with_levels_and_figures_and_enters_them_once(knowing: Organisation) -> None:
    ensure_accounts(knowing, "only for tests 1234", at(0))
    for minutes in (0, 5):
        demo_prepare._set_levels(knowing.pk, at(minutes))

    assert queries.names(knowing.pk, at(6)) == ["REAP 3 severe", "Clinical safety plan 2 watchful"]
    assert HospitalFigure.objects.count() == 6 + 7
    assert ActionCard.objects.filter(closed_at=None).count() == 4


def spoil(trust: Organisation, name: str, **values: Any) -> None:
    """Write values into a policy that is in force, as no pack could any more."""
    row = PolicyVersion.objects.get(organisation=trust, name=name)
    row.values = {**row.values, **values}
    row.save()


def test_a_part_whose_policy_is_wrong_is_a_task_and_stops_no_other_rule(
    knowing: Organisation, tim: User
) -> None:
    actions.declare(wanted(3), **scope(tim))
    spoil(knowing, "unavailability", reasons=[{"says": "Ill"}])

    run_rules(knowing, 61)

    failed = Task.objects.get(rule="rule_failed", closed_at=None)
    assert (failed.subject, failed.role) == ("rules:unavailability", "service_delivery_officer")
    assert "KeyError: 'code'" in failed.cause
    assert len(open_tasks()) == 1

    spoil(knowing, "unavailability", reasons=[])
    run_rules(knowing, 64)
    assert not Task.objects.filter(rule="rule_failed", closed_at=None).exists()


def test_a_wrong_policy_of_one_trust_leaves_the_beat_of_the_others(knowing: Organisation) -> None:
    other = a_trust("elsewhere")
    spoil(knowing, "opel", levels=[1])
    tailer = Tailer({}, [live.all_pressure])

    for seconds in range(12):
        tailer.work(at(seconds / 60))
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_unlock_all()")  # its seat, which is not the test's to keep

    assert tailer.unsure == {knowing.pk}
    assert set(Push.objects.values_list("organisation_id", flat=True)) == {other.pk}


def test_a_wrong_policy_of_a_ladder_leaves_the_other_boards_with_the_number_of_its_level(
    tim: User, flow: Client, now: None
) -> None:
    actions.declare(wanted(3), **scope(tim))
    spoil(tim.grants.get().organisation, "reap", names=["one"])

    page = flow.get("/handovers/")

    assert page.status_code == 200
    assert "Clinical safety plan</a> <b>3 level 3" in page.content.decode()
