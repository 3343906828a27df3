"""Releases: the record, the crew's status and the patient's clock, two people at once, the task."""

from datetime import datetime
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client

from clearway.core.audit.actions import Actor
from clearway.core.clashes import ChangedMeanwhile
from clearway.core.feeds.models import Source
from clearway.core.organisation.models import Organisation
from clearway.core.worklist.models import Task
from clearway.desks.ambulance import live, rules, situation
from clearway.desks.ambulance.incidents import queries as incidents
from clearway.desks.ambulance.quality.models import Finding
from clearway.desks.ambulance.release import actions
from clearway.desks.ambulance.release.models import Release
from clearway.domain.ambulance.release import Kind, Record
from clearway.domain.ambulance.transitions import Assignment
from clearway.domain.ambulance.words import JobState, JobStatus
from clearway.domain.shared.errors import NotAllowed
from tests.trust import signed_in, somebody, stop_the_clock

from .conftest import at, conveyance, deliver, job

pytestmark = pytest.mark.django_db
KEY, HERE, THERE = "1/A1", "TVH01", "TVH02"
STABLE = {"stable_by": "paramedic", "news2": 2, "place": "trolley", "verbal": True}


@pytest.fixture
def waiting(knowing: Organisation, cad: Source) -> Organisation:
    """A1 came to the first hospital at 08:40, A2 to the second at 08:50; A3 is on scene."""
    told = [
        *conveyance(HERE, until="at_hospital"),
        *conveyance(THERE, start=10, until="at_hospital", incident="2", call_sign="A2"),
        *conveyance(HERE, until="at_scene", incident="3", call_sign="A3"),
    ]
    deliver(cad, told, known=50)
    return knowing


def release(minutes: float, **more: Any) -> Record:
    return Record(Kind.RELEASE, **{**STABLE, "news2_at": at(minutes), **more})


def exception(minutes: float, look: float = 10, **more: Any) -> Record:
    given = {"reason": "no_trolley", "decided_by": "HALO", "look_at": at(minutes + look), **more}
    return Record(Kind.EXCEPTION, **given)


def say(trust: Organisation, record: Record, minutes: float, **more: Any) -> Release:
    by = Actor("pfc", None, more.pop("role", "patient_flow_coordinator"))
    given = {"key": KEY, "site_code": HERE, "seen": None, **more}
    return actions.record(
        given["key"],
        record,
        seen=given["seen"],
        site_code=given["site_code"],
        organisation_id=trust.pk,
        by=by,
        at=at(minutes),
    )


def stands(trust: Organisation, key: str = KEY) -> Assignment:
    return incidents.by_key(trust.pk, [key])[key]


def test_a_release_that_the_hospital_accepts_hands_the_patient_over(waiting: Organisation) -> None:
    say(waiting, release(80, nurse="Nurse in charge", accepted=True), 80)

    now = stands(waiting)
    assert now.state is JobState.WRAP_UP and not now.patient_is_waiting
    assert now.stamps[JobStatus.HANDOVER] == at(80)


def test_a_release_without_acceptance_frees_the_crew_and_the_patients_clock_runs_on(
    waiting: Organisation,
) -> None:
    row = say(waiting, release(80, nurse="Nurse in charge"), 80)

    now = stands(waiting)
    assert now.state is JobState.RELEASED and now.patient_is_waiting
    assert JobStatus.HANDOVER not in now.stamps
    assert not Finding.objects.filter(code="HQ36").exists()

    with pytest.raises(NotAllowed, match="crew has left"):
        say(waiting, exception(82), 82, seen=row.pk)
    say(waiting, release(95, nurse="Sister", accepted=True), 95, seen=row.pk)
    assert stands(waiting).stamps[JobStatus.HANDOVER] == at(95)


def test_a_release_of_which_no_nurse_in_charge_was_told_is_a_finding(waiting: Organisation) -> None:
    say(waiting, release(80), 80)

    assert Finding.objects.filter(code="HQ36", stream=f"assignment:{KEY}").exists()


def test_a_relief_frees_the_first_crew_and_the_patients_clock_runs_on(waiting: Organisation) -> None:
    row = say(waiting, Record(Kind.RELIEF, relief="A2"), 70)

    now = stands(waiting)
    assert now.state is JobState.RELEASED and now.patient_is_waiting
    board = situation.read(waiting.pk, at(90))
    place = board.assignments.key.index(KEY)
    assert bool(board.assignments.patient_is_waiting[place])
    assert not Finding.objects.filter(code__in=("HQ35", "HQ36")).exists()
    for wrong, why in (("A1", "itself"), ("A99", "No crew A99"), ("", "which crew")):
        with pytest.raises(NotAllowed, match=why):
            say(waiting, Record(Kind.RELIEF, relief=wrong), 71, seen=row.pk)
    with pytest.raises(NotAllowed, match="ambulance service"):
        say(waiting, Record(Kind.RELIEF, relief="A3"), 71, seen=row.pk, role="hospital_user")
    say(waiting, Record(Kind.RELIEF, relief="A3"), 72, seen=row.pk)  # the relief is relieved
    assert stands(waiting).patient_is_waiting


def test_an_exception_leaves_the_crew_and_the_clock_as_they_are(waiting: Organisation) -> None:
    before = stands(waiting)
    say(waiting, exception(75), 75)

    assert stands(waiting) == before


def test_of_two_people_at_once_the_second_is_shown_what_the_first_recorded(waiting: Organisation) -> None:
    first = say(waiting, exception(75), 75)

    with pytest.raises(NotAllowed, match="pfc recorded exception at 09:15 meanwhile"):
        say(waiting, release(76, nurse="Sister", accepted=True), 76)
    assert stands(waiting).patient_is_waiting and Release.objects.count() == 1
    # What another says alike, counted from their own now, is one record; how long until the next look is not.
    assert say(waiting, exception(75.2), 75.2).pk == first.pk
    alike = actions.record(
        KEY, exception(79), seen=None, site_code=HERE, organisation_id=waiting.pk, by=Actor("halo"), at=at(79)
    )
    assert alike.pk == first.pk
    with pytest.raises(ChangedMeanwhile) as refusal:
        say(waiting, exception(80, look=15), 80)
    assert [each.field for each in refusal.value.clashes] == ["look_at"] and refusal.value.now == first.pk
    # The same form sent twice is one record.
    assert say(waiting, exception(75.5), 75.5).pk == first.pk


def test_a_correction_stands_in_the_place_of_the_first_and_cannot_tell_another_event(
    waiting: Organisation,
) -> None:
    scope: dict[str, Any] = {"organisation_id": waiting.pk, "by": Actor("halo"), "at": at(90)}
    first = say(waiting, exception(75), 75)
    second = say(waiting, exception(80, look=30, reason="infection"), 80, seen=first.pk)
    with pytest.raises(NotAllowed, match="another event"):
        actions.correct(first.pk, release(75), **scope)

    mended = actions.correct(first.pk, exception(75, decided_by="Commander"), **scope)

    with pytest.raises(NotAllowed, match="Somebody else saved this"):
        actions.correct(first.pk, exception(75, decided_by="Sister"), **scope)
    reading = situation.reading(waiting.pk, at(91))
    assert reading.ground.releases[KEY].key == second.pk  # the older one was corrected, not the newest
    assert mended.supersedes_id == first.pk and mended.first_at == first.at
    for change in ("UPDATE ambulance_release SET nurse = 'x'", "DELETE FROM ambulance_release"):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(change)


def run_rules(trust: Organisation, cad: Source, minutes: float) -> list[Task]:
    for later in (0, 2):
        when = at(minutes + later)
        rules.run(trust.pk, situation.read(trust.pk, when), when)
    return list(Task.objects.filter(rule="release_look", closed_at=None))


def test_exceptions_due_for_another_look_are_one_task_until_they_are_looked_at(
    waiting: Organisation, cad: Source
) -> None:
    first = say(waiting, exception(75), 75)
    say(waiting, exception(76, reason="child"), 76, key="2/A2", site_code=THERE)
    assert run_rules(waiting, cad, 80) == []

    (task,) = run_rules(waiting, cad, 87)
    assert task.role == "patient_flow_coordinator" and task.title.startswith("2 exceptions")
    assert "A1, no trolley or chair, due 09:25" in task.cause

    say(waiting, exception(90, look=60), 90, seen=first.pk)
    deliver(cad, [job("handover", 91, incident="2", call_sign="A2")], known=91)
    for later in (92, 120):
        left = run_rules(waiting, cad, later)
    assert left == []


FORM = {"news2": "2", "stable_by": "paramedic", "nurse": "Sister", "accepted": "yes"}
WHOLE = {**FORM, "place": "chair", "given": ["verbal"]}


def address(kind: str = "release", site: str = HERE, key: str = KEY) -> str:
    return f"/releases/at/{site}/{kind}/?assignment={key}"


def here(trust: Organisation, monkeypatch: pytest.MonkeyPatch, when: datetime, role: str = "halo") -> Client:
    stop_the_clock(monkeypatch, when)
    return signed_in(somebody("who", role, trust, site=HERE if role in ("halo", "hospital_user") else None))


def test_from_the_hospital_page_to_the_coordinators_board(
    waiting: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    halo = here(waiting, monkeypatch, at(78))
    assert "/releases/at/TVH01/release/" in halo.get("/handovers/TVH01/").content.decode()
    refused = halo.post(address(), {**FORM, "news2": "9"})
    page = refused.content.decode()
    assert refused.status_code == 422 and "NEWS2 9 is high" in page and "Choose where" in page
    assert 'value="paramedic"' in page and Release.objects.count() == 0

    assert halo.post(address("exception"), {"reason": "child", "decided_by": "HALO"}).status_code == 302

    pfc = signed_in(somebody("pfc", "patient_flow_coordinator", waiting))
    board = pfc.get("/releases/").content.decode()
    assert "Stays: child; decided by HALO; look again 09:33" in board
    assert "Stays: child, look again 09:33" in pfc.get("/handovers/").content.decode()
    rows = {
        each.key: each
        for each in live.sites(waiting.pk, frozenset({HERE}), at(78))
        if each.topic == "releases"
    }
    assert "look again 09:33" in rows[KEY].html and rows[KEY].site == HERE


def test_the_figures_of_a_period_count_records_as_they_stand_and_patients_as_they_waited(
    waiting: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    say(waiting, exception(85), 85)
    newest = Release.objects.get()
    say(waiting, release(90, nurse="Sister", accepted=True), 90, seen=newest.pk)

    page = here(waiting, monkeypatch, at(120), "patient_flow_coordinator").get("/releases/figures/")

    text = " ".join(page.content.decode().split())
    # Handed over after 50 minutes with a limit of 40: ten past it; one release, late and accepted.
    numbers = "".join(f'<td class="number">{each}</td>' for each in (1, 1, 10, 1, 0, 1, 0, 0))
    assert numbers in text and "No trolley or chair 1" in text


def test_the_page_of_a_halo_reaches_no_other_hospital(
    waiting: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    halo = here(waiting, monkeypatch, at(78))

    assert halo.get(address(site=THERE, key="2/A2")).status_code == 404
    assert halo.post(address(site=THERE, key="2/A2"), WHOLE).status_code == 404
    assert halo.post(address(site=HERE, key="2/A2"), WHOLE).status_code == 422
    assert "A2" not in halo.get("/releases/").content.decode().split("<main")[1]
    other = say(waiting, exception(77), 77, key="2/A2", site_code=THERE)
    assert halo.get(f"/releases/corrections/{other.pk}/").status_code == 404
    assert Release.objects.count() == 1 and stands(waiting, "2/A2").patient_is_waiting


JUNK = ("", "x" * 500, "NaN", "-1", "99999999999999999999", "<b>", "943 476 5919")


@pytest.mark.parametrize("kind", ["release", "exception", "relief"])
@pytest.mark.parametrize("junk", JUNK)
def test_junk_in_a_form_is_refused_in_words_and_nothing_is_recorded(
    kind: str, junk: str, waiting: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    pfc = here(waiting, monkeypatch, at(78), "patient_flow_coordinator")
    names = (*WHOLE, "seen", "news2_ago", "reason", "words", "decided_by", "look_in", "relief", "commander")

    refused = pfc.post(address(kind), dict.fromkeys(names, junk))

    assert refused.status_code == 422 and "There is a problem" in refused.content.decode()
    assert Release.objects.count() == 0
    assert pfc.post(address(kind, key=junk), WHOLE).status_code in (422, 404)
    assert pfc.get(address(kind, key=junk)).status_code == 302
