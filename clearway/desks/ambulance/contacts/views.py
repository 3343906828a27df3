"""Contacts: writing one down from any screen, the list with its counts, and correcting one."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from clearway.core import clashes
from clearway.core.live.queries import newest_push
from clearway.core.people import kept
from clearway.core.people.permissions import needs
from clearway.domain.shared.errors import NotAllowed

from . import actions, presenters, queries
from .forms import ChosenForm, ContactForm
from .models import Contact
from .policy import contact_policy
from .whom import back_of, in_hand, known

USUAL_HOURS = 12
PERIODS = {12: "12 hours", 24: "24 hours", 168: "7 days", 744: "31 days"}


@needs("contacts.read")
def listed(request: Any) -> HttpResponse:
    """Contacts, newest first, and how many of each reason and result."""
    organisation_id, at = request.organisation.pk, request.at
    policy = contact_policy(organisation_id, at)
    live_after = newest_push()
    chosen = ChosenForm(request.GET, at=at).chosen(USUAL_HOURS)
    found = queries.between(organisation_id, at - timedelta(hours=chosen["hours"]), at)
    found = queries.chosen(found, kind=chosen["kind"], reason=chosen["reason"], task=chosen["task"])
    stands = found.filter(superseded_by=None)
    results, counts = presenters.table(queries.counted(stands.values_list("reason", "result")), policy)
    context = {
        "rows": presenters.rows(found[: queries.SHOWN], policy),
        "number": stands.count(),
        "most": queries.SHOWN,
        "results": results,
        "counts": counts,
        "chosen": chosen,
        "periods": PERIODS,
        "kinds": presenters.KINDS,
        "reasons": policy.reasons,
        "may_write": request.reach.allows("contacts.write"),
        "live_topics": "contacts feeds tasks",
        "live_after": live_after,
    }
    return render(request, "contacts/list.html", context)


@needs("contacts.write")
def new(request: Any) -> HttpResponse:
    """Write one down: whom the page before was about is filled in. `?corrects=` begins a correction."""
    organisation_id, at = request.organisation.pk, request.at
    policy, who = contact_policy(organisation_id, at), known(organisation_id, at)
    back = back_of(request)
    data = request.POST if request.method == "POST" else None
    beginning = kept.take(request) or _beginning(request, back) if data is None else {}
    form, clash = ContactForm(data, policy=policy, known=who, at=at, initial=beginning), None
    if form.is_valid():
        try:
            row = actions.write(form.spoken(), organisation_id=organisation_id, by=request.actor, at=at)
            said = presenters.row(row, policy)
            messages.success(
                request,
                f"Recorded: {said.name}, {said.means.lower()}, {said.reason.lower()}: {said.result.lower()}.",
            )
            return HttpResponseRedirect(back or reverse("contacts:list"))
        except clashes.ChangedMeanwhile as refused:
            form.add_error(None, refused.why)
            clash = refused
        except NotAllowed as refused:
            form.add_error(None, refused.why)
    context = {
        "form": form,
        "both": presenters.clashes(clash.clashes if clash else (), policy),
        "policy": policy,
        "names": who.names,
        "means": list(presenters.MEANS.items()),
        "back": back,
        "corrects": (clash and clash.newest) or form.typed("corrects"),
        "task": form.typed("task"),
    }
    status = 409 if clash else 422 if form.errors else 200
    return render(request, "contacts/new.html", context, status=status)


def _beginning(request: Any, back: str) -> dict[str, Any]:
    corrects = request.GET.get("corrects", "")
    if corrects:
        row = _get(request, corrects)
        policy = contact_policy(request.organisation.pk, request.at)
        letters = [
            next((each.key for each in choices if each.code == code), "")
            for choices, code in ((policy.reasons, row.reason), (policy.results, row.result))
        ]
        copied = {"text": row.words, "incident": row.incident, "task": row.task, "means": row.means}
        return {**copied, "letters": "".join(letters), "whom": row.name, "corrects": row.pk}
    who = known(request.organisation.pk, request.at)
    hand = in_hand(request.organisation.pk, back, request.GET.get("row", ""), who)
    return {"whom": hand.whom, "incident": hand.incident, "task": hand.task}


def _get(request: Any, key: str) -> Contact:
    row = (
        queries.one(request.organisation.pk, int(key))
        if key.isascii() and key.isdigit() and len(key) < 19
        else None
    )
    if row is None:
        raise Http404
    return row
