"""Making a letter: whether it is still to go, what it says, in which format, to which address, as PDF.

The worker of the outbox calls this in its transaction. Nothing here writes to anybody: it ends with the copy
that is kept, or with the reason why there is none.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any

from clearway.core.audit.actions import Actor
from clearway.core.layout.fonts import fonts
from clearway.core.layout.times import local
from clearway.core.outbox.actions import Held
from clearway.core.outbox.models import Outgoing
from clearway.core.outbox.sending import Made, Ready, Withdrawn
from clearway.domain.outpatients.booking import DISCHARGED as WITH_DISCHARGE
from clearway.domain.outpatients.completeness import TriageOutcome
from clearway.domain.outpatients.identity import spaced
from clearway.domain.outpatients.letter_formats import (
    MADE_ELSEWHERE,
    POINTS,
    Format,
    Needed,
    language_name,
    needed,
)
from clearway.domain.outpatients.letters import (
    ASKING,
    Attached,
    Audience,
    Block,
    Kind,
    NotKnown,
    Style,
    capital,
    compose,
    day_for_patients,
    fill,
    in_a_sentence,
    when_for_patients,
    without,
)
from clearway.domain.outpatients.outcomes import age_on
from clearway.domain.outpatients.post import TIED, InTime, LetterPolicy, in_time, posted_on
from clearway.domain.outpatients.waiting import Removal
from clearway.domain.outpatients.words import CancelledBy, Medium, Outcome
from clearway.interchange.letter_pdf import CannotDraw, Page, write

from .. import policy
from ..conversations import links
from ..patients import queries as patients
from ..waiting import standing
from . import queries, referrers
from .models import Letter, LetterText
from .wanted import who_is_told

LONG = "{0:%-d %B %Y}".format
DISCHARGED = Outcome.DISCHARGED.value
HOW = {
    Medium.FACE_TO_FACE: "in person",
    Medium.TELEPHONE: "by telephone: we ring you",
    Medium.VIDEO: "by video: you see us on a screen",
}
OF_A_CHILD = "This letter is about {name}, the child you look after. Where it says “you”, it means {name}."
DECIDED = {
    TriageOutcome.RETURN: "A therapist has read your referral. "
    "We have sent it back to the person who referred you, with the reason.",
    TriageOutcome.ADVICE: "A therapist has read your referral. "
    "We have sent advice to the person who referred you. You need not see us now.",
    TriageOutcome.SELF_MANAGEMENT: "A therapist has read your referral. "
    "You do not need to see us now. You can help yourself at home.",
}
NOT_NOW = (
    "A therapist has read your referral. We do not offer you an appointment for now. "
    "Please ring us, and we tell you why."
)
# Why somebody left the list without being seen: to the patient, and to whoever referred them.
LEFT = {
    Removal.NO_LONGER_NEEDED: (
        "You told us that you do not need an appointment any more.",
        "The patient told us that an appointment is no longer needed.",
    ),
    Removal.DECLINED: (
        "You did not want the appointments that we offered.",
        "The patient declined what was offered.",
    ),
    Removal.CLINICIAN: (
        "A therapist has decided that you do not need an appointment with us.",
        "A clinician decided that an appointment is not needed.",
    ),
    Removal.TREATED_ELSEWHERE: (
        "Another hospital or clinic treats you.",
        "The patient is treated by another provider.",
    ),
    Removal.OTHER_SERVICE: (
        "Another service of ours sees you instead.",
        "The patient was sent on to another service here.",
    ),
}
AT_HOME = "at home: you do not need to come to the hospital"
ENDED = "Your treatment with us has ended."
CARE_ENDED = "Your care with us has ended, so you do not need this visit."
MISSED = "The last appointment was missed. The therapist has decided to end the care with us for now."
FORMAT_FIX = "Have it made, send it, and mark it here as sent; or send it in another form with your reason."


@dataclass(frozen=True, slots=True)
class Draft:
    """A letter as it would leave now."""

    page: Page
    text: LetterText
    attached: tuple[LetterText, ...]
    needed: Needed
    to_name: str
    to_address: str
    way: InTime
    needed_on: date | None


class _Stop(Exception):
    """There is no letter now."""

    def __init__(self, because: Held | Withdrawn) -> None:
        self.because = because


class LetterMaker:
    """What the outbox asks of letters (core.outbox.sending.Maker)."""

    def make(self, row: Outgoing, *, by: Actor, at: datetime) -> Made:
        """The copy to be sent, kept with the letter."""
        letter = queries.letters().get(outgoing_id=row.pk)
        try:
            made = draft(letter, at)
            written = write([made.page], fonts())
        except _Stop as stop:
            if isinstance(stop.because, Withdrawn):
                standing.not_told(letter.contact_id, at)
            else:
                Letter.objects.filter(pk=letter.pk).update(needed_on=needed_on(letter))
            return stop.because
        except CannotDraw as problem:
            why = f"The fonts have no sign for: {problem}"
            return Held("signs", why, "Write it by hand, send it, and mark it here as sent.")
        _keep(letter, made, written.pdf, written.pages)
        return Ready(hashlib.sha256(written.pdf).hexdigest())

    def look_again(self, row: Outgoing, at: datetime) -> Held | Withdrawn | None:
        """What has come between since it was made."""
        return between(queries.letters().get(outgoing_id=row.pk), at)

    def body(self, row: Outgoing) -> bytes:
        """The copy that was kept."""
        return bytes(Letter.objects.values_list("pdf", flat=True).get(outgoing_id=row.pk) or b"")

    def left(self, row: Outgoing, *, by: Actor, at: datetime) -> None:
        """Seal the copy; the patient counts as told from now on."""
        letter = queries.letters().get(outgoing_id=row.pk)
        Letter.objects.filter(pk=letter.pk).update(sealed_at=at)
        standing.told(letter.contact_id, to=letter.to_address, digest=row.digest, at=row.sent_at or at)


def _keep(letter: Letter, made: Draft, pdf: bytes, pages: int) -> None:
    Letter.objects.filter(pk=letter.pk).update(
        text=made.text,
        format=made.needed.format,
        languages=list(made.needed.languages),
        to_name=made.to_name,
        to_address=made.to_address,
        post=made.way.post,
        needed_on=made.needed_on,
        arrives_on=made.way.arrives_on,
        content=_kept(made.page),
        pdf=pdf,
        pages=pages,
    )
    letter.attached.set(made.attached)


def between(letter: Letter, at: datetime) -> Held | Withdrawn | None:
    """What speaks against sending a letter that was made: its cause, its recipient, the days of the post."""
    try:
        _check_still(letter, at)
        patient = _patient(letter)
        _check_safe(letter, patient)
        office = policy.letters(letter.organisation_id, at)
        _way(letter, office, at)
        name, address = _recipient(letter, patient, office, local(at).date())
    except _Stop as stop:
        return stop.because
    if (name, address) != (letter.to_name, letter.to_address):
        return Held("changed", "The address has changed since it was made.", "Take it out of the pile.")
    return None


def draft(letter: Letter, at: datetime) -> Draft:
    """The letter as it would leave now. Raises _Stop with what is in the way."""
    _check_still(letter, at)
    patient = _patient(letter)
    _check_safe(letter, patient)
    office = policy.letters(letter.organisation_id, at)
    name, address = _recipient(letter, patient, office, local(at).date())
    needs = _needed(letter, patient)
    way = _way(letter, office, at)
    text, attached = _texts(letter, needs, at)
    page, used = _page(letter, patient, text, attached, needs, office, at, (name, address))
    return Draft(page, text, used, needs, name, address, way, needed_on(letter))


def _check_still(letter: Letter, at: datetime) -> None:
    """The cause still holds. Raises _Stop."""
    patient, kind = _patient(letter), Kind(letter.kind)
    if patient.died_on is not None:
        raise _Stop(Withdrawn("The patient has died."))
    visit, referral, entry = letter.appointment, letter.referral, letter.entry
    if kind in (Kind.CONFIRMATION, Kind.CHANGE) and visit is not None:
        if visit.state == "cancelled":
            raise _Stop(Withdrawn("The appointment was cancelled or moved since."))
        if visit.state != "booked" or visit.starts_at <= at:
            raise _Stop(Withdrawn("The appointment has begun."))
    if kind is Kind.CANCELLATION and visit is not None and visit.starts_at <= at:
        raise _Stop(Withdrawn("The day of the cancelled appointment is over."))
    if (
        kind is Kind.DISCHARGE
        and visit is not None
        and visit.state != "missed"
        and visit.outcome != DISCHARGED
    ):
        raise _Stop(Withdrawn("The outcome was taken back since."))
    if (
        kind in (Kind.ACKNOWLEDGEMENT, Kind.REDIRECTED)
        and referral is not None
        and referral.state == "removed"
    ):
        raise _Stop(Withdrawn("The referral has ended since."))
    ended = entry or referral
    if kind is Kind.RETURNED and ended is not None and ended.state != "removed":
        raise _Stop(Withdrawn("The referral was taken up again since."))
    if kind is Kind.DISCHARGE and visit is None and entry is not None and entry.state != "removed":
        raise _Stop(Withdrawn("The patient is on the list again."))
    if kind in ASKING and entry is not None and entry.state != "waiting":
        raise _Stop(Withdrawn("The patient is booked, or no longer on the list."))


def _patient(letter: Letter) -> Any:
    """The record that stands: that into which it was merged."""
    return letter.patient.stands


def _check_safe(letter: Letter, patient: Any) -> None:
    """Raises _Stop where a letter to the patient's home may do harm, or is not wanted."""
    if letter.audience != Audience.PATIENT:
        return
    flags = patients.flags_of([patient.pk]).get(patient.pk, [])
    if "unsafe" not in letter.cleared and any(each.kind == "safe_contact" for each in flags):
        why = "How to reach this patient safely is flagged."
        raise _Stop(Held("unsafe", why, "Read the flag; then ring, or send the letter with your reason."))
    if "opted_out" not in letter.cleared and Kind(letter.kind) in ASKING and patient.opted_out:
        why = "The patient asked for no invitations by machine."
        raise _Stop(Held("opted_out", why, "Ring the patient, or send the letter with your reason."))


def _recipient(letter: Letter, patient: Any, office: LetterPolicy, on: date) -> tuple[str, str]:
    """Name, and address by lines. Raises _Stop where none is known."""
    if letter.audience == Audience.REFERRER:
        return _referrer(letter, on)
    address = "\n".join(part for part in (*referrers.lines(patient.address), patient.postcode) if part)
    name = f"{patient.given_names} {patient.family_name}"
    if not patient.address.strip():
        raise _Stop(Held("address", "No postal address is known.", "Ask for it: saved, the letter goes on."))
    if "returned" not in letter.cleared and queries.came_back(patient.pk, address, letter.organisation_id):
        why = "A letter to this address has come back."
        raise _Stop(Held("returned", why, "Ask for the right address, or send it again with your reason."))
    if _is_child(letter, patient, office, on):
        name = f"The parent or carer of {name}"
    return name, address


def _is_child(letter: Letter, patient: Any, office: LetterPolicy, on: date) -> bool:
    """Whether a parent or carer is written to; asked on the day of the letter."""
    return letter.audience == Audience.PATIENT and age_on(patient.born_on, on) < office.parent_until


def _referrer(letter: Letter, on: date) -> tuple[str, str]:
    """Whoever referred."""
    assert letter.referral is not None
    found = referrers.recipients(letter.organisation_id, [letter.referral], on)[letter.referral.pk]
    if isinstance(found, Held):
        raise _Stop(found)
    return found


def _needed(letter: Letter, patient: Any) -> Needed:
    """Format and languages. Raises _Stop for what cannot be printed here."""
    if letter.audience == Audience.REFERRER:
        return Needed()
    rows = patients.needs_of([patient.pk]).get(patient.pk, [])
    found = needed((each.kind, each.detail) for each in rows)
    if letter.asked_for:
        found = Needed(Format(letter.asked_for), found.languages)
    if found.unknown and "format" not in letter.cleared:
        why = "A recorded need about letters is not understood."
        raise _Stop(Held("format", why, FORMAT_FIX))
    if found.format in MADE_ELSEWHERE:
        why = f"The patient needs {found.format.meaning}: no print takes its place."
        raise _Stop(Held("format", why, FORMAT_FIX))
    return found


def needed_on(letter: Letter) -> date | None:
    """The day by which it is useless: of the appointment, the earlier one where it moved."""
    if Kind(letter.kind) not in TIED or letter.appointment is None:
        return None
    days = [local(letter.appointment.starts_at).date()]
    if letter.kind == Kind.CHANGE and (before := _before(letter)) is not None:
        days.append(local(before.starts_at).date())
    return min(days)


def _before(letter: Letter) -> Any:
    """The appointment that was moved to this one."""
    return letter.appointment.moved_from.order_by("-id").first() if letter.appointment else None


def _way(letter: Letter, post: LetterPolicy, at: datetime) -> InTime:
    """How it travels. Raises _Stop where the post is too slow: then somebody rings."""
    now = local(at)
    found = in_time(posted_on(now.date(), now.time(), post), _deadline(letter), post)
    if found is None:
        why = f"By post it would come too late for {day_for_patients(needed_on(letter) or now.date())}."
        raise _Stop(Held("late", why, "Ring the patient today, and say here what became of it."))
    return found


def _deadline(letter: Letter) -> date | None:
    """A referrer's letter is late for nobody's journey."""
    return needed_on(letter) if letter.audience == Audience.PATIENT and "late" not in letter.cleared else None


def _texts(letter: Letter, needs: Needed, at: datetime) -> tuple[LetterText, dict[str, list[LetterText]]]:
    """The letter's text, and what is attached. Raises _Stop where something is not approved."""
    on, trust = local(at).date(), letter.organisation_id
    style = Style.EASY_READ if needs.format is Format.EASY_READ else Style.STANDARD
    text = queries.letter_text(trust, letter.kind, letter.audience, style, on)
    if text is None:
        why = f"No text is approved for this letter: {letter.kind}, {letter.audience}, {style.meaning}."
        raise _Stop(Held("text", why, "Ask the clinical lead to approve one; then try again."))
    passages = queries.passages(trust, needs.languages, on) if needs.languages else {}
    if "language" not in letter.cleared:
        for code in needs.languages:
            if code not in passages:
                why = f"No passage in {language_name(code)} is approved."
                fix = "Ring with an interpreter, or send the letter without the passage and give your reason."
                raise _Stop(Held("language", why, fix))
    has_visit = letter.kind in (Kind.CONFIRMATION, Kind.CHANGE) and letter.audience == Audience.PATIENT
    attached = queries.instructions(trust, visit(letter), on) if has_visit else []
    spoken = [passages[code] for code in needs.languages if code in passages]
    return text, {"instructions": attached, "language": spoken}


def visit(letter: Letter) -> dict[str, str]:
    """What decides which instructions go with an appointment."""
    if letter.appointment is None:
        return {}
    slot = letter.appointment.slot
    return {
        "services": slot.session.service.code,
        "kinds": slot.kind,
        "sites": slot.session.room.site.code,
        "media": slot.medium,
    }


def _page(
    letter: Letter,
    patient: Any,
    text: LetterText,
    attached: dict[str, list[LetterText]],
    needs: Needed,
    office: LetterPolicy,
    at: datetime,
    to: tuple[str, str],
) -> tuple[Page, tuple[LetterText, ...]]:
    values = values_of(letter, patient, office, at)
    body = text.body if values.get("page") else without(text.body, "page")
    try:
        subject = capital(fill(text.title, values))
        pieces = compose(
            body,
            values,
            [Attached(each.title, each.body) for each in attached["instructions"]],
            [Attached(each.title, each.body, each.language) for each in attached["language"]],
        )
    except NotKnown as missing:
        why = f"The text asks for {{{missing}}}, and nobody has said it."
        fix = "Fill it in where it belongs, or change the text; then try again."
        raise _Stop(Held("field", why, fix)) from None
    if _is_child(letter, patient, office, local(at).date()):
        pieces = (Block("paragraph", OF_A_CHILD.format(name=patient.given_names)), *pieces)
    page = Page(
        subject=subject,
        sender=office.sender or (values["trust"],),
        address=(to[0], *to[1].splitlines()),
        reference=(LONG(local(at)), f"Number to give us: {patient.number}"),
        greeting=_greeting(letter, to[0]),
        blocks=pieces,
        closing=office.signed or (values["trust"],),
        on=local(at).date(),
        points=POINTS[needs.format],
    )
    return page, (*attached["instructions"], *attached["language"])


def _greeting(letter: Letter, name: str) -> str:
    if letter.audience == Audience.REFERRER:
        return "Dear colleague"
    return f"Dear {name[:1].lower()}{name[1:]}" if name.startswith("The parent") else f"Dear {name}"


def values_of(letter: Letter, patient: Any, office: LetterPolicy, at: datetime) -> dict[str, str]:
    """What the fields of a letter say; a field that has no value is left out."""
    referral = letter.referral
    name = f"{patient.given_names} {patient.family_name}"
    made = {
        "patient_name": name,
        "hospital_number": patient.number,
        "service": in_a_sentence(_service(letter)),
        "trust": letter.organisation.name,
        "office_phone": office.office_phone,
        "office_hours": office.office_hours,
        "received_on": LONG(referral.received_on) if referral else "",
        "referrer": referral.sender if referral else "",
        "born_on": LONG(patient.born_on),
        "nhs_number": spaced(patient.nhs_number) if patient.nhs_number else "not known",
        "reply_by": LONG(_reply_by(office, at)),
        "ended": MISSED if letter.appointment and letter.appointment.state == "missed" else ENDED,
    }
    about = {**_values_of_visit(letter), **_values_of_cancellation(letter), **_values_of_waiting(letter)}
    return {**made, **about}


def _service(letter: Letter) -> str:
    if letter.appointment is not None:
        return letter.appointment.slot.session.service.name
    asked = letter.entry or letter.referral
    return asked.service.name if asked is not None else ""


def _reply_by(office: LetterPolicy, at: datetime) -> date:
    return local(at).date() + timedelta(days=office.reply_days)


def _values_of_visit(letter: Letter) -> dict[str, str]:
    appointment = letter.appointment
    if appointment is None:
        return _values_of_last_visit(letter)
    session, medium = appointment.slot.session, Medium(appointment.slot.medium)
    in_person = medium is Medium.FACE_TO_FACE
    before = _before(letter)
    return {
        "when": when_for_patients(local(appointment.starts_at)),
        "old_when": when_for_patients(local(before.starts_at)) if before else "",
        "seen_on": LONG(local(appointment.starts_at)),
        "minutes": str(round((appointment.ends_at - appointment.starts_at).total_seconds() / 60)),
        "clinician": session.clinician.name,
        "site": session.room.site.name if in_person else AT_HOME,
        "room": session.room.name,
        "page": links.address(appointment.pk),
        "how": HOW.get(medium, medium.meaning),
    }


def _values_of_last_visit(letter: Letter) -> dict[str, str]:
    """Of a discharge from the list: when the patient was last here, and why nothing more is to come."""
    if letter.kind != Kind.DISCHARGE or letter.referral is None:
        return {}
    last = letter.referral.appointments.filter(state="attended").order_by("-starts_at").first()
    made = {"seen_on": LONG(local(last.starts_at)) if last else ""}
    left = _left(letter)
    return {**made, "ended": f"{left[0]} {ENDED}"} if left else made


def _left(letter: Letter) -> tuple[str, str] | None:
    """Why the patient left the list, to the patient and to the referrer; None where triage ended it."""
    why = letter.entry.why if letter.entry is not None else letter.referral and letter.referral.removed_why
    return LEFT.get(Removal(why)) if why in list(Removal) else None


def _values_of_cancellation(letter: Letter) -> dict[str, str]:
    appointment = letter.appointment
    if appointment is None or not appointment.cancelled_by:
        return {}
    by_patient = appointment.cancelled_by == CancelledBy.PATIENT
    ours = CARE_ENDED if appointment.cancel_reason == WITH_DISCHARGE else "We are sorry: we had to cancel it."
    waits = letter.entry is not None and letter.entry.state in ("waiting", "booked")
    return {
        "reason": "You told us that you cannot come." if by_patient else ours,
        "next": "You keep your place on our waiting list. We will be in touch with a new time."
        if waits
        else "You are not on our waiting list any more.",
    }


def _values_of_waiting(letter: Letter) -> dict[str, str]:
    if letter.kind == Kind.VALIDATION and letter.entry is not None and letter.entry.waits_from is not None:
        return {"waiting_since": LONG(letter.entry.waits_from)}
    if letter.kind == Kind.REDIRECTED and letter.referral is not None:
        sent_on = letter.referral.triages.filter(outcome=TriageOutcome.REDIRECT).order_by("-id").first()
        return {"reason": sent_on.reason} if sent_on else {}
    if letter.kind != Kind.RETURNED or letter.referral is None:
        return {}
    if left := _left(letter):
        return {"decided": left[0], "reason": left[1]}
    triage = letter.referral.triages.order_by("-id").first()
    if triage is None:
        return {}
    has_referrer = Audience.REFERRER in who_is_told(letter.referral)
    decided = DECIDED[TriageOutcome(triage.outcome)] if has_referrer else NOT_NOW
    return {"decided": decided, "reason": triage.reason}


def _kept(page: Page) -> dict[str, Any]:
    """A page as the table has it."""
    return {
        **asdict(page),
        "blocks": [list(asdict(each).values()) for each in page.blocks],
        "on": page.on.isoformat(),
    }


def again(letter: Letter) -> Page | None:
    """A letter as it was laid out, from what was kept; None where none was made."""
    if letter.content is None:
        return None
    kept = dict(letter.content)
    lines = {name: tuple(kept[name]) for name in ("sender", "address", "reference", "closing")}
    blocks = tuple(Block(*each) for each in kept["blocks"])
    return Page(**{**kept, **lines, "blocks": blocks, "on": date.fromisoformat(kept["on"])})


def printed(letters: Iterable[Letter]) -> bytes:
    """Letters one after the other in one file, as they were kept."""
    pages = [page for each in letters if (page := again(each)) is not None]
    return write(pages, fonts()).pdf


def preview(letter: Letter, text: LetterText, at: datetime) -> Page:
    """What a text, approved or not, would say in place of this letter's own. Nothing is kept.

    Raises NotKnown for a field that has no value here.
    """
    letter.audience = text.audience or Audience.PATIENT
    patient, on, trust = _patient(letter), local(at).date(), letter.organisation_id
    office = policy.letters(trust, at)
    try:
        to = _recipient(letter, patient, office, local(at).date())
    except _Stop:
        to = (f"{patient.given_names} {patient.family_name}", "No address is known")
    is_easy = text.style == Style.EASY_READ
    needs = Needed(Format.EASY_READ if is_easy else Format.STANDARD)
    attached = queries.instructions(trust, visit(letter), on) if letter.appointment is not None else []
    try:
        return _page(
            letter, patient, text, {"instructions": attached, "language": []}, needs, office, at, to
        )[0]
    except _Stop as stop:
        raise NotKnown(stop.because.why) from None
