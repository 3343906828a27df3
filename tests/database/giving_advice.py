"""Crews on scene in the invented region, and advice that is given to them."""

import json
import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.test import Client
from django.utils import timezone

from clearway.core.feeds.actions import store
from clearway.core.feeds.models import Source
from clearway.core.organisation.models import Organisation, Site
from clearway.desks.ambulance import situation
from clearway.desks.ambulance.advice import actions, cases, presenters, reading, sweep
from clearway.desks.ambulance.advice.asked import stated
from clearway.desks.ambulance.advice.models import Advice
from clearway.desks.ambulance.diverts.models import Divert
from clearway.domain.ambulance.diverts import Cover, DivertKind, DivertState
from clearway.domain.ambulance.events import CallEvent, JobEvent, Position
from clearway.domain.ambulance.words import CallStatus, JobStatus, ResourceKind
from clearway.engine.ambulance.ranking import picture
from clearway.gateway import inbox
from clearway.interchange import native
from tests.trust import acting, somebody

NEAR_MILLBROOK = (52.21, -1.51)
FAR_AWAY = (52.3, -1.7)


def now() -> Any:
    return timezone.now()


def says(organisation: Organisation, status: str, ago: float, call_sign: str = "A1", **more: Any) -> None:
    at = now() - timedelta(minutes=ago)
    event = JobEvent(
        message_id=f"{call_sign}/{status}/{ago}",
        occurred_at=at,
        incident=f"J{call_sign}",
        call_sign=call_sign,
        status=JobStatus(status),
        kind=ResourceKind.DCA,
        **more,
    )
    source = Source.objects.get(organisation=organisation, kind="cad")
    store(source, native.dump([event]), at=now())
    while inbox.process(now):
        pass


def on_scene(organisation: Organisation, call_sign: str = "A1", ago: float = 25) -> None:
    for status, before in (("allocated", 12), ("mobile", 11), ("at_scene", 0)):
        says(organisation, status, ago + before, call_sign)
    latitude, longitude = NEAR_MILLBROOK
    seen = Position(call_sign=call_sign, occurred_at=now(), latitude=latitude, longitude=longitude)
    store(Source.objects.get(organisation=organisation, kind="positions"), native.dump([seen]), at=now())
    while inbox.process(now):
        pass


def sealed(page: str) -> str:
    found = re.search(r'name="sealed" value="([^"]+)"', page)
    assert found
    return found[1]


def taken(
    organisation: Organisation,
    call_sign: str = "A1",
    code: str = "TVH01",
    reason_code: str = "",
    **more: Any,
) -> Advice:
    read = reading.read(organisation.pk, now())
    crew = cases.crew(read, call_sign)
    assert crew and crew.case
    case = stated(crew.case, said(), read)
    shown = presenters.as_json(read.advise(case))
    return actions.take(
        actions.Taken(
            crew.assignment,
            crew.incident,
            call_sign,
            code,
            code,
            shown,
            {**more.pop("said", said()), **more},
            reason_code,
        ),
        organisation_id=organisation.pk,
        by=acting(somebody("writer")),
        at=now(),
    )


def said() -> dict[str, Any]:
    return {"age": 60, "news2": 2, "needs": [], "continuing_care": None, "booked_at": None, "refused": []}


def diverted(
    organisation: Organisation,
    codes: str | Sequence[str],
    kind: DivertKind = DivertKind.CAPACITY,
) -> None:
    Divert.objects.filter(organisation=organisation).delete()
    for code in [codes] if isinstance(codes, str) else codes:
        Divert.objects.create(
            organisation=organisation,
            kind=kind,
            site=code,
            to=["TVH02"],
            covers=[Cover.EVERYBODY],
            trigger="Twelve crews queue",
            actions_taken="Corridor staffed",
            evidence={},
            proposed_at=now() - timedelta(minutes=5),
            proposed_by=somebody("proposer"),
            state=DivertState.ACTIVE,
            starts_at=now() - timedelta(minutes=1),
            ends_at=now() + timedelta(hours=2),
        )


def post(client: Client, body: Any, **headers: str) -> Any:
    return client.post("/api/v1/advice", json.dumps(body), content_type="application/json", headers=headers)


def look(organisation: Organisation) -> sweep.Looked:
    return sweep.look_again(organisation.pk, situation.read(organisation.pk, now()), now())


def stands() -> Advice:
    return Advice.objects.get(ended_at__isnull=True)


def another_department(organisation: Organisation) -> None:
    """A third one, so that two are left when one is closed."""
    first = Site.objects.get(organisation=organisation, code="TVH01")
    first.pk, first.code, first.key, first.name = None, "TVH03", "THI", "Third Hospital"
    first.latitude, first.longitude = 52.25, -1.55
    first.save()


def loads(read: reading.Reading) -> dict[str, int]:
    seen = picture(read.situation, read.forecast(), read.rules, read.policy.engine)
    return {code: int(seen.load[read.rules.row_of[code]]) for code in ("TVH01", "TVH02")}


def a_call(organisation: Organisation, incident: str, place: tuple[float, float]) -> None:
    """The control room says where an incident is."""
    latitude, longitude = place
    call = CallEvent(
        message_id=f"{incident}/call",
        occurred_at=now() - timedelta(minutes=40),
        incident=incident,
        status=CallStatus.CALL_CONNECT,
        latitude=latitude,
        longitude=longitude,
    )
    store(Source.objects.get(organisation=organisation, kind="cad"), native.dump([call]), at=now())
    while inbox.process(now):
        pass


def seen_at(organisation: Organisation, call_sign: str, ago: float, place: tuple[float, float]) -> None:
    latitude, longitude = place
    when = now() - timedelta(minutes=ago)
    seen = Position(call_sign=call_sign, occurred_at=when, latitude=latitude, longitude=longitude)
    store(Source.objects.get(organisation=organisation, kind="positions"), native.dump([seen]), at=now())
    while inbox.process(now):
        pass


def a_crew(organisation: Organisation, *statuses: str) -> cases.Crew:
    for place, status in enumerate(statuses):
        says(organisation, status, 60 - 10 * place)
    found = cases.crew(reading.read(organisation.pk, now()), "A1")
    assert found
    return found
