"""By hand: the typed line, paper forms, back-entry with its reconciliation, and drills."""

import re
from collections.abc import Callable
from typing import Any
from uuid import uuid4

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from clearway.core.live.queries import newest_push
from clearway.core.people.permissions import needs
from clearway.domain.ambulance.downtime import LONGEST_LINE, SAID
from clearway.domain.ambulance.words import FormKind
from clearway.domain.shared.errors import CannotParse, NotAllowed

from ..facts import queries as facts
from ..resources import queries as resources
from . import actions, presenters, queries, register
from .forms import DeclareForm, DrawForm, EndForm, NumberForm, TakeBackForm, VoidForm
from .models import CadFailure, HandEntry

ROWS = 12  # of the page of back-entry
SHOWN = 200
ACCOUNTED = {"void": VoidForm, "used": NumberForm, "blank": NumberForm, "take-back": TakeBackForm}
DRILLED = "The form is entered. A drill's decision is not kept: the log is of what was really decided."
KEY = re.compile(r"[0-9]{1,18}")  # of a row, as addresses and forms name it


def _scope(request: Any) -> dict[str, Any]:
    return {"organisation_id": request.organisation.pk, "by": request.actor, "at": request.at}


def _words(organisation_id: int) -> dict[str, Any]:
    """What the typed line is completed from."""
    return {
        "call_signs": resources.call_signs(organisation_id),
        "said": sorted(SAID),
        "places": sorted(queries.places(organisation_id).values()),
        "longest": LONGEST_LINE,
        "once": uuid4(),
    }


@needs("downtime.read")
def board(request: Any, problem: str = "", typed: str = "", form: Any = None) -> HttpResponse:
    """Whether the CAD is there, the typed line while it is not, and what was entered by hand."""
    organisation_id, at = request.organisation.pk, request.at
    live_after = newest_push()
    failure, cad = queries.current(organisation_id), queries.cad_feed(organisation_id, at)
    places = queries.places(organisation_id)
    context = {
        "failure": failure,
        "cad": cad,
        "may_enter": request.reach.allows("downtime.work") and (failure is not None or cad.is_away),
        "may_work": request.reach.allows("downtime.work"),
        "rows": [
            presenters.row(each, places) for each in queries.entries(organisation_id, failure, at)[:SHOWN]
        ],
        "left": [each for each in queries.unreconciled(organisation_id) if each != failure],
        "differ": sum(each.is_open for each in queries.compared_while_lost(organisation_id, at)),
        "packs": queries.pack_folders(organisation_id),
        "problem": problem,
        "typed": typed,
        "form": form,
        "live_topics": "downtime feeds tasks",
        "live_after": live_after,
        **_words(organisation_id),
    }
    refused = problem or (form is not None and form.errors)
    return render(request, "downtime/board.html", context, status=422 if refused else 200)


@needs("downtime.work")
@require_POST
def enter(request: Any) -> HttpResponse:
    """Enter one line; the line stays when it is refused."""
    typed, is_drill = request.POST.get("line", "")[: LONGEST_LINE + 1], "drill" in request.POST
    once = request.POST.get("once", "")[:60] or str(uuid4())
    again = drills if is_drill else board
    try:
        entry = actions.enter(typed, once, is_drill=is_drill, **_scope(request))
    except CannotParse as problem:
        return again(request, problem=str(problem), typed=typed)
    except NotAllowed as refused:
        return again(request, problem=refused.why, typed=typed)
    written = DRILLED if is_drill else "Written."
    said = presenters.said_of(entry, queries.places(request.organisation.pk)) if entry else written
    messages.success(request, said)
    return HttpResponseRedirect(reverse("downtime:drills" if is_drill else "downtime:board"))


@needs("downtime.read")
def preview(request: Any) -> HttpResponse:
    """What a line would mean, as plain text; nothing is kept."""
    text = request.GET.get("line", "")[: LONGEST_LINE + 1]
    is_drill = "drill" in request.GET
    organisation_id = request.organisation.pk
    failure = queries.current(organisation_id, drill=is_drill)
    try:
        meant = actions.understand(text, failure, organisation_id=organisation_id, at=request.at)
        said = presenters.read_back(meant)
    except CannotParse as problem:
        said = str(problem)
    except NotAllowed as refused:
        said = refused.why
    return HttpResponse(said, content_type="text/plain; charset=utf-8")


@needs("downtime.work")
@require_POST
def declare(request: Any) -> HttpResponse:
    """Declare a failure of the CAD, or begin a drill."""
    is_drill = "drill" in request.POST
    form = DeclareForm(request.POST, at=request.at)
    return _done(
        request,
        form,
        lambda: actions.declare(form.cleaned_data["reason"], is_drill=is_drill, **_scope(request)),
        "The drill goes on. Nothing of it reaches the boards."
        if is_drill
        else "Declared. It stands on every page; statuses are entered below.",
    )


@needs("downtime.work")
@require_POST
def end(request: Any) -> HttpResponse:
    """End the failure or the drill."""
    is_drill = "drill" in request.POST
    form = EndForm(request.POST, at=request.at)
    return _done(
        request,
        form,
        lambda: actions.end(form.cleaned_data["learnt"], is_drill=is_drill, **_scope(request)),
        "The drill is over." if is_drill else "Ended. Now enter what stands on paper.",
    )


def _done(request: Any, form: Any, act: Callable[[], object], told: str) -> HttpResponse:
    is_drill = "drill" in request.POST
    again = drills if is_drill else board
    if not form.is_valid():
        return again(request, form=form)
    try:
        act()
    except NotAllowed as refused:
        form.add_error(None, refused.why)
        return again(request, form=form)
    messages.success(request, told)
    return HttpResponseRedirect(reverse("downtime:drills" if is_drill else "downtime:board"))


@needs("downtime.read", change="downtime.work")
def paper(request: Any) -> HttpResponse:
    """The register of paper forms; draw numbers and print them."""
    organisation_id, is_drill = request.organisation.pk, "drill" in (request.POST or request.GET)
    form = DrawForm(request.POST if request.method == "POST" else None, at=request.at)
    if form.is_valid():
        try:
            rows = register.draw(form.wanted(), is_drill=is_drill, **_scope(request))
            span = f"?first={rows[0].pk}&last={rows[-1].pk}"
            return HttpResponseRedirect(reverse("downtime:print") + span)
        except NotAllowed as refused:
            form.add_error(None, refused.why)
    rows = list(queries.forms(organisation_id, drill=is_drill))
    context = {
        "form": form,
        "is_drill": is_drill,
        "kinds": list(presenters.KINDS.items()),
        "counts": [
            (name, sum(row.kind == kind for row in rows), _counted(rows, kind))
            for kind, name in presenters.KINDS.items()
        ],
        "states": presenters.STATES,
        "printings": _printings(rows),
        "may_work": request.reach.allows("downtime.work"),
    }
    return render(request, "downtime/forms.html", context, status=422 if form.errors else 200)


def _counted(rows: list[Any], kind: FormKind) -> dict[str, int]:
    return {
        state: sum(row.kind == kind and row.state == state for row in rows) for state in presenters.STATES
    }


def _printings(rows: list[Any]) -> list[tuple[Any, str, int, int, int]]:
    """When forms were printed, by whom, how many, and the first and last key of each printing."""
    found: dict[Any, list[Any]] = {}
    for row in rows:
        found.setdefault((row.printed_at, row.printed_by), []).append(row)
    return [
        (at, by, len(each), min(row.pk for row in each), max(row.pk for row in each))
        for (at, by), each in sorted(found.items(), reverse=True)[:10]
    ]


@needs("downtime.read")
def printed(request: Any) -> HttpResponse:
    """Numbered forms, one to an A4 page, from the configuration that is in force."""
    organisation_id = request.organisation.pk
    first, last = request.GET.get("first", ""), request.GET.get("last", "")
    if not KEY.fullmatch(first) or not KEY.fullmatch(last):
        return HttpResponseRedirect(reverse("downtime:forms"))
    rows = list(queries.forms_between(organisation_id, int(first), int(last))[: 4 * register.MOST])
    call_signs = list(resources.seen_of_late(organisation_id, request.at))
    context = {
        "forms": presenters.sheets(rows, call_signs),
        "places": sorted(queries.receiving(organisation_id)),
        "said": ["mobile", "on scene", "left scene", "arrived", "handed over", "clear", "available"],
    }
    return render(request, "downtime/print.html", context)


@needs("downtime.read", change="downtime.work")
def back_entry(request: Any) -> HttpResponse:
    """Enter what stands on paper, many lines at once; a line that is refused stays with the reason."""
    lines = _lines(request) if request.method == "POST" else []
    kept, entered = [], 0
    for once, text in lines:
        try:
            actions.enter(text, once, from_paper=True, of=_asked(request), **_scope(request))
            entered += 1
        except CannotParse as problem:
            kept.append((once, text, str(problem)))
        except NotAllowed as refused:
            kept.append((once, text, refused.why))
    if request.method == "POST":
        said = f"{entered} line{'' if entered == 1 else 's'} entered."
        messages.success(request, said if not kept else f"{said} {len(kept)} below to mend.")
        if not kept:
            return HttpResponseRedirect(_page(request))
    return _back_entry(request, kept)


def _asked(request: Any) -> int | None:
    """The key of the failure that is worked on; None where the address names none."""
    key = request.POST.get("failure", "") or request.GET.get("failure", "")
    return int(key) if KEY.fullmatch(key) else None


def _page(request: Any) -> str:
    asked = _asked(request)
    return reverse("downtime:back-entry") + (f"?failure={asked}" if asked else "")


def _lines(request: Any) -> list[tuple[str, str]]:
    once, texts = request.POST.getlist("once"), request.POST.getlist("line")
    return [
        (key[:60] or str(uuid4()), text.strip()[: LONGEST_LINE + 1])
        for key, text in zip(once, texts, strict=False)
        if text.strip()
    ]


def _back_entry(
    request: Any, kept: list[tuple[str, str, str]], form: Any = None, status: int = 200
) -> HttpResponse:
    organisation_id, at = request.organisation.pk, request.at
    failure = queries.one_to_reconcile(organisation_id, _asked(request))
    places = queries.places(organisation_id)
    lost = queries.compared_while_lost(organisation_id, at)
    found = queries.compared(organisation_id, failure, at) if failure else []
    context = {
        "failure": failure,
        "lines": [*kept, *((str(uuid4()), "", "") for _ in range(max(1, ROWS - len(kept))))],
        "problems": len(kept),
        "rows": [presenters.row(each.entry, places) for each in found[:SHOWN]],
        "beside": presenters.beside(found),
        "open": sum(each.is_open for each in found),
        "lost": presenters.beside(lost),
        "others": [each for each in queries.unreconciled(organisation_id) if each != failure],
        "jobs": queries.paper_jobs(organisation_id, failure, at) if failure else [],
        "unaccounted": [presenters.form_name(each) for each in queries.unaccounted(organisation_id, failure)]
        if failure
        else [],
        "counts": queries.counts(organisation_id, failure) if failure else {},
        "form": form,
        "may_work": request.reach.allows("downtime.work"),
        **_words(organisation_id),
    }
    refused = bool(kept) or (form is not None and bool(form.errors))
    return render(request, "downtime/back_entry.html", context, status=422 if refused else status)


@needs("downtime.work")
@require_POST
def reconcile(request: Any) -> HttpResponse:
    """Account for a form, settle a conflict, join two jobs, or close the reconciliation."""
    step = request.POST.get("step", "")
    form = ACCOUNTED.get(step, EndForm)(request.POST, at=request.at)
    if form.is_valid():
        try:
            messages.success(request, _settled(request, step, form.cleaned_data))
            return HttpResponseRedirect(_page(request))
        except NotAllowed as refused:
            form.add_error(None, refused.why)
    return _back_entry(request, [], form)


def _settled(request: Any, step: str, given: dict[str, Any]) -> str:
    scope, failure = _scope(request), queries.one_to_reconcile(request.organisation.pk, _asked(request))
    if step == "choose":
        return _chosen(request, scope)
    if failure is None:
        raise NotAllowed("closed", "This", "Nothing is left to reconcile.")
    if step in ACCOUNTED:
        return _accounted(step, given, failure, scope)
    if step == "same":
        paper, _, cad = request.POST.get("jobs", "").partition("|")
        actions.same_job(paper, cad, **scope)
        return f"{paper} stands in job {cad} now."
    if step == "close":
        actions.reconcile(of=failure.pk, **scope)
        return "Reconciled: every form is accounted for and every difference settled."
    raise NotAllowed("unknown", "This", "Choose what to do.")


def _accounted(step: str, given: dict[str, Any], failure: CadFailure, scope: dict[str, Any]) -> str:
    """What was said of a form's number."""
    if step == "void":
        register.make_void(given["number"], given["why"], failure, **scope)
        return f"Form {given['number']} is void."
    if step == "used":
        more = register.used_up_to(given["number"], failure, **scope)
        return f"Every form up to {given['number']} was used; {more} more to account for."
    if step == "blank":
        laid = register.lay_back(given["number"], failure, **scope)
        return f"{laid} forms from {given['number']} on lie blank in the folder."
    moved = actions.take_back(given["number"], given["right"], given["why"], failure, **scope)
    lines = f"{moved} line{'' if moved == 1 else 's'}"
    return f"{lines} of {given['number']} stand on {given['right']} now; {given['number']} is open again."


def _chosen(request: Any, scope: dict[str, Any]) -> str:
    key, _, choice = request.POST.get("choice", "").partition(":")
    if not KEY.fullmatch(key) or choice not in HandEntry.Choice.values:
        raise NotAllowed("unknown", "Settling this", "Choose whose time is right.")
    entry = actions.choose(int(key), HandEntry.Choice(choice), **scope)
    return f"Settled for {entry.call_sign}."


@needs("downtime.read")
def drills(request: Any, problem: str = "", typed: str = "", form: Any = None) -> HttpResponse:
    """The register of drills, and the drill that goes on, on a copy of the picture."""
    organisation_id, at = request.organisation.pk, request.at
    drill = queries.current(organisation_id, drill=True)
    entered = list(queries.entries(organisation_id, drill, at)) if drill else []
    streams = {actions.event_of(each).stream for each in entered}
    told = facts.by_stream(organisation_id, streams, known_by=drill.declared_at) if drill else {}
    places = queries.places(organisation_id)
    context = {
        "drill": drill,
        "rows": [presenters.row(each, places) for each in entered],
        "copy": presenters.copied(entered, told),
        "past": queries.failures(organisation_id, drill=True).exclude(ended_at=None)[:20],
        "may_work": request.reach.allows("downtime.work"),
        "problem": problem,
        "typed": typed,
        "form": form,
        **_words(organisation_id),
    }
    refused = problem or (form is not None and form.errors)
    return render(request, "downtime/drills.html", context, status=422 if refused else 200)
