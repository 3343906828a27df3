"""Calls, messages and complaints that come into the office: what they are about, by when each is answered.

The law on complaints: the Local Authority Social Services and National Health Service Complaints (England)
Regulations 2009, SI 2009/309. Regulation 13(3): a complaint is acknowledged within three working days of the
day on which it is received. Regulation 8(1)(c): one made by word of mouth and settled to the complainant's
satisfaction by the next working day need not go through the procedure. Regulation 14(3) and (4): if it is not
answered within six months, the complainant is told in writing why.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from types import MappingProxyType

from clearway.domain.shared.errors import NotAllowed

from .completeness import working_days_after
from .words import Code


class Caller(Code):
    """Who calls or writes."""

    PATIENT = "patient", "the patient"
    RELATIVE = "relative", "a relative or carer"
    PRACTICE = "practice", "a general practice"
    CONSULTANT = "consultant", "a consultant or ward"
    COLLEAGUE = "colleague", "a colleague or manager"
    OTHER = "other", "somebody else"


class Way(Code):
    """How it came in."""

    PHONE = "phone", "telephone"
    DESK = "desk", "in person"
    EMAIL = "email", "email"
    TEXT = "text", "text message"
    LETTER = "letter", "letter"


class About(Code):
    """What it is about."""

    CHANGE = "change", "change or cancel an appointment"
    ANOTHER_DATE = "another_date", "another date after a missed appointment"
    WHEN = "when", "when or where the appointment is"
    WAITING = "waiting", "how long the wait is"
    CLINICAL = "clinical", "a question for a therapist"
    REFERRAL = "referral", "a referral"
    EQUIPMENT = "equipment", "equipment on loan"
    RECORDS = "records", "records or a letter"
    TRANSPORT = "transport", "transport, access or an interpreter"
    COMPLAINT = "complaint", "a complaint"
    OTHER = "other", "something else"


class Urgency(Code):
    """How soon an answer was promised."""

    URGENT = "urgent", "within the hour"
    TODAY = "today", "by the end of the day"
    ROUTINE = "routine", "in a few days"


class Result(Code):
    """What came of it."""

    ANSWERED = "answered", "answered there and then"
    TOLD = "told", "the caller was told"
    BOOKED = "booked", "an appointment was made, changed or cancelled"
    PASSED = "passed", "passed on, and the caller knows to whom"
    SETTLED = "settled", "the complaint was answered in writing"
    SETTLED_BY_WORD = "settled_by_word", "the complaint was settled by word of mouth"
    UNREACHED = "unreached", "the caller could not be reached"
    WITHDRAWN = "withdrawn", "no longer wanted"


OF_COMPLAINTS = frozenset({Result.SETTLED, Result.SETTLED_BY_WORD, Result.WITHDRAWN})
# The urgency where nobody chose one: an appointment is soon, a clinical question is not left overnight.
USUAL: Mapping[About, Urgency] = MappingProxyType(
    {
        About.CHANGE: Urgency.TODAY,
        About.ANOTHER_DATE: Urgency.TODAY,
        About.CLINICAL: Urgency.TODAY,
        About.WHEN: Urgency.TODAY,
    }
)


@dataclass(frozen=True, slots=True)
class EnquiryPolicy:
    """How soon the office answers (policy `enquiries`). Days are working days, hours those of a London clock.

    complaint_acknowledge  no more than the three days of the law
    complaint_answer       what the trust aims at for its answer in writing
    """

    opens: int = 8
    closes: int = 17
    urgent_minutes: int = 60
    routine_days: int = 2
    complaint_acknowledge: int = 3
    complaint_answer: int = 25

    def __post_init__(self) -> None:
        if not 0 <= self.opens < self.closes <= 24:
            raise ValueError(f"An office opens before it closes; got {self.opens} and {self.closes}.")
        if not 1 <= self.complaint_acknowledge <= 3:
            raise ValueError("A complaint is acknowledged within three working days (SI 2009/309, 13(3)).")
        if min(self.urgent_minutes, self.routine_days, self.complaint_answer) < 1:
            raise ValueError("Whoever asks is answered after a minute or a day at the earliest.")


def usual_urgency(about: About) -> Urgency:
    """The urgency of an enquiry for which nobody chose one."""
    return USUAL.get(about, Urgency.ROUTINE)


def promised_by(
    urgency: Urgency, came: datetime, policy: EnquiryPolicy, holidays: Collection[date] = ()
) -> datetime:
    """By when an answer is promised to somebody who asked at `came`, in the hours of the office.

    came  aware, on a London clock. What comes while the office is closed counts from its next opening.
    """
    begins = _in_hours(came, policy, holidays)
    closing = datetime.combine(begins.date(), _hour(policy.closes), begins.tzinfo)
    if urgency is Urgency.ROUTINE:
        on = working_days_after(begins.date(), policy.routine_days, holidays)
        return datetime.combine(on, _hour(policy.closes), begins.tzinfo)
    if urgency is Urgency.TODAY:
        return closing
    return (begins.astimezone(UTC) + timedelta(minutes=policy.urgent_minutes)).astimezone(begins.tzinfo)


def _in_hours(came: datetime, policy: EnquiryPolicy, holidays: Collection[date]) -> datetime:
    """The instant itself in the hours of the office, else the next opening."""
    on = working_days_after(came.date(), 0, holidays)
    if on == came.date() and came.time() >= _hour(policy.closes):
        on = working_days_after(on, 1, holidays)
    opening = datetime.combine(on, _hour(policy.opens), came.tzinfo)
    return max(came, opening)


def _hour(hour: int) -> time:
    return time.max if hour == 24 else time(hour)


@dataclass(frozen=True, slots=True)
class Deadlines:
    """The days of a complaint. settle_by: settled by word of mouth by then, it stays out of the procedure."""

    settle_by: date
    acknowledge_by: date
    answer_by: date


def deadlines(received_on: date, policy: EnquiryPolicy, holidays: Collection[date] = ()) -> Deadlines:
    """The days of a complaint that was received on a day."""
    return Deadlines(
        working_days_after(received_on, 1, holidays),
        working_days_after(received_on, policy.complaint_acknowledge, holidays),
        working_days_after(received_on, policy.complaint_answer, holidays),
    )


@dataclass(frozen=True, slots=True)
class Stands:
    """Where an enquiry stands, as far as rules look at it. by_word: made at the desk or by telephone."""

    about: About
    is_message: bool
    is_answered: bool
    is_acknowledged: bool
    is_closed: bool
    by_word: bool
    received_on: date


def check_close(stands: Stands, result: Result, on: date, holidays: Collection[date] = ()) -> None:
    """Raises NotAllowed, with what to do first, where it cannot be closed with this result on a day."""
    event = "Closing it"
    if stands.is_closed:
        raise NotAllowed("closed", event, "Somebody closed it already. Look at it again.")
    is_complaint = stands.about is About.COMPLAINT
    if is_complaint != (result in OF_COMPLAINTS) and result is not Result.WITHDRAWN:
        kind = "complaint" if is_complaint else "enquiry that is no complaint"
        raise NotAllowed("open", event, f"That is no result of a{'n' * (not is_complaint)} {kind}.")
    if stands.is_message and not stands.is_answered and result is not Result.WITHDRAWN:
        raise NotAllowed("not answered", event, "The therapist has not answered yet. Ring them, or wait.")
    if result is Result.SETTLED_BY_WORD:
        last = working_days_after(stands.received_on, 1, holidays)
        if not stands.by_word or on > last:
            raise NotAllowed(
                "open",
                event,
                f"Only a complaint made by word of mouth can be settled so, up to {last:%-d %b %Y}. "
                "Answer it in writing.",
            )
    elif result is Result.SETTLED and not stands.is_acknowledged:
        raise NotAllowed("not acknowledged", event, "Acknowledge the complaint first.")
