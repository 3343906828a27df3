"""POST /api/v1/advice: the same answer as the page, for a dispatch system or a terminal.

The body is a JSON object of the fields in advice_message.FIELDS; the answer is presenters.as_json. Nothing is
committed by asking: a place counts as taken once somebody accepts it. Who asked for what is in the audit.
"""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.http import HttpResponse, JsonResponse
from django.middleware.csrf import CsrfViewMiddleware

from clearway.core.audit.actions import Actor, Entry, record
from clearway.core.feeds import door
from clearway.domain.ambulance.destinations import Case
from clearway.domain.shared.errors import CannotParse
from clearway.engine.ambulance.advice import Advice as Answer
from clearway.interchange import advice_message
from clearway.interchange.api import ADVICE, Refusal, unusable

from .asked import WrongField, case_of
from .cases import with_standing
from .presenters import as_json
from .queries import standing
from .reading import Reading, read
from .together import advise_beside_others, suggested_last


@door.door(ADVICE)
def advice(request: Any) -> HttpResponse:
    """Advice for one case. 401 without a key or session that may ask, 400 naming the field that is wrong."""
    organisation_id, by = _asker(request)
    try:
        given = advice_message.parse(door.sent(request, ADVICE))
        reading = read(organisation_id, request.at)
        answer = as_json(_answer(reading, case_of(reading, given)))
    except CannotParse as error:
        raise unusable(error) from None
    except WrongField as wrong:
        raise Refusal(400, wrong.why, wrong.fix, wrong.field) from None
    _record(answer, organisation_id, by, request.at)
    return JsonResponse(answer)


def _answer(reading: Reading, case: Case) -> Answer:
    """As the crew's page answers: beside all who wait, and what the list named is kept as it keeps it."""
    if case.standing is None:
        case = with_standing(case, suggested_last(reading, case.key))
    return advise_beside_others(reading, case, standing(reading.organisation_id))


def _asker(request: Any) -> tuple[int, Actor]:
    """Who asks: by a key, or by the session of who may read advice. Raises Refusal (401)."""
    if door.key_of(request):
        organisation_id, name = door.holder(request, ADVICE)
        return organisation_id, Actor(f"feed:{name}")
    may = request.user.is_authenticated and request.reach.allows(ADVICE.permission) and request.organisation
    if not may or _forged(request):
        raise door.nobody(ADVICE)
    return request.organisation.pk, request.actor


def _forged(request: Any) -> bool:
    """A session must show its token, as every form of ours does."""
    guard = CsrfViewMiddleware(lambda _: HttpResponse())
    return guard.process_view(request, lambda _: HttpResponse(), (), {}) is not None


def _record(answer: dict[str, Any], organisation_id: int, by: Actor, at: datetime) -> None:
    detail = {name: answer[name] for name in ("verdict", "chosen", "inputs_hash", "engine_version")}
    with transaction.atomic():
        entry = Entry("advice.ask", f"assignment:{answer['key']}", detail)
        record([entry], organisation_id=organisation_id, by=by, at=at)
