"""The packs for the team leader: a month's long waits, and a week's appointments without outcome."""

import csv
import io
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from clearway.core.audit.models import Action
from clearway.core.worklist.models import Task
from clearway.desks.outpatients import rules, situation
from clearway.desks.outpatients.booking.models import Appointment
from clearway.desks.outpatients.outcomes import actions as outcomes
from clearway.desks.outpatients.waiting import actions, queries
from clearway.desks.outpatients.waiting.models import Entry, ValidationPack
from clearway.desks.outpatients.waiting.packs import Unseen
from clearway.domain.outpatients.outcomes import PRESETS, Said
from clearway.domain.shared.errors import NotAllowed
from tests.outpatients import scope
from tests.therapies import NINE, TODAY, Department, a_department
from tests.trust import a_trust, signed_in, somebody, stop_the_clock

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
LAST_WEEK = date(2026, 11, 9)  # the Monday of the week before that of NINE, a Friday
SAID = {"state": "attended", "attended": "5", "outcome": "1", "outcomed_at": NINE, "outcomed_by": "desk"}
MONDAY = datetime(2026, 11, 16, 0, 5, tzinfo=UTC)


@pytest.fixture(autouse=True)
def now(monkeypatch: pytest.MonkeyPatch) -> None:
    stop_the_clock(monkeypatch, NINE)


@pytest.fixture
def department() -> Department:
    return a_department(a_trust())


@pytest.fixture
def desk(department: Department) -> Client:
    return signed_in(somebody("coordinator", "outpatient_coordinator", department.trust))


@pytest.fixture
def leader(department: Department) -> Client:
    return signed_in(somebody("leader", "outpatient_team_leader", department.trust))


def waits(department: Department, days: int) -> Entry:
    return department.entry(department.referral(TODAY - days * DAY))


def text(answer: Any) -> str:
    return str(answer.content.decode())


def rows_of(answer: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


def a_week(department: Department) -> ValidationPack:
    """Last week: two clinics, of which one appointment has its outcome; one more of the week before."""
    first, second, *_ = department.session(NINE - 8 * DAY).slots.order_by("pk")
    department.booked(first)
    department.booked(second, **SAID)
    department.booked(department.session(NINE - 15 * DAY, slots=1).slots.get(), state="arrived")
    department.booked(department.session(MONDAY + timedelta(hours=9), slots=1).slots.get())
    made = actions.make_pack("weekly", **scope(department.trust))
    assert made is not None
    return made


def test_a_pack_has_the_figures_of_the_screen_at_its_instant_and_keeps_them(
    department: Department, desk: Client
) -> None:
    waits(department, 126)
    long = [waits(department, days) for days in (127, 200, 400)]
    screen = queries.ptl(queries.Filters(over=126), 1, organisation_id=department.trust.pk, at=NINE)

    made = actions.make_pack("monthly", **scope(department.trust))

    assert made is not None
    assert made.figures["long"] == screen.total == 3
    assert made.figures["waiting"] == 4
    assert {row["entry"] for row in made.rows} == {row.pk for row in screen.rows}
    assert sum(count for _, count in made.figures["by_band"]) == 3
    assert actions.make_pack("monthly", **scope(department.trust)) is None, "a month has one"
    Entry.objects.filter(pk=long[0].pk).update(state="removed", why="died")
    page = text(desk.get(f"/outpatients/validation/packs/{made.pk}/"))
    assert "<b>3</b> had waited longer than 126 days" in page
    raw = desk.get(f"/outpatients/validation/packs/{made.pk}/rows.csv").content.decode("utf-8-sig")
    assert len(list(csv.reader(io.StringIO(raw)))) == 1 + 3


def test_the_team_leader_looks_through_the_pack_and_the_task_is_closed(department: Department) -> None:
    waits(department, 200)
    made = actions.make_pack("monthly", **scope(department.trust))
    assert made is not None
    trust = department.trust
    assert situation.read(trust.pk, NINE).packs == (Unseen("monthly", made.pk, TODAY.replace(day=1), 1),)
    leader = signed_in(somebody("leader", "outpatient_team_leader", trust))
    desk = signed_in(somebody("coordinator", "outpatient_coordinator", trust))
    address = f"/outpatients/validation/packs/{made.pk}/"

    assert desk.post(address, {"words": "Mine"}).status_code == 403
    assert leader.post(address, {"words": " "}).status_code == 422
    assert leader.post(address, {"words": "Two more clinics in May"}).status_code == 302

    made = ValidationPack.objects.get()
    assert (made.seen_by, made.seen_words) == ("leader", "Two more clinics in May")
    assert situation.read(trust.pk, NINE).packs == ()
    assert Action.objects.filter(verb="waiting.see_pack").count() == 1
    with pytest.raises(NotAllowed, match="did it already"):
        actions.see_pack(made.pk, "Again", **scope(trust))


def test_a_week_is_kept_with_what_had_no_outcome_when_it_ended_and_not_what_came_after(
    department: Department,
) -> None:
    made = a_week(department)

    assert (made.kind, made.begins_on, made.over) == ("weekly", LAST_WEEK, None)
    assert [(row["on"], row["had_arrived"], row["days"]) for row in made.rows] == [
        ("2026-11-05", True, 15),
        ("2026-11-12", False, 8),
    ]
    figures = made.figures
    counted = ("held", "without", "of_week", "before", "oldest")
    assert [figures[name] for name in counted] == [2, 2, 1, 1, "2026-11-05"]
    assert figures["by_clinician"] == [["Robin Hale", 2]]
    assert sum(count for _, count in figures["errors"]) >= 2, "seven days without outcome are an error"
    assert actions.make_pack("weekly", **scope(department.trust)) is None, "a week has one"
    assert Action.objects.filter(verb="waiting.make_pack").count() == 1


def test_a_week_is_made_in_the_first_minutes_of_monday_and_nothing_is_made_of_an_empty_department(
    department: Department,
) -> None:
    assert actions.make_pack("weekly", **scope(department.trust, MONDAY)) is None
    department.booked(department.session(MONDAY - 2 * DAY, slots=1).slots.get())

    actions.make_packs(**scope(department.trust, MONDAY - timedelta(hours=1)))
    actions.make_packs(**scope(department.trust, MONDAY))

    weeks = ValidationPack.objects.filter(kind="weekly").order_by("begins_on")
    assert [(each.begins_on, each.figures["without"]) for each in weeks] == [(LAST_WEEK, 1)]


def test_a_week_in_which_everything_was_said_asks_nobody_for_a_signature(department: Department) -> None:
    row = department.booked(department.session(NINE - 8 * DAY, slots=1).slots.get())
    preset = PRESETS["d"]
    said = Said(preset.attended, preset.outcome, preset.status, preset.next_step)
    (done,) = outcomes.cash_up([(row.pk, said)], **scope(department.trust))
    assert done.is_saved

    made = actions.make_pack("weekly", **scope(department.trust))

    assert made is not None
    assert (made.figures["held"], made.figures["without"], made.figures["errors"]) == (1, 0, [])
    assert situation.read(department.trust.pk, NINE).packs == ()


def test_the_leader_ratifies_a_week_once_and_its_task_is_closed(
    department: Department, desk: Client, leader: Client
) -> None:
    made = a_week(department)
    trust = department.trust
    rules.run(trust.pk, situation.read(trust.pk, NINE), NINE)
    task = Task.objects.get(rule="weekly_ratification")
    assert (task.role, task.priority) == ("outpatient_team_leader", 2)
    address = f"/outpatients/validation/packs/{made.pk}/"
    assert address in task.suggestion

    assert desk.post(address, {"words": "Mine"}).status_code == 403
    assert leader.post(address, {"words": " "}).status_code == 422
    assert leader.post(address, {"words": "Robin asked to cash up daily"}).status_code == 302

    page = text(desk.get(address))
    assert "Ratified" in page and "by leader: Robin asked to cash up daily" in page
    rules.run(trust.pk, situation.read(trust.pk, NINE), NINE)
    assert not Task.objects.filter(rule="weekly_ratification", closed_at__isnull=True).exists()
    with pytest.raises(NotAllowed, match="did it already"):
        actions.see_pack(made.pk, "Again", **scope(trust))


def test_the_page_of_a_week_says_what_became_of_each_and_the_file_has_the_rows_as_they_stood(
    department: Department, leader: Client
) -> None:
    made = a_week(department)
    Appointment.objects.filter(pk=made.rows[0]["appointment"]).update(**SAID)

    page = text(leader.get(f"/outpatients/validation/packs/{made.pk}/"))
    rows = rows_of(leader.get(f"/outpatients/validation/packs/{made.pk}/rows.csv"))

    assert "<b>2</b> had no outcome: 1 of that week and 1 from before it, the oldest of 5 Nov 2026" in page
    assert page.count("Attended, said") == 1
    assert [(row["on"], row["had_arrived"]) for row in rows] == [
        ("2026-11-05", "True"),
        ("2026-11-12", "False"),
    ]
    assert all(row["patient"] and row["number"] for row in rows)
    assert "9 Nov 2026" in text(leader.get("/outpatients/validation/packs/"))


@pytest.mark.parametrize(
    "change",
    [{"rows": []}, {"figures": {}}, {"made_at": NINE + DAY}, {"begins_on": date(2026, 11, 2)}],
    ids=str,
)
def test_the_database_keeps_a_pack_as_it_was_made(department: Department, change: dict[str, Any]) -> None:
    made = a_week(department)

    with pytest.raises(IntegrityError), transaction.atomic():
        ValidationPack.objects.filter(pk=made.pk).update(**change)
    with pytest.raises(IntegrityError), transaction.atomic():
        ValidationPack.objects.filter(pk=made.pk).delete()


def test_the_database_keeps_a_signature_and_refuses_one_without_words(department: Department) -> None:
    made = a_week(department)
    signed = {"seen_at": NINE, "seen_by": "leader"}
    with pytest.raises(IntegrityError), transaction.atomic():
        ValidationPack.objects.filter(pk=made.pk).update(**signed)
    ValidationPack.objects.filter(pk=made.pk).update(**signed, seen_words="Seen")

    with pytest.raises(IntegrityError), transaction.atomic():
        ValidationPack.objects.filter(pk=made.pk).update(seen_words="Otherwise")


@pytest.mark.parametrize(
    ("kind", "begins_on", "over"),
    [("weekly", date(2026, 11, 10), None), ("monthly", date(2026, 11, 2), 126), ("monthly", TODAY, None)],
)
def test_the_database_refuses_a_pack_of_no_week_and_of_no_month(
    department: Department, kind: str, begins_on: date, over: int | None
) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        ValidationPack.objects.create(
            organisation=department.trust,
            kind=kind,
            begins_on=begins_on,
            over=over,
            made_at=NINE,
            made_by="test",
            figures={},
            rows=[],
        )
