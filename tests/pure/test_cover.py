"""Cover of the office: who is there for a post on a day, and how open work is spread."""

from datetime import date, timedelta

from clearway.domain.outpatients.cover import Absence, How, Place, Post, plan, spread

MONDAY = date(2026, 11, 16)
WEEK = [MONDAY + timedelta(days=number) for number in range(7)]
OPAL, OLGA, JUNE = 1, 2, 3


def test_a_post_is_covered_by_whoever_was_named_then_its_holder_then_its_deputy() -> None:
    post = Post(7, frozenset({1, 2}), holder=OPAL, deputy=OLGA)
    away = [Absence(OPAL, MONDAY, MONDAY)]

    assert plan([post], away, {}, WEEK) == [
        Place(7, MONDAY, OLGA, How.DEPUTY),
        Place(7, MONDAY + timedelta(days=1), OPAL, How.HOLDER),
    ]
    assert plan([post], away, {(7, MONDAY): JUNE}, WEEK)[0] == Place(7, MONDAY, JUNE, How.STAND_IN)


def test_nobody_covers_while_away_and_the_gap_is_shown() -> None:
    post = Post(7, frozenset({1}), holder=OPAL, deputy=OLGA)
    away = [Absence(person, MONDAY, MONDAY) for person in (OPAL, OLGA, JUNE)]

    assert plan([post], away, {(7, MONDAY): JUNE}, WEEK) == [Place(7, MONDAY, None, How.NOBODY)]


def test_open_work_goes_to_whoever_may_do_it_and_has_least() -> None:
    both = {OLGA, JUNE}

    # OLGA begins with two and JUNE with none: 11 and 12 go to JUNE, 13 to the first of equals, OLGA.
    assert spread({11: both, 12: both, 13: both}, {OLGA: 2, JUNE: 0}) == {11: JUNE, 12: JUNE, 13: OLGA}
    assert spread({11: {OLGA}, 12: both}, {OLGA: 2, JUNE: 0}) == {11: OLGA, 12: JUNE}
    assert spread({11: {OPAL}}, {OLGA: 0}) == {}
