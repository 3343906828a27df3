"""Situation reports, shifts, escalation calls and major incidents: their pages, texts and PDFs."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from clearway.core import clashes
from clearway.core.layout.papers import PDF, TEXT, as_file
from clearway.core.layout.times import local
from clearway.core.live.queries import newest_push
from clearway.core.people.permissions import needs
from clearway.domain.ambulance.command import KEYS, METHANE, Declared
from clearway.domain.ambulance.meeting import Unit
from clearway.domain.shared.errors import NotAllowed

from . import actions, calling, major, minutes, presenters, queries
from . import packs as making
from .forms import AddForm, GiveForm, LineForm, MethaneForm, OpenCallForm, PackForm, SayForm
from .models import EscalationCall, MeetingPack, ShiftSheet, Sitrep

CSV = "text/csv; charset=utf-8"


@needs("command.read")
def sitreps(request: Any) -> HttpResponse:
    """Every report of the last days, newest first."""
    live_after = newest_push()
    rows = [
        presenters.sitrep_row(each) for each in queries.sitreps(request.organisation.pk)[: queries.LISTED]
    ]
    context = {
        "rows": rows,
        "may_make": request.reach.allows("sitreps.make"),
        "live_topics": "sitreps feeds tasks",
        "live_after": live_after,
    }
    return render(request, "command/sitreps.html", context)


@needs("sitreps.make")
@require_POST
def make_sitrep(request: Any) -> HttpResponse:
    """Make one now."""
    row = actions.make_sitrep(actions.BY_HAND, **_who(request))
    messages.success(request, f"Situation report {row.number} is made.")
    return HttpResponseRedirect(reverse("command:sitrep", args=[row.number]))


@needs("command.read", change="sitreps.make")
def sitrep(request: Any, number: int) -> HttpResponse:
    """One report with what was added to it."""
    row = _sitrep(request, number)
    form = AddForm(request.POST if request.method == "POST" else None, at=request.at)
    if form.is_valid():
        try:
            actions.add(number, form.cleaned_data["words"], **_who(request))
            messages.success(request, "Added. The report itself stays as it was.")
            return HttpResponseRedirect(reverse("command:sitrep", args=[number]))
        except NotAllowed as refused:
            form.add_error(None, refused.why)
    context = {
        "row": row,
        "parts": presenters.sitrep_parts(row),
        "form": form,
        "may_add": request.reach.allows("sitreps.make"),
    }
    return render(request, "command/sitrep.html", context, status=422 if form.errors else 200)


@needs("command.read")
def sitrep_text(request: Any, number: int) -> HttpResponse:
    """One report as plain text."""
    answer = HttpResponse(presenters.sitrep_text(_sitrep(request, number)), content_type=TEXT)
    answer["Cache-Control"] = "no-store"
    return answer


@needs("command.read")
def sitrep_pdf(request: Any, number: int) -> HttpResponse:
    """One report for print."""
    row = _sitrep(request, number)
    return as_file(presenters.sitrep_pdf(row), f"sitrep-{number}-{local(row.at).date()}.pdf", PDF)


@needs("command.read", change="sitreps.make")
def packs(request: Any) -> HttpResponse:
    """Every pack for a meeting, newest first, and a form to make one."""
    live_after = newest_push()
    yesterday = (local(request.at) - timedelta(days=1)).date().isoformat()
    form = PackForm(
        request.POST if request.method == "POST" else None,
        at=request.at,
        initial={"unit": "week", "day": yesterday},
    )
    if form.is_valid():
        given = form.cleaned_data
        try:
            row = making.make(Unit(given["unit"]), given["day"], **_who(request))
            messages.success(request, f"Meeting pack {row.number} is made.")
            return HttpResponseRedirect(reverse("command:pack", args=[row.number]))
        except NotAllowed as refused:
            form.add_error("day", refused.why)
    context = {
        "rows": [
            presenters.pack_row(each) for each in queries.packs(request.organisation.pk)[: queries.LISTED]
        ],
        "form": form,
        "units": [(each.value, each.value.capitalize()) for each in Unit],
        "may_make": request.reach.allows("sitreps.make"),
        "live_topics": "packs feeds tasks",
        "live_after": live_after,
    }
    return render(request, "command/packs.html", context, status=422 if form.errors else 200)


@needs("command.read")
def pack(request: Any, number: int) -> HttpResponse:
    """One pack with its charts."""
    row = _pack(request, number)
    context = {
        "row": row,
        "title": presenters.pack_title(row),
        "about": presenters.pack_about(row)[1:],
        "parts": presenters.pack_parts(row),
    }
    return render(request, "command/pack.html", context)


@needs("command.read")
def pack_text(request: Any, number: int) -> HttpResponse:
    """One pack as plain text."""
    answer = HttpResponse(presenters.pack_text(_pack(request, number)), content_type=TEXT)
    answer["Cache-Control"] = "no-store"
    return answer


@needs("command.read")
def pack_pdf(request: Any, number: int) -> HttpResponse:
    """One pack for print."""
    row = _pack(request, number)
    return as_file(presenters.pack_pdf(row), f"meeting-pack-{number}-{row.first}.pdf", PDF)


@needs("command.read")
def pack_csv(request: Any, number: int) -> HttpResponse:
    """One pack for a spreadsheet."""
    row = _pack(request, number)
    return as_file(presenters.pack_csv(row), f"meeting-pack-{number}-{row.first}.csv", CSV)


@needs("command.read", change="shift.hand_over")
def shift(request: Any) -> HttpResponse:
    """What is open now, a form to give it to the next person, and the sheets before."""
    live_after = newest_push()
    form = GiveForm(request.POST if request.method == "POST" else None, at=request.at)
    if form.is_valid():
        try:
            row = actions.give_shift(form.cleaned_data["notes"], **_who(request))
            messages.success(request, "Given. The next person reads and accepts it here.")
            return HttpResponseRedirect(reverse("command:sheet", args=[row.number]))
        except NotAllowed as refused:
            form.add_error(None, refused.why)
    rows = queries.sheets(request.organisation.pk)[: queries.LISTED]
    context = {
        "form": form,
        "rows": [presenters.sheet(each) for each in rows],
        "may_give": request.reach.allows("shift.hand_over"),
        "live_topics": "shifts feeds tasks",
        "live_after": live_after,
    }
    return render(request, "command/shift.html", context, status=422 if form.errors else 200)


@needs("command.read", change="shift.hand_over")
def sheet(request: Any, number: int) -> HttpResponse:
    """One sheet as it was given, with its questions; the next person accepts it."""
    live_after = newest_push()
    row = _sheet(request, number)
    accepts = request.POST.get("what") == "accept"
    form = SayForm(request.POST if request.method == "POST" and not accepts else None, at=request.at)
    refusal = ""
    if accepts or form.is_valid():
        try:
            if accepts:
                actions.accept_shift(number, **_who(request))
                messages.success(
                    request, "You have the shift. What was open at this instant is kept with it."
                )
            else:
                actions.say_of_shift(number, form.cleaned_data["words"], **_who(request))
            return HttpResponseRedirect(reverse("command:sheet", args=[number]))
        except NotAllowed as refused:
            refusal = refused.why
    accepted = getattr(row, "acceptance", None)
    may = request.reach.allows("shift.hand_over")
    reads = request.reach.allows("desk_messages.send")
    context = {
        "sheet": presenters.sheet(row),
        "parts": presenters.sheet_parts(row.figures, reads_messages=reads),
        "left": presenters.sheet_parts(accepted.figures, reads_messages=reads) if accepted else (),
        "form": form,
        "refusal": refusal,
        "may_say": may,
        "may_accept": may and accepted is None and row.by_user_id != request.user.pk,
        "live_topics": "shift feeds tasks",
        "live_after": live_after,
    }
    status = 422 if form.errors or refusal else 200
    return render(request, "command/sheet.html", context, status=status)


@needs("command.read", change="calls.chair")
def calls(request: Any) -> HttpResponse:
    """Every escalation call, and a form to open one."""
    form = OpenCallForm(request.POST if request.method == "POST" else None, at=request.at)
    if form.is_valid():
        try:
            row = calling.open_call(form.cleaned_data["because"], **_who(request))
            return HttpResponseRedirect(reverse("command:call", args=[row.number]))
        except NotAllowed as refused:
            form.add_error("because", refused.why)
    rows = queries.calls(request.organisation.pk)[: queries.LISTED]
    context = {
        "rows": [presenters.call(each) for each in rows],
        "form": form,
        "may_chair": request.reach.allows("calls.chair"),
        "is_officer": request.actor.role in calling.OFFICERS,
    }
    return render(request, "command/calls.html", context, status=422 if form.errors else 200)


@needs("command.read", change="calls.chair")
def call(request: Any, number: int) -> HttpResponse:
    """One call: its agenda with the figures it began with, one field for every line, and signing."""
    live_after = newest_push()
    row, refusal = _call(request, number), ""
    signs = request.POST.get("what") == "sign"
    form = LineForm(request.POST if request.method == "POST" and not signs else None, at=request.at)
    try:
        if signs:
            calling.sign(number, **_who(request))
            messages.success(request, "Signed. The minutes do not change any more.")
            return HttpResponseRedirect(reverse("command:call", args=[number]))
        if form.is_valid():
            calling.say(number, form.cleaned_data["line"], **_who(request))
            return HttpResponseRedirect(reverse("command:call", args=[number]))
    except NotAllowed as refused:
        refusal = refused.why
    except ValueError as problem:
        refusal = str(problem)
    lines = list(row.lines.all())
    signed = getattr(row, "minutes", None) is not None
    may = request.reach.allows("calls.chair") and not signed
    context = {
        "call": presenters.call(row),
        "parts": presenters.so_far(row, queries.tasks_of(row)),
        "points": minutes.points(row, lines),
        "keys": KEYS,
        "takers": calling.takers().values(),
        "form": form,
        "refusal": refusal,
        "may_say": may,
        "may_sign": may and (row.chair_user_id == request.user.pk or request.actor.role in calling.OFFICERS),
        "live_topics": "calls feeds tasks",
        "live_after": live_after,
    }
    status = 422 if form.errors or refusal else 200
    return render(request, "command/call.html", context, status=status)


@needs("command.read")
def minutes_text(request: Any, number: int) -> HttpResponse:
    """Signed minutes as plain text."""
    answer = HttpResponse(presenters.minutes_text(_signed(request, number)), content_type=TEXT)
    answer["Cache-Control"] = "no-store"
    return answer


@needs("command.read")
def minutes_pdf(request: Any, number: int) -> HttpResponse:
    """Signed minutes for print."""
    row = _signed(request, number)
    return as_file(presenters.minutes_pdf(row), f"escalation-call-{number}-{local(row.at).date()}.pdf", PDF)


@needs("command.read", change="major.declare")
def major_incidents(request: Any) -> HttpResponse:
    """Major incidents, those that go on first, and a form for a new one."""
    return _methane(request, None)


@needs("command.read", change="major.declare")
def methane(request: Any, number: int) -> HttpResponse:
    """One major incident with every version of its METHANE report, and a form for the next."""
    return _methane(request, number)


def _methane(request: Any, number: int | None) -> HttpResponse:
    organisation_id, live_after = request.organisation.pk, newest_push()
    rows = queries.methane_versions(organisation_id, number) if number else queries.methane(organisation_id)
    if number and not rows:
        raise Http404(f"There is no major incident {number}.")
    newest = rows[0] if number else None
    form = MethaneForm(
        request.POST if request.method == "POST" else None,
        at=request.at,
        initial={**major.says(newest), "key": str(uuid4())},
    )
    clash: clashes.ChangedMeanwhile | None = None
    if form.is_valid():
        given = form.cleaned_data
        try:
            row = major.report(
                Declared(given["state"]),
                form.letters(),
                number=number,
                after=given["seen"],
                once=given["key"],
                **_who(request),
            )
            messages.success(request, f"Version {row.version} is on every screen.")
            return HttpResponseRedirect(reverse("command:methane", args=[row.number]))
        except clashes.ChangedMeanwhile as refused:
            form.add_error(None, refused.why)
            clash = refused
            if number:
                rows = queries.methane_versions(organisation_id, number)
                newest = rows[0]
        except NotAllowed as refused:
            form.add_error(None, refused.why)
    may = request.reach.allows("major.declare")
    context = {
        "number": number,
        "rows": [presenters.methane(each) for each in rows],
        "seen": clashes.opened(request.POST, newest.version if newest else 0, refusal=clash),
        "both": presenters.clashes(clash.clashes if clash else ()),
        "form": form,
        "states": [
            (each.value, says) for each, says in major.STATES.items() if number or each != Declared.STOOD_DOWN
        ],
        "letters": METHANE,
        "may_report": may and (newest is None or newest.state != Declared.STOOD_DOWN),
        "live_topics": "major feeds tasks",
        "live_after": live_after,
    }
    status = 409 if clash else 422 if form.errors else 200
    return render(request, "command/major.html", context, status=status)


def _call(request: Any, number: int) -> EscalationCall:
    try:
        return queries.call(request.organisation.pk, number)
    except queries.CallNotThere:
        raise Http404(f"There is no escalation call {number}.") from None


def _signed(request: Any, number: int) -> EscalationCall:
    row = _call(request, number)
    if getattr(row, "minutes", None) is None:
        raise Http404("Its minutes are not signed yet.")
    return row


def _sheet(request: Any, number: int) -> ShiftSheet:
    try:
        return queries.sheet(request.organisation.pk, number)
    except queries.SheetNotThere:
        raise Http404(f"There is no sheet {number}.") from None


def _sitrep(request: Any, number: int) -> Sitrep:
    try:
        return queries.sitrep(request.organisation.pk, number)
    except queries.SitrepNotThere:
        raise Http404(f"There is no situation report {number}.") from None


def _pack(request: Any, number: int) -> MeetingPack:
    try:
        return queries.pack(request.organisation.pk, number)
    except queries.PackNotThere:
        raise Http404(f"There is no meeting pack {number}.") from None


def _who(request: Any) -> dict[str, Any]:
    return {"organisation_id": request.organisation.pk, "by": request.actor, "at": request.at}
