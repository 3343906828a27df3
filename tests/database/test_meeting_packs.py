"""Packs for meetings: a week or month from one look, kept as it stood, with what cannot be known said so."""

import csv
import io
import threading
from datetime import date

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from clearway.core.audit.actions import Actor
from clearway.core.audit.models import Action
from clearway.core.decisions import actions as decisions
from clearway.core.feeds.models import Source
from clearway.core.live.models import Change
from clearway.core.organisation.models import Organisation, PolicyVersion
from clearway.desks.ambulance import live
from clearway.desks.ambulance.command import figures, meeting, packs, presenters
from clearway.desks.ambulance.command.models import MeetingPack
from clearway.desks.ambulance.pressure import actions as pressure
from clearway.desks.ambulance.quality.models import FindingCase
from clearway.domain.ambulance.events import CallEvent
from clearway.domain.ambulance.meeting import Unit
from clearway.domain.ambulance.pressure import Ladder
from clearway.domain.ambulance.words import CallStatus, Category
from clearway.domain.shared.errors import NotAllowed
from clearway.domain.shared.figures import Figures
from tests.trust import acting, signed_in, somebody, stop_the_clock

from .conftest import T0, at, conveyance, deliver, report

pytestmark = pytest.mark.django_db
DUTY = Actor("duty:meeting-packs")
A_DAY = 24 * 60
MONDAY = 3 * A_DAY - 120  # 06:00 on the Monday after, in minutes from the start of the test's day


def make(trust: Organisation, minutes: float, unit: Unit = Unit.WEEK) -> MeetingPack:
    return packs.make(unit, T0.date(), organisation_id=trust.pk, by=DUTY, at=at(minutes))


def parts(row: MeetingPack) -> dict[str, Figures]:
    return dict(presenters.pack_parts(row))


def cells(part: Figures) -> dict[str, tuple[str, ...]]:
    return {row[0]: row[1:] for row in part.rows}


def a_busy_day(cad: Source, start: float = 0, name: str = "") -> None:
    """Three patients at TVH01 who wait 10, 20 and 70 minutes, one of them a C2 that was reached in 25."""
    events = []
    for place, wait in enumerate((10, 20, 70)):
        key = f"{name}{place}"
        came = conveyance("TVH01", start=start, incident=key, call_sign=f"A{key}", until="at_hospital")
        done = conveyance("TVH01", start=start + wait - 10, incident=key, call_sign=f"A{key}")[-2:]
        events += [*came, *done]
    calls = [
        CallEvent(f"{name}{status}", at(start - 5), f"{name}0", CallStatus(status), category=Category.C2)
        for status in ("clock_start", "category_set")
    ]
    deliver(cad, [*calls, *events], known=start + 150)


def test_what_nobody_has_said_is_no_data_and_never_nought(knowing: Organisation) -> None:
    found = parts(make(knowing, 0))

    assert list(found) == list(meeting.PARTS)
    assert set(cells(found["handovers"])["All together"]) == {"No data"}
    assert cells(found["responses"])["C1 response"][:3] == ("No data", "No data", "No data")
    assert cells(found["demand"])["All together"] == ("No data",)
    assert cells(found["unit_hours"])["Planned"] == cells(found["unit_hours"])["There"] == ("No data",)
    assert cells(found["breaks"])["Shifts"] == ("No data",)
    assert cells(found["delays"])["Delays on scene"][0] == "No data"
    assert cells(found["levels"])["REAP"][:4] == ("No data",) * 4
    assert not any(part.charts for part in found.values())
    assert not any("could not be made" in part.sentence for part in found.values())


def test_handovers_responses_and_demand_are_those_of_the_period(knowing: Organisation, cad: Source) -> None:
    a_busy_day(cad)
    a_busy_day(cad, start=-10 * A_DAY, name="old")  # another week

    found = parts(make(knowing, 200))

    (name,) = [row for row in cells(found["handovers"]) if row != "All together"]
    mean, nine, *within = cells(found["handovers"])[name][1:7]
    assert cells(found["handovers"])["All together"][0] == "3" and (mean, nine) == ("33.3", "70")
    assert within == ["33.3%", "66.7%", "66.7%", "66.7%"]
    assert cells(found["handovers"])[name][7:9] == ("1.0", "0.7")  # 5 and 55 minutes; 40 minutes
    assert cells(found["responses"])["C2 response"][:3] == ("1", "25.0 min", "25.0 min")
    assert cells(found["demand"])["C2 incidents"] == ("1",)
    assert not any("could not be made" in part.sentence for part in found.values())
    assert cells(found["scenes"])["In wrap-up, handover to clear"][:2] == ("3", "10.0 min")


def test_a_chart_has_the_whole_days_before_and_not_the_one_that_goes_on(
    knowing: Organisation, cad: Source
) -> None:
    for day in range(1, 15):
        a_busy_day(cad, start=-day * A_DAY, name=f"d{day}")
    a_busy_day(cad)

    (mean, *_) = parts(make(knowing, 200))["handovers"].charts
    of_month = parts(make(knowing, 200, Unit.MONTH))["handovers"].charts[0]

    assert mean.title == "Mean handover" and len(mean.dots) == 14 and len(mean.rows) == 28
    assert mean.rows[0] == ("Thu 19 Nov", "33.3 min", "3 handovers", "~ Usual variation")
    assert len(of_month.rows) == 16 and of_month.rows[0][:3] == ("Week of 9 Nov", "33.3 min", "21 handovers")


def test_levels_findings_and_decisions_are_told_over_the_period(knowing: Organisation, cad: Source) -> None:
    officer = somebody("sdo", "trust_incident_manager", knowing)
    by = acting(officer, "trust_incident_manager")
    for number, (level, minutes) in enumerate(((2, 0), (3, 120))):
        wanted = pressure.Wanted(Ladder.CSP, level, "Calls wait", at(600), number)
        pressure.declare(wanted, organisation_id=knowing.pk, by=by, at=at(minutes))
    written = decisions.Written("known", "Hold C4", "reason", at(5), review_at=at(60))
    decisions.write(written, organisation_id=knowing.pk, by=by, at=at(5))
    deliver(cad, [report("TVH01", 0, pressure_level=4)], known=1)
    about = {"what": "handover", "severity": "critical", "fixer": "hospital", "evidence": "x"}
    times = {"happened_at": at(0), "found_at": at(1), "due_at": at(60)}
    FindingCase.objects.create(organisation=knowing, stream="assignment:1", code="HQ02", **about, **times)

    found = parts(make(knowing, 240))

    assert cells(found["levels"])["Clinical safety plan"][:4] == ("0.0", "2.0", "2.0", "0.0")
    assert "3 at Fri 20 Nov 10:00" in cells(found["levels"])["Clinical safety plan"][-1]
    hospital = cells(found["levels"])["OPEL of Millbrook Hospital"]
    assert float(hospital[3]) > 0 and hospital[:3] == ("0.0", "0.0", "0.0") and float(hospital[4]) > 80
    assert "they said no level" in found["levels"].sentence
    assert cells(found["quality"])["HQ02: Handed over before arriving at hospital"] == ("1", "0", "1")
    assert cells(found["decisions"])["Reviews outstanding"][0] == "1"
    assert any("Hold C4" in row for row in cells(found["decisions"]))


def test_the_whole_week_is_made_by_itself_once_and_not_of_a_time_that_nobody_heard_of(
    knowing: Organisation, cad: Source
) -> None:
    assert packs.follow(knowing.pk, by=DUTY, at=at(MONDAY)) is None
    a_busy_day(cad)
    assert packs.follow(knowing.pk, by=DUTY, at=at(MONDAY - 1)) is None

    made = packs.follow(knowing.pk, by=DUTY, at=at(MONDAY))

    assert made is not None and (made.unit, made.first) == ("week", date(2026, 11, 16))
    assert packs.follow(knowing.pk, by=DUTY, at=at(MONDAY + 30)) is None  # of October nothing was heard
    assert make(knowing, MONDAY + 40).number == 2  # by hand as often as anybody likes
    assert Action.objects.filter(verb="meeting_packs.make").count() == 2


@pytest.mark.django_db(transaction=True)
def test_two_workers_make_one_pack_of_a_week(knowing: Organisation, cad: Source) -> None:
    a_busy_day(cad)

    def work() -> None:
        packs.follow(knowing.pk, by=DUTY, at=at(MONDAY))
        connection.close()

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert MeetingPack.objects.count() == 1


def test_the_database_keeps_a_pack_as_it_stood_and_lets_it_go_after_its_period(knowing: Organisation) -> None:
    make(knowing, 0)
    for change in (lambda: MeetingPack.objects.update(by="x"), lambda: MeetingPack.objects.all().delete()):
        with pytest.raises(IntegrityError), transaction.atomic():
            change()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE ambulance_meeting_pack SET at = '2015-01-01+00'")
        cursor.execute("SET LOCAL session_replication_role = origin")
        cursor.execute("SELECT clearway_forget_meeting_packs(%s, '2016-01-01+00', 10)", [knowing.pk])
        assert cursor.fetchone()[0] == 1


def test_a_part_that_cannot_be_made_says_so_and_loses_no_other(knowing: Organisation, cad: Source) -> None:
    a_busy_day(cad)
    wrong = PolicyVersion.objects.filter(organisation=knowing, name="unavailability")
    wrong.update(values={"reasons": [{"says": "Ill"}]})

    found = parts(make(knowing, 200))

    assert "This part could not be made, the others stand" in found["unit_hours"].sentence
    assert cells(found["handovers"])["All together"][0] == "3"


def test_a_pack_is_made_read_and_given_as_text_pdf_and_csv(
    knowing: Organisation, cad: Source, flow: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    for day in range(1, 15):
        a_busy_day(cad, start=-day * A_DAY, name=f"d{day}")
    stop_the_clock(monkeypatch, at(0))

    page = flow.post("/meeting-packs/", {"unit": "week", "day": "2026-11-20"})["Location"]

    shown = flow.get(page).content.decode()
    assert "Week of Mon 16 Nov 2026" in shown and "So far: it goes on" in shown
    assert "Making Data Count" in shown and shown.count('<svg viewBox="0 0 760') >= 4
    text = flow.get(f"{page}text/").content.decode()
    assert "HANDOVER TIMES" in text and "14 points, the last 33.3 min" in text
    pdf = flow.get(f"{page}pack.pdf")
    assert pdf.content.startswith(b"%PDF-1.7") and b"/Figure" in pdf.content
    rows = list(csv.reader(io.StringIO(flow.get(f"{page}pack.csv").content.decode("utf-8-sig"))))
    assert rows[0] == ["Part", "Row", "Figure", "Value"]
    assert ["Handover times: Mean handover", "Thu 19 Nov", "Value", "33.3 min"] in rows
    assert Change.objects.filter(topic="pack", key="1").count() == 1
    (fragment,) = live.pack_rows(knowing.pk, frozenset({"1"}), at(1))
    assert fragment.topic == "packs" and "Meeting pack 1" in fragment.html
    assert "Meeting pack 1" in flow.get("/meeting-packs/").content.decode()


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"unit": ""}, "Choose week or month"),
        ({"unit": "year"}, "Choose week or month"),
        ({"day": ""}, "Enter a day"),
        ({"day": "soon"}, "Enter a date"),
        ({"day": "2026-11-21"}, "Choose a day that has begun"),
        ({"day": "0001-01-01"}, "Enter a year between"),
    ],
)
def test_junk_is_refused_and_what_was_typed_stays(
    knowing: Organisation, flow: Client, monkeypatch: pytest.MonkeyPatch, given: dict[str, str], why: str
) -> None:
    stop_the_clock(monkeypatch, at(0))

    answer = flow.post("/meeting-packs/", {"unit": "week", "day": "2026-11-20", **given})

    assert answer.status_code == 422 and why in answer.content.decode()
    assert not MeetingPack.objects.exists() and flow.get("/meeting-packs/77/").status_code == 404
    with pytest.raises(NotAllowed):
        packs.make(Unit.WEEK, date(2026, 11, 21), organisation_id=knowing.pk, by=DUTY, at=at(0))


def test_a_hospitals_own_people_see_none_and_a_clinical_lead_makes_none(
    knowing: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop_the_clock(monkeypatch, at(0))
    make(knowing, 0)
    ward = signed_in(somebody("ward", "hospital_user", knowing, site="TVH01"))
    lead = signed_in(somebody("lead", "clinical_lead", knowing))

    assert ward.get("/meeting-packs/1/pack.pdf").status_code == 403
    assert lead.get("/meeting-packs/1/").status_code == 200
    assert lead.post("/meeting-packs/", {"unit": "week", "day": "2026-11-20"}).status_code == 403


def test_the_duty_keeps_no_pack_that_lacks_a_part_and_makes_it_once_it_can(
    knowing: Organisation, cad: Source, caplog: pytest.LogCaptureFixture
) -> None:
    a_busy_day(cad)
    wrong = PolicyVersion.objects.filter(organisation=knowing, name="unavailability")
    right = wrong.get().values
    wrong.update(values={"reasons": [{"says": "Ill"}]})

    assert packs.follow(knowing.pk, by=DUTY, at=at(MONDAY)) is None
    assert not MeetingPack.objects.exists() and "KeyError" in caplog.text

    by_hand = parts(make(knowing, MONDAY + 1))["unit_hours"].sentence
    assert by_hand == "This part could not be made, the others stand. It stopped: key error."
    wrong.update(values=right)
    assert packs.follow(knowing.pk, by=DUTY, at=at(MONDAY + 10)) is not None


def test_a_query_that_takes_too_long_costs_its_part_alone(knowing: Organisation) -> None:
    def slow(_: None) -> Figures:
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = 20")
            cursor.execute("SELECT pg_sleep(5)")
        return Figures("Never", (), ())

    found, is_made = figures.tried("slow", {"slow": ("Slow", slow)}, None)

    assert not is_made and found.title == "Slow" and found.sentence.endswith("It stopped: it took too long.")


def test_a_pack_is_worked_out_before_anybody_else_has_to_wait_for_it(
    knowing: Organisation, cad: Source
) -> None:
    a_busy_day(cad)

    with CaptureQueriesContext(connection) as asked:
        make(knowing, 200)

    said = [each["sql"] for each in asked]
    (locked,) = [
        place for place, each in enumerate(said) if "pg_advisory_xact_lock" in each and "4131" in each
    ]
    assert locked > 50 and len(said) - locked < 10
