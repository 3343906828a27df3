"""Whom a fault is reported to, and when it is asked about again."""

from datetime import date

import pytest

from clearway.domain.outpatients.upkeep import USUAL, Kind, UpkeepPolicy, Weight, chase_on

FRIDAY = date(2026, 11, 20)


def test_every_kind_of_fault_has_somebody_who_mends_it() -> None:
    assert set(USUAL) == set(Kind)


@pytest.mark.parametrize(
    ("weight", "day"),
    [
        (Weight.DANGER, date(2026, 11, 23)),
        (Weight.UNUSABLE, date(2026, 11, 24)),
        (Weight.NUISANCE, date(2026, 11, 27)),
    ],
)
def test_the_more_a_fault_stops_the_sooner_it_is_asked_about_again(weight: Weight, day: date) -> None:
    assert chase_on(weight, FRIDAY, UpkeepPolicy()) == day


def test_a_policy_that_chases_the_harmless_first_is_refused() -> None:
    with pytest.raises(ValueError, match="The more a fault stops"):
        UpkeepPolicy(danger=5, nuisance=1)
