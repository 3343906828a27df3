"""Policies compared on the same days: limits are kept, the figures are paired, the page asks nobody."""

import re
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache

import msgspec
import numpy as np
import pytest

from clearway.cli import main
from clearway.config import regions
from clearway.domain.ambulance.situation import Situation
from clearway.domain.ambulance.words import Category
from clearway.domain.shared.region import Region
from clearway.engine.ambulance.conveyance import Choice
from clearway.interchange import region_pack
from clearway.simulation.ambulance import comparing, comparing_page, ledger
from clearway.simulation.ambulance.comparing import ADVICE, CAPS, NEAREST, ORACLE, QUEUE, compare
from clearway.simulation.ambulance.oracle import Oracle
from clearway.simulation.ambulance.policies import (
    Advised,
    Capped,
    Followed,
    Question,
    Queue,
    Within,
    nearest,
)
from clearway.simulation.ambulance.world import World
from clearway.simulation.shared.estimating import estimate

START = datetime(2026, 3, 2, tzinfo=UTC)
EVERYTHING = (NEAREST, CAPS, QUEUE, ADVICE, ORACLE)


@cache
def valley() -> Region:
    return region_pack.parse(regions.find("test-valley"))


@cache
def compared() -> comparing.Comparison:
    return compare(valley(), "busy", (1, 2), START, 1, EVERYTHING)


def always_elsewhere(situation: Situation, question: Question) -> tuple[Choice, ...]:
    return nearest(situation, question)[::-1]


def loads(world: World) -> Counter[str]:
    since, until = START.timestamp(), START.timestamp() + 3 * 86_400
    return Counter(ledger.read(world.incidents, world.hospitals, since, until).conveyances.site)


def test_a_policy_kept_to_agreed_loads_moves_no_more_than_they_allow():
    region = with_values(valley(), "conveyance_advice", usual_a_day={"TVH01": 10, "TVH02": 20})
    kept = Within(always_elsewhere, region)
    world = World(valley(), "busy", 1, START, speaks=False, policy=kept, refresh=300)
    world.advance(START + timedelta(days=3))
    free = World(valley(), "busy", 1, START, speaks=False, policy=always_elsewhere)
    free.advance(START + timedelta(days=3))
    usual = World(valley(), "busy", 1, START, speaks=False)
    usual.advance(START + timedelta(days=3))

    moved = sum(job.drive > job.drive_to_nearest + 0.01 for i in world.incidents for job in i.jobs)

    # At most one a day more for TVH01 and two for TVH02, net of those moved the other way.
    assert moved > 0
    assert loads(free) != loads(usual)
    assert abs(loads(world)["TVH02"] - loads(usual)["TVH02"]) <= 3 * 2 + 2


def farthest_first(situation: Situation, question: Question) -> tuple[Choice, ...]:
    """As the count rule would, were every nearer queue without end."""
    return tuple(sorted(nearest(situation, question), key=lambda each: -each.minutes))


@pytest.mark.parametrize("other", [farthest_first, Queue({"TVH01": 900.0, "TVH02": 1.0}, most_extra=200)])
def test_a_policy_beside_the_advice_moves_only_whom_the_advice_may_move(other):
    """C1 and NEWS2 of 7 and more stay with the nearest; from 5 on nobody is driven 45 min; others move."""
    region = with_values(valley(), "conveyance_advice", others_share=None)
    kept, ill, moved = Within(other, region), set(), set()

    def asks(situation: Situation, question: Question) -> tuple[Choice, ...]:
        chosen, usual = kept(situation, question)[0], nearest(situation, question)[0]
        is_serious = question.call.category is Category.C1 or (question.news2 or 0) >= 7
        (ill if is_serious else moved).add((chosen.code != usual.code, question.key))
        if chosen.code != usual.code and (question.news2 or 0) >= 5:
            assert chosen.minutes <= 45
        return (chosen,)

    world = World(region, "busy", 1, START, speaks=False, policy=asks, refresh=300)
    world.advance(START + timedelta(days=2))

    assert len(ill) > 10
    assert not any(was_moved for was_moved, _ in ill)
    assert any(was_moved for was_moved, _ in moved)


def test_advice_followed_never_is_the_nearest():
    def told(policy: object) -> list[str | None]:
        world = World(valley(), "busy", 2, START, speaks=False, policy=policy)
        world.advance(START + timedelta(hours=20))
        return [job.site for incident in world.incidents for job in incident.jobs]

    assert told(Followed(always_elsewhere, 0.0)) == told(nearest)
    assert told(Followed(always_elsewhere, 0.5)) != told(nearest)


def test_a_cap_counts_whom_the_guard_sent_elsewhere_and_who_had_no_choice():
    capped = Capped({"TVH01": 1.0, "TVH02": 1.0}, most_extra=200)
    nobody = with_values(valley(), "conveyance_advice", usual_a_day={})  # has agreed to anything
    guarded = Within(capped, nobody)  # so everybody goes to the nearest
    went: list[tuple[float, str]] = []

    def asks(situation: Situation, question: Question) -> tuple[Choice, ...]:
        choices = guarded(situation, question)
        went.append((question.at, choices[0].code))
        return choices

    World(valley(), "busy", 1, START, speaks=False, policy=asks, refresh=300).advance(
        START + timedelta(hours=20)
    )

    last = went[-1][0]
    lately = Counter(code for at, code in went if at >= last - 3600)
    assert len(went) > 30
    assert lately.total() > 0
    assert {code: capped.sent(code, last) for code in lately} == lately


def told_under(region: Region) -> list[str | None]:
    """Where the advice sends everybody in 20 hours, told of handovers as the desk of this region is not."""
    sources = tuple(replace(each, knows=frozenset({"destination", "handover"})) for each in region.sources)
    region = replace(region, sources=sources)
    world = World(region, "busy", 2, START, speaks=False, policy=Advised(region), refresh=300)
    world.advance(START + timedelta(hours=20))
    return [job.site for incident in world.incidents for job in incident.jobs]


def with_values(region: Region, name: str, **values: object) -> Region:
    changed = [
        replace(each, values={**each.values, **values}) if each.name == name else each
        for each in region.policies
    ]
    return replace(region, policies=tuple(changed))


def test_the_measured_advice_follows_the_regions_own_policies():
    """Far drives are allowed and travel is worth little; then nothing pays; then waits are otherwise."""
    keen = with_values(
        valley(),
        "conveyance_advice",
        noise=0,
        most_extra=200,
        weights={"travel": 0.1, "handover": 1.0},
        others_share=None,
    )
    told = told_under(keen)

    assert told_under(with_values(keen, "conveyance_advice", noise=1000)) != told
    assert told_under(with_values(keen, "conveyance_advice", others_share=0.0)) != told
    assert told_under(with_values(keen, "handover_forecast", recent=10, lasting=20)) != told


def test_the_measured_advice_takes_nobody_past_the_nearest_beyond_the_agreed_share():
    """Two of a usual twenty at one, five of a usual fifty at the other; the advice is keen to take more."""
    keen = {"noise": 0, "most_extra": 200, "weights": {"travel": 0.1, "handover": 1.0}}
    agreed = {"others_share": 0.10, "usual_a_day": {"TVH01": 50, "TVH02": 20}}
    told = advised_of(with_values(valley(), "conveyance_advice", **keen, **agreed))
    free = advised_of(with_values(valley(), "conveyance_advice", **keen, others_share=None))

    assert 0 < most_of_others(told, "TVH01") <= 5 < most_of_others(free, "TVH01")
    assert most_of_others(told, "TVH02") <= 2


Went = list[tuple[float, str, str]]  # when, where, and the nearest


def advised_of(region: Region) -> Went:
    """Whom the advice sends where in two days."""
    sources = tuple(replace(each, knows=frozenset({"destination", "handover"})) for each in region.sources)
    region = replace(region, sources=sources)
    advised, went = Advised(region), []

    def asks(situation: Situation, question: Question) -> tuple[Choice, ...]:
        choices = advised(situation, question)
        went.append((question.at, choices[0].code, nearest(situation, question)[0].code))
        return choices

    world = World(region, "busy", 2, START, speaks=False, policy=asks, refresh=300)
    world.advance(START + timedelta(days=2))
    return went


def most_of_others(went: Went, code: str) -> int:
    """The most of others' patients, net, in any 24 hours at the end of which one came."""
    counts = [0]
    for now, to, usual in went:
        if to == code != usual:
            lately = [(there, near) for at, there, near in went if now - 86_400 < at <= now]
            counts.append(sum((there == code) - (near == code) for there, near in lately))
    return max(counts)


def test_the_same_seeds_give_the_same_comparison():
    again = compare(valley(), "busy", (1, 2), START, 1, EVERYTHING)

    assert msgspec.json.encode(again, enc_hook=dict) == msgspec.json.encode(compared(), enc_hook=dict)


def test_differences_are_paired_with_nearest_on_the_same_seed():
    found = compared()

    for name in (CAPS, QUEUE, ADVICE, ORACLE):
        for metric in ("lost_15", "wait", "from_scene"):
            levels = found.level[name][metric].mean - found.level[NEAREST][metric].mean
            assert found.difference[name][metric].mean == pytest.approx(levels)
    assert found.level[NEAREST]["extra"].mean == 0


def test_where_there_is_one_door_nobody_is_moved():
    found = compared()

    for areas in found.by_area.values():
        for area in areas.values():
            assert area["past"].mean >= 0
    assert found.share[NEAREST] == 0 if found.share else True


def test_an_interval_is_students():
    # mean 2, standard deviation 1, three values: 4.303 / sqrt(3)
    found = estimate([1.0, 2.0, 3.0])

    assert (found.mean, found.high - found.mean) == pytest.approx((2.0, 4.303 / 3**0.5))
    assert np.isnan(estimate([1.0]).low)


def test_the_oracle_foresees_the_very_wait_that_comes():
    oracle = Oracle(valley())
    foreseen: dict[str, float] = {}

    def asks(situation: Situation, question: Question) -> tuple[Choice, ...]:
        choices = nearest(situation, question)
        row = situation.sites.code.index(choices[0].code)
        foreseen[question.key] = float(oracle(situation, question).mean[row, 0])
        return choices

    world = World(valley(), "busy", 4, START, speaks=False, policy=asks, refresh=600)
    oracle.watch(world)
    world.advance(START + timedelta(days=2))
    told = [
        (foreseen[job.key], (job.stamps[ledger.HANDOVER] - job.stamps[ledger.AT_HOSPITAL]) / 60)
        for incident in world.incidents
        for job in incident.jobs
        if job.key in foreseen and ledger.HANDOVER in job.stamps
    ]
    exact = np.mean([abs(said - was) < 0.5 for said, was in told])

    # Who is decided later and overtakes (resuscitation, a shorter drive) is all it cannot know.
    assert len(told) > 30
    assert exact > 0.6
    assert np.corrcoef(np.array(told).T)[0, 1] > 0.9


def test_asking_the_oracle_changes_nothing():
    oracle = Oracle(valley())

    def asks(situation: Situation, question: Question) -> tuple[Choice, ...]:
        oracle(situation, question)
        return nearest(situation, question)

    asked = World(valley(), "busy", 4, START, speaks=False, policy=asks, refresh=600)
    oracle.watch(asked)
    asked.advance(START + timedelta(days=1))
    plain = World(valley(), "busy", 4, START, speaks=False)
    plain.advance(START + timedelta(days=1))

    def stamps(world: World) -> list[dict]:
        return [job.stamps for incident in world.incidents for job in incident.jobs]

    assert stamps(asked) == stamps(plain)


def test_the_page_asks_nobody_and_every_plot_says_its_figures():
    html = comparing_page.page(compared(), valley())

    assert not re.search(r"https?://|src=|@import|url\(", html)
    assert html.count("<svg") == html.count('role="img"') == 4
    assert all(len(label) > 40 for label in re.findall(r'aria-label="([^"]*)" ?><title>', html))
    assert '<th scope="row">advice</th>' in html
    assert "nan" not in html


def test_an_unknown_policy_names_those_there_are():
    with pytest.raises(LookupError, match="nearest"):
        compare(valley(), "busy", (1,), START, 1, ("guessing",))


def test_the_command_compares_and_writes_the_page(tmp_path, capsys):
    page = tmp_path / "policies.html"
    words = [
        "simulate",
        "test-valley",
        "--compare",
        "--seed",
        "1",
        "--seeds",
        "2",
        "--days",
        "1",
        "--regime",
        "busy",
        "--policies",
    ]

    code = main([*words, "count rule", "--html", str(page)])

    assert code == 0
    assert "count rule" in capsys.readouterr().out
    assert page.read_text().startswith("<!doctype html>")


def test_processes_give_the_same_figures_as_one(capsys):
    words = [
        "simulate",
        "test-valley",
        "--compare",
        "--seed",
        "1",
        "--seeds",
        "2",
        "--days",
        "1",
        "--regime",
        "busy",
        "--json",
    ]
    words += ["--policies", "count rule"]

    main(words)
    alone = capsys.readouterr().out
    main([*words, "--jobs", "2"])

    assert capsys.readouterr().out == alone
