"""The incident's own clock."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.domain.ambulance.calls import CLOCK_START_SECONDS, clock_start, fold
from clearway.domain.ambulance.events import CallEvent
from clearway.domain.ambulance.words import CallStatus, Category
from clearway.domain.shared.facts import Fact
from clearway.domain.shared.geography import Point
from tests.making import START, call, fact, minute

C = CallStatus


def test_the_clock_starts_at_the_triage_code_when_it_comes_first() -> None:
    incident = fold([fact(call(C.CALL_CONNECT, 0)), fact(call(C.CATEGORY_SET, 2, category=Category.C2))])

    assert clock_start(incident, minute(3)) == minute(2)


def test_the_clock_starts_at_the_first_allocation_when_it_comes_first() -> None:
    incident = fold([fact(call(C.CALL_CONNECT, 0)), fact(call(C.CATEGORY_SET, 3, category=Category.C3))])

    assert clock_start(incident, minute(1)) == minute(1)


@pytest.mark.parametrize(
    ("category", "seconds"), [(Category.C1, 30), (Category.C2, 240), (Category.C3, 240), (Category.C4, 240)]
)
def test_the_clock_never_waits_longer_than_the_limit(category: Category, seconds: int) -> None:
    incident = fold([fact(call(C.CALL_CONNECT, 0)), fact(call(C.CATEGORY_SET, 9, category=category))])

    assert clock_start(incident, None) == minute(0) + timedelta(seconds=seconds)


def test_a_clock_start_that_the_cad_says_is_believed() -> None:
    events = [call(C.CALL_CONNECT, 0), call(C.CATEGORY_SET, 1, category=Category.C1), call(C.CLOCK_START, 5)]

    assert clock_start(fold(map(fact, events)), minute(2)) == minute(5)


@pytest.mark.parametrize("category", [None, Category.C5, Category.HCP, Category.IFT])
def test_an_incident_without_such_a_category_has_no_clock(category: Category | None) -> None:
    incident = fold([fact(call(C.CALL_CONNECT, 0, category=category))])

    assert clock_start(incident, minute(1)) is None


def test_an_incident_without_a_call_time_has_no_clock() -> None:
    assert clock_start(fold([fact(call(C.CATEGORY_SET, 0, category=Category.C1))]), minute(1)) is None


def test_an_allocation_from_before_the_call_does_not_start_its_clock() -> None:
    incident = fold([fact(call(C.CALL_CONNECT, 10)), fact(call(C.CATEGORY_SET, 11, category=Category.C2))])

    assert clock_start(incident, minute(-60)) == minute(11)


@given(
    category=st.sampled_from(list(CLOCK_START_SECONDS)),
    coded=st.none() | st.integers(-100, 2000),
    allocated=st.none() | st.integers(-100, 2000),
)
def test_the_clock_starts_within_the_limit_after_the_call(
    category: Category, coded: int | None, allocated: int | None
) -> None:
    events = [call(C.CALL_CONNECT, 0, category=category)]
    events += [call(C.CATEGORY_SET, coded / 60)] if coded is not None else []

    began = clock_start(fold(map(fact, events)), None if allocated is None else minute(allocated / 60))

    assert began is not None
    assert timedelta(0) <= began - START <= timedelta(seconds=CLOCK_START_SECONDS[category])


def test_the_newest_category_counts_and_its_first_time_is_kept() -> None:
    incident = fold(
        [
            fact(call(C.CATEGORY_SET, 2, category=Category.C3)),
            fact(call(C.CATEGORY_SET, 8, category=Category.C1)),
        ]
    )

    assert incident.category is Category.C1
    assert incident.stamps[C.CATEGORY_SET] == minute(2)


def test_the_place_is_taken_only_when_both_coordinates_are_there() -> None:
    placed = fold([fact(call(C.LOCATED, 0, latitude=50.7, longitude=-3.5)), fact(call(C.CLOSED, 9))])
    half = fold([fact(call(C.LOCATED, 0, latitude=50.7))])

    assert placed.position == Point(50.7, -3.5)
    assert half.position is None


call_facts = st.lists(
    st.builds(
        lambda number, seconds, status, category: Fact(
            event=CallEvent(
                message_id=f"m{number}",
                occurred_at=START + timedelta(seconds=seconds),
                incident="I1",
                status=status,
                category=category,
            ),
            source="cad",
            known_at=START,
        ),
        number=st.integers(0, 20),
        seconds=st.integers(0, 10),
        status=st.sampled_from(C),
        category=st.none() | st.sampled_from(Category),
    ),
    min_size=1,
    max_size=15,
)


@given(facts=call_facts, data=st.data())
def test_any_order_and_any_duplication_give_the_same_incident(
    facts: list[Fact[CallEvent]], data: st.DataObject
) -> None:
    again = data.draw(st.lists(st.sampled_from(facts), max_size=5))

    assert fold(data.draw(st.permutations([*facts, *again]))) == fold(facts)
