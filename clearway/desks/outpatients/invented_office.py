"""An invented office for demonstrations: its posts, calls, faults, loans, requests, scans, notes, work given.

Everything is entered by the actions that people use, in the days before. Which patients, the seed says.
"""

import random
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from clearway.core.audit.actions import Actor
from clearway.core.layout.times import local
from clearway.core.people.models import User
from clearway.core.people.queries import holding
from clearway.core.recurring import actions as recurring
from clearway.domain.outpatients.cover import Away
from clearway.domain.outpatients.enquiries import About, Caller, Urgency
from clearway.domain.outpatients.filing import Kind as Paper
from clearway.domain.outpatients.messages import Message, code_of
from clearway.domain.outpatients.records import Kind as Asked
from clearway.domain.outpatients.supervision import Kind as Work
from clearway.domain.outpatients.upkeep import Kind as Broken
from clearway.domain.outpatients.upkeep import Weight
from clearway.domain.shared.errors import NotAllowed
from clearway.domain.shared.recurring import Every, Unit

from . import models
from .cover import actions as cover
from .cover import queries as covered
from .enquiries import actions as enquiries
from .filing import actions as filing
from .letters import actions as letters
from .letters import queries as letters_of
from .loans import actions as loans
from .records import actions as records
from .supervision import actions as supervision
from .supervision import queries as supervised
from .upkeep import actions as upkeep

WORKDAYS = (1, 2, 3, 4, 5)
DAY = timedelta(days=1)
POSTS = (
    ("Referrals and triage lists", WORKDAYS, "outpatient_coordinator", "junior_coordinator"),
    ("Reception, Worcestershire Royal", WORKDAYS, "receptionist", "junior_coordinator"),
    ("Reception, Alexandra, morning", WORKDAYS, "junior_coordinator", None),
    ("Cashing up, all sites", WORKDAYS, "junior_coordinator", "outpatient_coordinator"),
    ("Reception, Kidderminster, Wednesday", (3,), "", None),
    ("Saturday clinic, Kidderminster", (6,), "receptionist", "outpatient_coordinator"),
)
CALLS = (
    (About.CHANGE, "Would like a later time on the same day", Caller.PATIENT, None),
    (About.WAITING, "Asks how much longer the wait is", Caller.RELATIVE, None),
    (About.CLINICAL, "May the splint come off at night?", Caller.PATIENT, Urgency.TODAY),
    (About.EQUIPMENT, "The walking frame is too low", Caller.PATIENT, None),
    (About.COMPLAINT, "Two appointments were moved within a week", Caller.PATIENT, None),
)
ITEMS = (
    ("Walking frame", "Stride"),
    ("Elbow crutches", "Stride"),
    ("Exercise bicycle", "Pedalo"),
    ("Wrist splint", "Handfast"),
    ("TENS machine", "Calmwave"),
    ("Raised toilet seat", "Steady"),
)
DUTIES = (
    ("Confidentiality training", "training", "Everybody in the office", Every(12, Unit.MONTHS), 40),
    ("Audit of clinic outcomes", "audit", "Outpatient coordinator", Every(4, Unit.WEEKS), -3),
    ("Access policy read and understood", "policy", "Outpatient coordinator", Every(12, Unit.MONTHS), 90),
    ("Yearly appraisal of the junior", "review", "Team leader", Every(12, Unit.MONTHS), 12),
    ("Letter texts looked through", "check", "Outpatient coordinator", Every(3, Unit.MONTHS), 5),
)
SCANS = (
    (Paper.CLINIC_LETTER, "Orthopaedics, Alexandra"),
    (Paper.REFERRAL, "Hillview Surgery"),
    (Paper.RESULT, "Imaging"),
    (Paper.PATIENT, "By post"),
)


FONTS = b"<< /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >>"


@dataclass(frozen=True, slots=True)
class _Office:
    """Whose office it is, at which instant, and who is in it."""

    organisation_id: int
    by: Actor
    at: datetime
    people: dict[str, User]
    patients: tuple[Any, ...]

    def who(self, before: timedelta = timedelta(0)) -> dict[str, Any]:
        return {"organisation_id": self.organisation_id, "by": self.by, "at": self.at - before}


def begin(*, organisation_id: int, seed: int, by: Actor, at: datetime) -> None:
    """Fill the registers of an office in which nothing is entered. What is refused is left out."""
    if covered.posts(organisation_id):
        return
    chance = random.Random(seed)
    rows = list(
        models.Patient.objects.filter(organisation_id=organisation_id, died_on=None).order_by("pk")[:400]
    )
    chosen = tuple(chance.sample(rows, min(24, len(rows))))
    office = _Office(organisation_id, by, at, _people(organisation_id, at), chosen)
    if len(chosen) < 24:
        return
    for step in _steps(office):
        with suppress(NotAllowed):
            step()


def _people(organisation_id: int, at: datetime) -> dict[str, User]:
    """Role -> the first by name who holds it now."""
    found: dict[str, User] = {}
    for role in covered.OFFICE_ROLES:
        if (user := holding(organisation_id, [role], at).first()) is not None:
            found[role] = user
    return found


def _steps(office: _Office) -> Iterator[Any]:
    yield from (lambda post=post: _post(office, *post) for post in POSTS)
    yield lambda: _holiday(office)
    for place, call in enumerate(CALLS):
        yield lambda place=place, call=call: _call(office, place, *call)
    yield lambda: _fault(office)
    for place, item in enumerate(ITEMS):
        yield lambda place=place, item=item: _item(office, place, *item)
    yield lambda: _request(office)
    yield from (lambda duty=duty: _duty(office, *duty) for duty in DUTIES)
    for place, scan in enumerate(SCANS):
        yield lambda place=place, scan=scan: _scan(office, place, *scan)
    for place in range(4):
        yield lambda place=place: _volume(office, place)
    yield lambda: _work(office)
    yield lambda: second_wording(**office.who())


def second_wording(*, organisation_id: int, by: Actor, at: datetime) -> None:
    """A second approved text of the reminder, so that a trial of words can be begun; where there is one."""
    code = code_of(Message.REMINDER, "text")
    before = letters_of.versions(organisation_id, code)
    if len(before) != 1:
        return
    first, told, rest = before[0].body.partition("Please answer")
    written = letters.Written(before[0].title, f"{first}{SAYS_WHY} {told}{rest}", "Says why telling us helps")
    who: dict[str, Any] = {"organisation_id": organisation_id, "at": at}
    made = letters.write_version(code, written, by=by, **who)
    letters.ask_for_approval(made.pk, by=by, **who)
    letters.approve(made.pk, local(at).date(), by=Actor("demo:clinical lead"), **who)


SAYS_WHY = "If you cannot come and tell us, somebody else can have the time."


def _post(office: _Office, name: str, days: tuple[int, ...], holder: str, deputy: str | None) -> None:
    keys = [office.people[role].pk if role in office.people else None for role in (holder, deputy or "")]
    cover.enter_post(cover.NewPost(name, days, *keys), **office.who())


def _holiday(office: _Office) -> None:
    """The junior asks for a holiday that leaves a morning reception without anybody."""
    if "junior_coordinator" not in office.people:
        return
    first = local(office.at).date() + 8 * DAY
    new = cover.NewAbsence(office.people["junior_coordinator"].pk, Away.ANNUAL, first, first + 4 * DAY)
    cover.ask(new, **office.who(timedelta(hours=20)))


def _call(
    office: _Office, place: int, about: About, words: str, caller: Caller, urgency: Urgency | None
) -> None:
    clinician = None
    if about is About.CLINICAL:
        rows = models.Clinician.objects.filter(organisation_id=office.organisation_id)
        clinician = rows.order_by("user", "code").values_list("pk", flat=True).first()
    patient = office.patients[place]
    new = enquiries.New(about, words, caller, patient_id=patient.pk, clinician_id=clinician, urgency=urgency)
    enquiries.take(new, **office.who(timedelta(hours=3 * place + 1)))


def _fault(office: _Office) -> None:
    room = models.Room.objects.filter(organisation_id=office.organisation_id).order_by("pk").first()
    if room is not None:
        upkeep.report(
            upkeep.New(room.pk, Broken.EQUIPMENT, Weight.NUISANCE, "The couch sinks slowly", "Couch 2"),
            **office.who(6 * DAY),
        )


def _item(office: _Office, place: int, kind: str, make: str) -> None:
    """Every second thing is lent; the first two of them are past their day."""
    row = loans.add(loans.New(f"T{place + 101}", kind, make), **office.who(90 * DAY))
    if place % 2 == 0:
        before = (60 if place < 4 else 10) * DAY
        loans.issue(row.pk, office.patients[6 + place].pk, **office.who(before))


def _request(office: _Office) -> None:
    came = local(office.at).date() - 18 * DAY
    new = records.New(office.patients[13].pk, Asked.SUBJECT, "The patient", "Everything since 2024", came)
    records.take(new, **office.who(18 * DAY))


def _duty(office: _Office, name: str, kind: str, owner: str, every: Every, due: int) -> None:
    due_on = local(office.at).date() + due * DAY
    recurring.enter(recurring.New(name, kind, owner, every, due_on), **office.who())


def _scan(office: _Office, place: int, kind: Paper, sender: str) -> None:
    """The first is filed to its patient; the others wait for somebody."""
    patient = office.patients[14 + place]
    came, words = (
        local(office.at).date() - place * DAY,
        f"Invented: {patient}, born {patient.born_on:%d/%m/%Y}",
    )
    new = filing.Came(kind, sender, came, f"scan-{place + 1}.pdf", a_page(words))
    row = filing.take(new, **office.who())
    if place == 0:
        filing.file(row.pk, patient.pk, patient.born_on.isoformat(), **office.who())


def _volume(office: _Office, place: int) -> None:
    """One on its shelf, one out, one to be asked for, one missing."""
    row = filing.add_volume(office.patients[18 + place].pk, f"Shelf {place + 1}", **office.who(30 * DAY))
    if place in (1, 2):
        due = local(office.at).date() + (5 if place == 1 else -6) * DAY
        filing.send(row.pk, "Orthopaedics, Alexandra", "Joint clinic", due, **office.who(20 * DAY))
    if place == 3:
        filing.call_missing(row.pk, "The shelf, and both secretaries", **office.who(2 * DAY))


def _work(office: _Office) -> None:
    """The junior has calls to make."""
    if "junior_coordinator" not in office.people:
        return
    things = supervised.to_give(office.organisation_id, Work.CALLS, office.at)[:6]
    new = supervision.New(
        Work.CALLS,
        office.people["junior_coordinator"].pk,
        [each.subject for each in things],
        local(office.at).date() + DAY,
        reviews=2,
        words="Ring in the afternoon, and write down what was said",
    )
    supervision.give(new, **office.who())


def a_page(words: str) -> bytes:
    """A PDF of one page with one line on it: a scan, for those who have none."""
    safe = words.encode("latin-1", "replace").replace(b"\\", b"").replace(b"(", b"").replace(b")", b"")
    stream = b"BT /F1 14 Tf 72 760 Td (" + safe + b") Tj ET"
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources %s >>" % FONTS,
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
    )
    body, places = b"%PDF-1.4\n", []
    for number, each in enumerate(objects, 1):
        places.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, each)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    trailer = b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n"
    return body + head + table + trailer % (len(objects) + 1, len(body))
