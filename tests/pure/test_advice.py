"""Conveyance advice: what it must never do, what it must always do, and what it says."""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clearway.domain.ambulance.destinations import Answers, Case, PositionSource
from clearway.domain.ambulance.diverts import Cover, Divert, DivertKind
from clearway.domain.ambulance.words import Category, Need
from clearway.engine.ambulance.advice import Advice, AdvicePolicy, Verdict, advise, advise_together
from clearway.engine.ambulance.eligibility import EligibilityPolicy
from clearway.engine.ambulance.ranking import Weights, blue_light, picture, rank
from clearway.engine.ambulance.ranking_together import rank_together
from tests.advising import NOON, case, forecast, journeys, rulebook, site, situation

SITES = [site("A"), site("B"), site("C", roles=("stroke",)), site("D", opens="08:00", closes="20:00")]
BOOK = rulebook(SITES)
POLICY = AdvicePolicy()
UNIT: dict[str, Any] = {
    "kind": "urgent_treatment_centre",
    "mark": "assumed",
    "source": "invented",
    "confirmed": True,
}
UNIT_ONE = {**UNIT, "code": "U1", "name": "Unit one", "latitude": 51.0, "longitude": -3.0}


def asked(
    minutes: list[float],
    wait: list[float],
    added: list[float] | None = None,
    policy: AdvicePolicy = POLICY,
    **more: Any,
) -> Advice:
    heard = more.pop("heard", 0)
    diverts = more.pop("diverts", ())
    seen = situation(SITES, more.get("at", NOON), heard=heard, diverts=diverts)
    return advise(
        case(**more), seen, forecast(seen, wait, added or [0.0] * 4), journeys(minutes), BOOK, policy
    )


def test_a_much_shorter_wait_a_little_farther_on_is_advised():
    advice = asked([10, 18, 25, 28], [90, 12, 40, 40])

    assert (advice.verdict, advice.chosen, advice.nearest) == (Verdict.ADVISED, "B", "A")
    assert "8 min nearer" in advice.why_not_nearest
    assert "handover" in advice.why_not_nearest
    assert advice.read_back.startswith("A1: conveyance advice, B. Travel 18 minutes, handover wait about 12")


def test_the_nearest_is_kept_with_its_parts_though_it_is_not_among_the_best():
    advice = asked([10, 18, 20, 22], [200, 12, 12, 12], policy=replace(POLICY, options=2))

    assert advice.option("A") is None
    assert advice.compared is not None and advice.compared.code == advice.nearest == "A"
    assert advice.compared.total == pytest.approx(sum(part.counted for part in advice.compared.parts))


def test_the_parts_add_up_to_the_total():
    advice = asked([10, 18, 25, 28], [90, 12, 40, 40], [30, 5, 0, 0])

    for option in advice.options:
        assert option.total == pytest.approx(sum(part.counted for part in option.parts))


def test_a_difference_that_is_noise_means_the_nearest_appropriate():
    advice = asked([10, 12, 60, 60], [30, 25, 30, 30])

    assert (advice.verdict, advice.chosen) == (Verdict.NEAREST, "A")
    assert "too little" in advice.why


def test_stale_inputs_mean_that_nothing_is_recommended():
    advice = asked([10, 12, 60, 60], [300, 5, 30, 30], heard=14)

    assert (advice.verdict, advice.chosen) == (Verdict.ABSTAINED, "A")
    assert advice.why.startswith("Cannot recommend: the control room feed cad is 14 min old")
    assert all(option.total is None for option in advice.options)


def test_nothing_is_recommended_from_where_a_crew_was_too_long_ago():
    was = NOON.timestamp() - 40 * 60
    minutes, wait = [10.0, 12.0, 60.0, 60.0], [300.0, 5.0, 30.0, 30.0]

    driving = asked(minutes, wait, position_from=PositionSource.VEHICLE, position_at=was)
    at_scene = asked(minutes, wait, position_from=PositionSource.SCENE, position_at=was)
    undated = asked(minutes, wait, position_from=PositionSource.VEHICLE)

    assert undated.why.startswith("Cannot recommend: nobody knows from when the crew's position is")
    assert (driving.verdict, driving.chosen) == (Verdict.ABSTAINED, "A")
    assert driving.why.startswith("Cannot recommend: the crew's position is 40 min old")
    assert (at_scene.verdict, at_scene.chosen) == (Verdict.ADVISED, "B")
    assert [round(each.age_minutes) for each in at_scene.inputs if "scene" in each.name] == [40]


def test_a_rule_that_leaves_one_place_cannot_say_which_is_in_reach_of_a_lost_crew():
    was = {"position_from": PositionSource.SCENE_LEFT, "position_at": NOON.timestamp() - 40 * 60}

    advice = asked([10, 12, 60, 60], [20] * 4, needs=frozenset({Need.SEPSIS}), **was)

    assert advice.verdict is Verdict.ABSTAINED
    assert "the crew left the scene 40 min ago" in advice.why


def test_the_delay_for_others_counts():
    alone = asked([10, 12, 60, 60], [20, 20, 20, 20], [0, 0, 0, 0])
    with_others = asked([10, 12, 60, 60], [20, 20, 20, 20], [60, 0, 0, 0])

    assert (alone.chosen, with_others.chosen) == ("A", "B")


def test_the_standing_answer_stays_until_another_is_clearly_better():
    minutes, wait = [10.0, 30.0, 30.0, 90.0], [90.0, 24.0, 20.0, 20.0]

    assert asked(minutes, wait).chosen == "C"
    assert asked(minutes, wait, standing="B").chosen == "B"
    assert asked(minutes, [90, 34, 20, 20], standing="B").chosen == "C"


def test_a_place_at_its_agreed_cap_is_passed_over_unless_all_are_full():
    policy = AdvicePolicy(eligibility=EligibilityPolicy(load_caps={"A": 0}))
    everybody = AdvicePolicy(eligibility=EligibilityPolicy(load_caps=dict.fromkeys("ABCD", 0)))

    passed = asked([10, 18, 60, 60], [5, 5, 5, 5], policy=policy)

    assert passed.chosen == "B"
    assert "0 were agreed" in next(each.sentence for each in passed.exclusions if each.code == "A")
    assert asked([10, 18, 60, 60], [5, 5, 5, 5], policy=everybody).chosen == "A"


def test_a_cap_never_stands_before_a_clinical_rule():
    policy = AdvicePolicy(eligibility=EligibilityPolicy(load_caps={"C": 0}))

    advice = asked([10, 12, 25, 30], [5] * 4, policy=policy, needs=frozenset({Need.STROKE}))

    assert advice.chosen == "C"


def test_what_would_change_the_answer_is_said_in_minutes_and_is_true():
    minutes, wait = [10.0, 20.0, 90.0, 90.0], [60.0, 10.0, 10.0, 10.0]
    advice = asked(minutes, wait)
    more = float(advice.would_change.split("were ")[1].split(" min")[0])
    spread = POLICY.weights.uncertainty * 0.2  # of the flat forecast: the eightieth centile is a fifth above

    assert advice.chosen == "B"
    assert asked(minutes, [60, 10 + (more + 1) / (1 + spread) + 1, 10, 10]).chosen == "A"
    assert asked(minutes, [60, 10 + (more - 2) / (1 + spread), 10, 10]).chosen == "B"


def test_an_alternative_is_ranked_only_when_the_score_is_said_and_it_is_confirmed():
    units = [
        UNIT_ONE,
        {**UNIT, "code": "U2", "name": "Unit two", "latitude": 51.0, "longitude": -3.0, "confirmed": False},
    ]
    book = rulebook(SITES, units)
    seen = situation(SITES)
    waits, minutes = forecast(seen, [90, 90, 90, 90]), journeys([10, 12, 14, 16, 8, 7])
    minor = frozenset({Need.MINOR})

    said = advise(case(needs=minor), seen, waits, minutes, book, POLICY)
    unsaid = advise(case(needs=minor, news2=None), seen, waits, minutes, book, POLICY)
    too_ill = advise(case(needs=minor, news2=7), seen, waits, minutes, book, POLICY)

    assert said.chosen == "U1"
    assert said.options[0].call_first
    assert "after it has accepted by telephone" in said.read_back
    assert any("Unit two" in words and "not confirmed" in words for words in said.may_have)
    assert "U2" not in [option.code for option in said.options]
    assert unsaid.chosen == too_ill.chosen == "A"


@pytest.mark.parametrize(
    ("answers", "chosen", "words"),
    [
        (Answers("U1", full_at=NOON.timestamp() - 600), "A", "It said at 13:50 that it is full."),
        (Answers("U1", full_at=NOON.timestamp() - 3700), "U1", ""),
        (
            Answers("U1", frozenset({"x", "y"})),
            "A",
            "It has accepted 2 in the last hour; it takes 2 an hour.",
        ),
        (Answers("U1", frozenset({"x"})), "U1", ""),
        (Answers("U1", frozenset({"x", "1/A1"})), "U1", ""),  # one of the two is this patient
    ],
)
def test_an_alternative_that_is_full_is_left_out_and_says_so(answers: Answers, chosen: str, words: str):
    unit = {
        **UNIT,
        "code": "U1",
        "name": "Unit one",
        "latitude": 51.0,
        "longitude": -3.0,
        "capacity_per_hour": 2,
    }
    seen = situation(SITES, answers=(answers,))

    advice = advise(
        case(needs=frozenset({Need.MINOR})),
        seen,
        forecast(seen, [90, 90, 90, 90]),
        journeys([10, 12, 14, 16, 8]),
        rulebook(SITES, [unit]),
        POLICY,
    )

    assert advice.chosen == chosen
    assert "".join(each.sentence for each in advice.exclusions if each.code == "U1") == words


@pytest.mark.parametrize(
    ("patient", "cause", "words"),
    [
        ({"needs_asked": False}, "needs_not_asked", "Needs were not asked: it is considered once they are."),
        ({"category": Category.C1}, "category_1", "A category 1 goes to an emergency department."),
    ],
)
def test_no_alternative_for_a_c1_or_before_needs_are_asked(
    patient: dict[str, Any], cause: str, words: str
) -> None:
    day_care = {**UNIT_ONE, "kind": "sdec_medical"}
    seen, book = situation(SITES), rulebook(SITES, [day_care])
    waits, minutes = forecast(seen, [90, 90, 90, 90]), journeys([10, 12, 14, 16, 8])

    def options(**more: Any) -> Advice:
        return advise(case(**more), seen, waits, minutes, book, POLICY)

    assert "U1" in {option.code for option in options().options}
    barred = options(**patient)
    assert "U1" not in {option.code for option in barred.options}
    assert [(each.cause, each.sentence) for each in barred.exclusions if each.code == "U1"] == [
        (cause, words)
    ]


def test_crews_that_leave_together_do_not_fill_an_alternative_beyond_what_it_takes():
    unit = {
        **UNIT,
        "code": "U1",
        "name": "Unit one",
        "latitude": 51.0,
        "longitude": -3.0,
        "capacity_per_hour": 1,
    }
    seen = situation(SITES)
    cases = [case(f"{n}/A{n}", needs=frozenset({Need.MINOR})) for n in range(3)]

    answers = advise_together(
        cases,
        seen,
        forecast(seen, [90, 90, 90, 90]),
        journeys([[10, 12, 14, 16, 8]] * 3),
        rulebook(SITES, [unit]),
        POLICY,
    )

    assert sum(each.chosen == "U1" for each in answers) == 1


def test_no_department_means_the_clinical_desk():
    advice = asked([np.inf] * 4, [5] * 4)

    assert (advice.verdict, advice.chosen, advice.options) == (Verdict.NOWHERE, None, ())


MINUTES = st.lists(st.floats(1, 60), min_size=4, max_size=4)
WAITS = st.lists(st.floats(0, 240), min_size=4, max_size=4)
NEEDS = st.frozensets(st.sampled_from(list(Need)), max_size=2)
AGES = st.one_of(st.none(), st.integers(0, 100))


HOLDS = {"A": "adults_only", "B": "children", "C": "stroke", "D": "children_only"}
KNOWN = [site(code, roles=(role,)) for code, role in HOLDS.items()]
KNOWN[1] = site("B", roles=("children",), opens="08:00", closes="20:00")
KNOWN_BOOK = rulebook(KNOWN)


def known_to_be_barred(
    took: dict[str, float], at: datetime, patient: Case, kind: DivertKind, cover: Cover
) -> set[str]:
    """Who is out by opening hours, by role or by the divert of B, worked out apart from the engine."""
    is_child = patient.age is not None and patient.age < 16
    is_adult = patient.age is not None and not is_child
    barred = {"A"} if is_child else {"D"}
    if not 8 <= (at + timedelta(minutes=took["B"])).hour < 20:
        barred.add("B")
    if patient.needs == {Need.STROKE} and not is_child:
        barred |= {"A", "B", "D"}
    takes_in = {
        Cover.EVERYBODY: True,
        Cover.CHILDREN: is_child,
        Cover.ADULT_MAJORS: is_adult and not patient.needs,
        **{each: need in patient.needs for each, need in COVERED.items()},
    }
    always = patient.needs & {Need.SEPSIS, Need.GI_BLEED, Need.CARDIAC_ARREST, Need.UNSAFE_AIRWAY}
    is_serious = patient.category is Category.C1 or (patient.news2 or 0) >= 7 or patient.news2 is None
    is_off = kind in (DivertKind.SERVICE, DivertKind.CLOSURE)
    if takes_in[cover] and not always and (is_off or (is_adult and not is_serious)):
        barred.add("B")
    return barred


PATIENTS = st.fixed_dictionaries(
    {
        "needs": NEEDS,
        "age": AGES,
        "news2": st.one_of(st.none(), st.integers(0, 20)),
        "category": st.sampled_from([None, *Category]),
    }
)


@settings(max_examples=200, deadline=None)
@given(
    MINUTES,
    WAITS,
    WAITS,
    PATIENTS,
    st.integers(0, 23),
    st.sampled_from(list(DivertKind)),
    st.sampled_from(list(Cover)),
)
def test_an_excluded_site_is_never_offered(minutes, wait, added, said, hour, kind, cover):
    at = NOON.replace(hour=hour)
    divert = Divert("D", kind, "B", ("A",), frozenset({cover}), at, at + timedelta(hours=3))
    seen, patient = situation(KNOWN, at, diverts=(divert,)), case(at=at, **said)
    advice = advise(patient, seen, forecast(seen, wait, added), journeys(minutes), KNOWN_BOOK, POLICY)
    barred = {each.code for each in advice.exclusions}
    took = dict(zip(HOLDS, minutes, strict=True))

    assert not barred & {option.code for option in advice.options}
    assert advice.chosen not in barred
    assert known_to_be_barred(took, at, patient, kind, cover) <= barred


def place_of(advice: Advice, code: str) -> int:
    codes = [option.code for option in advice.options]
    return codes.index(code) if code in codes else len(codes)


@settings(max_examples=150, deadline=None)
@given(MINUTES, WAITS, WAITS, st.integers(0, 3), st.floats(0, 120))
def test_a_longer_queue_never_makes_a_site_rank_better(minutes, wait, added, at, more):
    longer = [each + more * (row == at) for row, each in enumerate(wait)]
    policy = replace(POLICY, options=4)
    code = BOOK.places.code[at]

    before, after = (asked(minutes, each, added, policy) for each in (wait, longer))

    assert place_of(after, code) >= place_of(before, code)


@settings(max_examples=60, deadline=None)
@given(MINUTES, WAITS, WAITS)
def test_the_same_input_gives_the_same_advice(minutes, wait, added):
    assert asked(minutes, wait, added) == asked(minutes, wait, added)


@settings(max_examples=60, deadline=None)
@given(MINUTES, WAITS, st.floats(0, 200))
def test_one_hospital_changes_nothing_about_another(minutes, wait, other):
    policy = replace(POLICY, options=4)
    before = asked(minutes, wait, policy=policy)
    after = asked(minutes, [wait[0], wait[1], wait[2], other], policy=policy)

    for code in "ABC":
        one, two = before.option(code), after.option(code)
        assert (one and one.total) == (two and two.total)


def test_moving_the_hours_of_one_hospital_changes_nothing_else():
    later = [*SITES[:3], site("D", opens="10:00", closes="12:00")]
    seen = situation(SITES)
    answers = [
        advise(
            case(),
            seen,
            forecast(seen, [30] * 4),
            journeys([10, 12, 14, 16]),
            book,
            replace(POLICY, options=4),
        )
        for book in (BOOK, rulebook(later))
    ]

    for code in "ABC":
        assert answers[0].option(code) == answers[1].option(code)
    assert answers[1].option("D") is None


def test_weights_under_which_a_queue_could_help_are_refused():
    with pytest.raises(ValueError, match="longer queue"):
        Weights(handover=0.2, uncertainty=0.5)


# Several crews at once


def together(
    minutes: list[list[float]], wait: list[float], policy: AdvicePolicy = POLICY
) -> list[str | None]:
    seen = situation(SITES)
    cases = [case(f"{row}/A{row}") for row in range(len(minutes))]
    made = advise_together(cases, seen, forecast(seen, wait), journeys(minutes), BOOK, policy)
    return [advice.chosen for advice in made]


def test_crews_that_leave_together_are_not_sent_as_a_herd():
    near_a = [10.0, 11.0, 12.0, 90.0]

    alone = together([near_a], [20, 20, 21, 20])
    several = together([near_a] * 5, [20, 20, 21, 20])

    assert alone == ["A"]
    assert len(set(several)) == 3


def test_one_crew_alone_gets_the_same_answer_as_by_itself():
    assert together([[10, 18, 25, 28]], [90, 12, 40, 40]) == [
        asked([10, 18, 25, 28], [90, 12, 40, 40]).chosen
    ]


def test_an_agreed_cap_holds_for_several_at_once():
    policy = AdvicePolicy(eligibility=EligibilityPolicy(load_caps={"A": 1}))

    assert sorted(together([[5, 20, 90, 90]] * 3, [5, 5, 5, 5], policy)) == ["A", "B", "B"]


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 4), st.sampled_from([Need.EYE, Need.BURNS, Need.SPINAL, Need.DIALYSIS, Need.MATERNITY]))
def test_no_cap_moves_one_of_several_whom_a_clinical_rule_holds(crews: int, need: Need) -> None:
    roles = ("eye", "burns", "spinal", "renal", "obstetrics")
    sites = [site("A", roles=roles), site("B", roles=roles)]
    seen, book = situation(sites), rulebook(sites)
    policy = AdvicePolicy(eligibility=EligibilityPolicy(load_caps={"A": 0}))
    cases = [case(f"{row}/A{row}", needs=frozenset({need})) for row in range(crews)]
    legs = journeys([[10, 50]] * crews)

    made = advise_together(cases, seen, forecast(seen, [5, 5]), legs, book, policy)

    assert {advice.chosen for advice in made} == {"A"}


@pytest.mark.parametrize(
    ("accepted", "goes"),
    [
        ({"0/A0"}, ["U1", "A"]),  # its own acceptance keeps its place, and nobody else gets it
        ({"1/A1"}, ["A", "U1"]),
        (set(), ["U1", "A"]),
        ({"gone/A9"}, ["A", "A"]),
    ],
)
def test_an_acceptance_holds_the_patients_own_place_among_several(
    accepted: set[str], goes: list[str]
) -> None:
    unit = {**UNIT_ONE, "capacity_per_hour": 1}
    seen = replace(situation(SITES), answers=(Answers("U1", frozenset(accepted)),))
    book = rulebook(SITES, [unit])
    cases = [case(f"{row}/A{row}", needs=frozenset({Need.MINOR})) for row in range(2)]
    legs = journeys([[10, 60, 60, 60, 8]] * 2)

    made = advise_together(cases, seen, forecast(seen, [100, 100, 100, 100]), legs, book, POLICY)

    assert [advice.chosen for advice in made] == goes


def test_a_cap_counted_from_old_messages_bars_nobody() -> None:
    policy = AdvicePolicy(eligibility=EligibilityPolicy(load_caps={"A": 0}))

    fresh = asked([10, 18, 60, 60], [5, 5, 5, 5], policy=policy)
    stale = asked([10, 18, 60, 60], [5, 5, 5, 5], policy=policy, heard=60)

    assert fresh.chosen == "B"
    assert (stale.verdict, stale.chosen) == (Verdict.ABSTAINED, "A")


@settings(max_examples=40, deadline=None)
@given(st.lists(MINUTES, min_size=2, max_size=4), WAITS)
def test_what_is_solved_together_is_as_cheap_as_the_best_of_all_ways(minutes, wait):
    seen = picture(s := situation(SITES), forecast(s, wait), BOOK, POLICY)
    cases = [case(f"{row}/A{row}", age=60) for row in range(len(minutes))]
    legs = journeys(minutes)
    alone = [rank(each, seen, legs, row) for row, each in enumerate(cases)]
    chosen = [each.chosen for each in rank_together(cases, seen, legs)]

    def price(rows: tuple[int, ...] | list[int]) -> float:
        total = sum(float(each.decision[row]) for each, row in zip(alone, rows, strict=True))
        for one, other in ((i, j) for i in range(len(rows)) for j in range(i) if rows[i] == rows[j]):
            first, last = sorted(float(alone[crew].arrival[rows[crew]]) for crew in (one, other))
            steps = [int(np.clip(round((at - s.at) / 300), 0, 48)) for at in (first, last)]
            total += 6.0 * 0.8 ** max(0, steps[1] - steps[0] - 1)
        return total

    ways = product(*(np.flatnonzero(np.isfinite(each.decision)) for each in alone))

    # A move or an exchange may end a little above the best of all; never by more than the noise.
    assert price(chosen) <= min(price(way) for way in ways) + POLICY.noise


@pytest.mark.parametrize(
    ("patient", "is_diverted"),
    [
        ({"age": 70}, True),
        ({"age": 70, "news2": 6}, True),
        ({"age": 70, "news2": 7}, False),
        ({"age": 70, "category": Category.C1}, False),
        ({"age": 70, "continuing_care": "A"}, False),
        ({"age": 70, "continuing_care": "B"}, True),
        ({"age": 70, "needs": frozenset({Need.SEPSIS})}, False),
        ({"age": 7}, False),
        ({"age": None}, False),  # neither adult nor child
        ({"age": 70, "news2": None}, False),  # what nobody said may be the most serious
        ({"age": 70, "needs_asked": False}, False),
    ],
)
def test_a_capacity_divert_never_turns_away_the_most_serious_nor_who_is_treated_there(
    patient: dict[str, Any], is_diverted: bool
) -> None:
    adults = Divert(
        "D",
        DivertKind.CAPACITY,
        "A",
        ("B",),
        frozenset({Cover.ADULT_MAJORS}),
        NOON - timedelta(hours=1),
        NOON + timedelta(hours=1),
    )

    advice = asked([10, 12, 60, 60], [20, 20, 20, 20], diverts=(adults,), **patient)

    barred = {each.code for each in advice.exclusions if each.cause == "diverted"}
    assert ("A" in barred) is is_diverted


def test_an_age_that_nobody_said_is_asked_for_before_a_place_for_adults_or_past_the_nearest() -> None:
    sites = [site("A", roles=("adults_only",)), site("B"), site("C")]
    seen, book = situation(sites), rulebook(sites)

    def answer(minutes: list[float], wait: list[float], **more: Any) -> Advice:
        return advise(case(**more), seen, forecast(seen, wait), journeys(minutes), book, POLICY)

    adults = answer([10, 20, 30], [20, 20, 20], age=None)
    critical = answer([10, 20, 30], [20, 20, 20], age=None, category=Category.C1)
    past = answer([20, 10, 12], [20, 90, 5], age=None)
    nearest = answer([20, 10, 30], [20, 20, 20], age=None)
    goes_on = answer([30, 10, 20], [20, 20, 20], news2=None, continuing_care="C")
    said = answer([10, 20, 30], [20, 20, 20], age=16)

    assert adults.chosen == critical.chosen == "A"
    assert adults.ask_first == critical.ask_first == "A takes no children: say the age first."
    assert past.ask_first == "This goes past B: say age, needs and NEWS2 first."
    assert goes_on.chosen == "C" and goes_on.ask_first == "This goes past B: say needs and NEWS2 first."
    assert (nearest.ask_first, said.ask_first) == ("", "")
    assert answer([10, 20, 30], [20, 20, 20], age=15).chosen != "A"


COVERED = {
    Cover.STROKE: Need.STROKE,
    Cover.STEMI: Need.STEMI,
    Cover.MAJOR_TRAUMA: Need.MAJOR_TRAUMA,
    Cover.MATERNITY: Need.MATERNITY,
}


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(list(DivertKind)),
    st.sampled_from(list(COVERED)),
    st.sampled_from(list(COVERED.values())),
    st.one_of(st.none(), st.integers(0, 20)),
    st.sampled_from([None, *Category]),
    st.sampled_from([None, "A"]),
    st.booleans(),
)
def test_where_a_service_is_off_nobody_is_taken_for_it_however_ill_or_known_there(
    kind, cover, need, news2, category, own, needs_asked
):
    off = Divert("D", kind, "A", ("B",), frozenset({cover}), NOON - timedelta(hours=1), None)
    roles = ("stroke", "primary_pci", "major_trauma_centre_adult", "obstetrics")
    sites = [site("A", roles=roles), site("B", roles=roles)]
    seen = situation(sites, NOON, diverts=(off,))
    patient = case(
        news2=news2,
        category=category,
        needs=frozenset({need}),
        continuing_care=own,
        booked_at=own,
        needs_asked=needs_asked,
    )
    advice = advise(patient, seen, forecast(seen, [5, 90]), journeys([5, 20]), rulebook(sites), POLICY)

    if COVERED[cover] is not need:
        assert "A" not in {each.code for each in advice.exclusions if each.cause == "diverted"}
    elif kind in (DivertKind.SERVICE, DivertKind.CLOSURE):
        assert advice.chosen == "B"
    elif category is Category.C1 or (news2 or 0) >= 7 or own:
        assert "A" not in {each.code for each in advice.exclusions if each.cause == "diverted"}


def test_what_nobody_said_is_asked_for_before_a_divert_counts_or_the_nearest_is_passed() -> None:
    divert = turning_away("A", "B")

    spared = asked([10, 12, 60, 60], [20] * 4, diverts=(divert,), age=70, news2=None)
    past = asked([10, 12, 60, 60], [90, 5, 5, 5], age=70, needs_asked=False)
    nearest = asked([10, 12, 60, 60], [20] * 4, age=70, news2=None, needs_asked=False)
    described = asked([10, 12, 60, 60], [90, 5, 5, 5], age=70)

    assert spared.chosen == "A" and "A divert is in force at A." in spared.ask_first
    assert past.chosen == "B" and past.ask_first == "This goes past A: say needs and NEWS2 first."
    assert past.ask_first in past.notes
    assert (nearest.chosen, nearest.ask_first) == ("A", "")
    assert (described.chosen, described.ask_first) == ("B", "")


def test_where_a_specialist_service_is_off_needs_are_asked_before_anybody_is_sent_there() -> None:
    off = replace(turning_away("A", "B"), kind=DivertKind.SERVICE, covers=frozenset({Cover.STROKE}))
    busy = replace(off, kind=DivertKind.CAPACITY)

    unasked = asked([10, 12, 60, 60], [20] * 4, diverts=(off,), age=70, needs_asked=False)
    none = asked([10, 12, 60, 60], [20] * 4, diverts=(off,), age=70)
    load = asked([10, 12, 60, 60], [20] * 4, diverts=(busy,), age=70, needs_asked=False)
    elsewhere = asked([30, 12, 60, 60], [20] * 4, diverts=(off,), age=70, needs_asked=False)

    assert unasked.chosen == "A" and "A divert is in force at A." in unasked.ask_first
    assert (none.chosen, none.ask_first) == ("A", "")
    assert (load.chosen, load.ask_first) == ("A", "")
    assert (elsewhere.chosen, elsewhere.ask_first) == ("B", "")


CRITICAL = st.one_of(
    st.sampled_from(["stroke", "stemi", "return_of_circulation", "major_trauma", "vascular"]).map(
        lambda need: {"needs": frozenset({Need(need)})}
    ),
    st.just({"category": Category.C1}),
    st.integers(7, 20).map(lambda score: {"news2": score}),
)
ROLES = ("stroke", "primary_pci", "major_trauma_centre_adult", "vascular", "eye", "renal")


@settings(max_examples=100, deadline=None)
@given(st.lists(MINUTES, min_size=2, max_size=2), WAITS, CRITICAL, st.sampled_from([None, "B"]))
def test_no_queue_moves_a_time_critical_patient_past_the_nearest_that_can_treat(
    minutes, wait, patient, standing
):
    sites = [site(code, roles=ROLES) for code in "ABCD"]
    seen, book = situation(sites), rulebook(sites)
    cases = [case(f"{row}/A{row}", standing=standing, **patient) for row in range(2)]
    legs = journeys(minutes)
    nearest = ["ABCD"[row.index(min(row))] for row in minutes]

    alone = advise(cases[0], seen, forecast(seen, wait), legs, book, POLICY)
    joint = advise_together(cases, seen, forecast(seen, wait), legs, book, POLICY)

    assert alone.chosen == nearest[0]
    assert [advice.chosen for advice in joint] == nearest
    assert "Time-critical: queue minutes do not count." in alone.why
    assert {each.sentence for each in alone.exclusions if each.cause == "time_critical"} <= {
        "Time-critical: the nearest that can treat; queue minutes do not count."
    }


@settings(max_examples=150, deadline=None)
@given(
    MINUTES,
    WAITS,
    st.sampled_from([None, *Category]),
    st.integers(0, 20),
    st.sampled_from("ABCD"),
    st.booleans(),
)
def test_where_somebody_is_known_counts_within_reach_and_never_before_severity(
    minutes, wait, category, news2, known, gives_birth
):
    sites = [site("A"), site("B", roles=("obstetrics",)), site("C", roles=("obstetrics",)), site("D")]
    seen, book = situation(sites), rulebook(sites)
    said = {"needs": frozenset({Need.MATERNITY}), "booked_at": known} if gives_birth else {}
    patient = case(news2=news2, category=category, **(said or {"continuing_care": known}))
    took = dict(zip("ABCD", minutes, strict=True))
    right = {code: took[code] for code in ("BC" if gives_birth else "ABCD")}
    nearest = min(right, key=right.get)

    chosen = advise(patient, seen, forecast(seen, wait), journeys(minutes), book, POLICY).chosen

    if category is Category.C1 or news2 >= 7:
        assert chosen == nearest
    elif news2 < 5 and known in right and right[known] <= right[nearest] + 30:
        assert chosen == known
    elif news2 >= 5 and chosen != nearest:
        assert right[chosen] <= 45


def test_only_who_is_time_critical_is_driven_under_blue_light() -> None:
    shares = {need: blue_light(case(needs=frozenset({need})), BOOK, POLICY) for need in Need}

    hurried = {need for need, share in shares.items() if share < 1}
    assert hurried >= {Need.STROKE, Need.STEMI, Need.MAJOR_TRAUMA, Need.VASCULAR, Need.CARDIAC_ARREST}
    assert not hurried & {Need.EYE, Need.DIALYSIS, Need.MATERNITY, Need.BURNS, Need.SPINAL, Need.MINOR}


def turning_away(site_code: str, to: str, cover: Cover = Cover.ADULT_MAJORS) -> Divert:
    spell = timedelta(hours=1)
    return Divert("D", DivertKind.CAPACITY, site_code, (to,), frozenset({cover}), NOON - spell, NOON + spell)


def test_who_agreed_to_receive_is_preferred_for_those_whom_a_nearer_place_turns_away() -> None:
    minutes, wait = [10.0, 20.0, 24.0, 60.0], [20.0, 20.0, 22.0, 20.0]
    divert = turning_away("A", "C")

    covered = asked(minutes, wait, diverts=(divert,), age=70)
    child = asked(minutes, wait, diverts=(divert,), age=7)

    assert (covered.chosen, covered.nearest) == ("C", "B")
    assert "C agreed to receive these patients" in covered.why
    assert any(note.startswith("C agreed to receive whom a divert turns away") for note in covered.notes)
    assert not any("agreed" in note for note in child.notes)


def test_who_agreed_to_receive_is_passed_over_when_another_place_is_clearly_better() -> None:
    advice = asked([10, 20, 24, 60], [20, 20, 60, 20], diverts=(turning_away("A", "C"),), age=70)

    assert advice.chosen == "B"


def test_a_divert_far_away_draws_nobody_to_who_receives_for_it() -> None:
    advice = asked([10, 20, 14, 60], [20, 20, 24, 20], diverts=(turning_away("B", "C"),), age=70)

    assert (advice.chosen, advice.nearest) == ("A", "A")
    assert not any("agreed" in note for note in advice.notes)


def specialist(minutes: list[float], need: Need, **roles: dict[str, tuple[str, ...]]) -> Advice:
    """Four departments, A to D; roles as {"A": {"unconfirmed_roles": ("stroke",)}}."""
    sites = [site(code, **roles.get(code, {})) for code in "ABCD"]
    seen, waits = situation(sites, NOON), [20.0] * 4
    patient = case(needs=frozenset({need}))
    return advise(patient, seen, forecast(seen, waits), journeys(minutes), rulebook(sites), POLICY)


MAYBE_STROKE: dict[str, tuple[str, ...]] = {"unconfirmed_roles": ("stroke",)}
STROKE: dict[str, tuple[str, ...]] = {"roles": ("stroke",)}


def test_a_nearer_place_that_may_hold_the_role_leaves_the_answer_to_the_clinical_desk() -> None:
    advice = specialist([10, 12, 30, 40], Need.STROKE, A=MAYBE_STROKE, C=STROKE)

    assert (advice.verdict, advice.chosen, advice.answer) == (Verdict.ABSTAINED, None, None)
    assert [each.code for each in advice.unsettled] == ["A"]
    assert [each.code for each in advice.options] == ["C"]
    assert "Ask the clinical desk: A, 10 min, may have what is needed (stroke unit)" in advice.why
    assert "nobody has confirmed it. Confirmed: C, 30 min." in advice.why


def test_what_is_read_to_a_crew_says_that_the_place_is_not_settled() -> None:
    advice = specialist([10, 12, 30, 40], Need.STROKE, A=MAYBE_STROKE, C=STROKE)

    assert advice.read_back == (
        "A1: the place is not settled: A, 10 minutes, not confirmed; or C, 30 minutes, confirmed."
        " Ask the clinical desk before leaving. Read back."
    )


def test_a_place_that_may_hold_the_role_farther_away_unsettles_nothing() -> None:
    advice = specialist([10, 12, 30, 40], Need.STROKE, C=STROKE, D=MAYBE_STROKE)

    assert (advice.verdict, advice.chosen, advice.unsettled) == (Verdict.BY_RULE, "C", ())


def test_who_may_hold_what_is_asked_for_first_unsettles_a_fallback_however_near_it_is() -> None:
    advice = specialist(
        [10, 12, 30, 40],
        Need.MAJOR_TRAUMA,
        B={"roles": ("trauma_unit",)},
        D={"unconfirmed_roles": ("major_trauma_centre_adult",)},
    )

    assert (advice.verdict, [each.code for each in advice.unsettled]) == (Verdict.ABSTAINED, ["D"])
    assert "trauma centre" in advice.why


def test_a_confirmed_centre_in_reach_is_gone_to_past_units_that_would_only_stand_in() -> None:
    advice = specialist(
        [10, 12, 30, 40],
        Need.MAJOR_TRAUMA,
        A={"unconfirmed_roles": ("trauma_unit",)},
        C={"roles": ("major_trauma_centre_adult",)},
    )

    assert (advice.verdict, advice.chosen) == (Verdict.BY_RULE, "C")


def test_none_confirmed_in_reach_means_asking_and_not_the_nearest_as_if_there_were_none() -> None:
    advice = specialist([10, 12, 30, 40], Need.STROKE, A=MAYBE_STROKE, D=MAYBE_STROKE)
    gone = specialist([10, 12, 90, 95], Need.STROKE, C=STROKE, D=MAYBE_STROKE)

    assert (advice.chosen, [each.code for each in advice.unsettled]) == (None, ["A", "D"])
    assert (gone.verdict, gone.chosen, gone.unsettled) == (Verdict.BY_RULE, "A", ())


def test_a_rule_past_its_review_date_says_so_where_it_decided() -> None:
    later = NOON.replace(month=11)  # the rules are to be looked at again on 1 April
    patient = {"needs": frozenset({Need.STROKE}), "at": later}

    decided = asked([10, 12, 30, 60], [20] * 4, **patient)
    in_time = asked([10, 12, 30, 60], [20] * 4, needs=frozenset({Need.STROKE}))

    words = "Stroke, FAST positive: rule past its review date, 2026-04-01."
    assert words in decided.notes
    assert words not in in_time.notes


def test_a_unit_of_which_the_pack_knows_nothing_is_asked_for() -> None:
    advice = specialist([10, 12, 30, 40], Need.MATERNITY)

    assert (advice.verdict, advice.chosen) == (Verdict.ABSTAINED, None)
    assert "nobody has said which places have a maternity unit" in advice.why


def test_what_a_rule_asks_for_is_said_as_people_say_it() -> None:
    sites = [site("A"), site("B", roles=("children",)), site("K", roles=("children_only",)), site("D")]
    book, minutes = rulebook(sites), journeys([10.0, 12.0, 14.0, 40.0])
    seen = situation(sites, NOON)
    waits = forecast(seen, [20.0] * 4)

    child = advise(case(age=5), seen, waits, minutes, book, POLICY)
    adult = advise(case(), seen, waits, minutes, book, POLICY)

    said = {each.code: each.sentence for each in child.exclusions}
    assert said["A"] == "Sick child: no emergency department for children is confirmed here."
    assert "K" not in said
    assert "Adult: not to a department for children only." in {each.sentence for each in adult.exclusions}


def test_a_child_with_no_place_in_reach_is_told_so_in_plain_words() -> None:
    advice = asked([10, 12, 60, 60], [20] * 4, age=5)

    said = " ".join((advice.why, *advice.notes))
    assert "no confirmed emergency department for children" in said
    assert "children only" not in said
