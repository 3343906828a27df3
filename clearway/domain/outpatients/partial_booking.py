"""Partial booking: invited to ring, reminded, rung, written to once more; then a person decides.

The times are policy (`partial_booking`) and were proposed, not measured. Every step is a contact, so each one
is evidence. Silence removes nobody: the last step asks a person to look.
"""

from collections.abc import Sequence as Rows
from dataclasses import dataclass
from datetime import date, timedelta

from .words import Code


class Step(Code):
    """What is to be done next for somebody who is partially booked."""

    ACKNOWLEDGE = "P0", "tell the patient that they are on the list"
    INVITE = "P1", "invite to ring and choose a date, by letter"
    REMIND = "P2", "remind by another channel"
    RING = "P3", "ring, twice, on different days and at different times"
    LAST_LETTER = "P4", "write once more, giving a date by which to answer"
    REVIEW = "P5", "a clinician or the team leader looks: nobody is removed for silence"


@dataclass(frozen=True, slots=True)
class Sequence:
    """When each step is due, in days after the invitation; the invitation, in days before the target.

    calls  attempts by telephone before the last letter is enough
    """

    invite_before: int = 42
    remind: int = 7
    ring: int = 10
    last_letter: int = 14
    review: int = 28
    calls: int = 2

    def __post_init__(self) -> None:
        if not 0 < self.remind <= self.ring <= self.last_letter < self.review:
            raise ValueError("The steps of partial booking follow one another; their days must rise.")


@dataclass(frozen=True, slots=True)
class Tried:
    """One attempt that was made. answered: the patient replied, whatever they said."""

    purpose: str
    channel: str
    on: date
    answered: bool = False


@dataclass(frozen=True, slots=True)
class Due:
    """The next step of one entry and when it is due.

    is_guarded  a child, somebody vulnerable or who needs an interpreter: never closed without a person
    """

    step: Step
    on: date
    is_guarded: bool = False


def next_step(
    added_on: date, target: date | None, tried: Rows[Tried], *, is_guarded: bool, policy: Sequence
) -> Due | None:
    """What comes next, or None once the patient has answered since the last invitation.

    added_on  day on which the entry was made
    target    treat-by or due date; None invites at once
    tried     every attempt, oldest first
    """
    if not any(each.purpose in ("acknowledgement", "invitation") for each in tried):
        return Due(Step.ACKNOWLEDGE, added_on, is_guarded)
    invited = [each.on for each in tried if each.purpose == "invitation"]
    if not invited:
        before = None if target is None else target - timedelta(days=policy.invite_before)
        return Due(Step.INVITE, max(added_on, before or added_on), is_guarded)
    start = max(invited)
    since = [each for each in tried if each.on >= start]
    if any(each.answered for each in since):
        return None
    return _after_invitation(start, since, is_guarded, policy)


def _after_invitation(start: date, since: Rows[Tried], is_guarded: bool, policy: Sequence) -> Due:
    invitation = next(each.channel for each in since if each.purpose == "invitation")
    reminders = [each for each in since if each.purpose == "reminder"]
    others = [each for each in reminders if each.channel not in (invitation, "phone")]
    days_rung = {each.on for each in reminders if each.channel == "phone"}
    letters = [
        each for each in reminders if each.channel == "letter" and each.on >= start + timedelta(policy.ring)
    ]
    for is_done, step, days in (
        (bool(others), Step.REMIND, policy.remind),
        (len(days_rung) >= policy.calls, Step.RING, policy.ring),
        (bool(letters), Step.LAST_LETTER, policy.last_letter),
    ):
        if not is_done:
            return Due(step, start + timedelta(days=days), is_guarded)
    return Due(Step.REVIEW, start + timedelta(days=policy.review), is_guarded)
