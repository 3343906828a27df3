"""Situation reports: one look at everything, kept as it was, with what cannot be known said to be so."""

import threading
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client

from clearway.core.audit.actions import Actor
from clearway.core.audit.models import Action
from clearway.core.feeds.models import Source
from clearway.core.live.models import Change
from clearway.core.organisation.models import Organisation, Site
from clearway.desks.ambulance import live
from clearway.desks.ambulance.command import actions, figures, presenters
from clearway.desks.ambulance.command.models import Sitrep, SitrepAddendum
from clearway.desks.ambulance.handovers import presenters as boards
from clearway.desks.ambulance.handovers import queries as handovers
from clearway.desks.ambulance.pressure import actions as pressure
from clearway.desks.ambulance.rosters import actions as rosters
from clearway.domain.ambulance.events import AvailabilityEvent, CallEvent
from clearway.domain.ambulance.pressure import Ladder
from clearway.domain.ambulance.words import Availability, CallStatus, Category
from clearway.domain.shared.figures import Figures
from tests.trust import acting, signed_in, somebody, stop_the_clock

from .conftest import T0, at, conveyance, deliver

pytestmark = pytest.mark.django_db
DUTY = Actor("duty:sitreps")


def parts(row: Sitrep) -> dict[str, Figures]:
    return dict(presenters.sitrep_parts(row))


def cells(part: Figures) -> dict[str, tuple[str, ...]]:
    return {row[0]: row[1:] for row in part.rows}


def make(trust: Organisation, minutes: float) -> Sitrep:
    return actions.make_sitrep("By hand", organisation_id=trust.pk, by=DUTY, at=at(minutes))


def call(minutes: float, incident: str, status: str = "category_set", category: str = "C2") -> CallEvent:
    return CallEvent(
        f"{incident}/{status}", at(minutes), incident, CallStatus(status), category=Category(category)
    )


def test_what_nobody_has_said_is_no_data_and_never_nought(knowing: Organisation) -> None:
    found = parts(make(knowing, 0))

    assert cells(found["crews"])["Crews on shift"] == ("No data", "")
    assert cells(found["stack"])["Calls without a crew"] == ("No data", "")
    assert set(cells(found["hospitals"])["Millbrook Hospital"][:-1]) == {"No data"}
    assert cells(found["calls"])["C1 response"][0] == "No data"
    for code, part in found.items():
        for row in part.rows:
            assert "0" not in row[1:-1] or code == "risks", (code, row)


def test_a_report_says_what_the_boards_say_at_the_same_instant(knowing: Organisation, cad: Source) -> None:
    deliver(
        cad,
        [
            *conveyance("TVH01", until="at_hospital"),
            *conveyance("TVH01", start=-60, incident="2", call_sign="A2", until="handover"),
            *conveyance("TVH02", start=10, incident="3", call_sign="A3", until="left_scene"),
            call(30, "9"),
        ],
        known=60,
    )
    row = make(knowing, 62)

    board = handovers.board(knowing.pk, at(62))
    shown = {each.code: boards.hospital_row(board, each) for each in board.pictures}
    said = cells(parts(row)["hospitals"])
    for picture in board.pictures:
        if picture.code is not None:
            there, here = shown[picture.code], said[picture.name or ""]
            assert here[0] == there.inbound.text
            assert here[1:3] == (there.queuing.text, there.cohorting.text)
            assert here[5:9] == tuple(number.text for number in there.beyond)
    assert said["Millbrook Hospital"][3] == "22 min"
    assert said["Millbrook Hospital"][-1] == "09:00, 2 min"
    assert cells(parts(row)["stack"])["C2 without a crew"] == ("1, the oldest since 08:30", "09:00, 2 min")


def test_response_times_are_counted_from_the_clock_to_the_first_crew(
    knowing: Organisation, cad: Source
) -> None:
    deliver(
        cad,
        [call(-5, "1", "clock_start"), *conveyance("TVH01", until="handover"), call(1, "2", "clock_start")],
        known=60,
    )
    found = cells(parts(make(knowing, 61))["calls"])

    assert found["C2 response"][:3] == ("1", "25.0 min", "25.0 min")
    assert found["C2 response"][3] == "mean 20 min; nine in ten 45 min"
    assert found["C1 response"][0] == "No data"


def test_planned_unit_hours_stand_beside_those_that_were_there(knowing: Organisation, cad: Source) -> None:
    without = cells(parts(make(knowing, 0))["crews"])
    assert {name: row for name, row in without.items() if name.startswith("Unit-hours")} == {
        "Unit-hours planned today": ("No data", ""),
        "Unit-hours there today": ("No data", ""),
        "Unit-hours planned for the rest of the day": ("No data", ""),
    }
    station = Site.objects.filter(kind="station").order_by("code")[0].code
    raw = f"call sign,station,kind,skill,start,end\nA1,{station},DCA,paramedic,{at(0)},{at(600)}\n"
    rosters.load("r.csv", raw.encode(), organisation_id=knowing.pk, by=DUTY, at=at(-5))
    deliver(
        cad,
        [
            AvailabilityEvent("on", at(30), "A1", Availability.BOOKING_ON),
            AvailabilityEvent("free", at(31), "A1", Availability.AVAILABLE),
        ],
        known=31,
    )

    found = cells(parts(make(knowing, 120))["crews"])

    assert found["Unit-hours planned since 08:30"][0] == "1.5 h"
    assert found["Unit-hours there since 08:30"][0] == "1.5 h"
    assert found["Planned and not there"][0] == "0.0 h"
    assert found["Unit-hours planned for the rest of the day"][0] == "8.0 h"


def test_what_lies_beyond_the_horizon_is_said_and_not_invented(knowing: Organisation) -> None:
    found = parts(make(knowing, 0))

    assert "Waits are forecast 4 hours ahead and no further." in found["ahead"].sentence
    assert cells(found["days"])["Incidents a day"][:2] == ("No data", "No data")


def test_one_is_made_for_each_time_that_is_due_and_on_a_level(knowing: Organisation, cad: Source) -> None:
    deliver(cad, conveyance("TVH01", start=-60, until="at_scene"), known=-10)

    def follow(minutes: float) -> Sitrep | None:
        return actions.follow(knowing.pk, by=DUTY, at=at(minutes))

    first = follow(0)
    assert first is not None and first.because == "For 07:00"
    assert follow(10) is None
    officer = somebody("sdo", "trust_incident_manager", knowing)
    wanted = pressure.Wanted(Ladder.CSP, 3, "Calls wait", at(120), 0)
    pressure.declare(
        wanted, organisation_id=knowing.pk, by=acting(officer, "trust_incident_manager"), at=at(20)
    )
    on_change = follow(21)
    assert on_change is not None and on_change.because == "Clinical safety plan 3 set at 08:20"
    assert follow(22) is None
    assert follow(180).because == "For 11:00"  # type: ignore[union-attr]
    assert [row.number for row in Sitrep.objects.order_by("number")] == [1, 2, 3]
    assert Action.objects.filter(verb="sitreps.make", actor="duty:sitreps").count() == 3


def test_the_database_refuses_to_change_or_remove_a_report_or_what_was_added(knowing: Organisation) -> None:
    row = make(knowing, 0)
    person = somebody("pfc", "patient_flow_coordinator", knowing)
    actions.add(row.number, "Two, not three", organisation_id=knowing.pk, by=acting(person), at=at(1))

    for change in (
        lambda: Sitrep.objects.update(because="x"),
        lambda: Sitrep.objects.all().delete(),
        lambda: SitrepAddendum.objects.update(words="x"),
        lambda: SitrepAddendum.objects.all().delete(),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            change()


def test_a_report_is_read_made_added_to_and_given_as_text_and_pdf(
    knowing: Organisation, cad: Source, flow: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver(cad, conveyance("TVH01", until="at_hospital"), known=45)
    stop_the_clock(monkeypatch, at(46))

    page = flow.post("/sitreps/make/")["Location"]
    assert "Millbrook Hospital" in flow.get(page).content.decode()
    assert flow.post(page, {"words": "The second crew is A9 \N{AMBULANCE}"}).status_code == 302
    assert "The second crew is A9" in flow.get(page).content.decode()
    text = flow.get(f"{page}text/").content.decode()
    assert "HOSPITALS" in text and "Added 08:46 by flow: The second crew is A9" in text
    pdf = flow.get(f"{page}sitrep.pdf")
    assert pdf.content.startswith(b"%PDF-1.7") and pdf["Content-Type"] == "application/pdf"
    assert Change.objects.filter(topic="sitrep", key="1").count() == 2
    (fragment,) = live.sitrep_rows(knowing.pk, frozenset({"1"}), at(47))
    assert fragment.topic == "sitreps" and "Situation report 1" in fragment.html
    assert "Situation report 1" in flow.get("/sitreps/").content.decode()


@pytest.mark.parametrize(
    ("words", "why"),
    [("", "Say what is added"), ("x" * 1001, "Shorten it"), ("943 476 5919", "Leave out the NHS number")],
)
def test_junk_is_refused_and_nothing_is_added(
    knowing: Organisation, flow: Client, monkeypatch: pytest.MonkeyPatch, words: str, why: str
) -> None:
    stop_the_clock(monkeypatch, at(0))
    make(knowing, 0)

    answer = flow.post("/sitreps/1/", {"words": words})

    assert answer.status_code == 422 and why in answer.content.decode()
    assert not SitrepAddendum.objects.exists()
    assert flow.get("/sitreps/77/").status_code == 404


def test_a_hospitals_own_people_see_none(knowing: Organisation, monkeypatch: pytest.MonkeyPatch) -> None:
    stop_the_clock(monkeypatch, at(0))
    make(knowing, 0)
    browser = signed_in(somebody("ward", "hospital_user", knowing, site="TVH01"))

    assert browser.get("/sitreps/1/").status_code == 403


def test_every_part_of_the_agenda_is_a_part_of_a_report(knowing: Organisation) -> None:
    from clearway.desks.ambulance.command.policy import command_policy

    policy = command_policy(knowing.pk, T0)
    assert policy.agenda and {part for point in policy.agenda for part in point.parts} <= set(figures.PARTS)


@pytest.mark.django_db(transaction=True)
def test_two_workers_make_one_report_for_a_time(knowing: Organisation) -> None:
    made: list[int] = []

    def work() -> None:
        row = actions.follow(knowing.pk, by=DUTY, at=at(0))
        made.append(row.number if row else 0)
        connection.close()

    workers = [threading.Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert Sitrep.objects.count() == 1 and set(made) <= {0, 1}
    assert Sitrep.objects.get().at == at(0) and timedelta(0) <= at(0) - Sitrep.objects.get().for_at  # type: ignore[operator]


def test_reports_go_whole_after_their_period_and_not_before(knowing: Organisation) -> None:
    row = make(knowing, 0)
    person = somebody("pfc", "patient_flow_coordinator", knowing)
    actions.add(row.number, "Two, not three", organisation_id=knowing.pk, by=acting(person), at=at(1))
    with connection.cursor() as cursor:

        def forget(before: str) -> int:
            cursor.execute("SELECT clearway_forget_sitreps(%s, %s, 10)", [knowing.pk, before])
            return int(cursor.fetchone()[0])

        assert forget("2020-01-01+00") == 0
        with pytest.raises(IntegrityError, match="too young"), transaction.atomic():
            forget("2999-01-01+00")
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE ambulance_sitrep SET at = '2015-01-01+00'")
        cursor.execute("SET LOCAL session_replication_role = origin")
        assert forget("2016-01-01+00") == 1
    assert not Sitrep.objects.exists() and not SitrepAddendum.objects.exists()
