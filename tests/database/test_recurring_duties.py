"""The register of recurring duties: due, evidence, overdue."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from clearway.core.audit.actions import Actor
from clearway.core.worklist.models import Task
from clearway.desks.outpatients import rules, situation
from clearway.desks.outpatients.recurring import actions
from clearway.desks.outpatients.recurring.models import DutyDone, RecurringDuty
from clearway.domain.outpatients.recurring import Every, Kind, Unit
from clearway.domain.shared.errors import NotAllowed
from tests.therapies import NINE, TODAY, Department, a_department
from tests.trust import a_trust, signed_in, somebody

pytestmark = pytest.mark.django_db
WHO = Actor("coordinator")
DAY = timedelta(days=1)
PAGE = "/outpatients/office/duties/"


@pytest.fixture
def physio(db: None) -> Department:
    return a_department(a_trust())


def who(physio: Department, after: timedelta = timedelta(0)) -> Any:
    return {"organisation_id": physio.trust.pk, "by": WHO, "at": NINE + after}


def enter(physio: Department, **more: Any) -> RecurringDuty:
    said = {"name": "Audit of the notes", "kind": Kind.AUDIT, "owner": "Opal", **more}
    new = actions.New(every=Every(4, Unit.WEEKS), due_on=TODAY, **said)
    return actions.enter(new, **who(physio))


def tasks(physio: Department, after: timedelta) -> dict[str, str]:
    at = NINE + after
    rules.run(physio.trust.pk, situation.read(physio.trust.pk, at), at)
    rows = Task.objects.filter(organisation=physio.trust, closed_at__isnull=True)
    return {row.subject: row.role for row in rows if row.rule == "duty_overdue"}


def test_a_duty_past_its_day_is_a_task_until_it_is_done_with_evidence(physio: Department) -> None:
    row = enter(physio)

    assert tasks(physio, timedelta(0)) == {}
    assert tasks(physio, DAY) == {f"recurring_duty:{row.pk}": "outpatient_team_leader"}
    row = actions.done(row.pk, TODAY + DAY, "Report 4 of 2026", **who(physio, DAY))

    assert row.due_on == TODAY + 29 * DAY
    assert tasks(physio, DAY) == {}
    assert DutyDone.objects.get().recorded_by == "coordinator"


def test_an_older_time_that_is_written_down_later_does_not_bring_the_day_forward(physio: Department) -> None:
    row = enter(physio)
    actions.done(row.pk, TODAY, "Report 4", **who(physio))

    row = actions.done(row.pk, TODAY - 28 * DAY, "Report 3, found again", **who(physio))

    assert row.due_on == TODAY + 28 * DAY
    with pytest.raises(NotAllowed, match="after today"):
        actions.done(row.pk, TODAY + DAY, "Not yet", **who(physio))


def test_an_owner_has_a_duty_of_a_name_once_until_it_ends(physio: Department) -> None:
    row = enter(physio)
    enter(physio, owner="June")
    with pytest.raises(NotAllowed, match="Open that one"):
        enter(physio)

    actions.end(row.pk, "The audit was given up", **who(physio))

    with pytest.raises(NotAllowed, match="was ended"):
        actions.done(row.pk, TODAY, "Report", **who(physio))
    assert enter(physio).pk != row.pk


def test_a_leader_enters_a_duty_a_junior_does_it_and_the_leader_sees_the_evidence(physio: Department) -> None:
    leader = signed_in(somebody("lena", "outpatient_team_leader", physio.trust))
    junior = signed_in(somebody("june", "junior_coordinator", physio.trust))
    today = datetime.now(UTC).date()
    typed = {"name": "Confidentiality", "kind": "training", "owner": "June", "every": "12", "unit": "months"}

    assert junior.post(PAGE, typed).status_code == 403
    refused = leader.post(PAGE, {**typed, "every": "0"})
    assert refused.status_code == 422 and "from 1 to 120" in refused.content.decode()
    leader.post(PAGE, {**typed, "due_on": (today - DAY).isoformat()})
    row = RecurringDuty.objects.get()
    assert "late" in junior.get(PAGE).content.decode()
    one = f"{PAGE}{row.pk}/"
    assert junior.post(one, {"what": "done", "done_on": today.isoformat()}).status_code == 422
    junior.post(one, {"what": "done", "done_on": today.isoformat(), "evidence": "Certificate 12"})
    assert junior.post(one, {"what": "end", "why": "No"}).status_code == 404

    assert "Certificate 12" in leader.get(PAGE).content.decode()
