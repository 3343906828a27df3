"""Times that people type on a London clock."""

from datetime import UTC, datetime

import pytest
from django import forms

from clearway.core.layout.fields import LOCAL_FORMAT, nearest


def wall(text: str) -> datetime:
    return datetime.strptime(text, LOCAL_FORMAT)  # noqa: DTZ007 - what was typed has no zone yet


def test_a_summer_time_is_an_hour_behind_in_utc() -> None:
    at = datetime(2026, 7, 1, 12, tzinfo=UTC)

    assert nearest(wall("2026-07-01T14:05"), at) == datetime(2026, 7, 1, 13, 5, tzinfo=UTC)


@pytest.mark.promise("R9")
def test_in_the_hour_that_comes_twice_the_instant_nearer_to_now_is_meant() -> None:
    typed = wall("2026-10-25T01:30")

    first = nearest(typed, datetime(2026, 10, 25, 0, 35, tzinfo=UTC))
    second = nearest(typed, datetime(2026, 10, 25, 1, 35, tzinfo=UTC))

    assert (first.hour, second.hour) == (0, 1)


@pytest.mark.promise("R9")
def test_a_time_that_the_clocks_skip_is_refused_with_the_reason() -> None:
    with pytest.raises(forms.ValidationError, match="does not exist"):
        nearest(wall("2027-03-28T01:30"), datetime(2027, 3, 28, 3, tzinfo=UTC))
