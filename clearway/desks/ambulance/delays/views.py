"""Delays: crews on scene and in wrap-up, one crew with its STACK reports, and what held crews up."""

from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from clearway.core.live.queries import newest_push
from clearway.core.organisation.queries import stations
from clearway.core.people.permissions import needs
from clearway.domain.ambulance.delays import Phase
from clearway.domain.shared.errors import NotAllowed
from clearway.domain.shared.freshness import Freshness
from clearway.engine.ambulance.feeds import basis

from .. import situation as situations
from ..advice import queries as advice
from ..situation import Reading
from . import actions, presenters, queries
from .forms import StackForm, WordForm
from .models import Delay
from .policy import Delays, delays
from .queries import Standing

PERIODS = {"12": "12 hours", "24": "24 hours", "168": "7 days", "672": "28 days"}
USUAL = "24"
LEAST = 5  # crews in a table below which no single one is picked out


def _now(request: Any) -> tuple[Delays, Reading, list[Standing]]:
    organisation_id, at = request.organisation.pk, request.at
    policy, reading = delays(organisation_id, at), situations.reading(organisation_id, at)
    return policy, reading, queries.standing(organisation_id, reading, policy, at)


def _frame(request: Any, reading: Reading, live_after: int, topics: str) -> dict[str, Any]:
    """What every board of this part shows: its parts, how fresh its source is, what it follows."""
    cad = basis(reading.situation, reading.ground.policy.freshness).cad
    return {
        "doubts": [cad] if cad.freshness is not Freshness.FRESH else [],
        "may_record": request.reach.allows("delays.record"),
        "live_topics": f"{topics} feeds tasks",
        "live_after": live_after,
    }


@needs("resources.read")
def on_scene(request: Any) -> HttpResponse:
    """Every crew on scene with its ladder, in the order in which it is looked at."""
    live_after = newest_push()
    policy, reading, found = _now(request)
    chosen = presenters.ordered(found, Phase.SCENE)
    area = request.GET.get("area", "")
    rows = [presenters.row(each, policy) for each in chosen]
    context = {
        **_frame(request, reading, live_after, "delays"),
        "rows": [row for row in rows if not area or row.area == area],
        "counts": presenters.counts(chosen),
        "areas": sorted({row.area for row in rows}),
        "area": area,
        "policy": policy,
    }
    return render(request, "delays/board.html", context)


@needs("resources.read")
def reports(request: Any) -> HttpResponse:
    """All open STACK reports by what holds the crew up, and what held crews up over a period."""
    live_after = newest_push()
    policy, reading, found = _now(request)
    period, since = _period(request)
    told = queries.told(request.organisation.pk, since, request.at)
    areas, held = presenters.barriers(told, policy.scene, _stations(request), request.at)
    context = {
        **_frame(request, reading, live_after, "stacks"),
        "rows": presenters.collated(found, policy.scene, request.at),
        "areas": areas,
        "held": held,
        "told": told,
        "period": period,
        "periods": PERIODS,
    }
    return render(request, "delays/reports.html", context)


def _stations(request: Any) -> dict[str, str]:
    """The names of stations, by code."""
    return {each.code: each.name for each in stations(request.organisation.pk)}


def _period(request: Any) -> tuple[str, datetime]:
    """The period that was chosen, and when it began."""
    chosen = request.GET.get("hours", USUAL)
    hours = chosen if chosen in PERIODS else USUAL
    return hours, request.at - timedelta(hours=int(hours))


@needs("resources.read")
def wrap_up(request: Any) -> HttpResponse:
    """Crews between handover and clear now, and how wrap-ups varied over a period."""
    live_after = newest_push()
    policy, reading, found = _now(request)
    period, since = _period(request)
    done = queries.wrap_ups(request.organisation.pk, since, request.at)
    context = {
        **_frame(request, reading, live_after, "wrapups"),
        "rows": [presenters.row(each, policy) for each in presenters.ordered(found, Phase.WRAP_UP)],
        "tables": presenters.wrap_ups(done, policy.limit) if done else [],
        "count": len(done),
        "few": presenters.FEW,
        "limit": policy.limit,
        "period": period,
        "periods": PERIODS,
    }
    return render(request, "delays/wrap_up.html", context)


@needs("resources.read")
def norms(request: Any) -> HttpResponse:
    """What crews are judged by, where each norm comes from, and the ladder."""
    organisation_id = request.organisation.pk
    policy = delays(organisation_id, request.at)
    context = {
        "rows": presenters.norm_rows(queries.own_norms(organisation_id), policy.scene),
        "period": queries.norm_period(organisation_id),
        "policy": policy,
    }
    return render(request, "delays/norms.html", context)


@needs("resources.read", change="delays.record")
def crew(request: Any, call_sign: str) -> HttpResponse:
    """One crew as it stands now, everything recorded of it, and another record."""
    policy, _, found = _now(request)
    each = queries.of_crew(found, call_sign)
    if each is None and request.method != "POST":
        raise Http404

    def record(form: WordForm) -> None:
        actions.say(
            call_sign,
            form.word(),
            of=form.cleaned_data["of"],
            organisation_id=request.organisation.pk,
            by=request.actor,
            at=request.at,
        )

    form, done = _recorded(request, record, of=each.clock.key if each else "")
    if done:
        messages.success(request, f"Recorded for {call_sign}.")
        return HttpResponseRedirect(_board(each))
    return _page(request, policy, call_sign, each, each.row if each else None, form)


@needs("resources.read", change="delays.record")
def one(request: Any, key: int) -> HttpResponse:
    """One delay, past or present, with everything recorded of it; an answer may come after its end."""
    policy = delays(request.organisation.pk, request.at)
    row = queries.one(request.organisation.pk, key)
    if row is None:
        raise Http404

    def record(form: WordForm) -> None:
        actions.say_of(
            key, form.word(), organisation_id=request.organisation.pk, by=request.actor, at=request.at
        )

    form, done = _recorded(request, record)
    if done:
        messages.success(request, f"Recorded for {row.call_sign}.")
        return HttpResponseRedirect(request.path)
    return _page(request, policy, row.call_sign, None, row, form)


def _recorded(request: Any, record: Any, of: str = "") -> tuple[WordForm, bool]:
    form = WordForm(request.POST if request.method == "POST" else None, at=request.at, initial={"of": of})
    if not form.is_valid():
        return form, False
    try:
        record(form)
    except NotAllowed as refused:
        form.add_error(None, refused.why)
        return form, False
    return form, True


def _board(each: Standing | None) -> str:
    is_wrapping_up = each is not None and each.clock.phase is Phase.WRAP_UP
    return reverse("delays:wrap-up" if is_wrapping_up else "delays:board")


def _page(
    request: Any, policy: Delays, call_sign: str, each: Standing | None, row: Delay | None, form: WordForm
) -> HttpResponse:
    said = (list(row.reports.all()), list(row.words.all())) if row else ([], [])
    may_record = request.reach.allows("delays.record")
    context = {
        "call_sign": call_sign,
        "each": each,
        "line": presenters.row(each, policy) if each else None,
        "row": row,
        "is_on_scene": each is not None and each.clock.phase is Phase.SCENE,
        "step": presenters.step(each, policy.scene) if each else "",
        "history": presenters.history(*said, policy.scene, row),
        "kinds": list(presenters.KINDS.items()),
        "form": form,
        "may_record": may_record,
        "has_page": may_record and advice.page_of(request.organisation.pk, call_sign, request.at) is not None,
    }
    return render(request, "delays/one.html", context, status=422 if form.errors else 200)


@needs("resources.read", change="delays.record")
def stack(request: Any, call_sign: str) -> HttpResponse:
    """Write down a STACK as the crew reads it back by radio: letters, a few words, minutes."""
    policy, _, found = _now(request)
    each = queries.of_crew(found, call_sign)
    if (each is None or each.clock.phase is not Phase.SCENE) and request.method != "POST":
        raise Http404
    form = StackForm(
        request.POST if request.method == "POST" else None,
        policy=policy.scene,
        at=request.at,
        initial={"of": each.clock.key, "version": len(each.reports)} if each else None,
    )
    if form.is_valid():
        try:
            made = actions.report(
                call_sign,
                form.stack(),
                by_crew=False,
                of=form.cleaned_data["of"],
                organisation_id=request.organisation.pk,
                by=request.actor,
                at=request.at,
            )
            messages.success(request, f"STACK {made.version} of {call_sign} is recorded.")
            if made.version > (form.cleaned_data["version"] or 0) + 1:
                messages.warning(
                    request, f"Another STACK of {call_sign} came while you wrote. Both are kept."
                )
            return HttpResponseRedirect(reverse("delays:board"))
        except NotAllowed as refused:
            form.add_error(None, refused.why)
    context = {"call_sign": call_sign, "each": each, "form": form, "policy": policy.scene}
    return render(request, "delays/stack.html", context, status=422 if form.errors else 200)


@needs("delays.record")
@require_POST
def ask(request: Any, call_sign: str) -> HttpResponse:
    """Ask one crew for a STACK now, on its own page."""
    try:
        actions.ask(call_sign, organisation_id=request.organisation.pk, by=request.actor, at=request.at)
        messages.success(request, f"{call_sign} is asked for a STACK on its own page.")
    except NotAllowed as refused:
        messages.error(request, refused.why)
    return HttpResponseRedirect(reverse("delays:board"))
