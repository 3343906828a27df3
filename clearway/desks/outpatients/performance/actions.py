"""Setting targets, and drawing limits anew."""

from datetime import date, datetime

from django.db import transaction

from clearway.core.audit.actions import Actor, Entry
from clearway.core.audit.actions import record as audit
from clearway.core.layout.times import local
from clearway.domain.outpatients.performance import INDICATORS
from clearway.domain.shared.errors import NotAllowed

from .models import Baseline, Service, Target


@transaction.atomic
def set_target(
    code: str,
    value: float,
    from_on: date,
    why: str,
    *,
    service: str = "",
    organisation_id: int,
    by: Actor,
    at: datetime,
) -> Target:
    """What an indicator should be from a day on; the one before is kept. value: in its own unit."""
    row = Target.objects.create(
        organisation_id=organisation_id,
        indicator=INDICATORS[code].code,
        service=_service(service, organisation_id),
        value=value,
        from_on=from_on,
        why=why,
        set_at=at,
        set_by=by.name,
    )
    detail = {"indicator": code, "service": service, "value": value, "from": from_on.isoformat()}
    audit(
        [Entry("performance.target", f"target:{row.pk}", detail)],
        organisation_id=organisation_id,
        by=by,
        at=at,
    )
    return row


@transaction.atomic
def rebase(
    code: str, on: date, why: str, *, service: str = "", organisation_id: int, by: Actor, at: datetime
) -> Baseline:
    """Draw the limits of an indicator anew from a day on. Raises NotAllowed."""
    event = "Drawing limits anew"
    if on > local(at).date():
        raise NotAllowed("to come", event, "Give a day that has been: limits are drawn from what happened.")
    of = _service(service, organisation_id)
    rows = Baseline.objects.filter(organisation_id=organisation_id, indicator=code, service=of, ended_at=None)
    if rows.filter(on=on).exists():
        raise NotAllowed("drawn anew", event, "Its limits are drawn anew from this day already.")
    row = Baseline.objects.create(
        organisation_id=organisation_id,
        indicator=INDICATORS[code].code,
        service=of,
        on=on,
        why=why,
        set_at=at,
        set_by=by.name,
    )
    detail = {"indicator": code, "service": service, "on": on.isoformat()}
    audit(
        [Entry("performance.rebase", f"baseline:{row.pk}", detail)],
        organisation_id=organisation_id,
        by=by,
        at=at,
    )
    return row


@transaction.atomic
def take_back(key: int, *, organisation_id: int, by: Actor, at: datetime) -> Baseline:
    """Draw the limits as if this baseline had not been. Raises Baseline.DoesNotExist and NotAllowed."""
    row = Baseline.objects.select_for_update().get(pk=key, organisation_id=organisation_id)
    if row.ended_at is not None:
        raise NotAllowed("taken back", "Taking back this baseline", "It was taken back already.")
    row.ended_at, row.ended_by = at, by.name
    row.save(update_fields=["ended_at", "ended_by"])
    entry = Entry("performance.take_back", f"baseline:{row.pk}", {"indicator": row.indicator})
    audit([entry], organisation_id=organisation_id, by=by, at=at)
    return row


def _service(code: str, organisation_id: int) -> Service | None:
    return Service.objects.get(organisation_id=organisation_id, code=code) if code else None
