"""An onward request from an ambulance incident to a seen appointment, and every way back."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.exceptions import ObjectDoesNotExist
from django.db import IntegrityError, InternalError, connection, transaction

from clearway.core.audit.actions import Actor
from clearway.core.audit.models import Action
from clearway.core.onward import actions as onward
from clearway.core.onward import presenters, queries
from clearway.core.onward.models import OnwardPerson, OnwardRequest, OnwardStep
from clearway.core.openings import actions as openings
from clearway.core.openings.models import Proof
from clearway.core.organisation.models import Organisation
from clearway.core.retention import actions as retention
from clearway.core.retention.shelves import ONWARD_PEOPLE
from clearway.core.worklist.models import Task
from clearway.desks.ambulance import live as ambulance_live
from clearway.desks.ambulance.incidents.models import Identity, Incident
from clearway.desks.ambulance.incidents.need import PATIENT
from clearway.desks.ambulance.onward import rules as ambulance_rules
from clearway.desks.outpatients import live as outpatient_live
from clearway.desks.outpatients import rules, situation
from clearway.desks.outpatients.booking import actions as booking
from clearway.desks.outpatients.booking.models import Appointment
from clearway.desks.outpatients.clinics.models import Slot
from clearway.desks.outpatients.onward import actions
from clearway.desks.outpatients.outcomes import actions as outcomes
from clearway.desks.outpatients.patients.actions import LooksAlike
from clearway.desks.outpatients.referrals import actions as referrals
from clearway.desks.outpatients.referrals.models import Referral
from clearway.domain.outpatients.outcomes import PRESETS, Mistake, Said
from clearway.domain.outpatients.words import CancelledBy
from clearway.domain.shared.errors import NotAllowed
from tests.outpatients import NOW, a_patient, scope
from tests.therapies import Department, a_department
from tests.trust import a_trust, set_policy, signed_in, somebody, stop_the_clock

DAY = timedelta(days=1)
FALLS = {
    "name": "Falls and balance",
    "kinds": {"falls": "After a fall", "therapy": "Therapy at home"},
    "target_hours": 48,
    "days": [1, 2, 3, 4, 5, 6, 7],
    "accepts": {"priority": "2", "minutes": 30},
}
ADA = onward.Person("Brown", "Ada", date(1938, 4, 2), phone="07700 900111", postcode="WR5 1DD")


@dataclass
class Two:
    """An ambulance service, the trust whose falls service it may ask, and a third that has no part in it."""

    sender: Organisation
    trust: Organisation
    third: Organisation
    falls: Department

    def send(self, person: onward.Person = ADA, **more: Any) -> OnwardRequest:
        new = onward.New((self.trust.code, "falls"), "falls", "Fell, unhurt; please assess", person)
        return onward.send(replace(new, **more), **scope(self.sender))

    def received(self, **more: Any) -> OnwardRequest:
        return actions.receive(self.send(**more).pk, **scope(self.trust))

    def stands(self, row: OnwardRequest) -> str:
        """As the sender reads it."""
        return presenters.state_words(queries.one_sent(self.sender.pk, row.pk))


@pytest.fixture
def two(db: None) -> Two:
    sender, trust, third = a_trust("crews"), a_trust("therapies"), a_trust("third")
    Organisation.objects.filter(pk__in=[trust.pk, third.pk]).update(desks=["outpatients"])
    set_policy(trust, "onward_services", {"from": [sender.code], "services": {"falls": FALLS}})
    falls = a_department(trust, "falls")
    falls.session(NOW + DAY, slots=4)
    return Two(sender, trust, third, falls)


def slots(two: Two) -> list[int]:
    found = Slot.objects.filter(session__clinician=two.falls.clinician)
    return list(found.order_by("pk").values_list("pk", flat=True))


def test_from_an_incident_to_a_seen_appointment_both_sides_read_the_same(two: Two) -> None:
    row = two.received(incident="I-77", crew="A1")

    referral = Referral.objects.get(pk=row.reference)
    assert (referral.state, referral.question) == ("waiting", "Fell, unhurt; please assess")
    assert referral.pathway is not None and referral.pathway.state == "ticking"  # as any other referral
    assert referral.acknowledged_at is not None or not referral.patient.address
    assert two.stands(row) == "Registered, no slot yet"

    actions.hold(row.pk, slots(two)[0], **scope(two.trust))
    assert two.stands(row) == "Slot held"
    actions.hold(row.pk, slots(two)[0], book=True, **scope(two.trust))
    assert two.stands(row) == "Booked"

    visit = Appointment.objects.get(referral=referral, state="booked")
    later = scope(two.trust, NOW + 2 * DAY)
    assert cash_up(visit, "d", later)
    assert two.stands(row) == "Seen and discharged"

    outcomes.take_back(visit.pk, Mistake.SLIP, **later)
    assert two.stands(row) == "Booked"
    told = [each.what for each in presenters.steps(row, two.sender.pk)]
    assert told == [
        "Sent",
        "Registered",
        "Slot held",
        "Booked",
        "Seen",
        "Discharged",
        "Taken back by the service",
    ]
    assert {each.who for each in presenters.steps(row, two.sender.pk)} == {"desk", "therapies"}


def test_what_the_clinic_loses_the_crew_reads(two: Two) -> None:
    row = two.received()
    actions.hold(row.pk, slots(two)[0], **scope(two.trust))
    booking.let_go_of_holds(**scope(two.trust, NOW + DAY))
    assert two.stands(row) == "Registered, no slot yet"

    actions.hold(row.pk, slots(two)[1], book=True, **scope(two.trust))
    visit = Appointment.objects.get(entry__referral=row.reference, state="booked")
    booking.cancel(visit.pk, by_whom=CancelledBy.PATIENT, reason="patient_ill", **scope(two.trust))
    assert two.stands(row) == "Registered, no slot yet"

    referrals.remove(row.reference, "error", **scope(two.trust))
    assert two.stands(row) == "Ended without being seen"


def test_a_later_visit_that_is_taken_back_leaves_the_first_one_seen(two: Two) -> None:
    row, later = two.received(), scope(two.trust, NOW + 2 * DAY)
    actions.hold(row.pk, slots(two)[0], book=True, **scope(two.trust))
    first = Appointment.objects.get(referral=row.reference)
    assert cash_up(first, "s", later) and two.stands(row) == "Seen"
    entry = first.brought.get()
    second = two.falls.booked(Slot.objects.get(pk=slots(two)[1]), entry)
    assert cash_up(second, "d", later) and two.stands(row) == "Seen and discharged"

    outcomes.take_back(second.pk, Mistake.SLIP, **later)

    assert two.stands(row) == "Seen"


def cash_up(visit: Appointment, key: str, who: dict[str, Any]) -> bool:
    """By the key of the sheet."""
    preset = PRESETS[key]
    due_on = (NOW + 30 * DAY).date() if key == "s" else None
    said = Said(preset.attended, preset.outcome, preset.status, preset.next_step, preset.not_brought)
    (done,) = outcomes.cash_up([(visit.pk, replace(said, due_on=due_on))], **who)
    assert done.is_saved, done.why
    return True


def wanted_of(two: Two) -> str:
    """What the sender's worklist is asked for an hour later."""
    return str(ambulance_rules.outcomes(two.sender.pk, {}, {}, NOW + timedelta(hours=1)))


def test_one_that_is_refused_goes_back_with_its_reason_and_is_sent_again_once(two: Two) -> None:
    row = two.send()

    with pytest.raises(NotAllowed, match="Give the reason"):
        onward.refuse(row.pk, " ", **scope(two.trust))
    onward.refuse(row.pk, "Out of our area", **scope(two.trust))

    assert presenters.steps(row, two.sender.pk)[-1].words == "Out of our area"
    assert "refused a patient" in wanted_of(two)
    again = two.send(again_of=row.pk)
    assert "refused a patient" not in wanted_of(two)
    assert two.stands(again) == "Sent, not read yet"
    with pytest.raises(NotAllowed, match="sent again already"):
        two.send(again_of=row.pk)
    with pytest.raises(NotAllowed, match="look at it again"):
        actions.receive(row.pk, **scope(two.trust))


def test_one_that_nobody_read_stays_on_both_lists_however_many_came_after_it(
    two: Two, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "MOST", 1)
    first, *later = [two.send() for _ in range(4)]
    for row in later:
        onward.refuse(row.pk, "Out of our area", **scope(two.trust))

    newest = later[-1].pk
    assert [row.pk for row in queries.come(two.trust.pk, NOW)] == [first.pk, newest]
    assert [row.pk for row in queries.sent(two.sender.pk, NOW)] == [newest, first.pk]


def test_nobody_leaves_a_list_because_a_sender_withdraws(two: Two) -> None:
    unread, row = two.send(replace(ADA, nhs_number="9990548609")), two.received()

    assert onward.withdraw(unread.pk, "Conveyed after all", **scope(two.sender)).state == "withdrawn"
    onward.withdraw(row.pk, "Conveyed after all", **scope(two.sender))

    referral = Referral.objects.get(pk=row.reference)
    assert referral.state == "waiting" and two.stands(row).endswith("asked for back")
    rules.run(two.trust.pk, situation.read(two.trust.pk, NOW), NOW)
    assert Task.objects.filter(organisation=two.trust, subject=f"onward:{row.pk}").exists()
    referrals.remove(referral.pk, "error", **scope(two.trust))
    assert two.stands(row) == "Withdrawn"


def test_whoever_goes_on_says_why(two: Two) -> None:
    row = two.received()
    with pytest.raises(NotAllowed, match="Nobody asked for it back"):
        onward.keep(row.pk, "Needed", **scope(two.trust))
    onward.withdraw(row.pk, "Daughter will see to it", **scope(two.sender))

    onward.keep(row.pk, "The patient wants to come", **scope(two.trust))

    assert two.stands(row) == "Registered, no slot yet"


def test_somebody_who_looks_like_another_waits_for_a_person(two: Two) -> None:
    known = a_patient(two.trust, "Ada Brown", born_on=ADA.born_on)
    row = two.send()

    with pytest.raises(LooksAlike) as refused:
        actions.receive(row.pk, **scope(two.trust))
    assert refused.value.alike == (known.pk,) and two.stands(row) == "Sent, not read yet"
    assert not Referral.objects.filter(organisation=two.trust).exists()

    assert actions.receive(row.pk, patient_id=known.pk, **scope(two.trust)).number


def test_a_number_with_another_birth_date_waits_for_a_person_too(two: Two) -> None:
    known = a_patient(two.trust, "Ada Brown", nhs_number="9990548609")
    row = two.send(replace(ADA, nhs_number="9990548609"))

    with pytest.raises(actions.AnotherBirthDate) as refused:
        actions.receive(row.pk, **scope(two.trust))

    assert refused.value.alike == (known.pk,)


def test_a_request_without_a_standing_decision_is_triaged_first(two: Two) -> None:
    policy = two.trust.policies.get(name="onward_services")
    policy.values["services"]["falls"].pop("accepts")
    policy.save()

    row = two.received()

    assert Referral.objects.get(pk=row.reference).state == "triage"
    with pytest.raises(NotAllowed, match="triaged first"):
        actions.hold(row.pk, slots(two)[0], **scope(two.trust))


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"kind": "hips"}, "takes no such requests"),
        ({"to": ("THIRD", "falls")}, "takes no such requests"),
        ({"asked": " "}, "Say what is asked"),
        ({"person": onward.Person("Brown")}, "birth date"),
    ],
)
def test_what_nobody_could_act_on_is_not_sent(two: Two, more: dict[str, Any], why: str) -> None:
    with pytest.raises(NotAllowed, match=why):
        two.send(**more)
    assert not OnwardRequest.objects.exists()


def test_a_third_organisation_sees_and_does_nothing(two: Two) -> None:
    row = two.received()

    assert queries.sent(two.third.pk, NOW) == queries.come(two.third.pk, NOW) == []
    assert queries.takers(two.third.pk, NOW) == []
    for act in (onward.withdraw, onward.refuse, onward.keep):
        with pytest.raises(ObjectDoesNotExist):
            act(row.pk, "Ours", **scope(two.third))
    with pytest.raises(ObjectDoesNotExist):
        actions.receive(row.pk, **scope(two.third))
    with pytest.raises(ObjectDoesNotExist):  # nor the sender what is the receiver's
        onward.refuse(row.pk, "Ours", **scope(two.sender))
    onward.tell(row.reference, onward.Step.SEE, **scope(two.third))
    assert two.stands(row) == "Registered, no slot yet"
    pages = {
        "patient_flow_coordinator": ["/onward/{}/", "/onward/"],
        "outpatient_coordinator": ["/outpatients/onward/{}/", "/outpatients/onward/"],
    }
    for role, (one, all_) in pages.items():
        client = signed_in(somebody(f"third-{role}", role, two.third))
        assert client.get(one.format(row.pk)).status_code == 404
        assert b"Falls" not in client.get(all_).content


def test_steps_are_never_changed_and_the_database_holds_what_a_request_is(two: Two) -> None:
    row = two.send()
    step = OnwardStep.objects.get(request=row)

    for wrong in (lambda: OnwardStep.objects.filter(pk=step.pk).update(words="x"), step.delete):
        with pytest.raises((IntegrityError, InternalError)), transaction.atomic():
            wrong()
    for wrong in ({"state": "lost"}, {"state": "received"}, {"reference": 7}, {"due_at": NOW - DAY}):
        with pytest.raises(IntegrityError), transaction.atomic():
            OnwardRequest.objects.filter(pk=row.pk).update(**wrong)
    connection.check_constraints()


def test_rows_that_are_pushed_name_nobody_and_go_to_their_own_side(two: Two) -> None:
    row = two.received()
    keys = frozenset({str(row.pk)})

    (sent,) = ambulance_live.sent(two.sender.pk, keys, NOW)
    (come,) = outpatient_live.come(two.trust.pk, keys, NOW)

    assert "Registered" in sent.html and row.number in come.html
    assert "Brown" not in sent.html + come.html
    assert (
        ambulance_live.sent(two.trust.pk, keys, NOW) == outpatient_live.come(two.sender.pk, keys, NOW) == []
    )


def test_who_it_was_is_let_go_of_after_its_period_and_the_steps_stay(two: Two) -> None:
    set_policy(two.sender, "retention", {"periods": [{"of": "onward_people", "days": 30}]})
    gone, open_ = two.send(), two.received(person=replace(ADA, family_name="Green"))
    onward.refuse(gone.pk, "Out of our area", **scope(two.trust))

    let_go = retention.forget(two.sender, ONWARD_PEOPLE, by=scope(two.trust)["by"], at=NOW + 31 * DAY)

    assert let_go == 1 and OnwardPerson.objects.get().request_id == open_.pk
    assert OnwardStep.objects.filter(request=gone).count() == 2


@pytest.mark.promise("S5")
def test_who_it_is_goes_along_from_an_old_incident_only_once_it_was_opened(
    two: Two, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop_the_clock(monkeypatch, NOW)
    Incident.objects.create(organisation=two.sender, key="I-9", call_connect_at=NOW - 2 * DAY)
    told = {"name": "Ada Brown", "born_on": ADA.born_on}
    Identity.objects.create(organisation=two.sender, incident="I-9", **told)
    user = somebody("flow", "patient_flow_coordinator", two.sender)
    flow = signed_in(user)
    asked, goes = "/onward/new/?incident=I-9&crew=A1", "was sent with the call and goes along"

    assert goes not in flow.get(asked).content.decode()
    by = Actor("flow", user_id=user.pk)
    openings.open_(
        PATIENT,
        "incident:I-9",
        "welfare",
        "The crew rings",
        proved=Proof.PASSWORD,
        organisation_id=two.sender.pk,
        by=by,
        at=NOW,
    )

    assert goes in flow.get(asked).content.decode()


def an_old_incident(two: Two) -> None:
    Incident.objects.create(organisation=two.sender, key="I-9", call_connect_at=NOW - 2 * DAY)
    told = {"name": "Ada Brown", "born_on": ADA.born_on}
    Identity.objects.create(organisation=two.sender, incident="I-9", **told)


@pytest.mark.promise("S5")
def test_a_request_that_somebody_invents_opens_no_old_incident(
    two: Two, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop_the_clock(monkeypatch, NOW)
    an_old_incident(two)
    flow = signed_in(somebody("flow", "patient_flow_coordinator", two.sender))
    two.send(onward.Person("Nobody", born_on=ADA.born_on), incident="I-9")

    look = flow.post("/incidents/I-9/identity/", {"reason": "welfare", "text": "x"})

    assert look.status_code == 403
    assert "goes along" not in flow.get("/onward/new/?incident=I-9").content.decode()


@pytest.mark.promise("S5")
@pytest.mark.parametrize(
    ("name", "hours", "goes"), [("desk", 23, True), ("desk", 25, False), ("flow", 1, False)]
)
def test_who_it_is_goes_along_again_for_a_day_to_who_sent_it(
    two: Two, monkeypatch: pytest.MonkeyPatch, name: str, hours: int, goes: bool
) -> None:
    row = two.send()
    onward.refuse(row.pk, "Out of our area", **scope(two.trust))
    stop_the_clock(monkeypatch, NOW + timedelta(hours=hours))
    client = signed_in(somebody(name, "patient_flow_coordinator", two.sender))

    page = client.get(f"/onward/new/?again={row.pk}").content.decode()

    assert ("goes along" in page) is goes


@pytest.mark.promise("S5")
def test_who_may_not_look_at_identities_sends_none_unseen(two: Two, monkeypatch: pytest.MonkeyPatch) -> None:
    stop_the_clock(monkeypatch, NOW)
    an_old_incident(two)
    Incident.objects.update(call_connect_at=NOW)  # on the boards
    community = signed_in(somebody("crc", "community_response_coordinator", two.sender))

    assert "goes along" not in community.get("/onward/new/?incident=I-9").content.decode()


def test_the_pages_send_register_hold_and_withdraw(two: Two, monkeypatch: pytest.MonkeyPatch) -> None:
    stop_the_clock(monkeypatch, NOW)
    Incident.objects.create(organisation=two.sender, key="I-9", patient_age=88, call_connect_at=NOW)
    Identity.objects.create(
        organisation=two.sender, incident="I-9", name="Ada Brown", nhs_number=None, born_on=ADA.born_on
    )
    flow = signed_in(somebody("flow", "patient_flow_coordinator", two.sender))
    desk = signed_in(somebody("opc", "outpatient_coordinator", two.trust))

    page = flow.get("/onward/new/?incident=I-9&crew=A1").content.decode()
    assert "was sent with the call" in page and "Brown" not in page
    assert flow.post("/onward/new/", {"to": "", "asked": ""}).status_code == 422
    said = {"to": f"{two.trust.code}/falls/falls", "asked": "Fell, unhurt", "incident": "I-9", "crew": "A1"}
    assert flow.post("/onward/new/?incident=I-9", said).status_code == 302
    row = OnwardRequest.objects.get()
    assert (
        row.person.family_name == "Brown"
        and "Falls and balance" in flow.get("/incidents/I-9/").content.decode()
    )
    assert "Brown" not in flow.get(f"/onward/{row.pk}/").content.decode()

    address = f"/outpatients/onward/{row.pk}/"
    assert "Ada Brown" in desk.get(address).content.decode()
    assert Action.objects.filter(verb="onward.look", subject=f"onward:{row.pk}").exists()
    assert desk.post(f"{address}refuse/", {"why": ""}).status_code == 422
    assert desk.post(address, {}).status_code == 302
    for hours, is_late in ((1, True), (24 * 90, False)):
        OnwardRequest.objects.update(due_at=row.sent_at + timedelta(hours=hours))
        assert ("later than was asked for" in desk.get(address).content.decode()) is is_late
    assert desk.post(f"{address}slot/", {"what": "hold"}).status_code == 422
    assert desk.post(f"{address}slot/", {"what": "hold", "slot": slots(two)[0]}).status_code == 302
    page = desk.get(address).content.decode()
    assert "The held slot" in page and "book it" in page
    assert "Slot held" in flow.get("/onward/").content.decode()
    assert flow.post(f"/onward/{row.pk}/", {"why": ""}).status_code == 422
    assert flow.post(f"/onward/{row.pk}/", {"why": "Conveyed after all"}).status_code == 302
    assert "The sender asks for it back" in desk.get(address).content.decode()
    assert desk.post(f"{address}keep/", {"why": "Needed"}).status_code == 302
    assert desk.post(f"{address}slot/", {"what": "book", "slot": slots(two)[0]}).status_code == 302
    assert "Booked" in flow.get(f"/onward/{row.pk}/").content.decode()
