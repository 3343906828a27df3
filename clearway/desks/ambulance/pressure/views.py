"""Pressure: how hospitals and the trust stand, the figures behind it, levels that are set, what they ask."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from clearway.core import clashes
from clearway.core.live.queries import newest_push
from clearway.core.people.permissions import needs
from clearway.domain.ambulance.pressure import Ladder
from clearway.domain.shared.errors import NotAllowed

from . import actions, presenters, queries
from .forms import ANSWERS, FIGURE, AnswerForm, FigureForm, LevelForm
from .models import ActionCard
from .queries import SitePressure

LADDERS = {each.value: each for each in Ladder}


@needs("pressure.read")
def listed(request: Any) -> HttpResponse:
    """How the trust and its hospitals stand. Who has one hospital sees it alone."""
    organisation_id, at = request.organisation.pk, request.at
    live_after = newest_push()
    levels = queries.levels(organisation_id, at)
    everywhere = request.reach.sites is None
    rows = [each for each in presenters.rows(levels) if request.reach.allows_site(each.code)]
    context = {
        "framework": levels.framework,
        "rows": rows,
        "together": presenters.together(levels) if everywhere else (),
        "panels": presenters.strip(levels.ladders, at) if everywhere else (),
        "cards": [presenters.card(each, at) for each in queries.open_cards(organisation_id)]
        if everywhere
        else (),
        "everywhere": everywhere,
        "live_topics": "pressure levels cards feeds tasks",
        "live_after": live_after,
    }
    return render(request, "pressure/list.html", context)


@needs("pressure.read", change="pressure.report")
def hospital(request: Any, code: str) -> HttpResponse:
    """The figures of one hospital, and a form to write down new ones."""
    organisation_id, at = request.organisation.pk, request.at
    levels = queries.levels(organisation_id, at)
    site = _site(request, levels.sites, code)
    form = FigureForm(
        request.POST if request.method == "POST" else None,
        at=at,
        framework=levels.framework,
        by_telephone=request.reach.sites is None,
    )
    if form.is_valid():
        try:
            said = form.report(code)
            rows = actions.report(said, organisation_id=organisation_id, by=request.actor, at=at)
            number = f"{len(rows)} figure{'' if len(rows) == 1 else 's'}"
            messages.success(request, f"Saved {number} for {site.name}.")
            return HttpResponseRedirect(reverse("pressure:list"))
        except NotAllowed as refused:
            form.add_error(None, refused.why)
    context = {
        "site": site,
        "row": presenters.row(site),
        "words": presenters.in_words(site.standing) if site.standing else "",
        "framework": levels.framework,
        "prefix": FIGURE,
        "form": form,
        "may_report": request.reach.allows("pressure.report") and levels.framework is not None,
        "may_say": request.reach.allows("hospitals.say"),
    }
    return render(request, "pressure/hospital.html", context, status=422 if form.errors else 200)


def _site(request: Any, sites: tuple[SitePressure, ...], code: str) -> SitePressure:
    if request.reach.allows_site(code):
        for site in sites:
            if site.code == code:
                return site
    raise Http404(f"No hospital in reach has the code {code}.")


@needs("pressure.read", change="pressure.declare")
def ladder(request: Any, name: str) -> HttpResponse:
    """One ladder: its level, what triggers say, its history; who may sets a level."""
    organisation_id, at = request.organisation.pk, request.at
    if name not in LADDERS or request.reach.sites is not None:
        raise Http404
    now = queries.levels(organisation_id, at).ladders[LADDERS[name]]
    form = LevelForm(
        request.POST if request.method == "POST" else None,
        plan=now.plan,
        at=at,
    )
    clash: clashes.ChangedMeanwhile | None = None
    if form.is_valid():
        try:
            row = actions.declare(form.wanted(), organisation_id=organisation_id, by=request.actor, at=at)
            messages.success(request, f"{now.plan.title} {now.plan.named(row.level)} is set.")
            return HttpResponseRedirect(reverse("pressure:list"))
        except clashes.ChangedMeanwhile as refused:  # who reads it may set it again
            form.add_error(None, refused.why)
            clash, now = refused, queries.levels(organisation_id, at).ladders[LADDERS[name]]
        except NotAllowed as refused:
            form.add_error(None, refused.why)
    past = list(queries.history(organisation_id, now.plan.ladder)[: queries.CLOSED_SHOWN])
    closed = queries.closed_cards(organisation_id, now.plan.ladder)
    context = {
        "plan": now.plan,
        "panel": presenters.panel(now, at),
        "asks": {
            level: [each.says for each in now.plan.cards_at(level)]
            for level in (1, 2, 3, 4)
            if now.plan.cards_at(level)
        },
        "history": [(now.plan.named(each.level), each) for each in past],
        "closed": [presenters.card(each, at) for each in closed],
        "levels": [(each, now.plan.named(each)) for each in (1, 2, 3, 4)],
        "form": form,
        "seen": clashes.opened(request.POST, now.row.number if now.row else 0, refusal=clash),
        "both": presenters.clashes(clash.clashes if clash else (), now.plan),
        "may_declare": request.reach.allows("pressure.declare"),
    }
    status = 409 if clash else 422 if form.errors else 200
    return render(request, "pressure/ladder.html", context, status=status)


@needs("pressure.read", change="pressure.answer")
def card(request: Any, key: int) -> HttpResponse:
    """One action: what is asked of whom by when, and the answer."""
    organisation_id, at = request.organisation.pk, request.at
    rows = ActionCard.objects.filter(entered__organisation_id=organisation_id, pk=key)
    row = rows.select_related("entered").first()
    if row is None or request.reach.sites is not None:
        raise Http404
    form = AnswerForm(request.POST if request.method == "POST" else None, at=at)
    if form.is_valid():
        try:
            because = form.because_of()
            actions.answer(
                key, because, request.roles, organisation_id=organisation_id, by=request.actor, at=at
            )
            messages.success(request, f"{'Not done' if because else 'Done'}: {row.says}.")
            return HttpResponseRedirect(reverse("pressure:list"))
        except NotAllowed as refused:
            form.add_error(None, refused.why)
    context = {
        "row": row,
        "card": presenters.card(row, at),
        "answers": ANSWERS,
        "form": form,
        "history": list(row.answers.all()),
        "may_answer": request.reach.allows("pressure.answer")
        and actions.answers_for(row.role, request.roles)
        and row.closed_at is None
        and (row.answered_at is None or bool(row.because)),
    }
    return render(request, "pressure/card.html", context, status=422 if form.errors else 200)
