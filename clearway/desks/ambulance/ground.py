"""What the desk's pictures rest on beside jobs and resources: it seldom changes and is read together."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from clearway.core.live.kept import Kept, Part
from clearway.core.organisation import queries as organisation
from clearway.core.organisation.queries import ReceivingSite
from clearway.domain.ambulance.disruptions import Disruption
from clearway.domain.ambulance.diverts import Divert
from clearway.domain.ambulance.hospitals import HospitalStanding

from . import policy
from .advice import queries as advice
from .advice.queries import Binding
from .breaks import queries as breaks
from .breaks.queries import Guarded
from .coverage import queries as coverage
from .coverage.queries import Standing as StandsBy
from .diverts import queries as diverts
from .downtime import queries as downtime
from .forecast import queries as forecast
from .forecast.queries import Records
from .liaison import queries as liaison
from .policy import DeskPolicy
from .release import queries as release
from .release.queries import Standing
from .travel import queries as travel


@dataclass(frozen=True, slots=True)
class Ground:
    """One organisation's ground at one instant.

    sites      its hospitals with an emergency department, in the order of the boards
    areas      site code -> name of its area
    policy     the policies of the local day
    records    site code -> what its forecasts have taught
    hospitals  what hospitals say of themselves
    bound      assignment -> the place that its crew has accepted
    passed     assignment -> the nearest appropriate place, where somebody sent its crew past it
    breaks     the beginnings of breaks that are planned
    moves      the moves to standby points that stand, by call sign
    by_hand    call sign -> the newest instant of it that was entered by hand of late
    releases   assignment -> the newest record of its patient's release
    """

    sites: tuple[ReceivingSite, ...]
    areas: Mapping[str, str]
    policy: DeskPolicy
    records: Records
    hospitals: tuple[HospitalStanding, ...]
    bound: Mapping[str, Binding]
    passed: Mapping[str, str]
    breaks: Mapping[str, Guarded]
    moves: Mapping[str, StandsBy]
    by_hand: Mapping[str, datetime]
    releases: Mapping[str, Standing]
    diverts: tuple[Divert, ...]
    disruptions: tuple[Disruption, ...]


PARTS: Mapping[str, Part] = {
    "sites": Part(
        lambda key, at: tuple(organisation.receiving_sites(key)),
        [lambda key, at: organisation.receiving_rows(key)],
    ),
    "areas": Part(
        lambda key, at: organisation.area_names(key),
        [lambda key, at: organisation.site_rows(key), lambda key, at: organisation.area_rows(key)],
    ),
    "policy": Part(policy.desk_policy, [policy.rows]),
    "records": Part(lambda key, at: forecast.records(key), [lambda key, at: forecast.record_rows(key)]),
    "hospitals": Part(lambda key, at: liaison.standings(key), [lambda key, at: liaison.rows(key)]),
    "bound": Part(advice.bound, [advice.bound_rows]),
    "passed": Part(advice.passed, [advice.passed_rows]),
    "breaks": Part(breaks.planned, [breaks.rows_planned, lambda key, at: organisation.site_rows(key)]),
    "moves": Part(coverage.standing, [coverage.rows_standing, lambda key, at: organisation.site_rows(key)]),
    "by_hand": Part(downtime.by_hand, [downtime.rows_by_hand]),
    "releases": Part(release.standing, [release.rows_of_late]),
    "diverts": Part(diverts.in_force, [diverts.rows_in_force]),
    "disruptions": Part(travel.disruptions, [travel.rows_known]),
}
_KEPT = Kept(PARTS)


def now(organisation_id: int, at: datetime) -> Ground:
    """The ground of the present. One query; one or two more for each part that changed."""
    return Ground(**_KEPT.read(organisation_id, at))


def as_of(organisation_id: int, at: datetime) -> Ground:
    """The ground of a past instant, but for what hospitals said, which the facts tell."""
    return Ground(**{name: part.made(organisation_id, at) for name, part in PARTS.items()})
