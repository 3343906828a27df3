"""The register of recurring duties: due, evidence, overdue."""

import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from clearway.core.audit.actions import Actor
from clearway.core.recurring import actions
from clearway.core.recurring import rules as recurring
from clearway.core.recurring.models import DutyDone, RecurringDuty
from clearway.core.worklist.models import Task
from clearway.desks.outpatients import rules, situation
from clearway.domain.shared.errors import NotAllowed
from clearway.domain.shared.recurring import Every, Unit
from clearway.domain.shared.region import Desk
from tests.therapies import NINE, TODAY, Department, a_department
from tests.trust import a_trust, set_policy, signed_in, somebody

pytestmark = pytest.mark.django_db
WHO = Actor("coordinator")
DAY = timedelta(days=1)
PAGE = "/duties/"


@pytest.fixture
def physio(db: None) -> Department:
    return a_department(a_trust())


def who(physio: Department, after: timedelta = timedelta(0)) -> Any:
    return {"organisation_id": physio.trust.pk, "by": WHO, "at": NINE + after}


def enter(physio: Department, **more: Any) -> RecurringDuty:
    said = {"name": "Audit of the notes", "kind": "audit", "owner": "Opal", **more}
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


@pytest.mark.django_db(transaction=True)
def test_of_two_who_enter_a_duty_in_the_same_moment_the_second_is_told_that_it_is_there() -> None:
    physio = a_department(a_trust())
    said: list[str] = []

    def second() -> None:
        try:
            enter(physio)
        except NotAllowed as problem:
            said.append(str(problem))
        finally:
            connection.close()

    other = threading.Thread(target=second)
    with transaction.atomic():
        enter(physio)
        other.start()
        while not _waits_for_a_lock():
            time.sleep(0.01)
    other.join()

    assert "Open that one" in said[0]
    assert RecurringDuty.objects.count() == 1


def _waits_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.datname = current_database()"
            " JOIN pg_stat_activity USING (pid) WHERE NOT granted AND datid = pg_database.oid"
        )
        return bool(cursor.fetchone()[0])


@pytest.mark.parametrize("desk", list(Desk))
def test_a_task_says_of_peoples_own_duties_the_kind_and_how_many(desk: Desk) -> None:
    physio = a_department(a_trust())
    for name in ("ann", "bea"):
        person = somebody(name, "junior_coordinator", physio.trust)
        enter(physio, name=f"Appraisal of {name}", kind="review", owner=name, person_id=person.pk, desk=desk)
    enter(physio, desk=desk)

    if desk is Desk.OUTPATIENTS:
        tasks(physio, DAY)
        found = [(row.subject, row.title + row.cause) for row in Task.objects.filter(rule="duty_overdue")]
        own = dict(found)["recurring_duties:review"]
        assert len(found) == 2
        assert "overdue: review, 2" in own
    else:
        (wanted,) = recurring.outcomes(physio.trust.pk, {}, {}, NINE + DAY)[0].wanted
        own = wanted.title + wanted.cause
        assert own == "3 recurring duties are overdueAudit of the notes, Opal; review of people: 2"
    assert "ann" not in own and "bea" not in own and "Appraisal" not in own


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


def test_a_check_of_an_area_says_of_each_item_how_it_was_found_and_is_never_changed() -> None:
    trust = a_trust()
    items = ["Hand rub at every desk", "Desks clean"]
    kind = {"code": "infection", "says": "Infection control", "every": 1, "unit": "months", "items": items}
    set_policy(trust, "recurring_duties", {"kinds": [kind]})
    officer = signed_in(somebody("sdo", "service_delivery_officer", trust))
    coordinator = signed_in(somebody("pfc", "patient_flow_coordinator", trust))
    today = datetime.now(UTC).date()
    typed = {"name": "Control room", "kind": "infection", "owner": "Coordinator on duty", "place": "Desk 3"}
    officer.post(PAGE, {**typed, "due_on": today.isoformat()})
    row = RecurringDuty.objects.get()
    assert (row.desk, row.every, row.unit) == ("ambulance", 1, "months")
    said = {"what": "done", "done_on": today.isoformat(), "evidence": "Walked round", "met_0": "yes"}

    one = f"{PAGE}{row.pk}/"
    for wrong, why in (({}, "choose met or not met"), ({"met_1": "no"}, "say what was found")):
        refused = coordinator.post(one, {**said, **wrong})
        assert refused.status_code == 422 and why in refused.content.decode()
    coordinator.post(one, {**said, "met_1": "no", "words_1": "Crumbs between the keys"})

    assert "1 not met" in officer.get(PAGE).content.decode()
    assert "Crumbs between the keys" in officer.get(one).content.decode()
    with pytest.raises(IntegrityError), transaction.atomic():
        DutyDone.objects.update(evidence="All well")


def test_what_is_ones_own_is_seen_by_oneself_and_the_lead_alone() -> None:
    trust = a_trust()
    officer = signed_in(somebody("sdo", "service_delivery_officer", trust))
    own, other = (signed_in(somebody(name, "patient_flow_coordinator", trust)) for name in ("ann", "bea"))
    due = (datetime.now(UTC).date() - DAY).isoformat()
    officer.post(PAGE, {"name": "Basic life support", "kind": "training", "person": "ann", "due_on": due})
    one = f"{PAGE}{RecurringDuty.objects.get().pk}/"

    for who_looks, seen in ((officer, True), (own, True), (other, False)):
        assert ("Basic life support" in who_looks.get(PAGE).content.decode()) is seen
        assert (who_looks.get(one).status_code == 200) is seen


def test_overdue_duties_of_the_ambulance_desk_are_one_task_of_the_officer() -> None:
    trust = a_trust()
    for name in ("Appraisal", "Green plan: lights"):
        new = actions.New(name, "review", "Ann", Every(1, Unit.MONTHS), TODAY, Desk.AMBULANCE)
        row = actions.enter(new, organisation_id=trust.pk, by=WHO, at=NINE)

    def wanted(after: timedelta) -> list[str]:
        said = recurring.outcomes(trust.pk, {}, {}, NINE + after)
        return [f"{each.title} ({each.role})" for of in said for each in of.wanted]

    assert wanted(timedelta(0)) == []
    assert wanted(DAY) == ["2 recurring duties are overdue (service_delivery_officer)"]
    actions.done(row.pk, TODAY, "Half of them are out", organisation_id=trust.pk, by=WHO, at=NINE)
    assert wanted(DAY) == ["1 recurring duty is overdue (service_delivery_officer)"]
