"""An invented department is played through the desk's own actions, and goes on where it was."""

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from clearway.config.regions import find
from clearway.core.audit.actions import Actor
from clearway.core.organisation.actions import load_region
from clearway.desks.outpatients import models
from clearway.desks.outpatients.clinics.loading import load_department
from clearway.desks.outpatients.clocks import queries as clocks
from clearway.desks.outpatients.directory import queries as directory
from clearway.desks.outpatients.directory.models import DirectoryLoad
from clearway.gateway import department
from clearway.interchange import clock_examples, department_pack, region_pack
from clearway.simulation.outpatients import parameters

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 20, 11, tzinfo=UTC)  # a Friday
EXAMPLES = clock_examples.parse(find("worcestershire")[clock_examples.FILE])


@pytest.fixture(scope="module")
def begun(db_of_module: None) -> department.Department:
    """A tenth of the department, one week back and one ahead, with three of the worked examples."""
    files = find("worcestershire")
    region = region_pack.parse(files)
    by = Actor("test")
    organisation = load_region(region, by=by, at=AT)
    pack = department_pack.parse(files, region)
    assert pack is not None
    load_department(pack, organisation_id=organisation.pk, by=by, at=AT)
    models.Template.objects.exclude(code__startswith="PHY0").delete()
    behaves = parameters.read({**region.simulation, "scale": 0.1}, pack)
    made = department.Department(organisation.pk, behaves, seed=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(department, "BACK", timedelta(weeks=1))
        patch.setattr(department, "AHEAD", timedelta(weeks=1))
        department.begin(made, [each for each in EXAMPLES if each.number in ("1", "18", "45")], AT)
    return made


@pytest.fixture
def played(begun: department.Department, monkeypatch: pytest.MonkeyPatch) -> department.Department:
    """The same as it began; what is played on is taken back."""
    monkeypatch.setattr(department, "BACK", timedelta(weeks=1))
    monkeypatch.setattr(department, "AHEAD", timedelta(weeks=1))
    return begun


def test_a_worked_example_is_a_patient_with_its_clock(played: department.Department) -> None:
    pathway = models.Pathway.objects.get(patient__family_name="Example 18")

    (period,) = clocks.explained(pathway.pk, AT.date()).periods
    assert (period.start.isoformat(), pathway.state) == ("2024-12-02", "ticking")
    assert models.Pathway.objects.filter(patient__family_name="Example 45").count() == 2


def test_every_practice_of_a_patient_has_a_name_and_nobody_has_to_see_to_one(
    played: department.Department,
) -> None:
    codes = set(models.Patient.objects.exclude(practice="").values_list("practice", flat=True))
    ways = directory.resolve(played.organisation_id, codes, AT.date())

    assert len(codes) > 5
    assert all("invented" in ways[code].told.name for code in codes)
    assert directory.unsettled(played.organisation_id, AT) == directory.Unsettled()
    assert DirectoryLoad.objects.get().refused_count == 0


def test_a_department_that_is_there_is_not_made_again(played: department.Department) -> None:
    before = models.Patient.objects.count()

    department.begin(played, EXAMPLES, AT + timedelta(hours=1))

    assert models.Patient.objects.count() == before


def test_hours_bring_referrals_cancellations_and_bookings(played: department.Department) -> None:
    received = models.Referral.objects.count()
    cancelled = models.Appointment.objects.filter(state="cancelled")
    before = cancelled.count()

    department.live(played, AT, AT + timedelta(days=3, hours=1), threading.Event())

    assert models.Referral.objects.count() > received
    assert cancelled.count() > before
    assert models.Appointment.objects.filter(made_by="demo:department").exists()


def test_clinics_are_cashed_up_by_the_evening_but_for_the_forgotten(played: department.Department) -> None:
    open_ones = models.Appointment.objects.filter(state__in=("booked", "arrived"), ends_at__lt=AT)
    before = open_ones.count()

    department.live(played, AT, AT + timedelta(hours=7), threading.Event())

    assert open_ones.count() < before / 2
    said = models.Appointment.objects.filter(outcomed_by="demo:department")
    assert {"5", "3"} <= set(said.values_list("attended", flat=True))


def test_the_same_hours_played_again_register_nobody_twice(played: department.Department) -> None:
    department.live(played, AT, AT + timedelta(hours=3), threading.Event())
    received = models.Referral.objects.count()

    department.live(played, AT, AT + timedelta(hours=3), threading.Event())

    assert models.Referral.objects.count() == received


def test_how_far_was_played_is_remembered(tmp_path: Path) -> None:
    at = tmp_path / "department.json"
    played = department.Played("worcestershire", 1, AT)

    assert department.Played.load(at) is None
    played.save(at)

    assert department.Played.load(at) == played
