"""From the facts of an assignment stream to everything its row shows."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from clearway.core.feeds.models import Source
from clearway.core.layout.times import local
from clearway.core.organisation.models import Site
from clearway.core.organisation.queries import policy, site_by_code
from clearway.domain.ambulance import downtime, quality, quality_said, transitions
from clearway.domain.ambulance.events import Event, JobEvent
from clearway.domain.ambulance.transitions import Assignment as Folded
from clearway.domain.ambulance.words import JobStatus
from clearway.domain.shared.facts import Fact, in_fixed_order
from clearway.domain.shared.findings import Finding as Found
from clearway.domain.shared.region import SiteKind

from ..facts.queries import of_kind


@dataclass(frozen=True, slots=True)
class ReferenceBook:
    """What folding looks things up in: sites by code, what each source can know, and the trust's limits."""

    sites: Mapping[str, Site]
    knows: Mapping[str, frozenset[str]]
    limits: quality.Limits


def reference_book(organisation_id: int, at: datetime) -> ReferenceBook:
    """The organisation's reference book as it stands at an instant. Three queries."""
    sources = Source.objects.filter(organisation_id=organisation_id)
    return ReferenceBook(
        sites=site_by_code(organisation_id),
        knows={source.name: frozenset(source.knows) for source in sources},
        limits=quality.Limits(**policy(organisation_id, "quality_limits", local(at).date())),
    )


@dataclass(frozen=True, slots=True)
class FoldedAssignment:
    """An assignment stream folded, its destination resolved, its findings complete.

    source  who opened the stream: decides what may be missing without being a finding
    """

    state: Folded
    findings: tuple[Found, ...]
    site: Site | None
    source: str
    known_at: datetime


def fold_assignment(facts: Iterable[Fact[Event]], book: ReferenceBook) -> FoldedAssignment:
    """What the facts of one assignment stream add up to, and everything in it that cannot be right."""
    jobs = of_kind(JobEvent, facts)
    state, findings = transitions.fold(jobs)
    ordered = in_fixed_order(jobs, transitions.rank)
    source = (downtime.counting(ordered) or ordered)[0].source
    known_at = max(fact.known_at for fact in jobs)
    knows, site = book.knows.get(source, frozenset()), book.sites.get(state.destination or "")
    if quality_said.two_sides(ordered) or quality_said.several_patients(ordered):
        findings = tuple(each for each in findings if (each.code, each.what) != ("JC03", JobStatus.HANDOVER))
    stamps = quality.inspect(state, known_at, book.limits, knows_handover="handover" in knows)
    # At a minor unit nobody queues in the sense of the rules, and no feed says so.
    is_department = site is not None and site.kind == SiteKind.EMERGENCY_DEPARTMENT
    asked = knows if is_department else knows - {"queue"}
    said = quality_said.inspect_said(ordered, state, asked, book.limits)
    where = _destination(state, site, knows)
    unit = quality_said.inspect_unit(ordered, is_department)
    return FoldedAssignment(state, (*findings, *stamps, *said, *where, *unit), site, source, known_at)


def _destination(state: Folded, site: Site | None, knows: frozenset[str]) -> Iterator[Found]:
    """What is wrong with where the patient was taken."""
    arrived = state.stamps.get(JobStatus.AT_HOSPITAL)
    known = quality.KnownSite(site.code, site.opens, site.closes) if site else None
    return quality.inspect_destination(state, known, f"{local(arrived):%H:%M}" if arrived else "", knows)


def fold_jobs(facts: Iterable[Fact[Event]]) -> tuple[Folded, tuple[Found, ...]]:
    """What the facts of one assignment stream add up to."""
    return transitions.fold(of_kind(JobEvent, facts))
