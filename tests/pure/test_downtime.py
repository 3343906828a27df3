"""By hand: how a typed line is understood, and what gives way when the CAD speaks again."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.domain.ambulance import downtime, transitions
from clearway.domain.ambulance.downtime import Form, Line
from clearway.domain.ambulance.events import JobEvent
from clearway.domain.ambulance.words import Availability, FormKind, JobState, JobStatus, StatusSource
from clearway.domain.shared.errors import CannotParse
from clearway.domain.shared.facts import Fact
from tests.making import fact, job, minute

J, A = JobStatus, Availability
CREWS = ("WA101", "WA102", "WB101")
SITES = {"RA901": "Torbay", "RK950": "Derriford", "RH801": "Royal Devon", "RH802": "Royal Cornwall"}


def read(text: str) -> Line:
    return downtime.parse(text, CREWS, SITES)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("WA101 arrived 0214 Torbay", Line("WA101", J.AT_HOSPITAL, (2, 14), "RA901")),
        ("wa101 ARRIVED 2:14 tor", Line("WA101", J.AT_HOSPITAL, (2, 14), "RA901")),
        ("wb101 left scene royal c", Line("WB101", J.LEFT_SCENE, None, "RH802")),
        (
            "wa102 left 14:05 RK950 #s12",
            Line("WA102", J.LEFT_SCENE, (14, 5), "RK950", form=Form(FormKind.STATUS, 12)),
        ),
        ("WA102 clear !", Line("WA102", J.CLEAR, corrects=True)),
        (
            "WA102 unavailable 0900 vehicle defect",
            Line("WA102", A.UNAVAILABLE, (9, 0), rest="vehicle defect"),
        ),
        ("WA102 on break", Line("WA102", A.ON_BREAK)),
        ("#I7 WA102 allocated 0130", Line("WA102", J.ALLOCATED, (1, 30), form=Form(FormKind.INCIDENT, 7))),
        ("02 clear", Line("WA102", J.CLEAR)),
        ("WA102 clear 20/0130", Line("WA102", J.CLEAR, (1, 30), day=20)),
    ],
)
def test_a_line_is_understood_as_it_is_said_on_the_radio(text: str, line: Line) -> None:
    assert read(text) == line


@pytest.mark.parametrize(
    ("text", "where", "fix"),
    [
        ("", "The line", "A101 arrived"),
        ("101 clear", "Call sign", "WA101 or WB101"),
        ("XX9 clear", "Call sign", "resource board"),
        ("WA101", "Status", "mobile"),
        ("WA101 arived", "Status", "arrived"),
        ("WA101 arr", "Status", "arrived"),
        ("WA101 clear 2575", "Time", "02:14"),
        ("WA101 clear 14", "Time", "02:14"),
        ("WA101 arrived Royal", "Place", "Royal Cornwall or Royal Devon"),
        ("WA101 arrived Atlantis", "Place", "beginning of its name"),
        ("WA101 unavailable", "Reason", "vehicle defect"),
        ("WA101 clear #X1", "Form number", "S (status)"),
        ("WA101 clear #S1 #S2", "Form number", "one form"),
        ("WA101 clear #S0", "Form number", "S12"),
        ("WA101 " + "x" * 300, "The line", "200"),
    ],
)
def test_what_is_not_understood_names_the_part_and_the_way_out(text: str, where: str, fix: str) -> None:
    with pytest.raises(CannotParse) as refused:
        read(text)

    assert refused.value.where == where
    assert fix in refused.value.fix


@given(st.text(max_size=210))
def test_whatever_is_typed_is_understood_or_refused(text: str) -> None:
    for understand in (read, downtime.parse_decision):
        try:
            understand(text)
        except CannotParse as refused:
            assert refused.where and refused.why and refused.fix


def test_a_decision_keeps_its_time_and_its_words() -> None:
    decided = downtime.parse_decision("#D3 0220 Divert minors from Torbay")

    assert decided is not None and (str(decided.form), decided.wall) == ("D0003", (2, 20))
    assert decided.words == "Divert minors from Torbay"
    assert downtime.parse_decision("#S3 WA101 clear") is None


def by_hand(status: JobStatus, at: float, known: float) -> Fact[JobEvent]:
    event = job(status, at, message_id=f"hand:{status}@{at}/{known}", source=StatusSource.MANUAL)
    return fact(event, "by-hand", known)


STAMPED = (J.ALLOCATED, J.MOBILE, J.AT_SCENE, J.LEFT_SCENE, J.AT_HOSPITAL, J.HANDOVER, J.CLEAR)
facts_of_a_job = st.lists(
    st.one_of(
        st.builds(
            lambda status, at, known: fact(job(status, at), "cad", 100 + known),
            st.sampled_from(STAMPED),
            st.integers(0, 90),
            st.integers(0, 60),
        ),
        st.builds(
            lambda status, at, known: by_hand(status, at, 100 + known),
            st.sampled_from(STAMPED),
            st.integers(0, 90),
            st.integers(0, 60),
        ),
    ),
    min_size=1,
    max_size=14,
)


@given(facts_of_a_job, st.randoms(use_true_random=False))
def test_paper_and_cad_fold_the_same_in_any_order_and_the_cads_times_stand(facts, chance) -> None:  # type: ignore[no-untyped-def]
    folded, _ = transitions.fold(facts)
    shuffled = [*facts, *facts[: len(facts) // 2]]
    chance.shuffle(shuffled)

    assert transitions.fold(shuffled)[0] == folded
    cad = [each for each in facts if each.event.source is not StatusSource.MANUAL]
    if cad:
        alone, _ = transitions.fold(cad)
        assert alone.stamps.items() <= folded.stamps.items()
    told = {each.event.status for each in facts}
    assert set(folded.stamps) == told


def test_the_later_entered_of_two_by_hand_counts_though_it_happened_earlier() -> None:
    folded, findings = transitions.fold(
        [by_hand(J.ALLOCATED, 1, 5), by_hand(J.MOBILE, 9, 10), by_hand(J.MOBILE, 4, 12)]
    )

    assert folded.stamps[J.MOBILE] == minute(4)
    assert findings == ()


def test_a_job_on_paper_that_the_cad_has_holds_nobody_any_more() -> None:
    gone = job(J.STOOD_DOWN, 3, message_id="same", source=StatusSource.MANUAL, same_as="I9/A101")
    folded, findings = transitions.fold([by_hand(J.ALLOCATED, 1, 5), fact(gone, "by-hand", 20)])

    assert (folded.state, dict(folded.stamps), folded.is_open, findings) == (
        JobState.STOOD_DOWN,
        {},
        False,
        (),
    )


def told(status: JobStatus, at: float) -> Fact[JobEvent]:
    return fact(job(status, at), "cad", 100 + at)


WAITING = (told(J.ALLOCATED, 1), told(J.AT_HOSPITAL, 50), told(J.QUEUING, 61), told(J.COHORT_STARTED, 80))


@given(st.permutations([*WAITING, by_hand(J.QUEUING, 120, 125)]))
def test_a_crew_that_queues_again_is_believed_though_the_cad_said_so_of_the_first_time(facts) -> None:  # type: ignore[no-untyped-def]
    folded, _ = transitions.fold(facts)

    assert (folded.state, folded.stamps[J.QUEUING]) == (JobState.QUEUING, minute(120))


@pytest.mark.parametrize("later", [told(J.QUEUING, 123), told(J.QUEUING, 119)])
def test_queuing_again_by_hand_gives_way_when_the_cad_says_it_too(later: Fact[JobEvent]) -> None:
    folded, _ = transitions.fold([*WAITING, by_hand(J.QUEUING, 120, 125), later])

    assert folded.stamps[J.QUEUING] == later.event.occurred_at


def test_queuing_by_hand_gives_way_to_the_same_turn_of_the_cad() -> None:
    folded, _ = transitions.fold([*WAITING[:3], by_hand(J.QUEUING, 64, 70), told(J.HANDOVER, 90)])

    assert folded.stamps[J.QUEUING] == minute(61)


def test_two_times_within_a_minute_are_one() -> None:
    assert not downtime.differs(minute(1), minute(1) + timedelta(seconds=59))
    assert downtime.differs(minute(1), minute(2))
    assert not downtime.differs(minute(1), None)
