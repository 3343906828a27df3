"""The pages of the gateway: the account of every source, and the lines that could not be read."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from clearway.core.feeds import actions as feeds
from clearway.core.feeds import queries
from clearway.core.feeds.models import Quarantined
from clearway.core.people.permissions import needs
from clearway.domain.shared.errors import CannotParse, NotAllowed

from . import hl7, inbox, who_is_it
from .forms import SettleForm

ROWS = 50
SHOWN_BYTES = 2_000  # of a quarantined line; the whole of it stays in the database


@needs("feeds.read")
def account(request: Any) -> HttpResponse:
    """Every source: how fresh, and received = applied + duplicate + quarantined."""
    return render(
        request,
        "gateway/account.html",
        {
            "accounts": queries.accounts(request.organisation.pk),
            "hl7": hl7.KIND,
            "may_map": request.reach.allows("feeds.map"),
            "may_replay": request.reach.allows("feeds.replay"),
        },
    )


@needs("feeds.read")
def quarantine(request: Any) -> HttpResponse:
    """The lines that wait to be mended, oldest first."""
    rows = Paginator(queries.quarantine(request.organisation.pk), ROWS)
    page = rows.get_page(request.GET.get("page"))
    return render(
        request,
        "gateway/quarantine.html",
        {"page": page, "may_replay": request.reach.allows("feeds.replay")},
    )


@needs("feeds.replay")
def line(request: Any, row_id: int) -> HttpResponse:
    """One quarantined line with its bytes. They may hold identity, so looking is recorded."""
    return _line(request, _row(request, row_id), SettleForm(at=request.at))


def _line(request: Any, row: Quarantined, form: SettleForm) -> HttpResponse:
    # A line of the ambulance desk may name who its own pages mask: somebody reviews why it was read.
    feeds.look(row, by=request.actor, at=request.at, is_reviewed=row.source.kind != hl7.KIND)
    # HL7 ends its segments with a carriage return, which a page does not show as a new line.
    shown = bytes(row.body)[:SHOWN_BYTES].decode("utf-8", "replace").replace("\r", "\n")
    asked = who_is_it.question(row, at=request.at) if request.reach.allows("patients.write") else None
    context = {
        "row": row,
        "shown": shown,
        "form": form,
        "has_doctor": row.source.kind == hl7.KIND,
        "has_alike": asked is not None and bool(asked.alike()) and row.state == "waiting",
    }
    response = render(request, "gateway/line.html", context, status=422 if form.errors else 200)
    response["Cache-Control"] = "no-store"
    return response


def _row(request: Any, row_id: int) -> Quarantined:
    rows = Quarantined.objects.select_related("source", "batch")
    return get_object_or_404(rows, pk=row_id, source__organisation=request.organisation)


@needs("feeds.replay")
@require_POST
def replay(request: Any, row_id: int) -> HttpResponse:
    """Read a quarantined line again and say what became of it."""
    row = _row(request, row_id)
    try:
        inbox.replay(row.pk, by=request.actor, at=request.at)
        messages.success(request, f"Line {row.line} of batch {row.batch_id} was read and recorded.")
    except CannotParse as still:
        messages.error(request, f"Line {row.line} of batch {row.batch_id} still cannot be read. {still}")
    except NotAllowed as refused:
        messages.error(request, refused.why)
    return HttpResponseRedirect(reverse("gateway:quarantine"))


@needs("feeds.replay")
@require_POST
def settle(request: Any, row_id: int) -> HttpResponse:
    """Say that somebody did by hand what a line asked for, and what that was; it waits no more."""
    row = _row(request, row_id)
    form = SettleForm(request.POST, at=request.at)
    if form.is_valid():
        scope = {"organisation_id": request.organisation.pk, "by": request.actor, "at": request.at}
        try:
            feeds.put_right(row.pk, form.cleaned_data["words"], **scope)
            messages.success(request, f"Line {row.line} of batch {row.batch_id} is settled by hand.")
            return HttpResponseRedirect(reverse("gateway:quarantine"))
        except NotAllowed as refused:
            form.add_error("words", refused.why)
    return _line(request, row, form)
