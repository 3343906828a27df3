"""What a process remembers of a region is what a first look would find, whatever happened in between."""

import random
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from django.db import transaction

from clearway.config.regions import find
from clearway.core.feeds.models import Source
from clearway.core.live import remembered
from clearway.core.organisation.models import Organisation
from clearway.desks.ambulance import ground, situation
from clearway.desks.ambulance.incidents import queries as incidents
from clearway.desks.ambulance.resources import boards
from clearway.desks.ambulance.resources import queries as resources
from clearway.domain.ambulance.events import AvailabilityEvent, Position
from clearway.domain.ambulance.words import Availability
from clearway.interchange.region_pack import parse
from clearway.simulation.ambulance.world import World

from .conftest import another_worker_records, at, conveyance, deliver

pytestmark = pytest.mark.django_db
REGION = parse(find("test-valley"))


def plain(seen: object) -> object:
    """Everything in it as plain values; NaN, which is unlike itself, as words."""
    return msgspec.json.encode(
        msgspec.to_builtins(seen, enc_hook=lambda array: [str(each) for each in array])
    )


def as_remembered(valley: Organisation, now: datetime) -> object:
    return plain(situation.read(valley.pk, now)), boards.board(valley.pk, now).rows


def at_first_look(valley: Organisation, now: datetime) -> object:
    with pytest.MonkeyPatch.context() as patch:
        for queries in (incidents, resources):
            patch.setattr(queries._REMEMBERED, "_kept", {})
        patch.setattr(ground._KEPT, "_kept", {})
        return as_remembered(valley, now)


@pytest.mark.parametrize(("regime", "seed"), [("busy", 1), ("quiet", 3)])
def test_a_remembered_region_is_what_a_first_look_finds(
    regime: str, seed: int, valley: Organisation, cad: Source, avl: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remembered, "FORGET_AFTER", timedelta(days=2))
    start = datetime(2026, 11, 20, 6, tzinfo=UTC)
    world = World(REGION, regime, seed=seed, start=start, positions=300)
    chance = random.Random(seed)
    now = start
    while now < start + timedelta(hours=26):  # the jobs of the first hours are over and forgotten by then
        now += timedelta(seconds=chance.choice([20, 1500, 6000]))
        known = (now - at(0)).total_seconds() / 60
        deliver(cad, world.advance(now), known=known)
        deliver(avl, world.positions(now), known=known)
        if chance.random() < 0.6:
            assert as_remembered(valley, now) == at_first_look(valley, now)
    assert as_remembered(valley, now) == at_first_look(valley, now)


def test_what_was_read_and_then_taken_back_is_forgotten(
    valley: Organisation, cad: Source, avl: Source
) -> None:
    deliver(cad, conveyance("TVH01", until="at_scene"))
    deliver(avl, [Position("A1", at(20), 52.21, -1.49)])
    before = as_remembered(valley, at(40))

    with transaction.atomic():
        deliver(cad, conveyance("TVH01")[3:])
        deliver(cad, conveyance("TVH02", incident="2", call_sign="B2", until="mobile"))
        deliver(avl, [Position("A1", at(30), 52.3, -1.3)])
        assert as_remembered(valley, at(40)) != before
        transaction.set_rollback(True)

    assert as_remembered(valley, at(40)) == before


@pytest.mark.django_db(transaction=True)
def test_a_transaction_that_was_open_at_the_last_look_is_seen_when_it_ends(
    valley: Organisation, cad: Source
) -> None:
    deliver(cad, [AvailabilityEvent("v0", at(10), "A1", Availability.AVAILABLE)], known=10)
    event = AvailabilityEvent("v1", at(14), "A1", Availability.ON_BREAK)

    with another_worker_records(event, source=cad, known=14):
        before = as_remembered(valley, at(15))

    assert as_remembered(valley, at(15)) != before
    assert as_remembered(valley, at(15)) == at_first_look(valley, at(15))
