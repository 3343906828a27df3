"""What a clock asks for becomes a task, until it is met or somebody says that it is done."""

from datetime import date, timedelta
from typing import Any

import pytest

from clearway.core.audit.actions import Actor
from clearway.core.worklist.models import Task
from clearway.desks.outpatients import rules, situation
from clearway.desks.outpatients.clocks import actions as clocks
from clearway.desks.outpatients.clocks.models import ClockEvent as Row
from clearway.desks.outpatients.waiting import actions as waiting
from clearway.desks.outpatients.waiting.models import Contact
from clearway.domain.outpatients.clock_events import ClockEvent, EventKind
from clearway.domain.shared.errors import NotAllowed
from tests.therapies import NINE, TODAY, Department, a_department
from tests.trust import a_trust, signed_in, somebody, stop_the_clock

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def physio(monkeypatch: pytest.MonkeyPatch) -> Department:
    stop_the_clock(monkeypatch, NINE)
    return a_department(a_trust())


def who(physio: Department, after: timedelta = timedelta(0)) -> dict[str, Any]:
    return {"organisation_id": physio.trust.pk, "by": Actor("opal"), "at": NINE + after}


def tasks(physio: Department, after: timedelta = timedelta(0)) -> list[str]:
    at = NINE + after
    rules.run(physio.trust.pk, situation.read(physio.trust.pk, at), at)
    found = Task.objects.filter(rule="clock_prompt", closed_at=None)
    return list(found.order_by("id").values_list("title", flat=True))


def away(physio: Department, first: date, last: date) -> Any:
    entry = physio.entry()
    waiting.validate(entry.pk, "unavailable", away=(first, last), **who(physio))
    return entry


def test_an_absence_keeps_its_days_and_the_clock_is_told(physio: Department) -> None:
    entry = away(physio, TODAY + 3 * DAY, TODAY + 20 * DAY)

    told = Row.objects.get(pathway=entry.pathway, kind=EventKind.UNAVAILABLE)
    assert (told.on, told.said["until"]) == (TODAY, (TODAY + 20 * DAY).isoformat())
    assert "from Mon 23 Nov 2026 to Thu 10 Dec 2026" in Contact.objects.get().said
    assert tasks(physio) == [], "seventeen days need no clinician"


@pytest.mark.parametrize("days", [None, (TODAY + DAY, TODAY), (TODAY - 9 * DAY, TODAY - DAY)])
def test_an_absence_without_days_that_can_be_is_refused_and_leaves_nothing(
    physio: Department, days: tuple[date, date] | None
) -> None:
    entry = physio.entry()

    with pytest.raises(NotAllowed):
        waiting.validate(entry.pk, "unavailable", away=days, **who(physio))

    assert not Contact.objects.exists() and not Row.objects.filter(kind=EventKind.UNAVAILABLE).exists()


def test_the_key_of_an_absence_leads_to_the_page_on_which_its_days_are_typed(physio: Department) -> None:
    entry = physio.entry()
    desk = signed_in(somebody("opal", "outpatient_coordinator", physio.trust))

    answer = desk.post(f"/outpatients/asking/{entry.pk}/answer/", {"key": "u"}, follow=True)

    page = answer.content.decode()
    assert "Say from which day to which" in page and 'value="unavailable" selected' in page
    sent = {"what": "answer", "answer": "unavailable", "away_from": "2026-11-23", "away_to": "2027-02-01"}
    assert desk.post(f"/outpatients/list/{entry.pk}/", sent).status_code == 302
    assert Row.objects.get(kind=EventKind.UNAVAILABLE).said["until"] == "2027-02-01"


def test_more_than_six_weeks_away_is_a_task_until_somebody_says_what_was_done(physio: Department) -> None:
    entry = away(physio, TODAY, TODAY + 60 * DAY)
    assert tasks(physio) == ["A clock asks: a clinician reviews whether the delay is safe"]
    desk = signed_in(somebody("opal", "outpatient_coordinator", physio.trust))
    page = f"/outpatients/pathways/{entry.pathway_id}/"
    key = Row.objects.get(kind=EventKind.UNAVAILABLE).key

    empty = desk.post(page, {"done": key, "words": ""})
    said = desk.post(page, {"done": key, "words": "Dr Field looked: it is safe"})

    assert (empty.status_code, said.status_code) == (422, 302)
    assert "Say what was done" in empty.content.decode()
    assert "Dr Field looked: it is safe" in desk.get(page).content.decode()
    assert tasks(physio) == []
    with pytest.raises(NotAllowed, match="said already"):
        clocks.done(entry.pathway_id, key, "Again", **who(physio))


def test_a_next_step_is_asked_for_after_fourteen_days_unless_there_is_a_place_for_it(
    physio: Department,
) -> None:
    with_place, without = physio.entry(), physio.referral()
    for key in (with_place.pathway_id, without.pathway_id):
        event = ClockEvent(key="thinks", kind=EventKind.THINKING_TIME, on=TODAY)
        clocks.record([clocks.Recorded(key, event, "desk")], **who(physio))

    assert tasks(physio, 13 * DAY) == []
    assert tasks(physio, 14 * DAY) == ["A clock asks: agree the next step with the patient"]
    assert Task.objects.get(rule="clock_prompt").subject == f"pathway:{without.pathway_id}"


def test_what_happened_since_meets_what_was_asked(physio: Department) -> None:
    entry = away(physio, TODAY, TODAY + 60 * DAY)
    assert len(tasks(physio)) == 1

    event = ClockEvent(key="seen", kind=EventKind.OFFER_DECLINED, on=TODAY + DAY)
    clocks.record([clocks.Recorded(entry.pathway_id, event, "desk")], **who(physio, DAY))

    assert tasks(physio, DAY) == []
