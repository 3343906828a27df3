"""Who might not come: what is known when, the models, their measures, and what a risk must never do."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clearway.domain.outpatients.attendance import AttendancePolicy, Result
from clearway.engine.outpatients import attendance as risk
from clearway.engine.outpatients import attendance_fit as fitting
from clearway.engine.outpatients import attendance_measures as measured
from clearway.engine.outpatients.attendance import CODES, DAY, NEVER, Bookings

MONDAY = 1_790_000_000 // DAY * DAY  # seconds; any whole day


def bookings(rows: list[dict[str, int]], contacts: list[tuple[int, int]] = ()) -> Bookings:  # type: ignore[assignment]
    """Bookings from what a claim is about; the rest is usual."""
    usual = {"person": 1, "service": 1, "line": -1, "result": Result.KEPT, "first": 0, "remote": 0}
    usual |= {"confirmed": NEVER, "reminded": NEVER}
    full = [usual | each for each in rows]
    for each in full:
        each.setdefault("booked", each["starts"] - 30 * DAY)
        each.setdefault("known", each["starts"] + DAY // 4)

    def column(name: str, kind: Any = np.int64) -> Any:
        return np.array([each[name] for each in full], kind)

    marks = {name: column(name, np.bool_) for name in ("first", "remote")}
    whole = ("person", "service", "line", "booked", "starts", "known", "result", "confirmed", "reminded")
    with_whom = np.array([each[0] for each in contacts], np.int64)
    when = np.array([each[1] for each in contacts], np.int64)
    columns = {name: column(name) for name in whole}
    return Bookings(**columns, **marks, contact_person=with_whom, contact_at=when)


def seen(of: Bookings, row: int, at: int) -> dict[str, float]:
    found = risk.known_at(of, np.array([row]), np.array([at]))
    return dict(zip(CODES, found.x[0].tolist(), strict=True))


def a_past(count: int = 3000, seed: int = 1, signal: float = 2.0) -> Bookings:
    """Invented bookings in which some persons miss far more often, and long leads are missed more."""
    random = np.random.default_rng(seed)
    person = random.integers(0, count // 6, count)
    lead = random.integers(1, 90, count)
    starts = MONDAY + np.sort(random.integers(0, 365, count)) * DAY + random.integers(9, 17, count) * 3600
    habit = random.normal(0, 1, count // 6)[person]
    chance = 1 / (1 + np.exp(-(-2.2 + signal * 0.5 * habit + signal * 0.01 * (lead - 45))))
    missed = random.random(count) < chance
    return Bookings(
        person=person,
        service=random.integers(0, 3, count),
        line=np.full(count, -1),
        booked=starts - lead * DAY,
        starts=starts,
        known=starts + 4 * 3600,
        result=np.where(missed, Result.MISSED, Result.KEPT).astype(np.int64),
        first=random.random(count) < 0.3,
        remote=random.random(count) < 0.1,
        confirmed=np.where(random.random(count) < 0.3, starts - 6 * DAY, NEVER),
        reminded=np.where(random.random(count) < 0.7, starts - 5 * DAY, NEVER),
    )


@pytest.fixture(scope="module")
def past() -> Bookings:
    return a_past()


@pytest.fixture(scope="module")
def trained(past: Bookings) -> fitting.Trained:
    groups = {"sex": np.where(past.person % 2, "1", "2").tolist()}
    return fitting.train(past, at=NEVER - 1, days_before=4, share=0.1, seed=1, groups=groups, draws=40)


def test_what_is_known_of_a_booking_is_what_one_counts_by_hand() -> None:
    rows = [
        {"starts": MONDAY, "result": Result.MISSED},
        {"starts": MONDAY + 10 * DAY},
        {"starts": MONDAY + 20 * DAY, "result": Result.LATE},
        {"starts": MONDAY + 60 * DAY, "result": Result.OPEN, "known": NEVER, "booked": MONDAY + 21 * DAY},
        {"starts": MONDAY, "person": 2, "result": Result.MISSED},
    ]
    found = seen(bookings(rows, [(1, MONDAY + 46 * DAY), (2, MONDAY + 55 * DAY)]), 3, MONDAY + 56 * DAY)

    assert found["lead"] == 39 and found["visits"] == 3
    assert found["missed"] == pytest.approx((1 + 3 * 0.1) / (3 + 3))
    assert found["late"] == pytest.approx((1 + 3 * 0.1) / (3 + 3))
    assert found["since_miss"] == pytest.approx(55.75) and found["last_missed"] == 0
    assert found["unconfirmed"] == 1 and found["quiet"] == 10
    assert found["service"] == pytest.approx((2 + 5) / (3 + 50))


def test_a_visit_that_was_moved_counts_its_moves_and_no_other_entry_does() -> None:
    rows = [
        {"starts": MONDAY + 9 * DAY, "line": 7, "result": Result.GONE, "known": MONDAY},
        {"starts": MONDAY + 9 * DAY, "line": 8, "result": Result.GONE, "known": MONDAY},
        {"starts": MONDAY + 20 * DAY, "line": 7, "result": Result.OPEN, "known": NEVER},
    ]
    assert seen(bookings(rows), 2, MONDAY + 16 * DAY)["moved"] == 1


WHEN = st.integers(0, 200)
EVENTS = st.lists(
    st.tuples(st.integers(1, 2), WHEN, st.sampled_from([0, 1, 2, 3]), st.integers(0, 30)), max_size=12
)


@given(EVENTS, EVENTS, st.integers(20, 180), st.integers(0, 40), st.integers(0, 40))
@settings(max_examples=60, deadline=None)
def test_nothing_that_is_learned_later_changes_what_was_known(
    before: list[Any], later: list[Any], day: int, confirmed: int, reminded: int
) -> None:
    at = MONDAY + day * DAY
    own = {"starts": at + 4 * DAY, "booked": at - 9 * DAY}
    first = [_event(*each) for each in before]
    more = [_event(*each) for each in later]
    for each in more:
        each["known"] = at + 1 + (each["known"] - MONDAY)  # whatever it is, it is known after the moment

    blank = {"result": Result.OPEN, "known": NEVER}
    alone = bookings([own | blank, *first], [(1, at - DAY)])
    told = {"result": Result.MISSED, "known": at + 5 * DAY}
    told |= {"confirmed": at + 1 + confirmed * DAY, "reminded": at + 1 + reminded * DAY}
    with_future = bookings([own | told, *first, *more], [(1, at - DAY), (1, at + DAY)])

    assert seen(alone, 0, at) == seen(with_future, 0, at)


def _event(person: int, day: int, result: int, after: int) -> dict[str, int]:
    starts = MONDAY + day * DAY
    return {"person": person, "starts": starts, "result": result, "known": starts + after * DAY}


@pytest.mark.parametrize("kind", ["simple", "logistic", "additive"])
def test_a_worse_history_never_lowers_the_risk(past: Bookings, kind: str) -> None:
    model = fitting.fit(fitting.folds(past, NEVER - 1, 4).learn, kind)
    random = np.random.default_rng(3)
    rows = np.flatnonzero(past.starts > MONDAY + 200 * DAY)[:200]
    at = risk.moments(past, 4)[rows]
    usual = model.log_odds(risk.known_at(past, rows, at).x)
    for result in (Result.MISSED, Result.LATE):
        worse = past.result.copy()
        worse[(random.random(len(past)) < 0.2) & (worse == Result.KEPT)] = result
        found = model.log_odds(risk.known_at(replace(past, result=worse), rows, at).x)
        services = model.contributions(risk.known_at(past, rows, at).x)[:, CODES.index("service")]
        after = model.contributions(risk.known_at(replace(past, result=worse), rows, at).x)
        # Late cancellations are no visits of the service, so its share is compared apart.
        assert (found - after[:, CODES.index("service")] >= usual - services - 1e-9).all()


@pytest.mark.parametrize("code", ["unconfirmed", "unreminded", "moved"])
@pytest.mark.parametrize("kind", ["simple", "logistic", "additive"])
def test_who_confirmed_or_was_reminded_is_never_at_a_greater_risk_for_it(
    past: Bookings, kind: str, code: str
) -> None:
    fold = fitting.folds(past, NEVER - 1, 4).learn
    model = fitting.fit(fold, kind)
    x = fold.known.x[:200].copy()
    x[:, CODES.index(code)] = 0
    less = model.risks(x)
    x[:, CODES.index(code)] = 1
    assert (model.risks(x) >= less - 1e-12).all()


def test_a_past_with_a_habit_in_it_is_learned_and_calibrated(trained: fitting.Trained) -> None:
    found = trained.report["measures"][trained.report["chosen"]]
    assert found["auc"][0] > 0.62
    assert found["auc"][1] < found["auc"][0] < found["auc"][2]
    assert 0.6 < found["slope"][0] < 1.5 and found["calibration_error"][0] < 0.06
    tenth = next(each for each in trained.report["shares"] if each["share"] == 0.1)
    assert tenth["recall"] > 0.15


def test_calibration_keeps_the_order_of_risks(past: Bookings) -> None:
    cut = fitting.folds(past, NEVER - 1, 4)
    for kind in ("simple", "logistic", "additive"):
        model = fitting.fit(cut.learn, kind)
        raw, told = (each.risks(cut.test.known.x) for each in (model, fitting.calibrate(model, cut.choose)))
        assert (np.diff(told[np.argsort(raw, kind="stable")]) >= -1e-12).all()


def test_where_nothing_can_be_told_the_simple_model_stays_and_claims_no_more_than_chance() -> None:
    found = fitting.train(
        a_past(seed=5, signal=0.0), at=NEVER - 1, days_before=4, share=0.1, seed=1, draws=20
    )
    assert found.report["chosen"] == "simple"
    value, low, _ = found.report["measures"]["simple"]["auc"]
    assert low < 0.56 and value < 0.6


def test_no_part_of_the_past_is_judged_before_what_it_learns_from_is_known(past: Bookings) -> None:
    cut = fitting.folds(past, NEVER - 1, 4)
    judged = risk.moments(past, 4)
    assert past.known[cut.learn.rows].max() < judged[cut.choose.rows].min()
    assert past.known[cut.choose.rows].max() < judged[cut.test.rows].min()
    assert not set(cut.learn.rows) & set(cut.test.rows)


def test_too_short_a_past_says_what_was_found_and_needed() -> None:
    with pytest.raises(fitting.TooLittle, match=r"200 bookings .* at least 300 and 30 are needed"):
        fitting.train(a_past(200), at=NEVER - 1, days_before=4, share=0.1, seed=1, draws=20)


def test_the_same_past_and_seed_make_the_same_model_and_it_survives_its_row(past: Bookings) -> None:
    once, again = (
        fitting.train(past, at=NEVER - 1, days_before=4, share=0.1, seed=1, draws=20) for _ in range(2)
    )
    assert once.model == again.model == risk.Model.of_json(once.model.as_json())
    assert once.report["measures"] == again.report["measures"]


def test_reasons_are_what_adds_most_in_words() -> None:
    lines = {"missed": 3.0, "lead": 1.0, "unconfirmed": -2.0}
    terms = tuple(risk.Term(weight=lines.get(code, 0.0)) for code in CODES)
    rows = [
        {"starts": MONDAY, "result": Result.MISSED},
        {"starts": MONDAY + 40 * DAY, "result": Result.OPEN, "known": NEVER},
    ]
    known = risk.known_at(bookings(rows), np.array([1]), np.array([MONDAY + 36 * DAY]))

    found = risk.reasons(risk.Model("logistic", -2.0, terms), known)

    assert found == [("Booked 30 days ahead", "Missed 1 of 1 earlier visit")]


def test_area_precision_and_error_are_what_one_counts_by_hand() -> None:
    risks, missed = np.array([0.9, 0.6, 0.6, 0.1]), np.array([True, False, True, False])
    found = measured.measures(risks, missed, 0.25)
    assert found.auc == pytest.approx((2 + 1 + 0.5) / 4)  # four pairs: three won, one of them tied
    assert found.precision == 1.0 and found.recall == 0.5
    assert found.brier == pytest.approx((0.01 + 0.36 + 0.16 + 0.01) / 4)
    assert found.average_precision == pytest.approx((1 / 1 + 2 / 3) / 2)


def test_rows_that_count_twice_are_rows_that_are_there_twice() -> None:
    random = np.random.default_rng(2)
    risks, missed = random.random(60).round(2), random.random(60) < 0.4
    twice = np.repeat(np.arange(60), 2)
    weighted = measured.measures(risks, missed, 0.1, np.full(60, 2.0))
    for name in ("auc", "average_precision", "brier", "slope", "intercept"):
        again = getattr(measured.measures(risks[twice], missed[twice], 0.1), name)
        assert getattr(weighted, name) == pytest.approx(again, abs=1e-9)


def test_true_risks_have_slope_one_and_intercept_nought() -> None:
    random = np.random.default_rng(4)
    risks = random.uniform(0.02, 0.6, 20_000)
    slope, intercept = measured.recalibrate(risks, random.random(20_000) < risks)
    assert slope == pytest.approx(1, abs=0.07) and intercept == pytest.approx(0, abs=0.1)
    assert measured.expected(risks, random.random(20_000) < risks).is_usual


def test_small_groups_are_not_shown_nor_the_one_that_would_give_them_away() -> None:
    random = np.random.default_rng(4)
    risks = random.uniform(0.1, 0.6, 300)
    missed = random.random(300) < risks
    groups = ["big"] * 200 + ["next"] * 96 + ["few"] * 4
    rows = {each["group"]: each for each in measured.by_group(risks, missed, 0.1, {"of": groups})}
    assert rows["few"]["count"] is None and rows["next"]["count"] is None
    assert rows["big"]["count"] == 200 and 0 <= rows["big"]["not_rung"] <= 1


def test_a_column_that_moved_is_less_stable_than_one_that_did_not() -> None:
    random = np.random.default_rng(4)
    was = measured.reference(random.normal(0, 1, 5000))
    assert measured.stability(random.normal(0, 1, 5000), was) < 0.02
    assert measured.stability(random.normal(1, 1, 5000), was) > measured.PSI_ACT


def test_the_riskiest_are_at_least_one_and_never_more_than_the_share() -> None:
    assert risk.riskiest([0.2, 0.9, 0.1], 0.1).tolist() == [False, True, False]
    assert risk.riskiest([], 0.1).tolist() == []
    assert risk.riskiest([0.5] * 20, 0.1).sum() == 2


def test_nothing_protected_is_a_feature() -> None:
    barred = {"age", "born", "sex", "gender", "ethnicity", "religion", "disability", "need", "language"}
    barred |= {"postcode", "deprivation", "carer", "interpreter", "pregnan"}
    said = " ".join(f"{each.code} {each.meaning}" for each in risk.FEATURES).casefold()
    assert not {each for each in barred if each in said.replace("message", "")}


def test_a_policy_out_of_range_says_so() -> None:
    with pytest.raises(ValueError, match="half of the visits"):
        AttendancePolicy(share=0.9)
