"""A time is let pass again under the rules, and whom they call for is counted."""

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection

from clearway.config.regions import find
from clearway.core.audit.actions import Actor
from clearway.core.organisation.actions import load_region
from clearway.core.organisation.models import Organisation
from clearway.domain.shared.region import Policy
from clearway.gateway import alarm_replay as replay
from clearway.interchange.region_pack import parse

from .conftest import T0

LASTS = timedelta(minutes=126)
STEP = timedelta(minutes=6)


def lived(minutes: float) -> Organisation:
    """The invented region after a simulated time; its ladder begins after so many minutes."""
    region = parse(find("test-valley"))
    tried = tuple(with_ladder(each, minutes) for each in region.policies)
    # Its control room is one that knows of no handover; this one does.
    heard = tuple(replace(each, knows=each.knows | {"handover"}) for each in region.sources)
    region = replace(region, policies=tried, sources=heard)
    organisation = load_region(region, by=Actor("test"), at=T0)
    deliveries = replay.simulated(region, "busy", 1, T0)
    replay.play(organisation, deliveries, start=T0, until=T0 + LASTS, step=STEP)
    return organisation


def with_ladder(policy: Policy, minutes: float) -> Policy:
    if policy.name != "handover_ladder":
        return policy
    steps = [{**step, "minutes": minutes + place / 10} for place, step in enumerate(policy.values["steps"])]
    return replace(policy, values={**policy.values, "steps": steps})


def raised(organisation: Organisation, rule: str) -> int:
    heard = replay.heard(organisation.pk, T0, T0 + LASTS)
    return sum(rate.alarms for (_, name), rate in heard.by_rule.items() if name == rule)


@pytest.mark.django_db
def test_a_lower_threshold_is_seen_to_call_more_often_before_it_is_put_in_force() -> None:
    assert raised(lived(minutes=1), "handover_ladder") > 0


@pytest.fixture(scope="module")
def calm(db_of_module: None) -> Organisation:
    """A time in which nobody reaches the threshold."""
    return lived(minutes=500)


@pytest.mark.django_db
def test_a_threshold_that_nobody_reaches_calls_for_nobody(calm: Organisation) -> None:
    assert raised(calm, "handover_ladder") == 0


@pytest.mark.django_db
def test_what_was_kept_comes_again_whole_and_when_it_became_known(calm: Organisation, tmp_path: Path) -> None:
    organisation = calm
    until, middle = T0 + LASTS, T0 + LASTS / 2

    written = replay.keep(organisation.pk, T0, until + timedelta(seconds=1), tmp_path / "facts")
    again = replay.kept(tmp_path / "facts")
    first, rest = messages(again(middle)), messages(again(until))

    assert known(organisation.pk, middle) == events(first)
    assert known(organisation.pk, until) == events(first + rest)
    assert written == len(first) + len(rest) > 20
    assert len(rest) > len(events(rest)) > 0  # positions too


def messages(deliveries: Iterable[tuple[str, bytes]]) -> list[tuple[str, str]]:
    """Source and key of each; a position has no key but its vehicle and time."""
    return [
        (source, line.get("message_id") or f"{line['call_sign']} {line['occurred_at']}")
        for source, body in deliveries
        for line in map(json.loads, body.splitlines())
    ]


def events(found: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    return sorted(each for each in found if each[0] != "valley-avl")


def known(organisation_id: int, at: datetime) -> list[tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT source, message_id FROM ambulance_fact WHERE organisation_id = %s AND known_at <= %s",
            [organisation_id, at],
        )
        return sorted(cursor.fetchall())
