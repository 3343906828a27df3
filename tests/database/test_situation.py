"""The live reading, the reading as it was known, and a rebuild from facts show one and the same region."""

import math
from typing import Any

import msgspec
import pytest

from clearway.core.audit.actions import Actor
from clearway.core.decisions import snapshots
from clearway.core.feeds.actions import switch
from clearway.core.feeds.models import Source
from clearway.core.organisation.models import Organisation
from clearway.desks.ambulance import situation
from clearway.domain.ambulance.events import AvailabilityEvent, Position
from clearway.domain.ambulance.situation import Situation
from clearway.domain.ambulance.words import Availability, HospitalMeasure

from .conftest import another_worker_records, at, conveyance, deliver, report

pytestmark = pytest.mark.django_db


def plain(seen: Situation) -> object:
    """All columns as lists, for comparing. NaN is written as None."""
    return msgspec.to_builtins(seen, enc_hook=lambda array: [_plain(value) for value in array.ravel()])


def _plain(value: float) -> float | None:
    return None if math.isnan(value) else float(value)


def feed_the_morning(cad: Source, avl: Source) -> None:
    deliver(cad, [report("TVH01", 3, boarding=4, majors_taken=9)], known=5)
    deliver(avl, [Position("A1", at(4), 52.21, -1.49)], known=5)
    deliver(
        cad,
        [
            AvailabilityEvent("v1", at(-60), "A1", Availability.BOOKING_ON, shift_end=at(600)),
            AvailabilityEvent("v2", at(-50), "A1", Availability.AVAILABLE),
            *conveyance("TVH01", until="at_hospital"),
        ],
        known=41,
    )
    deliver(cad, conveyance("TVH02", incident="2", call_sign="B2", until="mobile"), known=44)
    deliver(cad, conveyance("TVH01")[5:], known=61)
    deliver(cad, [report("TVH01", 35, boarding=6, note="full")], known=62)
    deliver(cad, [report("TVH01", 20, boarding=5, beds_free=1)], known=63)


def test_the_live_reading_shows_what_was_reported(cad: Source, avl: Source, valley: Organisation) -> None:
    feed_the_morning(cad, avl)

    seen = situation.read(valley.pk, at(62))

    assert seen.assignments.key == ("1/A1", "2/B2")
    assert seen.resources.call_sign == ("A1", "B2")
    assert list(seen.resources.assignment) == [-1, 1]
    assert seen.resources.latitude[0] == 52.21
    assert seen.sites.code[seen.assignments.site[0]] == "TVH01"


@pytest.mark.parametrize("snapshot_at", [None, 20, 43])
def test_as_known_shows_only_what_was_known_then(
    cad: Source, avl: Source, valley: Organisation, snapshot_at: float | None
) -> None:
    feed_the_morning(cad, avl)
    if snapshot_at is not None:
        situation.take_snapshot(valley.pk, at(snapshot_at))

    then = situation.as_known(valley.pk, at(43))

    assert then.assignments.key == ("1/A1",)
    assert then.reports.measure(HospitalMeasure.BOARDING)[then.sites.code.index("TVH01")] == 4
    assert list(then.resources.assignment) == [0]
    before = situation.as_known(valley.pk, at(10))
    assert before.assignments.key == ()


@pytest.mark.parametrize("snapshot_at", [None, 30, 50])
def test_as_known_now_equals_the_live_reading(
    cad: Source, avl: Source, valley: Organisation, snapshot_at: float | None
) -> None:
    feed_the_morning(cad, avl)
    if snapshot_at is not None:
        situation.take_snapshot(valley.pk, at(snapshot_at))

    assert plain(situation.as_known(valley.pk, at(70))) == plain(situation.read(valley.pk, at(70)))


def test_a_past_picture_rests_on_the_sources_that_were_on_then(
    cad: Source, avl: Source, valley: Organisation
) -> None:
    feed_the_morning(cad, avl)
    switch(avl, False, by=Actor("test"), at=at(80))
    switch(avl, True, by=Actor("test"), at=at(90))
    switch(cad, False, by=Actor("test"), at=at(95))

    names = {minute: set(situation.as_known(valley.pk, at(minute)).feeds.name) for minute in (70, 85, 92, 99)}

    both = {avl.name, cad.name}
    assert names[70] & both == names[92] & both == both
    assert names[85] & both == {cad.name}
    assert names[99] & both == {avl.name}


def test_a_code_of_a_merged_predecessor_finds_the_site(cad: Source, valley: Organisation) -> None:
    deliver(cad, conveyance("TVA77", until="left_scene"))

    seen = situation.read(valley.pk, at(50))

    assert seen.sites.code[seen.assignments.site[0]] == "TVH02"


def test_the_live_reading_takes_as_many_queries_however_full_the_region_and_fewer_when_read_again(
    cad: Source, valley: Organisation, django_assert_max_num_queries: Any
) -> None:
    for number in range(3):
        deliver(cad, conveyance("TVH01", incident=str(number), call_sign=f"A{number}", until="left_scene"))

    with django_assert_max_num_queries(18):
        situation.read(valley.pk, at(50))
    deliver(cad, conveyance("TVH01", incident="3", call_sign="A3", until="left_scene"))
    with django_assert_max_num_queries(6):
        assert "A3" in situation.read(valley.pk, at(51)).resources.call_sign


@pytest.mark.django_db(transaction=True)
def test_a_batch_that_commits_after_the_snapshot_of_its_time_is_not_lost(
    valley: Organisation, cad: Source
) -> None:
    event = AvailabilityEvent("v1", at(14), "A1", Availability.AVAILABLE)

    with another_worker_records(event, source=cad, known=14.99):
        situation.take_snapshot(valley.pk, at(15))  # of 15, while what was known at 14.99 is not committed

    assert situation.read(valley.pk, at(20)).resources.call_sign == ("A1",)
    assert situation.as_known(valley.pk, at(20)).resources.call_sign == ("A1",)


def test_a_decision_written_late_keeps_the_ages_of_when_it_was_taken(
    valley: Organisation, cad: Source
) -> None:
    deliver(cad, conveyance("TVH01", until="mobile"), known=11)
    deliver(cad, conveyance("TVH01"), known=60)

    taken = snapshots.take(valley.pk, at(40), at(61))

    feed = next(each for each in taken["feeds"] if each["name"] == cad.name)
    assert feed["age_seconds"] == 29 * 60
