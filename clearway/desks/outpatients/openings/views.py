"""Opening a record with a reason."""

from typing import Any

from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from clearway.core.openings import asking
from clearway.core.people.permissions import needs
from clearway.core.people.signing_in import next_page

from . import queries
from .guard import RECORD, ask, subject_of

Request = Any


@needs("patients.read")
@require_POST
@sensitive_post_parameters("proof")
def open_record(request: Request, patient: int) -> HttpResponse:
    """Open it to this person for 30 minutes, and go on to the page that was wanted."""
    if not queries.people(request.organisation.pk, patient):
        raise Http404
    wanted = next_page(request)
    page = wanted if wanted != "/" else reverse("op-patients:patient", args=[patient])
    if form := asking.refused(request, RECORD, subject_of(patient), page):
        return ask(request, patient, form)
    return HttpResponseRedirect(page)
