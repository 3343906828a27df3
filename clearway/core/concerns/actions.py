"""Reporting a hazard, a risk, a near miss or an incident, and what its owner does with it."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from clearway.domain.shared.concerns import Step, check
from clearway.domain.shared.errors import NotAllowed

from ..audit.actions import Actor, Entry
from ..audit.actions import record as audit
from ..locks import Lock, one_at_a_time
from ..people.roles import ROLES, name_of
from . import queries
from .models import Concern, ConcernStep
from .policy import concern_policy

WORKS = "concerns.work"  # the permission of roles that may own a report


@dataclass(frozen=True, slots=True)
class Report:
    """What somebody reports."""

    desk: str
    kind: str
    severity: str
    place: str
    what: str
    done: str = ""
    screen: str = ""


@dataclass(frozen=True, slots=True)
class Next:
    """A step of the owner. severity, to  "" where they stay as they are."""

    step: Step
    words: str = ""
    severity: str = ""
    to: str = ""


@transaction.atomic
def report(given: Report, *, organisation_id: int, by: Actor, at: datetime) -> Concern:
    """Write a report down; the policy says who owns it. Raises NotAllowed where it names no owner."""
    policy = concern_policy(organisation_id, at)
    owner = policy.kind(given.kind).owner.get(given.desk, "")
    if by.user_id is None or not owner:
        why = "The policy names nobody who answers for this kind at this desk. Tell your manager."
        raise NotAllowed("without an owner", "Reporting this", why)
    row = Concern.objects.create(
        organisation_id=organisation_id,
        desk=given.desk,
        kind=given.kind,
        severity=given.severity,
        place=given.place,
        what=given.what,
        done=given.done,
        owner=owner,
        at=at,
        by_id=by.user_id,
        role=by.role,
        screen=given.screen[:300],
    )
    detail = {"kind": row.kind, "severity": row.severity, "owner": owner}
    audit(
        [Entry("concerns.report", f"concern:{row.pk}", detail)], organisation_id=organisation_id, by=by, at=at
    )
    return row


@transaction.atomic
def take(
    key: int, wanted: Next, roles: tuple[str, ...], *, organisation_id: int, by: Actor, at: datetime
) -> ConcernStep:
    """Take a step. roles  that the person holds: only the role that owns it may, but for passing it on.

    Raises NotAllowed; Concern.DoesNotExist.
    """
    one_at_a_time(Lock.CONCERN, key)
    row = Concern.objects.get(organisation_id=organisation_id, pk=key)
    policy = concern_policy(organisation_id, at)
    now = queries.stands(row, policy)
    check(now.state, wanted.step)
    what = f"The step {wanted.step.replace('_', ' ')}"
    if wanted.step is not Step.PASSED_ON and now.owner not in roles:
        why = f"It is with the {name_of(now.owner).lower()}. You can pass it on, with the reason."
        raise NotAllowed("with another role", what, why)
    if wanted.severity and now.owner not in roles:
        why = f"How bad it is judges the {name_of(now.owner).lower()}, with whom it is."
        raise NotAllowed("with another role", what, why)
    if wanted.to and (
        wanted.to not in ROLES or WORKS not in ROLES[wanted.to].permissions or wanted.to == now.owner
    ):
        raise NotAllowed("without an owner", what, "Choose another role that answers for reports.")
    step = ConcernStep.objects.create(
        of=row,
        step=wanted.step,
        at=at,
        by=by.name,
        role=by.role,
        words=wanted.words,
        severity=wanted.severity,
        to=wanted.to,
    )
    detail = {"severity": step.severity, "to": step.to}
    entry = Entry(f"concerns.{wanted.step}", f"concern:{row.pk}", detail)
    audit([entry], organisation_id=organisation_id, by=by, at=at)
    return step
