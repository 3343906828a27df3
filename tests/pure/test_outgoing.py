"""Where a message of the outbox may go from where it stands."""

import pytest

from clearway.domain.shared.errors import NotAllowed
from clearway.domain.shared.outgoing import LEFT, NEXT, WAITING, State, check


def test_every_state_stands_in_the_table() -> None:
    assert set(NEXT) == set(State)


def test_what_has_left_is_never_queued_ready_or_withdrawn() -> None:
    for state in LEFT:
        assert not NEXT[state] & (WAITING | {State.WITHDRAWN})


def test_everything_that_waits_can_end() -> None:
    for start in WAITING:
        reached, front = {start}, {start}
        while front:
            front = {to for each in front for to in NEXT[each]} - reached
            reached |= front
        assert State.SENT in reached
        assert State.WITHDRAWN in reached


def test_a_step_that_is_not_in_the_table_is_refused() -> None:
    with pytest.raises(NotAllowed, match="changed it meanwhile"):
        check("sent", State.WITHDRAWN, "too late")


@pytest.mark.parametrize("to", [State.HELD, State.WITHDRAWN])
def test_what_does_not_go_says_why(to: State) -> None:
    with pytest.raises(NotAllowed, match="Say why"):
        check("queued", to)
