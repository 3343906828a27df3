"""The list of diverts, proposing one, and its page with every step."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from clearway.core.organisation.queries import departments
from clearway.core.people.permissions import needs
from clearway.domain.ambulance.diverts import DivertState, DivertStep, Party
from clearway.domain.ambulance.situation import Situation
from clearway.domain.ambulance.words import HospitalMeasure
from clearway.domain.shared.errors import NotAllowed
from clearway.domain.shared.region import Region
from clearway.interchange import region_pack
from clearway.simulation.ambulance.opening import Known, Unsent

from .. import situation
from ..advice import queries as advice
from ..advice import reading
from ..advice.inbound import KeepOrTurn, keep_or_turn
from ..forecast.queries import current_policies
from ..handovers.presenters import SOURCES
from ..incidents import queries as incidents
from ..travel.network import network
from . import actions, presenters, queries, rehearsal
from .effects import Effect, effect
from .forms import ProposalForm, StepForm
from .models import Divert
from .rehearsal import CannotRehearse, OutOfReach, Rehearsal

Request = Any
T = DivertStep
LEVEL_COUNTS_FOR = timedelta(hours=2)

# The steps that have a button, when, what the button says, and the fields that must be filled.
BUTTONS: Mapping[DivertState, tuple[tuple[DivertStep, str, frozenset[str]], ...]] = {
    DivertState.DRAFT: (
        (T.REQUESTED, "Ask for agreement", frozenset()),
        (T.WITHDRAWN, "Withdraw", frozenset({"note"})),
    ),
    DivertState.REQUESTED: ((T.WITHDRAWN, "Withdraw", frozenset({"note"})),),
    DivertState.AGREED: (
        (T.STARTED, "Start now", frozenset()),
        (T.WITHDRAWN, "Withdraw", frozenset({"note"})),
    ),
    DivertState.ACTIVE: (
        (T.REVIEWED, "Reviewed: keep it", frozenset({"note"})),
        (T.EXTENSION_ASKED, "Ask for an extension", frozenset({"until"})),
        (T.ENDED, "End it now", frozenset({"note"})),
    ),
}
FIELDS = {step: fields for buttons in BUTTONS.values() for step, _, fields in buttons}
SIGNED = frozenset({"party", "signatory"})
ONLY_COMMAND = "A service delivery officer or incident manager agrees for the ambulance service"


@needs("diverts.read")
def diverts(request: Request) -> HttpResponse:
    """Every divert that is asked for or in force, and those that are over."""
    organisation_id = request.organisation.pk
    names = dict(departments(organisation_id))
    every = [*queries.live(organisation_id), *queries.over(organisation_id)]
    rows = [row for row in every if _is_in_reach(request, row)]
    steps = queries.steps_of(rows)
    lines = [presenters.line(row, steps[row.pk], names) for row in rows]
    live = len([row for row in rows if not DivertState(row.state).is_over])
    context = {
        "live": lines[:live],
        "over": lines[live:],
        "may_propose": request.reach.allows("diverts.manage"),
    }
    return render(request, "diverts/diverts.html", context)


@needs("diverts.manage")
def propose(request: Request) -> HttpResponse:
    """Write a divert down; nobody is asked yet."""
    organisation = request.organisation
    sites = departments(organisation.pk)
    data = request.POST if request.method == "POST" else None
    beginning = {"minutes": 120, "kind": "capacity", "covers": ["adult_majors"]}
    initial = {**beginning, "site": request.GET.get("site", "")}
    form = ProposalForm(data, sites=sites, at=request.at, initial=initial)
    if form.is_valid():
        seen = situation.read(organisation.pk, request.at)
        try:
            if "rehearse" in request.POST:
                return _proposal_page(request, form, sites, *_rehearsed(request, seen, form))
            row = actions.propose(
                form.proposal(),
                levels=_levels(seen),
                organisation_id=organisation.pk,
                by=request.actor,
                at=request.at,
            )
            return HttpResponseRedirect(reverse("diverts:divert", args=[row.pk]))
        except actions.LevelNotKnown as refusal:
            form.add_error("level_reason", refusal.why)
        except NotAllowed as refusal:
            form.add_error(None, refusal.why)
        except OutOfReach as problem:
            form.add_error("to", str(problem))
        except CannotRehearse as problem:
            form.add_error(None, str(problem))
    return _proposal_page(request, form, sites)


def _proposal_page(
    request: Request,
    form: ProposalForm,
    sites: list[tuple[str, str]],
    rehearsed: Rehearsal | None = None,
    inbound: Sequence[KeepOrTurn] = (),
) -> HttpResponse:
    context = {
        "form": form,
        "sites": sites,
        "kinds": list(presenters.KINDS.items()),
        "covers": list(presenters.COVERS.items()),
        "never": presenters.NEVER,
        "rehearsed": rehearsed,
        "inbound": inbound,
        "seconds": round(rehearsal.SECONDS) + 2,  # and starting
    }
    return render(request, "diverts/propose.html", context, status=422 if form.errors else 200)


def _rehearsed(
    request: Request, seen: Situation, form: ProposalForm
) -> tuple[Rehearsal, Sequence[KeepOrTurn]]:
    """What the next four hours hold with it, and what the crews on their way there would be told.

    Raises NotAllowed like the proposal, or CannotRehearse.
    """
    organisation = request.organisation
    terms, policy = form.proposal().terms, queries.policy(organisation.pk, request.at)
    actions.check_terms(terms, _levels(seen), organisation.pk, request.at)
    forecasting = current_policies(organisation.pk, request.at).forecast
    region = _pack(organisation.slug)
    asked = rehearsal.asked_of(_known(request, seen), terms, policy, forecasting, network(seen.sites), region)
    seed = int(seen.at)  # of the moment: asked again later, it lives other futures
    found = rehearsal.of(asked, seed, settings.STILL_TIME)
    seen_by_advice = reading.read(organisation.pk, request.at, seen)
    return found, keep_or_turn(seen_by_advice, advice.standing(organisation.pk), asked.divert)


def _known(request: Request, seen: Situation) -> Known:
    """The situation with where its patients are, and the calls that wait for a crew."""
    said = incidents.scenes_said(request.organisation.pk, set(seen.assignments.incident))
    scenes = {key: (*each.position, each.age) for key, each in said.items() if each.position is not None}
    waiting = incidents.without_a_crew(request.organisation.pk, request.at)
    unsent = tuple(
        Unsent(key, category, *place, since.timestamp()) for key, category, place, since in waiting
    )
    return Known(seen, scenes, unsent)


@lru_cache(maxsize=2)
def _pack(slug: str) -> Region:
    """The pack that an organisation was loaded from. Raises CannotRehearse where it is not here."""
    try:
        return region_pack.parse(settings.REGION_PACKS(slug))
    except LookupError:
        raise CannotRehearse(
            f"The region pack {slug!r} is not on this machine, so the region cannot be simulated."
        ) from None


@needs("diverts.read")
def divert(request: Request, key: int) -> HttpResponse:
    """One divert: terms, agreements, what it does, and its history."""
    return _page(request, _get(request, key), StepForm(at=request.at, needs=frozenset()))


@needs("diverts.manage")
@require_POST
def step(request: Request, key: int, step: str) -> HttpResponse:
    """Take one of the coordinator's steps."""
    row = _get(request, key)
    if step not in FIELDS:
        raise Http404
    return _take(request, row, DivertStep(step), FIELDS[DivertStep(step)])


@needs("diverts.manage")
@require_POST
def agree(request: Request, key: int) -> HttpResponse:
    """Write down who agreed or refused. For the ambulance service only its own command can."""
    row = _get(request, key)
    step = T.REFUSED if request.POST.get("answer") == "refused" else T.AGREED
    return _take(request, row, step, SIGNED | {"note"} if step is T.REFUSED else SIGNED)


def _is_for_command(said: actions.Said) -> bool:
    return said.signature is not None and said.signature.party is Party.AMBULANCE_SERVICE


def _take(request: Request, row: Divert, step: DivertStep, fields: frozenset[str]) -> HttpResponse:
    form = StepForm(request.POST, at=request.at, needs=fields)
    if form.is_valid():
        try:
            said = form.said()
            if _is_for_command(said) and not request.reach.allows("diverts.agree"):
                form.add_error("party", ONLY_COMMAND)
                return _page(request, row, form, status=403)
            actions.take(
                row.pk,
                step,
                said,
                levels=_levels(situation.read(request.organisation.pk, request.at)),
                organisation_id=request.organisation.pk,
                by=request.actor,
                at=request.at,
            )
            return HttpResponseRedirect(reverse("diverts:divert", args=[row.pk]))
        except actions.LevelNotKnown as refusal:
            form.add_error("level_reason", refusal.why)
            return _page(request, row, form, 422, asks_level=step)
        except NotAllowed as refusal:
            form.add_error(None, refusal.why)
        except ValueError:
            form.add_error("party", "Choose from the list")
    return _page(request, row, form, status=422)


def _page(
    request: Request, row: Divert, form: StepForm, status: int = 200, asks_level: DivertStep | None = None
) -> HttpResponse:
    names = dict(departments(request.organisation.pk))
    steps, terms = queries.steps(row), queries.terms(row)
    may = request.reach.allows("diverts.manage")
    state = DivertState(row.state)
    standing = queries.standing(steps, terms)
    context = {
        "row": row,
        "form": form,
        "title": presenters.title(row, names),
        "line": presenters.line(row, steps, names),
        "agreements": presenters.agreements(steps, terms, names),
        "asks": [
            (f"{each.party.value}:{each.site or ''}", presenters.signer(each, names))
            for each in standing.is_missing(terms)
        ],
        "history": presenters.history(steps, names),
        "buttons": [(step.value, label, fields) for step, label, fields in BUTTONS.get(state, ())]
        if may
        else [],
        "may": may,
        "asks_level": asks_level.value if asks_level else "",
        "effect": _effect(request, row),
        "travel_words": SOURCES,
        "never": presenters.NEVER,
        "evidence": [
            hospital
            for hospital in row.evidence.get("handovers", {}).get("hospitals", ())
            if hospital["code"] in (row.site, *row.to)
        ],
    }
    return render(request, "diverts/divert.html", context, status=status)


def _effect(request: Request, row: Divert) -> Effect | None:
    """What it does, as long as the situation still holds the hours around it."""
    if row.starts_at is None or (row.ends_at or request.at) < request.at - timedelta(hours=12):
        return None
    organisation_id = request.organisation.pk
    seen = situation.read(organisation_id, request.at)
    scenes = incidents.scenes(organisation_id, set(seen.assignments.incident))
    return effect(seen, row.site, tuple(row.to), row.starts_at, row.ends_at, scenes, network(seen.sites))


def _levels(seen: Situation) -> dict[str, int]:
    """The pressure level of each site, where somebody said it lately."""
    levels = seen.reports.measure(HospitalMeasure.PRESSURE_LEVEL)
    said_at = seen.reports.measured_at(HospitalMeasure.PRESSURE_LEVEL)
    since = seen.at - LEVEL_COUNTS_FOR.total_seconds()
    return {
        code: int(level)
        for code, level, at in zip(seen.sites.code, levels, said_at, strict=True)
        if at >= since
    }


def _get(request: Request, key: int) -> Divert:
    try:
        row = queries.one(request.organisation.pk, key)
    except Divert.DoesNotExist:
        raise Http404 from None
    if not _is_in_reach(request, row):
        raise Http404
    return row


def _is_in_reach(request: Request, row: Divert) -> bool:
    """Who sees some sites only sees the diverts in which one of them has a part."""
    return any(request.reach.allows_site(code) for code in (row.site, *row.to))
