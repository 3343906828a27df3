"""Every write to the queue of findings: what the duty brings in line, and what people do about each.

A case ends only when the owning source confirms (its facts no longer break the rule, or say the agreed
value), when a person records that it was changed there, or when a person says why the value is right. Until
then both values show. The facts stand as they came.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from clearway.core.audit.actions import Actor, Entry
from clearway.core.audit.actions import record as audit
from clearway.core.layout.times import clock
from clearway.core.live.actions import announce
from clearway.core.locks import Lock, one_at_a_time
from clearway.domain.ambulance.quality import RULES, Rule
from clearway.domain.shared.errors import NotAllowed
from clearway.domain.shared.findings import Severity

from ..incidents import queries as incidents
from ..incidents.queries import About
from ..resources import queries as resources
from .models import Finding, FindingCase, FindingWord
from .policy import QueuePolicy, queue_policy

Kind = FindingWord.Kind
Ended = FindingCase.Ended
Answer = FindingCase.Answer
LATELY = timedelta(hours=25)
DUTY = "duty:quality"
SAME = {name: OuterRef(name) for name in ("stream", "code", "what")}
SECOND_PERSON = frozenset({"HQ31"})  # ended by somebody who may sign, not by whoever works the queue
SIGNED = (Kind.RIGHT, Kind.CHANGED_THERE, Kind.SETTLED)  # what needs the second person there
FOUND_OUT = "Say in a sentence what was found out"
SAYS_WHY = {
    Kind.SAID: FOUND_OUT,
    Kind.RIGHT: FOUND_OUT,
    Kind.CHANGED_THERE: FOUND_OUT,
    Kind.SETTLED: "Say who agreed at the hospital, and how",
}
UNKNOWN_RULE = Rule("", Severity.LOW, "control room", "A rule that is no longer in the table")


@transaction.atomic
def follow(organisation_id: int, *, at: datetime) -> int:
    """Bring the cases in line with the findings. Called every minute. Returns how many are new.

    New findings become cases; a case whose finding is gone, or whose source now says the agreed value, ends;
    one whose finding came back is open again. Each leaves a word.
    """
    one_at_a_time(Lock.FINDINGS, organisation_id)
    new = _open_new(organisation_id, at)
    ended = _confirmed(organisation_id, at)
    again = _came_back(organisation_id, at)
    announce(
        "finding", [str(each) for each in (*new, *ended, *again)], organisation_id=organisation_id, at=at
    )
    return len(new)


def _open_new(organisation_id: int, at: datetime) -> list[int]:
    of_it = FindingCase.objects.filter(
        organisation_id=organisation_id,
        **SAME,
    )
    rows = list(
        Finding.objects.filter(
            ~Exists(of_it), organisation_id=organisation_id, known_at__gte=at - LATELY
        ).order_by("stream", "origin", "place")
    )
    if not rows:
        return []
    jobs = {_key(row) for row in rows if row.stream.startswith("assignment:")}
    known = incidents.about(organisation_id, jobs)
    call_signs = {_key(row) for row in rows if row.stream.startswith("resource:")}
    call_signs |= {about.call_sign for about in known.values()}
    standings = resources.by_call_sign(organisation_id, call_signs)
    stations = {name: each.station or "" for name, each in standings.items()}
    policy = queue_policy(organisation_id, at)
    once: dict[tuple[str, str, str], Finding] = {}
    for row in rows:
        once.setdefault((row.stream, row.code, row.what), row)
    cases = [_case(row, known.get(_key(row)), stations, policy) for row in once.values()]
    made = FindingCase.objects.bulk_create(cases, batch_size=1000)
    return [case.pk for case in made]


def _key(row: Finding) -> str:
    return row.stream.partition(":")[2]


def _case(row: Finding, about: About | None, stations: Mapping[str, str], policy: QueuePolicy) -> FindingCase:
    rule, kind, key = RULES.get(row.code, UNKNOWN_RULE), *row.stream.partition(":")[::2]
    stamps = about.stamps if about else {}
    said = stamps.get(row.what)
    call_sign = about.call_sign if about else key if kind == "resource" else ""
    happened = (about.arrived or about.since) if about else None
    site = {"hospital": key, "site-day": key.split(":")[0], "site-week": key.split(":")[0]}.get(kind, "")
    return FindingCase(
        organisation_id=row.organisation_id,
        stream=row.stream,
        code=row.code,
        what=row.what,
        severity=rule.severity.value,
        fixer=rule.fixer,
        site=about.site if about else site,
        incident=about.incident if about else "",
        call_sign=call_sign,
        station=stations.get(call_sign, "")[:80],
        happened_at=happened or row.known_at,
        found_at=row.known_at,
        due_at=policy.due_at(rule.severity, row.known_at),
        evidence=row.evidence,
        original=datetime.fromisoformat(said) if said else None,
        derived=row.proposed,
    )


def _confirmed(organisation_id: int, at: datetime) -> list[int]:
    """End the cases whose finding is gone, and those whose source now says what was agreed."""
    stands = Finding.objects.filter(
        organisation_id=organisation_id,
        **SAME,
    )
    rows = FindingCase.objects.filter(organisation_id=organisation_id, ended_at__isnull=True)
    gone = list(rows.filter(~Exists(stands)))
    # A second person looks at a change itself: that the source says it is no end of it.
    agreed = list(rows.filter(Exists(stands), agreed__isnull=False).exclude(code__in=SECOND_PERSON))
    known = incidents.about(organisation_id, {case.stream.partition(":")[2] for case in (*gone, *agreed)})
    done = [(case, _says(case, known)) for case in gone]
    done += [(case, says) for case in agreed if (says := _says(case, known)) and _is_agreed(case, says)]
    _end(done, at)
    return [case.pk for case, _ in done]


def _is_agreed(case: FindingCase, says: datetime) -> bool:
    """Whether the source says what was agreed; to the minute where that was given in whole minutes."""
    agreed = case.agreed
    if agreed is not None and agreed.second == agreed.microsecond == 0:
        says = says.replace(second=0, microsecond=0)
    return says == agreed


def _says(case: FindingCase, known: Mapping[str, About]) -> datetime | None:
    """The value as the source says it now."""
    about = known.get(case.stream.partition(":")[2])
    said = about.stamps.get(case.what) if about else None
    return datetime.fromisoformat(said) if said else None


def _end(done: Collection[tuple[FindingCase, datetime | None]], at: datetime) -> None:
    for case, _ in done:
        case.ended_at, case.ended = at, Ended.SOURCE
    FindingCase.objects.bulk_update([case for case, _ in done], ["ended_at", "ended"], batch_size=1000)
    FindingWord.objects.bulk_create(
        FindingWord(of=case, kind=Kind.CONFIRMED, at=at, by=DUTY, value=value) for case, value in done
    )


def _came_back(organisation_id: int, at: datetime) -> list[int]:
    """Cases whose finding stands again since they ended, whoever ended them.

    Of a job, positions may lose a finding for a minute: what somebody has said to be right stays so there.
    """
    stands = Finding.objects.filter(
        organisation_id=organisation_id,
        **SAME,
        known_at__gt=OuterRef("ended_at"),
        known_at__gte=at - LATELY,
    )
    is_right = Q(ended=Ended.RIGHT, stream__startswith="assignment:")
    rows = FindingCase.objects.filter(
        Q(Exists(stands)) & ~is_right | Q(Exists(stands.exclude(origin=Finding.Origin.POSITIONS))),
        organisation_id=organisation_id,
        ended_at__isnull=False,
    )
    again = list(rows)
    if not again:
        return []
    found = Finding.objects.filter(
        organisation_id=organisation_id, stream__in={case.stream for case in again}
    ).order_by("known_at")
    newest = {(row.stream, row.code, row.what): row for row in found}
    policy = queue_policy(organisation_id, at)
    for case in again:
        _open_again(case, newest[case.stream, case.code, case.what], policy)
    FindingCase.objects.bulk_update(again, OPENED_AGAIN, batch_size=1000)
    words = (FindingWord(of=case, kind=Kind.REOPENED, at=at, by=DUTY) for case in again)
    FindingWord.objects.bulk_create(words)
    return [case.pk for case in again]


OPENED_AGAIN = [
    *("ended_at", "ended", "found_at", "due_at", "happened_at", "evidence", "owner", "taken_at"),
    *("proposed", "asked_at", "answer_by", "answer", "agreed", "agreed_by_both"),
]


def _open_again(case: FindingCase, row: Finding, policy: QueuePolicy) -> None:
    """Soon after it ended it is still with whoever had it; later it is a new one, of which nobody knows."""
    ended, case.ended_at, case.ended = case.ended_at, None, ""
    if ended is not None and row.known_at - ended <= LATELY:
        return
    case.found_at, case.evidence = row.known_at, row.evidence
    case.due_at = policy.due_at(RULES.get(row.code, UNKNOWN_RULE).severity, row.known_at)
    if not case.stream.startswith("assignment:"):
        case.happened_at = row.known_at
    case.owner, case.taken_at = None, None
    case.proposed, case.asked_at, case.answer_by, case.answer = None, None, None, ""
    case.agreed, case.agreed_by_both = None, False


# What people do


@dataclass(frozen=True, slots=True)
class Word:
    """What somebody does about a finding; `value` of a proposal, a settlement and a change at the source."""

    kind: FindingWord.Kind
    words: str = ""
    value: datetime | None = None


@transaction.atomic
def say(
    key: int, word: Word, *, may_sign: bool, organisation_id: int, by: Actor, at: datetime
) -> FindingCase:
    """Take a finding, put it back, say something, propose, settle, record a change there, or say it is right.

    may_sign  whether who does it may end what needs a second person
    Raises NotAllowed: there is none, it has ended, a colleague has it, or something is missing.
    """
    case = _held(key, organisation_id)
    _check(case, word, may_sign, by, at)
    if word.kind == Kind.TAKEN:
        case.owner_id, case.taken_at = by.user_id, at
    if word.kind == Kind.RETURNED:
        case.owner, case.taken_at = None, None
    if word.kind == Kind.PROPOSED:
        hours = queue_policy(organisation_id, at).answer_hours
        case.proposed, case.asked_at, case.answer = word.value, at, ""
        case.answer_by = at + timedelta(hours=hours)
        case.agreed, case.agreed_by_both = None, False
    if word.kind == Kind.SETTLED:
        case.agreed, case.agreed_by_both = word.value, True
    if word.kind == Kind.CHANGED_THERE:
        case.agreed = word.value or case.agreed
        case.ended_at, case.ended = at, Ended.PERSON
    if word.kind == Kind.RIGHT:
        case.ended_at, case.ended = at, Ended.RIGHT
    _keep(case, word, by, at)
    return case


@transaction.atomic
def answer(
    key: int, word: Word, *, sites: Collection[str] | None, organisation_id: int, by: Actor, at: datetime
) -> FindingCase:
    """The hospital accepts or rejects what was proposed. Raises NotAllowed.

    sites  the codes of the sites of whoever answers; None for all
    """
    case = _held(key, organisation_id)
    if sites is not None and case.site not in sites:
        raise NotAllowed("elsewhere", "Answering this", "It is about another hospital.")
    if case.ended_at is not None:
        raise NotAllowed("ended", "Answering this", f"It ended at {clock(case.ended_at)}.")
    if case.proposed is None or case.answer:
        raise NotAllowed("answered", "Answering this", "It was answered already, or taken back.")
    if word.kind == Kind.REJECTED and not word.words.strip():
        raise NotAllowed("not said", "Rejecting this", "Say why: what do you have instead?")
    if word.kind == Kind.ACCEPTED:
        case.answer, case.agreed, case.agreed_by_both = Answer.ACCEPTED, case.proposed, True
        word = Word(word.kind, word.words, case.proposed)
    else:
        case.answer = Answer.REJECTED
    _keep(case, word, by, at)
    return case


def _held(key: int, organisation_id: int) -> FindingCase:
    case = FindingCase.objects.select_for_update().filter(organisation_id=organisation_id, pk=key).first()
    if case is None:
        raise NotAllowed("gone", "Recording this", "There is no such finding. Open the list again.")
    return case


def _check(case: FindingCase, word: Word, may_sign: bool, by: Actor, at: datetime) -> None:
    what = "Recording this"
    if case.ended_at is not None:
        raise NotAllowed("ended", what, f"It ended at {clock(case.ended_at)}. Open the list again.")
    if word.kind == Kind.TAKEN and case.owner_id not in (None, by.user_id):
        raise NotAllowed("taken", what, f"{case.owner} has it. Ask them to put it back.")
    if word.kind == Kind.RETURNED and case.owner_id != by.user_id and not may_sign:
        raise NotAllowed("not yours", what, "Who has it, or a service delivery officer, puts it back.")
    if word.kind == Kind.PROPOSED and not case.site:
        raise NotAllowed("no site", what, "No hospital is known that could agree. Settle it with the source.")
    if word.kind in (Kind.PROPOSED, Kind.SETTLED) and word.value is None:
        raise NotAllowed("no value", what, "Give the time that is proposed or agreed.")
    if word.kind in (Kind.PROPOSED, Kind.SETTLED) and word.value is not None and word.value > at:
        raise NotAllowed("future", what, "The time lies in the future.")
    if word.kind in SAYS_WHY and not word.words.strip():
        raise NotAllowed("not said", what, f"{SAYS_WHY[word.kind]}.")
    if case.code in SECOND_PERSON and word.kind in SIGNED and not may_sign:
        raise NotAllowed("second person", what, "A service delivery officer ends this one.")


def _keep(case: FindingCase, word: Word, by: Actor, at: datetime) -> None:
    case.save()
    FindingWord.objects.create(
        of=case,
        kind=word.kind,
        at=at,
        by=by.name,
        role=by.role or "",
        words=word.words.strip()[:300],
        value=word.value,
    )
    detail = {"rule": case.code, "value": word.value and word.value.isoformat(), "words": word.words[:300]}
    entry = Entry(f"quality.{word.kind}", f"finding:{case.pk}", detail)
    audit([entry], organisation_id=case.organisation_id, by=by, at=at)
    announce("finding", [str(case.pk)], organisation_id=case.organisation_id, at=at)
