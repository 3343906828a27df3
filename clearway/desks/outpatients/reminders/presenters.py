"""Reminders in words."""

from dataclasses import dataclass
from typing import Any

from clearway.domain.outpatients.reminders import ReminderPolicy, Step
from clearway.domain.shared.outgoing import State

from .models import Reminder

STEPS = {
    Step.BOOKED: "When it was booked",
    Step.FAR: "Weeks before",
    Step.NEAR: "Days before",
    Step.LAST: "The day before",
    Step.CALL: "Call",
}
WAYS = {"text": "Text", "email": "Email", "phone": "Call"}
STATES = {
    State.QUEUED: "About to be made",
    State.READY: "About to be sent",
    State.HELD: "Held",
    State.SENDING: "Being sent",
    State.SENT: "Sent",
    State.DELIVERED: "Delivered",
    State.FAILED: "Not delivered",
    State.WITHDRAWN: "Not sent",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One reminder."""

    key: int
    appointment: int
    entry: int | None
    patient: str
    number: str
    when: Any
    who: str
    where: str
    step: str
    way: str
    why: str
    state: str
    tries: int
    conversation: int | None


def row(each: Reminder) -> Row:
    visit = each.appointment
    session, patient = visit.slot.session, visit.patient.stands
    message = each.message
    state = each.get_state_display()
    if message is not None and each.state == Reminder.State.SENT:
        state = STATES[State(message.outgoing.state)]
        state = f"{state}: {message.outgoing.why}" if message.outgoing.why else state
    return Row(
        each.pk,
        visit.pk,
        visit.entry_id,
        str(patient),
        patient.mobile or patient.phone or "No number is known",
        visit.starts_at,
        session.clinician.name,
        session.room.site.name,
        STEPS[Step(each.step)],
        WAYS.get(each.way, each.way),
        each.why,
        state,
        each.tries,
        message.conversation_id if message is not None else None,
    )


def plan(policy: ReminderPolicy) -> str:
    """The plan in a sentence."""
    if not policy.is_on:
        return "Nobody is reminded by Clearway: the policy “reminders” is off."
    days = [f"{each}" for each in (policy.far, policy.near) if each]
    last = f", and {policy.last} {'day' if policy.last == 1 else 'days'} before to who has not answered"
    own = f" {', '.join(sorted(policy.services))} have plans of their own." if policy.services else ""
    return (
        f"{' and '.join(days)} days before{last if policy.last else ''}, "
        f"from {policy.from_hour} to {policy.to_hour} o'clock. "
        f"Whom nothing reaches is rung from {policy.call} days before.{own}"
    )
