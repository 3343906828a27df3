"""Trials of reminders: who is in which arm, whose words and days differ, and how one is started and ended."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from clearway.core.audit.actions import Actor
from clearway.core.organisation.models import PolicyVersion
from clearway.core.people.models import User
from clearway.desks.outpatients import invented_office
from clearway.desks.outpatients.booking.models import Appointment
from clearway.desks.outpatients.conversations.models import Message
from clearway.desks.outpatients.letters import queries as letters
from clearway.desks.outpatients.letters.models import LetterText
from clearway.desks.outpatients.reminders.models import Reminder
from clearway.desks.outpatients.trials import actions, queries
from clearway.desks.outpatients.trials.models import Trial, TrialPlace, TrialService
from clearway.domain.outpatients.trials import Days, Outcome
from clearway.domain.shared.errors import NotAllowed
from clearway.engine.shared.trials import Verdict, arm_of
from tests.messages import TEN, a_writing_department, remind, who, work
from tests.outpatients import a_service
from tests.therapies import Department
from tests.trust import acting, signed_in, somebody, stop_the_clock

pytestmark = pytest.mark.django_db
DAY, HALF = timedelta(days=1), timedelta(minutes=30)
PAGE = "/outpatients/reminders/trials/"


@pytest.fixture
def physio(db: None, monkeypatch: pytest.MonkeyPatch) -> Department:
    return a_writing_department(monkeypatch)


@pytest.fixture
def lena(physio: Department) -> User:
    return somebody("lena", "outpatient_team_leader", physio.trust)


def by(lena: User) -> Actor:
    return acting(lena, "outpatient_team_leader")


def two_texts(physio: Department, state: str = "approved") -> tuple[int, int]:
    """The text of the reminder, and a second version."""
    first = LetterText.objects.get(organisation=physio.trust, code="message.reminder.text")
    body = first.body.replace("{when}", "{when}. A missed slot costs others theirs")
    second = LetterText.objects.get(pk=first.pk)
    second.pk, second.version, second.body, second.state = None, 2, body, state
    second.save()
    return first.pk, second.pk


def test_the_demonstration_begins_with_two_approved_texts_that_a_trial_can_compare(
    physio: Department, lena: User
) -> None:
    assert queries.texts(physio.trust.pk, TEN.date()) == []
    invented_office.second_wording(**who(physio.trust))
    invented_office.second_wording(**who(physio.trust))  # again, and nothing more is written

    found = queries.texts(physio.trust.pk, TEN.date())
    assert [row.version for row in found] == [2, 1]
    assert invented_office.SAYS_WHY in found[0].body and "CONFIRM" in found[0].body
    assert a_trial(physio, lena, (found[1].pk, found[0].pk)).arms.count() == 2


def new(physio: Department, arms: Any, key: str = "key", **more: Any) -> actions.New:
    said = {"outcome": Outcome.ATTENDED, "planned": 200, "why": "Too many miss", **more}
    return actions.New("Costs", arms, [physio.service.pk], key=key, **said)


def a_trial(physio: Department, lena: User, arms: Any = None, **more: Any) -> Trial:
    wanted = new(physio, arms or two_texts(physio), **more)
    return actions.start(wanted, **who(physio.trust, TEN, by(lena)))


def visit(physio: Department, days: int = 4, nth: int = 0, **more: Any) -> Appointment:
    """Somebody who agreed to texts, booked three weeks ago; the nth of the day."""
    known = {"mobile": f"07700 9001{nth:02}", "may_text": True, "channel": "text", **more}
    entry = physio.entry(physio.referral(patient=physio.patient(**known)), minutes=30)
    return physio.booked(physio.session(TEN + days * DAY + nth * HALF, slots=1).slots.get(), entry)


def key_for(arm: int, visit: Appointment) -> str:
    """A key under which chance puts this patient into this arm."""
    return next(f"key {nth}" for nth in range(99) if arm_of(f"key {nth}", visit.patient_id) == arm)


def test_a_running_trial_changes_the_words_and_remembers_the_arm(physio: Department, lena: User) -> None:
    rows = [visit(physio, nth=nth) for nth in range(8)]
    trial = a_trial(physio, lena)

    remind(physio)
    work()

    assert TrialPlace.objects.count() == 8
    for row in rows:
        message = Message.objects.get(appointment=row)
        arm = arm_of(trial.key, row.patient_id)
        assert message.place is not None and message.place.arm.letter == "ab"[arm]
        assert message.text == message.place.arm.text
        assert ("costs others" in message.words) is bool(arm)


def test_a_patient_keeps_the_arm_and_it_is_never_changed(physio: Department, lena: User) -> None:
    row = visit(physio, 14)
    trial = a_trial(physio, lena, key=key_for(1, row))
    remind(physio)
    place = TrialPlace.objects.get()

    remind(physio, TEN + 10 * DAY)

    assert Message.objects.filter(place=place).count() == 2
    assert TrialPlace.objects.get().drawn_at == TEN
    with pytest.raises(IntegrityError, match="insert-only"), transaction.atomic():
        TrialPlace.objects.update(arm=trial.arms.first())


@pytest.mark.parametrize("more", [{"opted_out": True}, {"may_text": False}, {"channel": "phone"}])
def test_whom_no_text_may_reach_is_not_in_the_trial(
    physio: Department, lena: User, more: dict[str, Any]
) -> None:
    visit(physio, **more)
    a_trial(physio, lena)

    remind(physio)

    assert not TrialPlace.objects.exists() and not Message.objects.exists()
    assert Reminder.objects.get().state == "to_ring"


def test_another_service_is_not_in_the_trial(physio: Department, lena: User) -> None:
    row = visit(physio)
    trial = a_trial(physio, lena)
    TrialService.objects.filter(trial=trial).update(service=_other(physio))

    remind(physio)
    work()

    assert not TrialPlace.objects.exists()
    assert Message.objects.get(appointment=row).text == letters.message_text(
        physio.trust.pk, "reminder", "text", TEN.date()
    )


def _other(physio: Department) -> Any:
    return a_service(physio.trust, "hands", name="Hand therapy")


def test_only_one_trial_runs_of_a_message_in_a_service(physio: Department, lena: User) -> None:
    trial = a_trial(physio, lena)

    with pytest.raises(NotAllowed, match="stop it first"):
        a_trial(physio, lena, (Days(14, 4), Days(7, 2)))
    other = Trial.objects.get(pk=trial.pk)
    other.pk = None
    other.save()
    with pytest.raises(IntegrityError, match="one_trial_of_a_message"), transaction.atomic():
        TrialService.objects.create(trial=other, service=physio.service, kind="reminder")


@pytest.mark.parametrize("break_it", ["draft", "same", "machine", "off"])
def test_what_cannot_be_a_trial_is_refused(physio: Department, lena: User, break_it: str) -> None:
    first, second = two_texts(physio, "checked" if break_it == "draft" else "approved")
    actor = by(lena)
    if break_it == "same":
        second = first
    elif break_it == "machine":
        actor = Actor("duty:test")
    elif break_it == "off":
        PolicyVersion.objects.filter(name="reminders").update(values={"is_on": False})

    with pytest.raises(NotAllowed):
        actions.start(new(physio, (first, second)), **who(physio.trust, TEN, actor))
    assert not Trial.objects.exists()


@pytest.mark.parametrize(("arm", "on"), [(0, 14), (1, 7)])
def test_days_of_the_arm_decide_when_somebody_is_reminded(
    physio: Department, lena: User, arm: int, on: int
) -> None:
    row = visit(physio, 16)
    a_trial(physio, lena, (Days(14, 4), Days(7, 2)), key=key_for(arm, row))

    told = [days for days in (15, 14, 7, 4, 2) if remind(physio, TEN + (16 - days) * DAY)]

    assert told == [on, {14: 4, 7: 2}[on]]
    assert TrialPlace.objects.get().drawn_at == TEN + 2 * DAY
    assert set(Message.objects.filter(kind="reminder").values_list("place", flat=True)) == {
        TrialPlace.objects.get().pk
    }


def test_a_plan_that_the_days_fit_no_more_goes_on_as_it_is(physio: Department, lena: User) -> None:
    row = visit(physio, 14)
    a_trial(physio, lena, (Days(14, 4), Days(14, 2)), key=key_for(1, row))
    remind(physio, TEN - DAY)
    PolicyVersion.objects.filter(name="reminders").update(values={"is_on": True, "last": 3})

    assert remind(physio) == 1


def test_a_person_stops_it_and_the_words_that_are_kept_count_for_everybody(
    physio: Department, lena: User
) -> None:
    first, _ = two_texts(physio)
    trial = a_trial(physio, lena, _texts(physio))
    row = visit(physio)
    remind(physio)

    stopped = actions.stop(trial.pk, "A is shorter", "a", **who(physio.trust, TEN, by(lena)))

    now = letters.message_text(physio.trust.pk, "reminder", "text", TEN.date())
    assert now is not None and now.version == 3
    assert now.body == LetterText.objects.get(pk=first).body
    assert (stopped.stopped_by, stopped.kept) == ("lena", "a")
    work()
    assert Message.objects.get(appointment=row).text == now
    with pytest.raises(NotAllowed, match="lena stopped it"):
        actions.stop(trial.pk, "Again", **who(physio.trust, TEN, by(lena)))
    a_trial(physio, lena, _texts(physio))


def _texts(physio: Department) -> tuple[int, int]:
    rows = LetterText.objects.filter(organisation=physio.trust, code="message.reminder.text")
    first, second = rows.order_by("version").values_list("pk", flat=True)[:2]
    return first, second


def test_days_that_are_kept_are_a_version_of_the_plan(physio: Department, lena: User) -> None:
    trial = a_trial(physio, lena, (Days(14, 4), Days(7, 2)))

    actions.stop(trial.pk, "Fewer miss", "b", **who(physio.trust, TEN, by(lena)))

    version = PolicyVersion.objects.filter(organisation=physio.trust, name="reminders").first()
    assert version is not None and version.by_person
    assert version.values == {"is_on": True, "services": {"physio": {"far": 7, "near": 2}}}


def test_each_patient_counts_once_by_the_first_visit(physio: Department, lena: User) -> None:
    rows = [visit(physio, nth=nth) for nth in range(12)]
    trial = a_trial(physio, lena)
    remind(physio)
    for nth, row in enumerate(rows[:10]):
        said = "attended" if nth % 3 else "missed"
        Appointment.objects.filter(pk=row.pk).update(state=said)

    found = queries.analysis(trial, TEN + 5 * DAY)

    assert sum(arm.drawn for arm in found.arms) == 12
    assert sum(arm.tally.of for arm in found.arms) == 10
    assert sum(arm.tally.yes for arm in found.arms) == 6
    assert sum(arm.unknown for arm in found.arms) == 2
    assert found.verdict is Verdict.TOO_FEW and len(found.looks) == 1
    assert queries.analysis(trial, TEN).looks == ()


def test_what_is_typed_wrongly_is_kept_and_named(
    physio: Department, lena: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop_the_clock(monkeypatch, TEN)
    client = signed_in(lena)
    first, second = two_texts(physio)
    typed = {"name": "Costs", "varies": "days", "far_a": "4", "near_a": "14", "planned": "3", "why": ""}

    refused = client.post(PAGE, typed)

    assert refused.status_code == 422
    page = refused.content.decode()
    assert 'value="Costs"' in page and "farther from the visit" in page
    assert "Choose whose patients are in it" in page and "Enter a number of patients" in page
    whole = {"varies": "words", "text_a": first, "text_b": second, "services": [physio.service.pk]}
    started = client.post(
        PAGE, {"name": "Costs", "outcome": "attended", "planned": "200", "why": "Misses", **whole}
    )
    assert started.status_code == 302
    shown = client.get(started["Location"]).content.decode()
    assert "Nothing can be said yet" in shown and "costs others" in shown
    assert Trial.objects.get().key not in shown


def test_only_who_manages_performance_starts_or_stops_one(
    physio: Department, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop_the_clock(monkeypatch, TEN)
    client = signed_in(somebody("opal", "outpatient_coordinator", physio.trust))

    assert client.get(PAGE).status_code == 200
    assert client.post(PAGE, {}).status_code == 403
