"""The packs for the team leader, as they stood: the weekly ratification and the monthly long waits."""

from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from clearway.core.layout.times import clock, local
from clearway.core.people.permissions import needs
from clearway.domain.outpatients.waiting import KINDS
from clearway.domain.shared.errors import NotAllowed
from clearway.interchange import sheets

from . import actions, figures, presenters
from . import packs as reading
from .models import ValidationPack

Request = Any
Kind = ValidationPack.Kind
LEADER = "clinics.approve"  # who may approve may sign a pack
LONG_WAIT = ("service", "kind", "priority", "since", "days", "band", "treat_by", "is_breached", "asked_on")
NO_OUTCOME = ("on", "at", "service", "clinician", "site", "had_arrived", "days")


@needs("waiting.read")
def packs(request: Request) -> HttpResponse:
    """Every weekly and every monthly pack, newest first."""
    context = {
        "weekly": reading.every(request.organisation.pk, Kind.WEEKLY),
        "monthly": reading.every(request.organisation.pk, Kind.MONTHLY),
        "figures": figures.long_waits(request.organisation.pk, request.at),
    }
    return render(request, "waiting/packs.html", context)


@needs("waiting.read", change=LEADER)
def pack(request: Request, key: int) -> HttpResponse:
    """One pack as it stood; the team leader says what follows from it."""
    made = _pack(request, key)
    problem = ""
    if request.method == "POST":
        try:
            actions.see_pack(key, request.POST.get("words", ""), **_scope(request))
            messages.success(request, "Saved.")
            return HttpResponseRedirect(reverse("op-waiting:pack", args=[key]))
        except NotAllowed as refusal:
            problem = refusal.why
    context = {
        "pack": made,
        "named": _named(request, made, "pack"),
        "kinds": KINDS,
        "priorities": presenters.PRIORITIES,
        "said": presenters.date_said,
        "may_sign": request.reach.allows(LEADER),
        "may_cash_up": request.reach.allows("outcomes.write"),
        "problem": problem,
    }
    return render(request, f"waiting/pack_{made.kind}.html", context, status=422 if problem else 200)


@needs("waiting.read")
def pack_csv(request: Request, key: int) -> HttpResponse:
    """The rows of a pack for a spreadsheet."""
    made = _pack(request, key)
    columns = LONG_WAIT if made.kind == Kind.MONTHLY else NO_OUTCOME
    stamp = f"{local(made.made_at):%Y-%m-%d} {clock(made.made_at)}"
    rows = [[*row, stamp, made.sources] for row in _lines(made, columns, _named(request, made, "pack.csv"))]
    name = f"long-waits-{made.begins_on:%Y-%m}" if made.over else f"without-outcome-{made.begins_on}"
    content = sheets.write(["number", "patient", *columns, "as of", "sources"], rows)
    answer = HttpResponse(content, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    answer["Cache-Control"] = "no-store"
    return answer


def _lines(made: ValidationPack, columns: tuple[str, ...], named: dict[int, Any]) -> Iterator[list[str]]:
    """Number and name of the patient, then each column in words; "" for what is not known."""
    for row in made.rows:
        patient = named[row["entry" if made.kind == Kind.MONTHLY else "appointment"]].patient
        yield [
            patient.number,
            str(patient),
            *("" if row[name] is None else str(row[name]) for name in columns),
        ]


def _named(request: Request, made: ValidationPack, page: str) -> dict[int, Any]:
    """The entries or appointments of the rows by id, the look at their names recorded."""
    if made.kind == Kind.MONTHLY:
        entries: dict[int, Any] = dict(reading.names(made.rows, request.organisation.pk))
        actions.looked(list(entries), page, **_scope(request))
        return entries
    found = reading.appointments(made.rows, request.organisation.pk)
    actions.looked([row.entry_id for row in found.values() if row.entry_id], page, **_scope(request))
    return found


def _pack(request: Request, key: int) -> ValidationPack:
    try:
        return reading.one(request.organisation.pk, key)
    except ValidationPack.DoesNotExist:
        raise Http404 from None


def _scope(request: Request) -> dict[str, Any]:
    return {"organisation_id": request.organisation.pk, "by": request.actor, "at": request.at}
