"""Worklists of e-RS taken into referrals and clocks, by the action, the page and the command."""

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from clearway.cli import ers_load, main
from clearway.core.organisation.models import Organisation
from clearway.desks.outpatients.clinics.models import Service
from clearway.desks.outpatients.clocks.models import ClockEvent
from clearway.desks.outpatients.intake import actions
from clearway.desks.outpatients.intake.models import GivenFile
from clearway.desks.outpatients.patients.models import Patient
from clearway.desks.outpatients.referrals import rules
from clearway.desks.outpatients.referrals.models import Referral
from clearway.domain.outpatients.measurement import ServiceKind
from clearway.domain.shared.errors import NotAllowed
from clearway.interchange.referral_file import ReferralRow
from tests.ers import ADA, BEN, a_list, an_entry
from tests.outpatients import NOW, TODAY, a_patient, a_service, scope
from tests.trust import a_trust, signed_in, somebody, stop_the_clock

pytestmark = pytest.mark.django_db
UBRN = "000048417799"
ISSUE = a_list(an_entry(UBRN, reason="NO_SLOTS_AT_SERVICE"))


@pytest.fixture
def trust() -> Organisation:
    return a_trust()


@pytest.fixture
def service(trust: Organisation) -> Service:
    made = a_service(trust, kind=ServiceKind.CONSULTANT_LED)
    a_patient(trust, nhs_number=ADA)
    return made


def load(service: Service, raw: bytes, days: int = 0) -> GivenFile:
    where = scope(service.organisation, NOW + timedelta(days=days))
    return actions.load(raw, "list.json", "e-RS", service.pk, **where)


def verdicts(row: GivenFile) -> list[str]:
    return [each["verdict"] for each in row.results]


@pytest.mark.parametrize(
    ("reason", "starts"), [("", "ubrn_converted"), ("NO_SLOTS_AT_SERVICE", "slot_issue_listed")]
)
def test_an_entry_becomes_a_referral_whose_clock_starts_as_its_worklist_says(
    service: Service, reason: str, starts: str
) -> None:
    load(service, a_list(an_entry(UBRN, reason=reason)))

    row = Referral.objects.get()
    assert (row.ubrn, row.route, row.listed_on) == (UBRN, "ers", TODAY - timedelta(days=4))
    assert row.pathway is not None
    event = ClockEvent.objects.get(pathway=row.pathway)
    assert (event.kind, row.pathway.started_on) == (starts, TODAY - timedelta(days=4))
    assert row.pathway.ppid == UBRN.rjust(20, "0")


def test_the_same_worklist_again_changes_nothing(service: Service) -> None:
    load(service, ISSUE)
    before = Referral.objects.values().get()

    again = load(service, ISSUE, days=1)

    assert verdicts(again) == ["repeat"]
    assert (Referral.objects.values().get(), ClockEvent.objects.count()) == (before, 1)


def test_a_referral_that_later_has_no_slot_keeps_its_clock_and_waits_for_a_booking(service: Service) -> None:
    load(service, a_list(an_entry(UBRN, day="2026-11-10")))
    load(service, ISSUE)

    row = Referral.objects.select_related("pathway").get()
    assert row.pathway is not None and str(row.pathway.started_on) == "2026-11-10"
    assert (row.review_reason, str(row.listed_on)) == ("NO_SLOTS_AT_SERVICE", "2026-11-16")
    (wanted,) = rules.to_book(rules.slot_issues(service.organisation_id, NOW))
    assert "no slots at the service" in wanted.cause and "26 Dec 2026" in wanted.cause
    assert wanted.priority == 3
    late = rules.to_book(rules.slot_issues(service.organisation_id, NOW + timedelta(days=60)))
    assert [each.priority for each in late] == [2]


def test_a_slot_issue_of_a_referral_that_has_ended_is_refused_and_not_lost(service: Service) -> None:
    load(service, a_list(an_entry(UBRN)))
    Referral.objects.update(state="removed", removed_why="declined", removed_on=TODAY)

    again = load(service, ISSUE)

    assert verdicts(again) == ["refused"] and "has ended here" in again.results[0]["why"]


def test_once_it_is_booked_a_slot_issue_asks_for_nothing(service: Service) -> None:
    load(service, ISSUE)
    row = Referral.objects.get()
    row.entries.create(
        organisation_id=row.organisation_id,
        patient=row.patient,
        service=service,
        kind="new",
        priority="1",
        minutes=30,
        added_at=NOW,
        state="booked",
    )

    assert rules.slot_issues(service.organisation_id, NOW) == ()


def test_somebody_not_known_here_is_refused_and_the_other_rows_are_taken(service: Service) -> None:
    taken = load(service, a_list(an_entry(UBRN, number=BEN), an_entry("000048417800")))

    assert verdicts(taken) == ["refused", "registered"]
    assert taken.results[0]["where"] == "nhs number" and "Register the patient" in taken.results[0]["fix"]


def test_a_booking_reference_of_another_patient_is_refused(service: Service) -> None:
    load(service, ISSUE)
    a_patient(service.organisation, "Ben Hill", nhs_number=BEN)

    taken = load(service, a_list(an_entry(UBRN, number=BEN, reason="NO_SLOTS_AT_SERVICE")))

    assert verdicts(taken) == ["refused"] and Referral.objects.get().patient.nhs_number == ADA


def test_who_is_named_in_full_is_registered(service: Service) -> None:
    Patient.objects.all().delete()

    assert verdicts(load(service, a_list(an_entry(UBRN), names=True))) == ["registered"]
    assert Patient.objects.get().family_name == "Brown"


def test_a_third_answer_of_a_day_is_refused_until_the_next_and_a_repeat_does_not_count(
    service: Service,
) -> None:
    for raw in (ISSUE, ISSUE, a_list()):
        load(service, raw)
    third = a_list(an_entry("000048417801", number=ADA))

    with pytest.raises(NotAllowed) as refusal:
        load(service, third)

    assert "2 times a day" in refusal.value.why and "21 Nov 2026, 00:00" in refusal.value.why
    other = a_service(service.organisation, "SLT")
    assert load(other, third).state == "taken"
    assert load(service, third, days=1).state == "taken"


def test_the_page_takes_a_worklist_and_the_referral_says_why_it_is_listed(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop_the_clock(monkeypatch, NOW)
    desk = signed_in(somebody("coordinator", "outpatient_coordinator", service.organisation))
    given: dict[str, Any] = {"sender": "e-RS", "rows": ISSUE.decode()}

    refused = desk.post("/outpatients/referrals/file/", given)
    assert refused.status_code == 422 and "Say whose worklist" in refused.content.decode()
    answer = desk.post("/outpatients/referrals/file/", {**given, "service": service.pk})
    address = answer["Location"]
    shown = desk.get(address)
    assert b"Register 1 referral" in shown.content
    (digest,) = re.findall(r'name="digest" value="(\w+)"', shown.content.decode())
    desk.post(address, {"digest": digest})

    row = Referral.objects.get()
    page = desk.get(f"/outpatients/referrals/{row.pk}/").content.decode()
    assert "The patient could not book: no slots at the service, 16 Nov 2026" in page


def test_an_export_given_as_a_file_is_of_the_service_that_was_chosen(service: Service) -> None:
    raw = b"UBRN,Review reason,NHS number,Received\n000048417799,TRIAGE,9990548609,16/11/2026\n"

    taken = actions.load(raw, "list.csv", "e-RS", service.pk, **scope(service.organisation))

    assert verdicts(taken) == ["registered"] and Referral.objects.get().service == service


def test_a_reason_without_a_booking_reference_is_refused(service: Service) -> None:
    values = {"family_name": "Brown", "given_names": "Ada", "born_on": "1970-03-01", "service": "MSK"}
    row = ReferralRow(1, {**values, "received_on": "2026-11-16", "review_reason": "TRIAGE"})

    (result,) = actions.take([row], actions.Taking("PAS"), **scope(service.organisation))

    assert (result.verdict, result.where) == ("refused", "ubrn")


def test_a_file_that_is_no_worklist_is_not_loaded(service: Service) -> None:
    raw = b"Family name,Given names,Birth date,Service,Received\nBrown,Ada,1970-03-01,MSK,16/11/2026\n"

    with pytest.raises(NotAllowed, match="no worklist"):
        actions.load(raw, "list.csv", "e-RS", service.pk, **scope(service.organisation))
    assert not GivenFile.objects.exists()


def test_the_command_says_what_became_of_each_row(
    service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Organisation.objects.filter(pk=service.organisation_id).update(desks=["outpatients"])
    monkeypatch.setattr("clearway.cli.ground.prepare", lambda role: None)
    file = tmp_path / "list.json"
    file.write_bytes(a_list(an_entry(UBRN, day="2025-11-17"), an_entry("1")))

    assert main(["ers", "load", str(file), "--service", "MSK", "--json"]) == 1

    said = json.loads(capsys.readouterr().out)
    assert (said["registered"], said["refused"]) == (1, 1)
    assert said["rows"][1]["where"] == "ubrn"
    assert main(["ers", "load", str(file), "--service", "NONE"]) == 2
    assert GivenFile.objects.get().sender == ers_load.SENDER
