"""Where a journey begins: the vehicle while its position is fresh, the scene, or nothing."""

import pytest
from django.test import Client

from clearway.core.organisation.models import Organisation
from clearway.desks.ambulance.advice import cases, reading
from clearway.domain.ambulance.destinations import PositionSource
from clearway.engine.ambulance.ranking import Verdict

from .giving_advice import FAR_AWAY, NEAR_MILLBROOK, a_call, a_crew, now, seen_at

pytestmark = pytest.mark.django_db


def test_a_crew_at_scene_whose_position_is_old_is_advised_from_the_scene(knowing: Organisation) -> None:
    a_call(knowing, "JA1", NEAR_MILLBROOK)
    seen_at(knowing, "A1", 50, FAR_AWAY)

    case = a_crew(knowing, "allocated", "mobile", "at_scene").case

    assert case and tuple(case.position) == NEAR_MILLBROOK
    assert case.position_from is PositionSource.SCENE
    answer = reading.read(knowing.pk, now()).advise(case)
    assert answer.verdict is not Verdict.ABSTAINED
    assert any(each.name.startswith("Place of the scene") and each.age_minutes for each in answer.inputs)


def test_a_position_that_is_fresh_goes_before_the_scene(knowing: Organisation) -> None:
    a_call(knowing, "JA1", NEAR_MILLBROOK)
    seen_at(knowing, "A1", 1, FAR_AWAY)

    case = a_crew(knowing, "allocated", "mobile", "at_scene").case

    assert case and tuple(case.position) == FAR_AWAY and case.position_from is PositionSource.VEHICLE


@pytest.mark.parametrize("statuses", [("allocated",), ("allocated", "mobile")])
def test_a_crew_on_its_way_to_a_scene_is_advised_from_the_scene_and_never_from_the_road(
    knowing: Organisation, flow: Client, statuses: tuple[str, ...]
) -> None:
    seen_at(knowing, "A1", 1, FAR_AWAY)

    assert a_crew(knowing, *statuses).case is None
    page = flow.get("/advice/A1/").content.decode()
    assert "Nobody knows where this patient is" in page and "data-accept" not in page
    a_call(knowing, "JA1", NEAR_MILLBROOK)

    found = cases.crew(reading.read(knowing.pk, now()), "A1")
    assert found and found.case and tuple(found.case.position) == NEAR_MILLBROOK
    assert found.case.position_from is PositionSource.SCENE


def test_a_crew_that_has_left_and_whose_position_is_old_gets_no_recommendation(
    knowing: Organisation,
) -> None:
    a_call(knowing, "JA1", NEAR_MILLBROOK)
    seen_at(knowing, "A1", 50, FAR_AWAY)

    case = a_crew(knowing, "allocated", "mobile", "at_scene", "left_scene").case

    assert case and case.position_from is PositionSource.SCENE_LEFT
    answer = reading.read(knowing.pk, now()).advise(case)
    assert answer.verdict is Verdict.ABSTAINED
    assert "the crew left the scene" in answer.why
