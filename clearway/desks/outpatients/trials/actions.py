"""Starting a trial, drawing the arms of patients, stopping it, and keeping what won."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction

from clearway.core.audit.actions import Actor, Entry, record
from clearway.core.layout.times import local
from clearway.core.organisation import actions as policies
from clearway.core.organisation import queries as organisation
from clearway.domain.outpatients.messages import Message
from clearway.domain.outpatients.trials import FEWEST, LETTERS, MOST, TRIED, Days, Outcome, Varies
from clearway.domain.shared.errors import NotAllowed
from clearway.domain.shared.region import Mark
from clearway.engine.shared.trials import arm_of

from .. import policy
from ..clinics import queries as clinics
from ..letters import actions as letters
from . import queries
from .models import Trial, TrialArm, TrialPlace, TrialService

STARTING, STOPPING = "Starting this trial", "Stopping this trial"
POLICY = "reminders"
YEAR = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class New:
    """A trial as somebody enters it: two texts by number, or two choices of days.

    key  from which arms are drawn: secret, and drawn by chance for this trial alone
    """

    name: str
    arms: tuple[int, int] | tuple[Days, Days]
    services: Sequence[int]
    outcome: Outcome
    planned: int
    why: str
    key: str


@transaction.atomic
def start(new: New, *, organisation_id: int, by: Actor, at: datetime) -> Trial:
    """Start a trial: from now on who is reminded comes into it. Raises NotAllowed."""
    if by.user_id is None:
        raise NotAllowed("nobody", STARTING, "Only a person starts a trial.")
    if not FEWEST <= new.planned <= MOST:
        raise NotAllowed("planned", STARTING, f"Plan for {FEWEST} to {MOST:,} patients.")
    known = {row.pk: row for row in clinics.services(organisation_id)}
    services = [known[key] for key in dict.fromkeys(new.services) if key in known]
    if not services:
        raise NotAllowed("no service", STARTING, "Choose whose patients are in it.")
    arms = _arms(new, [row.code for row in services], organisation_id, at)
    text = arms[0].text
    kind = Message(text.kind) if text is not None else Message.REMINDER
    if clash := queries.clashing([row.pk for row in services], kind).first():
        raise NotAllowed("taken", STARTING, f"“{clash}” tries this message there already: stop it first.")
    trial = Trial(
        organisation_id=organisation_id,
        name=new.name,
        varies=Varies.WORDS if text is not None else Varies.DAYS,
        kind=kind,
        channel=text.style if text is not None else "",
        outcome=new.outcome,
        planned=new.planned,
        key=new.key,
        started_at=at,
        started_by=by.name,
        why=new.why,
    )
    try:
        with transaction.atomic():
            _save(trial, arms, services)
    except IntegrityError:
        raise NotAllowed("taken", STARTING, "Another trial of it was started just now.") from None
    detail = {"services": [row.code for row in services], "varies": trial.varies, "why": new.why}
    _note("trials.start", trial, detail, by, at)
    return trial


def _save(trial: Trial, arms: Sequence[TrialArm], services: Sequence[Any]) -> None:
    trial.save()
    for letter, arm in zip(LETTERS, arms, strict=True):
        arm.trial, arm.letter = trial, letter
    TrialArm.objects.bulk_create(arms)
    TrialService.objects.bulk_create(
        TrialService(trial=trial, service=each, kind=trial.kind) for each in services
    )


def _arms(new: New, codes: Sequence[str], organisation_id: int, at: datetime) -> list[TrialArm]:
    plan = policy.reminders(organisation_id, at)
    if not plan.is_on:
        raise NotAllowed("off", STARTING, "Nobody is reminded by Clearway: the policy “reminders” is off.")
    if new.arms[0] == new.arms[1]:
        raise NotAllowed("same", STARTING, "Both arms are the same: choose another one.")
    made = []
    for each in new.arms:
        if isinstance(each, Days):
            _check_days(each, [plan.of(code).last for code in codes])
            made.append(TrialArm(far=each.far, near=each.near))
        else:
            made.append(TrialArm(text=_text(each, organisation_id, local(at).date())))
    first, second = (arm.text for arm in made)
    if first is not None and second is not None and first.code != second.code:
        raise NotAllowed("other", STARTING, "These are versions of two messages: choose two of the same.")
    return made


def _check_days(days: Days, lasts: Sequence[int]) -> None:
    least = min(each for each in (days.far, days.near) if each)
    if least <= max(lasts):
        why = f"The day before is reminded apart: choose days farther from the visit than {max(lasts)}."
        raise NotAllowed("days", STARTING, why)


def _text(key: int, organisation_id: int, on: date) -> Any:
    found = next((row for row in queries.texts(organisation_id, on) if row.pk == key), None)
    if found is None or found.kind not in TRIED:
        raise NotAllowed("not approved", STARTING, "Only texts that the clinical lead approved are compared.")
    return found


@transaction.atomic
def draw(trial: Trial, visits: Sequence[Any], *, organisation_id: int, by: Actor, at: datetime) -> int:
    """Bring the patients of these visits into a trial, each once; who is in it stays where they are.

    Returns for how many chance decided.
    """
    before = TrialPlace.objects.filter(trial=trial, patient_id__in=[each.person_id for each in visits])
    inside = set(before.values_list("patient_id", flat=True))
    arms = list(trial.arms.all())
    fresh: dict[int, TrialPlace] = {}
    for visit in visits:
        person = visit.person_id
        if person not in inside and person not in fresh:
            arm = arms[arm_of(trial.key, person)]
            fresh[person] = TrialPlace(
                trial=trial, arm=arm, patient_id=person, appointment=visit, drawn_at=at
            )
    TrialPlace.objects.bulk_create(fresh.values(), ignore_conflicts=True)
    if fresh:
        _note("trials.draw", trial, {"patients": sorted(fresh)}, by, at)
    return len(fresh)


def place_of(trial: Trial, visit: Any) -> int | None:
    """The patient's place in a trial; None where they are not in it. One query."""
    rows = TrialPlace.objects.filter(trial=trial, patient_id=visit.person_id)
    return rows.values_list("pk", flat=True).first()


@transaction.atomic
def stop(key: int, why: str, keep: str = "", *, organisation_id: int, by: Actor, at: datetime) -> Trial:
    """Stop a trial; the arm to be kept, if any, counts for everybody from now on.

    Words are kept as the newest version of the text, as they were approved; days as a version of the policy
    `reminders` for the services of the trial. Raises NotAllowed, NotThere.
    """
    if by.user_id is None:
        raise NotAllowed("nobody", STOPPING, "Only a person stops a trial.")
    Trial.objects.select_for_update().get(pk=key, organisation_id=organisation_id)
    trial = queries.one(key, organisation_id)
    if trial.stopped_at is not None:
        raise NotAllowed("stopped", STOPPING, f"{trial.stopped_by} stopped it: {trial.stopped_why}")
    arm = next((each for each in trial.arms.all() if each.letter == keep), None)
    if keep and arm is None:
        raise NotAllowed("no arm", STOPPING, "Choose the arm to be kept, or none.")
    trial.stopped_at, trial.stopped_by, trial.stopped_why, trial.kept = at, by.name, why, keep
    trial.save()
    trial.services.update(is_running=False)
    if arm is not None and arm.text_id is not None:
        said = f"kept by {by.name} after the trial “{trial}”"
        letters.bring_back(arm.text_id, said, organisation_id=organisation_id, by=by, at=at)
    elif arm is not None:
        _keep_days(trial, queries.days_of(arm), by, at)
    _note("trials.stop", trial, {"kept": keep, "why": why}, by, at)
    return trial


def _keep_days(trial: Trial, days: Days, by: Actor, at: datetime) -> None:
    today = local(at).date()
    rows = organisation.policy_rows(trial.organisation_id, [POLICY], today).order_by("valid_from", "version")
    now = rows.last()
    if now is None:
        raise NotAllowed("no policy", STOPPING, "There is no policy “reminders” to be changed.")
    own = dict(now.values.get("services", {}))
    for code in queries.services_of(trial):
        own[code] = {**own.get(code, {}), "far": days.far, "near": days.near}
    signed = policies.Signed(
        POLICY,
        {**now.values, "services": own},
        now.owner,
        f"{now.source}; {trial}: {days} kept, {today:%-d %b %Y}"[-600:],
        max(now.review_on, today + YEAR),
        Mark(now.mark),
        now.version,
    )
    detail = {"trial": trial.pk, "services": sorted(queries.services_of(trial))}
    who: dict[str, Any] = {"organisation_id": trial.organisation_id, "by": by, "at": at, "today": today}
    policies.sign(signed, verb="trials.keep_days", detail=detail, **who)


def _note(verb: str, trial: Trial, detail: Mapping[str, Any], by: Actor, at: datetime) -> None:
    entry = Entry(verb, f"trial:{trial.pk}", detail)
    record([entry], organisation_id=trial.organisation_id, by=by, at=at)
