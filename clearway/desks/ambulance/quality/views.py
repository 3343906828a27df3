"""The queue of findings, one finding, the hospital's own list, and what the two have to settle."""

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from clearway.core.live.queries import newest_push
from clearway.core.organisation.queries import departments
from clearway.core.people.permissions import needs
from clearway.domain.ambulance.quality import RULES
from clearway.domain.shared.errors import NotAllowed

from ..incidents import queries as incidents
from . import casework, presenters, queries, queue
from .casework import Kind
from .forms import ANSWERS, AnswerForm, StepForm
from .models import FindingCase
from .policy import queue_policy
from .queue import Asked

Request = Any
ROWS = 50


@needs("quality.read")
def findings(request: Request) -> HttpResponse:
    """What is open, worst first: by severity, rule, hospital and who has it; or what ended of late."""
    organisation_id, sites = request.organisation.pk, request.reach.sites
    live_after = newest_push()
    asked = _asked(request)
    names = incidents.site_names(organisation_id)
    page = Paginator(queue.cases(organisation_id, sites, asked, request.user.pk), ROWS)
    shown = page.get_page(request.GET.get("page"))
    severities, rules, by_site = queue.counts(organisation_id, sites)
    context = {
        "page": shown,
        "rows": [presenters.row(case, names, request.at) for case in shown],
        "asked": asked,
        "severities": [(each, severities[each]) for each in queue.SEVERITIES],
        "rules": [(code, RULES[code].sentence, rules[code]) for code in sorted(rules) if code in RULES],
        "sites": sorted(
            (names.get(code, "No hospital"), code, count) for code, count in by_site.items() if code
        ),
        "blind": queries.blind_sources(organisation_id),
        "may_work": request.reach.allows("quality.work"),
        "live_topics": "findings feeds tasks",
        "live_after": live_after,
    }
    return render(request, "quality/findings.html", context)


def _asked(request: Request) -> Asked:
    given = request.GET
    who = given.get("who", "")
    return Asked(
        rule=given.get("rule", "") if given.get("rule", "") in RULES else "",
        severity=given.get("severity", "") if given.get("severity", "") in queue.SEVERITIES else "",
        site=given.get("site", ""),
        who=who if who in (queue.NOBODY, queue.MINE) else "",
        ended=bool(given.get("ended")),
    )


@needs("quality.read")
def finding(request: Request, key: int) -> HttpResponse:
    """One finding: evidence, both values, who has it, what was said, and the next step."""
    organisation_id, at = request.organisation.pk, request.at
    case = queue.one(organisation_id, key, request.reach.sites)
    if case is None:
        raise Http404
    may_work = request.reach.allows("quality.work") and request.reach.allows_site(
        case.site or None, "quality.work"
    )
    steps = _steps(case, request.reach.allows("quality.sign"))
    data = request.POST if request.method == "POST" and may_work else None
    form = StepForm(data, derived=case.derived, steps=steps, at=at)
    if form.is_valid():
        try:
            may_sign = request.reach.allows("quality.sign")
            word = form.word()
            casework.say(
                key, word, may_sign=may_sign, organisation_id=organisation_id, by=request.actor, at=at
            )
            messages.success(request, f"{presenters.KINDS[word.kind]}: {case.call_sign or case.code}.")
            return HttpResponseRedirect(reverse("quality:finding", args=[key]))
        except NotAllowed as refused:
            form.add_error(None, refused.why)
    names = incidents.site_names(organisation_id)
    now = queue.evidence_now(case)
    context = {
        "case": case,
        "row": presenters.row(case, names, at),
        "incident": case.incident,
        "now": presenters.evidence(now.evidence) if now else "",
        "said_now": presenters.exact(queue.said_now(case)),
        "values": _values(case),
        "history": presenters.history(case.words.all()),
        "form": form,
        "steps": steps,
        "may_work": may_work and case.ended_at is None,
    }
    return render(request, "quality/finding.html", context, status=422 if form.errors else 200)


def _steps(case: FindingCase, may_sign: bool) -> list[tuple[str, str]]:
    """What can be done next with this one."""
    left_out = {Kind.TAKEN if case.owner_id else Kind.RETURNED}
    if not case.site:
        left_out |= {Kind.PROPOSED, Kind.SETTLED}
    if case.code in casework.SECOND_PERSON and not may_sign:
        left_out |= set(casework.SIGNED)
    return [(kind, words) for kind, words in presenters.STEPS.items() if kind not in left_out]


def _values(case: FindingCase) -> list[tuple[str, str]]:
    rows: Mapping[str, Any] = {
        "As it was recorded": case.original,
        "The evidence speaks for": case.derived,
        "Proposed to the hospital": case.proposed,
        "Agreed by both" if case.agreed_by_both else "Value at the source": case.agreed,
    }
    return [(name, presenters.exact(value)) for name, value in rows.items() if value is not None]


@needs("quality.answer")
def hospital(request: Request) -> HttpResponse:
    """What the control room proposes to the hospital: only its own site, without identity."""
    names = dict(departments(request.organisation.pk))
    rows = queue.for_hospital(request.organisation.pk, request.reach.sites, request.at)
    context = {
        "waiting": [_of_hospital(each, names) for each in rows if not each.case.answer],
        "answered": [_of_hospital(each, names) for each in rows if each.case.answer],
        "hours": queue_policy(request.organisation.pk, request.at).answer_hours,
    }
    return render(request, "quality/hospital.html", context)


@needs("quality.answer")
def answer(request: Request, key: int) -> HttpResponse:
    """Accept or reject one."""
    organisation_id, at, sites = request.organisation.pk, request.at, request.reach.sites
    named = queue.asked_of_hospital(organisation_id, key, sites)
    if named is None:
        raise Http404
    form = AnswerForm(request.POST if request.method == "POST" else None, at=at)
    if form.is_valid():
        word = form.word()
        try:
            casework.answer(key, word, sites=sites, organisation_id=organisation_id, by=request.actor, at=at)
            told = "Accepted" if word.kind == Kind.ACCEPTED else "Rejected"
            messages.success(request, f"{told}: DQ-{key}. The control room sees it at once.")
            return HttpResponseRedirect(reverse("quality:hospital"))
        except NotAllowed as refused:
            form.add_error(None, refused.why)
    context = {
        "each": _of_hospital(named, dict(departments(organisation_id))),
        "form": form,
        "answers": list(ANSWERS.items()),
        "is_answered": bool(named.case.answer) or named.case.ended_at is not None,
    }
    return render(request, "quality/answer.html", context, status=422 if form.errors else 200)


def _of_hospital(named: queue.Named, names: Mapping[str, str]) -> dict[str, Any]:
    """One proposal as the hospital sees it."""
    case = named.case
    rule = RULES.get(case.code)
    return {
        "key": case.pk,
        "reference": f"DQ-{case.pk}",
        "site": names.get(case.site, ""),
        "what": case.what.replace("_", " "),
        "rule": rule.sentence if rule else "",
        "arrived": case.happened_at,
        "patient": f"{named.sex.capitalize()}, {named.age_band}",
        "original": presenters.exact(case.original),
        "proposed": presenters.exact(case.proposed),
        "answer_by": case.answer_by,
        "answer": case.get_answer_display(),
    }


@needs("quality.read")
def validation(request: Request) -> HttpResponse:
    """The joint list of the week: what a hospital rejected, or did not answer in time."""
    organisation_id = request.organisation.pk
    names = incidents.site_names(organisation_id)
    cases = queue.to_validate(organisation_id, request.reach.sites, request.at)
    shown = Paginator(cases, ROWS).get_page(request.GET.get("page"))
    rows = [(presenters.row(case, names, request.at), _last_reason(case)) for case in shown]
    return render(request, "quality/validation.html", {"rows": rows, "page": shown})


def _last_reason(case: FindingCase) -> str:
    words = [word for word in case.words.all() if word.kind == Kind.REJECTED]
    return words[-1].words if words else "No answer in time"
