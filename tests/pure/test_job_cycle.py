"""The job cycle: its table, its refusals, and what any stream of statuses adds up to."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.domain.ambulance.events import JobEvent
from clearway.domain.ambulance.transitions import (
    AFTER_THE_END,
    LANDS_IN,
    REPEATABLE,
    SHORT_ENDS,
    STEPS,
    check,
    fold,
    is_legal,
)
from clearway.domain.ambulance.words import JobState, JobStatus, StatusSource
from clearway.domain.shared.errors import NotAllowed
from clearway.domain.shared.facts import Fact
from tests.making import START, fact, folded, job, minute, standing_in

S, J = JobState, JobStatus

# The shortest legal way into each state: the hand-made half of the table's proof.
WAY_TO: dict[JobState, tuple[JobStatus, ...]] = {
    S.ALLOCATED: (J.ALLOCATED,),
    S.MOBILE: (J.ALLOCATED, J.MOBILE),
    S.AT_RVP: (J.ALLOCATED, J.MOBILE, J.AT_RVP),
    S.ON_SCENE: (J.ALLOCATED, J.MOBILE, J.AT_SCENE),
    S.CONVEYING: (J.ALLOCATED, J.MOBILE, J.AT_SCENE, J.LEFT_SCENE),
    S.ARRIVED: (J.ALLOCATED, J.MOBILE, J.AT_SCENE, J.LEFT_SCENE, J.AT_HOSPITAL),
    S.QUEUING: (J.ALLOCATED, J.MOBILE, J.AT_SCENE, J.LEFT_SCENE, J.AT_HOSPITAL, J.QUEUING),
    S.COHORTING: (J.ALLOCATED, J.MOBILE, J.AT_SCENE, J.LEFT_SCENE, J.AT_HOSPITAL, J.COHORT_STARTED),
    S.WRAP_UP: (J.ALLOCATED, J.MOBILE, J.AT_SCENE, J.LEFT_SCENE, J.AT_HOSPITAL, J.HANDOVER),
    S.STOOD_DOWN: (J.ALLOCATED, J.MOBILE, J.STOOD_DOWN),
    S.RELEASED: (J.ALLOCATED, J.MOBILE, J.AT_SCENE, J.LEFT_SCENE, J.AT_HOSPITAL, J.RELEASED),
    S.CLEAR: (J.ALLOCATED, J.MOBILE, J.AT_SCENE, J.CLEAR),
}


def stream(statuses: Sequence[JobStatus]) -> list[Fact[JobEvent]]:
    return [fact(job(status, at)) for at, status in enumerate(statuses)]


@pytest.mark.parametrize("state", WAY_TO)
def test_each_state_is_reached_by_its_legal_way_without_a_finding(state: JobState) -> None:
    assignment, findings = fold(stream(WAY_TO[state]))

    assert assignment.state is state
    assert findings == ()


@pytest.mark.parametrize(
    ("state", "status", "after"), [(*step, after) for step, after in {**STEPS, **SHORT_ENDS}.items()]
)
def test_each_step_of_the_table_leads_where_it_says(
    state: JobState, status: JobStatus, after: JobState
) -> None:
    way = WAY_TO.get(state, ())

    assignment, findings = fold(stream([*way, status]))

    assert assignment.state is after
    assert findings == ()


def test_the_table_has_exactly_the_steps_that_were_agreed() -> None:
    allowed = {state: " ".join(s for s in J if (state, s) in STEPS) for state in S}

    assert allowed == {
        S.NONE: "allocated",
        S.ALLOCATED: "mobile destination_selected stood_down",
        S.MOBILE: "at_rvp at_scene destination_selected stood_down",
        S.AT_RVP: "at_scene backup_requested destination_selected stood_down",
        S.ON_SCENE: "at_patient backup_requested destination_selected prealert left_scene clear",
        S.CONVEYING: "backup_requested destination_selected prealert at_hospital",
        S.ARRIVED: "notified queuing offloaded cohort_started handover released",
        S.QUEUING: "notified offloaded cohort_started handover released",
        S.COHORTING: "notified queuing offloaded cohort_ended handover released clear",
        S.WRAP_UP: "clear",
        S.STOOD_DOWN: "",
        S.RELEASED: "",
        S.CLEAR: "",
    }


def test_every_status_has_a_place_to_land_when_it_comes_unannounced() -> None:
    assert set(LANDS_IN) == set(JobStatus)


@pytest.mark.parametrize(("state", "status"), list(product(S, J)))
def test_a_person_may_ask_for_exactly_what_the_table_allows(state: JobState, status: JobStatus) -> None:
    asked = (state, status) in STEPS or status in AFTER_THE_END.get(state, ())

    if asked:
        check(standing_in(state), status, StatusSource.EOC)
    else:
        with pytest.raises(NotAllowed) as refused:
            check(standing_in(state), status, StatusSource.EOC)
        assert refused.value.state == state.replace("_", " ")
        assert refused.value.event == status.replace("_", " ")
        assert refused.value.why.endswith(".")
        assert "_" not in str(refused.value)


@pytest.mark.parametrize(
    ("state", "status", "text"),
    [
        (
            S.ALLOCATED,
            J.HANDOVER,
            (
                "handover is not possible while allocated: "
                "From here only these can follow: mobile, destination selected, stood down."
            ),
        ),
        (
            S.ARRIVED,
            J.CLEAR,
            (
                "clear is not possible while arrived: "
                "No handover is recorded: record the handover, the release or the cohort first."
            ),
        ),
        (
            S.MOBILE,
            J.CLEAR,
            (
                "clear is not possible while mobile: "
                "Nobody has reached the scene: record stood down, or at scene first."
            ),
        ),
        (
            S.CLEAR,
            J.AT_SCENE,
            (
                "at scene is not possible while clear: "
                "The job is over. After it only these can follow: cohort ended, handover."
            ),
        ),
    ],
)
def test_a_refusal_says_what_can_be_done_instead(state: JobState, status: JobStatus, text: str) -> None:
    with pytest.raises(NotAllowed) as refused:
        check(standing_in(state), status, StatusSource.CREW)

    assert str(refused.value) == text


@pytest.mark.parametrize(("state", "status"), SHORT_ENDS)
def test_the_cad_may_end_a_job_the_short_way(state: JobState, status: JobStatus) -> None:
    check(standing_in(state), status, StatusSource.CAD)


def test_clear_before_the_scene_is_a_stand_down() -> None:
    assignment = folded({J.ALLOCATED: 0, J.MOBILE: 1, J.CLEAR: 4})

    assert assignment.state is S.STOOD_DOWN
    assert assignment.stamps[J.CLEAR] == minute(4)
    assert not assignment.is_open


def test_a_patient_left_in_a_cohort_waits_on_after_the_crew_is_clear() -> None:
    gone = folded({J.AT_HOSPITAL: 0, J.COHORT_STARTED: 5, J.CLEAR: 9})
    handed_over = folded({J.AT_HOSPITAL: 0, J.COHORT_STARTED: 5, J.CLEAR: 9, J.HANDOVER: 40})

    assert gone.state is S.CLEAR and gone.patient_is_waiting and gone.is_open
    assert not handed_over.patient_is_waiting and not handed_over.is_open


def test_a_patient_put_back_into_the_cohort_is_waiting_again() -> None:
    events = [
        job(J.AT_HOSPITAL, 0),
        job(J.COHORT_STARTED, 5),
        job(J.COHORT_ENDED, 10),
        job(J.COHORT_STARTED, 15),
        job(J.CLEAR, 20),
    ]

    assignment, _ = fold(map(fact, events))

    assert assignment.patient_is_waiting


def test_a_released_crew_is_free_while_its_patient_waits() -> None:
    assignment = folded({J.AT_HOSPITAL: 0, J.RELEASED: 45})

    assert assignment.state.is_over
    assert assignment.patient_is_waiting


def test_a_forgotten_press_is_flagged_and_the_job_moves_on() -> None:
    assignment, findings = fold(stream([J.ALLOCATED, J.AT_SCENE]))

    assert assignment.state is S.ON_SCENE
    assert [(finding.code, finding.what) for finding in findings] == [("JC02", "at_scene")]


def test_a_status_after_the_end_never_reopens_the_job() -> None:
    assignment, findings = fold(stream([*WAY_TO[S.CLEAR], J.AT_HOSPITAL]))

    assert assignment.state is S.CLEAR
    assert assignment.stamps[J.AT_HOSPITAL] == minute(4)
    assert [finding.code for finding in findings] == ["JC04"]


def test_the_same_status_with_another_time_keeps_the_first_and_is_flagged() -> None:
    assignment, findings = fold([fact(job(J.AT_HOSPITAL, 10)), fact(job(J.AT_HOSPITAL, 12))])

    assert assignment.stamps[J.AT_HOSPITAL] == minute(10)
    assert "JC03" in {finding.code for finding in findings}


def test_two_sources_that_agree_are_no_finding() -> None:
    way = stream(WAY_TO[S.QUEUING])
    halo = fact(job(J.QUEUING, 5, message_id="halo-1", source=StatusSource.HALO), source="halo")

    assert fold([*way, halo])[1] == ()


def test_equal_seconds_are_legal() -> None:
    same_second = [fact(job(status, 0)) for status in reversed(WAY_TO[S.WRAP_UP])]

    assignment, findings = fold(same_second)

    assert assignment.state is S.WRAP_UP
    assert findings == ()


def test_a_message_id_used_twice_counts_as_it_was_first_known() -> None:
    first = fact(job(J.AT_HOSPITAL, 10, message_id="m1"), known=11)
    second = fact(job(J.AT_HOSPITAL, 30, message_id="m1"), known=31)

    for order in ([first, second], [second, first]):
        assert fold(order)[0].stamps[J.AT_HOSPITAL] == minute(10)


streams = st.lists(
    st.builds(
        lambda status, seconds, sequence, source, message, site: Fact(
            event=JobEvent(
                message_id=f"m{message}",
                occurred_at=START + timedelta(seconds=seconds),
                incident="I1",
                call_sign="A101",
                status=status,
                sequence=sequence,
                destination=site,
            ),
            source=source,
            known_at=START + timedelta(seconds=seconds + 5),
        ),
        status=st.sampled_from(JobStatus),
        seconds=st.integers(0, 20),
        sequence=st.none() | st.integers(0, 5),
        source=st.sampled_from(["cad", "halo"]),
        message=st.integers(0, 30),
        site=st.sampled_from([None, "RK950", "RH801"]),
    ),
    min_size=1,
    max_size=25,
)


@given(facts=streams, data=st.data())
def test_any_order_and_any_duplication_give_the_same_answer(
    facts: list[Fact[JobEvent]], data: st.DataObject
) -> None:
    again = data.draw(st.lists(st.sampled_from(facts), max_size=10))
    shuffled = data.draw(st.permutations([*facts, *again]))

    assert fold(shuffled) == fold(facts)


@given(facts=streams)
def test_no_stamp_is_ever_lost(facts: list[Fact[JobEvent]]) -> None:
    first_known: dict[tuple[str, str], Fact[JobEvent]] = {}
    for each in sorted(facts, key=lambda known: (known.known_at, repr(known.event))):
        first_known.setdefault((each.source, each.event.message_id), each)

    assignment, _ = fold(facts)

    said = {each.event.status for each in first_known.values()}
    assert set(assignment.stamps) == said
    for status in said:
        times = [each.event.occurred_at for each in first_known.values() if each.event.status is status]
        is_newest = status in REPEATABLE and status is not J.BACKUP_REQUESTED
        assert assignment.stamps[status] == (max(times) if is_newest else min(times))


@given(statuses=st.lists(st.sampled_from(JobStatus), min_size=1, max_size=12))
def test_every_illegal_status_is_recorded_and_flagged(statuses: list[JobStatus]) -> None:
    """One status at a time: a finding appears exactly when the step is illegal or repeats with a new time."""
    for length in range(1, len(statuses) + 1):
        *earlier, newest = statuses[:length]
        before = fold(stream(earlier)) if earlier else (standing_in(S.NONE), ())
        after = fold(stream(statuses[:length]))

        repeated = newest in before[0].stamps and newest not in REPEATABLE
        expected = 1 if repeated or not is_legal(before[0].state, newest) else 0
        assert len(after[1]) - len(before[1]) == expected
        assert newest in after[0].stamps


@given(statuses=st.lists(st.sampled_from(JobStatus), min_size=1, max_size=12))
def test_a_job_that_is_over_stays_over(statuses: list[JobStatus]) -> None:
    over = False
    for length in range(1, len(statuses) + 1):
        state = fold(stream(statuses[:length]))[0].state
        assert not over or state.is_over
        over = state.is_over and state is not S.NONE
