"""Every write of referrals that come many at a time: kept as given, mapped, looked at, then registered."""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from clearway.core.audit.actions import Actor, Entry
from clearway.core.audit.actions import record as audit
from clearway.core.clashes import check_whole
from clearway.core.layout.times import local
from clearway.core.locks import Lock, key_of, one_at_a_time
from clearway.domain.outpatients.completeness import ReviewReason, Route
from clearway.domain.shared.errors import CannotParse, NotAllowed
from clearway.interchange import ers_worklist, referral_file
from clearway.interchange.referral_file import FIELDS, ReferralRow

from .. import policy
from ..patients import actions as patients
from ..patients import queries as known
from ..referrals import actions as referrals
from ..referrals import queries as referred
from ..referrals import registering
from . import queries
from .models import GivenFile, Layout, TakenReferral

MAPPING = "Mapping these columns"
MORE = ("side", "ppid", "issuer", "again_why", "review_reason")
NUMBERS = 100  # taken together for the rows of a sheet
REGISTERED, REPEAT, REFUSED = "registered", "repeat", "refused"
State = GivenFile.State


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one row.

    verdict   registered; repeat of a referral that is there; or refused
    number    of the referral, registered or repeated
    gaps      names of what it lacks
    of_line   the line of the same file that a repeat repeats
    where, why, fix  of a refusal; `why` also says what a repeat was known by
    """

    line: int
    verdict: str
    reference: str = ""
    number: str = ""
    referral_id: int | None = None
    gaps: tuple[str, ...] = ()
    of_line: int | None = None
    where: str = ""
    why: str = ""
    fix: str = ""


@dataclass(frozen=True, slots=True)
class Taking:
    """Who sends rows, and how they came.

    batch    number of the message; None for a file
    patient  whose they are, where that is known by more than the row says
    """

    sender: str
    route: str = Route.EMAIL
    batch: int | None = None
    patient: int | None = None


@transaction.atomic
def take(
    rows: Sequence[ReferralRow | CannotParse],
    taking: Taking,
    *,
    organisation_id: int,
    by: Actor,
    at: datetime,
    is_rehearsal: bool = False,
) -> list[Result]:
    """Register every row that can be: each patient found by NHS number or registered, each referral once.

    A row that cannot be is refused with its place, the reason and the fix, and leaves nothing behind; a
    repeat of what is there changes nothing. One result per row, in order.

    is_rehearsal  all of it is taken back afterwards: what follows from the rows is not written
    """
    one_at_a_time(Lock.TAKING, organisation_id)
    scope: dict[str, Any] = {"organisation_id": organisation_id, "by": by, "at": at}
    taker = _Taker(taking, scope, at_once=min(len(rows), NUMBERS) or 1)
    results = [taker.take(row, place) for place, row in enumerate(rows, start=1)]
    if not is_rehearsal:
        taker.follow()
    return results


class _Refused(Exception):
    """A row that the rules do not allow."""

    def __init__(self, field: str, why: str, fix: str) -> None:
        super().__init__(why)
        self.field, self.why, self.fix = field, why, fix


class _Taker:
    """Takes rows one by one, and remembers on which line of this run each referral came."""

    def __init__(self, taking: Taking, scope: dict[str, Any], at_once: int) -> None:
        self.taking, self.scope = taking, scope
        self.organisation_id: int = scope["organisation_id"]
        self.services: dict[str, Any] = {}
        for each in referred.services(self.organisation_id):
            self.services[each.name.casefold()] = each
        for each in referred.services(self.organisation_id):
            self.services[each.code.casefold()] = each
        self.lines: dict[int, int] = {}
        self.ground = registering.ground(self.organisation_id, scope["at"], at_once)
        self.entered: list[registering.Entered] = []
        self.patients: list[Entry] = []

    def follow(self) -> None:
        """Do at once, for all rows, what follows from those that were registered."""
        audit(self.patients, **self.scope)
        registering.follow(self.entered, **self.scope)

    def take(self, row: ReferralRow | CannotParse, place: int) -> Result:
        if isinstance(row, CannotParse):
            line, _, field = row.where.partition(", ")
            number = int(line.removeprefix("line ")) if line.startswith("line ") else place
            return Result(number, REFUSED, where=field, why=row.why, fix=row.fix)
        try:
            with transaction.atomic():
                return self._take(row)
        except _Refused as refusal:
            where = FIELDS[refusal.field].label if refusal.field else ""
            return self._refused(row, where, refusal.why, refusal.fix)
        except NotAllowed as refusal:
            return self._refused(row, "", refusal.why, "Mend the row, or register this one by hand.")

    def _refused(self, row: ReferralRow, where: str, why: str, fix: str) -> Result:
        return Result(row.line, REFUSED, row["reference"], where=where, why=why, fix=fix)

    def _take(self, row: ReferralRow) -> Result:
        reference = row["reference"]
        before = queries.taken(self.organisation_id, self.taking.sender, reference) if reference else None
        if before is not None and self._is_of_this_message(before):
            return self._registered(row, referred.one(self.organisation_id, before.referral_id))
        if before is not None:
            if before.digest != row.digest:
                why = f"This reference came before, as {before.number}, and said something else."
                raise _Refused("reference", why, "Give a new referral its own; correct the old one by hand.")
            return self._repeat(row, before.referral_id, before.number, "its reference")
        if row["review_reason"] and (listed := referred.of_ubrn(self.organisation_id, row["ubrn"])):
            return self._listed_again(row, listed)
        referral = self._referral(row)
        try:
            entered = self._register(row, referral)
        except registering.Repeated as refusal:
            standing = referred.one(self.organisation_id, refusal.earlier[0])
            return self._repeat(row, standing.pk, standing.number, "the same patient and specialty")
        except patients.LooksAlike as refusal:
            standing = self._same(row, referral, refusal.alike)
            if standing is None:
                raise
            return self._repeat(row, standing.pk, standing.number, "the same name, birth date and day")
        made = entered.row
        self.lines[made.pk] = row.line
        if reference:
            self._remember(row, made.pk)
        gaps = tuple(item.what for item in entered.missing)
        return Result(row.line, REGISTERED, reference, made.number, made.pk, gaps)

    def _listed_again(self, row: ReferralRow, standing: Any) -> Result:
        """What e-RS lists and is here. A slot issue is noted on it; its clock stays as it began."""
        if row["nhs_number"] and standing.patient.stands.nhs_number != row["nhs_number"]:
            why = f"This booking reference is of another patient here, with {standing.number}."
            raise _Refused("ubrn", why, "Compare both with e-RS, and mend the wrong one.")
        reason = ReviewReason(row["review_reason"])
        if reason.is_slot_issue and standing.state not in referred.OPEN:
            why = f"The patient tries to book by it, and {standing.number} has ended here."
            fix = "Ring the patient: end it in e-RS too, or register a new referral."
            raise _Refused("ubrn", why, fix)
        if reason.is_slot_issue and standing.review_reason != reason:
            referrals.list_slot_issue(standing.pk, reason, row.received_on, **self.scope)
        return self._repeat(row, standing.pk, standing.number, "its booking reference")

    def _is_of_this_message(self, before: queries.Known) -> bool:
        """Registered when the workers read the message, and only to be answered now."""
        is_same = self.taking.batch is not None and before.batch == self.taking.batch
        return is_same and before.referral_id not in self.lines

    def _registered(self, row: ReferralRow, made: Any) -> Result:
        gaps = made.gaps.filter(closed_at__isnull=True).values_list("what", flat=True)
        return Result(row.line, REGISTERED, row["reference"], made.number, made.pk, tuple(gaps))

    def _repeat(self, row: ReferralRow, key: int, number: str, by_what: str) -> Result:
        why = f"Known by {by_what}."
        of_line = self.lines.get(key)
        return Result(row.line, REPEAT, row["reference"], number, key, of_line=of_line, why=why)

    def _remember(self, row: ReferralRow, referral_id: int) -> None:
        TakenReferral.objects.create(
            organisation_id=self.organisation_id,
            sender=self.taking.sender,
            reference=row["reference"],
            digest=row.digest,
            referral_id=referral_id,
            batch=self.taking.batch,
            at=self.scope["at"],
        )

    def _referral(self, row: ReferralRow) -> registering.New:
        service = self.services.get(row["service"].casefold())
        if service is None:
            codes = sorted({each.code for each in self.services.values()})
            raise _Refused("service", "No service here is called so.", f"Write one of: {', '.join(codes)}.")
        self._check_days(row)
        if row["review_reason"] and not row["ubrn"]:
            why = "It stands on a worklist of e-RS and has no booking reference."
            raise _Refused("ubrn", why, "Write the UBRN, or leave out the review reason.")
        named = ("source", "sender", "sender_organisation", "ubrn", "priority", "condition", "question")
        said: dict[str, Any] = {name: row[name] for name in (*named, *MORE)}
        return registering.New(
            0,
            service.pk,
            row.received_on,
            route=self.taking.route,
            written_on=row.written_on,
            start_on=row.day("start_on"),
            from_consultant={"yes": True, "no": False}.get(row["from_consultant"]),
            **said,
        )

    def _check_days(self, row: ReferralRow) -> None:
        today = local(self.scope["at"]).date()
        again = "Check it with the letter."
        if row.received_on > today:
            raise _Refused("received_on", "This day is still to come.", again)
        if row.born_on is not None and row.born_on > today:
            raise _Refused("born_on", "This day is still to come.", again)
        if row.born_on is not None and row.born_on > row.received_on:
            raise _Refused("born_on", "The birth is after the referral.", again)
        if row.written_on is not None and row.written_on > row.received_on:
            raise _Refused("written_on", "It was received before it was written.", "Check both days.")
        start_on = row.day("start_on")
        if start_on is not None and start_on > row.received_on:
            raise _Refused("start_on", "That clock started after this was received.", "Check both days.")

    def _register(self, row: ReferralRow, referral: registering.New) -> registering.Entered:
        digits = row["nhs_number"]
        patient = known.by_nhs_number(self.organisation_id, digits) if digits else None
        if self.taking.patient is not None:
            patient = known.one(self.organisation_id, self.taking.patient)
        if patient is not None:
            if row.born_on is not None and patient.born_on != row.born_on:
                why = "The patient with this NHS number has another birth date here."
                raise _Refused("born_on", why, "Compare them with the letter, and mend the wrong one.")
            referral = replace(referral, patient_id=patient.pk)
            return self._enter(registering.enter(referral, self.ground, patient, at=self.scope["at"]))
        if row.born_on is None or not row["family_name"] or not row["given_names"]:
            why = "Nobody here has this NHS number, and the worklist does not say name and birth date."
            raise _Refused("nhs_number", why, "Register the patient, then give the worklist again.")
        who = ("family_name", "given_names", "address", "postcode", "phone", "mobile", "email", "practice")
        told: dict[str, Any] = {name: row[name] for name in who}
        new = patients.New(born_on=row.born_on, nhs_number=digits or None, sex=row["sex"] or "9", **told)
        at = self.scope["at"]
        made, entry = patients.enter(
            new, organisation_id=self.organisation_id, at=at, numbers=self.ground.numbers
        )
        referral = replace(referral, patient_id=made.pk)
        entered = registering.enter(referral, self.ground, made, at=at, is_new=True)
        self.patients.append(entry)
        return self._enter(entered)

    def _enter(self, entered: registering.Entered) -> registering.Entered:
        self.entered.append(entered)
        return entered

    def _same(self, row: ReferralRow, referral: registering.New, alike: Sequence[int]) -> Any:
        """The referral of the same person by name and birth date, to the same service, of the same day."""
        name = (row["family_name"].casefold(), row["given_names"].casefold())
        for key in alike:
            patient = known.one(self.organisation_id, key)
            if (patient.family_name.casefold(), patient.given_names.casefold()) != name:
                continue
            for each in referred.of_patient(self.organisation_id, key):
                if each.service_id == referral.service_id and each.received_on == row.received_on:
                    return each
        return None


# Files


@transaction.atomic
def give(
    raw: bytes,
    name: str,
    sender: str,
    *,
    organisation_id: int,
    by: Actor,
    at: datetime,
    service_id: int | None = None,
    has_turn: bool = False,
) -> GivenFile:
    """Keep a file or pasted rows as they came; a layout of the sender that is known is put to it.

    service_id  of the service whose worklist of e-RS it is; an answer of its interface needs it
    has_turn    e-RS was asked for it in a turn of its own (asking.py)
    One that cannot be read as a whole is kept as unread, with place, why and fix; the same one again is that
    one. Raises NotAllowed for more answers of one service on a day than e-RS gives: then nothing is kept.
    """
    row = GivenFile(
        organisation_id=organisation_id,
        sender=sender,
        name=name,
        body=raw,
        digest=hashlib.sha256(raw).hexdigest(),
        given_at=at,
        given_by=by.name[:150],
        service_id=service_id,
    )
    try:
        sheet = queries.sheet(raw)
    except CannotParse as refused:
        return queries.unread(row) or _unread(row, refused, "intake.keep_unread", by, at)
    row.is_answer = ers_worklist.is_one(raw)
    if row.is_answer and not has_turn:
        _check_limit(raw, service_id, organisation_id, at)
    row.layout = queries.layout(organisation_id, referral_file.layout_of(sheet.heading), sender)
    row.save()
    detail = {"sender": sender, "rows": len(sheet.rows), "layout": row.layout_id, "service": service_id}
    _note("intake.give", row, detail, by, at)
    if row.is_answer and row.layout is None:  # its columns are ours
        own = {heading: heading for heading in sheet.heading}
        return map_columns(row.pk, own, organisation_id=organisation_id, by=by, at=at)
    return row


def _unread(row: GivenFile, refused: CannotParse, verb: str, by: Actor, at: datetime) -> GivenFile:
    """Keep a file that cannot be read, in its bytes, with what is wrong with it."""
    row.state = State.UNREAD
    row.place, row.why, row.fix = refused.where[:200], refused.why[:500], refused.fix[:500]
    row.save()
    _note(verb, row, {"sender": row.sender, "bytes": len(bytes(row.body))}, by, at)
    return row


@transaction.atomic
def read_again(file_id: int, *, organisation_id: int, by: Actor, at: datetime) -> GivenFile:
    """Read a file again that could not be read, now that the reader was mended; or say anew what is wrong.

    Raises NotAllowed for one that was read or put aside.
    """
    row = _one(file_id, organisation_id, {State.UNREAD}, "Reading it again")
    raw = bytes(row.body)
    try:
        sheet = queries.sheet(raw)
    except CannotParse as refused:
        return _unread(row, refused, "intake.read_again", by, at)
    row.is_answer = ers_worklist.is_one(raw)
    if row.is_answer:
        _check_limit(raw, row.service_id, organisation_id, at)
    row.layout = queries.layout(organisation_id, referral_file.layout_of(sheet.heading), row.sender)
    row.state, row.place, row.why, row.fix = State.GIVEN, "", "", ""
    row.save()
    _note("intake.read_again", row, {"rows": len(sheet.rows), "layout": row.layout_id}, by, at)
    return row


def _check_limit(raw: bytes, service_id: int | None, organisation_id: int, at: datetime) -> None:
    """Raises NotAllowed without a service, and for one answer more than e-RS gives for it on a day."""
    event = "Giving this worklist"
    if service_id is None:
        raise NotAllowed("of no service", event, "Say whose worklist of e-RS it is.")
    one_at_a_time(Lock.TAKING, organisation_id)
    today = local(at).date()
    digest = hashlib.sha256(raw).hexdigest()
    most = policy.intake(organisation_id, at).ers_loads_a_day
    if queries.turns_taken(organisation_id, service_id, today, digest) >= most:
        again = f"{today + timedelta(days=1):%-d %b %Y}, 00:00"
        why = f"e-RS gives the worklists of a service {most} times a day. It is allowed again on {again}."
        raise NotAllowed("given as often as allowed", event, why)


@transaction.atomic
def load(
    raw: bytes, name: str, sender: str, service_id: int, *, organisation_id: int, by: Actor, at: datetime
) -> GivenFile:
    """Take a worklist of e-RS of one service without a page between: kept, read and registered.

    Columns are those remembered for the sender, else as the headings say. One that cannot be read as a whole
    is kept as unread. Raises as `give` and `map_columns` do, and NotAllowed for a file that is no worklist.
    """
    row = give(raw, name, sender, organisation_id=organisation_id, by=by, at=at, service_id=service_id)
    if row.state == State.UNREAD:
        return row
    return register(row.pk, organisation_id=organisation_id, by=by, at=at)


@transaction.atomic
def register(file_id: int, *, organisation_id: int, by: Actor, at: datetime) -> GivenFile:
    """Register what can be of a worklist that was kept, as `load` does. Raises as it does."""
    scope: dict[str, Any] = {"organisation_id": organisation_id, "by": by, "at": at}
    row = _open(file_id, organisation_id)
    raw = bytes(row.body)
    if row.layout is None:
        said = referral_file.guessed(queries.sheet(raw).heading)
        row = map_columns(row.pk, said, **scope)
    if row.layout is None or not referral_file.is_worklist(row.layout.mapping):
        why = "It has no columns UBRN and review reason. Give any other file on the page."
        raise NotAllowed("no worklist", "Loading this worklist", why)
    found = preview(row.pk, **scope)
    return confirm(row.pk, found.digest, **scope)


def says(layout: Layout | None) -> dict[str, str]:
    """What a layout says, field by field; nothing where there is none."""
    return dict(layout.mapping) if layout else {}


@transaction.atomic
def map_columns(
    file_id: int,
    mapping: Mapping[str, str],
    *,
    organisation_id: int,
    by: Actor,
    at: datetime,
    seen: Mapping[str, Any] | None = None,
) -> GivenFile:
    """Say which column holds which field, and remember it for the sender and these headings.

    mapping  our name -> their heading; another mapping than before is a new version
    seen     the mapping that was remembered when the page was opened
    Raises ChangedMeanwhile where it is another now, and NotAllowed for a closed file, for a heading there is
    not or that stands twice, and where a needed field has no column.
    """
    row = _open(file_id, organisation_id)
    heading = queries.sheet(bytes(row.body)).heading
    chosen = {name: mapping[name] for name in FIELDS if mapping.get(name)}
    event = MAPPING
    if unknown := sorted(set(chosen.values()) - set(heading)):
        raise NotAllowed("not mapped", event, f"The file has no column called {unknown[0]}.")
    if twice := sorted(each for each in chosen.values() if heading.count(each) > 1):
        why = f"Two columns are called {twice[0]}. Give each a name of its own."
        raise NotAllowed("not mapped", event, why)
    needs = [name for name in referral_file.needed(chosen) if row.service_id is None or name != "service"]
    if missing := [FIELDS[name].label for name in needs if name not in chosen]:
        raise NotAllowed("not mapped", event, f"Say which column holds {', '.join(missing)}.")
    digest = referral_file.layout_of(heading)
    one_at_a_time(Lock.LAYOUT, key_of(organisation_id, digest, row.sender))
    before = queries.layout(organisation_id, digest, row.sender)
    if seen is not None:
        check_whole({**dict.fromkeys(FIELDS), **chosen}, seen, says(before), event)
    if before is None or before.mapping != chosen:
        before = Layout.objects.create(
            organisation_id=organisation_id,
            sender=row.sender,
            digest=digest,
            version=before.version + 1 if before else 1,
            heading=list(heading),
            mapping=chosen,
            made_at=at,
            made_by=by.name[:150],
        )
        detail = {"sender": row.sender, "version": before.version, "mapping": chosen}
        audit(
            [Entry("intake.map", f"layout:{before.pk}", detail)],
            organisation_id=organisation_id,
            by=by,
            at=at,
        )
    row.layout = before
    row.save(update_fields=["layout"])
    _note("intake.use_layout", row, {"layout": before.pk}, by, at)
    return row


@dataclass(frozen=True, slots=True)
class Preview:
    """What registering a file would do now. digest  of it, to be shown again when it is confirmed."""

    rows: tuple[ReferralRow | CannotParse, ...]
    results: tuple[Result, ...]
    digest: str


def preview(file_id: int, *, organisation_id: int, by: Actor, at: datetime) -> Preview:
    """What registering a file would do now, found by doing it and taking all of it back.

    The numbers of referrals that it would make are not theirs to keep. Raises NotAllowed for a closed file or
    one without a layout, CannotParse where its columns no longer fit.
    """
    with transaction.atomic():
        row = _open(file_id, organisation_id)
        found = _take_file(row, organisation_id, by, at, is_rehearsal=True)
        transaction.set_rollback(True)
    return found


@transaction.atomic
def confirm(file_id: int, digest: str, *, organisation_id: int, by: Actor, at: datetime) -> GivenFile:
    """Register the rows of a file that can be. Raises NotAllowed where anything differs from the preview."""
    row = _open(file_id, organisation_id)
    found = _take_file(row, organisation_id, by, at)
    if found.digest != digest:
        why = "What would happen has changed since you looked. Look again."
        raise NotAllowed("changed", "Registering this file", why)
    row.results = [asdict(each) for each in found.results]
    row.state, row.closed_at, row.closed_by = State.TAKEN, at, by.name[:150]
    row.save(update_fields=["results", "state", "closed_at", "closed_by"])
    counts = {verdict: _count(found.results, verdict) for verdict in (REGISTERED, REPEAT, REFUSED)}
    _note("intake.confirm", row, counts, by, at)
    return row


@transaction.atomic
def drop(file_id: int, *, organisation_id: int, by: Actor, at: datetime) -> GivenFile:
    """Put a file aside: nothing of it is registered. Raises NotAllowed when it is closed."""
    row = _one(file_id, organisation_id, {State.GIVEN, State.UNREAD}, "Putting it aside")
    row.state, row.closed_at, row.closed_by = State.DROPPED, at, by.name[:150]
    row.save(update_fields=["state", "closed_at", "closed_by"])
    _note("intake.drop", row, {}, by, at)
    return row


@transaction.atomic
def look(file_id: int, page: str, *, organisation_id: int, by: Actor, at: datetime) -> None:
    """Record that somebody is shown the rows of a file, which name patients; called before they are."""
    entry = Entry("intake.look", f"file:{file_id}", {"page": page})
    audit([entry], organisation_id=organisation_id, by=by, at=at)


def _take_file(
    row: GivenFile, organisation_id: int, by: Actor, at: datetime, *, is_rehearsal: bool = False
) -> Preview:
    if row.layout is None:
        raise NotAllowed("not mapped", "Reading this file", "Say first which column holds what.")
    rows = queries.rows(row)
    scope: dict[str, Any] = {"organisation_id": organisation_id, "by": by, "at": at}
    route = Route.ERS if referral_file.is_worklist(row.layout.mapping) else Route.EMAIL
    results = take(rows, Taking(row.sender, route), is_rehearsal=is_rehearsal, **scope)
    return Preview(tuple(rows), tuple(results), _digest(results))


def _digest(results: Sequence[Result]) -> str:
    """Of what a person decides on: not of numbers, which a preview gives out and takes back."""
    said = [[each.line, each.verdict, each.gaps, each.of_line, each.where, each.fix] for each in results]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def _count(results: Sequence[Result], verdict: str) -> int:
    return sum(each.verdict == verdict for each in results)


def _open(file_id: int, organisation_id: int) -> GivenFile:
    return _one(file_id, organisation_id, {State.GIVEN}, "Changing this file")


def _one(file_id: int, organisation_id: int, states: Collection[str], event: str) -> GivenFile:
    rows = GivenFile.objects.select_for_update(of=("self",)).select_related("layout")
    row = rows.get(pk=file_id, organisation_id=organisation_id)
    if row.state == State.UNREAD and State.UNREAD not in states:
        raise NotAllowed("unread", event, f"It cannot be read. {row.fix}")
    if row.state not in states:
        why = "This file is closed. Give what is to be registered as a new one."
        raise NotAllowed(row.get_state_display().lower(), event, why)
    return row


def _note(verb: str, row: GivenFile, detail: Mapping[str, Any], by: Actor, at: datetime) -> None:
    entry = Entry(verb, f"file:{row.pk}", detail)
    audit([entry], organisation_id=row.organisation_id, by=by, at=at)
