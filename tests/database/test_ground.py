"""What seldom changes is kept, and is never older than the tables that it was read from."""

import re
from collections.abc import Callable

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from clearway.core.organisation.models import Area, Organisation, PolicyVersion, Site
from clearway.desks.ambulance import ground
from clearway.desks.ambulance.forecast.models import Standing
from clearway.desks.ambulance.liaison.models import HospitalState

from .conftest import at

pytestmark = pytest.mark.django_db
NOW = at(30)


def rename_a_hospital(valley: Organisation) -> None:
    Site.objects.filter(organisation=valley, code="TVH01").update(name="Renamed Hospital")


def rename_the_areas(valley: Organisation) -> None:
    Area.objects.filter(organisation=valley).update(name="Elsewhere")


def change_a_policy(valley: Organisation) -> None:
    row = PolicyVersion.objects.filter(organisation=valley, name="wrap_up").latest("version")
    row.pk, row.version, row.values = None, row.version + 1, {"limit_minutes": 7}
    row.save()


def settle_a_record(valley: Organisation) -> None:
    Standing.objects.create(organisation=valley, site_code="TVH01", method="last_k", settled_at=NOW)


def say_how_a_hospital_stands(valley: Organisation) -> None:
    HospitalState.objects.create(organisation=valley, site="TVH01")


CHANGES = (
    rename_a_hospital,
    rename_the_areas,
    change_a_policy,
    settle_a_record,
    say_how_a_hospital_stands,
)


@pytest.mark.parametrize("change", CHANGES)
def test_what_is_kept_follows_every_change_and_every_change_that_is_taken_back(
    change: Callable[[Organisation], None], valley: Organisation
) -> None:
    before = ground.now(valley.pk, NOW)

    with transaction.atomic():
        change(valley)
        changed = ground.now(valley.pk, NOW)
        assert changed == ground.as_of(valley.pk, NOW)
        transaction.set_rollback(True)

    assert changed != before
    assert ground.now(valley.pk, NOW) == before


def test_where_nothing_changed_one_question_is_enough(valley: Organisation) -> None:
    ground.now(valley.pk, NOW)

    with CaptureQueriesContext(connection) as asked:
        ground.now(valley.pk, NOW)

    assert len(asked) == 1


@pytest.mark.parametrize("name", ground.PARTS)
def test_a_part_is_made_of_no_other_table_than_those_it_watches(name: str, valley: Organisation) -> None:
    part = ground.PARTS[name]
    watched = {rows.model._meta.db_table for rows in (each(valley.pk, NOW) for each in part.rows)}

    with CaptureQueriesContext(connection) as asked:
        part.made(valley.pk, NOW)

    read = {table for each in asked for table in re.findall(r'(?:FROM|JOIN) "(\w+)"', each["sql"])}
    assert read
    assert read <= watched
