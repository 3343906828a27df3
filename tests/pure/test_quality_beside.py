"""The rules on who said a time, on positions, several jobs and whole days: each broken and each kept."""

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.domain.ambulance import quality_trends, transitions
from clearway.domain.ambulance.events import JobEvent
from clearway.domain.ambulance.quality import KnownSite, Limits, inspect_destination
from clearway.domain.ambulance.quality_many import Pressed, inspect_many, together
from clearway.domain.ambulance.quality_said import (
    REPEATED_HOUR,
    inspect_said,
    inspect_unit,
    several_patients,
    two_sides,
)
from clearway.domain.ambulance.quality_tracks import Duty, Places, Track, inspect_track, runs, track
from clearway.domain.ambulance.transitions import Assignment
from clearway.domain.ambulance.words import JobStatus, ReceivingUnit, StatusSource
from clearway.domain.shared.facts import Fact, in_fixed_order
from clearway.domain.shared.geography import Point
from tests.making import fact, folded, job, minute

J, S = JobStatus, StatusSource
LIMITS = Limits()
KNOWS = frozenset({"pins", "queue", "wrap_up_reason", "destination"})
GOOD = {
    J.ALLOCATED: 0.0,
    J.MOBILE: 1.0,
    J.AT_SCENE: 9.0,
    J.LEFT_SCENE: 30.0,
    J.AT_HOSPITAL: 45.0,
    J.QUEUING: 46.0,
    J.HANDOVER: 80.0,
    J.CLEAR: 90.0,
}
Said = list[Fact[JobEvent]]


def facts(*more: Fact[JobEvent], without: tuple[JobStatus, ...] = (), **times: float) -> Said:
    """The facts of a good job, with more, and other times of some statuses."""
    stamps = {status: times.get(status.name, at) for status, at in GOOD.items() if status not in without}
    said = [fact(job(status, at, message_id=status.value), known=at) for status, at in stamps.items()]
    return [*said, *more]


def codes(said: Said, knows: frozenset[str] = KNOWS - {"pins"}) -> set[str]:
    """The rules that such facts break, but for those that a good job itself would."""
    state, _ = transitions.fold(said)
    found = inspect_said(in_fixed_order(said, transitions.rank), state, knows, LIMITS)
    return {finding.code for finding in found}


def by(source: StatusSource, status: JobStatus, at: float, known: float | None = None, **more: Any) -> Any:
    more.setdefault("message_id", f"{source}/{status}/{at}")
    return fact(job(status, at, source=source, **more), known=at if known is None else known)


def changed(
    to: float, known: float, source: StatusSource = S.CAD, what: JobStatus = J.HANDOVER, **more: Any
) -> Any:
    """A change of a time of the job by the source that first gave it."""
    return by(source, what, to, known=known, **{"corrects": what.value, **more})


# rule, facts that break it, facts close to them that do not
SAID: tuple[tuple[str, Said, Said], ...] = (
    (
        "HQ13",
        facts(by(S.CREW, J.HANDOVER, 80), by(S.HOSPITAL, J.HANDOVER, 85.1), without=(J.HANDOVER,)),
        facts(by(S.CREW, J.HANDOVER, 80), by(S.HOSPITAL, J.HANDOVER, 85), without=(J.HANDOVER,)),
    ),
    (
        "HQ14",
        facts(by(S.EOC, J.HANDOVER, 80), without=(J.HANDOVER,)),
        facts(by(S.EOC, J.HANDOVER, 80, note="terminal failed, said by radio"), without=(J.HANDOVER,)),
    ),
    ("HQ15", facts(by(S.HALO, J.COHORT_STARTED, 81)), facts(by(S.HALO, J.COHORT_STARTED, 60))),
    (
        "HQ16",
        facts(by(S.HALO, J.COHORT_STARTED, 79.5)),
        facts(by(S.HALO, J.COHORT_STARTED, 79.5), by(S.HOSPITAL, J.HANDOVER, 80)),
    ),
    ("HQ17", facts(without=(J.QUEUING,)), facts(HANDOVER=60.0, CLEAR=61.0, without=(J.QUEUING,))),
    (
        "HQ25",
        facts(by(S.CAD, J.AT_HOSPITAL, 45, patients=2)),
        facts(by(S.CAD, J.AT_HOSPITAL, 45, patients=2), by(S.CREW, J.HANDOVER, 80, patients=2)),
    ),
    ("HQ29", facts(by(S.CAD, J.PREALERT, 40, note=REPEATED_HOUR)), facts(by(S.CAD, J.PREALERT, 40))),
    ("HQ30", facts(changed(78, known=80 + 24 * 60 + 1)), facts(changed(78, known=80 + 24 * 60))),
    ("HQ31", facts(changed(75, known=100)), facts(changed(91, known=100))),  # a wait of 35 becomes one of 30
    (
        "HQ36",
        facts(by(S.HALO, J.RELEASED, 80), without=(J.HANDOVER,)),
        facts(by(S.HALO, J.RELEASED, 80, accepted_by="nurse in charge"), without=(J.HANDOVER,)),
    ),
    ("HQ39", facts(CLEAR=95.1), facts(CLEAR=95.0)),
)


@pytest.mark.parametrize(
    ("rule", "breaks", "keeps"), SAID, ids=lambda each: each if isinstance(each, str) else ""
)
def test_what_was_said_is_found_and_what_is_right_is_left_alone(rule: str, breaks: Said, keeps: Said) -> None:
    assert rule in codes(breaks)
    assert rule not in codes(keeps)


def test_a_good_job_breaks_no_rule_on_what_was_said() -> None:
    assert codes(facts()) == set()


def test_absence_is_no_finding_where_the_feed_cannot_know() -> None:
    assert codes(facts(CLEAR=120.0, without=(J.QUEUING,)), knows=frozenset()) == set()
    assert codes(facts(by(S.CREW, J.HANDOVER, 80), without=(J.HANDOVER,)), knows=frozenset({"pins"})) == {
        "HQ14"
    }


def test_a_change_is_blamed_for_being_the_second_or_by_somebody_who_may_not() -> None:
    again = by(S.CAD, J.HANDOVER, 77, known=110, corrects="first", message_id="second")
    ward = changed(44, known=100, source=S.HOSPITAL, what=J.AT_HOSPITAL)

    assert "HQ30" not in codes(facts(changed(79, known=100, message_id="first")))
    assert "HQ30" in codes(facts(changed(79, known=100, message_id="first"), again))
    assert "HQ30" in codes(facts(ward))


def test_two_small_changes_that_together_move_a_wait_below_a_limit_are_found() -> None:
    # A wait of 31 minutes becomes one of 30.5, then of 29.75; held against the first arrival it is 30.25.
    first = facts(changed(45.5, known=100, what=J.AT_HOSPITAL, message_id="a"), HANDOVER=76.0)

    assert "HQ31" not in codes(first)
    assert "HQ31" in codes([*first, changed(75.25, known=110, message_id="b")])


def test_the_two_sides_of_a_handover_are_no_repeat_by_mistake() -> None:
    pair = facts(by(S.CREW, J.HANDOVER, 80), by(S.HOSPITAL, J.HANDOVER, 82), without=(J.HANDOVER,))

    assert two_sides(in_fixed_order(pair, transitions.rank))
    assert not two_sides(in_fixed_order(facts(), transitions.rank))


@given(
    st.permutations(facts(changed(75, known=100, message_id="one"), changed(76, known=110, message_id="two")))
)
def test_the_order_of_arrival_changes_nothing_and_the_last_change_counts(said: Said) -> None:
    state, found = transitions.fold(said)

    assert state.stamps[J.HANDOVER] == minute(76) and found == ()
    assert codes(said) == codes(
        facts(changed(75, known=100, message_id="one"), changed(76, known=110, message_id="two"))
    )


@given(
    st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from("abcd")), min_size=1, max_size=6),
    st.randoms(),
)
def test_corrections_of_whatever_shape_never_lose_a_status(named: list[tuple[str, str]], chance: Any) -> None:
    said = [
        fact(job(J.MOBILE, place, message_id=own, corrects=of), known=place)
        for place, (own, of) in enumerate(named)
    ]
    chance.shuffle(said)

    assert J.MOBILE in transitions.fold(said)[0].stamps


def test_a_correction_of_another_source_or_status_replaces_nothing() -> None:
    other = fact(job(J.HANDOVER, 75, corrects=J.HANDOVER.value, message_id="x"), source="desk", known=100)
    wrong = by(S.CAD, J.CLEAR, 91, known=100, corrects=J.HANDOVER.value)

    assert transitions.fold(facts(other))[0].stamps[J.HANDOVER] == minute(
        75
    )  # the first by time, and a finding
    assert "JC03" in {each.code for each in transitions.fold(facts(other))[1]}
    assert transitions.fold(facts(wrong))[0].stamps[J.HANDOVER] == minute(80)


# Positions. The hospital lies ten kilometres north of the scene; a degree is 111 km.

SCENE, HERE, ELSEWHERE = Point(50.0, -4.0), Point(50.09, -4.0), Point(50.09, -3.9)
PLACES = Places({"TV001": HERE, "TV002": ELSEWHERE}, "TV001", SCENE)


def drive(*legs: tuple[float, Point], every: float = 0.5, until: float = 100.0) -> Track:
    """Positions every half minute on straight lines between places at given minutes; the last one holds."""
    at = np.arange(0.0, until, every)
    times, points = [leg[0] for leg in legs], [leg[1] for leg in legs]
    columns = [np.interp(at, times, [point[axis] for point in points]) for axis in (0, 1)]
    seconds = minute(0).timestamp() + at * 60
    return track(list(zip(seconds.tolist(), columns[0].tolist(), columns[1].tolist(), strict=True)))


BASE = Point(49.95, -4.0)
TRUE = drive((0, BASE), (1, BASE), (9, SCENE), (30, SCENE), (45, HERE), (90, HERE), (100, SCENE))


def on_track(
    seen: Track = TRUE,
    places: Places = PLACES,
    free: float | None = None,
    shift_end: float | None = None,
    **times: float,
) -> set[str]:
    stamps = {status: times.get(status.name, at) for status, at in GOOD.items()}
    return judged({status: at for status, at in stamps.items() if at >= 0}, seen, places, free, shift_end)


def judged(
    stamps: dict[JobStatus, float],
    seen: Track,
    places: Places = PLACES,
    free: float | None = None,
    end: float | None = None,
) -> set[str]:
    duty = Duty(minute(150), None if free is None else minute(free), None if end is None else minute(end))
    return {each.code for each in inspect_track(folded(stamps), seen, places, duty, LIMITS)}


LEAPT = track(
    [
        *zip(TRUE.at.tolist(), TRUE.latitude.tolist(), TRUE.longitude.tolist(), strict=True),
        (minute(60.2).timestamp(), 52.0, -4.0),
    ]
)
HELD = drive(
    (0, BASE), (1, BASE), (9, SCENE), (30, SCENE), (33, Point(50.03, -4)), (44, Point(50.03, -4)), (50, HERE)
)
AT_HOME = Point(50.3, -4.0)
# A journey of 240 metres in eight minutes: half a metre a second all the way, so that no step looks like one.
CREPT = drive((0, SCENE), (1, SCENE), (9, Point(50.00216, -4)), (30, Point(50.00216, -4)), (45, HERE))
CREPT_PLACES = Places(PLACES.sites, "TV001", Point(50.00216, -4))


def set_off(minutes: float) -> set[str]:
    """What is found of a crew that pressed mobile after a minute and truly set off so late."""
    return judged(GOOD, drive((0, BASE), (minutes, BASE), (9, SCENE), (30, SCENE), (45, HERE)))


def overrun(goes_to: Point, bases: tuple[Point, ...] = (BASE,), stays: Point | None = None) -> set[str]:
    """What is found of a job that is open over two hours after the shift, its vehicle in one place."""
    seen = drive((0, BASE), (1, BASE), (9, SCENE), (30, SCENE), (45, HERE), (90, stays or goes_to), until=150)
    stamps: dict[JobStatus, float] = {key: at for key, at in GOOD.items() if key is not J.CLEAR}
    return judged(stamps, seen, Places(PLACES.sites, "TV001", SCENE, bases), end=20)


TRACKS: tuple[tuple[str, Callable[[], set[str]], Callable[[], set[str]]], ...] = (
    ("HQ06", lambda: on_track(HANDOVER=96, CLEAR=97), lambda: on_track(HANDOVER=91, CLEAR=97)),
    ("HQ07", lambda: on_track(AT_HOSPITAL=40, QUEUING=46), lambda: on_track(AT_HOSPITAL=44)),
    ("HQ08", lambda: on_track(AT_HOSPITAL=50, QUEUING=50), lambda: on_track(AT_HOSPITAL=46)),
    (
        "HQ19",
        lambda: on_track(places=Places(PLACES.sites, "TV002", SCENE)),
        lambda: on_track(places=Places({"TV001": HERE}, "TV001", SCENE)),
    ),
    (
        "HQ38",
        lambda: on_track(HANDOVER=75, CLEAR=76, free=95),
        lambda: on_track(HANDOVER=75, CLEAR=76, free=85),
    ),
    ("ST01", lambda: on_track(MOBILE=6), lambda: on_track(MOBILE=3)),
    (
        "ST02",
        lambda: judged(GOOD, drive((0, BASE), (7, BASE), (9, SCENE), (30, SCENE), (45, HERE))),
        on_track,
    ),
    ("ST03", lambda: on_track(AT_SCENE=14), lambda: on_track(AT_SCENE=11)),
    ("ST04", lambda: on_track(AT_SCENE=5), on_track),
    ("ST05", lambda: on_track(LEFT_SCENE=35), lambda: on_track(LEFT_SCENE=32)),
    ("ST06", lambda: judged(GOOD | {J.AT_HOSPITAL: 50}, HELD), on_track),
    ("ST07", lambda: on_track(seen=LEAPT), on_track),
    ("ST08", lambda: on_track(shift_end=20, CLEAR=141), lambda: on_track(shift_end=20, CLEAR=139)),
    # At a station it has gone home; at the hospital or on the road the crew is at work.
    ("ST08", lambda: overrun(BASE), lambda: overrun(HERE)),
    ("ST08", lambda: overrun(BASE), lambda: overrun(BASE, bases=(BASE, HERE), stays=HERE)),
    ("ST02", lambda: set_off(7), lambda: set_off(5)),
    ("ST02", lambda: set_off(7), lambda: judged(GOOD, CREPT, CREPT_PLACES)),
)


@pytest.mark.parametrize(
    ("rule", "breaks", "keeps"), TRACKS, ids=[f"{row[0]}-{place}" for place, row in enumerate(TRACKS)]
)
def test_positions_show_what_is_wrong_and_leave_what_is_right_alone(
    rule: str, breaks: Callable[[], set[str]], keeps: Callable[[], set[str]]
) -> None:
    assert rule in breaks()
    assert rule not in keeps()


def test_a_true_job_breaks_no_rule_on_positions() -> None:
    assert on_track(free=91, shift_end=80) == set()


def test_without_positions_no_rule_on_them_says_anything() -> None:
    assert judged(GOOD | {J.AT_HOSPITAL: 40}, track([])) == set()


def test_over_a_gap_nothing_is_concluded() -> None:
    keep = (minute(45.9).timestamp() > TRUE.at) | (minute(50).timestamp() < TRUE.at)
    gap = Track(TRUE.at[keep], TRUE.latitude[keep], TRUE.longitude[keep])

    assert "HQ08" in on_track(AT_HOSPITAL=49.5, QUEUING=50)
    assert "HQ08" not in on_track(seen=gap, AT_HOSPITAL=49.5, QUEUING=50)


def test_the_entry_to_the_hospital_is_what_is_proposed() -> None:
    stamps = GOOD | {J.AT_HOSPITAL: 55.0, J.QUEUING: 55.0}
    found = inspect_track(folded(stamps), TRUE, PLACES, Duty(minute(100)), LIMITS)

    (late,) = [each for each in found if each.code == "HQ08"]
    assert late.what == J.AT_HOSPITAL and late.proposed is not None
    assert abs(late.proposed - minute(45)) <= timedelta(minutes=1)


@given(st.lists(st.booleans(), min_size=1, max_size=30))
def test_runs_are_apart_and_hold_all_that_holds(holds: list[bool]) -> None:
    at = np.arange(len(holds), dtype=float) * 30
    found = runs(at, np.array(holds), 60)

    assert sum(int((end - begin) / 30) + 1 for begin, end in found) == sum(holds)
    assert all(later[0] > before[1] for before, later in pairwise(found))


# Several jobs together


def one(key: str, arrived: float, clear: float | None, call_sign: str = "A1", **more: Any) -> Assignment:
    stamps = {J.AT_HOSPITAL: minute(arrived)}
    if clear is not None:
        stamps |= {J.HANDOVER: minute(more.pop("over", clear - 5)), J.CLEAR: minute(clear)}
    if more.pop("brought", True):
        stamps[J.LEFT_SCENE] = minute(arrived - 20)
    return Assignment(key, more.pop("incident", key), call_sign, stamps=stamps)


def among(
    *jobs: Assignment, minutes: float = 60.0, sites: dict[str, str] | None = None
) -> dict[str, set[str]]:
    where = sites or {each.key: "TV001" for each in jobs}
    found = inspect_many(jobs, where, lambda here, there: minutes, LIMITS)
    return {key: {each.code for each in rows} for key, rows in found.items()}


def test_one_resource_is_not_at_hospital_twice_at_once_and_equal_seconds_are_legal() -> None:
    assert among(one("1", 0, 30), one("2", 29, 60)) == {"2": {"HQ24"}}
    assert among(one("1", 0, 30), one("2", 30, 60)) == {}
    assert among(one("1", 0, 30), one("2", 29, 60, call_sign="A2")) == {}


def test_the_same_arrival_twice_is_a_duplicate_of_the_first() -> None:
    assert among(one("1", 0, 30, incident="I"), one("2", 0, 30, incident="I")) == {"2": {"HQ26"}}
    assert among(one("1", 0, 30, incident="I"), one("2", 0, 30, incident="I", call_sign="A2")) == {}


def test_nobody_is_at_the_next_hospital_faster_than_anybody_drives() -> None:
    apart = {"1": "TV001", "2": "TV002"}
    assert among(one("1", 0, 30), one("2", 71, 90), sites=apart) == {"2": {"HQ34"}}
    assert among(one("1", 0, 30), one("2", 72, 90), sites=apart) == {}
    assert among(one("1", 0, 30), one("2", 71, 90)) == {}


def test_a_relief_crew_does_not_end_the_patients_wait() -> None:
    first, relief = (
        one("1", 0, 60, incident="I", over=50),
        one("2", 49, 95, "R1", incident="I", brought=False),
    )
    second_patient = one("2", 49, 95, "R1", incident="I")

    assert among(first, relief) == {"1": {"HQ35"}}
    assert among(first, second_patient) == {}


def pressed(*rows: tuple[str, float, str]) -> set[str]:
    return set(together([Pressed(key, "TV001", minute(at), by) for key, at, by in rows], LIMITS))


def test_three_handovers_in_a_minute_by_one_person_are_found_and_by_three_are_not() -> None:
    assert pressed(("1", 0, "n"), ("2", 0.5, "n"), ("3", 1, "n")) == {"1", "2", "3"}
    assert pressed(("1", 0, "n"), ("2", 0.5, "n"), ("3", 1.1, "n")) == set()
    assert pressed(("1", 0, "n"), ("2", 0.5, "n"), ("3", 1, "m")) == set()


# Days, weeks, devices, places


def test_waits_that_heap_before_a_limit_are_found_and_an_even_spread_is_not() -> None:
    even = [10 + step / 4 for step in range(80)]
    heaped = [*even, *[14.5] * 12]

    assert [heap.limit for heap in quality_trends.heaps(heaped, LIMITS)] == [15]
    assert quality_trends.heaps(even, LIMITS) == []
    (found,) = quality_trends.heaping(heaped, "all", LIMITS)
    assert found.code == "HQ32" and "in the minute before 15" in found.evidence


@pytest.mark.parametrize(
    ("known", "unknown", "level"),
    [(100, 2, "amber"), (100, 4, "red"), (99, 1, ""), (10, 9, ""), (100, 0, "")],
)
def test_a_day_with_many_unknown_handovers_is_found(known: int, unknown: int, level: str) -> None:
    found = [each.evidence for each in quality_trends.unknown_share(known, unknown, LIMITS)]

    assert [level in each for each in found] == ([True] if level else [])


def test_a_device_whose_clock_is_off_is_told_from_a_slow_line() -> None:
    line = {f"A{number}": [2.0, 3.0, 40.0, 2.5, 9.0] for number in range(5)}
    off = line | {"B1": [70.0, 63.5, 90.0, 64.0, 71.0], "B2": [-61.0, -55.0, -59.0, -50.0, -57.0]}

    assert quality_trends.skews(line, LIMITS) == {}
    assert set(quality_trends.skews(off, LIMITS)) == {"B1", "B2"}
    assert quality_trends.skews({"B1": [900.0] * 4}, LIMITS) == {}


def where(code: str | None, site: KnownSite | None, there: str = "12:00") -> list[str]:
    state = Assignment("1", "1", "A1", destination=code, stamps={J.AT_HOSPITAL: minute(0)})
    return [each.evidence for each in inspect_destination(state, site, there, KNOWS)]


def test_a_destination_is_known_present_and_open() -> None:
    day, night = KnownSite("TV001", "08:00", "22:00"), KnownSite("TV001", "18:00", "06:00")
    assert where(None, None) == ["none given"]
    assert where("XX", None) == ["code XX"]
    assert where("OLD", KnownSite("TV001")) == ["code OLD is now TV001"]
    assert (
        where("TV001", day, "22:00") and not where("TV001", day, "21:59") and not where("TV001", day, "08:00")
    )
    assert where("TV001", night, "06:00") and not where("TV001", night, "05:59")
    assert not list(inspect_destination(Assignment("1", "1", "A1"), None, "", KNOWS))


# Units and patients


def unit(at_department: bool, **said: Any) -> list[str]:
    facts_ = facts(by(S.CREW, J.AT_HOSPITAL, 45, **said))
    return [each.evidence for each in inspect_unit(in_fixed_order(facts_, transitions.rank), at_department)]


def test_what_counts_as_an_emergency_department_is_received_by_one() -> None:
    ward, department = ReceivingUnit.WARD, ReceivingUnit.EMERGENCY_DEPARTMENT

    assert unit(True, unit=ward, emergency=True) == ["received by ward, counts as an emergency department's"]
    assert unit(True, unit=department, emergency=False)
    assert unit(True, unit=ward, emergency=False) == unit(True, unit=department, emergency=True) == []
    assert unit(True, unit=ward) and not unit(False, unit=ward)  # else it counts by what the site is
    assert unit(True) == unit(True, emergency=False) == []


def test_two_patients_may_be_handed_over_at_two_times() -> None:
    two = facts(by(S.CAD, J.AT_HOSPITAL, 45, patients=2), by(S.CREW, J.HANDOVER, 75), without=(J.HANDOVER,))
    both = [*two, by(S.CREW, J.HANDOVER, 80)]

    assert "HQ25" in codes(two) and "HQ25" not in codes(both)
    assert several_patients(in_fixed_order(both, transitions.rank))
    assert not several_patients(in_fixed_order([*both, by(S.CREW, J.HANDOVER, 82)], transitions.rank))


def test_crew_and_hospital_that_say_the_same_handover_hand_over_one_patient() -> None:
    pair = (by(S.CREW, J.HANDOVER, 80), by(S.HOSPITAL, J.HANDOVER, 81))

    assert "HQ25" in codes(facts(by(S.CAD, J.AT_HOSPITAL, 45, patients=2), *pair, without=(J.HANDOVER,)))


PROVEN = (
    {rule for rule, *_ in SAID}
    | {rule for rule, *_ in TRACKS}
    | {"HQ12", "HQ24", "HQ26", "HQ34", "HQ35"}
    | {"HQ28", "HQ32", "HQ33", "HQ21"}
    | {"HQ18"}  # test_quality_cohort
)


def test_evidence_names_no_one() -> None:
    said = facts(by(S.EOC, J.HANDOVER, 80, user="n.jones"), without=(J.HANDOVER,))
    state, _ = transitions.fold(said)

    evidence = " ".join(each.evidence for each in inspect_said(said, state, KNOWS, LIMITS))

    assert evidence and "jones" not in evidence and "A101" not in evidence
    assert datetime.fromisoformat("2026-01-05T08:00:00+00:00") == minute(0)
