"""Comparing with another system: what differs, and what follows."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from clearway.domain.outpatients.reconciling import Kind, Ours, Theirs, Todo, reconcile
from clearway.domain.shared.errors import CannotParse
from clearway.interchange import appointment_extract
from clearway.interchange.hl7 import mapping

NINE = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
OURS = Ours((7, 8), "F1", frozenset({"P1", "M1"}), "back", NINE, "booked")
THEIRS = Theirs("F1", "", "M1", "back", NINE, "booked")
EARLY, LATE = NINE - timedelta(days=2), NINE - timedelta(days=1)
MAPPING = mapping.parse("""
[codes.clinic]
"BACK-MON" = "back"
""")
HEAD = "filler,placer,patient,clinic,start,status\n"


@pytest.mark.parametrize(
    "theirs",
    [THEIRS, replace(THEIRS, filler="", placer="7"), replace(THEIRS, filler="", placer="8", number="")],
)
def test_what_stands_alike_is_found_by_either_id_and_differs_in_nothing(theirs: Theirs) -> None:
    found = reconcile([OURS], [theirs], {})

    assert (found.alike, found.differences) == (1, ())


def test_our_id_under_another_id_of_theirs_is_no_match() -> None:
    found = reconcile([OURS], [replace(THEIRS, filler="F9", placer="8")], {})

    assert [each.kind for each in found.differences] == [Kind.THERE, Kind.HERE]


def test_what_they_hold_of_a_hold_is_compared_like_any() -> None:
    assert reconcile([OURS], [replace(THEIRS, state="held")], {}).alike == 1


def test_what_ended_on_one_side_and_is_unknown_on_the_other_is_alike() -> None:
    ended = replace(OURS, state="cancelled")
    there = replace(THEIRS, filler="F2", state="made in error")

    assert reconcile([ended], [there], {}).differences == ()


@pytest.mark.parametrize(
    ("ours", "theirs", "todo"),
    [
        (OURS, None, Todo.SEND),
        (None, THEIRS, Todo.ASK),
        (OURS, replace(THEIRS, number="M2"), Todo.ASK),
        (replace(OURS, said_at=LATE, told_at=EARLY), replace(THEIRS, starts_at=EARLY), Todo.SEND),
        (replace(OURS, said_at=EARLY, told_at=LATE), replace(THEIRS, starts_at=EARLY), Todo.MOVE),
        (replace(OURS, said_at=EARLY, told_at=LATE), replace(THEIRS, starts_at=EARLY, number=""), Todo.ASK),
        (replace(OURS, said_at=EARLY, told_at=LATE), replace(THEIRS, state="missed"), Todo.ASK),
        (replace(OURS, said_at=LATE, state="cancelled"), THEIRS, Todo.SEND),
        (OURS, replace(THEIRS, starts_at=EARLY), Todo.ASK),
    ],
)
def test_whoever_spoke_last_is_right_and_nobody_guesses_where_that_is_not_known(
    ours: Ours | None, theirs: Theirs | None, todo: Todo
) -> None:
    found = reconcile([ours] if ours else [], [theirs] if theirs else [], {})

    (difference,) = found.differences
    assert (found.alike, difference.todo) == (0, todo)


def test_their_message_that_waits_here_is_read_first() -> None:
    found = reconcile([], [THEIRS], {"F1": 12})

    (difference,) = found.differences
    assert (difference.kind, difference.todo, difference.waiting) == (Kind.THERE, Todo.READ, 12)


def test_what_differs_is_named() -> None:
    there = replace(THEIRS, starts_at=LATE, clinic="neck", state="missed", number="M2")

    (difference,) = reconcile([OURS], [there], {}).differences

    assert difference.fields == ("patient", "time", "clinic", "state")


def test_an_extract_is_read_in_their_codes_and_their_times() -> None:
    rows = (
        "F1,7,M1,BACK-MON,20260706090000,Booked\n"
        "F2,,M2,BACK-MON,2026-07-06T09:30:00,cancelled\n"
        "F3,,M3,EYES,2026-07-06T09:30:00,Booked\n"
    )

    found = appointment_extract.read((HEAD + rows).encode(), MAPPING)

    eight = datetime(2026, 7, 6, 8, 0, tzinfo=UTC)
    assert found.aside == 1
    assert found.rows == (
        Theirs("F1", "7", "M1", "back", eight, "booked"),
        Theirs("F2", "", "M2", "back", eight + timedelta(minutes=30), "cancelled"),
    )


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("", "line 1"),
        ("filler,placer\n", "line 1"),
        (f"{HEAD},,M1,BACK-MON,20260706090000,Booked\n", "line 2, filler"),
        (f"{HEAD}F1,,M1,BACK-MON,soon,Booked\n", "line 2, start"),
        (f"{HEAD}F1,,M1,BACK-MON,20260706090000,Lost\n", "line 2, status"),
        (HEAD + "F1,,M1,BACK-MON,20260706090000,Booked\n" * 2, "line 3, filler"),
    ],
)
def test_a_mistake_in_an_extract_is_named_by_its_place(text: str, where: str) -> None:
    with pytest.raises(CannotParse) as caught:
        appointment_extract.read(text.encode(), MAPPING)

    assert caught.value.where == where
