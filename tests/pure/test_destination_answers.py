"""What somebody answered about a place counts before what the pack says, at the hours it was said for."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from clearway.domain.ambulance.destination_answers import role_name, role_of
from clearway.domain.ambulance.destinations import PLACE_PREFIX, directory_of, kinds_of
from clearway.domain.ambulance.words import Need
from clearway.domain.shared.region import Mark, Policy, Site
from clearway.engine.ambulance.advice import Advice, advise
from clearway.engine.ambulance.eligibility import Bar, EligibilityPolicy, Eligible, eligible
from clearway.engine.ambulance.ranking import AdvicePolicy
from clearway.engine.ambulance.rulebook import Rulebook
from tests import advising

TEN, TWENTY = (datetime(2026, 1, 7, hour, tzinfo=UTC) for hour in (10, 20))


def policy(of: str, **values: Any) -> Policy:
    return Policy(of, date(2026, 1, 1), "letter", "The owner", date(2027, 1, 1), Mark.VERIFIED, values)


def role(site: str, word: str, stands: str = "confirmed", **hours: str) -> Policy:
    return policy(role_name(site, word), site=site, role=word, stands=stands, **hours)


def filtered(sites: list[Site], answers: list[Policy], at: datetime = TEN) -> tuple[Eligible, Rulebook]:
    """A stroke, with the sites at 10, 20, 30 minutes."""
    book = Rulebook.of(sites, [*advising.clinical_policies(), *answers], "Europe/London")
    minutes = advising.journeys([10.0 * place for place in range(1, len(sites) + 1)]).minutes[0]
    case = advising.case(at=at, needs=frozenset({Need.STROKE}))
    return eligible(case, advising.situation(sites, at), minutes, book, EligibilityPolicy()), book


def test_an_answer_settles_what_the_pack_left_open() -> None:
    sites = [advising.site("near", unconfirmed_roles=("stroke",)), advising.site("far", roles=("stroke",))]

    unsettled, _ = filtered(sites, [])
    confirmed, _ = filtered(sites, [role("near", "stroke")])
    denied, _ = filtered(sites, [role("near", "stroke", "not_so")])

    assert unsettled.unsure is not None
    assert confirmed.unsure is None and confirmed.allowed.tolist() == [True, False]  # the nearer of the two
    assert denied.unsure is None and denied.allowed.tolist() == [False, True]


def test_what_the_pack_said_is_taken_back_by_an_answer() -> None:
    sites = [advising.site("near", roles=("stroke",)), advising.site("far", roles=("stroke",))]

    found, _ = filtered(sites, [role("near", "stroke", "not_so")])

    assert Bar(found.bar[0]) is Bar.ROLE


def test_a_role_of_some_hours_counts_when_the_crew_would_arrive() -> None:
    sites = [advising.site("near"), advising.site("far", roles=("stroke",))]
    answers = [role("near", "stroke", opens="08:00", closes="18:00")]

    by_day, _ = filtered(sites, answers, TEN)
    by_night, _ = filtered(sites, answers, TWENTY)

    assert by_day.allowed.tolist() == [True, False]  # time-critical: the nearer of the two
    assert by_night.allowed.tolist() == [False, True]
    assert by_night.unsure is None  # it is known not to be one then


def test_an_alternative_is_there_with_what_was_said_of_it_or_not_at_all() -> None:
    row = {
        "code": "SDEC",
        "name": "Same day care",
        "kind": "sdec_medical",
        "confirmed": False,
        "mark": "assumed",
        "source": "proposal",
        "opens": "08:00",
        "closes": "20:00",
    }
    directory = policy("alternatives_directory", places=(row,))
    answer = {name: row[name] for name in ("code", "name", "kind")}
    kinds = kinds_of(advising.clinical_policies())

    (before,) = directory_of([directory], [], kinds)
    (after,) = directory_of(
        [directory, policy(f"{PLACE_PREFIX}SDEC", **answer, stands="confirmed", capacity_per_hour=3)],
        [],
        kinds,
    )
    gone = directory_of([directory, policy(f"{PLACE_PREFIX}SDEC", **answer, stands="not_so")], [], kinds)

    assert (before.confirmed, before.opens) == (False, "08:00")
    assert (after.confirmed, after.opens, after.capacity_per_hour) == (True, None, 3)
    assert gone == ()


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        (policy(role_name("A", "stroke"), site="A", role="stroke", stands="perhaps"), "stands"),
        (policy(role_name("A", "stroke"), site="B", role="stroke", stands="confirmed"), "site, role"),
        (role("A", "stroke", opens="8"), "opens"),
        (role("A", "stroke", opens="08:00"), "opens, closes"),
        (role("A", "stroke", colour="red"), "colour"),
    ],
)
def test_an_answer_that_makes_no_sense_names_its_field(wrong: Policy, field: str) -> None:
    with pytest.raises(ValueError, match=f"^{field}:"):
        role_of(wrong)


def advised(answers: list[Policy], minutes: list[float], need: Need = Need.STROKE) -> Advice:
    """On 7 January 2026, among Near, Middle and Far, of which the pack knows that Far is a stroke unit."""
    sites = [advising.site("near"), advising.site("middle"), advising.site("far", roles=("stroke",))]
    book = Rulebook.of(sites, [*advising.clinical_policies(), *answers], "Europe/London")
    seen = advising.situation(sites, TEN)
    waits = advising.forecast(seen, [20.0] * len(sites))
    patient = advising.case(at=TEN, needs=frozenset({need}))
    return advise(patient, seen, waits, advising.journeys(minutes), book, AdvicePolicy())


def late(answer: Policy) -> Policy:
    """The same answer, to be looked at again a day before the advice."""
    return replace(answer, review_on=date(2026, 1, 6))


def test_an_answer_past_its_review_is_said_in_the_advice_that_rests_on_it() -> None:
    advice = advised([late(role("middle", "stroke"))], [10, 20, 30])

    assert advice.chosen == "middle"
    assert [(each.what, each.code, each.review_on) for each in advice.past_review] == [
        ("Middle confirmed as stroke unit", "middle", "2026-01-06")
    ]
    assert "Answers past their review date: Middle confirmed as stroke unit (2026-01-06)." in advice.notes


def test_so_is_an_old_denial_that_the_advice_passes_a_place_for() -> None:
    advice = advised([late(role("near", "stroke", "not_so")), late(role("middle", "stroke"))], [10, 20, 30])

    assert advice.chosen == "middle"
    assert [each.code for each in advice.past_review] == ["middle", "near"]
    assert (
        "Answers past their review date: Middle confirmed as stroke unit (2026-01-06);"
        " Near said to be no stroke unit (2026-01-06)."
    ) in advice.notes


@pytest.mark.parametrize(
    "answer",
    [
        role("middle", "stroke"),  # to be looked at again in 2027
        replace(role("middle", "stroke"), review_on=date(2026, 1, 7)),  # today
        late(role("middle", "renal")),  # no rule asked for it
    ],
)
def test_an_answer_in_time_or_not_asked_for_is_not_mentioned(answer: Policy) -> None:
    advice = advised([answer], [10, 20, 30])

    assert advice.past_review == ()
    assert not any("past" in note for note in advice.notes)


def test_an_old_answer_about_a_place_farther_than_the_answer_is_not_mentioned() -> None:
    advice = advised([late(role("near", "stroke"))], [40, 20, 30])

    assert (advice.chosen, advice.past_review) == ("far", ())
