"""The tables can be rebuilt from the facts, and a row that was tampered with is found."""

import json
from collections.abc import Callable

import pytest

from clearway.cli import main
from clearway.core.feeds.models import Source
from clearway.desks.ambulance.incidents.models import Assignment
from clearway.desks.ambulance.liaison.models import HospitalState
from clearway.desks.ambulance.quality.models import Finding
from clearway.desks.ambulance.resources.models import Resource
from clearway.domain.ambulance.events import AvailabilityEvent
from clearway.domain.ambulance.words import Availability

from .conftest import at, conveyance, deliver, job, report

pytestmark = pytest.mark.django_db


@pytest.fixture
def fed(cad: Source) -> Source:
    deliver(
        cad, [*conveyance("TVH01"), job("at_hospital", 45), job("clear", 20, incident="2", call_sign="B2")]
    )
    deliver(cad, [report("TVH01", 9, majors_taken=12, majors_places=10)])
    deliver(cad, [report("TVH01", 5, majors_taken=3, boarding=2)])
    deliver(cad, [AvailabilityEvent("v2", at(9), "A1", Availability.ON_BREAK)])
    deliver(cad, [AvailabilityEvent("v1", at(3), "A1", Availability.OFF)])
    return cad


def test_what_was_folded_as_it_came_equals_what_is_rebuilt(
    fed: Source, capsys: pytest.CaptureFixture[str]
) -> None:
    assert Finding.objects.exists()

    assert main(["verify", "facts", "--json"]) == 0

    assert json.loads(capsys.readouterr().out) == {"streams": 4, "differences": []}


@pytest.mark.parametrize(
    "tamper",
    [
        lambda: Assignment.objects.filter(key="1/A1").update(state="queuing"),
        lambda: Resource.objects.filter(call_sign="A1").update(availability="off"),
        lambda: Finding.objects.filter(stream="resource:A1").delete(),
    ],
)
def test_a_row_that_is_not_what_its_facts_add_up_to_is_named(
    fed: Source, tamper: Callable[[], object], capsys: pytest.CaptureFixture[str]
) -> None:
    tamper()

    assert main(["verify", "facts"]) == 1

    assert "A1" in capsys.readouterr().out


def test_a_state_of_a_hospital_that_its_reports_do_not_add_up_to_is_named(
    fed: Source, capsys: pytest.CaptureFixture[str]
) -> None:
    HospitalState.objects.update(figures={})

    assert main(["verify", "facts"]) == 1

    assert "hospital:TVH01" in capsys.readouterr().out


def test_an_organisation_that_does_not_exist_is_not_taken_for_all(
    fed: Source, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["verify", "facts", "--organisation", "nobody"]) == 2

    assert "There is no organisation 'nobody'" in capsys.readouterr().err
