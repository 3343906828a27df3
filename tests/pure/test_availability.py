"""The availability axis: who is free, on a break or away, and who may be sent."""

from datetime import timedelta
from math import isnan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.domain.ambulance.availability import (
    FOLLOWS,
    AllocationPolicy,
    ResourceStanding,
    apply,
    check_allocate,
    fold,
    is_legal,
    rank,
)
from clearway.domain.ambulance.events import AvailabilityEvent
from clearway.domain.ambulance.situation import Feed, compose
from clearway.domain.ambulance.words import Availability, Category, JobState, ResourceKind, Standing
from clearway.domain.shared.errors import NotAllowed
from clearway.domain.shared.facts import Fact, order_key
from tests.making import START, availability, fact, minute

A = Availability


def test_a_shift_adds_up_to_its_newest_standing() -> None:
    standing, findings = fold(
        [
            fact(availability(A.BOOKING_ON, 0, kind=ResourceKind.DCA, station="Yeovil")),
            fact(availability(A.AVAILABLE, 10, standing=Standing.BASE)),
            fact(availability(A.UNAVAILABLE, 70, reason="vehicle defect")),
        ]
    )

    assert standing == ResourceStanding(
        call_sign="A101",
        availability=A.UNAVAILABLE,
        since=minute(70),
        reason="vehicle defect",
        kind=ResourceKind.DCA,
        station="Yeovil",
    )
    assert findings == ()


def test_saying_the_same_again_does_not_restart_the_clock() -> None:
    standing, _ = fold(
        [
            fact(availability(A.UNAVAILABLE, 0, reason="fuel")),
            fact(availability(A.UNAVAILABLE, 9, reason="fuel")),
        ]
    )

    assert standing.since == minute(0)


def test_a_new_reason_starts_a_new_clock() -> None:
    standing, _ = fold(
        [
            fact(availability(A.UNAVAILABLE, 0, reason="fuel")),
            fact(availability(A.UNAVAILABLE, 9, reason="vehicle defect")),
        ]
    )

    assert standing.since == minute(9)


@pytest.mark.parametrize("before", A)
@pytest.mark.parametrize("after", A)
def test_a_change_that_skips_a_step_is_recorded_and_flagged(before: A, after: A) -> None:
    standing, findings = fold([fact(availability(before, 0)), fact(availability(after, 1, message_id="m"))])

    assert standing.availability is after
    legal = before is after or after in FOLLOWS[before]
    assert [finding.code for finding in findings] == ([] if legal else ["AV01"])
    assert is_legal(before, after) is legal


def test_the_first_word_of_a_resource_is_never_out_of_place() -> None:
    assert fold([fact(availability(A.ON_BREAK, 0))])[1] == ()


facts_of_a_resource = st.lists(
    st.builds(
        lambda number, seconds, sequence, status, standing, reason, source, kind, shift_end: Fact(
            event=AvailabilityEvent(
                message_id=f"m{number}",
                occurred_at=START + timedelta(seconds=seconds),
                call_sign="A101",
                status=status,
                sequence=sequence,
                standing=standing,
                reason=reason,
                kind=kind,
                shift_end=shift_end,
            ),
            source=source,
            known_at=START + timedelta(seconds=seconds),
        ),
        number=st.integers(0, 40),
        seconds=st.integers(0, 20),
        sequence=st.none() | st.integers(0, 3),
        status=st.sampled_from(A),
        standing=st.none() | st.sampled_from(Standing),
        reason=st.sampled_from([None, "fuel", "welfare"]),
        source=st.sampled_from(["cad", "rota"]),
        kind=st.sampled_from([None, ResourceKind.DCA]),
        shift_end=st.sampled_from([None, minute(-300), minute(10)]),
    ),
    min_size=2,
    max_size=20,
    unique_by=lambda each: (each.source, each.event.message_id),
)


@given(facts=facts_of_a_resource)
def test_applying_the_newest_equals_folding_again(facts: list[Fact[AvailabilityEvent]]) -> None:
    *earlier, newest = sorted(facts, key=lambda each: order_key(each, rank))

    assert apply(fold(earlier)[0], newest) == fold(facts)[0]


@given(facts=facts_of_a_resource, data=st.data())
def test_any_order_and_any_duplication_give_the_same_standing(
    facts: list[Fact[AvailabilityEvent]], data: st.DataObject
) -> None:
    again = data.draw(st.lists(st.sampled_from(facts), max_size=5))
    shuffled = data.draw(st.permutations([*facts, *again]))

    assert fold(shuffled) == fold(facts)


def standing_as(status: A, how: Standing | None = None) -> ResourceStanding:
    return ResourceStanding(call_sign="A101", availability=status, standing=how)


@pytest.mark.parametrize(
    ("standing", "category"),
    [
        (standing_as(A.AVAILABLE), Category.C4),
        (standing_as(A.RESTRICTED), Category.C2),
        (standing_as(A.ON_BREAK, Standing.INTERRUPTIBLE), Category.C1),
    ],
)
@pytest.mark.parametrize("job", [JobState.NONE, JobState.STOOD_DOWN, JobState.RELEASED, JobState.CLEAR])
def test_a_free_resource_may_be_sent(standing: ResourceStanding, category: Category, job: JobState) -> None:
    check_allocate(standing, job, category, AllocationPolicy())


@pytest.mark.parametrize(
    ("standing", "category", "text"),
    [
        (standing_as(A.RESTRICTED), Category.C3, "Restricted: not for C3."),
        (
            standing_as(A.ON_BREAK, Standing.INTERRUPTIBLE),
            Category.C2,
            "This break is not interrupted for C2.",
        ),
        (
            standing_as(A.ON_BREAK, Standing.PROTECTED),
            Category.C1,
            "A protected break is never interrupted.",
        ),
        (standing_as(A.ON_BREAK), Category.C1, "A protected break is never interrupted."),
        (standing_as(A.OFF), Category.C1, "It is not available."),
        (standing_as(A.BOOKING_ON), Category.C1, "It is not available."),
        (standing_as(A.UNAVAILABLE), Category.C1, "It is not available."),
        (standing_as(A.BREAK_TRAVEL), Category.C1, "It is not available."),
    ],
)
def test_a_resource_that_is_not_free_is_refused_with_the_reason(
    standing: ResourceStanding, category: Category, text: str
) -> None:
    with pytest.raises(NotAllowed) as refused:
        check_allocate(standing, JobState.NONE, category, AllocationPolicy())

    assert refused.value.why == text
    assert refused.value.event == "allocation"


@pytest.mark.parametrize("job", [state for state in JobState if not state.is_over])
def test_a_resource_on_a_job_is_refused(job: JobState) -> None:
    with pytest.raises(NotAllowed) as refused:
        check_allocate(standing_as(A.AVAILABLE), job, Category.C1, AllocationPolicy())

    expected = "Ask the crew for an early clear first." if job is JobState.WRAP_UP else "It is on a job."
    assert refused.value.why == expected


def test_who_may_be_interrupted_is_policy() -> None:
    policy = AllocationPolicy(interruptible_break=frozenset({Category.C1, Category.C2}))

    check_allocate(standing_as(A.ON_BREAK, Standing.INTERRUPTIBLE), JobState.NONE, Category.C2, policy)


def test_a_change_from_the_future_is_found_and_counts_from_when_it_was_known() -> None:
    known = START + timedelta(minutes=5)
    ahead = AvailabilityEvent("m1", START + timedelta(days=30), "A101", Availability.UNAVAILABLE)
    later = AvailabilityEvent("m2", START + timedelta(minutes=9), "A101", Availability.AVAILABLE)

    standing, findings = fold([Fact(ahead, "cad", known), Fact(later, "cad", START + timedelta(minutes=10))])

    assert (standing.availability, standing.since) == (Availability.AVAILABLE, START + timedelta(minutes=9))
    assert [finding.code for finding in findings] == ["AV02"]


def test_a_clock_that_is_seconds_ahead_is_taken_at_its_word() -> None:
    ahead = AvailabilityEvent("m1", START + timedelta(seconds=60), "A101", Availability.AVAILABLE)

    standing, findings = fold([Fact(ahead, "cad", START)])

    assert standing.since == START + timedelta(seconds=60)
    assert findings == ()


def shift_of(*events: AvailabilityEvent) -> tuple[object, object]:
    standing, _ = fold([fact(each, known=2000) for each in events])
    return standing.shift_start, standing.shift_end


def test_the_end_of_a_shift_stays_known_while_it_runs_and_for_an_overrun() -> None:
    on = availability(A.BOOKING_ON, 0, shift_start=minute(0), shift_end=minute(600))

    assert shift_of(on, availability(A.AVAILABLE, 10)) == (minute(0), minute(600))
    assert shift_of(on, availability(A.RESTRICTED, 600 + 239)) == (minute(0), minute(600))


@pytest.mark.parametrize(
    "later",
    [
        [availability(A.OFF, 610), availability(A.AVAILABLE, 1500)],  # booked off, and on again
        [availability(A.AVAILABLE, 1500)],  # nobody said that it booked off
        [availability(A.BOOKING_ON, 700, shift_start=minute(700))],  # the next shift, its end not said
    ],
)
def test_the_end_of_an_earlier_shift_is_not_taken_for_this_ones(later: list[AvailabilityEvent]) -> None:
    on = availability(A.BOOKING_ON, 0, shift_start=minute(0), shift_end=minute(600))

    assert shift_of(on, *later)[1] is None


def test_a_shift_that_ended_long_ago_is_not_in_the_situation_of_a_crew_that_works() -> None:
    feeds = [Feed("cad", "cad", 60, minute(0), frozenset())]
    crew = ResourceStanding("A101", A.AVAILABLE, shift_end=minute(0))

    soon, late = (compose(minute(after), [], [], [crew], {}, feeds) for after in (200, 377))

    assert soon.resources.shift_end[0] == minute(0).timestamp()
    assert isnan(late.resources.shift_end[0])
