"""Which crews are near: the columns of the fleet say what the crews say one by one."""

import math
from random import Random

from clearway.domain.ambulance.words import ResourceKind
from clearway.domain.shared.region import Mark, Site, SiteKind
from clearway.simulation.ambulance import roads
from clearway.simulation.ambulance.crews import NEAREST, ROOM, Crew, Fleet, Leg, Readiness
from clearway.simulation.shared.chance import Chance

READY = (Readiness.FREE, Readiness.EN_ROUTE_C2)


def station(dice: Random) -> Site:
    return Site(
        code="S1",
        key="S1",
        name="Station",
        town="Town",
        kind=SiteKind.STATION,
        latitude=51 + round(dice.random(), 1),
        longitude=-2 - round(dice.random(), 1),
        area=None,
        mark=Mark.ASSUMED,
        source="made up",
    )


def crew(number: int, dice: Random) -> Crew:
    kind = dice.choice((ResourceKind.DCA, ResourceKind.RRV))
    return Crew(f"A{number:04d}", kind, station(dice), 0.0, 1e6, 0.0, 0.0, Chance(1, f"crew {number}"))


def by_hand(crews: list[Crew], latitude: float, longitude: float, at: float) -> list[tuple[float, Crew]]:
    """The definition: every crew asked where it is, those who booked on first before others as near."""
    narrow = math.cos(math.radians(latitude))
    found = []
    for place, each in enumerate(crews):
        if each.readiness in READY:
            here = each.leg.at(at)
            north, east = here[0] - latitude, (here[1] - longitude) * narrow
            found.append((north * north + east * east, place, each))
    near = sorted(found, key=lambda each: each[:2])[:NEAREST]
    return [(roads.minutes_for(roads.KM_PER_DEGREE * math.sqrt(square)), each) for square, _, each in near]


def test_the_nearest_crews_are_those_that_the_crews_themselves_give():
    dice, fleet = Random(1), Fleet(tracked=False)
    on_duty: list[Crew] = []
    for number in range(3 * ROOM):  # rows are used up more than once
        at = 60.0 * number
        on_duty.append(crew(number, dice))
        fleet.join(on_duty[-1], at)
        fleet.mark(on_duty[-1], dice.choice(tuple(Readiness)[1:]))
        if len(on_duty) > 60:
            fleet.leave(on_duty.pop(dice.randrange(len(on_duty))), at)
        mover = dice.choice(on_duty)
        fleet.move(mover, Leg(at, at + 1800 * dice.random(), *mover.position(at), 51.5, -2.5 - dice.random()))
        if number % 16 == 0:
            latitude, longitude = 51 + dice.random(), -2 - dice.random()
            assert fleet.reach(latitude, longitude, at + 300, READY) == by_hand(
                on_duty, latitude, longitude, at + 300
            )
