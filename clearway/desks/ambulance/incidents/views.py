"""The page of an incident, and looking at who its patient is."""

from typing import Any
from urllib.parse import urlsplit

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from clearway.core.audit.reviewing import shown_for
from clearway.core.onward import presenters as onward
from clearway.core.onward import queries as requests
from clearway.core.people.permissions import needs

from ..contacts import presenters as contact_words
from ..contacts import queries as contacts
from ..contacts.policy import contact_policy
from ..safeguarding import queries as safeguarding
from . import identity, pages, presenters
from .forms import LookForm
from .identity import Person

Request = Any


@needs("incidents.read")
def incident(request: Request, key: str) -> HttpResponse:
    """An incident, whom it was sent, every time stamp, and what each source said when."""
    return _page(request, _read(request, key), LookForm(at=request.at))


@needs("identity.look")
@require_POST
def look(request: Request, key: str) -> HttpResponse:
    """The same page with the identity shown, for this response only. The look is recorded first."""
    read = _read(request, key)
    form = LookForm(request.POST, at=request.at)
    if not form.is_valid():
        return _page(request, read, form, status=422)
    person = identity.look(
        key,
        form.cleaned_data["reason"],
        form.cleaned_data["text"],
        organisation_id=request.organisation.pk,
        by=request.actor,
        at=request.at,
    )
    response = _page(request, read, LookForm(at=request.at), looked=True, person=person)
    # By itself, and without a script: the masked page comes back when the time is over.
    seconds = int(shown_for(request.organisation.pk, request.at).total_seconds())
    response["Refresh"] = f"{seconds}; url={reverse('incidents:incident', args=[key])}"
    return response


def _read(request: Request, key: str) -> pages.Everything:
    read = pages.everything(request.organisation.pk, key, request.reach.sites)
    if read is None:
        raise Http404
    return read


def _back(request: Request) -> str:
    """The page of ours that the person came from; else the first page."""
    came_from = request.headers.get("Referer", "")
    parts = urlsplit(came_from)
    if not url_has_allowed_host_and_scheme(came_from, {request.get_host()}) or parts.path == request.path:
        return "/"
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def _onward(request: Request, incident: str) -> list[onward.Row]:
    """What was asked of other services for it; nothing for whom that is not open to."""
    if not request.reach.allows("onward.read"):
        return []
    rows = requests.of_incident(request.organisation.pk, incident)
    return [onward.row_of(row, row.receiver.name) for row in rows]


def _contacts(request: Request, incident: str) -> list[contact_words.Row] | None:
    """What was said about it; None for whom that is not open to, everywhere."""
    if not request.reach.allows("contacts.read"):
        return None
    found = contacts.of_incident(request.organisation.pk, incident)
    return contact_words.rows(found, contact_policy(request.organisation.pk, request.at))


def _page(
    request: Request,
    read: pages.Everything,
    form: LookForm,
    looked: bool = False,
    person: Person | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        "page": presenters.page(read),
        "back": _back(request),
        "form": form,
        "looked": looked,
        "person": person,
        "nhs_number": presenters.nhs_number(person.nhs_number) if person else "",
        "reasons": list(identity.REASONS.items()),
        "may_look": request.reach.allows("identity.look"),
        "may_refer": request.reach.allows("onward.ask"),
        "contacts": _contacts(request, read.key),
        "safeguarding": safeguarding.of_incident(request.organisation.pk, read.key)
        if request.reach.allows("safeguarding.raise")
        else None,
        "onward": _onward(request, read.key),
    }
    response = render(request, "incidents/incident.html", context, status=status)
    response["Cache-Control"] = "no-store"
    return response
