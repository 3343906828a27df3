"""What every page's frame shows: where one can go, how fresh the feeds are, what is to do."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count, Q
from django.urls import reverse

from clearway.domain.shared.freshness import Freshness, FreshnessPolicy, freshness

from ..audit.models import Action
from ..feeds.models import SILENT, Source
from ..feeds.queries import first_heard, freshness_policy
from ..live.queries import last_beat
from ..notices.models import Notice
from ..notices.queries import shown as notices
from ..organisation.queries import departments
from ..worklist.models import Task
from .times import moment

LOST_AFTER = timedelta(seconds=10)  # without a sign of life from the worker; as in live.js
PLACE_VIEW, PLACE_PERMISSION = settings.PLACES
OTHER = "Other pages"  # of the menu, for an entry that settings.MENU does not name
HEADINGS = {name: heading for heading, names in settings.MENU.items() for name in names}
ORDER = (*settings.MENU, OTHER)
BATCHES_FORGOTTEN = {"verb": "retention.forget", "subject": "retention:batches"}
HEARD_STEP = 5  # seconds: a fragment changes at most so often, however fast messages come
# A desk's own sources, referrals, what becomes of texts, and FHIR: they come when somebody refers, is written
# to or asks, and no picture ages without them.
AS_IT_COMES = ("referrals", "notify", "fhir")
NOT_IN_THE_STRIP = (*SILENT, *AS_IT_COMES)


@dataclass(frozen=True, slots=True)
class Link:
    """One entry of the navigation. `chord` is the shortcut, e.g. "Alt+1"; the others stand under More."""

    label: str
    address: str
    chord: str
    is_current: bool
    is_in_the_bar: bool
    heading: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """The entries of the menu under one heading. is_in_the_bar: all of them stand in the bar too"""

    heading: str
    links: tuple[Link, ...]

    @property
    def is_in_the_bar(self) -> bool:
        return all(link.is_in_the_bar for link in self.links)


@dataclass(frozen=True, slots=True)
class Feed:
    """One source as the strip shows it.

    heard_at  when it was last heard, cut to HEARD_STEP seconds; None when never
    """

    name: str
    kind: str
    freshness: Freshness
    heard_at: datetime | None


@dataclass(frozen=True, slots=True)
class Tasks:
    """How many tasks are to do, and how many of them are P1."""

    waiting: int
    urgent: int


@dataclass(frozen=True, slots=True)
class Beat:
    """The worker's last sign of life, and how old it is when that is too old to trust the picture."""

    at: datetime
    silent_seconds: int | None


def navigation(request: Any) -> list[Link]:
    """The pages that this person may open, in the order of settings.NAVIGATION.

    A shortcut that both desks use is that of the desk whose page is open.
    """
    allowed = [
        (label, reverse(name), chord, HEADINGS.get(name, OTHER))
        for label, name, permission, chord in settings.NAVIGATION
        if request.reach.allows(permission)
    ]
    around = [address for _, address, *_ in allowed if request.path.startswith(address)]
    current = max(around, key=len, default="")  # a desk's first page stands above its others
    bar = [label for label, _, chord, _ in allowed if chord][: settings.IN_THE_BAR]
    here = [each for each in allowed if _desk_of(each[1]) == _desk_of(request.path)]
    owner = {chord: address for _, address, chord, _ in [*reversed(allowed), *reversed(here)]}
    return [
        Link(
            label, address, chord if owner[chord] == address else "", address == current, label in bar, under
        )
        for label, address, chord, under in allowed
    ]


def _desk_of(address: str) -> bool:
    """Which of the two desks a page belongs to: whether it is the outpatient one."""
    return address.startswith("/outpatients/")


def menu(pages: Sequence[Link]) -> list[Group]:
    """The pages of the navigation under the headings of settings.MENU, in its order."""
    under = {heading: tuple(each for each in pages if each.heading == heading) for heading in ORDER}
    return [Group(heading, links) for heading, links in under.items() if links]


def theme_of(request: Any) -> str:
    """ "light" or "dark": the setting of the person, or of the screen on a wall."""
    shown = getattr(request, "screen", None) or getattr(request, "user", None)
    return "dark" if getattr(shown, "theme", "light") == "dark" else "light"


def feeds_of(request: Any) -> list[Feed]:
    """The strip of the organisation's sources at the time of the request; two queries."""
    return feeds(request.organisation.pk, request.at) if request.organisation else []


def feeds(organisation_id: int, at: datetime) -> list[Feed]:
    """The enabled sources of an organisation with their freshness at one instant, as its policy says."""
    policy = freshness_policy(organisation_id, at)
    sources = Source.objects.filter(organisation_id=organisation_id, enabled=True)
    spoken = sources.exclude(kind__in=NOT_IN_THE_STRIP).order_by("name")
    return [_feed(source, at, policy) for source in spoken]


def rests_on(organisation_id: int, at: datetime) -> str:
    """What figures of an instant rest on, for what leaves the page: each source, its state and its age.

    Of those that no picture ages without, when they were last heard: their silence is no state.
    """
    said = [
        f"{each.name} {each.freshness.value}, {_heard(each.heard_at, at)}"
        for each in feeds(organisation_id, at)
    ]
    asked = Source.objects.filter(organisation_id=organisation_id, enabled=True, kind__in=AS_IT_COMES)
    said += [f"{each.name} as it comes, {_heard(each.received_at, at)}" for each in asked.order_by("name")]
    return f"Rests on: {'; '.join(said)}." if said else "Rests on: what is entered here, at once."


def _heard(heard_at: datetime | None, at: datetime) -> str:
    return f"heard {moment(heard_at, at)}" if heard_at else "never heard"


def unknown_before(request: Any, known_at: datetime) -> str:
    """Why nothing can be shown of a past instant, in a sentence; empty when something was known by then."""
    organisation_id = request.organisation.pk
    first = first_heard(organisation_id)
    if first is not None and known_at >= first:
        return ""
    if Action.objects.filter(organisation_id=organisation_id, **BATCHES_FORGOTTEN).exists():
        return ""  # the first message that is kept is not the first there was
    if first is None:
        return "No source has ever been heard, so nothing was known then."
    return (
        f"Nothing was known before {moment(first, request.at)}: the first message came in then. "
        "What had happened earlier became known only with it and after it."
    )


def beat_of(request: Any) -> Beat | None:
    """How alive the picture is; one query. None before a worker has ever run."""
    at = last_beat()
    if at is None:
        return None
    silent = request.at - at
    return Beat(at, int(silent.total_seconds()) if silent > LOST_AFTER else None)


def places_of(request: Any) -> list[tuple[str, str]]:
    """Name and address of every hospital whose page this person may open, for the finder; one query."""
    if not request.organisation or not request.reach.allows(PLACE_PERMISSION):
        return []
    return [
        (name, reverse(PLACE_VIEW, args=[code]))
        for code, name in departments(request.organisation.pk)
        if request.reach.allows_site(code, PLACE_PERMISSION)
    ]


def notices_of(request: Any) -> list[Notice]:
    """What everybody has to see at the time of the request; one query."""
    return notices(request.organisation.pk, request.at) if request.organisation else []


def tasks_of(request: Any) -> Tasks | None:
    """How many tasks are to do, and how many of them are P1; one query.

    None for who sees some sites only: the number that is pushed is the region's, and one that is not
    followed would soon be wrong.
    """
    if not request.organisation or request.reach.sites_for("tasks.read") is not None:
        return None
    return tasks(request.organisation.pk)


def tasks(organisation_id: int) -> Tasks:
    """What is to do in the whole region, as the worklist counts it; one query.

    What is shelved, or answered and waiting for its cause to go, is nothing to do now.
    """
    waiting = Task.objects.filter(organisation_id=organisation_id, state__in=Task.TO_DO)
    counted = waiting.aggregate(waiting=Count("id"), urgent=Count("id", filter=Q(priority=Task.Priority.P1)))
    return Tasks(**counted)


def _feed(source: Source, at: datetime, policy: FreshnessPolicy) -> Feed:
    heard = source.received_at
    age = None if heard is None else (at - heard).total_seconds()
    state = freshness(age, source.expected_interval_seconds, policy)
    return Feed(source.name, source.kind, state, heard and _cut(heard))


def _cut(at: datetime) -> datetime:
    return at - timedelta(seconds=at.second % HEARD_STEP, microseconds=at.microsecond)
