"""Who is offered a freed slot, and in which order."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.domain.outpatients.recycling import Freed, Mode, RecyclingPolicy, ends
from clearway.domain.shared.errors import NotAllowed
from clearway.engine.outpatients.fit import Coded, Slots, Wanted, barred
from clearway.engine.outpatients.recycling import Candidate, fitting, is_settled, place, rank

AT = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)  # a Monday
POLICY = RecyclingPolicy()
WANTED = Wanted(service=1, kind="new", minutes=45)


def freed(hours: float = 24 * 8, **more: Any) -> Slots:
    """One freed slot, so many hours from now: a Tuesday, where not said otherwise."""
    usual = {"minutes": 45, "service": 1, "kind": "new", "medium": "01", "held": "", "site": "A"}
    row = {**usual, "skills": frozenset({"spine"}), **more}
    return Slots(
        key=np.array([1]),
        starts=np.array([int((AT + timedelta(hours=hours)).timestamp())]),
        minutes=np.array([row["minutes"]]),
        service=np.array([row["service"]]),
        clinician=np.array([1]),
        kind=Coded.of([row["kind"]]),
        medium=Coded.of([row["medium"]]),
        held=Coded.of([row["held"]]),
        released=np.array([2**62]),
        site=Coded.of([row["site"]]),
        free=np.array([1]),
        closed=np.array([False]),
        faulty=np.array([False]),
        skills=Coded.of([row["skills"]]),
    )


def candidate(entry: int, wanted: Wanted = WANTED, **more: Any) -> Candidate:
    return Candidate(entry, wanted, treat_by=wanted.treat_by, **more)


def order(*candidates: Candidate, slot: Slots | None = None) -> list[int]:
    return [each.entry for each in rank(slot or freed(), candidates, POLICY, AT).chosen]


def booked_in(days: float) -> int:
    return int((AT + timedelta(days=days)).timestamp())


def test_clinical_priority_comes_first_then_treat_by_then_the_longest_wait() -> None:
    soon, late = date(2026, 12, 1), date(2026, 12, 24)

    chosen = order(
        candidate(1, replace(WANTED, treat_by=late), waits_from=date(2026, 1, 1)),
        candidate(2, replace(WANTED, treat_by=soon), waits_from=date(2026, 9, 1)),
        candidate(3, replace(WANTED, treat_by=soon), waits_from=date(2026, 8, 1)),
        candidate(4, replace(WANTED, priority="2")),
    )

    assert chosen == [4, 3, 2, 1]


def test_who_has_no_date_in_time_comes_before_who_has_one() -> None:
    by = date(2026, 12, 1)
    in_time = candidate(1, replace(WANTED, treat_by=by), booked_for=booked_in(28))
    too_late = candidate(2, replace(WANTED, treat_by=by), booked_for=booked_in(60))
    unbooked = candidate(3, replace(WANTED, treat_by=date(2026, 12, 9)))

    assert order(in_time, too_late, unbooked) == [2, 3, 1]


def test_a_booked_patient_is_told_how_much_sooner_it_is() -> None:
    (chosen,) = rank(freed(), [candidate(1, booked_for=booked_in(29))], POLICY, AT).chosen

    assert "21 days sooner than the appointment they have" in chosen.reasons


@pytest.mark.parametrize(
    ("who", "hours", "code"),
    [
        (candidate(1, was_asked=True), 192, "asked"),
        (candidate(1, is_asked=True), 192, "out"),
        (candidate(1, offers=3), 192, "often"),
        (candidate(1, due_on=date(2026, 11, 18)), 192, "early"),
        (candidate(1, booked_for=booked_in(20)), 192, "gain"),
        (candidate(1, booked_for=booked_in(2)), 192, "gain"),
        (candidate(1, replace(WANTED, sites=frozenset({"B"}))), 192, "site"),
        (candidate(1, replace(WANTED, days=frozenset({1}))), 192, "day"),
        (candidate(1), 71, "usual_notice"),
        (candidate(1, replace(WANTED, notice_hours=24)), 23, "notice"),
        (candidate(1, replace(WANTED, notice_hours=2, needs=(("Interpreter", "Polish"),))), 47, "needs"),
        (candidate(1, replace(WANTED, skills=frozenset({"hand"}))), 192, "skill"),
        (candidate(1, replace(WANTED, minutes=60)), 192, "short"),
        (candidate(1, replace(WANTED, medium="02")), 192, "medium"),
    ],
)
def test_who_is_not_asked_is_named_with_the_reason(who: Candidate, hours: float, code: str) -> None:
    ranked = rank(freed(hours), [who], POLICY, AT)

    assert ranked.chosen == ()
    assert [(each.entry, each.code) for each in ranked.left_out] == [(1, code)]
    assert ranked.left_out[0].words.endswith(".")


def test_a_follow_up_is_offered_from_so_many_days_before_it_is_due() -> None:
    """The slot is on the 10th, and seven days are allowed."""
    early, soon = candidate(1, due_on=date(2026, 11, 18)), candidate(2, due_on=date(2026, 11, 17))

    ranked = rank(freed(), [early, soon], POLICY, AT)

    assert [each.entry for each in ranked.chosen] == [2]
    assert ranked.left_out[0].words == (
        "Their follow-up is due on 18 Nov 2026, and is not offered before 11 Nov 2026."
    )


def test_a_first_slot_of_the_coming_days_is_kept_for_the_urgent_until_hours_before() -> None:
    """Ten days ahead, and two: whoever is referred urgently tomorrow finds it free."""
    keeping = replace(POLICY, urgent_days=10, urgent_hours=48)
    routine, urgent = candidate(1), candidate(2, replace(WANTED, priority="2"))

    def asked(hours: float, policy: RecyclingPolicy) -> list[int]:
        return [each.entry for each in rank(freed(hours), [routine, urgent], policy, AT).chosen]

    assert asked(192, keeping) == [2]
    assert asked(241, keeping) == asked(72, replace(keeping, urgent_hours=72)) == [2, 1]
    assert asked(192, POLICY) == [2, 1]
    (left,) = rank(freed(192), [routine], keeping, AT).left_out
    assert left.words == "It is kept for urgent patients until 48 hours before."


def test_short_notice_goes_to_those_who_can_manage_it() -> None:
    assert order(candidate(1), candidate(2, replace(WANTED, notice_hours=4)), slot=freed(5)) == [2]


WANTS = st.builds(
    Wanted,
    service=st.sampled_from([1, 1, 1, 2]),
    kind=st.sampled_from(["new", "new", "follow_up"]),
    minutes=st.sampled_from([30, 45, 60]),
    priority=st.sampled_from(["1", "2", "3"]),
    skills=st.sampled_from([frozenset(), frozenset({"spine"}), frozenset({"hand"})]),
    treat_by=st.sampled_from([None, date(2026, 11, 14), date(2026, 12, 14)]),
    sites=st.sampled_from([frozenset(), frozenset({"A"}), frozenset({"B"})]),
    days=st.sampled_from([frozenset(), frozenset({2})]),
    notice_hours=st.sampled_from([None, 4]),
    needs=st.sampled_from([(), (("Interpreter", "Polish"),)]),
)
CANDIDATES = st.lists(
    st.builds(
        Candidate,
        entry=st.integers(1, 10_000),
        wanted=WANTS,
        treat_by=st.sampled_from([None, date(2026, 11, 14), date(2026, 12, 14)]),
        waits_from=st.sampled_from([None, date(2026, 3, 1), date(2026, 6, 1)]),
        due_on=st.sampled_from([None, None, date(2026, 11, 9), date(2026, 12, 1)]),
        booked_for=st.sampled_from([None, booked_in(3), booked_in(40)]),
        offers=st.integers(0, 4),
        was_asked=st.booleans(),
        is_asked=st.booleans(),
    ),
    max_size=20,
    unique_by=lambda who: who.entry,
)
HOURS = st.sampled_from([5, 60, 192])


@given(CANDIDATES, HOURS)
def test_everybody_is_asked_or_has_one_reason_and_nobody_unsuitable_is_asked(
    candidates: list[Candidate], hours: float
) -> None:
    slot = freed(hours)

    ranked = rank(slot, candidates, POLICY, AT, limit=100)

    asked = {each.entry for each in ranked.chosen}
    assert sorted([*asked, *(each.entry for each in ranked.left_out)]) == sorted(c.entry for c in candidates)
    assert not any(barred(slot, who.wanted, AT) for who in candidates if who.entry in asked)


@given(CANDIDATES, HOURS, st.randoms())
def test_the_order_in_which_candidates_are_read_does_not_matter(
    candidates: list[Candidate], hours: float, chance: Any
) -> None:
    before = rank(freed(hours), candidates, POLICY, AT)
    chance.shuffle(candidates)

    assert rank(freed(hours), candidates, POLICY, AT) == before


@given(CANDIDATES, HOURS, st.integers(1, 4), st.integers(1, 6))
def test_a_list_that_is_read_as_far_as_needed_gives_whom_the_whole_would_give(
    candidates: list[Candidate], hours: float, count: int, limit: int
) -> None:
    """The two lists, those who wait and those who are booked, are read a few at a time in their order."""
    slot = freed(hours)
    waiting, booked = (
        sorted(
            (who for who in candidates if (who.booked_for is not None) is has_date),
            key=lambda who: place(replace(who, booked_for=None)),
        )
        for has_date in (False, True)
    )

    for until in range(count, len(candidates) + count + 1, count):
        read = [*waiting[:until], *booked[:until]]
        chosen, _ = fitting(slot, read, POLICY, AT, limit)
        if is_settled(chosen, [each[until - 1] for each in (waiting, booked) if len(each) >= until], limit):
            break

    assert chosen == fitting(slot, candidates, POLICY, AT, limit)[0]


@given(CANDIDATES, HOURS)
def test_raising_a_patients_priority_never_puts_them_further_down(
    candidates: list[Candidate], hours: float
) -> None:
    chosen = [each.entry for each in rank(freed(hours), candidates, POLICY, AT).chosen]
    for before, entry in enumerate(chosen):
        raised = [
            replace(who, wanted=replace(who.wanted, priority="3")) if who.entry == entry else who
            for who in candidates
        ]
        assert [each.entry for each in rank(freed(hours), raised, POLICY, AT).chosen].index(entry) <= before


@pytest.mark.parametrize("end", [Freed.FILLED, Freed.EXPIRED, Freed.WITHDRAWN])
def test_a_freed_slot_ends_once(end: Freed) -> None:
    assert ends(Freed.OPEN, end) == end
    with pytest.raises(NotAllowed, match="ended already"):
        ends(end, Freed.FILLED)


def test_nobody_is_asked_at_night_and_an_offer_of_the_evening_stands_until_the_morning() -> None:
    evening = datetime(2026, 11, 2, 19, 30, tzinfo=UTC)
    morning = datetime(2026, 11, 3, 9, 0, tzinfo=UTC)

    assert POLICY.minutes_to_ask(evening, morning) == 30 + 60
    assert POLICY.after(evening, 45) == datetime(2026, 11, 3, 8, 15, tzinfo=UTC)
    assert POLICY.after(evening, 30) == datetime(2026, 11, 2, 20, 0, tzinfo=UTC)
    assert POLICY.minutes_to_ask(morning, evening) == 0
    assert POLICY.may_ask(evening) and not POLICY.may_ask(evening + timedelta(minutes=30))


@pytest.mark.parametrize(
    ("since", "until"), [((3, 0), (8, 0)), ((8, 0), (8, 0)), ((19, 59), (19, 59)), ((20, 0), (32, 0))]
)
def test_no_minutes_after_an_instant_is_when_patients_may_next_be_asked(
    since: tuple[int, int], until: tuple[int, int]
) -> None:
    day = datetime(2026, 11, 2, tzinfo=UTC)
    at, then = (day + timedelta(hours=hours, minutes=minutes) for hours, minutes in (since, until))

    assert POLICY.after(at, 0) == then


@given(st.integers(0, 14 * 24 * 60), st.integers(0, 5_000))
def test_the_minutes_of_an_offer_are_minutes_in_which_patients_are_asked(since: int, minutes: int) -> None:
    at = datetime(2026, 3, 22, tzinfo=UTC) + timedelta(minutes=since)  # the clocks change on the 29th

    assert POLICY.minutes_to_ask(at, POLICY.after(at, minutes)) == pytest.approx(minutes)


@pytest.mark.parametrize(
    "values",
    [{"mode": "sometimes"}, {"most_offers": 0}, {"disappointed": 1.0}, {"from_hour": 20, "to_hour": 8}],
)
def test_a_policy_that_contradicts_itself_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        RecyclingPolicy(**values)


def test_a_policy_may_name_its_mode_in_words() -> None:
    assert RecyclingPolicy(mode="automatic").mode is Mode.AUTOMATIC  # type: ignore[arg-type]
