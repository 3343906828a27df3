"""Referrals of one day: who is referred to which service, when, by whom and how urgently.

A day is drawn by itself, from the seed and the date: whoever plays on after a pause needs no memory, and the
past and the present of a department meet without a seam.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from ..shared.chance import Chance
from .parameters import Parameters
from .people import Person, nhs_number, person

FIRST_DAY = date(2024, 1, 1)  # numbers of patients count from here; what comes before it is for examples
A_DAY = 200  # numbers kept for one day's patients
WEEKDAY_SHARES = (0.23, 0.21, 0.2, 0.19, 0.15, 0.01, 0.01)  # of a week's referrals, Monday first; assumed
CHILDRENS = frozenset({"PPH", "OTP", "SLP"})
OPENS, CLOSES = time(8), time(18)  # UTC; few come at night, and none here

SOURCES = {
    "03": 0.45,
    "06": 0.2,
    "05": 0.25,
    "13": 0.05,
    "14": 0.05,
}  # GP, self, consultant, nurse, therapist
CONSULTANT = "05"
START_SAID = 0.9  # of consultants' referrals, how many say when their own clock started; assumed
ROUTES = {"03": "ers", "06": "self", "05": "internal", "13": "email", "14": "internal"}
SENDERS = {
    "03": "General practice",
    "06": "Patient",
    "05": "Consultant clinic",
    "13": "Specialist nurse",
    "14": "Therapist",
}
CONDITIONS = {
    "MSK": (
        "low back pain",
        "shoulder pain",
        "knee pain",
        "ankle sprain",
        "neck pain",
        "after knee replacement",
    ),
    "NEU": ("after stroke", "Parkinson's disease", "multiple sclerosis"),
    "RSP": ("breathlessness", "bronchiectasis"),
    "PEL": ("pelvic floor weakness", "pelvic girdle pain"),
    "PPH": ("walks late", "flat feet", "torticollis"),
    "OTH": ("after a wrist fracture", "trigger finger", "tendon repair"),
    "OTR": ("rheumatoid arthritis of the hands", "joint protection"),
    "OTP": ("handwriting and coordination", "sensory needs"),
    "SLV": ("hoarse voice", "vocal nodules"),
    "SLD": ("coughs when drinking", "swallowing after stroke"),
    "SLP": ("late to talk", "speech sounds", "stammer"),
    "DIE": ("diabetes, newly found", "coeliac disease", "weight loss"),
    "POD": ("foot ulcer risk", "heel pain"),
    "ORT": ("insoles", "ankle brace"),
}
SIDES = ("left", "right", "both", "")


@dataclass(frozen=True, slots=True)
class Referred:
    """A referral that arrives.

    priority          priority type code
    question          "" where the sender left it out
    consultant_start  when the clock of the consultant who sent it started; None where it does not say
    """

    at: datetime
    person: Person
    service: str
    priority: str
    source: str
    route: str
    sender: str
    condition: str
    side: str
    question: str
    consultant_start: date | None = None

    @property
    def from_consultant(self) -> bool:
        return self.source == CONSULTANT


def arrivals(parameters: Parameters, seed: int, on: date) -> list[Referred]:
    """Every referral of a day, in the order of their arrival."""
    chance = Chance(seed, f"arrivals/{on.isoformat()}")
    numbers = _numbers(on)
    found = []
    for service, volume in parameters.services.items():
        mean = volume.referrals_per_week * WEEKDAY_SHARES[on.weekday()]
        for _ in range(chance.count(mean) if mean else 0):
            number = next(numbers, None)
            if number is not None:
                found.append(_referred(number, service, on, chance, parameters))
    return sorted(found, key=lambda each: (each.at, each.person.nhs_number))


def _numbers(on: date) -> Iterator[str]:
    first = (on - FIRST_DAY).days * A_DAY
    return (number for serial in range(first, first + A_DAY) if (number := nhs_number(serial)) is not None)


def _referred(number: str, service: str, on: date, chance: Chance, parameters: Parameters) -> Referred:
    shares = parameters.shares
    child = True if service in CHILDRENS else None
    who = person(number, on, chance, shares, is_child=child)
    source = chance.one_of(SOURCES)
    opens, closes = datetime.combine(on, OPENS, UTC), datetime.combine(on, CLOSES, UTC)
    conditions = CONDITIONS.get(service, ("as in the letter",))
    condition = conditions[int(chance.share() * len(conditions))]
    waited = int(chance.between(14, 70)) if source == CONSULTANT and chance.happens(START_SAID) else None
    is_asked = not chance.happens(shares.question_missing)
    return Referred(
        at=opens + timedelta(seconds=int(chance.share() * (closes - opens).total_seconds())),
        person=who,
        service=service,
        priority="2" if chance.happens(shares.urgent) else "1",
        source=source,
        route=ROUTES[source],
        sender=SENDERS[source],
        condition=condition,
        side=SIDES[int(chance.share() * len(SIDES))] if service in ("MSK", "OTH", "ORT") else "",
        question=f"Please assess and treat: {condition}" if is_asked else "",
        consultant_start=None if waited is None else on - timedelta(days=waited),
    )
