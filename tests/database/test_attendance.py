"""Who might not come: training, what is in use, judging by night and on booking, calls, who may do what."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from clearway import cli
from clearway.core.audit.actions import Actor
from clearway.core.audit.models import Action
from clearway.desks.outpatients.attendance import actions, queries
from clearway.desks.outpatients.attendance.models import AttendanceModel, AttendanceScore, AttendanceUse
from clearway.desks.outpatients.attendance.reading import read
from clearway.desks.outpatients.booking.models import Appointment
from clearway.desks.outpatients.outcomes.models import Contact
from clearway.desks.outpatients.reminders import actions as reminders
from clearway.desks.outpatients.reminders.models import Reminder
from clearway.domain.outpatients.attendance import Result
from clearway.domain.outpatients.recycling import Said
from clearway.domain.shared.errors import NotAllowed
from clearway.engine.outpatients.attendance import CODES, NEVER
from clearway.engine.outpatients.attendance_fit import TooLittle
from clearway.gateway import duties
from tests.past_visits import a_model, with_a_past
from tests.therapies import NINE, Department, a_department
from tests.trust import a_trust, set_policy, signed_in, somebody, stop_the_clock

pytestmark = pytest.mark.django_db
LENA = Actor("lena")
DAY = timedelta(days=1)
PAGE = "/outpatients/attendance/"


@pytest.fixture
def physio(db: None) -> Department:
    trust = a_trust()
    trust.desks = ["outpatients"]
    trust.save()
    return a_department(trust)


def who(physio: Department, at: datetime = NINE) -> dict[str, Any]:
    return {"organisation_id": physio.trust.pk, "by": LENA, "at": at}


def to_come(physio: Department, days: int = 3, slots: int = 2, missed: int = 0) -> list[Appointment]:
    """Bookings some days ahead; the first patient has missed so many visits before."""
    coming = list(physio.session(NINE + days * DAY, slots=slots).slots.all())
    rows = [physio.booked(slot, made_at=NINE - 5 * DAY) for slot in coming]
    for back in range(missed):
        (slot,) = physio.session(NINE - (30 + 7 * back) * DAY, slots=1).slots.all()
        told = {"state": "missed", "attended": "3", "outcomed_by": "test", "made_at": NINE - 90 * DAY}
        row = physio.booked(slot, **told, outcomed_at=slot.ends_at)
        Appointment.objects.filter(pk=row.pk).update(patient=rows[0].patient)
    return rows


def in_use(physio: Department, **weights: float) -> AttendanceModel:
    model = a_model(physio, NINE - DAY, **weights)
    actions.put_in_use(model.pk, "Tried on the past", **who(physio, NINE - DAY))
    return model


def test_a_model_is_trained_on_the_trusts_own_past_and_not_put_in_use_by_that(physio: Department) -> None:
    with_a_past(physio, NINE)

    model = actions.train(**who(physio), draws=5)

    assert model.version == 1 and queries.in_use(physio.trust.pk) is None
    assert model.since < model.until < model.tested_until < NINE
    folds = model.report["folds"]
    assert sum(each["count"] for each in folds.values()) + model.report["left_out"] == 600
    assert model.report["measures"][model.report["chosen"]]["auc"][0] > 0.6
    assert {each["cut"] for each in model.report["groups"]} == {
        *("Age", "Sex", "Needs", "Interpreter", "Ethnic category", "Deprivation")
    }
    assert Action.objects.filter(verb="attendance.train").count() == 1
    assert actions.train(**who(physio), draws=5).version == 2
    with pytest.raises(TooLittle, match="Since then 0 bookings"):
        actions.evaluate(model, at=NINE)


def test_a_past_too_short_trains_nothing(physio: Department) -> None:
    with pytest.raises(TooLittle, match="0 bookings with a known end"):
        actions.train(**who(physio))


def test_the_database_holds_one_model_in_use(physio: Department) -> None:
    model = in_use(physio)
    with pytest.raises(IntegrityError, match="one_model_is_in_use"), transaction.atomic():
        AttendanceUse.objects.create(
            organisation=physio.trust, model=model, began_at=NINE, began_by="x", why="y"
        )
    with pytest.raises(NotAllowed, match="in use already"):
        actions.put_in_use(model.pk, "Again", **who(physio))


def test_a_model_that_tells_nobody_from_another_is_not_put_in_use(physio: Department) -> None:
    model = a_model(physio, NINE)
    AttendanceModel.objects.filter(pk=model.pk).update(parameters={**model.parameters, "slope": 0.0})
    with pytest.raises(NotAllowed, match="drawn by lot"):
        actions.put_in_use(model.pk, "All the same", **who(physio))


def test_the_model_before_can_be_put_back_and_a_withdrawn_one_judges_nobody(physio: Department) -> None:
    first, second = in_use(physio), a_model(physio, NINE, version=2)
    to_come(physio)
    actions.put_in_use(second.pk, "Newer", **who(physio))
    actions.judge(**who(physio))
    actions.put_in_use(first.pk, "The newer one is worse", **who(physio))
    actions.judge(**who(physio))
    assert set(AttendanceScore.objects.filter(ended_at=None).values_list("model", flat=True)) == {first.pk}

    actions.withdraw("To be looked at", **who(physio))

    assert not AttendanceScore.objects.filter(ended_at=None).exists()
    assert actions.judge(**who(physio)) == 0
    assert [each.model_id for each in queries.uses(physio.trust.pk)] == [first.pk, second.pk, first.pk]


def test_a_booking_is_judged_when_it_is_made_and_all_again_by_night(physio: Department) -> None:
    in_use(physio)
    to_come(physio)
    assert actions.judge(**who(physio)) == 2
    assert actions.judge(**who(physio, NINE + timedelta(minutes=1))) == 0

    to_come(physio, days=5, slots=1)
    assert actions.judge(**who(physio, NINE + timedelta(minutes=2))) == 1

    assert actions.judge(**who(physio, NINE + timedelta(hours=18))) == 3  # 03:00 of the next day
    assert AttendanceScore.objects.count() >= 3
    assert AttendanceScore.objects.filter(ended_at=None).count() == 3


def test_a_risk_keeps_model_date_and_reasons_and_its_changes(physio: Department) -> None:
    model = in_use(physio, unconfirmed=2.0)
    risky, usual = to_come(physio, missed=3)
    actions.judge(**who(physio))
    first = queries.of_appointment(risky.pk)
    assert first is not None and first.model_id == model.pk and first.scored_at == NINE
    assert first.reasons[0] == "Missed 3 of 3 earlier visits"
    other = queries.of_appointment(usual.pk)
    assert other is not None and first.risk > other.risk

    Appointment.objects.filter(pk=risky.pk).update(confirmed_at=NINE)
    actions.judge(**who(physio, NINE + DAY))

    kept = list(AttendanceScore.objects.filter(appointment=risky).order_by("pk"))
    assert [each.ended_at for each in kept] == [NINE + DAY, None]
    assert kept[1].risk < kept[0].risk


def test_the_riskiest_of_a_day_goes_onto_the_list_of_calls_with_its_reasons_once(physio: Department) -> None:
    in_use(physio)
    risky, _ = to_come(physio, missed=2)

    actions.judge(**who(physio))
    actions.judge(**who(physio, NINE + DAY))

    (call,) = Reminder.objects.all()
    assert (call.appointment_id, call.state) == (risky.pk, "to_ring")
    assert call.why.startswith("Might not come: Missed 2 of 2 earlier visits")
    assert "%" not in call.why


@pytest.mark.parametrize("why", ["too far", "confirmed", "set aside", "off"])
def test_nobody_is_put_onto_the_list_who_need_not_be(physio: Department, why: str) -> None:
    in_use(physio)
    (row,) = to_come(physio, days=9 if why == "too far" else 3, slots=1)
    if why == "confirmed":
        Appointment.objects.filter(pk=row.pk).update(confirmed_at=NINE)
    if why == "off":
        set_policy(physio.trust, "attendance", {"is_on": False})
    if why == "set aside":
        row.attendance_set_aside = actions.SetAside.objects.create(
            appointment=row, why="Her sister drives her", at=NINE, by="olga"
        )
    assert actions.judge(**who(physio)) == 1
    assert not Reminder.objects.exists()


def test_an_answer_is_kept_where_every_call_is(physio: Department) -> None:
    in_use(physio)
    risky, usual = to_come(physio, missed=2)
    actions.judge(**who(physio))

    actions.rung(risky.pk, Said.YES, **who(physio))
    actions.rung(usual.pk, Said.NO, **who(physio))  # on no list yet: rung all the same

    assert set(Reminder.objects.values_list("state", "appointment_id")) == {
        ("rung", risky.pk),
        ("rung", usual.pk),
    }
    risky.refresh_from_db()
    usual.refresh_from_db()
    assert risky.confirmed_at == NINE and usual.state == "cancelled"
    assert Contact.objects.filter(channel="phone", purpose="reminder").count() == 2
    with pytest.raises(NotAllowed, match="Somebody has seen to it"):
        actions.rung(risky.pk, Said.YES, **who(physio))


def test_who_knows_better_takes_a_call_off_the_list_but_not_one_for_another_reason(
    physio: Department,
) -> None:
    in_use(physio)
    risky, usual = to_come(physio, missed=2)
    actions.judge(**who(physio))
    reminders.ring({usual.pk: "Has no telephone for texts."}, **who(physio))

    for row in (risky, usual):
        actions.set_aside(row.pk, "Spoken with today", **who(physio))

    assert dict(Reminder.objects.values_list("appointment_id", "state")) == {
        risky.pk: "over",
        usual.pk: "to_ring",
    }
    with pytest.raises(NotAllowed, match="Spoken with today"):
        actions.set_aside(risky.pk, "Twice", **who(physio))


def test_what_is_read_is_what_is_in_the_tables(physio: Department) -> None:
    risky, _ = to_come(physio, missed=1)
    late = {"cancelled_at": NINE - DAY, "cancelled_by": "patient", "cancel_reason": "patient_ill"}
    (slot,) = physio.session(NINE - timedelta(hours=2), slots=1, medium="02").slots.all()
    gone = physio.booked(slot, state="cancelled", **late)
    Contact.objects.create(
        organisation=physio.trust,
        patient=risky.patient,
        appointment=risky,
        purpose="reminder",
        channel="text",
        words="Reminded",
        at=NINE - DAY,
        by="test",
        outcome="delivered",
        outcome_at=NINE - DAY,
    )
    found = read(physio.trust.pk, NINE, 104)

    of = {int(key): row for row, key in enumerate(found.keys)}
    told = found.bookings
    assert told.result[of[gone.pk]] == Result.LATE and told.remote[of[gone.pk]]
    assert told.known[of[risky.pk]] == NEVER and told.result[of[risky.pk]] == Result.OPEN
    assert told.reminded[of[risky.pk]] == (NINE - DAY).timestamp()
    assert sorted(told.result.tolist()) == [-1, -1, 1, 2]


def test_the_worker_judges_by_itself(physio: Department) -> None:
    in_use(physio)
    to_come(physio)
    duty = next(each for each in duties.groups()["rules"]() if each.name == "attendance")
    duty.work(NINE)
    assert AttendanceScore.objects.count() == 2
    assert Action.objects.filter(verb="attendance.judge", actor="duty:attendance").exists()


def test_the_list_shows_risk_reasons_reach_and_help_to_who_may_see_it(
    physio: Department, monkeypatch: pytest.MonkeyPatch, django_assert_max_num_queries: Any
) -> None:
    in_use(physio)
    risky, usual = to_come(physio, missed=2)
    risky.patient.needs.create(kind="transport", detail="wheelchair", recorded_at=NINE)
    actions.judge(**who(physio))
    stop_the_clock(monkeypatch, NINE)
    olga = signed_in(somebody("olga", "outpatient_coordinator", physio.trust))

    with django_assert_max_num_queries(40):
        page = olga.get(PAGE).content.decode()

    assert "Missed 2 of 2 earlier visits" in page and str(risky.patient) in page
    assert "Arrange: Transport: wheelchair" in page and "By telephone only" in page
    assert str(usual.patient) not in page
    assert Action.objects.filter(verb="attendance.look").exists()
    answer = olga.post(f"{PAGE}{risky.pk}/", {"key": "q"}, follow=True).content.decode()
    assert "“q” is no key" in answer
    answer = olga.post(f"{PAGE}{risky.pk}/", {"key": "y"}, follow=True).content.decode()
    assert "Confirmed." in answer
    answer = olga.post(f"{PAGE}{usual.pk}/aside/", {"why": ""}, follow=True).content.decode()
    assert "Enter why no call is needed" in answer
    assert olga.post(f"{PAGE}999999/", {"key": "y"}).status_code == 404


def test_a_leader_puts_a_model_in_use_and_a_coordinator_may_not(
    physio: Department, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_a_past(physio, NINE)
    model = actions.train(**who(physio), draws=5)
    stop_the_clock(monkeypatch, NINE)
    lena = signed_in(somebody("lena", "outpatient_team_leader", physio.trust))
    olga = signed_in(somebody("olga", "outpatient_coordinator", physio.trust))
    sent = {"what": "use", "key": str(model.pk), "why": "Agreed with the clinical lead"}

    assert olga.post(f"{PAGE}models/", sent).status_code == 403
    assert lena.post(f"{PAGE}models/", {**sent, "why": ""}).status_code == 422
    page = lena.post(f"{PAGE}models/", sent, follow=True).content.decode()

    assert "Model 1 is in use. Bookings are judged within a minute." in page
    assert "Agreed with the clinical lead" in page and "Whom it serves how well" in page
    assert "Withdraw model 1" in page
    page = lena.post(f"{PAGE}models/", {"what": "withdraw", "why": "Looked at"}, follow=True)
    assert "Withdrawn" in page.content.decode()
    assert lena.post(f"{PAGE}models/", {**sent, "key": "99999"}).status_code == 404


def test_expected_and_happened_are_compared_once_visits_have_ended(physio: Department) -> None:
    model = in_use(physio)
    risky, usual = to_come(physio, missed=2)
    actions.judge(**who(physio))
    for row, state, code in ((risky, "missed", "3"), (usual, "attended", "5")):
        told = {"state": state, "attended": code, "outcomed_at": NINE + 4 * DAY, "outcomed_by": "test"}
        Appointment.objects.filter(pk=row.pk).update(**told)
    at = NINE + 5 * DAY

    found = queries.watched(model, read(physio.trust.pk, at, 104), 4, at)

    assert found.expected is not None and (found.expected.count, found.expected.seen) == (2, 1)
    assert found.judged == 2 and {each.code for each in found.drifts} == {*CODES, "risk"}


def test_the_commands_train_and_say_what_is_missing(
    physio: Department, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clearway.cli.ground.prepare", lambda process: None)
    assert cli.main(["attendance", "train"]) == 2
    assert "too short to learn from. 0 bookings" in capsys.readouterr().err
    assert cli.main(["attendance", "evaluate"]) == 2
    assert "Train one: clearway attendance train" in capsys.readouterr().err
    assert cli.main(["attendance", "train", "--organisation", "nowhere"]) == 2
    assert "Name one trust with --organisation" in capsys.readouterr().err

    with_a_past(physio, datetime.now(UTC))
    assert cli.main(["attendance", "train", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["version"] == 1
    assert cli.main(["attendance", "evaluate", "--version", "7"]) == 2
    assert "has no model 7. There is: 1." in capsys.readouterr().err
