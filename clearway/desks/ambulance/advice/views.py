"""Conveyance advice: who is about to leave scene, the advice for one crew, and what advice was worth."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.views.decorators.http import require_POST

from clearway.core.layout.times import clock, local
from clearway.core.live.queries import newest_push
from clearway.core.people.permissions import needs
from clearway.core.repeats.once import keep
from clearway.domain.ambulance.destinations import Case
from clearway.domain.shared.errors import NotAllowed
from clearway.domain.shared.identity import holds_nhs_number
from clearway.engine.ambulance.advice import journeys_of
from clearway.engine.ambulance.eligibility import Bar, eligible

from ..contacts import presenters as contact_words
from ..contacts import queries as contacts
from ..contacts.policy import contact_policy
from . import actions, afresh, cases, inbound, lines, presenters, queries, reading, together, words
from .asked import WrongField, stated
from .models import Advice, Call, CrewMessage

Request = Any
# One that said it is full may have a place again: it is rung to hear so.
MAY_BE_RUNG = (Bar.NONE, Bar.NOT_CONFIRMED, Bar.SAID_FULL, Bar.AT_CAPACITY)


@needs("advice.read")
def board(request: Request) -> HttpResponse:
    """Who is about to leave scene or on the way, with the advice that stands; changed answers first."""
    live_after = newest_push()
    read = reading.read(request.organisation.pk, request.at)
    standing = queries.standing(request.organisation.pk)
    rows = lines.lines(read, standing, together.suggest_steadily(read, standing), request.at)
    context = {
        "rows": rows,
        "changed": [row for row in rows if row.change],
        "offered": [row for row in rows if row.offer and row.offer.sealed],
        "to_open": [row for row in rows if row.offer and not row.offer.sealed],
        "inbound": inbound.inbound(read, standing),
        "at_once": read.policy.at_once,
        "asked_after": read.policy.asked_after,
        "asked_after_c1": read.policy.asked_after_c1,
        "cannot": read.cannot,
        "may_give": request.reach.allows("advice.give"),
        "overrides": list(words.OVERRIDES.items()),
        "live_topics": "feeds tasks",
        "live_after": live_after,
    }
    return render(request, "advice/board.html", context)


@needs("advice.give")
@require_POST
def take_together(request: Request) -> HttpResponse:
    """Accept what the list suggests: for one crew (`only`), or for all that were shown."""
    only = request.POST.get("only")
    try:
        sealed = [presenters.unseal(text) for text in request.POST.getlist("sealed")]
    except NotAllowed as refused:
        messages.error(request, refused.why)
        return HttpResponseRedirect(reverse("advice:board"))
    organisation_id = request.organisation.pk
    read = reading.read(organisation_id, request.at)
    standing = queries.standing(organisation_id)
    if only is None and len(sealed) > read.policy.at_once:
        messages.error(request, words.TOO_MANY_AT_ONCE.format(most=read.policy.at_once))
        return HttpResponseRedirect(reverse("advice:board"))
    found = together.suggest(read, standing, together.keys_shown(sealed))
    recorded = []
    for shown, said in sealed:
        if only in (None, shown["call_sign"]):
            try:
                now = together.still(found, shown)
                row = actions.take(
                    actions.Taken(
                        assignment=now.crew.assignment,
                        incident=now.crew.incident,
                        call_sign=now.crew.call_sign,
                        code=shown["chosen"],
                        name=_name(read, shown["chosen"]),
                        shown=shown,
                        said=said,
                    ),
                    organisation_id=organisation_id,
                    by=request.actor,
                    at=request.at,
                )
                recorded.append(f"{row.call_sign} to {row.taken_name}")
            except NotAllowed as refused:
                messages.error(request, refused.why)
    if recorded:
        messages.success(request, f"Recorded, {clock(request.at)}: {'; '.join(recorded)}.")
    return HttpResponseRedirect(reverse("advice:board"))


@needs("advice.read")
def crew(request: Request, call_sign: str) -> HttpResponse:
    """The advice for one crew as things stand, with what the address says of its patient."""
    read, found = _found(request, call_sign)
    return _page(request, read, found, request.GET)


def _page(
    request: Request,
    read: reading.Reading,
    found: cases.Crew,
    given: Any,
    error: str = "",
    status: int = 200,
) -> HttpResponse:
    organisation_id = request.organisation.pk
    standings = queries.standing(organisation_id)
    standing = standings.get(found.assignment)
    typed, problem = _given(given, standing), error
    answer = case = None
    if found.case is None:
        problem = problem or "Nobody knows where this patient is, so nothing can be advised."
    else:
        try:
            case = stated(found.case, typed, read)
            if standing is None:
                case, answer = together.advise_steadily(read, case, standings)
            else:
                case = cases.with_standing(case, standing.taken, accepted=True)
                answer = read.advise(case)
        except WrongField as wrong:
            problem, status = problem or str(wrong), 422
    context = {
        "crew": found,
        "typed": typed,
        "age": _age(typed, found),
        "boxes": presenters.need_boxes(frozenset(typed["needs"] or ())),
        "no_needs": typed["needs"] == [],
        "places": _places(read),
        "problem": problem,
        "shown": presenters.as_json(answer) if answer else None,
        "parts": presenters.part_rows(presenters.as_json(answer)) if answer else [],
        "part_names": words.PARTS,
        "verdicts": words.VERDICTS,
        "sealed": presenters.seal(answer, case) if answer and case else "",
        "standing": standing,
        "message": queries.messages(organisation_id).get(found.call_sign) if standing else None,
        "message_words": presenters.message_words,
        "calls": queries.calls_of(organisation_id, found.assignment),
        "overrides": list(words.OVERRIDES.items()),
        "refusals": list(words.REFUSALS.items()),
        "to_ring": _to_ring(read, case),
        "contacts": _contacts(request, found.call_sign),
        "page": queries.page_of(organisation_id, found.call_sign, request.at),
        "may_give": request.reach.allows("advice.give"),
        "may_refer": request.reach.allows("onward.ask"),
        "may_confirm": request.reach.allows("destinations.confirm"),
    }
    template = "advice/answer.html" if request.GET.get("part") == "answer" else "advice/crew.html"
    response = render(request, template, context, status=status)
    response["Cache-Control"] = "no-store"
    return response


def _contacts(request: Request, call_sign: str) -> list[contact_words.Row] | None:
    """What was said with the crew of late; None for whom that is not open to."""
    if not request.reach.allows("contacts.read"):
        return None
    found = contacts.of_crew(request.organisation.pk, call_sign, request.at)
    return contact_words.rows(found, contact_policy(request.organisation.pk, request.at))


def _age(typed: Mapping[str, Any], found: cases.Crew) -> Any:
    """As somebody said it, 0 for an infant, or else as the feeds have it."""
    if typed.get("age") is not None:
        return typed["age"]
    return found.case.age if found.case else None


def _given(given: Any, standing: Advice | None) -> dict[str, Any]:
    """What the address says; what it does not say at all comes from the advice that stands."""
    if "asked" not in given and standing is not None:
        said = dict(standing.said)
        return {**said, "ready_in_minutes": None}
    single = ("age", "news2", "ready_in_minutes", "continuing_care", "booked_at")
    return {
        "needs": _needs_said(given),
        "refused": [each for each in given.getlist("refused") if each] if hasattr(given, "getlist") else [],
        **{name: given.get(name, "").strip() or None for name in single},
    }


def _needs_said(given: Any) -> list[str] | None:
    """What was ticked; [] where somebody said that there is none, None where nobody said anything."""
    ticked = given.getlist("needs") if hasattr(given, "getlist") else []
    return ticked if ticked or given.get("no_needs") else None


def _found(request: Request, call_sign: str) -> tuple[reading.Reading, cases.Crew]:
    read = reading.read(request.organisation.pk, request.at)
    found = cases.crew(read, call_sign)
    if found is None:
        raise Http404
    return read, found


def _places(read: reading.Reading) -> list[tuple[str, str]]:
    places = read.rules.places
    return sorted(
        (
            (code, name)
            for code, name, kind in zip(places.code, places.name, places.kind, strict=True)
            if kind < 0
        ),
        key=lambda each: each[1],
    )


def _to_ring(read: reading.Reading, case: Case | None) -> list[tuple[str, str]]:
    """The alternatives near the crew that might be rung, confirmed or not."""
    if case is None:
        return []
    legs = journeys_of([case], read.network, read.situation, read.rules, read.policy.engine)
    found = eligible(case, read.situation, legs.minutes[0], read.rules, read.policy.engine.eligibility)
    places = read.rules.places
    rows = [row for row in range(len(places.code)) if places.kind[row] >= 0 and found.bar[row] in MAY_BE_RUNG]
    rows.sort(key=lambda row: (legs.minutes[0][row] if places.travels[row] else 0.0, places.name[row]))
    return [(places.code[row], places.name[row]) for row in rows[:25]]


@needs("advice.give")
@require_POST
def take(request: Request, call_sign: str) -> HttpResponse:
    """Accept what was shown, or go elsewhere with a reason; overtaken: 422 with the answer of now."""
    read, found = _found(request, call_sign)
    code = request.POST.get("code") or request.POST.get("other", "")  # what was pressed, else the list
    try:
        shown, said = presenters.unseal(request.POST.get("sealed", ""))
        if shown["key"] != found.assignment:
            raise NotAllowed("for another job", "Taking this advice", "Look at the answer as it is now.")
        taken = actions.Taken(
            assignment=found.assignment,
            incident=found.incident,
            call_sign=call_sign,
            code=code,
            name=_name(read, code),
            shown=shown,
            said=said,
            reason_code=request.POST.get("reason_code", ""),
            reason=_remark(request),
        )
        organisation_id = request.organisation.pk
        afresh.check(taken, found, read, queries.standing(organisation_id))
        row = actions.take(taken, organisation_id=organisation_id, by=request.actor, at=request.at)
    except afresh.Overtaken as overtaken:
        given = QueryDict(request.POST.get("query", ""))
        return _page(request, read, found, given, error=overtaken.why, status=422)
    except NotAllowed as refused:
        messages.error(request, refused.why)
        return HttpResponseRedirect(_back_to(request, call_sign))
    messages.success(request, f"Recorded: {call_sign} to {row.taken_name}, {clock(request.at)}.")
    return HttpResponseRedirect(reverse("advice:crew", args=[call_sign]))


def _back_to(request: Request, call_sign: str) -> str:
    query = request.POST.get("query", "")
    try:
        page = reverse("advice:crew", args=[call_sign])
    except NoReverseMatch:  # what was sent names no crew
        return reverse("advice:board")
    return page + (f"?{query}" if query else "")


def _remark(request: Request) -> str:
    text = request.POST.get("reason", "").replace("\x00", "").strip()  # no text of the database holds it
    if holds_nhs_number(text):
        raise NotAllowed(
            "holding an NHS number", "Writing this remark", "Leave out the NHS number: name the incident."
        )
    return str(text)


def _name(read: reading.Reading, code: str) -> str:
    row = read.rules.row_of.get(code)
    if row is None:
        raise NotAllowed("unknown", "Taking this place", "Choose a place from the list.")
    return read.rules.places.name[row]


@needs("advice.give")
@require_POST
def settle(request: Request, key: int) -> HttpResponse:
    """Tell a crew that its advice has changed, or keep it on its way with a reason."""
    try:
        if request.POST.get("do") == "keep":
            row = actions.keep(
                key,
                request.POST.get("reason_code", ""),
                organisation_id=request.organisation.pk,
                by=request.actor,
                at=request.at,
            )
            messages.success(request, f"{row.call_sign} goes on to {row.taken_name}.")
        else:
            row = actions.tell(key, organisation_id=request.organisation.pk, by=request.actor, at=request.at)
            messages.success(request, f"{row.call_sign} is told: {row.taken_name}.")
    except Advice.DoesNotExist:
        raise Http404 from None
    except NotAllowed as refused:
        messages.error(request, refused.why)
    return HttpResponseRedirect(reverse("advice:board"))


@needs("advice.give")
@require_POST
def ring(request: Request, call_sign: str) -> HttpResponse:
    """Somebody rings an alternative for the patient of this crew."""
    read, found = _found(request, call_sign)
    row = read.rules.row_of.get(request.POST.get("code", ""))
    if row is None or read.rules.places.kind[row] < 0:
        messages.error(request, "Choose an alternative from the list.")
    else:
        places = read.rules.places
        rung = actions.Rung(
            assignment=found.assignment,
            call_sign=call_sign,
            code=places.code[row],
            name=places.name[row],
            kind=read.rules.kinds[places.kind[row]].kind,
        )
        actions.ring(rung, organisation_id=request.organisation.pk, by=request.actor, at=request.at)
        messages.success(request, f"Ringing {rung.name} since {clock(request.at)}. Record what it says.")
    return HttpResponseRedirect(_back_to(request, call_sign))


@needs("advice.give")
@require_POST
def call_answered(request: Request, key: int) -> HttpResponse:
    """What the alternative said."""
    try:
        call = actions.answered(
            key,
            request.POST.get("outcome", ""),
            request.POST.get("reason_code", ""),
            _remark(request),
            organisation_id=request.organisation.pk,
            by=request.actor,
            at=request.at,
        )
    except Call.DoesNotExist:
        raise Http404 from None
    except NotAllowed as refused:
        messages.error(request, refused.why)
        return HttpResponseRedirect(_back_to(request, request.POST.get("call_sign", "")))
    messages.success(request, f"Recorded: {call.name}, {call.get_outcome_display().lower()}.")
    return HttpResponseRedirect(_back_to(request, call.call_sign))


@needs("advice.give")
@require_POST
def give_page(request: Request, call_sign: str) -> HttpResponse:
    """A page of its own for this crew; its address is shown once, to be copied or read by its telephone."""
    read, _ = _found(request, call_sign)
    token = actions.link_crew(
        call_sign,
        hours=read.policy.page_hours,
        organisation_id=request.organisation.pk,
        by=request.actor,
        at=request.at,
    )
    address = request.build_absolute_uri(reverse("advice:crew-page", args=[token]))
    context = {
        "call_sign": call_sign,
        "address": address,
        "code": presenters.code_of(address),
        "until": request.at + timedelta(hours=read.policy.page_hours),
    }
    response = render(request, "advice/handed.html", context)
    response["Cache-Control"] = "no-store"
    return keep(response)


@needs("advice.give")
@require_POST
def end_page(request: Request, call_sign: str) -> HttpResponse:
    """End the page of this crew now."""
    ended = actions.unlink_crew(
        call_sign, organisation_id=request.organisation.pk, by=request.actor, at=request.at
    )
    if ended:
        messages.success(request, f"The page of {call_sign} has ended. Read its advice out by radio.")
    else:
        messages.error(request, f"{call_sign} had no page.")
    return HttpResponseRedirect(reverse("advice:crew", args=[call_sign]))


@needs("advice.give")
@require_POST
def read_back(request: Request, key: int) -> HttpResponse:
    """The crew read its message back by radio."""
    try:
        message = actions.read_back(
            key, organisation_id=request.organisation.pk, by=request.actor, at=request.at
        )
    except CrewMessage.DoesNotExist:
        raise Http404 from None
    except NotAllowed as refused:
        messages.error(request, refused.why)
        return HttpResponseRedirect(reverse("advice:board"))
    messages.success(request, f"Recorded: {message.call_sign} read back by radio, {clock(request.at)}.")
    return HttpResponseRedirect(reverse("advice:crew", args=[message.call_sign]))


@needs("advice.read")
def worth(request: Request) -> HttpResponse:
    """The last seven days: predicted beside actual, what was overridden, how alternatives answered."""
    start, organisation_id = request.at - queries.WEEK, request.organisation.pk
    found = queries.worth(organisation_id, start, request.at)
    context = {
        "worth": asdict(found),
        "start": start,
        "reasons": [(words.OVERRIDES.get(code, code), number) for code, number in found.reasons],
        "refusals": [
            (kind.replace("_", " "), words.REFUSALS.get(code, code), number)
            for kind, code, number in queries.refusals(organisation_id, start, request.at)
        ],
    }
    return render(request, "advice/worth.html", context)


@needs("advice.read")
def destinations(request: Request) -> HttpResponse:
    """The destination rules, the kinds of alternatives, and the directory, with who answers for each."""
    today = local(request.at).date()
    rules = reading.rulebook(request.organisation.pk, today)
    names = {kind.kind: kind.name for kind in rules.kinds}
    context = {
        "rules": rules.rules,
        "kinds": rules.kinds,
        "listed": [(each, names[each.kind]) for each in rules.listed],
        "today": today.isoformat(),
        "plain": _plain,
    }
    return render(request, "advice/destinations.html", context)


def _plain(code_words: Mapping[str, Any] | Any) -> str:
    """Roles or needs as people read them."""
    return ", ".join(sorted(str(each).replace("_", " ") for each in code_words))
