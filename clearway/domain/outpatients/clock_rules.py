"""The rules of the waiting time clock, as one table.

`TABLE` says for each kind of event, from each phase, what becomes of the clock, which status code the
activity carries, by which rule, and the sentence that explains it. Both engines read it: `clocks.explain` for
one pathway, and `engine.outpatients.bulk_clocks` for millions, which asks the same `Rulebook` for every
combination there is and keeps the answers as arrays.

An event that no row allows changes nothing and becomes a finding; what was said stays.

Source: NHS England, Recording and reporting referral to treatment waiting times, version 5.0 (11 February
2025), with the rules suite of October 2022; `reference` names the rule or section. Where the guidance leaves
a choice, a `Switch` of the policy makes it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import combinations
from types import MappingProxyType

from .clock_events import EventKind, Evidence
from .clock_policy import ClockPolicy, Switch
from .clock_words import (
    AGAIN,
    CLOSED,
    DONE,
    MONITORING,
    NONE,
    NULLIFIED,
    OFFERS_NEEDED,
    OPEN,
    SEEN,
    STANDINGS,
    STOPPED,
    TRANSFERRED,
    UNSEEN,
    WAITING,
    Effect,
    Phase,
    Prompt,
    Standing,
)
from .counting import in_words
from .words import RttStatus

E, S = EventKind, RttStatus

# Since then there are no pauses, and only open pathways are held to a standard. Earlier days are read alike.
RULES_FROM = date(2015, 10, 1)


@dataclass(frozen=True, slots=True)
class Rule:
    """One row: from these phases, on this kind of event.

    to        phase afterwards; None stays
    status    code of the activity; None says nothing new
    says      sentence; may name {on}, {start}, {waited} (days from the start to that day) and {missed}
    needs     evidence without which the row does not apply
    offers    reasonable offers declined without which it does not apply
    start     applies only while the start is known (True) or not (False)
    switch    applies only where the policy has this switch on (True) or off (False)
    counts_offer, is_miss  the event is a declined reasonable offer, a missed appointment
    admitted  the stop counts as admitted
    keeps_place  the new period keeps the place in the queue that the patient had before
    finding   code of what is wrong, where the row allows what should not be
    """

    kind: EventKind
    when: frozenset[Phase]
    says: str
    reference: str
    effect: Effect = Effect.KEEP
    to: Phase | None = None
    status: RttStatus | None = None
    needs: frozenset[Evidence] = frozenset()
    offers: int = 0
    start: bool | None = None
    switches: tuple[tuple[Switch, bool], ...] = ()
    prompt: Prompt | None = None
    finding: str | None = None
    counts_offer: bool = False
    is_miss: bool = False
    admitted: bool = False
    keeps_place: bool = False
    valid_from: date = RULES_FROM

    def applies(self, standing: Standing, proofs: frozenset[Evidence], policy: ClockPolicy) -> bool:
        return (
            standing.phase in self.when
            and self.needs <= proofs
            and standing.offers >= self.offers
            and self.start in (None, standing.start_known)
            and all((switch in policy.switches) is on for switch, on in self.switches)
        )

    @property
    def needs_a_contact(self) -> bool:
        """Closes a clock with a status that cannot be sent as an administrative event."""
        return self.effect.closes and self.status is not None and not self.status.may_be_outside_a_contact

    def told(self, on: date, start: date | None, end: date | None) -> str:
        """The sentence for a day, with the clock's start and end as they are known."""
        days = None if start is None else max(((end or on) - start).days, 0)
        waited = "an unknown time" if days is None else "1 day" if days == 1 else f"{days} days"
        return self.says.format(on=in_words(on), start=_day(start), waited=waited, missed=_day(end))

    def after(self, before: Standing) -> Standing:
        """Where the pathway stands once the row was applied."""
        phase = self.to or before.phase
        if self.effect.opens:
            return Standing(phase, 0, self.effect is not Effect.OPEN_UNKNOWN)
        if not phase.is_open:
            return Standing(phase)
        offers = min(before.offers + self.counts_offer, OFFERS_NEEDED)
        return Standing(phase, offers, before.start_known or self.effect is Effect.MOVE_START)


def _day(day: date | None) -> str:
    return "an unknown day" if day is None else in_words(day)


def _starts() -> Iterable[Rule]:
    """The ways in which a first clock starts, or an earlier one is followed by a new one."""
    ways = (
        (E.REFERRAL_RECEIVED, "Referral received on {on}", "1a, 3.2.1"),
        (E.INTERFACE_RECEIVED, "Received by an interface service on {on}", "1b, 3.2.2"),
        (E.SELF_REFERRAL_RECEIVED, "Self-referral received on {on}", "2, 3.3"),
        (E.UBRN_CONVERTED, "Booking reference converted on {on}", "3.2.1"),
        (E.LINKED_UBRN_CONVERTED, "Second booking reference converted on {on}", "3.2.2"),
        (E.SLOT_ISSUE_LISTED, "Listed on {on} because no slot could be booked", "3.2.1"),
        (E.REREFERRED, "Referred again on {on}", "3c"),
        (E.ARRIVED_FROM_OTHER_NATION, "Received from a Scottish or Welsh provider on {on}", "10.1.9.1"),
    )
    for kind, lead, reference in ways:
        yield Rule(
            kind, NONE, f"{lead}: the clock starts.", reference, Effect.OPEN, Phase.WAITING, S.FIRST_ACTIVITY
        )
        yield Rule(kind, OPEN, f"{lead}: the clock already runs from {{start}}, which stands.", reference)
        yield Rule(
            kind,
            CLOSED,
            f"{lead}, after the earlier clock had ended: a new clock starts.",
            f"3c, {reference}" if reference != "3c" else reference,
            Effect.OPEN,
            Phase.WAITING,
            S.FIRST_ACTIVITY,
        )


def _other_starts() -> Iterable[Rule]:
    stated = frozenset({Evidence.STATED_START})
    entry = NONE | CLOSED
    yield Rule(
        E.TRANSFER_RECEIVED,
        entry,
        "Received from another provider on {on}: the clock goes on from {start}.",
        "11.3",
        Effect.OPEN_STATED,
        Phase.SEEN,
        S.FURTHER_ACTIVITY,
        needs=stated,
    )
    yield Rule(
        E.TRANSFER_RECEIVED,
        entry,
        "Received from another provider on {on}, which did not say since when the patient waits.",
        "11.3, 10.1.5",
        Effect.OPEN_UNKNOWN,
        Phase.SEEN,
        S.NOT_YET_KNOWN,
        prompt=Prompt.FIND_START,
        finding="CK08",
    )
    yield Rule(
        E.TRANSFER_RECEIVED,
        OPEN,
        "On {on} the other provider said since when the patient waits: the clock runs from {start}.",
        "11.3",
        Effect.MOVE_START,
        needs=stated,
    )
    yield Rule(E.TRANSFER_RECEIVED, OPEN, "Transfer of {on}: the clock already runs from {start}.", "11.3")
    yield Rule(
        E.START_NOT_KNOWN,
        entry,
        "On {on} the patient was found waiting, and nobody knows since when.",
        "10.1.5",
        Effect.OPEN_UNKNOWN,
        Phase.WAITING,
        S.NOT_YET_KNOWN,
        prompt=Prompt.FIND_START,
        finding="CK08",
    )
    for phases, status in ((UNSEEN, S.FIRST_ACTIVITY), (SEEN, S.FURTHER_ACTIVITY)):
        yield Rule(
            E.START_FOUND,
            phases,
            "On {on} the start was found: the clock runs from {start}.",
            "10.1.5",
            Effect.MOVE_START,
            status=status,
            needs=stated,
            start=False,
        )
    yield Rule(
        E.SEPARATE_CONDITION_RECEIVED,
        NONE,
        "Referred from a clinic on {on} for a separate condition: a clock of its own starts.",
        "Annex E",
        Effect.OPEN,
        Phase.WAITING,
        S.FIRST_OF_SEPARATE_CONDITION,
    )
    yield Rule(
        E.MOVED_TO_ACTIVE_LIST,
        NONE | DONE,
        "Moved on {on} from the planned list, past the planned date: a clock starts.",
        "5.2",
        Effect.OPEN,
        Phase.SEEN,
        S.FIRST_ACTIVITY,
    )


def _before_referral() -> Iterable[Rule]:
    yield Rule(E.REFERRAL_RATIFIED, OPEN, "Ratified on {on}: the clock runs from {start}.", "2, 3.3")
    yield Rule(
        E.REFERRAL_REJECTED,
        OPEN,
        "Sent back to the referrer on {on}: the clock goes on from {start} until the patient is returned to "
        "primary care.",
        "3.2.1",
    )
    yield Rule(
        E.EMERGENCY_CARE,
        NONE,
        "Emergency care on {on}: no clock until somebody decides to refer.",
        "9.1",
        status=S.NOT_APPLICABLE,
    )
    yield Rule(E.EMERGENCY_CARE, OPEN | CLOSED, "Emergency care on {on}: it does not touch the clock.", "9.1")
    yield Rule(
        E.TESTS_BEFORE_REFERRAL,
        NONE,
        "Tests by the general practice on {on}: nobody has been referred yet, so no clock.",
        "Annex D",
        status=S.NOT_YET_REFERRED,
    )


def _activities() -> Iterable[Rule]:
    """What happens in a contact while, before or after a clock runs."""
    yield Rule(
        E.ATTENDED,
        UNSEEN,
        "First attendance on {on}, more to do: the clock goes on ({waited} so far).",
        "Annex D",
        to=Phase.SEEN,
        status=S.FIRST_ACTIVITY,
    )
    going_on = (
        (E.ATTENDED, "Attended on {on}, more to do", "Annex D"),
        (E.DECISION_TO_TREAT, "Treatment chosen on {on} and not yet begun", "4a"),
        (E.PREPARATION, "Tests or preparation on {on}, which are not the treatment", "4.3.1"),
        (E.ADMITTED_NOT_TREATED, "Admitted on {on} and the treatment could not be given", "4.3.2.3"),
        (E.SEPARATE_CONDITION_FOUND, "Another condition was referred on {on}; this one goes on", "Annex E"),
        (E.NEW_TREATMENT_DECIDED, "Another treatment was chosen on {on} before any began", "4a"),
    )
    for kind, lead, reference in going_on:
        separate = Prompt.OPEN_SEPARATE_PATHWAY if kind is E.SEPARATE_CONDITION_FOUND else None
        yield Rule(
            kind,
            OPEN,
            f"{lead}: the clock goes on ({{waited}} so far).",
            reference,
            to=Phase.SEEN,
            status=S.FURTHER_ACTIVITY,
            prompt=separate,
        )
    yield from _therapies()
    for kind in (E.ATTENDED, E.PREPARATION, E.SEPARATE_CONDITION_FOUND, E.FOLLOW_UP_OVERDUE):
        yield from _after_the_stop(kind)
    yield Rule(
        E.FOLLOW_UP_OVERDUE,
        OPEN,
        "A follow-up became overdue on {on}: the clock goes on ({waited} so far).",
        "5.2.1",
    )
    yield Rule(
        E.OPINION_ELSEWHERE,
        OPEN,
        "Test or opinion asked of another provider on {on}; care stays here and the clock goes on.",
        "11.1",
        status=S.FURTHER_ACTIVITY,
    )
    yield Rule(
        E.OPINION_ELSEWHERE, DONE, "Test or opinion asked of another provider on {on}: no clock runs.", "11.1"
    )
    yield Rule(
        E.STATUS_NOT_KNOWN,
        NONE | OPEN | CLOSED,
        "The status of an activity on {on} is not yet known.",
        "Annex D",
        status=S.NOT_YET_KNOWN,
        prompt=Prompt.RESOLVE_STATUS,
        finding="CK09",
    )


def _therapies() -> Iterable[Rule]:
    """What a therapy says of itself on a consultant's pathway: it stops nothing (consultants_clock.py)."""
    yield Rule(
        E.THERAPY_ENDED,
        OPEN,
        "Therapy ended on {on} and was not the treatment: the consultant's clock goes on ({waited} so far).",
        "4.3.1",
        to=Phase.SEEN,
        status=S.FURTHER_ACTIVITY,
        prompt=Prompt.TELL_CONSULTANT,
    )
    yield Rule(
        E.THERAPY_MISSED,
        OPEN,
        "Did not come to therapy on {on}: the consultant's clock goes on ({waited} so far).",
        "5e",
    )
    for kind, lead in (
        (E.THERAPY_ENDED, "Therapy ended on {on}"),
        (E.THERAPY_MISSED, "Missed therapy on {on}"),
    ):
        yield Rule(kind, STOPPED, f"{lead}: no clock runs.", "Annex D", status=S.AFTER_TREATMENT)
        yield Rule(kind, MONITORING, f"{lead}: no clock runs.", "Annex D", status=S.DURING_MONITORING)
        yield Rule(kind, NULLIFIED | TRANSFERRED, f"{lead}: no clock runs.", "Annex D")


def _after_the_stop(kind: EventKind) -> Iterable[Rule]:
    """Activity that does not belong to a running clock."""
    prompt, lead, reference = {
        E.ATTENDED: (None, "Seen on {on}", "Annex D"),
        E.PREPARATION: (None, "Tests or preparation on {on}", "Annex D"),
        E.SEPARATE_CONDITION_FOUND: (
            Prompt.OPEN_SEPARATE_PATHWAY,
            "Another condition was referred on {on}",
            "Annex E",
        ),
        E.FOLLOW_UP_OVERDUE: (Prompt.SET_LATEST_DATE, "A follow-up became overdue on {on}", "5.2.1"),
    }[kind]
    yield Rule(
        kind,
        STOPPED,
        f"{lead}, after treatment or discharge: no clock.",
        reference,
        status=S.AFTER_TREATMENT,
        prompt=prompt,
    )
    yield Rule(
        kind,
        MONITORING,
        f"{lead}, during active monitoring: no clock.",
        reference,
        status=S.DURING_MONITORING,
        prompt=prompt,
    )


def _appointments() -> Iterable[Rule]:
    """Appointments that did not happen."""
    for kind, who in ((E.CANCELLED_BY_PATIENT, "the patient"), (E.CANCELLED_BY_PROVIDER, "us")):
        reference = "4.4.2.1" if kind is E.CANCELLED_BY_PATIENT else "4.4.2.2"
        yield Rule(
            kind,
            OPEN,
            f"Appointment cancelled by {who} on {{on}}: the clock goes on ({{waited}} so far).",
            reference,
        )
        yield Rule(kind, CLOSED, f"Appointment cancelled by {who} on {{on}}: no clock runs.", reference)
    for kind in (E.MISSED, E.NOT_BROUGHT, E.ARRIVED_TOO_LATE):
        yield from _misses(kind)
    yield Rule(
        E.ARRIVED_TOO_LATE,
        OPEN | CLOSED,
        "Arrived on {on} too late to be seen, which is not counted as a missed appointment.",
        "local policy",
        switches=((Switch.LATE_ARRIVAL_IS_MISS, False),),
    )
    for kind, lead in (
        (E.REOFFERED, "We decided on {on} to offer another appointment"),
        (E.REBOOKED_BY_PATIENT, "The patient got in touch on {on} to book again"),
    ):
        yield Rule(
            kind,
            NULLIFIED,
            f"{lead}: a new clock starts, whether or not there is a slot yet.",
            "3e, 3.4.5",
            Effect.OPEN,
            Phase.WAITING_AGAIN,
            S.FIRST_ACTIVITY,
        )
        yield Rule(kind, OPEN, f"{lead}: the clock goes on from {{start}}.", "4.4.1.3")
        yield Rule(kind, DONE, f"{lead}: no clock runs.", "Annex D")


def _misses(kind: EventKind) -> Iterable[Rule]:
    notice = frozenset({Evidence.NOTICE})
    lead = {
        E.MISSED: "Did not attend on {on}",
        E.NOT_BROUGHT: "Was not brought on {on}",
        E.ARRIVED_TOO_LATE: "Arrived on {on} too late to be seen, counted as missed",
    }[kind]
    prompt = Prompt.SAFEGUARDING if kind is E.NOT_BROUGHT else Prompt.DECIDE_AFTER_MISS
    late = ((Switch.LATE_ARRIVAL_IS_MISS, True),) if kind is E.ARRIVED_TOO_LATE else ()
    for phase, which, switches in (
        (WAITING, "the first appointment", late),
        (AGAIN, "the first appointment once more", (*late, (Switch.SECOND_MISS_NULLIFIES, True))),
    ):
        yield Rule(
            kind,
            phase,
            f"{lead}, {which}, and had been told of it: the clock is nullified.",
            "5e",
            Effect.NULLIFY,
            Phase.NULLIFIED,
            S.FIRST_MISSED,
            needs=notice,
            switches=switches,
            prompt=prompt,
        )
    yield Rule(
        kind,
        AGAIN,
        f"{lead}, the rebooked first appointment: the clock goes on ({{waited}}) and a clinician decides.",
        "5e, local policy",
        needs=notice,
        switches=late,
        prompt=prompt,
        finding="CK10",
        is_miss=True,
    )
    yield Rule(
        kind,
        UNSEEN,
        f"{lead}, but it cannot be shown that the patient had been told: the clock goes on from {{start}}.",
        "5e",
        switches=late,
        prompt=Prompt.SAFEGUARDING if kind is E.NOT_BROUGHT else Prompt.SHOW_NOTICE,
        finding="CK02",
        is_miss=True,
    )
    yield Rule(
        kind,
        SEEN,
        f"{lead}, a later appointment: the clock goes on ({{waited}} so far).",
        "4.4.1.3",
        switches=late,
        prompt=prompt,
        is_miss=True,
    )
    for phase, status in ((STOPPED, S.AFTER_TREATMENT), (MONITORING, S.DURING_MONITORING)):
        yield Rule(
            kind, phase, f"{lead}: no clock runs.", "Annex D", status=status, switches=late, prompt=prompt
        )


def _choices() -> Iterable[Rule]:
    """What the patient says or wants, and active monitoring."""
    yield Rule(
        E.UNAVAILABLE,
        OPEN,
        "Not available from {on} for more than six weeks: the clock goes on, and a clinician looks.",
        "8.1, 8.3",
        needs=frozenset({Evidence.LONG_ABSENCE}),
        prompt=Prompt.CLINICAL_REVIEW,
    )
    yield Rule(E.UNAVAILABLE, OPEN, "Not available from {on}: the clock goes on ({waited} so far).", "8.1")
    yield Rule(E.UNAVAILABLE, CLOSED, "Not available from {on}: no clock runs.", "8.1")
    yield Rule(
        E.OFFER_DECLINED,
        OPEN,
        "Declined on {on} a date offered with reasonable notice: the clock goes on.",
        "4.4.1.4, 8.3",
        needs=frozenset({Evidence.REASONABLE}),
        counts_offer=True,
    )
    yield Rule(
        E.OFFER_DECLINED,
        OPEN,
        "Declined on {on} a date offered at short notice, which does not count as a reasonable offer.",
        "13",
    )
    yield Rule(E.OFFER_DECLINED, DONE, "Declined a date on {on}: no clock runs.", "8.3")
    yield Rule(
        E.THINKING_TIME,
        OPEN,
        "The patient wants some days to decide, from {on}: the clock goes on ({waited} so far).",
        "4.4.1.4",
        to=Phase.SEEN,
        status=S.FURTHER_ACTIVITY,
        prompt=Prompt.AGREE_NEXT_STEP,
    )
    for kind, lead, status, reference in (
        (
            E.LONG_THINKING_TIME,
            "Longer time to decide was agreed on {on}",
            S.MONITORING_BY_PATIENT,
            "4.4.1.4",
        ),
        (
            E.MONITORING_BY_PATIENT,
            "The patient chose active monitoring on {on}",
            S.MONITORING_BY_PATIENT,
            "5b",
        ),
        (
            E.MONITORING_BY_CLINICIAN,
            "Active monitoring was decided and told on {on}",
            S.MONITORING_BY_CLINICIAN,
            "5b",
        ),
    ):
        yield _to_monitoring(kind, lead, status, reference)
        yield _goes_on_monitoring(kind)
    yield _to_monitoring(
        E.MONITORING_AFTER_OFFERS,
        "After two reasonable offers declined, active monitoring was agreed with the clinician on {on}",
        S.MONITORING_BY_CLINICIAN,
        "4.4.1.4, 8.3",
        needs=frozenset({Evidence.CONVERSATION, Evidence.AGREED}),
        offers=OFFERS_NEEDED,
    )
    yield Rule(
        E.MONITORING_AFTER_OFFERS,
        OPEN,
        "Active monitoring of {on} is not possible: two reasonable offers, a conversation with a clinician "
        "and the patient's agreement must be shown. The clock goes on ({waited} so far).",
        "4.4.1.4, footnote 15",
        finding="CK02",
    )
    yield _goes_on_monitoring(E.MONITORING_REVIEWED)


def _to_monitoring(
    kind: EventKind,
    lead: str,
    status: RttStatus,
    reference: str,
    needs: frozenset[Evidence] = frozenset(),
    offers: int = 0,
) -> Rule:
    return Rule(
        kind,
        OPEN,
        f"{lead}: the clock stops after {{waited}}.",
        reference,
        Effect.STOP,
        Phase.MONITORING,
        status,
        needs=needs,
        offers=offers,
        prompt=Prompt.REVIEW_MONITORING,
    )


def _goes_on_monitoring(kind: EventKind) -> Rule:
    return Rule(
        kind,
        MONITORING,
        "Active monitoring was confirmed on {on}: no clock.",
        "8.3",
        status=S.DURING_MONITORING,
        prompt=Prompt.REVIEW_MONITORING,
    )


def _stops() -> Iterable[Rule]:
    yield Rule(
        E.TREATED,
        OPEN,
        "First definitive treatment began on {on}: the clock stops after {waited}.",
        "4a",
        Effect.STOP,
        Phase.STOPPED,
        S.TREATED,
    )
    yield Rule(
        E.ADMITTED_FOR_TREATMENT,
        OPEN,
        "Admitted on {on} for the first definitive treatment: the clock stops after {waited}.",
        "4.3.2.3",
        Effect.STOP,
        Phase.STOPPED,
        S.TREATED,
        admitted=True,
    )
    for kind, lead, status, reference in (
        (E.DECLINED_TREATMENT, "The patient declined all treatment on {on}", S.DECLINED, "5c"),
        (E.NOT_TO_TREAT, "The patient was told on {on} that no treatment is needed", S.NOT_TO_TREAT, "5d"),
        (E.RETURNED_TO_PRIMARY_CARE, "Returned to primary care and told on {on}", S.NOT_TO_TREAT, "5a"),
    ):
        yield _to_stop(kind, lead, status, reference)
        yield from _ends_without_clock(kind, lead, reference)
    yield from _clinical_discharges()
    yield _to_stop(
        E.DIED, "The patient died on {on}", S.DIED, "4.4.1.2", Phase.DIED, Prompt.CANCEL_EVERYTHING
    )
    yield Rule(
        E.DIED,
        CLOSED,
        "The patient died on {on}: no clock was running.",
        "4.4.1.2",
        to=Phase.DIED,
        prompt=Prompt.CANCEL_EVERYTHING,
    )
    yield Rule(
        E.DIED,
        NONE,
        "The patient died on {on}: there was no clock.",
        "4.4.1.2",
        to=Phase.DIED,
        prompt=Prompt.CANCEL_EVERYTHING,
    )
    yield Rule(
        E.TRANSFERRED_OUT,
        OPEN,
        "Responsibility passed to another provider on {on}: the clock goes on there, after {waited} with us.",
        "11.1",
        Effect.LEAVE,
        Phase.TRANSFERRED,
        S.EXPECTED_ELSEWHERE,
        prompt=Prompt.SEND_TRANSFER_DATA,
    )


def _to_stop(
    kind: EventKind,
    lead: str,
    status: RttStatus,
    reference: str,
    to: Phase = Phase.STOPPED,
    prompt: Prompt | None = None,
) -> Rule:
    says = f"{lead}: the clock stops after {{waited}}."
    return Rule(kind, OPEN, says, reference, Effect.STOP, to, status, prompt=prompt)


def _ends_without_clock(kind: EventKind, lead: str, reference: str) -> Iterable[Rule]:
    yield Rule(kind, MONITORING, f"{lead}: active monitoring ends, no clock.", reference, to=Phase.STOPPED)
    yield Rule(kind, STOPPED | NULLIFIED, f"{lead}: no clock was running.", reference)


def _clinical_discharges() -> Iterable[Rule]:
    """Discharges that only a clinician may decide."""
    shown = frozenset({Evidence.NOTICE, Evidence.CLINICAL_DECISION, Evidence.POLICY})
    lead = "Discharged by a clinician on {on} after a missed appointment"
    for effect, on in ((Effect.STOP_AT_MISS, True), (Effect.STOP, False)):
        day = "on {missed}, the day of that appointment" if on else "that day"
        yield Rule(
            E.DISCHARGED_AFTER_MISS,
            OPEN,
            f"{lead}: the clock stops {day}, after {{waited}}.",
            "5f",
            effect,
            Phase.STOPPED,
            S.NOT_TO_TREAT,
            needs=shown,
            switches=((Switch.MISS_DISCHARGE_STOPS_AT_MISS, on),),
        )
    yield Rule(
        E.DISCHARGED_AFTER_MISS,
        OPEN,
        "Discharge of {on} after a missed appointment is not possible: notice, a clinician's decision and "
        "the published policy must be shown. The clock goes on ({waited} so far).",
        "5f",
        prompt=Prompt.DECIDE_AFTER_MISS,
        finding="CK02",
    )
    yield from _ends_without_clock(E.DISCHARGED_AFTER_MISS, lead, "5f")
    lead = "Discharged by a clinician on {on} after repeated cancellations"
    yield Rule(
        E.DISCHARGED_AFTER_CANCELLATIONS,
        OPEN,
        f"{lead}: the clock stops after {{waited}}.",
        "4.4.2.1",
        Effect.STOP,
        Phase.STOPPED,
        S.NOT_TO_TREAT,
        needs=frozenset({Evidence.CLINICAL_DECISION}),
    )
    yield Rule(
        E.DISCHARGED_AFTER_CANCELLATIONS,
        OPEN,
        "Discharge of {on} after cancellations is not possible without a clinician's decision. "
        "The clock goes on ({waited} so far).",
        "4.4.2.1",
        prompt=Prompt.CLINICAL_REVIEW,
        finding="CK02",
    )
    yield from _ends_without_clock(E.DISCHARGED_AFTER_CANCELLATIONS, lead, "4.4.2.1")


def _new_periods() -> Iterable[Rule]:
    """What starts a new clock after an earlier one, without a new referral."""
    for kind, lead in (
        (E.DECISION_TO_TREAT, "After active monitoring it was decided on {on} to go ahead"),
        (E.NEW_TREATMENT_DECIDED, "After active monitoring a new treatment was decided on {on}"),
    ):
        yield Rule(
            kind,
            MONITORING,
            f"{lead}: a new clock starts, and the patient keeps the old place in the queue.",
            "3d, 8.3",
            Effect.OPEN,
            Phase.SEEN,
            S.FIRST_AFTER_MONITORING,
            keeps_place=True,
        )
    yield Rule(
        E.NEW_TREATMENT_DECIDED,
        STOPPED,
        "A substantively new treatment was decided on {on}: a new clock starts.",
        "3b",
        Effect.OPEN,
        Phase.SEEN,
        S.FIRST_ACTIVITY,
    )
    yield Rule(
        E.NEW_TREATMENT_ELSEWHERE,
        DONE,
        "A new treatment was decided on {on}, at another provider: its clock starts there, none here.",
        "3.4.2",
    )
    yield Rule(
        E.SECOND_SIDE_READY,
        DONE,
        "Fit and available on {on} for the second side: a new clock starts.",
        "3a",
        Effect.OPEN,
        Phase.SEEN,
        S.FIRST_ACTIVITY,
        needs=frozenset({Evidence.FIT, Evidence.AVAILABLE}),
    )
    yield Rule(
        E.SECOND_SIDE_READY,
        DONE,
        "Looked at for the second side on {on}, not yet both fit and available: no clock.",
        "3a",
    )


TABLE: tuple[Rule, ...] = (
    *_starts(),
    *_other_starts(),
    *_before_referral(),
    *_activities(),
    *_appointments(),
    *_choices(),
    *_stops(),
    *_new_periods(),
)


def _refusal(kind: EventKind, phase: Phase) -> Rule:
    says = (
        f"{kind.replace('_', ' ').capitalize()} on {{on}} cannot follow from here: the clock does not change."
    )
    return Rule(kind, frozenset({phase}), says, "Annex D", finding="CK01")


REFUSALS: Mapping[tuple[EventKind, Phase], Rule] = MappingProxyType(
    {(kind, phase): _refusal(kind, phase) for kind in EventKind for phase in Phase}
)


class Rulebook:
    """The rows that hold under one policy, found by kind and phase. Another table tries a change."""

    def __init__(self, policy: ClockPolicy, table: tuple[Rule, ...] = TABLE) -> None:
        self.policy = policy
        self.versions = tuple(sorted({rule.valid_from for rule in table}))
        self._rows: dict[tuple[EventKind, Phase], list[Rule]] = {}
        # Newest first; within a version the order of the table decides.
        for rule in sorted(table, key=lambda rule: rule.valid_from, reverse=True):
            for phase in rule.when:
                self._rows.setdefault((rule.kind, phase), []).append(rule)

    def find(self, standing: Standing, kind: EventKind, proofs: frozenset[Evidence], on: date) -> Rule:
        """The row that decides an event on this day; the refusal where there is none."""
        day = max(on, self.versions[0])
        rows = self._rows.get((kind, standing.phase), ())
        for rule in rows:
            if rule.valid_from <= day and rule.applies(standing, proofs, self.policy):
                return rule
        return REFUSALS[kind, standing.phase]

    def decisive(self) -> Iterable[Rule]:
        """Every row that decides some event: over all standings and all evidence that rows ask for."""
        for kind in EventKind:
            shown = sorted(self.asked_for(kind))
            for standing in STANDINGS:
                for count in range(len(shown) + 1):
                    for proofs in combinations(shown, count):
                        yield self.find(standing, kind, frozenset(proofs), self.versions[-1])

    def asked_for(self, kind: EventKind) -> frozenset[Evidence]:
        """All the evidence that any row of this kind asks for."""
        rows = (rule for (of, _), rules in self._rows.items() if of is kind for rule in rules)
        return frozenset(proof for rule in rows for proof in rule.needs)


@lru_cache(maxsize=64)
def rulebook(policy: ClockPolicy) -> Rulebook:
    """The national table under a policy."""
    return Rulebook(policy)
