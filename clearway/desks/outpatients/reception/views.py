"""Today's arrivals at a site."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from clearway.core.layout.numbers import whole_number
from clearway.core.people.permissions import needs
from clearway.domain.shared.errors import NotAllowed

from ..outcomes.queries import unoutcomed
from ..patients import queries as patients
from ..support import queries as support
from ..waiting.actions import looked
from ..waiting.queries import sites
from . import actions, presenters, queries
from .models import Appointment


@needs("reception.work")
def arrivals(request: Any) -> HttpResponse:
    """Who is expected today, who is here and who is late; a name or number finds one of them."""
    organisation_id = request.organisation.pk
    places = sites(organisation_id)
    site = _site(request.GET.get("site", ""), places)
    rows = queries.today(organisation_id, site, request.at)
    people = {row.patient_id for row in rows}
    held = presenters.Held(patients.needs_of(people), patients.flags_of(people), support.of_visits(rows))
    lines = [presenters.line(row, held, request.at) for row in rows]
    asked = request.GET.get("name", "").strip()
    shown = [each for each in lines if asked.lower() in f"{each.name} {each.number}".lower()]
    _looked(request, rows)
    context = {
        "sites": places,
        "site": site,
        "rows": shown,
        "asked": asked,
        "done": _number(request.GET.get("done", "")),
        "counts": presenters.counts(lines),
        "free": queries.next_free(organisation_id, site, request.at),
        "open": unoutcomed(organisation_id, request.at),
    }
    return render(request, "reception/arrivals.html", context)


@needs("reception.work")
def check_in(request: Any, key: int) -> HttpResponse:
    """One key: the patient is here; or, with `back`, is not after all."""
    if request.method != "POST":
        return HttpResponseRedirect(reverse("op-reception:arrivals"))
    act = actions.take_back if "back" in request.POST else actions.check_in
    try:
        row = act(key, organisation_id=request.organisation.pk, by=request.actor, at=request.at)
    except Appointment.DoesNotExist as missing:
        raise Http404(f"There is no appointment {key}.") from missing
    except NotAllowed as refusal:
        messages.error(request, refusal.why)
    else:
        what = "checked in" if row.arrived_at else "no longer checked in"
        messages.success(request, f"{row.patient} is {what}.")
    site = _site(request.POST.get("site", ""), sites(request.organisation.pk))
    return HttpResponseRedirect(f"{reverse('op-reception:arrivals')}?site={site}&done={key}")


def _number(text: str) -> int | None:
    return whole_number(text)


def _site(asked: str, places: list[tuple[str, str]]) -> str:
    codes = [code for code, _ in places]
    return asked if asked in codes else codes[0] if codes else ""


def _looked(request: Any, rows: list[Appointment]) -> None:
    entries = [row.entry_id for row in rows if row.entry_id is not None]
    looked(entries, "reception", organisation_id=request.organisation.pk, by=request.actor, at=request.at)
