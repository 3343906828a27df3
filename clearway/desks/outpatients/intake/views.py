"""Referrals from a spreadsheet: given, mapped, looked through, registered, and the refused given back."""

from dataclasses import asdict
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from clearway.core import clashes
from clearway.core.people.permissions import needs
from clearway.domain.shared.errors import CannotParse, NotAllowed
from clearway.interchange import referral_file, sheets
from clearway.interchange.referral_file import FIELDS

from ..referrals import queries as referred
from . import actions, presenters, queries
from .forms import GiveForm
from .models import GivenFile, Layout

Request = Any


@needs("referrals.write")
def give(request: Request) -> HttpResponse:
    """Give a file or paste rows; those that were given lately stand below."""
    services = referred.services(request.organisation.pk)
    sent = request.POST if request.method == "POST" else None
    form = GiveForm(sent, at=request.at, services=[(each.pk, each.name) for each in services])
    body = form.body(request.FILES.get("file")) if form.is_valid() else None
    if body is not None:
        try:
            sender, service = form.cleaned_data["sender"].strip(), form.cleaned_data["service"]
            row = actions.give(*body, sender, service_id=service, **_scope(request))
        except NotAllowed as refusal:
            form.add_error("service", refusal.why)
        else:
            return _on(row)
    context = {
        "form": form,
        "files": queries.newest(request.organisation.pk),
        "senders": queries.senders(request.organisation.pk),
        "columns": [(each.label, each.needed) for each in FIELDS.values()],
        "services": [(each.code, each.name) for each in services],
        "choices": [(each.pk, each.name) for each in services],
        "most": sheets.MOST_ROWS,
    }
    return render(request, "intake/give.html", context, status=422 if form.errors else 200)


def _on(row: GivenFile) -> HttpResponse:
    """To what is to be done next with a file."""
    page = (
        "op-intake:file" if row.layout_id is not None or row.state != row.State.GIVEN else "op-intake:columns"
    )
    return HttpResponseRedirect(reverse(page, args=[row.pk]))


@needs("referrals.write")
def columns(request: Request, key: int) -> HttpResponse:
    """Say which column holds which field, with how its first values would be read."""
    row = _read(request, key)
    if row.state != row.State.GIVEN:
        return _on(row)
    sheet = queries.sheet(bytes(row.body))
    # What somebody remembered since this file was given is what a mapping takes the place of.
    shown = queries.layout(row.organisation_id, referral_file.layout_of(sheet.heading), row.sender)
    mapping = _mapping(request, shown, sheet)
    problem, clash = "", None
    if request.method == "POST" and "look" not in request.POST:
        try:
            seen = clashes.unseal(request.POST.get("seen", ""), actions.MAPPING, f"file {row.pk}")
            return _on(actions.map_columns(row.pk, mapping, seen=seen, **_scope(request)))
        except clashes.ChangedMeanwhile as refusal:
            problem, clash = refusal.why, refusal
        except NotAllowed as refusal:
            problem = refusal.why
    actions.look(row.pk, "columns", **_scope(request))
    services = {
        word.casefold() for each in referred.services(row.organisation_id) for word in (each.code, each.name)
    }
    used = set(mapping.values())
    context = {
        "row": row,
        "fields": presenters.field_rows(sheet, mapping, services),
        "headings": sheet.heading,
        "unused": [each for each in sheet.heading if each and each not in used],
        "count": len(sheet.rows),
        "problem": problem,
        "seen": clashes.opened(request.POST, actions.says(shown), f"file {row.pk}", clash),
        "both": presenters.clashes(clash.clashes if clash else ()),
    }
    status = 409 if clash else 422 if problem else 200
    return render(request, "intake/columns.html", context, status=status)


def _mapping(request: Request, layout: Layout | None, sheet: sheets.Sheet) -> dict[str, str]:
    """What was sent, else what is remembered, else what the headings say."""
    if request.method == "POST":
        return {name: request.POST.get(f"field-{name}", "")[:300] for name in FIELDS}
    if layout is not None:
        return dict(layout.mapping)
    return referral_file.guessed(sheet.heading)


@needs("referrals.write")
def file(request: Request, key: int) -> HttpResponse:
    """What registering the file would do, row by row; the form does it. Afterwards, what it did."""
    row = _read(request, key)
    if row.state == row.State.UNREAD:
        return render(request, "intake/unread.html", {"row": row, "size": len(bytes(row.body))})
    if row.state != row.State.GIVEN:
        return _page(request, row, row.results, _rows(row), done=True)
    if row.layout is None:
        return _on(row)
    problem = ""
    if request.method == "POST":
        try:
            actions.confirm(row.pk, request.POST.get("digest", ""), **_scope(request))
            return HttpResponseRedirect(reverse("op-intake:file", args=[row.pk]))
        except NotAllowed as refusal:
            problem = refusal.why
    try:
        found = actions.preview(row.pk, **_scope(request))
    except CannotParse as refusal:
        messages.error(request, str(refusal))
        return HttpResponseRedirect(reverse("op-intake:columns", args=[row.pk]))
    results = [asdict(each) for each in found.results]
    return _page(request, row, results, found.rows, done=False, digest=found.digest, problem=problem)


def _rows(row: GivenFile) -> Any:
    """The rows of a closed file, to name the patients; none where nothing of it was registered."""
    return queries.rows(row) if row.layout else ()


def _page(
    request: Request,
    row: GivenFile,
    results: Any,
    rows: Any,
    *,
    done: bool,
    digest: str = "",
    problem: str = "",
) -> HttpResponse:
    actions.look(row.pk, "rows", **_scope(request))
    shown = presenters.result_rows(results, rows, done=done)
    context = {
        "row": row,
        "rows": shown,
        "done": done,
        "digest": digest,
        "problem": problem,
        "counts": {name: sum(each.verdict == name for each in shown) for name in presenters.VERDICTS},
        "incomplete": sum(bool(each["gaps"]) for each in results),
        "before": queries.taken_before(row) if not done else None,
    }
    return render(request, "intake/file.html", context, status=422 if problem else 200)


@needs("referrals.write")
@require_POST
def drop(request: Request, key: int) -> HttpResponse:
    """Put a file aside; nothing of it is registered."""
    row = _read(request, key)
    try:
        actions.drop(row.pk, **_scope(request))
        messages.success(request, f"{row.name} was put aside. Nothing of it was registered.")
    except NotAllowed as refusal:
        messages.error(request, refusal.why)
    return HttpResponseRedirect(reverse("op-intake:give"))


@needs("referrals.write")
@require_POST
def again(request: Request, key: int) -> HttpResponse:
    """Read a file again that could not be read."""
    row = _read(request, key)
    try:
        row = actions.read_again(row.pk, **_scope(request))
    except NotAllowed as refusal:
        messages.error(request, refusal.why)
        return HttpResponseRedirect(reverse("op-intake:file", args=[key]))
    if row.state == row.State.UNREAD:
        messages.error(request, "It still cannot be read.")
    else:
        messages.success(request, f"{row.name} could be read now.")
    return _on(row)


@needs("referrals.write")
def refused(request: Request, key: int) -> HttpResponse:
    """The rows of a file that were or would be refused, with why and what mends each."""
    row = _read(request, key)
    results: Any = row.results
    if row.state == row.State.UNREAD:
        raise Http404
    if row.state == row.State.GIVEN:
        if row.layout is None:
            raise Http404
        results = [asdict(each) for each in actions.preview(row.pk, **_scope(request)).results]
    actions.look(row.pk, "refused", **_scope(request))
    content = presenters.refused_file(queries.sheet(bytes(row.body)), results)
    answer = HttpResponse(content, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="refused-{row.pk}.csv"'
    answer["Cache-Control"] = "no-store"
    return answer


def _read(request: Request, key: int) -> GivenFile:
    try:
        return queries.one(request.organisation.pk, key)
    except GivenFile.DoesNotExist:
        raise Http404 from None


def _scope(request: Request) -> dict[str, Any]:
    return {"organisation_id": request.organisation.pk, "by": request.actor, "at": request.at}
