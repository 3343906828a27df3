"""Referrals: registering them, what they lack, their triage, and the ledger in which they must balance."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from clearway.core import clashes
from clearway.core.layout.times import local
from clearway.core.people import kept
from clearway.core.people.permissions import needs
from clearway.domain.shared.errors import NotAllowed

from ..clinics import queries as clinics
from ..clocks import queries as pathways
from ..directory import presenters as directory
from ..patients import actions as patient_actions
from ..patients import presenters as people
from ..patients import queries as patients
from ..patients.forms import SEXES
from . import actions, figures, forms, presenters, queries
from .forms import NewPersonForm, PeriodForm, ReferralForm, SupplyForm, TriageForm
from .models import Gap, Referral

Request = Any


@needs("referrals.write")
def register(request: Request) -> HttpResponse:
    """Register a referral, for a patient who is known or who is registered in the same form."""
    sent = request.POST if request.method == "POST" else None
    patient = _chosen(request)
    begun = kept.take(request) if sent is None else {}
    form = _referral_form(request, sent, patient, begun)
    person = None if patient else NewPersonForm(sent, at=request.at, initial=begun)
    alike: list[Any] = []
    if form.is_valid() & (person is None or person.is_valid()):
        try:
            row = _register(request, form, person, patient)
            messages.success(request, _registered(row))
            return HttpResponseRedirect(reverse("op-referrals:referral", args=[row.pk]))
        except patient_actions.LooksAlike as refusal:
            alike = [patients.one(request.organisation.pk, key) for key in refusal.alike]
            form.add_error("patient", refusal.why)
        except actions.Repeated as refusal:
            form.add_error("again_why", refusal.why)
        except NotAllowed as refusal:
            form.add_error(None, refusal.why)
    return _register_page(request, form, person, patient, alike)


def _register(request: Request, form: ReferralForm, person: Any, patient: Any) -> Any:
    """Patient and referral together: where one is refused neither is kept."""
    scope = _scope(request)
    if patient is not None:
        return actions.register(form.new(patient.pk), **scope)
    return patient_actions.register_referred(
        person.new(), form.new(0), though_alike=person.cleaned_data["though_alike"], **scope
    )


def _registered(row: Referral) -> str:
    missing = row.gaps.filter(closed_at__isnull=True).count()
    lacks = (
        f" {missing} {'thing is' if missing == 1 else 'things are'} missing and asked for." if missing else ""
    )
    told = " The acknowledgement is recorded." if row.acknowledged_at else " Nobody knows how to reach them."
    return f"{row.number} is registered; its clock runs from {row.received_on:%-d %b %Y}.{told}{lacks}"


def _register_page(
    request: Request, form: ReferralForm, person: Any, patient: Any, alike: list[Any]
) -> HttpResponse:
    problems = {**form.problems, **(person.problems if person else {})}
    context = {
        "form": form,
        "person": person,
        "patient": patient,
        "problems": problems,
        "alike": people.rows(alike, local(request.at).date()),
        "earlier": _earlier(request, form, patient),
        "services": _services(request),
        "parents": _parents(request, patient.pk if patient else None),
        "routes": forms.ROUTES,
        "sources": forms.SOURCES,
        "sides": forms.SIDES,
        "consultant": forms.CONSULTANT,
        "sexes": SEXES,
    }
    return render(request, "referrals/register.html", context, status=422 if problems else 200)


def _earlier(request: Request, form: ReferralForm, patient: Any) -> list[Referral]:
    return queries.of_patient(request.organisation.pk, patient.pk) if patient and form.problems else []


def _chosen(request: Request) -> Any:
    """The patient whom the address or the form names; None to register one."""
    text = request.POST.get("patient", "") or request.GET.get("patient", "")
    if not text.isdecimal() or len(text) > 18:
        return None
    try:
        return patients.one(request.organisation.pk, int(text))
    except ObjectDoesNotExist:
        raise Http404 from None


def _referral_form(request: Request, sent: Any, patient: Any, begun: dict[str, Any]) -> ReferralForm:
    return ReferralForm(
        sent,
        at=request.at,
        services=_services(request),
        parents=_parents(request, patient.pk if patient else None),
        initial=begun,
    )


@needs("referrals.read", change="referrals.write")
def referral(request: Request, key: int) -> HttpResponse:
    """One referral with what it lacks; the form supplies it."""
    row = _read(request, key)
    sent = request.POST if request.method == "POST" else None
    form = SupplyForm(sent, at=request.at, parents=_parents(request, row.patient_id))
    if form.is_valid():
        given = form.cleaned_data
        try:
            actions.supply(
                row.pk,
                form.values(),
                parent_id=given["parent"],
                start_on=given["start_on"],
                seen=clashes.unseal(request.POST.get("seen", ""), actions.SUPPLYING, f"referral {row.pk}"),
                **_scope(request),
            )
            messages.success(request, "Saved. What it closes is closed, and the clock was worked out again.")
            return HttpResponseRedirect(reverse("op-referrals:referral", args=[row.pk]))
        except clashes.ChangedMeanwhile as refusal:
            form.add_error(None, refusal.why)
            return _referral_page(request, _read(request, key), form, clash=refusal)
        except NotAllowed as refusal:
            form.add_error("start_on" if given["start_on"] else None, refusal.why)
    return _referral_page(request, row, form)


def _referral_page(
    request: Request,
    row: Referral,
    form: SupplyForm,
    problem: str = "",
    clash: clashes.ChangedMeanwhile | None = None,
) -> HttpResponse:
    patient_actions.look([row.patient_id], "referral", **_scope(request))
    missing = queries.open_gaps(request.organisation.pk, request.at, row.pk)
    parents = _parents(request, row.patient_id)
    context = {
        **_shown(request, row),
        "gaps": presenters.gap_rows(missing),
        "lacks": {each.gap.what for each in missing},
        "form": form,
        "seen": clashes.opened(form.data, actions.says(row), f"referral {row.pk}", clash),
        "both": presenters.clashes(clash.clashes if clash else (), dict(parents)),
        "problem": problem,
        "parents": parents,
        "sources": forms.SOURCES,
        "sides": forms.SIDES,
        "removals": forms.REMOVALS,
        "may_change": request.reach.allows("referrals.write") and row.state in queries.COMPLETED_IN,
        "may_remove": row.state in queries.OPEN,
        "may_triage": request.reach.allows("referrals.triage") and row.state == queries.State.TRIAGE,
    }
    status = 409 if clash else 422 if form.errors or problem else 200
    return render(request, "referrals/referral.html", context, status=status)


def _shown(request: Request, row: Referral) -> dict[str, Any]:
    """What every page of one referral says of it."""
    key = row.patient_id
    return {
        "row": row,
        "born": people.born(row.patient, local(request.at).date()),
        "nhs_number": people.number(row.patient),
        "flags": people.flags(patients.flags_of([key]).get(key, [])),
        "needs": people.needs(patients.needs_of([key]).get(key, [])),
        "priority": presenters.priority(row.priority),
        "source": presenters.source(row),
        "organisation": directory.named(
            request.organisation.pk, row.sender_organisation, local(request.at).date()
        ),
        "route": presenters.route(row),
        "listed": presenters.listed(row.review_reason),
        "removed": presenters.removed(row.removed_why) if row.removed_why else "",
        "triages": row.triages.order_by("-id"),
        "clinicians": clinics.clinicians(request.organisation.pk),
    }


@needs("referrals.write")
@require_POST
def remove(request: Request, key: int) -> HttpResponse:
    """End a referral with its reason."""
    row = _read(request, key)
    try:
        actions.remove(
            row.pk,
            request.POST.get("why", ""),
            clinician=request.POST.get("clinician", "")[:150],
            **_scope(request),
        )
    except NotAllowed as refusal:
        form = SupplyForm(at=request.at, parents=_parents(request, row.patient_id))
        return _referral_page(request, row, form, refusal.why)
    messages.success(request, "The referral was removed, with its reason.")
    return HttpResponseRedirect(reverse("op-referrals:referral", args=[row.pk]))


@needs("referrals.read")
def gaps(request: Request) -> HttpResponse:
    """Everything that referrals lack: of whom it was asked, how often, and when it is to be asked again."""
    found = queries.open_gaps(request.organisation.pk, request.at)
    patient_actions.look({each.gap.referral.patient_id for each in found}, "gaps", **_scope(request))
    context = {
        "rows": presenters.gap_rows(found),
        "due": sum(each.is_due for each in found),
        "may_change": request.reach.allows("referrals.write"),
    }
    return render(request, "referrals/gaps.html", context)


@needs("referrals.write")
@require_POST
def ask(request: Request, key: int) -> HttpResponse:
    """Something missing was asked for again."""
    try:
        actions.ask(key, **_scope(request))
    except Gap.DoesNotExist:
        raise Http404 from None
    messages.success(request, "Recorded: it was asked for again.")
    return HttpResponseRedirect(reverse("op-referrals:gaps"))


@needs("referrals.read")
def to_triage(request: Request) -> HttpResponse:
    """What is to be triaged, the urgent first."""
    text = request.GET.get("service", "")
    service_id = int(text) if text.isdecimal() and len(text) < 19 else None
    found = queries.to_triage(request.organisation.pk, request.at, service_id)
    patient_actions.look({each.referral.patient_id for each in found}, "triage", **_scope(request))
    context = {
        "rows": presenters.triage_rows(found),
        "overdue": sum(each.is_overdue for each in found),
        "services": _services(request),
        "service_id": service_id,
        "may_triage": request.reach.allows("referrals.triage"),
    }
    return render(request, "referrals/triage.html", context)


@needs("referrals.triage")
def decide(request: Request, key: int) -> HttpResponse:
    """The clinician's decision about one referral."""
    row = _read(request, key)
    others = [each for each in _services(request) if each[0] != row.service_id]
    sent = request.POST if request.method == "POST" else None
    form = TriageForm(sent, at=request.at, services=others, priority=row.priority)
    if form.is_valid():
        try:
            actions.triage(row.pk, form.decision(), **_scope(request))
            messages.success(request, f"{row.number} is triaged.")
            return HttpResponseRedirect(reverse("op-referrals:triage"))
        except NotAllowed as refusal:
            form.add_error("outcome", refusal.why)
    patient_actions.look([row.patient_id], "triage", **_scope(request))
    context = {
        **_shown(request, row),
        "form": form,
        "outcomes": forms.OUTCOMES,
        "priorities": forms.PRIORITIES,
        "kinds": forms.KINDS,
        "media": forms.MEDIA,
        "others": others,
    }
    return render(request, "referrals/decide.html", context, status=422 if form.errors else 200)


@needs("referrals.read")
def ledger(request: Request) -> HttpResponse:
    """Every referral of a period, and where each stands: what came in is all accounted for, or named."""
    today = local(request.at).date()
    form = PeriodForm(request.GET or None, at=request.at)
    given = form.cleaned_data if form.is_bound and form.is_valid() else {}
    start, end = given.get("start") or today - figures.PERIOD, given.get("end") or today
    found = queries.ledger(request.organisation.pk, start, end)
    context = {
        "form": form,
        "start": start,
        "end": end,
        "found": found,
        "figures": figures.of_ledger(found, start, end),
        "may_change": request.reach.allows("referrals.write"),
    }
    return render(request, "referrals/ledger.html", context, status=422 if form.errors else 200)


def _read(request: Request, key: int) -> Referral:
    try:
        return queries.one(request.organisation.pk, key)
    except Referral.DoesNotExist:
        raise Http404 from None


def _services(request: Request) -> list[tuple[int, str]]:
    return [(each.pk, each.name) for each in queries.services(request.organisation.pk)]


def _parents(request: Request, patient_id: int | None) -> list[tuple[int, str]]:
    if patient_id is None:
        return []
    found = pathways.open_consultant_led(request.organisation.pk, patient_id)
    return [(each.pk, presenters.pathway_option(each)) for each in found]


def _scope(request: Request) -> dict[str, Any]:
    return {"organisation_id": request.organisation.pk, "by": request.actor, "at": request.at}
