"""Every step of a divert: proposed, asked for, agreed, started, reviewed, extended, ended."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from django.db import IntegrityError, transaction
from django.urls import reverse

from clearway.core.audit.actions import Actor, Entry
from clearway.core.audit.actions import record as audit
from clearway.core.decisions import snapshots
from clearway.core.live.actions import announce
from clearway.core.locks import Lock, one_at_a_time
from clearway.core.notices import actions as notices
from clearway.core.organisation.queries import departments
from clearway.domain.ambulance import diverts as domain
from clearway.domain.ambulance.diverts import (
    DivertState,
    DivertStep,
    Party,
    Signature,
    Surroundings,
    Taken,
    Terms,
)
from clearway.domain.shared.errors import NotAllowed

from . import presenters, queries
from .models import Divert, Step


@dataclass(frozen=True, slots=True)
class Proposal:
    """A divert as somebody proposes it: its terms, why, and what the site has done already.

    level_reason  why it goes ahead although the pressure level of one side is not known
    """

    terms: Terms
    trigger: str
    actions_taken: str
    level_reason: str = ""


@dataclass(frozen=True, slots=True)
class Said:
    """What goes with a step.

    signature  for whom it is said; signatory, name and post of the person who decided that
    until      the end that an extension asks for
    level_reason  as in Proposal
    """

    signature: Signature | None = None
    signatory: str = ""
    note: str = ""
    until: datetime | None = None
    level_reason: str = ""


@dataclass
class LevelNotKnown(NotAllowed):
    """Nobody said lately under how much pressure these sites are; `sites`, their codes."""

    sites: tuple[str, ...] = ()


NOTHING_MORE = Said()


def propose(
    proposal: Proposal, *, levels: Mapping[str, int], organisation_id: int, by: Actor, at: datetime
) -> Divert:
    """Write a divert down as a draft, with what the boards show now as evidence.

    levels  OPEL level by site, where somebody said it lately
    Raises NotAllowed for terms that would do harm, or when the site has one already; LevelNotKnown when
    nobody can tell whether a receiving site is the worse one, and no reason is given.
    """
    if by.user_id is None:
        raise NotAllowed("nobody", "divert", "Only a person proposes a divert.")
    evidence = snapshots.take(organisation_id, at, at)
    try:
        with transaction.atomic():
            _lock(organisation_id)
            check_terms(proposal.terms, levels, organisation_id, at)
            said = Said(level_reason=proposal.level_reason)
            unknown = _answered_levels(proposal.terms, levels, said, (), organisation_id)
            row = _insert(proposal, evidence, organisation_id, by.user_id, at)
            _keep(row, Taken(DivertStep.PROPOSED, at), said, by, at, unknown)
    except IntegrityError:
        why = f"{proposal.terms.site} is on divert already. Extend or end that one."
        raise NotAllowed("draft", "divert", why) from None
    return row


def _lock(organisation_id: int) -> None:
    """One at a time changes the diverts of a trust: two that are right alone may be a ring together."""
    one_at_a_time(Lock.DIVERTS, organisation_id)


def check_terms(
    terms: Terms,
    levels: Mapping[str, int],
    organisation_id: int,
    at: datetime,
    but: int | None = None,
) -> None:
    """Whether such a divert may be asked for, beside those there are. Raises NotAllowed with the reason.

    but  the divert's own row, once it has one
    """
    around = Surroundings(
        others=[queries.terms(row) for row in queries.live(organisation_id) if row.pk != but],
        levels=levels,
        sites=frozenset(code for code, _ in departments(organisation_id)),
    )
    domain.check_terms(terms, around, queries.policy(organisation_id, at))


def _answered_levels(
    terms: Terms,
    levels: Mapping[str, int],
    said: Said,
    answered: Collection[str],
    organisation_id: int,
) -> tuple[str, ...]:
    """The sites of unknown level that this step answers for. Raises LevelNotKnown without a reason.

    answered  those that an earlier step has answered for
    """
    unknown = tuple(code for code in domain.unknown_levels(terms, levels) if code not in answered)
    if unknown and not said.level_reason.strip():
        names = dict(departments(organisation_id))
        who = " and ".join(names.get(code, code) for code in unknown)
        why = (
            f"Nobody has said the pressure level of {who} in the last two hours, so nobody can tell that the"
            " divert does not go to a worse site. Ring them, or say why it goes ahead without."
        )
        raise LevelNotKnown("not comparable", "divert", why, unknown)
    return unknown


def take(
    key: int,
    step: DivertStep,
    said: Said = NOTHING_MORE,
    *,
    levels: Mapping[str, int] = MappingProxyType({}),
    organisation_id: int,
    by: Actor,
    at: datetime,
) -> Divert:
    """Take one step. The last agreement to an extension extends it.

    levels  as in propose, for the steps that begin or lengthen a divert: what has become harmful since it
            was proposed is refused then
    Raises Divert.DoesNotExist, NotAllowed with the reason, and LevelNotKnown as in propose.
    """
    with transaction.atomic():
        _lock(organisation_id)
        row = Divert.objects.select_for_update().get(organisation_id=organisation_id, pk=key)
        terms, policy = queries.terms(row), queries.policy(organisation_id, at)
        steps, unknown = queries.steps(row), tuple[str, ...]()
        standing = domain.fold(map(queries.taken, steps), terms)
        taken = Taken(step, at, said.signature, said.until)
        domain.check(standing, taken, terms, policy)
        _check_second_person(row, taken, policy, by)
        if step in (DivertStep.STARTED, DivertStep.EXTENSION_ASKED):
            check_terms(terms, levels, organisation_id, at, but=row.pk)
            # What was answered for when it was proposed is answered for its start, not for hours later.
            answered = queries.levels_answered(steps) if step is DivertStep.STARTED else ()
            unknown = _answered_levels(terms, levels, said, answered, organisation_id)
        after = _keep(row, taken, said, by, at, unknown)
        if after.asked_until is not None and not after.is_missing(terms):
            _keep(row, Taken(DivertStep.EXTENDED, at), NOTHING_MORE, by, at)
    return row


def _check_second_person(row: Divert, taken: Taken, policy: domain.DivertPolicy, by: Actor) -> None:
    """Where the policy asks for it, the ambulance service agrees by another person than who proposed it."""
    is_ours = taken.signature is not None and taken.signature.party is Party.AMBULANCE_SERVICE
    agrees = taken.step is DivertStep.AGREED and is_ours
    if policy.second_person and agrees and by.user_id == row.proposed_by_id:
        why = "You proposed this divert. Somebody else agrees to it for the ambulance service."
        raise NotAllowed("requested", "agree", why)


def run_due(organisation_id: int, at: datetime) -> int:
    """End by rule what time has ended, and let go what nobody answered. Returns how many."""
    policy, rule = queries.policy(organisation_id, at), Actor("rule")
    due = 0
    for row in queries.live(organisation_id):
        step = _due(row, policy, at)
        if step is not None:
            with transaction.atomic():
                held = Divert.objects.select_for_update().get(pk=row.pk)
                if _due(held, policy, at) is step:
                    _keep(held, Taken(step, at), NOTHING_MORE, rule, at)
                    due += 1
    return due


def _due(row: Divert, policy: domain.DivertPolicy, at: datetime) -> DivertStep | None:
    if row.state == DivertState.ACTIVE and row.ends_at is not None and row.ends_at <= at:
        return DivertStep.ENDED
    asked_at = row.requested_at or row.proposed_at
    unanswered = at - asked_at > timedelta(minutes=policy.answer_minutes)
    waits = row.state in (DivertState.DRAFT, DivertState.REQUESTED, DivertState.AGREED)
    return DivertStep.EXPIRED if waits and unanswered else None


def _insert(
    proposal: Proposal, evidence: dict[str, object], organisation_id: int, user_id: int, at: datetime
) -> Divert:
    terms = proposal.terms
    return Divert.objects.create(
        organisation_id=organisation_id,
        kind=terms.kind,
        site=terms.site,
        to=list(terms.to),
        covers=sorted(terms.covers),
        minutes=terms.minutes,
        share=terms.share,
        trigger=proposal.trigger,
        actions_taken=proposal.actions_taken,
        evidence=evidence,
        proposed_at=at,
        proposed_by_id=user_id,
    )


def _keep(
    row: Divert, taken: Taken, said: Said, by: Actor, at: datetime, unknown: tuple[str, ...] = ()
) -> domain.DivertStanding:
    """Append the step, bring the row to where it now stands, tell everybody."""
    signature = taken.signature
    Step.objects.create(
        divert=row,
        step=taken.step,
        at=at,
        by_id=by.user_id,
        role=by.role,
        party=signature.party if signature else "",
        site=(signature.site or "") if signature else "",
        signatory=said.signatory,
        note=said.note,
        until=taken.until,
        unknown_levels=list(unknown),
        level_reason=said.level_reason if unknown else "",
    )
    standing = domain.fold(map(queries.taken, queries.steps(row)), queries.terms(row))
    for name in ("state", "requested_at", "starts_at", "ends_at", "asked_until", "reviewed_at"):
        setattr(row, name, getattr(standing, name))
    row.save()
    _tell(row, at)
    detail = {
        "signature": [signature.party, signature.site] if signature else None,
        "signatory": said.signatory,
        "until": taken.until.isoformat() if taken.until else None,
        **({"unknown_levels": list(unknown)} if unknown else {}),
    }
    entry = Entry(f"diverts.{taken.step.value}", f"divert:{row.pk}", detail)
    audit([entry], organisation_id=row.organisation_id, by=by, at=at)
    return standing


def _tell(row: Divert, at: datetime) -> None:
    organisation_id, key = row.organisation_id, f"divert:{row.pk}"
    if row.state == DivertState.ACTIVE:
        notices.put(
            key,
            presenters.notice(row, dict(departments(organisation_id))),
            address=reverse("diverts:divert", args=[row.pk]),
            ends_at=row.ends_at,
            organisation_id=organisation_id,
            at=at,
        )
    else:
        notices.withdraw(key, organisation_id=organisation_id, at=at)
    announce("site", [row.site, *row.to], organisation_id=organisation_id, at=at)
