"""A simulated department: nothing is lost, nobody unsuitable is asked, and policies meet the same chance."""

import re
from collections import defaultdict
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise
from math import inf

import msgspec
import pytest

from clearway.cli import main
from clearway.config.regions import find
from clearway.domain.outpatients.recycling import Freed
from clearway.engine.outpatients.recycling import rank
from clearway.interchange import department_pack, region_pack
from clearway.simulation.outpatients import comparing, comparing_page, ledger, parameters, policies
from clearway.simulation.outpatients.asking import Asking, Vacant
from clearway.simulation.outpatients.effects import Answers, Effects
from clearway.simulation.outpatients.past import past
from clearway.simulation.outpatients.people_waiting import Entry
from clearway.simulation.outpatients.policies import ALL, NOBODY, ONE, PLAN, Tried
from clearway.simulation.outpatients.seats import Clinics, columns
from clearway.simulation.outpatients.world import World

START = datetime(2026, 3, 2, tzinfo=UTC)
REGION = region_pack.parse(find("worcestershire"))


@pytest.fixture(autouse=True)
def briefly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Comparisons begin and end after days, so that tests are quick."""
    monkeypatch.setattr(comparing, "WARM_UP", timedelta(days=3))
    monkeypatch.setattr(comparing, "RUN_ON", timedelta(days=7))


@cache
def setting() -> comparing.Setting:
    """Some services of the department, with their clinics and lists."""
    whole = department_pack.parse(find("worcestershire"), REGION)
    assert whole is not None
    codes = ("OTH",)
    services = tuple(each for each in whole.services if each.code in codes)
    small = replace(
        whole, services=services, clinics=tuple(each for each in whole.clinics if each.service in codes)
    )
    table = {
        **REGION.simulation,
        "services": {code: row for code, row in REGION.simulation["services"].items() if code in codes},
    }
    return comparing.Setting("worcestershire", small, parameters.read(table, small), policies.plan_of(REGION))


def lived(tried: Tried, seed: int = 1, weeks: int = 4) -> World:
    world = World(setting().department, setting().parameters, tried, seed, START)
    world.advance(START + timedelta(weeks=weeks))
    return world


@cache
def of_policy(name: str) -> World:
    """A policy where freed slots are offered to whoever is next: more is asked in a small department."""
    return lived(policies.named(name, policies.named("anybody first", setting().plan)))


@cache
def compared() -> comparing.Comparison:
    return comparing.compare(setting(), (1, 2), START, 10, (ONE,))


@pytest.mark.parametrize("name", [PLAN, NOBODY])
def test_the_urgent_are_counted_by_receipt_the_same_people_whoever_was_seen(name: str) -> None:
    world, until = of_policy(name), START + timedelta(days=14)
    received = [each for each in urgent_received(of_policy(PLAN)) if START <= each.referred.at < until]
    seen = {visit.entry.number: visit.seat.starts for visit in world.visits if visit.state == "attended"}
    in_time = [
        each
        for each in received
        if seen.get(each.number, inf) <= (each.referred.at + timedelta(days=14)).timestamp()
    ]

    found = ledger.urgent_in_time(world, START.timestamp(), until.timestamp())

    assert received and found == pytest.approx(100 * len(in_time) / len(received))


def urgent_received(world: World) -> list[Entry]:
    return [each for each in world.entries if each.nth == 1 and each.wanted.is_urgent]


@pytest.mark.parametrize("name", [PLAN, NOBODY, ONE, ALL])
def test_every_freed_slot_ends_once_filled_expired_or_withdrawn(name: str) -> None:
    world = of_policy(name)
    over = [each for each in world.freed if each.seat.starts <= world.agenda.now]

    assert len(over) > 10
    for each in over:
        assert each.state in (Freed.FILLED, Freed.EXPIRED, Freed.WITHDRAWN)
        assert (each.filled_by is not None) is (each.state is Freed.FILLED)
        assert each.ended is not None
        assert each.at <= each.ended <= each.seat.starts
        assert not each.out


@pytest.mark.parametrize("name", [PLAN, ALL])
def test_offers_of_one_seat_in_waves_never_overlap_and_nobody_has_two(name: str) -> None:
    world = of_policy(name)
    of_person = defaultdict(list)
    for vacant in world.freed:
        for offer in vacant.offers:
            assert offer.ended is None or offer.made < offer.ended <= offer.until
            of_person[offer.entry.number].append(offer)
        for before, after in pairwise(sorted(vacant.offers, key=lambda each: each.made)):
            assert before.made == after.made or (before.ended is not None and before.ended <= after.made)

    assert of_person
    for asked in of_person.values():
        for before, after in pairwise(sorted(asked, key=lambda each: each.made)):
            assert before.ended is not None
            assert before.ended <= after.made


def test_a_seat_has_one_visit_at_a_time_and_a_person_one_seat() -> None:
    world = of_policy(PLAN)

    kept = [each for each in world.visits if each.state in ("booked", "attended", "missed")]
    assert len({each.seat.key for each in kept}) == len(kept)
    for entry in world.entries:
        assert sum(each.state == "booked" for each in kept if each.entry is entry) == (
            entry.visit is not None
        )


def test_nobody_is_asked_whom_the_slot_does_not_suit() -> None:
    world = of_policy(ALL)
    policy = world.tried.recycling

    offers = [offer for vacant in world.freed for offer in vacant.offers]
    assert len(offers) > 50
    for offer in offers:
        seat, wanted = offer.vacant.seat, offer.entry.wanted
        hours = (seat.starts - offer.made) / 3600
        assert (seat.kind, seat.medium) == (wanted.kind, wanted.medium)
        assert wanted.skills <= seat.skills
        assert not wanted.sites or seat.site in wanted.sites
        assert hours >= (policy.notice_hours if wanted.notice_hours is None else wanted.notice_hours)
        assert not wanted.needs or hours >= policy.needs_hours
        assert seat.key not in {before.seat.key for before in world.freed if before.after is offer.vacant}


def test_first_slots_of_the_coming_days_are_offered_to_the_urgent_alone() -> None:
    world, hour = lived(setting().plan), 3600
    policy = world.tried.recycling
    assert (policy.urgent_days, policy.urgent_hours) == (10, 24)

    asked = [
        (offer.vacant.seat.kind, offer.vacant.seat.starts - offer.made, offer.entry.wanted.is_urgent)
        for vacant in world.freed
        for offer in vacant.offers
    ]
    kept = [
        is_urgent for kind, ahead, is_urgent in asked if kind == "new" and 24 * hour < ahead <= 240 * hour
    ]

    assert asked and all(kept)
    assert any(not is_urgent for _, _, is_urgent in asked)


def test_people_are_asked_by_day_and_no_more_often_than_the_policy_says() -> None:
    world = of_policy(ALL)
    policy = world.tried.recycling

    for entry in world.entries:
        for at in entry.reached:
            within = [each for each in entry.reached if at - policy.offer_days * 86_400 < each <= at]
            assert len(within) <= policy.most_offers
    for vacant in world.freed:
        assert all(policy.may_ask(datetime.fromtimestamp(each.made, UTC)) for each in vacant.offers)


def test_whom_the_simulation_asks_are_those_whom_the_desk_would_rank(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read as far as needed, the list gives what the ranking of everybody gives, higher priority first."""
    seen = 0
    suited = Asking.suited

    def checked(self: Asking, vacant: Vacant) -> list[Entry]:
        nonlocal seen
        found = suited(self, vacant)
        line = self.world.lines[vacant.seat.service, vacant.seat.kind]
        later = vacant.seat.starts + self.policy.gain_days * 86_400
        moving = [each for each in line.booked.values() if each.visit and each.visit.seat.starts >= later]
        everybody = [self._candidate(each, vacant.seat) for each in (*line, *moving)]
        slot = columns([vacant.seat], self.world.clinics.services[vacant.seat.service])
        at = datetime.fromtimestamp(self.world.agenda.now, UTC)
        ranked = rank(slot, everybody, self.policy, at)
        assert [each.number for each in found] == [each.entry for each in ranked.chosen]
        waiting = [each for each in found if each.visit is None]
        assert [each.place for each in waiting] == sorted(each.place for each in waiting)
        seen += 1
        return found

    monkeypatch.setattr(Asking, "suited", checked)
    lived(setting().plan, seed=3, weeks=1)

    assert seen > 5


def test_the_same_seed_gives_the_same_department_and_another_gives_another() -> None:
    def told(world: World) -> list[tuple[str, str]]:
        return [(each.key, each.state) for each in world.visits]

    assert told(lived(setting().plan, weeks=2)) == told(lived(setting().plan, weeks=2))
    assert told(lived(setting().plan, weeks=2)) != told(lived(setting().plan, seed=2, weeks=2))


def test_policies_meet_the_same_people_and_the_same_clinics_that_fall_out() -> None:
    def people(world: World) -> set[str]:
        return {each.referred.person.nhs_number for each in world.entries}

    plan, nobody = of_policy(PLAN), of_policy(NOBODY)
    assert people(plan) == people(nobody)
    assert {each.name for each in plan.seats if each.is_closed} == {
        each.name for each in nobody.seats if each.is_closed
    }


def test_the_same_booking_is_cancelled_at_the_same_time_under_every_policy() -> None:
    def cancelled(world: World) -> dict[tuple[str, str, float], str]:
        return {
            (each.key, each.seat.name, each.made): each.state
            for each in world.visits
            if each.state in ("attended", "missed", "cancelled")
        }

    plan, nobody = cancelled(of_policy(PLAN)), cancelled(of_policy(NOBODY))
    both = plan.keys() & nobody.keys()
    assert len(both) > 30
    assert all(plan[key] == nobody[key] for key in both)


def test_reminders_do_what_was_put_in_and_nothing_without_it() -> None:
    """A factor of 1 changes no visit; one of 0 leaves only those missed whom no reminder reached."""
    none = replace(setting().plan, effects=Effects(reminded=1.0, again=1.0, called=1.0))
    silent = replace(none, reminders=replace(none.reminders, is_on=False))
    sure = replace(none, effects=Effects(reminded=0.0, again=0.0, called=0.0))

    def missed(tried: Tried) -> list[str]:
        return [each.key for each in lived(tried, weeks=2).visits if each.state == "missed"]

    assert missed(none) == missed(silent)
    assert len(missed(sure)) < len(missed(none)) / 2


def test_nobody_is_asked_where_nobody_is_to_be_asked() -> None:
    assert not any(each.offers for each in of_policy(NOBODY).freed)


def test_broadcasting_disappoints_more_than_asking_one_after_the_other() -> None:
    def disappointed(name: str) -> int:
        return sum(each.disappointed for each in of_policy(name).freed)

    assert disappointed(ALL) > disappointed(ONE)


def test_who_is_asked_with_less_notice_says_yes_no_more_often() -> None:
    yes = [Answers().says_yes("text", hours) for hours in (2, 24, 47, 48, 500)]

    assert yes == sorted(yes)
    assert yes[0] == pytest.approx(0.45 * 0.6)


def test_the_department_begins_as_the_demonstration_does() -> None:
    world = World(setting().department, setting().parameters, setting().plan, 1, START)

    booked = [each for each in world.visits if each.state == "booked"]
    assert booked
    assert all(each.seat.starts > START.timestamp() for each in booked)
    assert len(world.entries) > 50
    assert past.__module__.startswith("clearway.simulation")
    assert Clinics(setting().department).rare_skills("OTH") is not None


def test_differences_are_paired_with_the_plan_on_the_same_seed() -> None:
    found = compared()

    for name in (NOBODY, ONE):
        for metric in ("net", "missed", "wait"):
            levels = found.level[name][metric].mean - found.level[PLAN][metric].mean
            assert found.difference[name][metric].mean == pytest.approx(levels)
    assert found.level[PLAN]["gross"].mean > found.level[NOBODY]["gross"].mean
    assert found.level[NOBODY]["sooner"].mean == 0


def test_the_same_seeds_give_the_same_comparison() -> None:
    again = comparing.compare(setting(), (1, 2), START, 10, (ONE,))

    assert msgspec.json.encode(again, enc_hook=dict) == msgspec.json.encode(compared(), enc_hook=dict)


def test_the_page_asks_nobody_and_every_plot_says_its_figures() -> None:
    html = comparing_page.page(compared(), "A & B")

    assert not re.search(r"https?://|src=|@import|url\(", html)
    assert html.count("<svg") == html.count('role="img"') == 3
    assert "A &amp; B" in html
    assert '<th scope="row">one by one</th>' in html
    assert "nan" not in html


def test_an_unknown_policy_names_those_there_are() -> None:
    with pytest.raises(LookupError, match="one by one"):
        comparing.compare(setting(), (1,), START, 1, ("guessing",))


def test_a_share_that_is_none_names_its_field() -> None:
    with pytest.raises(ValueError, match="field held_share: 3 is not a share"):
        Tried(held_share=3)
    with pytest.raises(ValueError, match="field reminded"):
        Effects(reminded=1.5)


def test_the_command_names_the_pack_without_a_department(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", "department", "test-valley", "--seed", "1"]) == 2
    assert "has no outpatient desk" in capsys.readouterr().err


def test_the_command_compares_and_writes_the_page(tmp_path, capsys) -> None:  # type: ignore[no-untyped-def]
    page = tmp_path / "department.html"
    words = ["simulate", "department", "worcestershire", "--seed", "1", "--days", "3", "--scale", "0.02"]

    assert main([*words, "--html", str(page)]) == 0
    assert "nobody asked" in capsys.readouterr().out
    assert page.read_text().startswith("<!doctype html>")
