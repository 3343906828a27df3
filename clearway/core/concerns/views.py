"""Reporting from any screen, the list with its export, and the page of one report."""

from typing import Any
from urllib.parse import urlsplit

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from clearway.domain.shared.concerns import Step, may
from clearway.domain.shared.errors import NotAllowed
from clearway.domain.shared.region import Desk
from clearway.interchange import sheets

from ..people import kept
from ..people.permissions import needs
from ..people.roles import name_of
from . import actions, presenters, queries
from .forms import STEPS, ChosenForm, ReportForm, StepForm, owners
from .models import Concern
from .policy import concern_policy

LARGEST = 2**63


@needs("concerns.report")
def report(request: Any) -> HttpResponse:
    """Report something, and go back to the page one came from."""
    policy, desk = concern_policy(request.organisation.pk, request.at), _desk(request)
    back = _back(request)
    data = request.POST if request.method == "POST" else None
    beginning = (kept.take(request) or {"screen": back}) if data is None else {}
    form = ReportForm(data, policy=policy, desk=desk, at=request.at, initial=beginning)
    if form.is_valid():
        try:
            row = actions.report(
                form.report(), organisation_id=request.organisation.pk, by=request.actor, at=request.at
            )
            owner = name_of(row.owner).lower()
            messages.success(request, f"Reported as number {row.pk}. It is with the {owner}.")
            return HttpResponseRedirect(back or reverse("concerns:concern", args=[row.pk]))
        except NotAllowed as refused:
            form.add_error(None, refused.why)
    context = {
        "form": form,
        "kinds": form.kinds,
        "severities": [(each.code, each.says) for each in policy.severities],
        "back": back,
    }
    return render(request, "concerns/report.html", context, status=422 if form.errors else 200)


@needs("concerns.report")
def listed(request: Any) -> HttpResponse:
    """Everything that was reported; one's own for whom the others' are not open to."""
    policy, chosen, found = _chosen(request)
    context = {
        "rows": presenters.rows(found, policy, request.at),
        "chosen": chosen,
        "states": {"open": "Open", "overdue": "Overdue", "closed": "Closed", "all": "All"},
        "kinds": policy.kinds,
        "severities": policy.severities,
        "is_own": _only_of(request) is not None,
        "most": queries.MOST,
    }
    return render(request, "concerns/list.html", context)


@needs("concerns.read")
def as_csv(request: Any) -> HttpResponse:
    """The list for a spreadsheet, without anybody's name."""
    policy, _, found = _chosen(request, most=None)
    body = sheets.write(list(presenters.COLUMNS), presenters.exported(found, policy))
    answer = HttpResponse(body, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="concerns.csv"'
    return answer


@needs("concerns.report")
def concern(request: Any, key: int) -> HttpResponse:
    """One report with its history, and the next step for who owns it."""
    organisation_id = request.organisation.pk
    row = queries.one(organisation_id, key, _only_of(request)) if key < LARGEST else None
    if row is None:
        raise Http404
    policy = concern_policy(organisation_id, request.at)
    form = StepForm(request.POST if request.method == "POST" else None, policy=policy, at=request.at)
    if request.method == "POST" and not request.reach.allows(actions.WORKS):
        form.add_error(None, "Only who answers for reports takes a step.")
    elif form.is_valid() and _took(request, row, form):
        return HttpResponseRedirect(reverse("concerns:concern", args=[key]))
    stands = queries.stands(row, policy)
    works = request.reach.allows(actions.WORKS)
    steps = [(step, said) for step, said in STEPS.items() if works and may(stands.state, step)]
    if stands.owner not in request.roles:
        steps = [each for each in steps if each[0] is Step.PASSED_ON]
    context = {
        "row": row,
        "stands": stands,
        "kind": policy.kind(row.kind).says,
        "severity": policy.severity(stands.severity).says,
        "proposed": policy.severity(row.severity).says,
        "state": presenters.STATES[stands.state],
        "owner": name_of(stands.owner),
        "is_overdue": stands.is_overdue(request.at),
        "history": presenters.history(row, policy),
        "steps": steps,
        "severities": [(each.code, each.says) for each in policy.severities],
        "owners": [each for each in owners() if each[0] != stands.owner],
        "form": form,
    }
    return render(request, "concerns/concern.html", context, status=422 if form.errors else 200)


def _took(request: Any, row: Concern, form: StepForm) -> bool:
    scope = {"organisation_id": request.organisation.pk, "by": request.actor, "at": request.at}
    try:
        step = actions.take(row.pk, form.taken(), request.roles, **scope)
    except NotAllowed as refused:
        form.add_error(None, refused.why)
        return False
    messages.success(request, f"{presenters.DONE[Step(step.step)]}. It is on record.")
    return True


def _chosen(
    request: Any, most: int | None = queries.MOST
) -> tuple[Any, dict[str, str], list[queries.Reported]]:
    policy = concern_policy(request.organisation.pk, request.at)
    chosen = ChosenForm(request.GET, at=request.at).chosen()
    found = queries.listed(
        request.organisation.pk,
        policy,
        request.at,
        state=chosen["state"],
        kind=chosen["kind"],
        severity=chosen["severity"],
        only_of=_only_of(request),
        most=most,
    )
    return policy, chosen, found


def _only_of(request: Any) -> int | None:
    """Whose reports alone this person sees; None for everybody's."""
    return None if request.reach.allows("concerns.read") else request.user.pk


def _desk(request: Any) -> Desk:
    """At which desk somebody reports: that of their role; the trust's own for roles of either."""
    if request.reach.allows("outpatients.read") or request.reach.allows("office.read"):
        return Desk.OUTPATIENTS
    desks = request.organisation.desks
    return Desk.AMBULANCE if Desk.AMBULANCE in desks else Desk(desks[0])


def _back(request: Any) -> str:
    """The page of ours that somebody comes from, without its query; "" where there is none."""
    came_from = request.POST.get("screen") or request.GET.get("from") or request.headers.get("Referer", "")
    if not url_has_allowed_host_and_scheme(came_from, {request.get_host()}):
        return ""
    path = urlsplit(came_from).path[:300]
    return path if path.startswith("/") and not path.startswith("/concerns/report/") else ""
