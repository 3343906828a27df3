"""The rules find the faults that were put into a simulated day, and little else."""

from datetime import timedelta
from functools import cache

import pytest

from clearway.config.regions import find
from clearway.domain.ambulance.quality import RULES
from clearway.interchange.region_pack import parse
from clearway.simulation.ambulance.quality_trial import Trial, added, beginning, trial
from clearway.simulation.ambulance.spoiling import FAULTS

DAYS, EACH = 4, 1
# What the measure of a month shows as the weak ones (docs/explanation/data-quality.md): a crew that does not
# drive off after its last press, or drives too short a way, leaves no run of positions to find.
WEAK = {"HQ03", "HQ06", "HQ07", "ST01", "ST02", "ST05"}


@cache
def days() -> Trial:
    region, start = parse(find("test-valley")), beginning("2026-01-05")
    return added(trial(region, "busy", day, start + timedelta(days=day), 1, EACH) for day in range(DAYS))


@pytest.mark.parametrize("code", sorted({*FAULTS, "HQ18", "ST08"} - WEAK))
def test_the_rule_finds_its_fault_wherever_it_was_put_in(code: str) -> None:
    (score,) = [each for each in days().scores if each.code == code]

    if score.put_in == 0:
        pytest.skip("No job of these days allows the fault.")
    assert score.recall == 1


def test_few_findings_are_false() -> None:
    false = {each.code: each.false for each in days().scores if each.false}

    assert days().jobs > 700
    # Those that are not faults of the feed: a wait that truly took seconds or hours.
    assert sum(count for code, count in false.items() if code not in ("HQ09", "HQ10")) <= 5


def test_every_fault_names_a_rule_and_every_weak_one_is_measured() -> None:
    assert set(FAULTS) <= set(RULES) and set(FAULTS) >= WEAK
    assert sum(each.put_in for each in days().scores) > 100
