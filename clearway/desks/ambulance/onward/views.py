"""Referring a patient who stays at home to a service of another desk, and what became of it."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from clearway.core.live.queries import newest_push
from clearway.core.onward import actions, presenters, queries
from clearway.core.onward.models import OnwardRequest
from clearway.core.people.permissions import needs
from clearway.domain.ambulance.need import ON_THE_BOARDS
from clearway.domain.shared.errors import NotAllowed
from clearway.domain.shared.onward import OVER, State

from ..incidents import need
from . import people
from .forms import SEPARATOR, AskForm, WhyForm

Request = Any
AGAIN = (State.REFUSED, State.WITHDRAWN, State.ENDED)


@needs("onward.read")
def sent(request: Request) -> HttpResponse:
    """What this organisation asked of others, newest first, with where each stands."""
    live_after = newest_push()
    rows = queries.sent(request.organisation.pk, request.at)
    context = {
        "rows": [presenters.row_of(row, row.receiver.name) for row in rows],
        "may_ask": request.reach.allows("onward.ask"),
        "live_topics": "onward_sent",
        "live_after": live_after,
    }
    return render(request, "onward/sent.html", context)


@needs("onward.ask")
def ask(request: Request) -> HttpResponse:
    """Refer a patient: for an incident, or again after one came back."""
    organisation_id = request.organisation.pk
    before = _before(request)
    found = queries.takers(organisation_id, request.at)
    incident = request.POST.get("incident", request.GET.get("incident", ""))[:100]
    known = people.of_request(organisation_id, before.pk) if before and _goes_again(request, before) else None
    if known is None and incident and _is_open(request, incident):
        known = people.of_incident(organisation_id, incident)
    begun = {"incident": incident, "crew": request.GET.get("crew", "")[:40], **_as_before(before)}
    data = request.POST if request.method == "POST" else None
    form = AskForm(data, at=request.at, found=found, known=known, initial=begun)
    if form.is_valid():
        try:
            row = actions.send(form.new(before.pk if before else None), **_who(request))
            messages.success(request, f"Sent to {row.service_name}. It shows here what becomes of it.")
            return HttpResponseRedirect(reverse("onward:request", args=[row.pk]))
        except NotAllowed as refusal:
            form.add_error("to", refusal.why)
    context = {
        "form": form,
        "services": form.fields["to"].choices,  # type: ignore[attr-defined]
        "takers": found,
        "before": before,
        "known": _known(known),
    }
    return render(request, "onward/ask.html", context, status=422 if form.errors else 200)


@needs("onward.read", change="onward.ask")
def one(request: Request, key: int) -> HttpResponse:
    """One request with every step; the form withdraws it."""
    row = _read(request, key)
    form = WhyForm(request.POST if request.method == "POST" else None, at=request.at)
    if form.is_valid():
        try:
            row = actions.withdraw(row.pk, form.cleaned_data["why"], **_who(request))
            gone = "Withdrawn." if row.state == State.WITHDRAWN else "They are asked to give it back."
            messages.success(request, gone)
            return HttpResponseRedirect(reverse("onward:request", args=[key]))
        except NotAllowed as refusal:
            form.add_error("why", refusal.why)
        row = _read(request, key)
    may_ask = request.reach.allows("onward.ask")
    context = {
        "row": row,
        "line": presenters.row_of(row, row.receiver.name),
        "steps": presenters.steps(row, request.organisation.pk),
        "form": form,
        "again": OnwardRequest.objects.filter(again_of=row).first(),
        "may_withdraw": may_ask and row.state not in OVER and not row.is_wanted_back,
        "may_send_again": may_ask and row.state in AGAIN,
    }
    return render(request, "onward/request.html", context, status=422 if form.errors else 200)


def _read(request: Request, key: int) -> OnwardRequest:
    try:
        return queries.one_sent(request.organisation.pk, key)
    except OnwardRequest.DoesNotExist:
        raise Http404 from None


def _is_open(request: Request, incident: str) -> bool:
    """Whether who the patient is may leave with a request: it is their work, or opened with a reason."""
    area = request.reach.sites_for("identity.look")  # who may not look sends nobody's identity unseen
    who = request.organisation.pk, incident, request.user.pk, area
    own = need.read(*who, request.at) is not None
    return own or need.standing(request.organisation.pk, request.user.pk, incident, request.at) is not None


def _goes_again(request: Request, before: OnwardRequest) -> bool:
    """Whether the identity of a request goes along once more: its incident is open to who asks, or they sent
    it themselves and no longer ago than an incident stays on the boards.
    """
    if before.sent_by == request.actor.name and request.at - before.sent_at < ON_THE_BOARDS:
        return True
    return bool(before.incident) and _is_open(request, before.incident)


def _before(request: Request) -> OnwardRequest | None:
    """The request that is sent again, if the address names one."""
    text = request.GET.get("again", "")
    return _read(request, int(text)) if text.isdecimal() and len(text) < 19 else None


def _as_before(before: OnwardRequest | None) -> dict[str, str]:
    if before is None:
        return {}
    to = SEPARATOR.join((before.receiver.code, before.service, before.kind))
    return {"to": to, "asked": before.asked, "incident": before.incident, "crew": before.crew}


def _known(known: actions.Person | None) -> str:
    """What is known of who it is, without saying it."""
    if known is None or not known.is_known:
        return ""
    parts = (("NHS number", known.nhs_number), ("name", known.family_name), ("birth date", known.born_on))
    return ", ".join(words for words, value in parts if value)


def _who(request: Request) -> dict[str, Any]:
    return {"organisation_id": request.organisation.pk, "by": request.actor, "at": request.at}
