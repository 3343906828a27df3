"""Calls, messages for therapists and complaints: from the telephone to a second person's screen."""

import re
from datetime import timedelta
from typing import Any

import pytest

from clearway.core.audit.actions import Actor
from clearway.core.audit.models import Action
from clearway.core.worklist.models import Task
from clearway.desks.outpatients import rules, situation
from clearway.desks.outpatients.clinics import actions as clinics
from clearway.desks.outpatients.clinics.models import Clinician
from clearway.desks.outpatients.enquiries import actions, queries
from clearway.desks.outpatients.enquiries.models import Enquiry
from clearway.desks.outpatients.waiting.models import Contact
from clearway.domain.outpatients.enquiries import About, Caller, Result, Urgency
from clearway.domain.shared.errors import NotAllowed
from tests.therapies import NINE, Department, a_department
from tests.trust import a_trust, signed_in, somebody

pytestmark = pytest.mark.django_db
WHO = Actor("coordinator")
NEW = "/outpatients/office/enquiries/new/"
TYPED = {"caller": "patient", "way": "phone", "about": "clinical", "words": "May she drive again?"}


@pytest.fixture
def physio(db: None) -> Department:
    return a_department(a_trust())


def take(physio: Department, about: About = About.OTHER, **more: Any) -> Enquiry:
    said = {"caller": Caller.OTHER, "caller_name": "Ann Other", "words": "Asks something", **more}
    return actions.take(actions.New(about, **said), organisation_id=physio.trust.pk, by=WHO, at=NINE)


def who(physio: Department, after: timedelta = timedelta(0)) -> Any:
    return {"organisation_id": physio.trust.pk, "by": WHO, "at": NINE + after}


def tasks(physio: Department, after: timedelta) -> dict[str, tuple[int, str]]:
    at = NINE + after
    rules.run(physio.trust.pk, situation.read(physio.trust.pk, at), at)
    rows = Task.objects.filter(organisation=physio.trust, closed_at__isnull=True)
    return {row.subject: (row.priority, row.role) for row in rows}


def test_a_message_is_answered_by_the_therapist_and_the_coordinator_tells_the_caller(
    physio: Department,
) -> None:
    patient = physio.patient(family_name="Brown", given_names="Ada")
    office = signed_in(somebody("opal", "outpatient_coordinator", physio.trust))
    clive = somebody("clive", "clinician", physio.trust)
    clinics.link(physio.clinician.pk, clive.pk, **who(physio))
    therapist = signed_in(clive)
    page = f"/outpatients/office/messages/{physio.clinician.pk}/"

    asked = office.post(NEW, {**TYPED, "find": "brown ad", "clinician": physio.clinician.pk})
    assert asked.status_code == 422 and "Is it this patient?" in asked.content.decode()
    office.post(NEW, {**TYPED, "patient": patient.pk, "clinician": physio.clinician.pk})
    row = Enquiry.objects.get()
    assert "May she drive again?" in therapist.get(page).content.decode()
    refused = therapist.post(page, {"key": row.pk, "answer": ""})
    assert refused.status_code == 422 and "Write what the office is to tell them" in refused.content.decode()
    therapist.post(page, {"key": row.pk, "answer": "Yes, from Monday"})

    assert "Answered: tell the caller" in office.get("/outpatients/office/enquiries/").content.decode()
    one = f"/outpatients/office/enquiries/{row.pk}/"
    assert "Yes, from Monday" in office.get(one).content.decode()
    office.post(one, {"what": "close", "result": "told"})
    row.refresh_from_db()
    assert (row.result, row.closed_by, row.answered_by) == ("told", "opal", "clive")
    assert Contact.objects.get(purpose="enquiry").patient == patient
    verbs = set(Action.objects.values_list("verb", flat=True))
    assert {"enquiries.take", "enquiries.answer", "enquiries.close", "patients.look"} <= verbs


def test_a_number_finds_the_patient_at_once_and_a_name_is_confirmed(physio: Department) -> None:
    patient = physio.patient()
    office = signed_in(somebody("opal", "outpatient_coordinator", physio.trust))

    answer = office.post(NEW, {**TYPED, "find": patient.number}, follow=True)

    assert "Promised by" in answer.content.decode()
    assert Enquiry.objects.get().patient == patient
    assert "Nobody was found" in office.post(NEW, {**TYPED, "find": "zzz"}).content.decode()


def test_what_is_wrong_is_said_and_what_was_typed_is_kept(physio: Department) -> None:
    office = signed_in(somebody("opal", "outpatient_coordinator", physio.trust))

    nameless = office.post(NEW, TYPED)
    identity = office.post(NEW, {**TYPED, "caller_name": "Ann", "words": "My number is 999 000 0018"})

    assert nameless.status_code == identity.status_code == 422
    assert "write who calls" in nameless.content.decode()
    assert "May she drive again?" in nameless.content.decode()
    kept = office.post(NEW, {**TYPED, "clinician": physio.clinician.pk}).content.decode()
    assert f'value="{physio.clinician.pk}" selected' in kept
    assert not Enquiry.objects.exists()


def test_a_patient_or_clinician_of_another_trust_is_refused(physio: Department) -> None:
    other = a_department(a_trust("elsewhere"))
    with pytest.raises(NotAllowed, match="no such patient"):
        take(physio, patient_id=other.patient().pk)
    with pytest.raises(NotAllowed, match="no such clinician"):
        take(physio, clinician_id=other.clinician.pk)
    with pytest.raises(Enquiry.DoesNotExist):
        actions.close(take(other).pk, Result.TOLD, **who(physio))


def test_what_was_promised_and_not_kept_becomes_a_task(physio: Department) -> None:
    take(physio, urgency=Urgency.URGENT)
    message = take(physio, About.CLINICAL, clinician_id=physio.clinician.pk)

    assert tasks(physio, timedelta(minutes=50)) == {}
    assert tasks(physio, timedelta(minutes=70)) == {"enquiries:late": (2, "outpatient_coordinator")}
    assert tasks(physio, timedelta(hours=9))["messages:late"] == (3, "outpatient_coordinator")
    actions.answer(message.pk, "Yes", **who(physio))
    assert "messages:late" not in tasks(physio, timedelta(hours=10))


def test_a_complaint_not_acknowledged_in_three_working_days_is_the_leaders(physio: Department) -> None:
    row = take(physio, About.COMPLAINT)
    subject = f"enquiry:{row.pk}"

    assert row.acknowledge_by is not None and row.acknowledge_by.isoformat() == "2026-11-25"
    assert subject not in tasks(physio, timedelta(days=4))
    assert tasks(physio, timedelta(days=5))[subject] == (2, "outpatient_coordinator")
    assert tasks(physio, timedelta(days=6))[subject] == (2, "outpatient_team_leader")
    with pytest.raises(NotAllowed, match="Acknowledge"):
        actions.close(row.pk, Result.SETTLED, **who(physio))
    actions.acknowledge(row.pk, **who(physio))
    assert subject not in tasks(physio, timedelta(days=7))
    assert actions.close(row.pk, Result.SETTLED, "Letter sent", **who(physio)).result == "settled"


def test_what_is_serious_is_a_task_of_the_team_leader_until_taken(physio: Department) -> None:
    row = take(physio, About.COMPLAINT)
    page = f"/outpatients/office/enquiries/{row.pk}/"
    office = signed_in(somebody("opal", "outpatient_coordinator", physio.trust))
    leader = signed_in(somebody("lena", "outpatient_team_leader", physio.trust))

    office.post(page, {"what": "escalate", "why": "Says that a child was hurt"})
    assert tasks(physio, timedelta(days=1))[f"enquiry:{row.pk}"] == (2, "outpatient_team_leader")
    assert office.post(page, {"what": "lead"}).status_code == 404
    assert "Says that a child was hurt" in leader.get(page).content.decode()
    leader.post(page, {"what": "lead"})

    assert f"enquiry:{row.pk}" not in tasks(physio, timedelta(days=2))
    assert "Taken by lena" in office.get(page).content.decode()


def test_the_list_takes_the_same_queries_however_full(
    physio: Department, django_assert_num_queries: Any
) -> None:
    for _ in range(5):
        take(physio, patient_id=physio.patient().pk, clinician_id=physio.clinician.pk)

    with django_assert_num_queries(1):
        assert len(queries.open_(physio.trust.pk)) == 5
    with django_assert_num_queries(2):
        assert queries.late(physio.trust.pk, NINE + timedelta(days=5)).enquiries.count == 0


def test_a_clinician_opens_their_own_messages_and_the_leader_links_accounts(physio: Department) -> None:
    clive = somebody("clive", "clinician", physio.trust)
    therapist = signed_in(clive)
    leader = signed_in(somebody("lena", "outpatient_team_leader", physio.trust))
    other = Clinician.objects.create(organisation=physio.trust, code="c9", name="Another", profession="ot")
    pages = "/outpatients/office/messages/"
    own, others = f"{pages}{physio.clinician.pk}/", f"{pages}{other.pk}/"

    assert "not linked" in therapist.get(pages).content.decode()
    assert therapist.get(own).status_code == therapist.get(others).status_code == 404
    assert therapist.post(pages, {"clinician": other.pk, "user": clive.pk}).status_code == 403
    opened = r'name="seen" value="(.*?)"><input type="hidden" name="clinician" value="(.*?)"'
    nobody = {key: seen for seen, key in re.findall(opened, leader.get(pages).content.decode())}
    first, second = ({"clinician": str(each.pk), "user": clive.pk} for each in (physio.clinician, other))
    leader.post(pages, {**first, "seen": nobody[first["clinician"]]})
    again = leader.post(pages, {**second, "seen": nobody[second["clinician"]]})
    assert again.status_code == 422 and "the other clinician first" in again.content.decode()

    assert therapist.get(pages).headers["Location"] == own
    assert therapist.get(own).status_code == 200
    assert therapist.get(others).status_code == 404
    assert leader.get(others).status_code == 200
    row = take(physio, clinician_id=other.pk)
    assert therapist.post(own, {"key": row.pk, "answer": "Not mine"}).status_code == 404
