"""The decision log: reading it, writing in it with one key from any screen, and correcting an entry."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from clearway.domain.shared.errors import NotAllowed

from .. import clashes
from ..layout.numbers import whole_number
from ..layout.papers import PDF, TEXT, as_file
from ..layout.times import LONDON, local
from ..people import kept
from ..people.permissions import needs
from . import actions, presenters, queries
from .export import FORMS, PARTS, seal, words_of
from .forms import DayForm, DecisionForm, ExportForm, NoteForm
from .models import Decision

Request = Any
MEDIA = {"text": TEXT, "csv": "text/csv; charset=utf-8", "pdf": PDF}


@needs("decisions.read")
def log(request: Request) -> HttpResponse:
    """One local day of the log, newest first."""
    day = DayForm(request.GET, at=request.at).chosen(local(request.at).date())
    start = datetime(day.year, day.month, day.day, tzinfo=LONDON).astimezone(UTC)
    after = day + timedelta(days=1)
    end = datetime(after.year, after.month, after.day, tzinfo=LONDON).astimezone(UTC)
    organisation_id = request.organisation.pk
    context = {
        "entries": presenters.entries(queries.between(organisation_id, start, end)),
        "reviews": presenters.entries(queries.to_review(organisation_id, request.at)),
        "day": start,
        "before": (day - timedelta(days=1)).isoformat(),
        "after": after.isoformat() if end <= request.at else "",
        "chosen": day.isoformat(),
    }
    return render(request, "decisions/log.html", context)


@needs("decisions.read", change="decisions.write")
def decision(request: Request, key: int) -> HttpResponse:
    """One entry with the picture as it was known, and what was said of it since."""
    row = _get(request, key)
    form = NoteForm(request.POST if request.method == "POST" else None, at=request.at)
    if form.is_valid():
        given = form.cleaned_data
        try:
            actions.note(
                key,
                given["kind"],
                given["words"],
                organisation_id=request.organisation.pk,
                by=request.actor,
                at=request.at,
            )
            return HttpResponseRedirect(reverse("decisions:decision", args=[key]))
        except NotAllowed as refusal:
            form.add_error(None, refusal.why)
    kinds = [
        ("reviewed", "Reviewed: it stands, or what changes"),
        ("outcome", "Outcome: what came of it"),
        ("reflection", "Reflection: what I would do again, or not"),
    ]
    context = {"entry": presenters.entry(row), "form": form, "kinds": kinds}
    return render(request, "decisions/decision.html", context, status=422 if form.errors else 200)


@needs("decisions.export")
def export(request: Request) -> HttpResponse:
    """Entries of some days: looked at, parts ticked to be left out, then taken as a file."""
    today = local(request.at).date()
    data = request.POST if request.method == "POST" else request.GET if "first" in request.GET else None
    form = ExportForm(data, at=request.at, initial={"first": today.isoformat(), "last": today.isoformat()})
    organisation_id, rows = request.organisation.pk, []
    if form.is_valid():
        asked = form.asked(request.POST.getlist("cut"))
        start = datetime(asked.first.year, asked.first.month, asked.first.day, tzinfo=LONDON)
        end = datetime(asked.last.year, asked.last.month, asked.last.day, tzinfo=LONDON) + timedelta(days=1)
        rows = queries.between(organisation_id, start.astimezone(UTC), end.astimezone(UTC))[::-1]
        if request.method == "POST":
            try:
                body = actions.export(
                    asked, rows, organisation_id=organisation_id, by=request.actor, at=request.at
                )
                kind = "txt" if asked.form == "text" else asked.form
                return as_file(body, f"decisions-{asked.first}-{asked.last}.{kind}", MEDIA[asked.form])
            except NotAllowed as refusal:
                form.add_error("reason", refusal.why)
    context = {
        "form": form,
        "entries": [
            (row, [(name, says, words_of(row, name)) for name, says in PARTS.items()]) for row in rows
        ],
        "cuts": request.POST.getlist("cut"),
        "formats": list(FORMS.items()),
        "shown": seal(rows),
    }
    return render(request, "decisions/export.html", context, status=422 if form.errors else 200)


@needs("decisions.write")
def new(request: Request) -> HttpResponse:
    """Write a decision. `?corrects=` begins a correction with the words of the entry it supersedes."""
    organisation = request.organisation
    data = request.POST if request.method == "POST" else None
    form = DecisionForm(data, at=request.at, organisation=organisation, initial=_beginning(request))
    clash: clashes.ChangedMeanwhile | None = None
    if form.is_valid():
        try:
            row = actions.write(
                form.written(), organisation_id=organisation.pk, by=request.actor, at=request.at
            )
            return HttpResponseRedirect(reverse("decisions:decision", args=[row.pk]))
        except clashes.ChangedMeanwhile as refusal:
            form.add_error(None, refusal.why)
            clash = refusal
        except NotAllowed as refusal:
            form.add_error("decision", refusal.why)
    context = {
        "form": form,
        "both": presenters.clashes(clash.clashes if clash else ()),
        "sites": [(site.code, site.name) for site in organisation.sites.exclude(kind="station")],
        "is_late": "late_reason" in form.errors or bool(form.typed("late_reason")),
        "corrects": (clash and clash.newest) or form.typed("corrects"),
    }
    status = 409 if clash else 422 if form.errors else 200
    return render(request, "decisions/new.html", context, status=status)


def _beginning(request: Request) -> dict[str, Any]:
    """What the form begins with: what was kept, the entry to correct, or an empty page."""
    if request.method != "GET":
        return {}
    if typed := kept.take(request):
        return typed
    corrects = whole_number(request.GET.get("corrects", ""))
    if corrects is not None:
        row = _get(request, corrects)
        return {**actions.says(row), "corrects": row.pk}
    return {"decided_at": request.at, "screen": _screen(request)}


def _screen(request: Request) -> str:
    """The page of ours that this was opened from, without its query."""
    came_from = urlsplit(request.GET.get("from") or request.headers.get("Referer", ""))
    ours = came_from.netloc in ("", request.get_host())
    return came_from.path[:300] if ours else ""


def _get(request: Request, key: int) -> Decision:
    try:
        return queries.one(request.organisation.pk, key)
    except Decision.DoesNotExist:
        raise Http404 from None
