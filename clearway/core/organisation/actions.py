"""Loading a region pack into the tables: version 1 of everything, new versions where it changed."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.db import transaction

from clearway.domain.shared.errors import NotAllowed
from clearway.domain.shared.region import FeedSource, Policy, Region

from ..audit.actions import Actor, Entry
from ..audit.actions import record as audit
from ..feeds.models import Source
from ..live.actions import announce
from .models import Area, Organisation, PolicyVersion, Site

DESK_INTERVAL_SECONDS = 24 * 3600  # people speak when they have something to say


@transaction.atomic
def load_region(region: Region, *, by: Actor, at: datetime) -> Organisation:
    """Bring an organisation to what its pack says. Loading the same pack again changes nothing.

    Sites that the pack no longer names stay, because facts point at them. A policy whose values differ from
    its newest version becomes a new version; the old one is kept. Raises NotAllowed when another organisation
    has a source of one of its names.
    """
    organisation, _ = Organisation.objects.update_or_create(
        code=region.organisation_code,
        defaults={
            "slug": region.slug,
            "name": region.organisation_name,
            "timezone": region.timezone,
            "desks": [desk.value for desk in region.desks],
        },
    )
    areas = {
        area.code: Area.objects.update_or_create(
            organisation=organisation, code=area.code, defaults={"name": area.name}
        )[0]
        for area in region.areas
    }
    for site in region.sites:
        values = {name: value for name, value in asdict(site).items() if name in _SITE_FIELDS}
        values["area"] = areas.get(site.area or "")
        Site.objects.update_or_create(organisation=organisation, code=site.code, defaults=values)
    new_versions = sum(_load_policy(organisation, policy, by, at) for policy in region.policies)
    for source in (*region.sources, FeedSource(desk_source_name(region.slug), "desk", DESK_INTERVAL_SECONDS)):
        _load_source(organisation, source)
    detail = {"sites": len(region.sites), "new_policy_versions": new_versions}
    audit(
        [Entry("organisation.load_region", f"organisation:{organisation.code}", detail)],
        organisation_id=organisation.pk,
        by=by,
        at=at,
    )
    announce("source", [source.name for source in region.sources], organisation_id=organisation.pk, at=at)
    return organisation


_SITE_FIELDS = {field.name for field in Site._meta.fields} - {"id", "organisation", "area"}


def desk_source_name(slug: str) -> str:
    """The source under which people at the desk of an organisation speak."""
    return f"{slug}-desk"


def _load_policy(organisation: Organisation, policy: Policy, by: Actor, at: datetime) -> bool:
    newest = organisation.policies.filter(name=policy.name).order_by("-version").first()
    values = _plain(policy.values)
    if newest and newest.values == values:
        return False
    PolicyVersion.objects.create(
        organisation=organisation,
        name=policy.name,
        version=newest.version + 1 if newest else 1,
        valid_from=policy.valid_from,
        review_on=policy.review_on,
        owner=policy.owner,
        source=policy.source,
        mark=policy.mark,
        values=values,
        made_at=at,
        made_by=by.name,
    )
    return True


def _load_source(organisation: Organisation, source: FeedSource) -> None:
    if Source.objects.filter(name=source.name).exclude(organisation=organisation).exists():
        why = f"{source.name} belongs to another organisation. Give the source another name in region.toml."
        raise NotAllowed("taken", "Loading this source", why)
    Source.objects.update_or_create(
        name=source.name,
        defaults={
            "organisation": organisation,
            "kind": source.kind,
            "expected_interval_seconds": source.expected_interval_seconds,
            "knows": sorted(source.knows),
        },
    )


def _plain(value: Any) -> Any:
    """Mappings and tuples of a pack as JSON has them."""
    if hasattr(value, "items"):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple | frozenset | set):
        return [_plain(each) for each in value]
    return value
