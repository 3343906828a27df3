"""The standing queue, partial booking and capacity, read from the tables."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from clearway.core.audit.actions import Actor
from clearway.desks.outpatients.clocks import actions as clocks
from clearway.desks.outpatients.waiting import actions, checks, inviting, queries
from clearway.domain.outpatients.clock_events import ClockEvent, EventKind
from clearway.domain.outpatients.partial_booking import Step
from tests.therapies import NINE, TODAY, Department, a_department
from tests.trust import a_trust, signed_in, somebody

pytestmark = pytest.mark.django_db
WHO = Actor("coordinator")


@pytest.fixture
def physio(db: None) -> Department:
    return a_department(a_trust())


def well(physio: Department, **more: object) -> dict[str, object]:
    """A patient of whom no check speaks."""
    return {
        "nhs_number": f"99900{next(physio.numbers):05}",
        "nhs_number_status": "01",
        "confirmed_on": TODAY - timedelta(days=9),
        **more,
    }


def found(physio: Department) -> set[tuple[str, str]]:
    return {(each.code, each.subject) for each in checks.all_found(physio.trust.pk, NINE)}


def test_the_checks_find_what_the_tables_hold_and_nothing_of_those_who_are_well(physio: Department) -> None:
    def referral(days: int = 30, **more: object) -> object:
        patient = physio.patient(**well(physio, **more))  # type: ignore[arg-type]
        return physio.referral(TODAY - timedelta(days=days), patient)

    physio.entry(referral())  # type: ignore[arg-type]
    lost = referral()
    died = physio.entry(referral(died_on=TODAY - timedelta(days=1)))  # type: ignore[arg-type]
    urgent = physio.entry(referral(), priority="2", added_at=NINE - timedelta(days=20))  # type: ignore[arg-type]
    slot = physio.session(NINE - timedelta(days=8), slots=1).slots.all()[0]
    forgotten = physio.booked(slot, physio.entry(referral()))  # type: ignore[arg-type]

    assert found(physio) == {
        ("DQ19", f"pathway:{lost.pathway_id}"),  # type: ignore[attr-defined]
        ("DQ21", f"pathway:{died.pathway_id}"),
        ("DQ32", f"entry:{urgent.pk}"),
        ("DQ07E", f"appointment:{forgotten.pk}"),
    }


def test_what_a_clock_could_not_follow_is_in_the_queue_until_it_is_corrected(physio: Department) -> None:
    entry = physio.entry(physio.referral(patient=physio.patient(**well(physio))))
    scope: dict[str, Any] = {"organisation_id": physio.trust.pk, "by": WHO, "at": NINE}
    for key in ("treated", "again"):
        event = ClockEvent(key, EventKind.TREATED, TODAY)
        clocks.record([clocks.Recorded(entry.pathway_id, event, "another system")], **scope)
    assert ("DQ10", f"pathway:{entry.pathway_id}") in found(physio)

    withdrawn = ClockEvent("mended", EventKind.WITHDRAWN, TODAY, replaces="again")
    clocks.record([clocks.Recorded(entry.pathway_id, withdrawn, "desk")], **scope)

    assert ("DQ10", f"pathway:{entry.pathway_id}") not in found(physio)


def test_two_open_pathways_are_one_too_many_when_they_began_within_ninety_days(
    physio: Department,
) -> None:
    patient = physio.patient(**well(physio))
    for days in (200, 10):
        physio.entry(physio.referral(TODAY - timedelta(days=days), patient))
    assert "DQ06" not in {code for code, _ in found(physio)}

    physio.entry(physio.referral(TODAY - timedelta(days=60), patient))

    assert [code for code, _ in found(physio)].count("DQ06") == 2


def test_the_number_of_queries_does_not_grow_with_the_list(physio: Department) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as captured:
            checks.all_found(physio.trust.pk, NINE)
            inviting.next_steps(physio.trust.pk, NINE)
        return len(captured)

    physio.entry()
    one = asked()
    for _ in range(5):
        physio.entry()
    assert asked() == one


def test_partial_booking_follows_the_contacts_and_guards_children(physio: Department) -> None:
    child = physio.entry(physio.referral(patient=physio.patient(born_on=date(2018, 1, 1))))
    entry = physio.entry()
    for purpose, days in (("acknowledgement", 30), ("invitation", 8)):
        attempt = actions.Attempt(entry.patient_id, purpose, "letter", "x", entry_id=entry.pk)
        when = NINE - timedelta(days=days)
        actions.contact(attempt, organisation_id=physio.trust.pk, by=WHO, at=when)

    rows = {each.entry: each.due for each in inviting.next_steps(physio.trust.pk, NINE)}

    assert (rows[entry.pk].step, rows[entry.pk].on) == (Step.REMIND, TODAY - timedelta(days=1))
    assert rows[child.pk].is_guarded and not rows[entry.pk].is_guarded


def test_a_follow_up_that_is_not_due_does_not_wait_yet(physio: Department) -> None:
    after_treatment = physio.entry(kind="follow_up", due_on=TODAY + timedelta(days=30))
    after_treatment.pathway = None  # no clock runs any more
    after_treatment.save()

    (line,) = queries.demand(physio.trust.pk, NINE)

    assert (line.waiting, line.oldest, line.mean_days) == (1, None, None)


def test_the_pages_show_checks_steps_and_capacity(physio: Department) -> None:
    browser: Client = signed_in(somebody("tess", "outpatient_team_leader", physio.trust))
    now = datetime.now(UTC)
    referral = physio.referral((now - timedelta(days=200)).date())
    physio.entry(referral, added_at=now - timedelta(days=20))
    physio.session(now + timedelta(days=2), slots=12)

    checked = browser.get("/outpatients/validation/?rule=DQ25").content.decode()
    assert "Past treat-by without a dated next step" in checked and str(referral.patient)[:6] in checked
    assert "The checks found nothing" in browser.get("/outpatients/validation/?rule=DQ01").content.decode()
    assert "P0 tell the patient" in browser.get("/outpatients/partial/").content.decode()
    page = browser.get("/outpatients/capacity/").content.decode()
    # One joined in 12 weeks, 12 seats are planned in 6: 0.08 a week for 2 a week.
    assert "<td>0.04</td>" in page and ">2.0<" in page
