"""Legal holds at the desk: placed by who hears of a claim, seen on the record, lifted by two people."""

from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.db import IntegrityError, connection, transaction

from clearway.config import migrate, postgres
from clearway.core.audit.actions import Actor
from clearway.core.audit.models import Action
from clearway.core.organisation import own_rows
from clearway.core.people.models import User
from clearway.core.worklist.models import Task
from clearway.desks.outpatients import rules, situation
from clearway.desks.outpatients.keeping import actions, queries
from clearway.desks.outpatients.keeping.models import PatientHold
from clearway.desks.outpatients.patients.models import Patient
from clearway.domain.shared.errors import NotAllowed
from tests.therapies import NINE, TODAY, Department, a_department
from tests.trust import a_trust, signed_in, somebody, stop_the_clock

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
PAGE = "/outpatients/office/holds/"


@pytest.fixture
def physio(db: None, monkeypatch: pytest.MonkeyPatch) -> Department:
    stop_the_clock(monkeypatch, NINE)
    return a_department(a_trust())


@pytest.fixture
def held(physio: Department) -> PatientHold:
    return actions.place_hold(physio.patient().pk, "Claim 4711", **who(physio, "opal"))


def who(physio: Department, name: str, days: int = 0) -> dict[str, Any]:
    return {"organisation_id": physio.trust.pk, "by": Actor(name), "at": NINE + days * DAY}


def leader(physio: Department, name: str) -> User:
    return somebody(name, "outpatient_team_leader", physio.trust)


def tasks(physio: Department, days: int) -> list[str]:
    at = NINE + days * DAY
    rules.run(physio.trust.pk, situation.read(physio.trust.pk, at), at)
    rows = Task.objects.filter(organisation=physio.trust, closed_at__isnull=True, rule="hold_due")
    return list(rows.values_list("title", flat=True))


def test_a_coordinator_holds_a_record_and_whoever_opens_it_sees_that(physio: Department) -> None:
    patient: Patient = physio.patient(family_name="Larch")
    desk = signed_in(somebody("opal", "outpatient_coordinator", physio.trust))
    assert patient.number in desk.get(f"{PAGE}new/?find=Larch").content.decode()

    form = {"find": "Larch", "patient": patient.pk, "reason": "Claim 4711", "review_on": "2027-01-20"}
    page = desk.post(f"{PAGE}new/", form, follow=True).content.decode()

    assert "Claim 4711" in page and "Wed 20 Jan 2027" in page and "Ask to lift" not in page
    row = PatientHold.objects.get()
    assert (row.placed_by, row.placed_at) == ("opal", NINE)
    listed = desk.get(PAGE).content.decode()
    assert "LARCH" in listed.upper() and "20 Jan 2027" in listed
    assert "Legal hold</span> since" in desk.get(f"/outpatients/patients/{patient.pk}/").content.decode()
    assert desk.post(f"{PAGE}{row.pk}/", {"what": "ask", "why": "x"}).status_code == 403


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"reason": " "}, "Enter why the record must be kept"),
        ({"reason": "Claim of 999 000 0018"}, "Leave out the NHS number"),
        ({"review_on": "2026-11-20"}, "Choose a day to come"),
        ({"review_on": "2099-01-01"}, "within two years"),
        ({"review_on": "soon"}, "Enter a date"),
        ({"patient": ""}, "Find and choose the patient"),
        ({"patient": "987654321"}, "no such patient"),
    ],
)
def test_a_hold_that_cannot_be_is_refused_with_what_was_typed(
    physio: Department, wrong: dict[str, str], said: str
) -> None:
    patient = physio.patient(family_name="Larch")
    desk = signed_in(somebody("opal", "outpatient_coordinator", physio.trust))
    form = {"find": "Larch", "patient": str(patient.pk), "reason": "Claim", "review_on": "2027-01-20"}

    answer = desk.post(f"{PAGE}new/", form | wrong)

    assert answer.status_code == 422 and said in answer.content.decode()
    assert (form | wrong)["review_on"] in answer.content.decode()
    assert not PatientHold.objects.exists()


def test_the_same_reason_twice_holds_once(physio: Department, held: PatientHold) -> None:
    with pytest.raises(NotAllowed, match="already"):
        actions.place_hold(held.patient_id, "claim 4711 ", **who(physio, "olga"))
    actions.place_hold(held.patient_id, "Inquest", **who(physio, "olga"))

    assert queries.in_force(physio.trust.pk).count() == 2


def test_a_hold_is_lifted_by_somebody_other_than_who_asked(physio: Department, held: PatientHold) -> None:
    lena, lois = signed_in(leader(physio, "lena")), signed_in(leader(physio, "lois"))
    address = f"{PAGE}{held.pk}/"
    assert lena.post(address, {"what": "lift"}).status_code == 422, "nobody asked"
    assert lena.post(address, {"what": "ask", "why": ""}).status_code == 422

    lena.post(address, {"what": "ask", "why": "Settled"})
    assert "somebody else" in lena.get(address).content.decode()
    assert "You asked for it" in lena.post(address, {"what": "lift"}).content.decode()
    lois.post(address, {"what": "keep", "because": "The appeal runs"})
    held.refresh_from_db()
    assert held.lift_asked_at is None and held.released_at is None

    lena.post(address, {"what": "ask", "why": "Appeal refused"})
    assert lois.post(address, {"what": "lift"}).status_code == 302

    held.refresh_from_db()
    assert (held.released_by, held.lift_asked_by, held.lift_why) == ("lois", "lena", "Appeal refused")
    page = lois.get(address).content.decode()
    assert "Asked to lift it" in page and "The appeal runs" in page and "Lift the hold" not in page
    assert "Appeal refused" in lois.get(f"{PAGE}?closed=1").content.decode()
    assert lena.post(address, {"what": "ask", "why": "again"}).status_code == 422
    verbs = Action.objects.filter(subject=f"patient:{held.patient_id}", verb__startswith="retention.")
    assert verbs.count() == 5


def test_the_database_lifts_no_hold_for_who_asked_and_rewrites_none(
    physio: Department, held: PatientHold
) -> None:
    actions.ask_to_lift(held.pk, "Settled", **who(physio, "lena"))

    def refused(statement: str, why: str) -> None:
        with pytest.raises(IntegrityError, match=why), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)

    refused(f"SELECT clearway_lift_hold({held.pk}, 'lena', now())", "somebody other")
    refused(f"SELECT clearway_lift_hold({held.pk}, '', now())", "somebody other")
    refused("UPDATE outpatients_patient_hold SET reason = 'nothing'", "never rewritten")
    actions.lift(held.pk, **who(physio, "lois"))
    refused("UPDATE outpatients_patient_hold SET released_at = NULL, released_by = ''", "never rewritten")


@pytest.mark.promise("S7")
def test_the_desks_may_hold_and_may_not_write_that_it_was_lifted(
    physio: Department, held: PatientHold
) -> None:
    migrate.grant_rights()
    own_rows.only(physio.trust.pk)
    names = "patient_id, reason, placed_at, placed_by, review_on, lift_asked_by, lift_why, released_by"
    values = f"{held.patient_id}, 'x', now(), 'y', now(), '', '', ''"
    placed = f"INSERT INTO outpatients_patient_hold ({names}) VALUES ({values})"

    assert may(placed)
    assert may("UPDATE outpatients_patient_hold SET review_on = '2027-02-01'")
    assert not may("UPDATE outpatients_patient_hold SET released_at = now(), released_by = 'x'")
    assert not may("DELETE FROM outpatients_patient_hold")


def may(statement: str) -> bool:
    """Whether the role of the desks and of the workers may."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL ROLE {postgres.WEB}")
            cursor.execute(statement)
            cursor.execute("RESET ROLE")
    except Exception as problem:
        assert isinstance(problem.__cause__, psycopg.errors.InsufficientPrivilege), problem
        return False
    return True


def test_a_review_that_is_due_and_an_asked_lifting_are_tasks_of_the_leader(
    physio: Department, held: PatientHold
) -> None:
    assert held.review_on == TODAY + 180 * DAY
    assert tasks(physio, 179) == []
    assert tasks(physio, 180) == ["A legal hold is to be looked at again"]

    actions.review(held.pk, "The solicitor: still open", TODAY + 300 * DAY, **who(physio, "lena", 181))
    assert tasks(physio, 182) == []
    actions.ask_to_lift(held.pk, "Settled", **who(physio, "lena", 183))
    assert tasks(physio, 184) == ["Somebody asks to lift a legal hold: a second person decides"]

    actions.lift(held.pk, **who(physio, "lois", 185))
    assert tasks(physio, 186) == []
