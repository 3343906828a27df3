"""The days on which the clocks change are ordinary: nothing is lost, merged, reordered or counted twice."""

import random
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django import forms

from clearway.core.layout import times
from clearway.core.layout.fields import LOCAL_FORMAT, nearest
from clearway.domain.ambulance.intervals import minutes
from clearway.domain.ambulance.meeting import midnight
from clearway.domain.ambulance.words import JobStatus
from tests import sizes

pytestmark = pytest.mark.promise("R9")
LONDON = ZoneInfo("Europe/London")
MINUTE = timedelta(minutes=1)
DAYS = {date(2026, 10, 25): 25, date(2027, 3, 28): 23, date(2027, 10, 31): 25}


def wall(text: str) -> datetime:
    return datetime.strptime(text, LOCAL_FORMAT)  # noqa: DTZ007 - what was typed has no zone yet


@pytest.mark.parametrize(("day", "hours"), DAYS.items())
def test_every_minute_has_words_of_its_own_that_mean_it_when_they_are_typed(day: date, hours: int) -> None:
    begins = midnight(day, LONDON).astimezone(UTC)
    instants = [begins + place * MINUTE for place in range(hours * 60)]

    assert midnight(day + timedelta(days=1), LONDON).astimezone(UTC) - begins == timedelta(hours=hours)
    assert len({times.clock(at) for at in instants}) == len(instants)
    assert {times.day(at) for at in instants} == {times.day(instants[0])}
    assert all(nearest(wall(times.typed(at)), at) == at for at in instants)


def test_no_minute_that_the_clocks_skip_can_be_booked() -> None:
    for minute in range(60):
        with pytest.raises(forms.ValidationError, match="does not exist"):
            nearest(wall(f"2027-03-28T01:{minute:02}"), datetime(2027, 3, 28, 3, tzinfo=UTC))


def test_any_interval_takes_what_passed_and_any_event_counts_on_one_day(chance: random.Random) -> None:
    counted: dict[date, int] = {}
    number = sizes.of("R9", "intervals")
    for _ in range(number):
        day = chance.choice(list(DAYS))
        began = midnight(day, LONDON).astimezone(UTC) + timedelta(seconds=chance.uniform(-7200, 27 * 3600))
        took = timedelta(seconds=chance.uniform(0, 6 * 3600))
        stamps = {JobStatus.AT_HOSPITAL: began, JobStatus.HANDOVER: (began + took).astimezone(LONDON)}
        assert minutes(stamps, "handover") == pytest.approx(took.total_seconds() / 60, abs=1e-4)
        on = [
            each
            for each in (day - timedelta(days=1), day, day + timedelta(days=1))
            if midnight(each, LONDON) <= began < midnight(each + timedelta(days=1), LONDON)
        ]
        assert on == [times.local(began).date()]
        counted[on[0]] = counted.get(on[0], 0) + 1
    assert sum(counted.values()) == number
