"""Answering for what destinations can do: what is to be confirmed, and one answer at a time."""

from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from clearway.core import clashes
from clearway.core.layout.times import local
from clearway.core.organisation.queries import policies, versions_of
from clearway.core.people.permissions import needs
from clearway.domain.shared.errors import NotAllowed

from . import actions, presenters, queries
from .forms import CHANGES, WEEK, AnswerForm
from .queries import Group, Item, Stands

Request = Any
POLICY, REVIEW_MONTHS = "conveyance_advice", 12


@needs("advice.read")
def confirm(request: Request) -> HttpResponse:
    """Everything that somebody answers for, overdue first; filtered by place, role, or what is to do."""
    today = local(request.at).date()
    every = queries.items(request.organisation.pk, today)
    place, role, show = (request.GET.get(name, "") for name in ("place", "role", "show"))
    chosen = [
        each
        for each in every
        if (not place or each.code == place)
        and (not role or each.role == role)
        and (show == "all" or _is_shown(each, today, bool(place or role)))
    ]
    may = request.reach.allows("destinations.confirm")
    context = {
        "groups": [
            (group.value, title, [presenters.row(each, today) for each in chosen if each.group is group])
            for group, title in presenters.GROUPS.items()
            if not role or group is Group.ROLES
        ],
        "overdue": sum(each.is_overdue(today) for each in every),
        "unconfirmed": sum(each.stands is Stands.NOT_CONFIRMED for each in every),
        "places": sorted({(each.place, each.code) for each in every if each.group is Group.ROLES}),
        "roles": sorted({each.role for each in every if each.role}),
        "place": place,
        "role": role,
        "show": show,
        "words": queries.words,
        "may": may,
    }
    return render(request, "destinations/confirm.html", context)


def _is_shown(each: Item, today: date, is_filtered: bool) -> bool:
    """What is to do; with a place or a role chosen, what has been answered or can be said of it too."""
    return each.is_to_do(today) or (is_filtered and each.group is Group.ROLES)


@needs("advice.read", change="destinations.confirm")
def answer(request: Request, name: str) -> HttpResponse:
    """One thing with its history; confirmed, changed or denied with a source and the day of its review."""
    today = local(request.at).date()
    item = queries.item(request.organisation.pk, name, today)
    if item is None:
        raise Http404
    again = today + timedelta(days=round(_months(request, today) * 365.25 / 12))
    data = request.POST if request.method == "POST" else None
    form, clash = AnswerForm(data, item=item, at=request.at, review_on=again), None
    if form.is_valid():
        try:
            row = actions.answer(
                item, form.answer(), organisation_id=request.organisation.pk, by=request.actor, at=request.at
            )
            said = "not so" if row.values.get("stands") == "not_so" else "confirmed"
            next_time = presenters.day(row.review_on)
            messages.success(request, f"{item.place}, {item.what}: {said}, to be asked again by {next_time}.")
            return HttpResponseRedirect(reverse("destinations:confirm") + f"#{item.group.value}")
        except clashes.ChangedMeanwhile as refused:
            form.add_error(None, refused.why)
            clash, item = refused, queries.item(request.organisation.pk, name, today) or item
        except NotAllowed as refused:
            form.add_error(None, refused.why)
    context = {
        "item": item,
        "seen": clashes.opened(request.POST, item.version, refusal=clash),
        "both": presenters.clashes(clash.clashes if clash else ()),
        "row": presenters.row(item, today),
        "form": form,
        "fields": set(CHANGES[item.group]),
        "week": list(enumerate(WEEK)),
        "may_deny": item.group in actions.MAY_BE_DENIED,
        "may": request.reach.allows("destinations.confirm"),
        "history": presenters.history(item.group, versions_of(request.organisation.pk, name)),
    }
    status = 409 if clash else 422 if form.errors else 200
    return render(request, "destinations/answer.html", context, status=status)


def _months(request: Request, today: date) -> float:
    values = policies(request.organisation.pk, [POLICY], today).get(POLICY, {})
    return float(values.get("review_months", REVIEW_MONTHS))
