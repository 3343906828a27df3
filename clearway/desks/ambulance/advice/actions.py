"""Every write about advice: taking it or another, telling the crew, what was answered, what changed."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction

from clearway.core.audit.actions import Actor, Entry, record
from clearway.core.decisions import actions as decisions
from clearway.core.feeds.actions import key_hash
from clearway.core.live.actions import announce
from clearway.domain.shared.errors import NotAllowed

from . import words
from .models import Advice, Call, CrewLink, CrewMessage
from .presenters import OLDEST_SECONDS

RULE = Actor(words.RULE)
ONE_STANDING = "one_standing_advice_per_assignment"
State = Advice.State


@dataclass(frozen=True, slots=True)
class Taken:
    """What somebody decided on an answer that was shown.

    code, name  where the crew goes; reason_code  one of words.OVERRIDES when that is not what was advised
    """

    assignment: str
    incident: str
    call_sign: str
    code: str
    name: str
    shown: Mapping[str, Any]
    said: Mapping[str, Any]
    reason_code: str = ""
    reason: str = ""

    @property
    def is_advised(self) -> bool:
        return bool(self.code == self.shown["chosen"])

    @property
    def is_accepted(self) -> bool:
        """As advised, and nothing is to be asked first; all else is somebody's own choice, with a reason."""
        return self.is_advised and not self.asks_first

    @property
    def asks_first(self) -> str:
        """What is to be said before the answer may be accepted, "" if nothing."""
        return str(self.shown.get("ask_first", ""))


def take(taken: Taken, *, organisation_id: int, by: Actor, at: datetime) -> Advice:
    """Accept the advice, or go elsewhere with a reason. It counts as a commitment at once.

    Any advice that stood for the same assignment is superseded. The crew is told on its page, and the
    decision log keeps what was known. Raises NotAllowed without a reason for going elsewhere, or for going as
    advised before needs and NEWS2 were said where the answer rests on them; and when somebody else has
    answered for the crew in the same moment.
    """
    if not taken.is_accepted and taken.reason_code not in words.OVERRIDES:
        if taken.is_advised:
            raise NotAllowed("to be asked first", "Taking this advice", taken.asks_first)
        why = "Choose a reason for going somewhere else than advised."
        raise NotAllowed("given no reason", "Choosing another place", why)
    try:
        return _take(taken, organisation_id, by, at)
    except IntegrityError as problem:
        if ONE_STANDING not in str(problem):
            raise
        why = "Somebody else has just answered for this crew, or its answer has changed. Look again."
        raise NotAllowed("answered already", "Taking this advice", why) from None


@transaction.atomic
def _take(taken: Taken, organisation_id: int, by: Actor, at: datetime) -> Advice:
    before = _end_standing(organisation_id, taken.assignment, at)
    row = _insert(taken, before, "", organisation_id, by, at)
    told = _tell(row, _message(row), at)
    detail = {
        "advised": row.chosen,
        "taken": row.taken,
        "verdict": row.verdict,
        "reason": row.reason_code,
        "inputs_hash": row.inputs_hash,
        "engine_version": row.engine_version,
        "supersedes": before.pk if before else None,
        "message": told.pk,
    }
    verb = "advice.accept" if taken.is_accepted else "advice.override"
    _finish(row, verb, detail, by, at)
    _log(row, by, at, told)
    return row


def _insert(
    taken: Taken, before: Advice | None, because: str, organisation_id: int, by: Actor, at: datetime
) -> Advice:
    shown = taken.shown
    return Advice.objects.create(
        organisation_id=organisation_id,
        assignment=taken.assignment,
        incident=taken.incident,
        call_sign=taken.call_sign,
        given_at=at,
        given_by=by.name,
        role=by.role,
        said=dict(taken.said),
        shown=dict(shown),
        verdict=shown["verdict"],
        chosen=shown["chosen"],
        nearest=shown["nearest"],
        state=State.TO_TELL if because else State.ACCEPTED if taken.is_accepted else State.OVERRIDDEN,
        taken=taken.code,
        taken_name=taken.name,
        reason_code=taken.reason_code if not taken.is_accepted else "",
        reason=taken.reason[:300],
        because=because[:300],
        engine_version=shown["engine_version"],
        inputs_hash=shown["inputs_hash"],
        supersedes=before,
    )


def _end_standing(organisation_id: int, assignment: str, at: datetime) -> Advice | None:
    standing = (
        Advice.objects.select_for_update()
        .filter(organisation_id=organisation_id, assignment=assignment, ended_at__isnull=True)
        .first()
    )
    if standing is not None:
        Advice.objects.filter(pk=standing.pk).update(ended_at=at)
    return standing


def _message(row: Advice) -> str:
    answer = next((each for each in row.shown["options"] if each["code"] == row.taken), None)
    if row.taken == row.chosen:
        return str(row.shown["read_back"])
    travel = f" Travel {answer['travel_minutes']:.0f} minutes." if answer else ""
    return f"{row.call_sign}: {row.taken_name}.{travel} The decision is yours. Read back."


def _tell(row: Advice, text: str, at: datetime) -> CrewMessage:
    """A new message takes the place of the crew's last one."""
    _withdraw(row.organisation_id, row.call_sign, at)
    return CrewMessage.objects.create(
        organisation_id=row.organisation_id,
        advice=row,
        call_sign=row.call_sign,
        words=text[:500],
        made_at=at,
    )


def _withdraw(organisation_id: int, call_sign: str, at: datetime) -> None:
    CrewMessage.objects.filter(
        organisation_id=organisation_id, call_sign=call_sign, withdrawn_at__isnull=True
    ).update(withdrawn_at=at)


def _finish(row: Advice, verb: str, detail: Mapping[str, Any], by: Actor, at: datetime) -> None:
    entry = Entry(verb, f"assignment:{row.assignment}", {"advice": row.pk, **detail})
    record([entry], organisation_id=row.organisation_id, by=by, at=at)
    announce("resource", [row.call_sign], organisation_id=row.organisation_id, at=at)


def _log(row: Advice, by: Actor, at: datetime, message: CrewMessage | None = None) -> None:
    """An entry of the decision log, with the picture that was on the screen. Only people decide.

    It says of nobody that they were told: that is added once the message is acknowledged or read back.
    """
    if by.user_id is None:
        return
    options = "; ".join(
        f"{each['name']}: {each['total_minutes']} min in all"
        if each["total_minutes"] is not None
        else each["name"]
        for each in row.shown["options"]
    )
    chosen = words.OVERRIDES[row.reason_code] if row.reason_code else "as advised"
    decision = decisions.write(
        decisions.Written(
            known=f"{row.call_sign}, job {row.incident}: {_said(row.said)}. {row.shown['why']}",
            options=options,
            decision=f"{row.call_sign} to {row.taken_name}",
            reason=f"{chosen}. {row.reason}".strip(),
            decided_at=at,
            screen=f"/advice/{row.call_sign}/",
        ),
        organisation_id=row.organisation_id,
        by=by,
        at=at,
    )
    if message is not None:
        CrewMessage.objects.filter(pk=message.pk).update(decision=decision)


def _said(said: Mapping[str, Any]) -> str:
    ticked = ", ".join(said["needs"] or ()).replace("_", " ")
    needs = "needs not asked" if said["needs"] is None else ticked or "no special need"
    age = "age not said" if said["age"] is None else f"age {said['age']}"
    news2 = "NEWS2 not said" if said["news2"] is None else f"NEWS2 {said['news2']}"
    return f"{needs}, {age}, {news2}"


# What changed since


@transaction.atomic
def supersede(before: Advice, shown: Mapping[str, Any], because: str, *, at: datetime) -> Advice | None:
    """The answer for a crew that follows advice has changed: list it, once, for somebody to tell the crew.

    The crew still goes where it went until somebody tells it. None when another advice stands by now.
    """
    locked = Advice.objects.select_for_update().filter(pk=before.pk, ended_at__isnull=True).first()
    if locked is None:
        return None
    Advice.objects.filter(pk=before.pk).update(ended_at=at)
    taken = Taken(
        assignment=before.assignment,
        incident=before.incident,
        call_sign=before.call_sign,
        code=before.taken,
        name=before.taken_name,
        shown=shown,
        said=before.said,
    )
    row = _insert(taken, before, because, before.organisation_id, RULE, at)
    detail = {"was": before.taken, "now": shown["chosen"], "because": because, "supersedes": before.pk}
    _finish(row, "advice.supersede", detail, RULE, at)
    return row


@transaction.atomic
def withdraw(standing: Advice, origin: Advice, *, at: datetime) -> Advice | None:
    """A change that nobody has told is none any more: what was answered before it stands again.

    None when the change has been answered, or another one stands by now.
    """
    if _listed(standing) is None:
        return None
    Advice.objects.filter(pk=standing.pk).update(ended_at=at)
    again = Taken(
        assignment=origin.assignment,
        incident=origin.incident,
        call_sign=origin.call_sign,
        code=origin.taken,
        name=origin.taken_name,
        shown=origin.shown,
        said=origin.said,
        reason_code=origin.reason_code,
        reason=origin.reason,
    )
    row = _insert(again, standing, "", origin.organisation_id, RULE, at)
    detail = {"stands": row.taken, "was": standing.because, "supersedes": standing.pk, "as": origin.pk}
    _finish(row, "advice.withdraw", detail, RULE, at)
    return row


@transaction.atomic
def refresh(standing: Advice, shown: Mapping[str, Any], because: str, *, at: datetime) -> Advice | None:
    """A change that waits to be told leads to the same place still: its answer is that of now."""
    row = _listed(standing)
    if row is None:
        return None
    row.shown, row.because = dict(shown), because[:300]
    row.verdict, row.nearest = shown["verdict"], shown["nearest"]
    row.engine_version, row.inputs_hash = shown["engine_version"], shown["inputs_hash"]
    row.save()
    _finish(row, "advice.refresh", {"now": row.chosen, "because": row.because}, RULE, at)
    return row


def _listed(standing: Advice) -> Advice | None:
    """The change, locked, if nobody has answered it meanwhile."""
    rows = Advice.objects.select_for_update(of=("self",))
    return rows.filter(pk=standing.pk, ended_at__isnull=True, state=State.TO_TELL).first()


@transaction.atomic
def tell(key: int, *, organisation_id: int, by: Actor, at: datetime) -> Advice:
    """Tell a crew that its advice has changed. Raises Advice.DoesNotExist, NotAllowed."""
    row = _to_tell(key, organisation_id)
    if row.chosen is None:
        why = "Nothing can be recommended. Ask the clinical desk, and choose a place on the crew's page."
        raise NotAllowed("without a place", "Telling the crew", why)
    if ask_first := row.shown.get("ask_first"):
        raise NotAllowed("to be asked first", "Telling the crew", f"{ask_first} Open the crew's page.")
    if (at - datetime.fromisoformat(row.shown["at"])).total_seconds() > OLDEST_SECONDS:
        why = "This change is older than ten minutes. Open the crew's page and take the answer as it is now."
        raise NotAllowed("too old", "Telling the crew", why)
    answer = row.shown["options"][0]
    row.taken, row.taken_name, row.state = answer["code"], answer["name"], State.ACCEPTED
    row.given_at, row.given_by, row.role = at, by.name, by.role
    row.save()
    told = _tell(row, f"Changed: {row.because} {row.shown['read_back']}", at)
    _finish(row, "advice.tell", {"taken": row.taken, "because": row.because}, by, at)
    _log(row, by, at, told)
    return row


@transaction.atomic
def keep(key: int, reason_code: str, *, organisation_id: int, by: Actor, at: datetime) -> Advice:
    """Leave a crew on its way although the advice has changed. Raises Advice.DoesNotExist, NotAllowed."""
    if reason_code not in words.OVERRIDES:
        raise NotAllowed("given no reason", "Keeping the old advice", "Choose a reason.")
    row = _to_tell(key, organisation_id)
    row.state, row.reason_code = State.OVERRIDDEN, reason_code
    row.given_at, row.given_by, row.role = at, by.name, by.role
    row.save()
    _finish(row, "advice.keep", {"taken": row.taken, "reason": reason_code}, by, at)
    _log(row, by, at)
    return row


def _to_tell(key: int, organisation_id: int) -> Advice:
    row = Advice.objects.select_for_update().get(pk=key, organisation_id=organisation_id)
    if row.state != State.TO_TELL or row.ended_at is not None:
        raise NotAllowed("settled", "Answering this change", "Look at the list as it is now.")
    return row


@transaction.atomic
def end(keys: list[int], *, organisation_id: int, at: datetime) -> int:
    """Advice whose crew has arrived or is no longer on the job: it stands no more, nor does its message."""
    rows = list(
        Advice.objects.select_for_update().filter(
            pk__in=keys, organisation_id=organisation_id, ended_at__isnull=True
        )
    )
    if not rows:
        return 0
    Advice.objects.filter(pk__in=[row.pk for row in rows]).update(ended_at=at)
    CrewMessage.objects.filter(
        organisation_id=organisation_id,
        advice__assignment__in=[row.assignment for row in rows],  # its message may be of an earlier advice
        withdrawn_at__isnull=True,
    ).update(withdrawn_at=at)
    entries = [Entry("advice.end", f"assignment:{row.assignment}", {"advice": row.pk}) for row in rows]
    record(entries, organisation_id=organisation_id, by=RULE, at=at)
    return len(rows)


# The crew's page


@transaction.atomic
def link_crew(call_sign: str, *, hours: float, organisation_id: int, by: Actor, at: datetime) -> str:
    """A page for one call sign, for the length of a shift; its last one ends. Returns the address's key."""
    _end_links(call_sign, organisation_id, at)
    token = secrets.token_urlsafe(24)
    CrewLink.objects.create(
        organisation_id=organisation_id,
        call_sign=call_sign,
        token_hash=key_hash(token),
        made_at=at,
        made_by=by.name,
        ends_at=at + timedelta(hours=hours),
    )
    entry = Entry("advice.link_crew", f"resource:{call_sign}", {"hours": hours})
    record([entry], organisation_id=organisation_id, by=by, at=at)
    return token


@transaction.atomic
def unlink_crew(call_sign: str, *, organisation_id: int, by: Actor, at: datetime) -> bool:
    """End the page of a crew now: its telephone is lost, or it was given to somebody else.

    Returns whether there was one.
    """
    ended = _end_links(call_sign, organisation_id, at)
    if ended:
        entry = Entry("advice.unlink_crew", f"resource:{call_sign}", {})
        record([entry], organisation_id=organisation_id, by=by, at=at)
    return bool(ended)


def _end_links(call_sign: str, organisation_id: int, at: datetime) -> int:
    rows = CrewLink.objects.filter(organisation_id=organisation_id, call_sign=call_sign, ends_at__gt=at)
    return rows.update(ends_at=at)


@transaction.atomic
def message_came(link: CrewLink, key: int | None, how: str, *, at: datetime) -> CrewMessage | None:
    """A message was delivered to the crew's page, read there, or acknowledged; what comes after counts once.

    how  "delivered", "read" or "acknowledged"; each includes those before it
    """
    CrewLink.objects.filter(pk=link.pk).update(seen_at=at)
    message = (
        CrewMessage.objects.select_for_update()
        .filter(organisation_id=link.organisation_id, call_sign=link.call_sign, withdrawn_at__isnull=True)
        .first()
    )
    if message is None or (key is not None and message.pk != key):
        return message  # what was on the page has been replaced: the new one has not come yet
    steps = ("delivered", "read", "acknowledged")
    reached = [step for step in steps[: steps.index(how) + 1] if getattr(message, f"{step}_at") is None]
    for step in reached:
        setattr(message, f"{step}_at", at)
    if reached:
        message.save()
        detail = {"message": message.pk, "steps": reached}
        entry = Entry("advice.message", f"assignment:{message.advice.assignment}", detail)
        by = Actor(f"crew:{link.call_sign}")
        record([entry], organisation_id=link.organisation_id, by=by, at=at)
        if "acknowledged" in reached and message.decision is not None:
            decisions.tell(message.decision, f"{link.call_sign} acknowledged on its page", by=by, at=at)
    return message


@transaction.atomic
def read_back(key: int, *, organisation_id: int, by: Actor, at: datetime) -> CrewMessage:
    """The crew read its message back by radio. What its page shows is kept apart from it.

    Raises CrewMessage.DoesNotExist, and NotAllowed for a message that has been replaced or read back.
    """
    message = CrewMessage.objects.select_for_update().get(pk=key, organisation_id=organisation_id)
    if message.withdrawn_at is not None:
        why = "Another message has taken its place, or the job has ended. Read out what stands now."
        raise NotAllowed("withdrawn", "Recording the read-back", why)
    if message.read_back_at is not None:
        why = f"{message.read_back_by} has recorded it already."
        raise NotAllowed("read back", "Recording the read-back", why)
    message.read_back_at, message.read_back_by = at, by.name
    message.save()
    entry = Entry("advice.read_back", f"assignment:{message.advice.assignment}", {"message": message.pk})
    record([entry], organisation_id=organisation_id, by=by, at=at)
    if message.decision is not None:
        decisions.tell(message.decision, f"{message.call_sign} read back by radio", by=by, at=at)
    announce("resource", [message.call_sign], organisation_id=organisation_id, at=at)
    return message


# Call before convey


@dataclass(frozen=True, slots=True)
class Rung:
    """An alternative that is rung for a patient."""

    assignment: str
    call_sign: str
    code: str
    name: str
    kind: str


@transaction.atomic
def ring(rung: Rung, *, organisation_id: int, by: Actor, at: datetime) -> Call:
    """Somebody rings an alternative; the clock of its answer starts."""
    call = Call.objects.create(
        organisation_id=organisation_id,
        assignment=rung.assignment,
        call_sign=rung.call_sign,
        code=rung.code,
        name=rung.name,
        kind=rung.kind,
        offered_at=at,
        offered_by=by.name,
    )
    entry = Entry("advice.ring", f"assignment:{rung.assignment}", {"call": call.pk, "code": rung.code})
    record([entry], organisation_id=organisation_id, by=by, at=at)
    return call


@transaction.atomic
def answered(
    key: int, outcome: str, reason_code: str, reason: str, *, organisation_id: int, by: Actor, at: datetime
) -> Call:
    """What the alternative said. Raises Call.DoesNotExist, and NotAllowed for a refusal without a reason."""
    if outcome not in (Call.Outcome.ACCEPTED, Call.Outcome.REFUSED, Call.Outcome.NO_ANSWER):
        raise NotAllowed("unclear", "Recording the answer", "Choose accepted, refused or no answer.")
    if outcome == Call.Outcome.REFUSED and reason_code not in words.REFUSALS:
        raise NotAllowed("given no reason", "Recording a refusal", "Choose the reason that was given.")
    call = Call.objects.select_for_update().get(pk=key, organisation_id=organisation_id)
    if call.outcome != Call.Outcome.WAITING:
        raise NotAllowed("answered already", "Recording the answer", "Ring again for another answer.")
    call.outcome, call.answered_at = outcome, at
    call.reason_code = reason_code if outcome == Call.Outcome.REFUSED else ""
    call.reason = reason[:300]
    call.save()
    detail = {"call": call.pk, "outcome": outcome, "reason": call.reason_code}
    entry = Entry("advice.answered", f"assignment:{call.assignment}", detail)
    record([entry], organisation_id=organisation_id, by=by, at=at)
    return call
