"""Where a patient may be taken: the case as a crew states it, the destination rules, and the alternatives.

A rule is clinical policy: data with an owner and a review date, never a constant of the code. It filters; no
number of minutes ranks it away. A role or a place that nobody has confirmed is named and never used.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from ..shared.geography import Point
from ..shared.region import Mark, Policy, Site, SiteKind
from .words import Category, Need, ResourceKind

RULE_PREFIX, KIND_PREFIX, DIRECTORY = "destination_rule_", "alternative_kind_", "alternatives_directory"
PLACE_PREFIX = "alternative_place_"  # of a policy that answers for one place of the directory
NOT_SAID = float("nan")
T = TypeVar("T")


class PositionSource(StrEnum):
    """Who says where a journey begins."""

    SAID = "said"  # whoever asks
    VEHICLE = "vehicle"  # the newest fix of the crew's vehicle
    SCENE = "scene"  # the crew is there, or has yet to arrive: the incident's own place
    SCENE_LEFT = "scene_left"  # the crew has left it since

    @property
    def grows_old(self) -> bool:
        """Where a crew was on its way holds for a few minutes only."""
        return self in (PositionSource.VEHICLE, PositionSource.SCENE_LEFT)


@dataclass(frozen=True, slots=True)
class Case:
    """One patient who is about to leave scene, as far as the crew has said. No identity.

    key             names the case, the same on every asking (the assignment's key)
    position        where the journey begins; home  where the crew is to be again afterwards, if known
    age, news2      None where nobody said
    ready_at        when the crew can leave, seconds since 1970
    shift_end       of the crew, seconds; NaN where not known
    position_from   who says so; position_at  from when that is, seconds; NaN where not known
    continuing_care code of the site that treats the patient already (oncology, dialysis, transplant)
    booked_at       code of the site where the birth is booked
    refused         codes of sites that the patient, who may decide, refuses
    standing        code of the answer that stands: another must be clearly better
    accepted        code of the department that the crew goes to already: no agreed load bars that any more
    needs_asked     somebody has asked: only then do no needs mean none
    """

    key: str
    position: Point
    ready_at: float
    call_sign: str = ""
    age: int | None = None
    needs: frozenset[Need] = frozenset()
    news2: int | None = None
    category: Category | None = None
    vehicle: ResourceKind | None = None
    shift_end: float = NOT_SAID
    position_at: float = NOT_SAID
    position_from: PositionSource = PositionSource.SAID
    home: Point | None = None
    continuing_care: str | None = None
    booked_at: str | None = None
    refused: frozenset[str] = frozenset()
    standing: str | None = None
    accepted: str | None = None
    needs_asked: bool = True

    @property
    def is_described(self) -> bool:
        """Age, needs and NEWS2 have been said: what is not known is never taken for harmless."""
        return self.needs_asked and self.news2 is not None and self.age is not None

    def __post_init__(self) -> None:
        if self.age is not None and not 0 <= self.age <= 120:
            raise ValueError(f"age is a number of years from 0 to 120; got {self.age}")
        if self.news2 is not None and not 0 <= self.news2 <= 20:
            raise ValueError(f"news2 is a score from 0 to 20; got {self.news2}")


@dataclass(frozen=True, slots=True)
class Ages:
    """Years, from the first to below the last; an unknown age is read as an adult's, and asked for."""

    start: int = 0
    end: int = 200

    def holds(self, age: int | None, adult: int = 18) -> bool:
        return self.start <= (adult if age is None else age) < self.end


@dataclass(frozen=True, slots=True)
class Signed:
    """Who answers for a clinical rule, from where it is, when it is looked at again, how far to trust it."""

    owner: str
    source: str
    review_on: str
    mark: Mark


@dataclass(frozen=True, slots=True)
class DestinationRule:
    """One row of the table of destination rules. It holds for patients of its ages with any of its needs.

    needs           empty: everybody of these ages
    requires        roles of which a site must hold one, confirmed
    prefers         roles that are named when a site has them; they filter nothing
    fallback        roles tried next, in turn, when no such site is within the limit; then nearest appropriate
    forbids         roles that bar a site
    always_open     a site that closes at night is barred
    nearest_always  the nearest appropriate department, whatever the queue, and never diverted; with
                    `requires` the nearest that holds one of these, and where none is in reach the nearest
    nearest_of_role time-critical: of those that hold what is asked for, the nearest, whatever the queue
    limit_minutes   longest drive to a site of `requires` or `fallback`; None for no limit
    say             what the crew is to do besides, in a sentence
    order           place in the file: of two rules that cannot both be met the first counts
    """

    code: str
    name: str
    order: int
    signed: Signed
    needs: frozenset[Need] = frozenset()
    ages: Ages = Ages()
    requires: tuple[str, ...] = ()
    prefers: tuple[str, ...] = ()
    fallback: tuple[str, ...] = ()
    forbids: tuple[str, ...] = ()
    always_open: bool = False
    nearest_always: bool = False
    nearest_of_role: bool = False
    limit_minutes: float | None = None
    say: str = ""

    @property
    def is_time_critical(self) -> bool:
        """Treatment counts from when the crew arrives: no queue moves the patient farther away."""
        return self.nearest_always or self.nearest_of_role

    def applies(self, case: Case) -> bool:
        return self.holds(case.age, case.needs)

    def holds(self, age: int | None, needs: frozenset[Need]) -> bool:
        """Whether it applies to a patient of this age with these needs."""
        return self.ages.holds(age) and (not self.needs or bool(self.needs & needs))


@dataclass(frozen=True, slots=True)
class AlternativeKind:
    """A pathway other than an emergency department, and who may take it.

    needs          a patient must have one of them; empty: any patient whose score allows it
    never_with     needs that rule it out
    news2_most     highest score that may take it; a score that nobody said rules it out
    travels        the crew conveys there; else it is released on scene once the pathway has accepted
    answer_minutes until somebody answers the call; minutes  from arrival (or from acceptance) to being free
    accepts_share  of the calls that are accepted, 0 to 1
    """

    kind: str
    name: str
    signed: Signed
    needs: frozenset[Need]
    never_with: frozenset[Need]
    ages: Ages
    news2_most: int
    travels: bool
    answer_minutes: float
    minutes: float
    accepts_share: float
    access: str
    criteria: str


@dataclass(frozen=True, slots=True)
class Alternative:
    """One place or service of a kind, in the directory.

    opens, closes      civil times as in Site; days  letters of "MTWTFSS" as "1111100" from Monday
    confirmed          somebody answers for its being there and taking such patients: else it is only named
    capacity_per_hour  patients that it takes; None where nobody said
    position           None for a service that comes or answers by telephone
    """

    code: str
    name: str
    kind: str
    position: Point | None
    area: str | None
    opens: str | None
    closes: str | None
    days: str
    confirmed: bool
    capacity_per_hour: float | None
    contact: str
    mark: Mark
    source: str


@dataclass(frozen=True, slots=True)
class Answers:
    """What one alternative has answered lately to those who rang it.

    accepted  keys of the cases that it accepted in the last hour
    full_at   when it said that it is full and accepted nobody since, seconds; NaN where it did not
    """

    code: str
    accepted: frozenset[str] = frozenset()
    full_at: float = NOT_SAID


def rules_of(policies: Iterable[Policy]) -> tuple[DestinationRule, ...]:
    """The destination rules among policies, in their order."""
    made = (rule_of(policy) for policy in policies if policy.name.startswith(RULE_PREFIX))
    return tuple(sorted(made, key=lambda rule: (rule.order, rule.code)))


def rule_of(policy: Policy) -> DestinationRule:
    """The rule that a policy holds. Raises ValueError naming the field."""
    values = Values(policy.values)
    rule = DestinationRule(
        code=policy.name.removeprefix(RULE_PREFIX),
        name=values.text("name"),
        order=int(values.number("order", 0, 10_000, 0)),
        signed=signed_of(policy),
        needs=values.needs("needs"),
        ages=values.ages(),
        requires=values.words("requires"),
        prefers=values.words("prefers"),
        fallback=values.words("fallback"),
        forbids=values.words("forbids"),
        always_open=values.flag("always_open"),
        nearest_always=values.flag("nearest_always"),
        nearest_of_role=values.flag("nearest_of_role"),
        limit_minutes=values.optional_number("limit_minutes", 1, 600),
        say=values.text("say", ""),
    )
    values.check_no_others()
    if rule.nearest_of_role and not rule.requires:
        raise ValueError("nearest_of_role: the rule asks for no role; say requires, or nearest_always")
    return rule


def kinds_of(policies: Iterable[Policy]) -> tuple[AlternativeKind, ...]:
    """The kinds of alternatives among policies, by kind."""
    made = (kind_of(policy) for policy in policies if policy.name.startswith(KIND_PREFIX))
    return tuple(sorted(made, key=lambda kind: kind.kind))


def kind_of(policy: Policy) -> AlternativeKind:
    """The kind of alternative that a policy holds. Raises ValueError naming the field."""
    values = Values(policy.values)
    kind = AlternativeKind(
        kind=policy.name.removeprefix(KIND_PREFIX),
        name=values.text("name"),
        signed=signed_of(policy),
        needs=values.needs("needs"),
        never_with=values.needs("never_with"),
        ages=values.ages(),
        news2_most=int(values.number("news2_most", 0, 20)),
        travels=values.flag("travels", True),
        answer_minutes=values.number("answer_minutes", 0, 240),
        minutes=values.number("minutes", 0, 600),
        accepts_share=values.number("accepts_share", 0, 1),
        access=values.text("access"),
        criteria=values.text("criteria"),
    )
    values.check_no_others()
    return kind


def directory_of(
    policies: Iterable[Policy], sites: Iterable[Site], kinds: Iterable[AlternativeKind]
) -> tuple[Alternative, ...]:
    """The alternatives of a region: the rows of its directory, and the minor units that no row names.

    A minor unit that the directory does not name is not confirmed. What somebody answered about a place
    counts before its row; one that is answered not to be so is left out. Raises ValueError naming the row.
    """
    policies, known = tuple(policies), {kind.kind for kind in kinds}
    answers = {
        policy.name.removeprefix(PLACE_PREFIX): place_of(policy)
        for policy in policies
        if policy.name.startswith(PLACE_PREFIX)
    }
    rows = [
        alternative_of(row)
        for policy in policies
        if policy.name == DIRECTORY
        for row in policy.values.get("places", ())
    ]
    listed = [each for each in rows if each.code not in answers]
    listed += [each for each in answers.values() if each is not None]
    for alternative in listed:
        if alternative.kind not in known:
            raise ValueError(
                f"{alternative.code}: {alternative.kind!r} is no kind; there are {', '.join(sorted(known))}"
            )
    named = {alternative.code for alternative in listed} | answers.keys()
    units = [_unit(site) for site in sites if site.kind is SiteKind.MINOR_UNIT and site.code not in named]
    kept = [unit for unit in units if unit.kind in known]
    return tuple(sorted((*listed, *kept), key=lambda each: each.code))


def place_of(policy: Policy) -> Alternative | None:
    """The place that a policy answers for; None for one that is not there, or takes no such patients.

    Raises ValueError naming the field.
    """
    values = dict(policy.values)
    stands = values.pop("stands", None)
    if stands not in ("confirmed", "not_so"):
        raise ValueError(f"stands: expected confirmed or not_so, found {stands!r}")
    place = alternative_of(
        {**values, "confirmed": stands == "confirmed", "mark": policy.mark, "source": policy.source}
    )
    if policy.name != f"{PLACE_PREFIX}{place.code}":
        raise ValueError(f"code: {place.code!r} is not of {policy.name!r}")
    return place if place.confirmed else None


def alternative_of(row: Mapping[str, Any]) -> Alternative:
    """One row of a directory. Raises ValueError naming the field."""
    values = Values(row)
    latitude = values.optional_number("latitude", -90, 90)
    longitude = values.optional_number("longitude", -180, 180)
    if (latitude is None) != (longitude is None):
        raise ValueError("latitude, longitude: only one of the two is given")
    days = values.text("days", "1111111")
    if len(days) != 7 or set(days) - {"0", "1"}:
        raise ValueError(f"days: expected seven of 0 and 1 from Monday, found {days!r}")
    alternative = Alternative(
        code=values.text("code"),
        name=values.text("name"),
        kind=values.text("kind"),
        position=None if latitude is None or longitude is None else Point(latitude, longitude),
        area=values.text("area", "") or None,
        opens=values.hour("opens"),
        closes=values.hour("closes"),
        days=days,
        confirmed=values.flag("confirmed"),
        capacity_per_hour=values.optional_number("capacity_per_hour", 0, 1000),
        contact=values.text("contact", ""),
        mark=values.made("mark", Mark),
        source=values.text("source"),
    )
    values.check_no_others()
    if (alternative.opens is None) != (alternative.closes is None):
        raise ValueError("opens, closes: only one of the two is given")
    return alternative


def _unit(site: Site) -> Alternative:
    return Alternative(
        code=site.code,
        name=site.name,
        kind="urgent_treatment_centre" if "Urgent Treatment" in site.name else "minor_injury_unit",
        position=Point(site.latitude, site.longitude),
        area=site.area,
        opens=site.opens,
        closes=site.closes,
        days="1111111",
        confirmed=False,
        capacity_per_hour=None,
        contact="",
        mark=site.mark,
        source=site.source,
    )


def signed_of(policy: Policy) -> Signed:
    """Who answers for a policy."""
    return Signed(policy.owner, policy.source, policy.review_on.isoformat(), policy.mark)


class Values:
    """The values of one policy or row; remembers what was asked, to find what was not."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values, self._asked = values, set[str]()

    def _raw(self, name: str) -> Any:
        self._asked.add(name)
        return self._values.get(name)

    def text(self, name: str, default: str | None = None) -> str:
        value = self._raw(name)
        if value in (None, ""):
            if default is None:
                raise ValueError(f"{name}: it is missing or empty")
            return default
        if not isinstance(value, str):
            raise ValueError(f"{name}: expected text, found {value!r}")
        return value

    def number(self, name: str, low: float, high: float, default: float | None = None) -> float:
        value = self.optional_number(name, low, high)
        if value is None and default is None:
            raise ValueError(f"{name}: it is missing")
        return default if value is None and default is not None else float(value or 0)

    def optional_number(self, name: str, low: float, high: float) -> float | None:
        value = self._raw(name)
        if value in (None, ""):
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            raise ValueError(f"{name}: expected a number from {low:g} to {high:g}, found {value!r}")
        return float(value)

    def flag(self, name: str, default: bool = False) -> bool:
        value = self._raw(name)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise ValueError(f"{name}: expected true or false, found {value!r}")
        return value

    def words(self, name: str) -> tuple[str, ...]:
        value = self._raw(name)
        if value is None:
            return ()
        if not isinstance(value, list | tuple) or not all(isinstance(word, str) for word in value):
            raise ValueError(f"{name}: expected a list of words, found {value!r}")
        return tuple(value)

    def hour(self, name: str) -> str | None:
        """A civil time such as 08:00, None where there is none."""
        value = self.text(name, "")
        if value and not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value):
            raise ValueError(f"{name}: expected a time such as 08:00, found {value!r}")
        return value or None

    def made(self, name: str, make: Callable[[str], T]) -> T:
        value = self.text(name)
        try:
            return make(value)
        except ValueError:
            raise ValueError(f"{name}: {value!r} is no such word") from None

    def needs(self, name: str) -> frozenset[Need]:
        words = self.words(name)
        try:
            return frozenset(Need(word) for word in words)
        except ValueError:
            known = ", ".join(Need)
            raise ValueError(f"{name}: {', '.join(words)} holds a word that is no need of: {known}") from None

    def ages(self) -> Ages:
        return Ages(int(self.number("age_from", 0, 120, 0)), int(self.number("age_below", 1, 200, 200)))

    def check_no_others(self) -> None:
        if unknown := set(self._values) - self._asked:
            raise ValueError(f"{min(unknown)}: there is no such field; known are {sorted(self._asked)}")
