"""Onward requests: where each stands, and who takes which."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.domain.ambulance.names import parts
from clearway.domain.shared.errors import NotAllowed
from clearway.domain.shared.onward import AHEAD, OVER, Standing, State, Step, Taker, after, fold, takers, told

LONDON = ZoneInfo("Europe/London")
VALUES = {
    "from": ["RYF"],
    "services": {"FAL": {"name": "Falls", "kinds": {"falls": "After a fall"}, "target_hours": 48}},
}


@pytest.mark.parametrize(
    ("steps", "stands"),
    [
        ("", State.SENT),
        ("receive", State.RECEIVED),
        ("receive hold", State.HELD),
        ("receive hold let_go", State.RECEIVED),
        ("receive hold book", State.BOOKED),
        ("receive book miss", State.MISSED),
        ("receive book miss book see", State.SEEN),
        ("receive book see discharge", State.DISCHARGED),
        ("receive book see reopen", State.BOOKED),
        ("receive book free", State.RECEIVED),
        ("receive end reopen", State.RECEIVED),
        ("refuse", State.REFUSED),
        ("withdraw", State.WITHDRAWN),
        ("receive book ask_back end", State.WITHDRAWN),
        ("receive book ask_back keep end", State.ENDED),
    ],
)
def test_where_a_request_stands_is_the_fold_of_its_steps(steps: str, stands: State) -> None:
    assert fold(Step(each) for each in steps.split()).state is stands


def test_asked_back_after_it_is_registered_a_person_decides_and_nothing_is_taken_off() -> None:
    booked = fold([Step.RECEIVE, Step.BOOK, Step.ASK_BACK])

    assert booked == Standing(State.BOOKED, is_wanted_back=True)
    assert after(booked, Step.KEEP) == Standing(State.BOOKED)
    with pytest.raises(NotAllowed, match="wants it back"):
        after(booked, Step.ASK_BACK)


@pytest.mark.parametrize("state", sorted(OVER))
def test_nothing_is_refused_withdrawn_or_registered_that_is_over(state: State) -> None:
    for step in (Step.RECEIVE, Step.REFUSE, Step.WITHDRAW, Step.ASK_BACK):
        with pytest.raises(NotAllowed, match="look at it again"):
            after(Standing(state), step)


def test_what_says_nothing_new_is_told_to_nobody() -> None:
    assert told(Standing(State.SENT), Step.BOOK) is None
    assert told(Standing(State.SEEN), Step.SEE) is None
    assert told(Standing(State.BOOKED), Step.BOOK) == Standing(State.BOOKED)  # moved: it has another time


@given(st.lists(st.sampled_from(list(Step)), max_size=30))
def test_whatever_is_said_it_stands_somewhere_and_is_wanted_back_only_while_ahead(steps: list[Step]) -> None:
    standing = fold(steps)

    assert standing.state in AHEAD or not standing.is_wanted_back


def test_a_service_takes_requests_of_those_whom_its_policy_names_alone() -> None:
    (falls,) = takers(VALUES, "RYF")

    assert (falls.code, falls.kinds, falls.target_hours) == ("FAL", {"falls": "After a fall"}, 48)
    assert takers(VALUES, "RX8") == takers({}, "RYF") == []


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("2026-11-20T09:30", "2026-11-20T09:30"),
        ("2026-11-20T06:00", "2026-11-20T08:00"),
        ("2026-11-20T18:00", "2026-11-23T08:00"),  # a Friday evening: it is read on Monday
    ],
)
def test_hours_count_from_when_somebody_reads_it(sent: str, read: str) -> None:
    taker = Taker("FAL", "Falls", {"falls": "After a fall"}, 48)

    asked, found = (datetime.fromisoformat(each).replace(tzinfo=LONDON) for each in (sent, read))

    assert taker.reads_at(asked) == found


@pytest.mark.parametrize(
    ("name", "said"),
    [("Ada Mary Brown", ("Ada Mary", "Brown")), ("BROWN, Ada", ("Ada", "BROWN")), ("Brown", ("", "Brown"))],
)
def test_a_name_in_one_piece_is_taken_apart(name: str, said: tuple[str, str]) -> None:
    assert parts(name) == said
