"""POST /api/v1/advice: the same answer as the page, for a dispatch system or a terminal.

The body is a JSON object of the fields in asked.FIELDS; the answer is presenters.as_json. Nothing is
committed by asking: a place counts as taken once somebody accepts it. Who asked for what is in the audit.
"""

import json
from datetime import datetime
from typing import Any

from django.db import transaction
from django.http import HttpResponse, JsonResponse
from django.middleware.csrf import CsrfViewMiddleware
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from clearway.core.audit.actions import Actor, Entry, record
from clearway.core.feeds.queries import who_holds
from clearway.core.people.permissions import public
from clearway.domain.ambulance.destinations import Case
from clearway.engine.ambulance.advice import Advice as Answer

from .asked import WrongField, case_of
from .cases import with_standing
from .presenters import as_json
from .queries import standing
from .reading import Reading, read
from .together import advise_beside_others, suggested_last

MAX_BODY_BYTES = 16 * 1024
PERMISSION = "advice.read"


@csrf_exempt
@public  # a source's bearer key, or the session of who may read advice, is asked for below
@require_POST
def advice(request: Any) -> HttpResponse:
    """Advice for one case. 401 without a key or session that may ask, 400 naming the field that is wrong."""
    asker = _asker(request)
    if asker is None:
        return _problem(
            401, "No key or session that may ask.", "Send a control room's key as Authorization: Bearer."
        )
    organisation_id, by = asker
    try:
        given = _body(request)
        reading = read(organisation_id, request.at)
        answer = as_json(_answer(reading, case_of(reading, given)))
    except WrongField as wrong:
        return _problem(400, wrong.why, wrong.fix, wrong.field)
    _record(answer, organisation_id, by, request.at)
    return JsonResponse(answer)


def _answer(reading: Reading, case: Case) -> Answer:
    """As the crew's page answers: beside all who wait, and what the list named is kept as it keeps it."""
    if case.standing is None:
        case = with_standing(case, suggested_last(reading, case.key))
    return advise_beside_others(reading, case, standing(reading.organisation_id))


def _asker(request: Any) -> tuple[int, Actor] | None:
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    if scheme == "Bearer" and key:
        found = who_holds(key, "cad")
        return (found[0], Actor(f"feed:{found[1]}")) if found else None
    if not request.user.is_authenticated or not request.reach.allows(PERMISSION) or not request.organisation:
        return None
    if _forged(request):
        return None
    return request.organisation.pk, request.actor


def _forged(request: Any) -> bool:
    """A session must show its token, as every form of ours does."""
    guard = CsrfViewMiddleware(lambda _: HttpResponse())
    return guard.process_view(request, lambda _: HttpResponse(), (), {}) is not None


def _body(request: Any) -> dict[str, Any]:
    if len(request.body) > MAX_BODY_BYTES:
        raise WrongField("body", "It is over 16 KiB.", "Send one case.")
    try:
        given = json.loads(request.body)
    except (ValueError, RecursionError) as problem:
        raise WrongField("body", f"It is not JSON: {problem}.", "Send one JSON object.") from None
    if not isinstance(given, dict):
        raise WrongField("body", "It is no JSON object.", 'Send one, like {"call_sign": "A101"}.')
    return given


def _record(answer: dict[str, Any], organisation_id: int, by: Actor, at: datetime) -> None:
    detail = {name: answer[name] for name in ("verdict", "chosen", "inputs_hash", "engine_version")}
    with transaction.atomic():
        entry = Entry("advice.ask", f"assignment:{answer['key']}", detail)
        record([entry], organisation_id=organisation_id, by=by, at=at)


def _problem(status: int, title: str, fix: str, field: str = "") -> JsonResponse:
    body = {"status": status, "title": title, "fix": fix, **({"field": field} if field else {})}
    return JsonResponse(body, status=status, content_type="application/problem+json")
