"""A region pack becomes rows; loading it again changes nothing, changing it makes a new version."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from clearway.config.regions import find, slugs
from clearway.core.audit.actions import Actor
from clearway.core.organisation.actions import load_region
from clearway.core.organisation.models import Organisation, PolicyVersion, Site
from clearway.core.organisation.queries import policy
from clearway.interchange.region_pack import parse

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 20, tzinfo=UTC)


@pytest.mark.parametrize("slug", slugs())
def test_every_pack_in_the_house_loads(slug: str) -> None:
    region = parse(find(slug))

    organisation = load_region(region, by=Actor("test"), at=NOW)

    assert organisation.sites.count() == len(region.sites)
    assert organisation.policies.count() == len(region.policies)


def test_loading_the_same_pack_again_changes_nothing(valley: Organisation) -> None:
    before = list(Site.objects.values()), list(PolicyVersion.objects.values())

    load_region(parse(find("test-valley")), by=Actor("test"), at=NOW)

    assert (list(Site.objects.values()), list(PolicyVersion.objects.values())) == before


def test_a_changed_policy_is_a_new_version_and_the_old_one_stays(valley: Organisation) -> None:
    region = parse(find("test-valley"))
    wrap_up = replace(region.policy("wrap_up"), values={"limit_minutes": 20})
    others = tuple(each for each in region.policies if each.name != "wrap_up")

    load_region(replace(region, policies=(*others, wrap_up)), by=Actor("test"), at=NOW)

    assert policy(valley.pk, "wrap_up", NOW.date()) == {"limit_minutes": 20}
    assert valley.policies.filter(name="wrap_up").count() == 2
