"""An outpatient pack becomes services, rooms and templates, and costs the ambulance desk nothing."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from clearway.config.regions import find
from clearway.core.audit.actions import Actor
from clearway.core.organisation.actions import load_region
from clearway.core.organisation.models import Organisation
from clearway.core.retention.queries import common_cutoff
from clearway.core.worklist.models import Task
from clearway.desks.ambulance.snapshots.models import Snapshot
from clearway.desks.outpatients.clinics.loading import load_department
from clearway.desks.outpatients.models import Clinician, Equipment, Room, Service, Template
from clearway.domain.outpatients.department import Department
from clearway.gateway import duties
from clearway.interchange import department_pack, region_pack

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 20, 9, tzinfo=UTC)
BY = Actor("test")
FILES = find("worcestershire")


@pytest.fixture
def trust() -> Organisation:
    return load_region(region_pack.parse(FILES), by=BY, at=AT)


def department() -> Department:
    found = department_pack.parse(FILES, region_pack.parse(FILES))
    assert found is not None
    return found


def load(trust: Organisation, wanted: Department) -> None:
    load_department(wanted, organisation_id=trust.pk, by=BY, at=AT)


def test_the_pack_becomes_rows_and_loading_it_again_changes_nothing(trust: Organisation) -> None:
    load(trust, department())
    tables = (Service, Clinician, Room, Equipment, Template)
    before = [list(table.objects.order_by("pk").values()) for table in tables]

    load(trust, department())

    assert [len(rows) for rows in before] == [14, 20, 25, 3, 201]
    after = [list(table.objects.order_by("pk").values()) for table in tables]
    assert after == before


def test_a_clinic_that_changed_is_a_new_version_and_the_old_one_stays(trust: Organisation) -> None:
    load(trust, department())
    first, *others = department().clinics
    shorter = replace(first, slots=first.slots[:2])

    load(trust, replace(department(), clinics=(shorter, *others)))

    versions = Template.objects.filter(code=first.code).order_by("version")
    assert [len(version.slots) for version in versions] == [6, 2]


def test_a_trust_without_an_ambulance_desk_costs_its_duties_nothing(trust: Organisation) -> None:
    every = {duty.name: duty for group in duties.groups().values() for duty in group()}

    for name in ("rules", "advice", "forecast", "snapshots"):
        every[name].work(AT + timedelta(hours=1))

    assert not Task.objects.exists()
    assert not Snapshot.objects.exists()


def test_what_ambulance_trusts_share_is_let_go_when_they_say_so(
    trust: Organisation, valley: Organisation
) -> None:
    assert common_cutoff("positions", AT) is not None
