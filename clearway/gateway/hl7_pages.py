"""The pages of one system beside ours: what a message of it means, and how it writes."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from clearway.core import clashes
from clearway.core.feeds import actions as feeds
from clearway.core.feeds.models import Quarantined, Source
from clearway.core.people.permissions import needs
from clearway.desks.outpatients.exchange import actions, queries
from clearway.domain.shared.errors import CannotParse, NotAllowed
from clearway.interchange.hl7 import reading

from . import hl7
from .forms import MappingForm, MessageForm

LARGEST = 2**63


@needs("feeds.replay")
def doctor(request: Any, source: str) -> HttpResponse:
    """Read one message as if this source had sent it: each field, and what would follow. Nothing is kept.

    It may name a patient: it comes only in the body of a request and is not stored; the look is recorded.
    """
    row = _source(request, source)
    form = MessageForm(_sent(request, row), at=request.at)
    found = None
    if form.is_valid():
        encoding = queries.mapping_of(row).encoding
        raw = reading.encoded(form.cleaned_data["message"].replace("\r\n", "\r"), encoding)
        found = hl7.examine(row, raw, at=request.at)
        kind = found.header.kind if found.header else ""
        feeds.examined(row, kind, by=request.actor, at=request.at)
    context = {"source": row, "form": form, "found": found, "may_map": request.reach.allows("feeds.map")}
    response = render(request, "gateway/doctor.html", context, status=422 if form.errors else 200)
    response["Cache-Control"] = "no-store"
    return response


def _sent(request: Any, source: Source) -> Any:
    """What was pasted, or the bytes of a line in quarantine that was named instead."""
    if request.method != "POST":
        return None
    named = request.POST.get("row", "")
    if not (named.isascii() and named.isdigit() and int(named) < LARGEST):
        return request.POST
    row = get_object_or_404(Quarantined.objects.select_related("source"), pk=int(named), source=source)
    feeds.look(row, by=request.actor, at=request.at)
    encoding = queries.mapping_of(source).encoding
    return {"message": bytes(row.body).decode(encoding, "replace").replace("\r", "\n")}


@needs("feeds.map", unkeyed="what waits is read a message at a time; its version holds it")
def mapping(request: Any, source: str) -> HttpResponse:
    """How this system writes, version by version, and a new version with the reason for it."""
    row = _source(request, source)
    versions = queries.versions(row)
    newest = versions[0] if versions else None
    sent = request.POST if request.method == "POST" else None
    form = MappingForm(sent, at=request.at, initial=actions.says(newest))
    clash: clashes.ChangedMeanwhile | None = None
    if form.is_valid():
        text, why = form.cleaned_data["text"].replace("\r\n", "\n"), form.cleaned_data["why"]
        try:
            seen = clashes.unseal(request.POST.get("seen", ""), actions.LOADING, f"mapping {row.pk}")
            made = actions.load_mapping(row, text, why, by=request.actor, at=request.at, seen=seen)
            read = hl7.read_waiting(row, by=request.actor, at=request.at)
            messages.success(request, f"Version {made.version} of {row.name} is in force. {read}".strip())
            return HttpResponseRedirect(reverse("gateway:mapping", args=[row.name]))
        except CannotParse as refused:
            form.add_error("text", str(refused))
        except clashes.ChangedMeanwhile as refused:
            form.add_error(None, refused.why)
            clash, versions = refused, queries.versions(row)
        except NotAllowed as refused:
            form.add_error("why", refused.why)
    context = {
        "source": row,
        "form": form,
        "versions": versions,
        "seen": clashes.opened(request.POST, actions.says(newest), f"mapping {row.pk}", clash),
        "both": clashes.both_in_words(clash.clashes if clash else (), {"text": "Mapping"}),
    }
    status = 409 if clash else 422 if form.errors else 200
    return render(request, "gateway/mapping.html", context, status=status)


def _source(request: Any, name: str) -> Source:
    return get_object_or_404(Source, name=name, kind=hl7.KIND, organisation=request.organisation)
