"""Every rule of the outpatient desk, and asking them all."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial

from clearway.core.audit import rules as audit
from clearway.core.concerns import rules as concerns
from clearway.core.decisions import rules as decisions
from clearway.core.layout.times import day, local
from clearway.core.organisation.queries import policies
from clearway.core.recurring import rules as recurring
from clearway.core.worklist import queries
from clearway.core.worklist.actions import Swept, sweep
from clearway.core.worklist.guarded import guarded
from clearway.core.worklist.rules import Rule, Values, Wanted, evaluate, sweep_policy, together
from clearway.domain.shared.region import Desk

from .clocks import rules as clocks
from .conversations import rules as conversations
from .cover import rules as cover
from .directory import rules as directory
from .enquiries import rules as enquiries
from .exchange import rules as exchange
from .filing import rules as filing
from .keeping import rules as keeping
from .letters.presenters import REASONS as HELD
from .loans import rules as loans
from .onward import rules as onward
from .records import rules as records
from .recycling import rules as recycling
from .referrals.rules import to_book, to_chase, to_triage
from .reminders import rules as reminders
from .replanning import rules as replanning
from .reports import rules as reports
from .situation import Situation
from .supervision import rules as supervision
from .support import rules as support
from .upkeep import rules as upkeep

COORDINATOR, LEADER, LEAD = "outpatient_coordinator", "outpatient_team_leader", "therapies_lead"
CLINICIAN = "clinician"


def not_brought(situation: Situation, values: Mapping[str, Values]) -> Iterator[Wanted]:
    """One task for each child or dependent adult who was not brought, until the step is taken."""
    for miss in situation.misses:
        if miss.is_not_brought and not miss.is_safeguarded:
            yield Wanted(
                subject=f"miss:{miss.key}",
                priority=2,
                title="A child or dependent adult was not brought",
                cause=f"Recorded {day(miss.opened_at)}; no safeguarding step is recorded",
                role=COORDINATOR,
                suggestion=f"Take the safeguarding step: /outpatients/outcomes/missed/{miss.key}/",
            )


def unreached(situation: Situation, values: Mapping[str, Values]) -> Iterator[Wanted]:
    """One task for all who did not come and whom nobody has tried to reach: it is done the same day."""
    waiting = [miss for miss in situation.misses if not miss.is_reached]
    if not waiting:
        return
    oldest = min(miss.opened_at for miss in waiting)
    late = local(oldest).date() < local(situation.at).date()
    yield Wanted(
        subject="misses:unreached",
        priority=2 if late else 3,
        title="Patients who did not come are to be reached today",
        cause=f"The oldest was recorded {day(oldest)}",
        role=COORDINATOR,
        suggestion="Ring each of them: /outpatients/outcomes/missed/",
        reading=float(len(waiting)),
        threshold=1.0,
    )


def undecided(situation: Situation, values: Mapping[str, Values]) -> Iterator[Wanted]:
    """One task for each miss of which a clinician was asked, until it is decided."""
    for miss in situation.misses:
        if miss.asked_at is not None:
            yield Wanted(
                subject=f"miss:{miss.key}",
                priority=3,
                title="A clinician is asked what follows after a missed appointment",
                cause=f"Asked {day(miss.asked_at)}",
                role=CLINICIAN,
                suggestion=f"Decide: /outpatients/outcomes/missed/{miss.key}/",
            )


def unoutcomed(situation: Situation, values: Mapping[str, Values]) -> Iterator[Wanted]:
    """Clinics of yesterday and before that were not cashed up."""
    if situation.oldest is None or local(situation.oldest).date() >= local(situation.at).date():
        return
    yield Wanted(
        subject="clinics:unoutcomed",
        priority=3,
        title="Clinics before today are not cashed up",
        cause=f"The oldest appointment is of {day(situation.oldest)}",
        role=COORDINATOR,
        suggestion="Cash them up: /outpatients/outcomes/",
        reading=float(situation.unoutcomed),
        threshold=1.0,
    )


def to_ring(situation: Situation, values: Mapping[str, Values]) -> Iterator[Wanted]:
    """One task for all whom the post would reach too late."""
    for held in situation.outbox.held:
        if held.reason == "late":
            first = f"{held.needed_on:%a %-d %b %Y}" if held.needed_on else "no day"
            yield Wanted(
                subject="letters:late",
                priority=2,
                title="Patients are to be rung: a letter would come too late",
                cause=f"The first appointment that it is about is on {first}",
                role=COORDINATOR,
                suggestion="Ring each of them: /outpatients/outbox/?held=late",
                reading=float(held.count),
                threshold=1.0,
            )


def held_letters(situation: Situation, values: Mapping[str, Values]) -> Iterator[Wanted]:
    """One task for each reason that holds letters."""
    for held in situation.outbox.held:
        if held.reason != "late":
            yield Wanted(
                subject=f"letters:{held.reason}",
                priority=3,
                title=f"Letters are held: {HELD.get(held.reason, held.reason).lower()}",
                cause=f"The oldest since {day(held.since)}",
                role=LEAD if held.reason == "text" else COORDINATOR,
                suggestion=f"See to it: /outpatients/outbox/?held={held.reason}",
                reading=float(held.count),
                threshold=1.0,
            )


def unposted(situation: Situation, values: Mapping[str, Values]) -> Iterator[Wanted]:
    """Letters that were made before today and have not been posted."""
    since = situation.outbox.unposted_since
    if since is None or local(since).date() >= local(situation.at).date():
        return
    yield Wanted(
        subject="letters:unposted",
        priority=2,
        title="Letters of before today are not posted",
        cause=f"The oldest was made {day(since)}",
        role=COORDINATOR,
        suggestion="Print and post them: /outpatients/letters/print/",
        reading=float(situation.outbox.unposted),
        threshold=1.0,
    )


def stuck(situation: Situation, values: Mapping[str, Values]) -> Iterator[Wanted]:
    """Messages that are due and that no worker takes up."""
    if situation.outbox.stuck_since is None:
        return
    yield Wanted(
        subject="outbox:stuck",
        priority=2,
        title="The outbox stands still",
        cause=f"The oldest message has been due since {day(situation.outbox.stuck_since)}",
        role=LEADER,
        suggestion="Tell the administrator that no worker takes up messages; ring who is seen first",
        reading=float(situation.outbox.stuck),
        threshold=1.0,
    )


def still_needed(situation: Situation, values: Mapping[str, Values]) -> Iterator[Wanted]:
    """One task while somebody is to be asked, rung or looked at; silence takes nobody off the list."""
    asking = situation.asking
    count = asking.write + asking.ring + asking.look
    if not count:
        return
    yield Wanted(
        subject="asking:due",
        priority=3,
        title="Patients are to be asked whether they still need their place",
        cause=f"{asking.write} in writing, {asking.ring} to ring, {asking.look} for a person to see to",
        role=COORDINATOR,
        suggestion="Ask them: /outpatients/asking/",
        reading=float(count),
        threshold=1.0,
    )


def ratification(situation: Situation, values: Mapping[str, Values]) -> Iterator[Wanted]:
    """What a week left without outcome, until the team leader has ratified it."""
    for pack in situation.packs:
        if pack.kind == "weekly":
            yield Wanted(
                subject=f"ratification:{pack.begins_on.isoformat()}",
                priority=2,
                title=f"The week of {pack.begins_on:%-d %b %Y} is to be ratified",
                cause="Appointments had no outcome when the week ended, or checks found errors",
                role=LEADER,
                suggestion=f"Look through it: /outpatients/validation/packs/{pack.key}/",
                reading=float(pack.count),
                threshold=1.0,
            )


def pack_unseen(situation: Situation, values: Mapping[str, Values]) -> Iterator[Wanted]:
    """The monthly pack of long waits, until the team leader has looked through it."""
    for pack in situation.packs:
        if pack.kind == "monthly":
            yield Wanted(
                subject=f"pack:{pack.begins_on.isoformat()}",
                priority=3,
                title=f"Validation pack of {pack.begins_on:%B %Y} is to be looked through",
                cause="It is made on the first day of each month and was not signed yet",
                role=LEADER,
                suggestion=f"Look through it: /outpatients/validation/packs/{pack.key}/",
            )


def cancelled_again(situation: Situation, values: Mapping[str, Values]) -> Iterator[Wanted]:
    """One task for each patient who cancels again: somebody asks why. Nobody is discharged by it."""
    for each in situation.cancelled:
        yield Wanted(
            subject=f"entry:{each.entry}",
            priority=3,
            title=f"A patient has cancelled {each.times} times one after the other",
            cause=f"Last {day(each.last_at)}; nobody has spoken with the patient since",
            role=COORDINATOR,
            suggestion=f"Ask what hinders, and tell the clinician: /outpatients/list/{each.entry}/",
        )


def book_anew(situation: Situation, values: Mapping[str, Values]) -> Iterator[Wanted]:
    """One task for each patient whose appointments a death that was withdrawn had cancelled."""
    for each in situation.book_anew:
        several = "appointment is" if each.count == 1 else "appointments are"
        yield Wanted(
            subject=f"patient:{each.patient}:book_anew",
            priority=2,
            title=f"{each.count} {several} to be booked anew: a death was recorded wrongly",
            cause=f"The first was on {day(each.starts_at)}; the death was withdrawn",
            role=COORDINATOR,
            suggestion=f"Ring the patient, and book from the list: /outpatients/patients/{each.patient}/",
        )


RULES: Sequence[Rule[Situation]] = (
    Rule(
        "not_brought",
        "A child or dependent adult who was not brought gets a safeguarding step.",
        "Recording guidance 5f iv; local safeguarding procedures",
        not_brought,
    ),
    Rule(
        "miss_unreached",
        "Whoever did not come is reached on the same day.",
        "Access policy, proposal",
        unreached,
    ),
    Rule(
        "miss_undecided",
        "After a miss a clinician decides what follows, and nobody else.",
        "Recording guidance 4.4.2.1",
        undecided,
    ),
    Rule(
        "clinic_unoutcomed",
        "Every clinic is cashed up by the end of its day.",
        "Job description of the outpatient coordinator",
        unoutcomed,
    ),
    Rule(
        "still_needed",
        "Whoever waits for 12, 26 or 52 weeks is asked whether the place is still needed.",
        "Access policy (policy list_validation), after NHS England's letter of December 2022",
        still_needed,
    ),
    Rule(
        "cancelled_again",
        "Who cancels one appointment after the other is spoken with; only a clinician decides what follows.",
        "Recording guidance 4.4.2.1; access policy (policy list_validation)",
        cancelled_again,
    ),
    Rule(
        "book_anew",
        "Who lost an appointment to a death that was recorded wrongly gets another.",
        "Clearway proposal",
        book_anew,
    ),
    Rule(
        "freed_slot",
        "No freed slot is left empty while somebody could be asked about it.",
        "Job description of the outpatient coordinator; access policy (policy recycling)",
        lambda situation, values: recycling.to_ask(situation.freed),
    ),
    Rule(
        "answer_waits",
        "What a patient texts is answered by a person where its meaning is not certain.",
        "Job description of the outpatient coordinator (policy reminders)",
        lambda situation, values: conversations.to_read(situation.answers),
    ),
    Rule(
        "reminder_call",
        "Whom no text or email reaches is rung before the appointment.",
        "Access policy, proposal (policy reminders): digital is never the only way",
        lambda situation, values: reminders.to_ring(situation.ringing),
    ),
    Rule(
        "clinic_cancelled",
        "Whose clinic does not take place is given another date and told of it, the soonest first.",
        "Job description of the outpatient coordinator; access policy (policy replanning)",
        lambda situation, values: replanning.to_place(situation.displaced),
    ),
    Rule(
        "validation_pack",
        "The long waits go to the team leader once a month.",
        "Job description of the outpatient coordinator",
        pack_unseen,
    ),
    Rule(
        "weekly_ratification",
        "What is left without outcome, and what checks call an error, is ratified each week.",
        "Job description of the outpatient coordinator",
        ratification,
    ),
    Rule(
        "letter_late",
        "Whom a letter would reach too late is rung.",
        "Access policy, proposal (policy letters)",
        to_ring,
    ),
    Rule(
        "letter_held",
        "What holds a letter is seen to by a person.",
        "Accessible Information Standard (DAPB1605); access policy, proposal",
        held_letters,
    ),
    Rule(
        "letter_unposted",
        "Letters are posted on the day on which they are made.",
        "Job description of the outpatient coordinator: written confirmation is sent at once",
        unposted,
    ),
    Rule(
        "outbox_stuck",
        "The outbox is worked at all times.",
        "Clearway, ADR 0062",
        stuck,
    ),
    Rule(
        "untold_system",
        "A system beside us is told what changed within half an hour, and what stopped is seen to.",
        "Clearway proposal",
        lambda situation, values: exchange.to_see_to(situation.untold),
    ),
    Rule(
        "practice_unclear",
        "Every practice in a patient's record is one that letters reach.",
        "Clearway proposal",
        lambda situation, values: directory.to_see_to(situation.practices),
    ),
    Rule(
        "referral_incomplete",
        "What a referral lacks is asked for again after two and after five working days.",
        "Access policy, proposal (policy referral_intake)",
        lambda situation, values: to_chase(situation.chases),
    ),
    Rule(
        "slot_issue",
        "Who could not book through e-RS is booked by the office, in time for the priority.",
        "e-RS reference values for what is deferred to the provider (policy referral_intake)",
        lambda situation, values: to_book(situation.slot_issues),
        many="referrals whose patients could not book",
    ),
    Rule(
        "triage_late",
        "Urgent referrals are triaged in one working day, routine ones in five.",
        "Access policy, proposal (policy referral_intake)",
        lambda situation, values: to_triage(situation.late),
    ),
    Rule(
        "enquiry_late",
        "Whoever rings or writes is answered by the time that was promised.",
        "Access policy, proposal (policy enquiries)",
        lambda situation, values: enquiries.to_answer(situation.enquiries),
    ),
    Rule(
        "complaint_due",
        "A complaint is acknowledged within three working days, and answered in writing.",
        "SI 2009/309, regulations 13(3) and 14 (policy enquiries)",
        lambda situation, values: enquiries.of_complaints(situation.enquiries, local(situation.at).date()),
    ),
    Rule(
        "enquiry_escalated",
        "What is serious goes to the team leader, who takes it.",
        "Job description of the outpatient coordinator",
        lambda situation, values: enquiries.escalated(situation.enquiries),
    ),
    Rule(
        "support_unarranged",
        "What a patient needs at a visit is arranged before it.",
        "NHS England, accessible information standard (DAPB1605; policy support)",
        lambda situation, values: support.to_arrange(situation.support),
    ),
    Rule(
        "fault_to_chase",
        "A fault is asked about again until it is mended.",
        "Job description of the outpatient coordinator (policy upkeep)",
        lambda situation, values: upkeep.to_chase(situation.faults),
    ),
    Rule(
        "fault_booked",
        "Nobody comes to a room that cannot be used.",
        "Job description of the outpatient coordinator",
        lambda situation, values: upkeep.to_move(situation.faults),
    ),
    Rule(
        "loan_overdue",
        "What is on loan past its day is asked for, three times by default.",
        "Job description of the outpatient coordinator (policy loans)",
        lambda situation, values: loans.to_chase(situation.loans),
    ),
    Rule(
        "loan_recalled",
        "Nobody keeps equipment of a recalled make.",
        "Clearway proposal",
        lambda situation, values: loans.of_recalls(situation.loans),
    ),
    Rule(
        "records_due",
        "A request for records is answered by its day.",
        "UK GDPR, article 12(3), for subject access (policy records_requests)",
        lambda situation, values: records.to_answer(situation.requests, local(situation.at).date()),
    ),
    Rule(
        "correction_due",
        "A request to correct a record is decided by its day, and who has the old value is told.",
        "UK GDPR, articles 12(3), 16 and 19 (policy records_requests for the warning)",
        lambda situation, values: records.to_correct(situation.corrections, local(situation.at).date()),
    ),
    Rule(
        "hold_due",
        "A legal hold is looked at again by its day, and lifted by two people.",
        "Clearway proposal, ADR 0081 (policy records_requests)",
        lambda situation, values: keeping.to_see_to(situation.holds),
    ),
    Rule(
        "duty_overdue",
        "What is done again and again is done by its day, with evidence.",
        "Job description of the outpatient coordinator",
        lambda situation, values: recurring.to_do(situation.duties),
    ),
    Rule(
        "cover_gap",
        "Every post of the office is covered in the next two weeks.",
        "Job description of the outpatient coordinator",
        lambda situation, values: cover.to_cover(situation.cover, local(situation.at).date()),
    ),
    Rule(
        "work_to_review",
        "What a junior hands in is looked at.",
        "Job description of the outpatient coordinator",
        lambda situation, values: supervision.to_review(situation.reviews),
    ),
    Rule(
        "scan_unfiled",
        "What comes in is filed to its patient by its day.",
        "Job description of the outpatient coordinator (policy filing)",
        lambda situation, values: filing.to_file(situation.filing),
    ),
    Rule(
        "volume_due",
        "Paper notes that are due are asked for.",
        "Job description of the outpatient coordinator (policy filing)",
        lambda situation, values: filing.to_chase(situation.filing),
    ),
    Rule(
        "volume_missing",
        "Paper notes that cannot be found are looked for.",
        "Job description of the outpatient coordinator",
        lambda situation, values: filing.missing(situation.filing),
    ),
    Rule(
        "leave_undecided",
        "Who asks for leave is answered.",
        "Clearway proposal",
        lambda situation, values: cover.to_decide(situation.cover),
    ),
    Rule(
        "report_late",
        "A report leaves on its day, and its recipient says that it was read.",
        "Job description of the outpatient coordinator (policy reports)",
        lambda situation, values: reports.to_send(situation.reports),
    ),
    Rule(
        "clock_prompt",
        "What a clock asks for is done by its day, and somebody says so.",
        "RTT recording and reporting guidance 4.4 and 8; proposal for its days",
        lambda situation, values: clocks.to_do(situation.prompts),
    ),
    Rule(
        "onward_waits",
        "What another desk asks for is read and given a slot; a person decides where it is wanted back.",
        "The service's own policy (onward_services)",
        lambda situation, values: onward.to_see_to(situation.onward, situation.at),
    ),
)


def run(organisation_id: int, situation: Situation, at: datetime) -> Swept:
    """Ask every rule about the situation and bring the worklist in line."""
    wanted = {queries.WORKLIST, queries.MODES, concerns.POLICY}
    values = policies(organisation_id, wanted, local(at).date())
    modes = values.get(queries.MODES, {})
    outcomes = evaluate(RULES, situation, values, modes)
    reported = partial(concerns.outcomes, organisation_id, values, modes, at, desk=Desk.OUTPATIENTS)
    decided = partial(decisions.outcomes, organisation_id, values, modes, at, desk=Desk.OUTPATIENTS)
    told = partial(audit.of_places, organisation_id, values, modes, at)
    looked = partial(audit.outcomes, organisation_id, values, modes, at)
    every = together(
        *(outcomes, guarded("concerns of outpatients", reported)),
        guarded("checkpoints of the audit", told),
        guarded("looks at records", looked),
        guarded("decisions of outpatients", decided),
    )
    return sweep(organisation_id, every, at, sweep_policy(values.get(queries.WORKLIST)))
