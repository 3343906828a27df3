"""The pages of patients, referrals and pathways: each step from its form to its row."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from clearway.core.audit.models import Action
from clearway.core.organisation.models import Organisation
from clearway.desks.outpatients.clinics.models import Service
from clearway.desks.outpatients.patients import actions as patients
from clearway.desks.outpatients.patients.models import Carer, Flag, Need, Patient
from clearway.desks.outpatients.referrals import actions as referrals
from clearway.desks.outpatients.referrals.models import Gap, Referral
from clearway.desks.outpatients.waiting.models import Entry
from tests.filled import filled
from tests.outpatients import NOW, TODAY, a_patient, a_service, scope
from tests.trust import a_trust, signed_in, somebody, stop_the_clock

pytestmark = pytest.mark.django_db
PERSON = {"family_name": "Brown", "given_names": "Ada", "born_on": "1970-03-01"}
RECEIVED = str(TODAY - timedelta(days=3))


@pytest.fixture(autouse=True)
def now(monkeypatch: pytest.MonkeyPatch) -> None:
    stop_the_clock(monkeypatch, NOW)


@pytest.fixture
def trust() -> Organisation:
    return a_trust()


@pytest.fixture
def service(trust: Organisation) -> Service:
    return a_service(trust)


@pytest.fixture
def desk(trust: Organisation) -> Client:
    return signed_in(somebody("coordinator", "outpatient_coordinator", trust))


def text(answer: Any) -> str:
    return str(answer.content.decode())


def a_referral(trust: Organisation, service: Service, **more: Any) -> Referral:
    given = {
        "source": "03",
        "sender": "Dr Field",
        "condition": "Knee",
        "question": "Assess",
        "priority": "routine",
    }
    new = referrals.New(a_patient(trust).pk, service.pk, TODAY - timedelta(days=3), **{**given, **more})
    return referrals.register(new, **scope(trust))


def test_a_patient_is_registered_found_and_opened_and_every_look_is_recorded(desk: Client) -> None:
    answer = desk.post("/outpatients/patients/new/", {**PERSON, "nhs_number": "999 054 8609"})
    row = Patient.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, f"/outpatients/patients/{row.pk}/")

    assert "BROWN, Ada" in text(desk.get("/outpatients/patients/?text=ada"))
    page = text(desk.get(f"/outpatients/patients/{row.pk}/"))

    assert "999 054 8609" in page and "56 years" in page
    looks = Action.objects.filter(verb="patients.look", subject=f"patient:{row.pk}")
    assert [look.detail["page"] for look in looks.order_by("id")] == ["search", "patient"]


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"nhs_number": "999 054 8600"}, "last digit"),
        ({"born_on": "2027-01-01"}, "still to come"),
        ({"born_on": "31/31/1970"}, "Enter a date"),
        ({"family_name": ""}, "Enter family name"),
        ({"postcode": "WR5"}, "in full"),
        ({"email": "ada"}, "email address"),
        ({"notice_hours": "soon"}, "Enter hours"),
    ],
)
def test_a_wrong_field_is_named_and_what_was_typed_is_kept(
    desk: Client, wrong: dict[str, str], why: str
) -> None:
    answer = desk.post("/outpatients/patients/new/", {**PERSON, **wrong})

    assert answer.status_code == 422
    assert why in text(answer) and 'value="Ada"' in text(answer)
    assert not Patient.objects.exists()


def test_a_number_is_not_called_verified_nor_a_sex_assumed_unless_somebody_says_so(
    service: Service, desk: Client
) -> None:
    for address in ("/outpatients/patients/new/", "/outpatients/referrals/new/"):
        page = text(desk.get(address))
        assert '<option value="1" selected' not in page and '<option value="01" selected' not in page

    page = text(desk.get("/outpatients/patients/new/"))
    assert '<option value="02" selected' in page and '<option value="9" selected' in page
    assert text(desk.get("/outpatients/referrals/new/")).count('<option value="9" selected') == 1


def test_a_look_alike_is_shown_and_another_person_is_registered_all_the_same(
    trust: Organisation, desk: Client
) -> None:
    known = a_patient(trust)

    answer = desk.post("/outpatients/patients/new/", PERSON)
    assert answer.status_code == 422
    assert known.number in text(answer)

    desk.post("/outpatients/patients/new/", {**PERSON, "though_alike": "yes"})
    assert Patient.objects.count() == 2


def test_each_step_of_the_record_is_done_and_undone_on_the_page(trust: Organisation, desk: Client) -> None:
    row = a_patient(trust)

    def step(name: str, /, **sent: Any) -> int:
        return desk.post(f"/outpatients/patients/{row.pk}/{name}/", sent).status_code

    assert step("need", kind="interpreter", detail="Polish") == 302
    assert step("flag", kind="safe_contact", words="Ring the mobile only") == 302
    assert step("carer", name="Bea Brown", relation="Daughter") == 302
    page = text(desk.get(f"/outpatients/patients/{row.pk}/"))
    assert all(word in page for word in ("Polish", "Ring the mobile only", "Bea Brown", "<svg"))

    assert step("end-need", key=Need.objects.get().pk) == 302
    assert step("end-flag", key=Flag.objects.get().pk) == 302
    assert step("end-carer", key=Carer.objects.get().pk) == 302
    assert "Polish" not in text(desk.get(f"/outpatients/patients/{row.pk}/"))
    assert step("confirm") == 302
    assert step("nonsense") == 404
    assert step("end-need", key="x") == 404


@pytest.mark.parametrize(
    ("step", "sent"),
    [
        ("need", {"kind": "interpreter"}),
        ("flag", {"kind": "nothing", "words": "x"}),
        ("carer", {"name": "Bea"}),
        ("died", {"died_on": "2027-01-01"}),
        ("died", {"died_on": "yesterday"}),
        ("merge", {"into": "C9999999", "why": "same"}),
        ("unmerge", {"why": "two"}),
    ],
)
def test_a_refused_step_says_why_and_changes_nothing(
    trust: Organisation, desk: Client, step: str, sent: dict[str, str]
) -> None:
    row = a_patient(trust)
    before = Action.objects.exclude(verb="patients.look").count()

    answer = desk.post(f"/outpatients/patients/{row.pk}/{step}/", sent)

    assert answer.status_code == 422
    assert "Nothing was changed" in text(answer)
    assert Action.objects.exclude(verb="patients.look").count() == before


def test_two_records_are_merged_and_parted_on_their_pages(trust: Organisation, desk: Client) -> None:
    one, two = a_patient(trust), a_patient(trust)

    desk.post(f"/outpatients/patients/{two.pk}/merge/", {"into": one.number, "why": "Same address"})
    assert one.number in text(desk.get(f"/outpatients/patients/{two.pk}/"))
    assert two.number in text(desk.get(f"/outpatients/patients/{one.pk}/"))

    desk.post(f"/outpatients/patients/{two.pk}/unmerge/", {"why": "Sisters"})
    two.refresh_from_db()
    assert two.merged_into is None


def test_a_referral_and_its_patient_are_registered_in_one_form(service: Service, desk: Client) -> None:
    sent = {**PERSON, "service": service.pk, "received_on": RECEIVED, "route": "letter", "priority": "soon"}

    answer = desk.post("/outpatients/referrals/new/", sent)

    row = Referral.objects.get()
    assert (answer.status_code, row.state, row.priority) == (302, "held", "")
    page = text(desk.get(f"/outpatients/referrals/{row.pk}/"))
    assert "The clinical question" in page and "holds triage" in page


def test_a_referral_refused_leaves_no_patient_behind(service: Service, desk: Client) -> None:
    sent = {**PERSON, "service": service.pk, "received_on": RECEIVED, "route": "letter", "ubrn": "12"}

    answer = desk.post("/outpatients/referrals/new/", sent)

    assert answer.status_code == 422
    assert not Patient.objects.exists()


def test_a_patient_who_is_known_is_chosen_in_the_form(
    trust: Organisation, service: Service, desk: Client
) -> None:
    known = a_patient(trust)
    sent = {**PERSON, "service": service.pk, "received_on": RECEIVED, "route": "letter"}

    shown = desk.post("/outpatients/referrals/new/", sent)
    assert shown.status_code == 422
    assert f'name="patient" value="{known.pk}"' in text(shown)

    desk.post("/outpatients/referrals/new/", {**sent, "patient": known.pk})
    assert Referral.objects.get().patient == known


def test_a_second_referral_asks_for_a_reason(trust: Organisation, service: Service, desk: Client) -> None:
    first = a_referral(trust, service)
    sent = {"patient": first.patient_id, "service": service.pk, "received_on": RECEIVED, "route": "letter"}

    answer = desk.post("/outpatients/referrals/new/", sent)
    assert answer.status_code == 422 and first.number in text(answer)

    desk.post("/outpatients/referrals/new/", {**sent, "again_why": "The other knee"})
    assert Referral.objects.count() == 2


def test_from_gap_to_triage_to_the_waiting_list(trust: Organisation, service: Service, desk: Client) -> None:
    row = a_referral(trust, service, question="")
    assert row.number in text(desk.get("/outpatients/referrals/gaps/"))
    assert row.number not in text(desk.get("/outpatients/triage/"))

    desk.post(f"/outpatients/referrals/gaps/{Gap.objects.get().pk}/ask/")
    assert Gap.objects.get().asked == 2
    opened = filled(desk.get(f"/outpatients/referrals/{row.pk}/"))
    desk.post(f"/outpatients/referrals/{row.pk}/", {"seen": opened["seen"], "question": "Assess and treat"})
    assert row.number in text(desk.get("/outpatients/triage/"))

    answer = desk.post(
        f"/outpatients/triage/{row.pk}/", {"outcome": "accept", "priority": "1", "minutes": "45"}
    )
    assert answer.status_code == 302
    assert Entry.objects.get().referral == row
    assert "every one is accounted for" in text(desk.get("/outpatients/referrals/"))


def test_a_class_that_is_asked_for_in_triage_waits_with_all_its_sessions(
    trust: Organisation, service: Service, desk: Client
) -> None:
    row = a_referral(trust, service)
    sent = {"outcome": "group", "priority": "1", "minutes": "60"}
    page = f"/outpatients/triage/{row.pk}/"
    assert "Enter 1 to 60 visits" in text(desk.post(page, {**sent, "visits": "61"}))

    desk.post(page, {**sent, "visits": "8"})

    entry = Entry.objects.get()
    assert (entry.kind, entry.series, entry.minutes) == ("group", 8, 60)
    assert "a course of 8" in text(desk.get(f"/outpatients/list/{entry.pk}/book/"))


@pytest.mark.parametrize(
    "sent", [{}, {"outcome": "advice"}, {"outcome": "accept", "priority": "1", "minutes": "2"}]
)
def test_a_decision_that_lacks_something_is_refused_with_what(
    trust: Organisation, service: Service, desk: Client, sent: dict[str, str]
) -> None:
    row = a_referral(trust, service)

    answer = desk.post(f"/outpatients/triage/{row.pk}/", sent)

    assert answer.status_code == 422
    row.refresh_from_db()
    assert row.state == "triage"


def test_a_referral_is_removed_with_its_reason_or_not_at_all(
    trust: Organisation, service: Service, desk: Client
) -> None:
    row = a_referral(trust, service)

    assert desk.post(f"/outpatients/referrals/{row.pk}/remove/", {"why": ""}).status_code == 422
    assert desk.post(f"/outpatients/referrals/{row.pk}/remove/", {"why": "clinician"}).status_code == 422
    desk.post(f"/outpatients/referrals/{row.pk}/remove/", {"why": "duplicate"})

    row.refresh_from_db()
    assert row.removed_why == "duplicate"


def test_a_pathway_explains_its_clock_and_takes_a_correction(
    trust: Organisation, service: Service, desk: Client
) -> None:
    row = a_referral(trust, service)
    address = f"/outpatients/pathways/{row.pathway_id}/"
    page = text(desk.get(address))
    assert "The clock runs: 3 days since Tue 17 Nov 2026." in page
    assert "Treat by" in page and "Rule" in page

    sent = {
        "kind": "referral_received",
        "on": "2026-11-10",
        "replaces": f"referral:{row.pk}",
        "key": "mended",
    }
    assert desk.post(address, sent).status_code == 302

    assert "10 days since Tue 10 Nov 2026" in text(desk.get(address))
    assert "as of 12 Nov 2026" in text(desk.get(f"{address}?as_of=2026-11-12"))
    assert "No clock has started" in text(desk.get(f"{address}?known_by=2026-11-01"))


@pytest.mark.parametrize(
    ("sent", "why"),
    [
        ({"kind": "treated", "on": "2026-11-21"}, "still to come"),
        ({"kind": "decision_to_treat", "on": "2026-11-01"}, "clock"),
        ({"kind": "treated", "on": "2026-11-18", "start_on": "2026-11-01"}, "Only a transfer"),
        ({"kind": "", "on": ""}, "Choose what happened"),
    ],
)
def test_an_event_that_cannot_be_is_refused_on_the_page(
    trust: Organisation, service: Service, desk: Client, sent: dict[str, str], why: str
) -> None:
    row = a_referral(trust, service)

    answer = desk.post(f"/outpatients/pathways/{row.pathway_id}/", sent)

    assert answer.status_code == 422
    assert why in text(answer)


@pytest.mark.parametrize(
    "address",
    ["/outpatients/patients/{0}/", "/outpatients/referrals/{1}/", "/outpatients/pathways/{2}/"],
)
def test_nobody_of_another_trust_sees_anything(trust: Organisation, service: Service, address: str) -> None:
    row = a_referral(trust, service)
    stranger = signed_in(somebody("stranger", "outpatient_coordinator", a_trust("elsewhere")))

    found = stranger.get(address.format(row.patient_id, row.pk, row.pathway_id))

    assert found.status_code == 404


def test_what_becomes_known_on_the_patients_page_closes_the_gap(
    trust: Organisation, service: Service, desk: Client
) -> None:
    row = a_referral(trust, service)
    patients.change(row.patient_id, {"address": ""}, **scope(trust))
    assert Gap.objects.filter(closed_at__isnull=True).get().what == "identity"

    edit = f"/outpatients/patients/{row.patient_id}/edit/"
    seen = filled(desk.get(edit))["seen"]
    desk.post(edit, {**PERSON, "nhs_number": "9990548609", "phone": "1", "seen": seen})

    assert not Gap.objects.filter(closed_at__isnull=True).exists()
