"""Forecasts are kept, scored once the vehicles have handed over, and judged; warnings keep their record."""

import math

import numpy as np
import pytest

from clearway.core.feeds.models import Source
from clearway.core.organisation.models import Organisation
from clearway.desks.ambulance import situation
from clearway.desks.ambulance.forecast import actions, queries
from clearway.desks.ambulance.forecast.models import Kept, Passing, Standing, Warned
from clearway.desks.ambulance.forecast.policy import ScorePolicy
from clearway.desks.ambulance.forecast.queries import Beside, Score
from clearway.desks.ambulance.incidents.models import Incident
from clearway.domain.ambulance.events import JobEvent
from tests.trust import signed_in, somebody

from .conftest import at, conveyance, deliver, job

pytestmark = pytest.mark.django_db
SITES = 2  # of the valley


@pytest.fixture
def cad(valley: Organisation) -> Source:
    """A control room that knows handovers, which the valley's does not."""
    source = Source.objects.get(organisation=valley, kind="cad")
    source.knows = ["destination", "handover"]
    source.save()
    return source


def follow(valley: Organisation, minutes: float) -> None:
    now = at(minutes)
    actions.follow(valley.pk, situation.read(valley.pk, now), now)


def test_a_forecast_is_kept_every_ten_minutes_and_scored_when_its_vehicles_have_handed_over(
    valley: Organisation, cad: Source
) -> None:
    deliver(cad, conveyance("TVH01", start=0, incident="1"), known=61)
    follow(valley, 61)
    follow(valley, 65)  # too soon for another one
    assert Kept.objects.count() == SITES * len(queries.LEADS)

    # The next vehicle arrives at 64 and hands over ten minutes later.
    deliver(cad, conveyance("TVH01", start=24, incident="2", call_sign="A2"), known=90)
    follow(valley, 90)

    row = Kept.objects.get(site_code="TVH01", made_at=at(61), lead_minutes=0)
    assert row.vehicles == 1
    assert row.model_error == pytest.approx(abs(row.p50 - 10))
    assert row.last_k_error == pytest.approx(0)  # the only one before took ten minutes too
    assert row.inside in (0, 1)


def test_a_forecast_waits_for_a_vehicle_that_still_waits(valley: Organisation, cad: Source) -> None:
    deliver(cad, conveyance("TVH01", start=0, incident="1"), known=61)
    follow(valley, 61)
    deliver(cad, conveyance("TVH01", start=24, until="at_hospital", incident="2", call_sign="A2"), known=90)

    follow(valley, 90)

    assert Kept.objects.get(site_code="TVH01", made_at=at(61), lead_minutes=0).vehicles is None
    assert Kept.objects.get(site_code="TVH02", made_at=at(61), lead_minutes=0).vehicles == 0


def test_nothing_is_kept_while_the_control_room_is_not_heard(valley: Organisation, cad: Source) -> None:
    deliver(cad, conveyance("TVH01"), known=61)

    follow(valley, 61 + 24 * 60)

    assert not Kept.objects.exists()


def a_score(vehicles: int = 500, inside: float = 0.8, **simple: float) -> Score:
    """The model is off by ten minutes; the simple forecasts by theirs, on all of these vehicles."""
    errors = {"rate": 20.0, "last_k": 12.0, **simple}
    beside = {name: Beside(vehicles, error, 10.0) for name, error in errors.items()}
    return Score("TVH01", None, vehicles, 10.0, crps=7.0, bias=0.0, inside=inside, beside=beside)


def test_a_simple_forecast_advises_where_it_has_been_clearly_better() -> None:
    policy = ScorePolicy(least=200, margin=0.05)

    assert actions.method_of(a_score(), policy) == "model"
    assert actions.method_of(a_score(last_k=9.6), policy) == "model"  # better, but not by 5%
    assert actions.method_of(a_score(last_k=9.0), policy) == "last_k"
    assert actions.method_of(None, policy) == "model"


def test_a_site_with_few_vehicles_is_not_judged() -> None:
    assert actions.method_of(a_score(last_k=1.0), ScorePolicy(least=501)) == "model"


def kept_rows(valley: Organisation, number: int, **errors: float | None) -> None:
    """Forecasts of every lead for the same vehicles, two in each ten minutes, the model off by ten in all."""
    for step in range(number):
        for lead in queries.LEADS:
            Kept.objects.create(
                organisation=valley,
                site_code="TVH01",
                made_at=at(10 * step),
                lead_minutes=lead,
                **dict.fromkeys(("mean", "p10", "p50", "p80", "p90"), 20.0),
                vehicles=2,
                model_error=20,
                crps=10,
                bias=0,
                inside=1,
                **{f"{name}_error": error for name, error in errors.items()},
            )


def test_a_simple_forecast_that_once_could_say_nothing_is_judged_on_the_rest(valley: Organisation) -> None:
    kept_rows(valley, 20, last_k=10, rate=10, hour_of_week=30)
    silent = Kept.objects.filter(made_at=at(0))
    silent.update(rate_error=None, model_error=2)  # an easy time, which does not count against it

    (score,) = queries.scores(valley.pk, at(300), 14, by_lead=False)

    # Two vehicles in each of twenty steps, however many leads spoke for them; "rate" spoke for 19 steps.
    assert score.vehicles == 40 and score.beside["rate"].vehicles == 38
    assert (score.beside["rate"].error, score.beside["rate"].model) == (5, 10)
    assert score.beside["last_k"].model == pytest.approx((19 * 10 + 1) / 20)
    assert score.best == "rate"
    assert actions.method_of(score, ScorePolicy(least=38)) == "rate"
    assert actions.method_of(score, ScorePolicy(least=39)) == "last_k"  # enough vehicles for that one alone
    assert actions.method_of(score, ScorePolicy(least=41)) == "model"


def test_a_thin_hour_of_the_week_is_filled_from_its_hour_of_the_day() -> None:
    # Monday 00: four of 10 minutes. Tuesday 00: two of 40. Monday 01: one of 30.
    filled = actions._filled([(0, 10.0, 4), (24, 40.0, 2), (1, 30.0, 1)])

    assert filled[0] == 10
    assert filled[24] == filled[48] == 20  # (4 x 10 + 2 x 40) / 6
    assert filled[1] == filled[5] == pytest.approx(21.4)  # (40 + 80 + 30) / 7: no hour of the day has three
    assert set(actions._filled([(0, 10.0, 2)])) == {None}


def test_a_band_that_held_too_seldom_is_widened() -> None:
    assert actions.widen_of(a_score(inside=0.6), ScorePolicy()) > 1
    assert actions.widen_of(a_score(), ScorePolicy()) == pytest.approx(1)


@pytest.mark.parametrize("narrow", [0.7, 0.85, 1.0, 1.3])
def test_a_band_of_the_wrong_width_settles_at_80_percent_and_stays_there(narrow: float) -> None:
    """Waits spread by 0.5 in logarithms around 30 minutes; the model says a part of that spread."""
    waits = 30 * np.exp(0.5 * np.random.default_rng(1).standard_normal(20_000))
    p10, p90 = (30 * math.exp(side * 1.2816 * 0.5 * narrow) for side in (-1, 1))

    def inside(widen: float) -> float:
        low, high = (30 * (each / 30) ** widen for each in (p10, p90))  # as the engine widens
        return float(np.mean((waits >= low) & (waits <= high)))

    shown = []
    for _ in range(5):  # what is kept is the model's own band, whatever factor stands
        widen = actions.widen_of(a_score(inside=inside(1)), ScorePolicy())
        shown.append(inside(widen))

    assert shown == pytest.approx([0.8] * 5, abs=0.01)


def test_what_is_kept_and_scored_is_the_models_own_band_whatever_factor_stands(
    valley: Organisation, cad: Source
) -> None:
    deliver(cad, conveyance("TVH01"), known=61)
    now = at(61)
    seen = situation.read(valley.pk, now)
    plain = queries.read(valley.pk, seen, now).forecast
    Standing.objects.create(
        organisation=valley, site_code="TVH01", method="model", widen=1.5, settled_at=at(60)
    )

    advising = queries.read(valley.pk, seen, now).forecast
    follow(valley, 61)

    row, kept = seen.sites.code.index("TVH01"), Kept.objects.get(site_code="TVH01", lead_minutes=0)
    assert advising.p90[row, 0] > plain.p90[row, 0]
    assert (kept.p10, kept.p90) == pytest.approx((plain.p10[row, 0], plain.p90[row, 0]))


def test_the_method_that_the_record_chose_is_the_one_that_advises(valley: Organisation, cad: Source) -> None:
    deliver(cad, conveyance("TVH01"), known=61)
    Standing.objects.create(organisation=valley, site_code="TVH01", method="last_k", settled_at=at(60))
    now = at(61)

    read = queries.read(valley.pk, situation.read(valley.pk, now), now)

    assert sorted(read.forecast.method) == ["last_k", "model"]


def test_a_warning_that_a_passing_follows_was_right(valley: Organisation, cad: Source) -> None:
    common = {"organisation": valley, "site_code": "TVH01", "limit": 30}
    right = Warned.objects.create(**common, within=60, begun_at=at(0), probability=0.7, why="a queue")
    early = Warned.objects.create(
        **common, within=120, begun_at=at(-300), ended_at=at(-200), probability=0.7, why="a queue"
    )
    Passing.objects.create(**common, at=at(40))
    deliver(cad, conveyance("TVH01"), known=61)

    follow(valley, 61)

    right.refresh_from_db()
    early.refresh_from_db()
    assert right.passed_at == at(40)
    assert early.passed_at is None and early.judged_at == at(61)
    worth = {each.within: each for each in queries.worth(valley.pk, at(61), 14)}
    assert (worth[60].caught, worth[60].false_alarms, worth[60].lead) == (1, 0, 40)
    assert (worth[120].caught, worth[120].false_alarms) == (0, 1)


def a_long_wait(number: int) -> list[JobEvent]:
    """Arrives at 10 and is handed over at 60 and some minutes."""
    steps = [("allocated", 0), ("left_scene", 5), ("at_hospital", 10), ("handover", 60 + number)]
    return [
        job(status, minutes, destination="TVH01", incident=f"{number}", call_sign=f"A{number}")
        for status, minutes in steps
    ]


def test_a_mean_of_three_passes_a_limit_and_one_of_two_does_not(valley: Organisation, cad: Source) -> None:
    deliver(cad, [*a_long_wait(1), *a_long_wait(2)], known=63)
    follow(valley, 63)
    assert not Passing.objects.exists()

    deliver(cad, a_long_wait(3), known=64)
    follow(valley, 64)
    assert set(Passing.objects.values_list("limit", "ended_at")) == {(30, None), (45, None)}

    # Three quick ones bring the mean of the hour under 45 and not under 30.
    for number in (4, 5, 6):
        quick = {"incident": f"{number}", "call_sign": f"A{number}"}
        deliver(cad, conveyance("TVH01", start=20 + number, **quick), known=90)
    follow(valley, 90)
    assert set(Passing.objects.values_list("limit", "ended_at")) == {(30, None), (45, at(90))}


def test_the_page_shows_each_hospital_its_wait_and_what_forecasts_were_worth(
    valley: Organisation, cad: Source
) -> None:
    deliver(cad, conveyance("TVH01"), known=61)
    follow(valley, 61)
    Kept.objects.filter(site_code="TVH01").update(
        vehicles=3, model_error=6, last_k_error=9, rate_error=30, crps=5, bias=1, inside=2
    )
    browser = signed_in(somebody("pfc", "patient_flow_coordinator", valley))

    page = browser.get("/forecast/?at=2026-11-20T09:05").content.decode()

    assert "Arriving now" in page
    assert "What forecasts were worth" in page
    assert ">33%<" in page  # 2.0 beside 3.0 minutes


def test_a_liaison_officer_sees_the_own_hospital_alone(valley: Organisation, cad: Source) -> None:
    deliver(cad, conveyance("TVH01"), known=61)
    browser = signed_in(somebody("halo", "halo", valley, site="TVH01"))

    page = browser.get("/forecast/").content.decode()

    assert 'id="forecast-TVH01"' in page
    assert 'id="forecast-TVH02"' not in page


def test_the_coming_days_say_that_there_are_too_few(valley: Organisation, cad: Source) -> None:
    deliver(cad, conveyance("TVH01"), known=61)
    browser = signed_in(somebody("pfc", "patient_flow_coordinator", valley))

    page = browser.get("/forecast/days/").content.decode()

    assert "56 known days are needed" in page


def test_days_without_a_row_between_others_are_unknown_and_today_is_left_out(valley: Organisation) -> None:
    for day, number in ((1, 3), (2, 2), (4, 1), (5, 9)):
        Incident.objects.bulk_create(
            Incident(organisation=valley, key=f"{day}-{n}", call_connect_at=at(day * 24 * 60))
            for n in range(number)
        )

    first, values = queries.daily(valley.pk, "incidents", at(5 * 24 * 60)) or (None, [])

    assert first == at(2 * 24 * 60).date()  # the first day may have begun in the middle
    assert values[0] == 2 and math.isnan(values[1]) and values[2] == 1
    assert len(values) == 3
