"""What the rules of the outpatient desk raise, for whom, and when it goes."""

from datetime import date, timedelta

import pytest

from clearway.core.audit.actions import Actor
from clearway.core.worklist.models import Task
from clearway.desks.outpatients import rules, situation
from clearway.desks.outpatients.outcomes import actions
from clearway.desks.outpatients.outcomes.models import Miss
from clearway.desks.outpatients.waiting import actions as waiting
from clearway.domain.outpatients.outcomes import NextStep, Said
from clearway.domain.outpatients.words import Attended
from tests.therapies import NINE, Department, a_department
from tests.trust import a_trust

pytestmark = pytest.mark.django_db
WHO = Actor("coordinator")
EVENING = NINE + timedelta(hours=8)
MISSED = Said(Attended.MISSED, None, None, NextStep.DECIDE)
NOT_BROUGHT = Said(Attended.MISSED, None, None, NextStep.DECIDE, not_brought=True)


@pytest.fixture
def physio(db: None) -> Department:
    return a_department(a_trust())


def tasks(physio: Department, later: timedelta = timedelta(0)) -> dict[str, tuple[int, str]]:
    at = EVENING + later
    rules.run(physio.trust.pk, situation.read(physio.trust.pk, at), at)
    rows = Task.objects.filter(organisation=physio.trust, closed_at__isnull=True)
    return {row.rule: (row.priority, row.role) for row in rows}


def test_a_child_who_was_not_brought_raises_a_task_until_the_safeguarding_step(physio: Department) -> None:
    patient = physio.patient(born_on=date(2018, 1, 1))
    row = physio.booked(physio.session().slots.all()[0], physio.entry(physio.referral(patient=patient)))
    who = {"organisation_id": physio.trust.pk, "by": WHO, "at": EVENING}
    (outcome,) = actions.cash_up([(row.pk, NOT_BROUGHT)], **who)  # type: ignore[arg-type]
    assert outcome.is_saved

    raised = tasks(physio)
    assert raised["not_brought"] == (2, "outpatient_coordinator")
    assert raised["miss_unreached"] == (3, "outpatient_coordinator")
    assert all(str(patient) not in f"{row.title} {row.cause}" for row in Task.objects.all())

    miss = Miss.objects.get()
    actions.safeguard(miss.pk, "Told the health visitor", **who)  # type: ignore[arg-type]
    actions.reach(miss.pk, "phone", "answered", "Mother forgot", **who)  # type: ignore[arg-type]
    assert not tasks(physio).keys() & {"not_brought", "miss_unreached"}


def test_a_miss_of_which_a_clinician_was_asked_is_a_task_of_clinicians_until_it_is_decided(
    physio: Department,
) -> None:
    row = physio.booked(physio.session().slots.all()[0])
    who = {"organisation_id": physio.trust.pk, "by": WHO, "at": EVENING}
    actions.cash_up([(row.pk, MISSED)], **who)  # type: ignore[arg-type]
    assert "miss_undecided" not in tasks(physio)
    miss = Miss.objects.get()

    actions.ask(miss.pk, "Robin Hale", **who)  # type: ignore[arg-type]
    assert tasks(physio)["miss_undecided"] == (3, "clinician")

    said = {"clinician": "Robin Hale", "reason": "Was ill", "follows_policy": False}
    actions.decide(miss.pk, "reoffer", **said, **who)  # type: ignore[arg-type]
    assert "miss_undecided" not in tasks(physio)


def test_who_was_not_reached_on_the_day_becomes_more_urgent(physio: Department) -> None:
    row = physio.booked(physio.session().slots.all()[0])
    actions.cash_up([(row.pk, MISSED)], organisation_id=physio.trust.pk, by=WHO, at=EVENING)

    assert tasks(physio)["miss_unreached"][0] == 3
    assert tasks(physio, timedelta(days=1))["miss_unreached"][0] == 2


def test_what_a_week_leaves_goes_to_the_team_leader(physio: Department) -> None:
    physio.booked(physio.session().slots.all()[0])

    assert "clinic_unoutcomed" not in tasks(physio)
    assert tasks(physio, timedelta(days=1))["clinic_unoutcomed"] == (3, "outpatient_coordinator")
    assert "weekly_ratification" not in tasks(physio, timedelta(days=1))

    monday = timedelta(days=3)
    waiting.make_packs(organisation_id=physio.trust.pk, by=WHO, at=EVENING + monday)
    assert tasks(physio, monday)["weekly_ratification"] == (2, "outpatient_team_leader")
