"""A policy that its readers could not take is refused before anybody depends on it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from clearway.config.regions import find, slugs
from clearway.desks.ambulance.whole import check
from clearway.domain.shared.errors import CannotParse
from clearway.interchange.region_pack import parse

POLICIES = {each.name: each for each in parse(find("test-valley")).policies}


@pytest.mark.parametrize("slug", slugs())
def test_the_policies_of_every_pack_in_the_house_are_whole(slug: str) -> None:
    check(parse(find(slug)).policies)


def first(name: str, rows: str, **change: Any) -> Mapping[str, Any]:
    """The change to the first row of a list of a policy."""
    one, *others = POLICIES[name].values[rows]
    return {rows: [{**one, **change}, *others]}


@pytest.mark.parametrize(
    ("name", "change", "why"),
    [
        ("opel", {"levels": [11, 33, 22]}, "Edges go from level 2 to level 4"),
        ("opel", first("opel", "parameters", bands=[15, 60, 30]), "Edges go from level 2 to level 4"),
        ("opel", first("opel", "parameters", bands=["1", "2", "3"]), "edges is a number"),
        ("opel", first("opel", "parameters", computed="x"), "computed is one of handover_mean"),
        ("opel", first("opel", "parameters", code="beds"), "beds stands twice"),
        ("opel", {"systems": [{"name": "All", "weights": {"TVH01": 0}}]}, "Weights of All"),
        ("opel", {"holds_minutes": "long"}, "timedelta"),
        ("reap", first("reap", "triggers", measure="x"), "measure is one of held"),
        ("reap", first("reap", "triggers", categories=["C9"]), "C9"),
        ("clinical_safety_plan", {"names": ["one", "two"]}, "not enough values"),
        ("action_cards", first("action_cards", "cards", role="goat"), "role is the code of a role"),
        ("action_cards", first("action_cards", "cards", role="dispatcher"), "role that works tasks"),
        ("action_cards", first("action_cards", "cards", level=5), "The level of csp2-callback"),
        ("action_cards", first("action_cards", "cards", minutes="soon"), "minutes is a number"),
        ("action_cards", first("action_cards", "cards", code="csp2-queues"), "csp2-queues stands twice"),
        ("unavailability", {"nearly": "x"}, "nearly is a number"),
        ("unavailability", {"reasons": [{"says": "Ill"}]}, "Nothing is called 'code'"),
        ("on_scene", {"prompt": "x"}, "prompt is a number"),
        ("command", {"sitrep_on": ["weather"]}, "weather"),
        ("command", first("command", "agenda", parts=["weather"]), "names weather, which is no part"),
        ("response_standards", {"C9": {"mean_minutes": 7}}, "C9"),
        ("response_standards", {"C1": {"mean_minutes": "7"}}, "mean_minutes is a number|not supported"),
        ("response_standards", {"C1": {"median_minutes": 7}}, "median_minutes"),
        ("response_standards", {"C1": {"mean_minutes": 0}}, "above 0 minutes"),
        ("concerns", first("concerns", "severities", close_days=None), "close_days is a number"),
        ("rosters", {"grace": "x"}, "grace is a number|not supported"),
        ("rosters", {"absent": 5}, "absent is not before grace"),
        ("rosters", {"graze": 5}, "graze is none of"),
        ("cover", {"hourly": [1.0]}, "24 shares"),
        ("cover", {"most_busy": 0}, "most_busy"),
        ("cover", {"calls_a_day": {"upper": "x"}}, "calls_a_day is a number"),
        ("cover", {"job": {"going": 10}}, "no minutes of on_scene"),
        ("standby", {"busy": 1}, "busy one below 1"),
        ("standby", {"within": 3}, "below within"),
        ("standby", {"most": 0}, "most is 1 or more"),
        ("standby", {"keep": "x"}, "not supported|is a number"),
        ("standby", {"points": "RYF01"}, "list of codes"),
        ("standby", {"stais": 1}, "stais is none of"),
        ("barriers", {"farthest": -1}, "above 0"),
        ("barriers", {"leads": "paramedic"}, "list of skills"),
        ("worklist", {"dead_band": 2}, "A dead-band is a part"),
        ("rule_modes", {"pressure_overdue": "loud"}, "loud"),
        ("handover_standards", {"maximum": "x"}, "maximum is a number"),
    ],
)
def test_a_policy_that_could_not_be_read_is_refused_by_its_name(
    name: str, change: Mapping[str, Any], why: str
) -> None:
    policy = POLICIES[name]
    wrong = replace(policy, values={**policy.values, **change})

    with pytest.raises(CannotParse, match=f"policy {name} from .*{why}"):
        check([wrong])
