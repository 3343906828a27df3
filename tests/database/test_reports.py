"""Reports: made from the figures of a page at the instant they leave, sent on their day, read by somebody."""

import hashlib
import io
import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from html import unescape
from typing import Any

import openpyxl
import pytest
from django.db import IntegrityError, transaction

from clearway.core.audit.actions import Actor
from clearway.core.outbox.sending import Office
from clearway.core.people.models import RoleGrant, User
from clearway.core.worklist.models import Task
from clearway.desks.outpatients import rules, situation
from clearway.desks.outpatients.reports import actions, making
from clearway.desks.outpatients.reports.models import Report, SentReport
from clearway.domain.outpatients.reports import Cadence, Unit, What
from clearway.domain.shared.errors import NotAllowed
from tests.therapies import NINE, TODAY, Department, a_department
from tests.trust import a_trust, acting, signed_in, somebody, stop_the_clock

pytestmark = pytest.mark.django_db
WHO = Actor("coordinator")
DAY = timedelta(days=1)
MONDAY = NINE + 3 * DAY
PAGES = {
    What.CAPACITY: "/outpatients/capacity/",
    What.CHECKS: "/outpatients/validation/",
    What.UNOUTCOMED: "/outpatients/outcomes/",
    What.LONG_WAITS: "/outpatients/validation/packs/",
    What.LEDGER: "/outpatients/referrals/",
    What.PERFORMANCE: "/outpatients/performance/",
}


@pytest.fixture
def physio(db: None) -> Department:
    """Somebody who waits for long, somebody new, and a clinic without outcomes."""
    physio = a_department(a_trust())
    physio.entry(physio.referral(TODAY - 200 * DAY))
    physio.entry(physio.referral(TODAY - 10 * DAY))
    clinic = physio.session(NINE - 2 * DAY)
    physio.booked(clinic.slots.first())
    return physio


@pytest.fixture
def lena(physio: Department) -> User:
    return somebody("lena", "outpatient_team_leader", physio.trust)


def who(physio: Department, at: datetime = NINE, by: Actor = WHO) -> Any:
    return {"organisation_id": physio.trust.pk, "by": by, "at": at}


def enter(physio: Department, to: User, what: What = What.CAPACITY) -> Report:
    return actions.enter(actions.New(what, to.pk, Cadence(Unit.WEEKDAY, 1)), **who(physio))


def work(at: datetime) -> None:
    office = Office({making.OUTBOX: making.ReportMaker()}, {making.TRAY: making.Tray()})
    while office.work(at):
        pass


def tasks(physio: Department, at: datetime) -> dict[str, str]:
    rules.run(physio.trust.pk, situation.read(physio.trust.pk, at), at)
    rows = Task.objects.filter(organisation=physio.trust, closed_at__isnull=True, rule="report_late")
    return {row.subject: row.role for row in rows}


def cells(html: str) -> Iterator[tuple[str, ...]]:
    """Every row of every table, its cells without marks: once with what links hold, once without it."""
    for row in re.findall(r"<tr>(.*?)</tr>", html, re.S):
        yield tuple(
            unescape(re.sub(r"<[^>]+>", "", re.sub(r"<svg\b.*?</svg>", "", cell, flags=re.S))).strip()
            for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.S)
        )
        found = re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.S)
        yield tuple(
            unescape(re.sub(r"<[^>]+>", "", re.sub(r"<(svg|a)\b.*?</\1>", "", cell, flags=re.S))).strip()
            for cell in found
        )


@pytest.mark.parametrize("what", What)
def test_the_figures_that_were_sent_are_those_of_the_page_at_the_same_instant(
    physio: Department, lena: User, what: What, monkeypatch: pytest.MonkeyPatch
) -> None:
    enter(physio, lena, what)
    actions.send_due(**who(physio, MONDAY))
    made_at = MONDAY + timedelta(seconds=11)
    physio.entry(physio.referral(TODAY - 300 * DAY))  # came after it was put into the outbox

    work(made_at)

    stop_the_clock(monkeypatch, made_at)
    page = signed_in(lena).get(PAGES[what]).content.decode()
    sent = SentReport.objects.get()
    assert sent.as_of == made_at
    found = making.again(sent.figures or {})
    assert found.rows
    shown = [row[: len(found.columns)] for row in cells(page)]
    assert [row for row in found.rows if row not in shown] == []
    assert found.sentence in unescape(page)
    printed = signed_in(lena).get(f"/outpatients/reports/sent/{sent.pk}/").content.decode()
    assert set(found.rows) <= set(cells(printed))


def test_what_was_sent_stays_as_it_was_when_the_page_moves_on(physio: Department, lena: User) -> None:
    enter(physio, lena)
    actions.send_due(**who(physio, MONDAY))
    work(MONDAY + timedelta(seconds=11))
    sent = SentReport.objects.get()
    kept = bytes(sent.csv or b"")

    physio.entry()
    answer = signed_in(lena).get(f"/outpatients/reports/sent/{sent.pk}/figures.csv")

    assert answer.content == kept
    sent_page = f"/outpatients/reports/sent/{sent.pk}/"
    printed, book = (
        signed_in(lena).get(f"{sent_page}report.pdf"),
        signed_in(lena).get(f"{sent_page}figures.xlsx"),
    )
    assert printed.content == signed_in(lena).get(f"{sent_page}report.pdf").content
    assert printed.content.startswith(b"%PDF-1.7") and b"/S /Table " in printed.content
    assert openpyxl.load_workbook(io.BytesIO(book.content)).active.max_row == len(kept.splitlines())
    assert hashlib.sha256(kept).hexdigest() == sent.outgoing.digest
    with pytest.raises(IntegrityError, match="has left"), transaction.atomic():
        SentReport.objects.update(csv=b"other")
    with pytest.raises(IntegrityError, match="has left"), transaction.atomic():
        SentReport.objects.update(sources="Rests on: nothing.")
    with pytest.raises(IntegrityError, match="has left"), transaction.atomic():
        sent.delete()


def test_it_leaves_once_on_its_day_from_its_hour_on(physio: Department, lena: User) -> None:
    row = enter(physio, lena)
    assert row.due_on == date(2026, 11, 23)

    assert actions.send_due(**who(physio)) == []
    assert actions.send_due(**who(physio, MONDAY.replace(hour=6))) == []  # 6 in the morning, London
    (first,) = actions.send_due(**who(physio, MONDAY))
    assert actions.send_due(**who(physio, MONDAY)) == []

    row.refresh_from_db()
    assert row.due_on == date(2026, 11, 30)
    assert first.due_on == date(2026, 11, 23)
    assert SentReport.objects.count() == 1


def test_after_a_holiday_of_the_workers_it_leaves_once_and_not_for_each_week(
    physio: Department, lena: User
) -> None:
    enter(physio, lena)

    assert len(actions.send_due(**who(physio, MONDAY + 22 * DAY))) == 1

    assert Report.objects.get().due_on == date(2026, 12, 21)


def test_only_its_recipient_says_that_it_was_read_and_until_then_it_is_a_task(
    physio: Department, lena: User
) -> None:
    row = enter(physio, lena)
    actions.send_due(**who(physio, MONDAY))
    work(MONDAY + timedelta(seconds=11))
    sent = SentReport.objects.get()
    other = acting(somebody("olga", "outpatient_coordinator", physio.trust), "outpatient_coordinator")

    assert tasks(physio, MONDAY + 3 * DAY) == {}
    assert tasks(physio, MONDAY + 4 * DAY) == {f"report_unread:{row.pk}": "outpatient_team_leader"}
    with pytest.raises(NotAllowed, match="It went to Lena"):
        actions.acknowledge(sent.pk, "", **who(physio, MONDAY + 4 * DAY, other))
    actions.acknowledge(sent.pk, "Two clinics more", **who(physio, MONDAY + 4 * DAY, acting(lena)))

    assert tasks(physio, MONDAY + 4 * DAY) == {}
    sent.outgoing.refresh_from_db()
    assert sent.outgoing.state == "delivered"
    with pytest.raises(NotAllowed):
        actions.acknowledge(sent.pk, "", **who(physio, MONDAY + 4 * DAY, acting(lena)))


def test_a_report_whose_recipient_has_left_is_held_as_a_task_until_it_goes_to_somebody_else(
    physio: Department, lena: User
) -> None:
    row = enter(physio, lena)
    RoleGrant.objects.filter(user=lena).update(ends_at=NINE + DAY)
    actions.send_due(**who(physio, MONDAY))
    work(MONDAY + timedelta(seconds=11))

    assert SentReport.objects.get().outgoing.why == "Lena may read no reports here any more."
    assert tasks(physio, MONDAY + timedelta(minutes=1)) == {f"report:{row.pk}": "outpatient_coordinator"}
    olga = somebody("olga", "outpatient_coordinator", physio.trust)
    actions.readdress(row.pk, olga.pk, **who(physio, MONDAY + DAY))
    work(MONDAY + DAY + timedelta(seconds=11))

    sent = SentReport.objects.get()
    assert (sent.recipient, sent.outgoing.state) == (olga, "sent")
    assert tasks(physio, MONDAY + DAY + timedelta(minutes=1)) == {}


def test_a_report_that_no_worker_takes_up_is_a_task(physio: Department, lena: User) -> None:
    row = enter(physio, lena)

    assert tasks(physio, MONDAY) == {f"report:{row.pk}": "outpatient_coordinator"}  # two hours late
    actions.send_due(**who(physio, MONDAY))
    assert tasks(physio, MONDAY) == {}
    assert tasks(physio, MONDAY + DAY) == {f"report:{row.pk}": "outpatient_coordinator"}


def test_a_report_that_was_ended_is_not_sent_any_more(physio: Department, lena: User) -> None:
    row = enter(physio, lena)
    with pytest.raises(NotAllowed, match="already"):
        enter(physio, lena)
    actions.send_now(row.pk, **who(physio))
    with pytest.raises(NotAllowed, match="on its way"):
        actions.send_now(row.pk, **who(physio))
    actions.end(row.pk, "Nobody needs it", **who(physio))

    work(NINE + timedelta(seconds=11))

    assert SentReport.objects.get().outgoing.state == "withdrawn"
    assert actions.send_due(**who(physio, MONDAY)) == []
    assert enter(physio, lena).pk != row.pk


def test_nobody_of_another_trust_is_sent_or_reads_one(physio: Department, lena: User) -> None:
    elsewhere = a_trust("elsewhere")
    stranger = somebody("stranger", "outpatient_team_leader", elsewhere)
    clinician = somebody("carla", "clinician", physio.trust)
    row = enter(physio, lena)

    for user in (stranger, clinician):
        with pytest.raises(NotAllowed, match="may read reports here"):
            enter(physio, user)
    assert signed_in(stranger).get(f"/outpatients/reports/{row.pk}/").status_code == 404


def test_a_wrong_form_says_what_to_do_and_keeps_what_was_typed(physio: Department, lena: User) -> None:
    client = signed_in(lena)
    said = {"what": "capacity", "recipient": lena.pk, "unit": "weekday", "number": "6"}

    refused = client.post("/outpatients/reports/", said)

    assert refused.status_code == 422
    assert "Enter a number from 1 to 5" in refused.content.decode()
    assert 'value="6"' in refused.content.decode()
    nobody = client.post("/outpatients/reports/", {**said, "number": "1", "recipient": "999999"})
    assert "Choose somebody who may read reports here." in nobody.content.decode()
