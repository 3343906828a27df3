"""Reading the queue of findings: by rule, severity, site and who has it; for the hospital its own alone."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Case, Count, Q, QuerySet, Value, When

from clearway.core.people.reach import Sites

from ..incidents import queries as incidents
from .models import Finding, FindingCase

NOBODY, MINE = "nobody", "mine"
SEVERITIES = ("critical", "high", "medium", "low")
ANSWERED_BACK = timedelta(days=28)  # how long the hospital sees what it has answered
_ORDER = Case(*(When(severity=each, then=Value(place)) for place, each in enumerate(SEVERITIES)))


@dataclass(frozen=True, slots=True)
class Asked:
    """What the list is asked for; "" for everything. who  MINE, NOBODY or ""."""

    rule: str = ""
    severity: str = ""
    site: str = ""
    who: str = ""
    ended: bool = False


def cases(organisation_id: int, sites: Sites, asked: Asked, user_id: int | None) -> QuerySet[FindingCase]:
    """Cases in reach: the open ones by severity and due time, or the ended ones, newest first."""
    rows = within(organisation_id, sites).filter(ended_at__isnull=not asked.ended)
    if asked.rule:
        rows = rows.filter(code=asked.rule)
    if asked.severity:
        rows = rows.filter(severity=asked.severity)
    if asked.site:
        rows = rows.filter(site=asked.site)
    if asked.who:
        rows = rows.filter(owner=None if asked.who == NOBODY else user_id)
    rows = rows.select_related("owner")
    if asked.ended:
        return rows.order_by("-ended_at", "-pk")
    return rows.annotate(worst=_ORDER).order_by("worst", "due_at", "pk")


def within(organisation_id: int, sites: Sites) -> QuerySet[FindingCase]:
    """Every case, or those at the sites; what belongs to no site is for those who see the whole region."""
    rows = FindingCase.objects.filter(organisation_id=organisation_id)
    return rows if sites is None else rows.filter(site__in=sites)


def one(organisation_id: int, key: int, sites: Sites) -> FindingCase | None:
    """One case in reach. One query."""
    return within(organisation_id, sites).select_related("owner").filter(pk=key).first()


def by_key(organisation_id: int, keys: Sequence[int]) -> QuerySet[FindingCase]:
    """Some cases, for the screens that show them."""
    return within(organisation_id, None).filter(pk__in=keys).select_related("owner").order_by("pk")


def counts(organisation_id: int, sites: Sites) -> tuple[Counter[str], Counter[str], Counter[str]]:
    """How many are open, by severity, by rule and by site. One query."""
    rows = within(organisation_id, sites).filter(ended_at__isnull=True)
    found: tuple[Counter[str], Counter[str], Counter[str]] = Counter(), Counter(), Counter()
    for severity, code, site, number in rows.values_list("severity", "code", "site").annotate(Count("pk")):
        for counter, name in zip(found, (severity, code, site), strict=True):
            counter[name] += number
    return found


def evidence_now(case: FindingCase) -> Finding | None:
    """The finding as it stands now; None when it is gone."""
    same = Finding.objects.filter(
        organisation_id=case.organisation_id, stream=case.stream, code=case.code, what=case.what
    )
    return same.order_by("origin", "place").first()


def said_now(case: FindingCase) -> datetime | None:
    """The value as the source says it now. One query."""
    kind, _, key = case.stream.partition(":")
    about = incidents.about(case.organisation_id, [key]).get(key) if kind == "assignment" else None
    said = about.stamps.get(case.what) if about else None
    return datetime.fromisoformat(said) if said else None


@dataclass(frozen=True, slots=True)
class Named:
    """What a hospital may see of the patient of one case: the agreed reference, time, sex and age band."""

    case: FindingCase
    sex: str
    age_band: str


def for_hospital(organisation_id: int, sites: Sites, at: datetime) -> list[Named]:
    """What the hospital is asked, soonest due first, then what it answered of late. Two queries."""
    waits = Q(answer="", ended_at__isnull=True)
    lately = ~Q(answer="") & Q(asked_at__gt=at - ANSWERED_BACK)
    rows = within(organisation_id, sites).filter(waits | lately, proposed__isnull=False)
    listed = sorted(rows, key=lambda case: (bool(case.answer), case.answer_by, case.pk))
    people = incidents.sex_and_age(organisation_id, {_incident(case) for case in listed})
    return [Named(case, *_of(people, case)) for case in listed]


def asked_of_hospital(organisation_id: int, key: int, sites: Sites) -> Named | None:
    """One case that was proposed to a hospital in reach. Two queries."""
    case = within(organisation_id, sites).filter(pk=key, proposed__isnull=False).first()
    if case is None:
        return None
    people = incidents.sex_and_age(organisation_id, {_incident(case)})
    return Named(case, *_of(people, case))


def _of(people: dict[str, tuple[str | None, int | None]], case: FindingCase) -> tuple[str, str]:
    sex, age = people.get(_incident(case), (None, None))
    return sex or "not known", age_band(age)


def age_band(age: int | None) -> str:
    """Ten years wide, open at the top: nobody is known by it."""
    if age is None:
        return "not known"
    if age >= 90:
        return "90 or older"
    return f"{age // 10 * 10} to {age // 10 * 10 + 9}"


def _incident(case: FindingCase) -> str:
    return case.incident


def to_validate(organisation_id: int, sites: Sites, at: datetime) -> QuerySet[FindingCase]:
    """The joint list of the week: what the hospital rejected, or did not answer in time."""
    unresolved = Q(answer=FindingCase.Answer.REJECTED) | Q(answer="", answer_by__lte=at)
    rows = within(organisation_id, sites).filter(
        unresolved, proposed__isnull=False, ended_at__isnull=True, agreed_by_both=False
    )
    return rows.select_related("owner").prefetch_related("words").order_by("site", "asked_at", "pk")


@dataclass(frozen=True, slots=True)
class Untaken:
    """What nobody has taken up at one site: the critical ones by name, how many high ones, soonest due.

    named  (rule, call sign) of the critical ones, the soonest due first; critical  their cases, in that order
    highs  (due, case) of the high ones, the soonest due first
    """

    site: str
    named: tuple[tuple[str, str], ...]
    critical: tuple[int, ...]
    critical_due: datetime | None
    highs: tuple[tuple[datetime, int], ...]

    @property
    def high(self) -> int:
        return len(self.highs)

    @property
    def high_due(self) -> datetime | None:
        return self.highs[0][0] if self.highs else None


def untaken(organisation_id: int) -> list[Untaken]:
    """What is critical or high and nobody has taken up, by site. Two queries."""
    rows = FindingCase.objects.filter(organisation_id=organisation_id, ended_at__isnull=True, owner=None)
    critical: dict[str, list[tuple[datetime, str, str, int]]] = defaultdict(list)
    fields = "site", "due_at", "code", "call_sign", "pk"
    for site, due_at, code, call_sign, key in rows.filter(severity="critical").values_list(*fields):
        critical[site].append((due_at, code, call_sign, key))
    high: dict[str, list[tuple[datetime, int]]] = defaultdict(list)
    for site, due_at, key in rows.filter(severity="high").values_list("site", "due_at", "pk"):
        high[site].append((due_at, key))
    found = []
    for site in sorted(critical.keys() | high.keys()):
        worst = sorted(critical.get(site, ()))
        named = tuple((code, call_sign) for _, code, call_sign, _ in worst)
        due = worst[0][0] if worst else None
        highs = tuple(sorted(high.get(site, ())))
        found.append(Untaken(site, named, tuple(each[-1] for each in worst), due, highs))
    return found


def overdue(organisation_id: int, at: datetime) -> list[int]:
    """The cases whose proposals the hospitals have not answered in time, or rejected. One query."""
    return list(to_validate(organisation_id, None, at).values_list("pk", flat=True))
