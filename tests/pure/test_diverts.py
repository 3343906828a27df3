"""The life of a divert: nobody alone, no ring, no chain, never to a worse site, never without an end."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.domain.ambulance.diverts import (
    ALLOWED,
    Cover,
    Divert,
    DivertKind,
    DivertPolicy,
    DivertStanding,
    DivertState,
    DivertStep,
    Party,
    Signature,
    Surroundings,
    Taken,
    Terms,
    apply,
    check,
    check_terms,
    fold,
    must_agree,
    unknown_levels,
)
from clearway.domain.shared.errors import NotAllowed
from tests.making import minute

POLICY = DivertPolicy()
S, T = DivertState, DivertStep
MAJORS = Terms(DivertKind.CAPACITY, "A", ("B", "C"), frozenset({Cover.ADULT_MAJORS}), minutes=120)
CLOSED = Terms(DivertKind.CLOSURE, "A", ("B",), frozenset({Cover.EVERYBODY}), minutes=None)


def everybody_agrees(terms: Terms, at: float = 1) -> list[Taken]:
    return [Taken(T.AGREED, minute(at), signature) for signature in must_agree(terms)]


def running(terms: Terms = MAJORS) -> list[Taken]:
    return [Taken(T.REQUESTED, minute(0)), *everybody_agrees(terms), Taken(T.STARTED, minute(2))]


def test_it_is_agreed_only_when_both_sides_the_service_and_the_system_have_agreed() -> None:
    steps = [Taken(T.REQUESTED, minute(0)), *everybody_agrees(MAJORS)]

    states = [fold(steps[: count + 1], MAJORS).state for count in range(len(steps))]

    assert states == [S.REQUESTED] * 5 + [S.AGREED]
    assert {each.signature.party for each in steps[1:] if each.signature} == set(Party)
    assert fold(steps[:3], MAJORS).is_missing(MAJORS) == must_agree(MAJORS)[2:]


def test_the_same_party_agreeing_twice_is_one_agreement() -> None:
    once = Taken(T.AGREED, minute(1), Signature(Party.AMBULANCE_SERVICE))

    assert fold([Taken(T.REQUESTED, minute(0)), *[once] * 9], MAJORS).state is S.REQUESTED


def test_it_ends_by_time_and_a_closure_only_when_somebody_ends_it() -> None:
    assert fold(running(), MAJORS).ends_at == minute(122)
    closed = fold(running(CLOSED), CLOSED)
    assert closed.state is S.ACTIVE
    assert closed.ends_at is None


def test_an_extension_changes_nothing_until_everybody_has_agreed_again() -> None:
    asked = [*running(), Taken(T.EXTENSION_ASKED, minute(100), until=minute(180))]
    *most, last = everybody_agrees(MAJORS, 110)

    before = fold([*asked, *most], MAJORS)
    after = fold([*asked, *most, last, Taken(T.EXTENDED, minute(111))], MAJORS)

    assert (before.ends_at, before.is_missing(MAJORS)) == (minute(122), (last.signature,))
    assert (after.ends_at, after.asked_until, after.state) == (minute(180), None, S.ACTIVE)


def test_an_extension_that_is_refused_leaves_the_end_where_it_was() -> None:
    steps = [*running(), Taken(T.EXTENSION_ASKED, minute(100), until=minute(180))]
    refused = fold([*steps, Taken(T.REFUSED, minute(101), Signature(Party.SYSTEM))], MAJORS)

    assert (refused.state, refused.ends_at, refused.asked_until) == (S.ACTIVE, minute(122), None)


@pytest.mark.parametrize(
    ("until", "why"),
    [(122, "later than the present"), (122 + 121, "at a time"), (None, "later than the present")],
)
def test_an_extension_is_later_and_bounded(until: float | None, why: str) -> None:
    standing = fold(running(), MAJORS)
    asked = Taken(T.EXTENSION_ASKED, minute(100), until=None if until is None else minute(until))

    with pytest.raises(NotAllowed, match=why):
        check(standing, asked, MAJORS, POLICY)


def test_no_divert_runs_past_the_hard_stop() -> None:
    long = DivertStanding(S.ACTIVE, starts_at=minute(0), ends_at=minute(300))

    with pytest.raises(NotAllowed, match="more than 6 hours"):
        check(long, Taken(T.EXTENSION_ASKED, minute(290), until=minute(361)), MAJORS, POLICY)


@given(
    st.lists(
        st.builds(
            lambda step, at, who, until: Taken(step, minute(at), who, minute(until)),
            st.sampled_from(list(T)),
            st.integers(0, 600),
            st.sampled_from(must_agree(MAJORS)),
            st.integers(0, 900),
        ),
        max_size=25,
    )
)
def test_no_row_of_allowed_steps_starts_a_divert_that_somebody_has_not_agreed_to(
    tried: Sequence[Taken],
) -> None:
    standing, agreed = DivertStanding(), set[Signature]()
    for taken in sorted(tried, key=lambda each: each.at):
        try:
            check(standing, taken, MAJORS, POLICY)
        except NotAllowed:
            continue
        if taken.step is T.AGREED and taken.signature:
            agreed.add(taken.signature)
        standing = apply(standing, taken, MAJORS)
        if standing.state is S.ACTIVE:
            assert agreed == set(must_agree(MAJORS))


@pytest.mark.parametrize("over", [state for state in S if state.is_over])
def test_nothing_happens_to_a_divert_that_is_over(over: DivertState) -> None:
    for step in ALLOWED:
        with pytest.raises(NotAllowed):
            check(DivertStanding(over), Taken(step, minute(1)), MAJORS, POLICY)


def terms(**changed: object) -> Terms:
    return Terms(
        **{  # type: ignore[arg-type]
            **{name: getattr(MAJORS, name) for name in ("kind", "site", "to", "covers", "minutes", "share")},
            **changed,
        }
    )


SITES = frozenset("ABCD")


@pytest.mark.parametrize(
    ("asked", "around", "why"),
    [
        (terms(to=()), Surroundings(), "at least one site"),
        (terms(to=("A",)), Surroundings(), "its own divert"),
        (terms(to=("Z",)), Surroundings(sites=SITES), "no site of this region"),
        (terms(covers=frozenset({Cover.CHILDREN})), Surroundings(), "adults for majors only"),
        (
            terms(kind=DivertKind.INTERNAL, covers=frozenset({Cover.STROKE})),
            Surroundings(),
            "An internal divert covers",
        ),
        (
            terms(kind=DivertKind.BORDER, covers=frozenset({Cover.CHILDREN})),
            Surroundings(),
            "A border divert covers",
        ),
        (
            terms(kind=DivertKind.LOAD_LEVEL, covers=frozenset({Cover.ADULT_MAJORS, Cover.STEMI})),
            Surroundings(),
            "adults for majors only",
        ),
        (terms(kind=DivertKind.SERVICE, covers=frozenset({Cover.EVERYBODY})), Surroundings(), "closed site"),
        (terms(minutes=None), Surroundings(), "for how long"),
        (terms(minutes=121), Surroundings(), "At most 120"),
        (
            terms(kind=DivertKind.CLOSURE, covers=frozenset({Cover.EVERYBODY}), minutes=120),
            Surroundings(),
            "open again when somebody says so",
        ),
        (terms(share=0.5), Surroundings(), "load levelling"),
        (terms(), Surroundings(others=[terms(site="B", to=("D",))]), "B is on divert itself"),
        (terms(), Surroundings(others=[terms(site="D", to=("A",))]), "A receives another divert"),
        (terms(), Surroundings(others=[terms(to=("D",))]), "A is on divert already"),
        (terms(), Surroundings(levels={"A": 3, "B": 4, "C": 2}), "never to a worse site"),
    ],
)
def test_terms_that_would_do_harm_are_refused_with_the_reason(
    asked: Terms, around: Surroundings, why: str
) -> None:
    with pytest.raises(NotAllowed, match=why):
        check_terms(asked, around, POLICY)


def test_terms_that_harm_nobody_are_accepted() -> None:
    other = terms(site="D", to=("B",))
    check_terms(terms(), Surroundings([other], {"A": 4, "B": 4, "C": 1}, SITES), POLICY)
    check_terms(CLOSED, Surroundings([], {"A": 1, "B": 1}, SITES), POLICY)


def test_a_divert_is_in_force_from_its_start_to_just_before_its_end() -> None:
    def divert(ends_at: datetime | None) -> Divert:
        return Divert(
            "D1", DivertKind.CAPACITY, "A", ("B",), frozenset({Cover.ADULT_MAJORS}), minute(0), ends_at
        )

    timed, open_ended = divert(minute(60)), divert(None)

    assert timed.is_in_force(minute(0))
    assert not timed.is_in_force(minute(60))
    assert not timed.is_in_force(minute(0) - timedelta(seconds=1))
    assert open_ended.is_in_force(minute(99_999))


def test_a_level_that_nobody_said_is_named_on_either_side() -> None:
    assert unknown_levels(terms(), {"A": 4, "B": 2, "C": 1}) == ()
    assert unknown_levels(terms(), {"A": 4, "B": 2}) == ("C",)
    assert unknown_levels(terms(), {"B": 2, "C": 1}) == ("A",)
    assert unknown_levels(terms(), {}) == ("A", "B", "C")


def test_a_closed_site_is_compared_with_none_but_whom_it_sends_to_is() -> None:
    assert unknown_levels(CLOSED, {}) == CLOSED.to
