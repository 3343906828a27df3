"""The register of reports, one of them, and what was sent with what its recipient said."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from clearway.core.layout.fields import DeskForm
from clearway.core.layout.papers import PDF, as_file
from clearway.core.layout.times import clock, day, local
from clearway.core.people.permissions import needs
from clearway.core.people.roles import name_of
from clearway.domain.outpatients.reports import Unit, What
from clearway.domain.shared.errors import NotAllowed

from . import actions, figures, forms, making, presenters, queries
from .models import Report, SentReport

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@needs("reports.read", change="reports.manage")
def register(request: Any) -> HttpResponse:
    """What has come to the reader, every report with its next day, and entering another one."""
    form = forms.EnterForm(request.POST if request.method == "POST" else None, at=request.at)
    if form.is_valid():
        try:
            row = actions.enter(form.wanted(), **_who(request))
        except NotAllowed as refusal:
            form.add_error("recipient", refusal.why)
        else:
            messages.success(request, "Entered.")
            return HttpResponseRedirect(reverse("op-reports:report", args=[row.pk]))
    context = {
        "rows": queries.register(request.organisation.pk),
        "to_read": queries.to_read(request.organisation.pk, request.user.pk),
        "form": form,
        "kinds": [(each.value, presenters.title(each)) for each in What],
        "units": [(each.value, each.meaning) for each in Unit],
        "people": _people(request),
        "said": presenters,
        "today": local(request.at).date(),
        "may_change": request.reach.allows("reports.manage"),
    }
    return render(request, "reports/register.html", context, status=422 if form.errors else 200)


FORMS: dict[str, tuple[type[DeskForm], str]] = {
    "now": (forms.NowForm, "Put into the outbox: it leaves within a minute."),
    "recipient": (forms.ReaddressForm, "It goes to them from now on."),
    "end": (forms.EndForm, "Ended."),
}


@needs("reports.read", change="reports.manage")
def report(request: Any, key: int) -> HttpResponse:
    """One report: its figures now, everything of it that was sent, and what can be done."""
    row = _report(request, key)
    what = request.POST.get("what", "now")
    if what not in FORMS:
        raise Http404("No such form.")
    make, said = FORMS[what]
    form = make(request.POST if request.method == "POST" else None, at=request.at)
    if form.is_valid():
        try:
            _act(what, key, form.cleaned_data, request)
        except NotAllowed as refusal:
            form.add_error(None, refusal.why)
        else:
            messages.success(request, said)
            return HttpResponseRedirect(reverse("op-reports:report", args=[key]))
    context = {
        "row": row,
        "figures": figures.read(What(row.what), request.organisation.pk, request.at),
        "screen": figures.READINGS[What(row.what)][1],
        "form": form,
        "people": [each for each in _people(request) if each[0] != row.recipient_id],
        "said": presenters,
        "may_change": request.reach.allows("reports.manage") and row.ended_at is None,
    }
    return render(request, "reports/report.html", context, status=422 if form.errors else 200)


def _act(what: str, key: int, given: dict[str, Any], request: Any) -> None:
    if what == "now":
        actions.send_now(key, **_who(request))
    elif what == "recipient":
        actions.readdress(key, given["recipient"], **_who(request))
    else:
        actions.end(key, given["why"], **_who(request))


@needs("reports.read")
def sent(request: Any, key: int) -> HttpResponse:
    """One report as it was sent; its recipient says that it was read."""
    row = _sent(request, key)
    form = forms.ReadForm(request.POST if request.method == "POST" else None, at=request.at)
    if form.is_valid():
        try:
            actions.acknowledge(key, form.cleaned_data["said"], **_who(request))
        except NotAllowed as refusal:
            form.add_error(None, refusal.why)
        else:
            messages.success(request, "Kept: you have read it.")
            return HttpResponseRedirect(reverse("op-reports:sent", args=[key]))
    context = {
        "row": row,
        "figures": making.again(row.figures) if row.figures else None,
        "form": form,
        "said": presenters,
        "may_read": row.recipient_id == request.user.pk and row.outgoing.state == "sent",
    }
    return render(request, "reports/sent.html", context, status=422 if form.errors else 200)


@needs("reports.read")
def sent_csv(request: Any, key: int) -> HttpResponse:
    """The bytes that were sent."""
    row = _sent(request, key)
    if row.csv is None:
        raise Http404("It was not made.")
    return _file(row, bytes(row.csv), "csv", "text/csv; charset=utf-8")


@needs("reports.read")
def sent_xlsx(request: Any, key: int) -> HttpResponse:
    """The figures that were sent, as a workbook."""
    row = _sent(request, key)
    if row.csv is None:
        raise Http404("It was not made.")
    made = making.as_workbook(bytes(row.csv), presenters.title(row.report.what))
    return _file(row, made, "xlsx", XLSX)


@needs("reports.read")
def sent_pdf(request: Any, key: int) -> HttpResponse:
    """The figures that were sent, for print: the same bytes each time."""
    row = _sent(request, key)
    if row.figures is None or row.as_of is None:
        raise Http404("It was not made.")
    when = f"Figures of {day(row.as_of)}, {clock(row.as_of)}"
    about = (str(row.report.organisation), when, row.sources, f"Sent to {row.recipient}")
    title = presenters.title(row.report.what)
    return _file(row, making.as_pdf(making.again(row.figures), title, about, row.as_of), "pdf", PDF)


def _file(row: SentReport, made: bytes, kind: str, media: str) -> HttpResponse:
    on = local(row.as_of).date() if row.as_of else ""
    return as_file(made, f"{row.report.what}-{on}.{kind}", media)


def _people(request: Any) -> list[tuple[int, str]]:
    found = queries.recipients(request.organisation.pk, request.at)
    return [(user.pk, f"{user}, {name_of(role)} ({user.username})") for user, role in found]


def _report(request: Any, key: int) -> Report:
    try:
        return queries.one(request.organisation.pk, key)
    except queries.NotThere:
        raise Http404(f"There is no report {key}.") from None


def _sent(request: Any, key: int) -> SentReport:
    try:
        return queries.copy(request.organisation.pk, key)
    except queries.SentNotThere:
        raise Http404(f"No report {key} was sent.") from None


def _who(request: Any) -> dict[str, Any]:
    return {"organisation_id": request.organisation.pk, "by": request.actor, "at": request.at}
