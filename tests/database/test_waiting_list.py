"""Joining, leaving and being reached on the waiting list."""

import re
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from clearway.core.audit.actions import Actor
from clearway.core.audit.models import Action
from clearway.desks.outpatients.clocks.models import Pathway
from clearway.desks.outpatients.patients.models import Patient
from clearway.desks.outpatients.waiting import actions, inviting, presenters, queries
from clearway.desks.outpatients.waiting.models import Contact, Entry
from clearway.domain.shared.errors import NotAllowed
from tests.therapies import NINE, TODAY, Department, a_department
from tests.trust import a_trust, signed_in, somebody

pytestmark = pytest.mark.django_db
WHO = Actor("coordinator")


@pytest.fixture
def physio(db: None) -> Department:
    return a_department(a_trust())


def added(physio: Department, **more: object) -> Entry:
    referral = more.pop("referral", None) or physio.referral()
    said = {"kind": "new", "priority": "1", "minutes": 45, **more}
    new = actions.New(
        patient_id=referral.patient_id,
        service_id=physio.service.pk,
        referral_id=referral.pk,
        pathway_id=referral.pathway_id,
        **said,
    )
    return actions.add(new, organisation_id=physio.trust.pk, by=WHO, at=NINE)


def test_who_is_added_waits_since_the_clock_started_and_it_is_in_the_audit(physio: Department) -> None:
    entry = added(physio, referral=physio.referral(date(2026, 10, 1)))

    assert (entry.state, entry.waits_from, entry.treat_by) == ("waiting", date(2026, 10, 1), date(2027, 2, 4))
    row = Action.objects.get(verb="waiting.add")
    assert (row.subject, row.detail["priority"]) == (f"entry:{entry.pk}", "1")


def test_the_dates_of_an_entry_follow_its_clock_whoever_changes_it(physio: Department) -> None:
    entry = added(physio)

    Pathway.objects.filter(pk=entry.pathway_id).update(treat_by=TODAY, queue_from=date(2026, 7, 17))
    entry.refresh_from_db()
    assert (entry.treat_by, entry.waits_from) == (TODAY, date(2026, 7, 17))

    Pathway.objects.filter(pk=entry.pathway_id).update(state="stopped")
    entry.refresh_from_db()
    assert (entry.treat_by, entry.waits_from) == (None, TODAY)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"priority": ""}, "is no priority"),
        ({"kind": "review"}, "Choose one of new, follow_up, group"),
        ({"minutes": 0}, "5 to 480 min"),
        ({"series": 0}, "1 to 60 visits"),
        ({"due_on": TODAY, "latest_on": TODAY - timedelta(days=1)}, "is before"),
    ],
)
def test_what_no_entry_can_be_is_refused_with_the_field(
    physio: Department, wrong: dict[str, object], words: str
) -> None:
    with pytest.raises(NotAllowed, match=words):
        added(physio, **wrong)
    assert not Entry.objects.exists()


def test_nobody_waits_twice_for_the_same_appointment_of_a_referral(physio: Department) -> None:
    referral = physio.referral()
    added(physio, referral=referral)

    with pytest.raises(NotAllowed, match="waits for this appointment of this referral already"):
        added(physio, referral=referral)
    added(physio, referral=referral, kind="follow_up")


def test_somebody_who_died_is_not_added(physio: Department) -> None:
    referral = physio.referral(patient=physio.patient(died_on=TODAY))

    with pytest.raises(NotAllowed, match="having died"):
        added(physio, referral=referral)


def remove(entry: Entry, why: str, **more: str) -> Entry:
    return actions.remove(entry.pk, why, organisation_id=entry.organisation_id, by=WHO, at=NINE, **more)


def test_a_removal_says_why_and_not_answering_is_no_reason(physio: Department) -> None:
    entry = added(physio)

    for why in ("no_reply", "", "did not answer"):
        with pytest.raises(NotAllowed, match="Not answering is none of them"):
            remove(entry, why)
    assert remove(entry, "no_longer_needed").state == "removed"
    with pytest.raises(NotAllowed, match="has ended already"):
        remove(entry, "no_longer_needed")


def test_a_clinicians_removal_names_the_clinician_and_a_booked_entry_stays(physio: Department) -> None:
    entry = added(physio)
    with pytest.raises(NotAllowed, match="Name the clinician"):
        remove(entry, "clinician")
    with pytest.raises(NotAllowed, match="is called “zzz”"):
        remove(entry, "clinician", clinician="zzz")

    physio.booked(physio.session().slots.all()[0], entry)
    with pytest.raises(NotAllowed, match="Cancel the appointment first"):
        remove(entry, "clinician", clinician="Robin Hale")


def test_an_attempt_and_what_became_of_it_are_kept(physio: Department) -> None:
    entry = added(physio)
    attempt = actions.Attempt(entry.patient_id, "invitation", "text", "Please ring", entry_id=entry.pk)
    made = actions.contact(attempt, organisation_id=physio.trust.pk, by=WHO, at=NINE)

    actions.became(made.pk, "failed", organisation_id=physio.trust.pk, by=WHO, at=NINE + timedelta(hours=1))

    made.refresh_from_db()
    assert (made.outcome, made.by) == ("failed", "coordinator")
    with pytest.raises(NotAllowed, match="Choose one of letter, text"):
        actions.contact(
            actions.Attempt(entry.patient_id, "invitation", "pigeon", "x"),
            organisation_id=physio.trust.pk,
            by=WHO,
            at=NINE,
        )


def test_who_no_longer_needs_the_place_says_so_and_stays_until_a_person_removes_them(
    physio: Department,
) -> None:
    entry = added(physio)

    actions.validate(entry.pk, "no_longer_needed", organisation_id=physio.trust.pk, by=WHO, at=NINE)

    entry.refresh_from_db()
    assert (entry.state, entry.validated_on) == ("waiting", TODAY)
    assert Contact.objects.get().said == "no longer needed"
    with pytest.raises(NotAllowed, match="still needed"):
        actions.validate(entry.pk, "perhaps", organisation_id=physio.trust.pk, by=WHO, at=NINE)


# The page


@pytest.fixture
def coordinator(physio: Department) -> Client:
    return signed_in(somebody("ann", "outpatient_coordinator", physio.trust))


def names(browser: Client, query: str = "") -> list[str]:
    page = browser.get(f"/outpatients/list/{query}").content.decode()
    return re.findall(r'<th scope="row" class="main"><a href="/outpatients/list/\d+/">(\w+),', page)


def waiting(physio: Department, name: str, days: int, **more: object) -> Entry:
    patient = physio.patient(family_name=name, **more.pop("patient", {}))  # type: ignore[arg-type]
    return physio.entry(physio.referral(TODAY - timedelta(days=days), patient), **more)


def test_the_order_is_clinical_priority_then_treat_by_then_wait(
    physio: Department, coordinator: Client
) -> None:
    for name, days, more in (
        ("late", 200, {}),
        ("new", 3, {}),
        ("urgent", 1, {"priority": "2"}),
        ("cancer", 0, {"priority": "3"}),
        ("middle", 60, {}),
    ):
        waiting(physio, name, days, **more)

    assert names(coordinator) == ["CANCER", "URGENT", "LATE", "MIDDLE", "NEW"]


def test_each_filter_leaves_those_it_names(physio: Department, coordinator: Client) -> None:
    other = a_department(physio.trust, "hands")
    waiting(physio, "far", 5, patient={"sites": ["TV002"]})
    needy = waiting(physio, "needy", 4, patient={"sites": ["TV001"]}, kind="follow_up")
    needy.patient.needs.create(kind="interpreter", detail="Polish", recorded_at=NINE)
    waiting(physio, "late", 200, priority="2")
    other.entry(other.referral(TODAY, physio.patient(family_name="hand")))

    for query, found in (
        (f"?service={other.service.pk}", ["HAND"]),
        ("?site=TV001", ["LATE", "NEEDY", "HAND"]),
        ("?priority=2", ["LATE"]),
        ("?kind=follow_up", ["NEEDY"]),
        ("?need=interpreter", ["NEEDY"]),
        ("?breached=on", ["LATE"]),
        ("?service=x&page=y", ["LATE", "FAR", "NEEDY", "HAND"]),
    ):
        assert names(coordinator, query) == found, query


def test_the_list_shows_and_finds_the_needs_of_the_person_under_whichever_record(physio: Department) -> None:
    entry, other, nobody = physio.entry(), physio.patient(), physio.entry()
    other.needs.create(kind="interpreter", detail="Polish", recorded_at=NINE)
    entry.patient.flags.create(kind="risk", words="See the plan", recorded_at=NINE)
    Patient.objects.filter(pk=entry.patient_id).update(merged_into=other)

    page = queries.ptl(queries.Filters(), 1, organisation_id=physio.trust.pk, at=NINE)
    found = queries.Filters(need="interpreter")

    shown = {line.key: (line.needs, line.flags) for line in presenters.lines(page, NINE)}
    assert shown == {entry.pk: (("Interpreter: Polish",), ("Risk to staff",)), nobody.pk: ((), ())}
    assert list(queries.chosen(found, physio.trust.pk, NINE)) == [entry]
    guarded = {each.entry: each.due.is_guarded for each in inviting.next_steps(physio.trust.pk, NINE)}
    assert guarded == {entry.pk: True, nobody.pk: False}


def test_an_invitation_is_a_next_step_for_fourteen_days(physio: Department, coordinator: Client) -> None:
    for name, days in (("asked", 3), ("forgotten", 15), ("never", None)):
        entry = waiting(physio, name, 20)
        if days is not None:
            attempt = actions.Attempt(entry.patient_id, "invitation", "letter", "x", entry_id=entry.pk)
            made = NINE - timedelta(days=days)
            actions.contact(attempt, organisation_id=physio.trust.pk, by=WHO, at=made)

    rows = queries.ptl(queries.Filters(no_step=True), 1, organisation_id=physio.trust.pk, at=NINE).rows
    assert {str(row.patient).split(",")[0] for row in rows} == {"FORGOTTEN", "NEVER"}


def test_the_forecast_gives_each_place_the_free_slot_it_reaches(physio: Department) -> None:
    session = physio.session(NINE + timedelta(days=3), slots=3)
    first, second, third = waiting(physio, "a", 30), waiting(physio, "b", 20), waiting(physio, "c", 10)
    physio.booked(session.slots.all()[0], waiting(physio, "booked", 40))

    page = queries.ptl(queries.Filters(), 1, organisation_id=physio.trust.pk, at=NINE)

    assert page.places == {first.pk: 1, second.pk: 2, third.pk: 3}
    # Two of three slots of the 23rd are free, so the third waits for the usual rate of 3 in 42 days.
    assert [line.expected for line in presenters.lines(page, NINE)] == [
        "23 Nov 2026",
        "23 Nov 2026",
        "about 17 Jan 2027",
    ]


def test_the_page_asks_the_same_number_of_questions_however_long_the_list(
    physio: Department, coordinator: Client
) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert coordinator.get("/outpatients/list/").status_code == 200
        return len(captured)

    waiting(physio, "first", 3)
    asked()
    one = asked()
    for number in range(8):
        waiting(physio, f"more{number}", number)
    assert asked() == one


def test_what_is_done_on_the_page_of_an_entry_and_what_is_refused_there(
    physio: Department, coordinator: Client
) -> None:
    entry = waiting(physio, "someone", 30)
    address = f"/outpatients/list/{entry.pk}/"

    assert coordinator.post(address, {"what": "remove", "why": "clinician"}).status_code == 422
    typed = {"what": "contact", "purpose": "invitation", "channel": "phone", "outcome": "no_answer"}
    assert coordinator.post(address, {**typed, "words": "Rang twice"}).status_code == 302
    assert coordinator.post(address, {"what": "answer", "answer": "still_needed"}).status_code == 302
    assert coordinator.post(address, {"what": "remove", "why": "no_longer_needed"}).status_code == 302

    page = coordinator.get(address).content.decode()
    assert "Rang twice" in page and "no longer needed" in page
    assert Action.objects.filter(verb="waiting.look", detail__entries=[entry.pk]).exists()
    entry.refresh_from_db()
    assert (entry.state, entry.referral.state) == ("removed", "removed")
    assert Pathway.objects.get(pk=entry.pathway_id).status == "35"
