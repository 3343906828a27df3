"""The standing queue of what the checks find, who takes it, and whether services keep up."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from clearway.core.layout.times import local
from clearway.core.people.permissions import needs
from clearway.core.people.roles import name_of
from clearway.domain.outpatients.validation import CHECKS, NOT_ASKED
from clearway.domain.shared.errors import NotAllowed
from clearway.engine.outpatients.capacity import DEMAND_DAYS, HORIZON_DAYS

from .. import policy
from . import actions, checks, figures, forms, queue, queueing
from .models import Finding

ROWS = 100
FILTERS = ("rule", "owner", "who", "page")


@needs("waiting.read")
def validation(request: Any) -> HttpResponse:
    """What the checks find, with who mends it, who took it and since when; by rule, role or person.

    The worker asks every check each minute; what is shown is asked again, so that what is mended is gone.
    """
    organisation_id = request.organisation.pk
    if queue.is_stale(organisation_id, request.at):
        queueing.check(organisation_id=organisation_id, at=request.at)
    page = _page(request)
    if queueing.recheck(queue.subjects(page.object_list), organisation_id=organisation_id, at=request.at):
        page = _page(request)
    rows, counts = list(page), queue.counts(organisation_id)
    subjects = queue.subjects(rows)
    _looked(request, subjects)
    checked = queue.checked(organisation_id)
    context = {
        "page": page,
        "rows": rows,
        "named": checks.named(subjects, organisation_id),
        "checks": CHECKS,
        "not_asked": NOT_ASKED,
        "counts": counts,
        "figures": figures.of_counts(counts),
        "total": counts.total(),
        "checked_at": checked.at if checked else request.at,
        "explained": queue.explained(organisation_id),
        "owners": {code: name_of(code) for code in sorted({check.fixer for check in CHECKS.values()})},
        "people": list(queue.takers(organisation_id, request.at)),
        "nobody": queue.NOBODY,
        "may_change": request.reach.allows("waiting.write"),
        "kept": urlencode({name: request.GET[name] for name in FILTERS if request.GET.get(name)}),
        "today": local(request.at).date(),
        **{name: request.GET.get(name, "") for name in ("rule", "owner", "who")},
    }
    return render(request, "waiting/validation.html", context)


def _page(request: Any) -> Any:
    asked = {name: request.GET.get(name, "") for name in ("rule", "owner", "who")}
    rows = queue.findings(request.organisation.pk, rule=asked["rule"], fixer=asked["owner"], who=asked["who"])
    return Paginator(rows, ROWS).get_page(request.GET.get("page"))


@needs("waiting.write")
@require_POST
def take(request: Any) -> HttpResponse:
    """Give the ticked findings to a person, take them oneself, or put them back."""
    keys = [int(each) for each in request.POST.getlist("finding") if each.isdecimal() and len(each) < 19]
    to = request.POST.get("to", "")
    people = queue.takers(request.organisation.pk, request.at)
    person = None if to == queue.NOBODY else people.filter(username=to).first()
    if not keys:
        messages.error(request, "Nothing was ticked. Tick the rows that are meant, then press Give.")
    elif person is None and to != queue.NOBODY:
        messages.error(request, "Choose to whom they go: a person of the list, or nobody.")
    else:
        _take(request, keys, person)
    return _back(request)


def _take(request: Any, keys: list[int], person: Any) -> None:
    taken = queueing.take(keys, person, may_lead=request.reach.allows("waiting.lead"), **_scope(request))
    said = f"{taken.done} given to {person}." if person else f"{taken.done} put back: nobody has them now."
    if taken.done:
        messages.success(request, said)
    if taken.refused:
        whose = ", ".join(sorted({who for _, who in taken.refused}))
        messages.error(
            request, f"{len(taken.refused)} left with {whose}: ask them to put it back, or the team leader."
        )
    if not taken.done and not taken.refused:
        messages.error(request, "They are mended meanwhile: nothing is left to take.")


@needs("waiting.write")
@require_POST
def explain(request: Any, key: int) -> HttpResponse:
    """Why the figures of a return are right although they look wrong."""
    form = forms.ExplainForm(request.POST, at=request.at)
    if not form.is_valid():
        messages.error(request, f"Not saved. {next(iter(form.problems.values()))}")
        return _back(request)
    try:
        queueing.explain(key, form.cleaned_data["words"], **_scope(request))
    except Finding.DoesNotExist:
        raise Http404 from None
    except NotAllowed as refusal:
        messages.error(request, refusal.why)
    else:
        messages.success(request, "Explained. It comes back when its figures are others.")
    return _back(request)


def _back(request: Any) -> HttpResponse:
    """To the page as it was filtered."""
    asked = {name: request.GET[name] for name in FILTERS if request.GET.get(name)}
    return HttpResponseRedirect(f"{reverse('op-waiting:validation')}?{urlencode(asked)}".rstrip("?"))


def _looked(request: Any, subjects: list[str]) -> None:
    actions.looked(subjects, "validation", **_scope(request))


def _scope(request: Any) -> dict[str, Any]:
    return {"organisation_id": request.organisation.pk, "by": request.actor, "at": request.at}


@needs("waiting.read")
def capacity(request: Any) -> HttpResponse:
    """Demand, capacity, queue load, target list and relief capacity of every line."""
    aim = policy.capacity(request.organisation.pk, request.at)
    context = {
        "figures": figures.capacity(request.organisation.pk, request.at),
        "target": aim.target_weeks,
        "relief": aim.relief_weeks,
        "back": DEMAND_DAYS // 7,
        "ahead": HORIZON_DAYS // 7,
    }
    return render(request, "waiting/capacity.html", context)
