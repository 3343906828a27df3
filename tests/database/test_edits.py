"""Every form that edits a record, opened by two: the second is told with both values, and nothing is lost."""

import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import Model
from django.test import Client

from clearway.core.audit.actions import Actor
from clearway.core.clashes import ChangedMeanwhile, plain
from clearway.core.decisions.models import Decision
from clearway.core.feeds.models import Source
from clearway.core.organisation.models import Organisation, PolicyVersion, Site
from clearway.core.worklist import actions as worklist
from clearway.core.worklist.models import Task
from clearway.core.worklist.queries import policy
from clearway.desks.ambulance.command.models import MajorIncident
from clearway.desks.ambulance.contacts.models import Contact
from clearway.desks.ambulance.facts.models import Fact
from clearway.desks.ambulance.liaison import actions as liaison
from clearway.desks.ambulance.messages.models import DeskMessage
from clearway.desks.ambulance.pressure.models import TrustLevel
from clearway.desks.ambulance.release import actions as releases
from clearway.desks.ambulance.release.models import Release
from clearway.desks.outpatients.clinics import actions as clinics
from clearway.desks.outpatients.clinics.models import Clinician, Template
from clearway.desks.outpatients.enquiries import actions as enquiries
from clearway.desks.outpatients.enquiries.models import Enquiry
from clearway.desks.outpatients.equality.models import Background
from clearway.desks.outpatients.exchange.models import FeedMapping
from clearway.desks.outpatients.intake import actions as intake
from clearway.desks.outpatients.intake.models import Layout
from clearway.desks.outpatients.letters.models import LetterText
from clearway.desks.outpatients.patients.models import Patient
from clearway.desks.outpatients.referrals.models import Referral
from clearway.domain.ambulance.command import METHANE
from clearway.domain.ambulance.destination_answers import role_name
from clearway.domain.ambulance.release import Kind, Record
from clearway.domain.ambulance.words import HospitalMeasure
from clearway.domain.outpatients.clinics import Weeks, plans_of
from clearway.domain.outpatients.enquiries import About, Caller
from tests.edits import EDITS, Edit
from tests.filled import filled
from tests.letters import with_letters
from tests.outpatients import NOW, scope
from tests.therapies import Department, a_department
from tests.trust import a_trust, signed_in, somebody, stop_the_clock

from .conftest import at, conveyance, deliver

pytestmark = [pytest.mark.django_db, pytest.mark.promise("R3")]
HERE, KEY = "TVH01", "1/A1"
STROKE = role_name("TVH02", "stroke")


@dataclass(frozen=True)
class Case:
    """One form and what two people make of it.

    kept  every row in which it is kept. says  what of both stands on the page of the second, where it is not
    what they typed. to  where it is sent, where that is not its own page; each is what both send alike
    """

    role: str
    page: str
    mine: Mapping[str, str]
    theirs: Mapping[str, str]
    kept: type[Model]
    says: tuple[str, ...] = ()
    to: str = ""
    each: Mapping[str, str] = field(default_factory=dict)
    site: str | None = None


def a_patient_is(physio: Department) -> Case:
    page = f"/outpatients/patients/{physio.patient().pk}/edit/"
    mine, theirs = {"address": "1 Mine Street"}, {"address": "2 Theirs Street"}
    return Case("outpatient_coordinator", page, mine, theirs, Patient)


def ethnicity(physio: Department) -> Case:
    page = f"/outpatients/patients/{physio.patient().pk}/"
    mine, theirs, to = {"ethnicity": "A"}, {"ethnicity": "J"}, f"{page}ethnicity/"
    says = ("White: British", "Pakistani")
    return Case("outpatient_coordinator", page, mine, theirs, Background, says, to)


def letter_text(physio: Department) -> Case:
    with_letters(physio.trust)
    row = LetterText.objects.get(code="confirmation.patient.standard")
    page, each = f"/outpatients/letters/texts/{row.pk}/edit/", {"note": "Shorter", "what": "save"}
    mine, theirs = {"title": "Your visit to us"}, {"title": "Come and see us"}
    return Case("outpatient_coordinator", page, mine, theirs, LetterText, each=each)


def weekly_clinic(physio: Department) -> Case:
    Template.objects.create(
        organisation=physio.trust,
        code="KNEE",
        version=1,
        name="Knee clinic",
        service=physio.service,
        room=physio.room,
        clinician=physio.clinician,
        weekday=5,
        valid_from=date(2026, 11, 1),
        slots=[{"start": "09:00", "minutes": 30, "kind": "new"}],
        made_at=NOW,
        made_by="test",
    )
    mine, theirs = {"name": "Knees"}, {"name": "Knee class"}
    return Case("outpatient_coordinator", "/outpatients/clinics/KNEE/", mine, theirs, Template)


def account_of_a_clinician(physio: Department) -> Case:
    people = [somebody(name, "clinician", physio.trust) for name in ("clive", "clara")]
    mine, theirs = ({"user": str(each.pk)} for each in people)
    page, says = "/outpatients/office/messages/", ("Clive", "Clara")
    return Case("outpatient_team_leader", page, mine, theirs, Clinician, says)


def left_for(physio: Department) -> Case:
    said = enquiries.New(About.OTHER, "Asks something", Caller.OTHER, caller_name="Ann Other")
    row = enquiries.take(said, **scope(physio.trust))
    others = [
        Clinician.objects.create(organisation=physio.trust, code=f"c{n}", name=name, profession="ot")
        for n, name in enumerate(("Another", "Yet Another"))
    ]
    mine, theirs = ({"clinician": str(each.pk)} for each in others)
    page, says = f"/outpatients/office/enquiries/{row.pk}/", ("Another", "Yet Another")
    return Case("outpatient_coordinator", page, mine, theirs, Enquiry, says, each={"what": "pass"})


def columns(physio: Department) -> Case:
    heading = "NHS no,Surname,First,Born,Got,Came,For,Other"
    rows = f"{heading}\n,Brown,Ada,1970-03-01,x,2026-11-02,physio,y"
    row = intake.give(rows.encode(), "a", "Dr", **scope(physio.trust))
    needed = {"family_name": "Surname", "given_names": "First", "born_on": "Born", "received_on": "Came"}
    each = {f"field-{name}": each for name, each in {**needed, "service": "For"}.items()}
    page = f"/outpatients/referrals/file/{row.pk}/columns/"
    mine, theirs = {"field-condition": "Got"}, {"field-condition": "Other"}
    return Case("outpatient_coordinator", page, mine, theirs, Layout, each=each)


def lacked(physio: Department) -> Case:
    row = physio.referral(state="triage", question="")
    mine, theirs = {"condition": "Left knee"}, {"condition": "Right knee"}
    return Case("outpatient_coordinator", f"/outpatients/referrals/{row.pk}/", mine, theirs, Referral)


def how_a_system_writes(physio: Department) -> Case:
    Source.objects.create(organisation=physio.trust, name="pas", kind="hl7", expected_interval_seconds=60)
    mine, theirs = ({"text": f'[codes.sex]\n"{letter}" = "9"'} for letter in "XY")
    says, each = ("&#34;X&#34; = ", "&#34;Y&#34; = "), {"why": "their code"}
    return Case("outpatient_team_leader", "/feeds/pas/mapping/", mine, theirs, FeedMapping, says, each=each)


def destination(trust: Organisation) -> Case:
    Site.objects.filter(code="TVH02").update(roles=[], unconfirmed_roles=["stroke"])
    each = {"reply": "change", "source": "Dr Hale", "owner": "Medical director", "closes": "18:00"}
    mine, theirs = {"opens": "08:00"}, {"opens": "10:00"}
    page = f"/destinations/confirm/{STROKE}/"
    return Case("clinical_lead", page, mine, theirs, PolicyVersion, each=each)


def level(trust: Organisation) -> Case:
    each = {"why": "Calls wait", "review_by": "2026-11-20T12:00"}
    mine, theirs, says = {"level": "2"}, {"level": "4"}, ("2 watchful", "4 extreme")
    page = "/pressure/level/csp/"
    return Case("trust_incident_manager", page, mine, theirs, TrustLevel, says, each=each)


def a_release(trust: Organisation) -> Case:
    each = {"reason": "no_trolley", "look_in": "10"}
    mine, theirs = {"decided_by": "Commander"}, {"decided_by": "Ward sister"}
    page = f"/releases/at/{HERE}/exception/?assignment={KEY}"
    return Case("patient_flow_coordinator", page, mine, theirs, Release, each=each)


def corrected_release(trust: Organisation) -> Case:
    said = Record(Kind.EXCEPTION, reason="no_trolley", decided_by="HALO", look_at=at(70))
    who: Any = {"organisation_id": trust.pk, "by": Actor("halo"), "at": at(60)}
    row = releases.record(KEY, said, seen=None, site_code=HERE, **who)
    mine, theirs = {"decided_by": "Commander"}, {"decided_by": "Ward sister"}
    page = f"/releases/corrections/{row.pk}/"
    return Case("patient_flow_coordinator", page, mine, theirs, Release)


def major_incident(trust: Organisation) -> Case:
    letters = dict.fromkeys(METHANE, "") | {"location": "M5 J20", "kind": "Coach and lorry"}
    MajorIncident.objects.create(
        organisation=trust, number=1, version=1, at=at(0), by="x", state="declared", **letters
    )
    mine, theirs = {"casualties": "30 walking"}, {"casualties": "12 trapped"}
    return Case("service_delivery_officer", "/methane/1/", mine, theirs, MajorIncident)


def how_a_hospital_stands(trust: Organisation) -> Case:
    mine, theirs, page = {"boarding": "3"}, {"boarding": "7"}, f"/hospitals/{HERE}/say/"
    return Case("halo", page, mine, theirs, Fact, ("<td>3</td>", "<td>7</td>"), site=HERE)


def at_the_door(trust: Organisation) -> Case:
    who: Any = {"organisation_id": trust.pk, "by": Actor("halo"), "at": at(55)}
    liaison.say(
        liaison.Spoken(site=HERE, counts={HospitalMeasure.BOARDING: 2}, note="", once="before"), **who
    )
    each, page = {"measure": "boarding", "key": ""}, f"/at/{HERE}/"
    mine, theirs, says = {"value": "3"}, {"value": "7"}, ("<td>3</td>", "<td>7</td>")
    return Case("halo", page, mine, theirs, Fact, says, f"{page}say/", each, HERE)


def contact(trust: Organisation) -> Case:
    row = Contact.objects.create(
        organisation=trust,
        at=at(50),
        by="x",
        role="patient_flow_coordinator",
        kind="crew",
        key="A1",
        name="A1",
        means="radio",
        reason="delay",
        result="no_answer",
    )
    mine, theirs = {"text": "Ten minutes"}, {"text": "Half an hour"}
    page = f"/contacts/new/?corrects={row.pk}"
    return Case("patient_flow_coordinator", page, mine, theirs, Contact)


def desk_message(trust: Organisation) -> Case:
    row = DeskMessage.objects.create(organisation=trust, words="Use door 3", at=at(50), by="x", role="y")
    mine, theirs = {"words": "Use door 4"}, {"words": "Use door 5"}
    page, each = f"/messages/new/?corrects={row.pk}", {"to": "A1"}
    return Case("patient_flow_coordinator", page, mine, theirs, DeskMessage, each=each)


def decision(trust: Organisation) -> Case:
    person = somebody("author", "patient_flow_coordinator", trust)
    row = Decision.objects.create(
        organisation=trust,
        decided_at=at(59),
        written_at=at(59),
        by=person,
        role="patient_flow_coordinator",
        known="Six wait",
        decision="Divert",
        reason="Long waits",
        snapshot={},
    )
    mine, theirs = {"decision": "Divert minors"}, {"decision": "Divert majors"}
    page = f"/decisions/new/?corrects={row.pk}"
    return Case("patient_flow_coordinator", page, mine, theirs, Decision, to="/decisions/new/")


def task(trust: Organisation) -> Case:
    who: Any = {"organisation_id": trust.pk, "by": Actor("pfc"), "at": at(50)}
    given = worklist.ByHand("Ring the ward", "Nobody rang", 3, "patient_flow_coordinator", None)
    row = worklist.raise_by_hand(given, policy(trust.pk, at(0).date()), **who)
    people = [somebody(name, "patient_flow_coordinator", trust) for name in ("una", "ugo")]
    mine, theirs = ({"owner": each.username} for each in people)
    page, says = f"/tasks/{row.pk}/", ("Una", "Ugo")
    return Case("patient_flow_coordinator", page, mine, theirs, Task, says, f"{page}assign/")


OFFICE: Mapping[str, Callable[[Department], Case]] = {
    "a patient": a_patient_is,
    "an ethnic category": ethnicity,
    "the text of a letter": letter_text,
    "a weekly clinic": weekly_clinic,
    "the account of a clinician": account_of_a_clinician,
    "whom a message is left for": left_for,
    "the columns of a spreadsheet": columns,
    "what a referral lacked": lacked,
    "how a system writes": how_a_system_writes,
}
ROOM: Mapping[str, Callable[[Organisation], Case]] = {
    "what a destination can do": destination,
    "a level of the trust": level,
    "a release": a_release,
    "the correction of a release": corrected_release,
    "a major incident": major_incident,
    "how a hospital stands": how_a_hospital_stands,
    "one figure at the door": at_the_door,
    "a contact": contact,
    "a message of the desk": desk_message,
    "a decision": decision,
    "a task": task,
}


@pytest.fixture
def made(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> tuple[Organisation, Case]:
    edit: Edit = request.param
    if edit.name in OFFICE:
        stop_the_clock(monkeypatch, NOW)
        physio = a_department(a_trust())
        return physio.trust, OFFICE[edit.name](physio)
    trust = request.getfixturevalue("knowing")
    stop_the_clock(monkeypatch, at(60))
    deliver(request.getfixturevalue("cad"), conveyance(HERE, until="at_hospital"), known=50)
    return trust, ROOM[edit.name](trust)


@pytest.mark.parametrize("made", EDITS, indirect=True, ids=lambda each: each.name)
def test_of_two_who_have_a_form_open_the_second_sees_both_values_and_loses_nothing(
    made: tuple[Organisation, Case],
) -> None:
    trust, case = made
    one, two = (signed_in(somebody(name, case.role, trust, case.site)) for name in ("one", "two"))
    mine, theirs = (
        {**filled(page), **follows(page, case), **case.each}
        for page in (each.get(case.page) for each in (one, two))
    )
    before = stored(case.kept)

    first = send(one, case, mine | case.mine)

    assert first.status_code == 302, first.content.decode()
    between = stored(case.kept)
    assert between != before
    second = send(two, case, theirs | case.theirs)
    page = second.content.decode()
    assert second.status_code == 409, page
    assert stored(case.kept) == between, "something of the second was saved"
    assert "Both of you changed" in page
    for words in case.says or (*case.mine.values(), *case.theirs.values()):
        assert words in page.split("Both of you changed", 1)[1].split("</table>", 1)[0]
    again = filled(second)
    assert again.items() >= case.theirs.items() or case.to.endswith("/say/")
    # With both in view they send what they decide on, to where the form says.
    decided = send(two, case, {**again, **case.each, **case.theirs, **follows(second, case)}, page)
    assert decided.status_code == 302, decided.content.decode()
    assert stored(case.kept) != between


def send(browser: Client, case: Case, sent: Mapping[str, str], page: str = "") -> Any:
    newer = re.search(r'action="(/releases/corrections/\d+/)"', page)
    return browser.post(newer[1] if newer else case.to or case.page, sent)


def follows(page: Any, case: Case) -> dict[str, str]:
    """What the door's page says of one figure among several, each in a form of its own."""
    if not case.to.startswith("/at/"):
        return {}
    forms = re.findall(r"<form.*?</form>", page.content.decode(), re.DOTALL)
    (was,) = {
        re.search(r'name="was" value="(.*?)"', form)[1]  # type: ignore[index]
        for form in forms
        if f'name="measure" value="{case.each["measure"]}"' in form
    }
    return {"was": was}


def stored(model: type[Model]) -> list[dict[str, Any]]:
    return list(model._default_manager.order_by("pk").values())


def test_every_edit_form_has_its_case() -> None:
    assert OFFICE.keys() | ROOM.keys() == {each.name for each in EDITS}


def test_a_form_that_is_not_valid_follows_no_newer_version_unseen(
    knowing: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop_the_clock(monkeypatch, at(60))
    case = major_incident(knowing)
    one, two = (signed_in(somebody(name, case.role, knowing)) for name in ("one", "two"))
    mine, theirs = (filled(each.get(case.page)) for each in (one, two))
    one.post(case.page, mine | case.mine)

    wrong = two.post(case.page, {**theirs, **case.theirs, "location": ""})

    assert wrong.status_code == 422
    answer = two.post(case.page, {**filled(wrong), **case.theirs, "location": "M5 J21"})
    assert answer.status_code == 409 and MajorIncident.objects.count() == 2


def test_the_site_and_who_was_told_of_a_decision_are_not_replaced_unseen(
    knowing: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop_the_clock(monkeypatch, at(60))
    case = decision(knowing)
    one, two = (signed_in(somebody(name, case.role, knowing)) for name in ("one", "two"))
    mine, theirs = (filled(each.get(case.page)) for each in (one, two))
    assert one.post(case.to, mine | {"site": HERE, "told": "Ward 4"}).status_code == 302

    second = two.post(case.to, theirs | {"decision": "Divert minors"})

    table = second.content.decode().split("Both of you changed", 1)[1].split("</table>", 1)[0]
    assert second.status_code == 409 and HERE in table and "Ward 4" in table


def test_a_new_major_incident_that_says_it_follows_a_version_is_refused_in_words(
    knowing: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop_the_clock(monkeypatch, at(60))
    browser = signed_in(somebody("one", "service_delivery_officer", knowing))
    letters = {"location": "M5 J20", "kind": "Coach", "state": "declared", "seen": "3"}

    answer = browser.post("/methane/", {**filled(browser.get("/methane/")), **letters})

    assert answer.status_code == 409 and not MajorIncident.objects.exists()
    assert filled(answer)["seen"] == "0"


@pytest.mark.django_db(transaction=True)
def test_who_saves_a_clinic_while_another_is_saving_it_sees_what_the_other_saved(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stop_the_clock(monkeypatch, NOW)
    physio = a_department(a_trust())
    weekly_clinic(physio)
    first = Template.objects.get()
    seen = clinics.says(first)
    sealed = {name: plain(value) for name, value in seen.items()}
    weeks = Weeks(5, 1, date(2026, 12, 4))
    given = (first.service_id, first.room_id, first.clinician_id, weeks, plans_of(first.slots))
    refusals: list[ChangedMeanwhile] = []

    def save(name: str) -> None:
        clinics.save_template(clinics.NewTemplate("KNEE", name, *given), seen=sealed, **scope(physio.trust))

    def work() -> None:
        try:
            save("Theirs")
        except ChangedMeanwhile as refusal:
            refusals.append(refusal)
        connection.close()

    second = threading.Thread(target=work)
    with transaction.atomic():
        save("Mine")
        second.start()
        second.join(0.3)
        assert second.is_alive(), "it does not wait for who saves"
    second.join()

    (refusal,) = refusals
    assert isinstance(refusal.now, Mapping) and refusal.now["name"] == "Mine"
    assert Template.objects.count() == 2
