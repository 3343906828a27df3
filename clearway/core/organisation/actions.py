"""Loading a region pack into the tables: version 1 of everything, new versions where it changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction

from clearway.domain.shared.errors import NotAllowed
from clearway.domain.shared.region import FeedSource, Mark, Policy, Region

from ..audit.actions import Actor, Entry
from ..audit.actions import record as audit
from ..clashes import ChangedMeanwhile
from ..feeds.models import BY_HAND, Source
from ..live.actions import announce
from .models import Area, Organisation, PolicyVersion, Site

DESK_INTERVAL_SECONDS = 24 * 3600  # people speak when they have something to say


@transaction.atomic
def load_region(region: Region, *, by: Actor, at: datetime) -> Organisation:
    """Bring an organisation to what its pack says. Loading the same pack again changes nothing.

    Sites that the pack no longer names stay, because facts point at them. A policy of which the pack says
    something new becomes a new version; the old one is kept. What people decided since stands as long as the
    pack says the same as before. Raises NotAllowed when another organisation
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
    _load_places(organisation, region)
    new_versions = _load_policies(organisation, region.policies, by, at)
    for source in (*region.sources, *_of_people(region.slug)):
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


_SITE_FIELDS = [field.name for field in Site._meta.fields if field.name not in ("id", "organisation", "code")]


def _load_places(organisation: Organisation, region: Region) -> None:
    Area.objects.bulk_create(
        [Area(organisation=organisation, code=area.code, name=area.name) for area in region.areas],
        update_conflicts=True,
        unique_fields=["organisation", "code"],
        update_fields=["name"],
    )
    areas = {area.code: area for area in Area.objects.filter(organisation=organisation)}
    Site.objects.bulk_create(
        [
            Site(
                organisation=organisation,
                code=site.code,
                area=areas.get(site.area or ""),
                **{name: getattr(site, name) for name in _SITE_FIELDS if name != "area"},
            )
            for site in region.sites
        ],
        update_conflicts=True,
        unique_fields=["organisation", "code"],
        update_fields=_SITE_FIELDS,
    )


def _of_people(slug: str) -> tuple[FeedSource, FeedSource]:
    """The sources under which people speak: at the desk, and by hand while the CAD is away."""
    by_hand = FeedSource(f"{slug}-by-hand", BY_HAND, DESK_INTERVAL_SECONDS)
    return FeedSource(desk_source_name(slug), "desk", DESK_INTERVAL_SECONDS), by_hand


def desk_source_name(slug: str) -> str:
    """The source under which people at the desk of an organisation speak."""
    return f"{slug}-desk"


def _load_policies(organisation: Organisation, policies: Sequence[Policy], by: Actor, at: datetime) -> int:
    """Write what the pack says anew of its policies; returns how many new versions that took."""
    kept = organisation.policies.filter(name__in=[policy.name for policy in policies])
    newest = {row.name: row for row in kept.order_by("name", "-version").distinct("name")}
    from_packs = kept.filter(by_person=False).order_by("name", "-version").distinct("name")
    loaded = {row.name: row for row in from_packs}
    made = []
    for policy in policies:
        stands, said = newest.get(policy.name), loaded.get(policy.name)
        values = _plain(policy.values)
        if any(each and _says(each, policy, values) for each in (stands, said)):
            continue
        made.append(
            PolicyVersion(
                organisation=organisation,
                name=policy.name,
                version=stands.version + 1 if stands else 1,
                valid_from=policy.valid_from,
                review_on=policy.review_on,
                owner=policy.owner,
                source=policy.source,
                mark=policy.mark,
                values=values,
                made_at=at,
                made_by=by.name,
            )
        )
    PolicyVersion.objects.bulk_create(made)
    return len(made)


def _says(version: PolicyVersion, policy: Policy, values: dict[str, Any]) -> bool:
    """The pack says nothing that this version does not say: a review alone is a new version too."""
    signed = ("owner", "source", "mark", "review_on")
    return bool(version.values == values) and all(
        getattr(version, name) == getattr(policy, name) for name in signed
    )


@dataclass(frozen=True, slots=True)
class Signed:
    """A policy as somebody signs it, from today.

    seen  the version that the person saw, 0 where there was none: another one since is not written over
    """

    name: str
    values: Mapping[str, Any]
    owner: str
    source: str
    review_on: date
    mark: Mark
    seen: int


def sign(
    signed: Signed,
    *,
    verb: str,
    detail: Mapping[str, Any],
    organisation_id: int,
    by: Actor,
    at: datetime,
    today: date,
) -> PolicyVersion:
    """Write a new version of a policy, valid from today. Only people sign.

    Raises NotAllowed, and ChangedMeanwhile where there is a newer version than the one on the screen.
    """
    if by.user_id is None:
        raise NotAllowed("nobody", "Signing a policy", "Only a person signs a policy.")
    if signed.review_on <= today:
        raise NotAllowed("past", "Signing a policy", "The review comes after today.")
    changed = "Somebody has answered meanwhile. Look at it as it is now."
    try:
        with transaction.atomic():
            rows = PolicyVersion.objects.filter(organisation_id=organisation_id, name=signed.name)
            newest = rows.order_by("-version").first()
            if (newest.version if newest else 0) != signed.seen:
                raise ChangedMeanwhile("changed", "Signing a policy", changed)
            row = PolicyVersion.objects.create(
                organisation_id=organisation_id,
                name=signed.name,
                version=signed.seen + 1,
                valid_from=today,
                review_on=signed.review_on,
                owner=signed.owner,
                source=signed.source,
                mark=signed.mark,
                values=_plain(signed.values),
                made_at=at,
                made_by=by.name,
                by_person=True,
            )
            entry = Entry(verb, f"policy:{signed.name}", {"version": row.version, **detail})
            audit([entry], organisation_id=organisation_id, by=by, at=at)
    except IntegrityError:
        raise ChangedMeanwhile("changed", "Signing a policy", changed) from None
    return row


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
