"""The page of an incident, and looking at who its patient is."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from clearway.core.audit.reviewing import shown_for
from clearway.core.layout.fields import DeskForm
from clearway.core.onward import presenters as onward
from clearway.core.onward import queries as requests
from clearway.core.openings import asking
from clearway.core.people.permissions import needs

from ..contacts import presenters as contact_words
from ..contacts import queries as contacts
from ..contacts.policy import contact_policy
from ..safeguarding import queries as safeguarding
from . import identity, need, pages, presenters
from .forms import LookForm
from .identity import Person

Request = Any
LOOKS = "identity.look"


@dataclass(frozen=True, slots=True)
class Shown:
    """What the page shows of who the patient is: the form of a look or of an opening, or who it is.

    is_closed  somebody tried to look although the incident is not their own
    looked     it was looked for; `person` is None where no source sent one
    """

    form: DeskForm
    is_own: bool = True
    is_closed: bool = False
    looked: bool = False
    person: Person | None = None


@needs("incidents.read")
def incident(request: Request, key: str) -> HttpResponse:
    """An incident, whom it was sent, every time stamp, and what each source said when.

    Who the patient is stays masked, but to who has opened it with a reason for as long as that lasts.
    """
    read = _read(request, key)
    if not request.reach.allows(LOOKS) or _is_own(request, key):
        return _page(request, read, Shown(LookForm(at=request.at)))
    request.opening = need.standing(request.organisation.pk, request.user.pk, key, request.at)
    if request.opening is None:
        return _page(request, read, Shown(asking.blank(request, need.PATIENT), is_own=False))
    person = identity.opened(key, request.opening, **_who(request))
    response = _page(request, read, Shown(LookForm(at=request.at), looked=True, person=person))
    return _masked_after(response, key, request.opening.ends_at - request.at)


@needs(LOOKS)
@require_POST
def look(request: Request, key: str) -> HttpResponse:
    """The same page with the identity shown, for this response only. The look is recorded first."""
    read = _read(request, key)
    if not _is_own(request, key):
        closed = asking.closed(request, need.PATIENT, need.subject_of(key))
        return _page(request, read, Shown(closed, is_own=False, is_closed=True), status=403)
    form = LookForm(request.POST, at=request.at)
    if not form.is_valid():
        return _page(request, read, Shown(form), status=422)
    given = form.cleaned_data
    person = identity.look(key, given["reason"], given["text"], **_who(request))
    response = _page(request, read, Shown(LookForm(at=request.at), looked=True, person=person))
    return _masked_after(response, key, shown_for(request.organisation.pk, request.at))


@needs(LOOKS)
@require_POST
@sensitive_post_parameters("proof")
def open_patient(request: Request, key: str) -> HttpResponse:
    """Open who the patient is, of an incident that is not one's own, to this person for 30 minutes."""
    read = _read(request, key)
    page = reverse("incidents:incident", args=[key])
    if form := asking.refused(request, need.PATIENT, need.subject_of(key), page):
        return _page(request, read, Shown(form, is_own=False), status=422)
    return HttpResponseRedirect(page)


def _is_own(request: Request, key: str) -> bool:
    """Whether there is a work item of the incident where this person may look at who patients are."""
    who = request.organisation.pk, key, request.user.pk, request.reach.sites_for(LOOKS)
    return need.read(*who, request.at) is not None


def _masked_after(response: HttpResponse, key: str, span: timedelta) -> HttpResponse:
    """By itself, and without a script: the masked page comes back when the time is over."""
    response["Refresh"] = f"{int(span.total_seconds())}; url={reverse('incidents:incident', args=[key])}"
    return response


def _who(request: Request) -> dict[str, Any]:
    return {"organisation_id": request.organisation.pk, "by": request.actor, "at": request.at}


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


def _page(request: Request, read: pages.Everything, shown: Shown, status: int = 200) -> HttpResponse:
    person = shown.person
    context = {
        "page": presenters.page(read),
        "back": _back(request),
        "form": shown.form,
        "shown": shown,
        "nhs_number": presenters.nhs_number(person.nhs_number) if person else "",
        "reasons": list(need.REASONS.items()),
        "minutes": asking.MINUTES,
        "may_look": request.reach.allows(LOOKS),
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
