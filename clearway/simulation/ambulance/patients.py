"""Who calls: invented people, so that looking at an identity can be tried on nearly any incident.

NHS numbers are from the range that begins with 999, which NHS England keeps free for test data.
"""

from datetime import date, timedelta
from random import Random

from clearway.domain.ambulance.events import Patient
from clearway.domain.shared.identity import nhs_number_from
from clearway.engine.ambulance.eligibility import share_of

SOMETIMES_UNKNOWN = 0.12  # share of callers whose patient nobody could name; an assumption
FIRST_NAMES = {
    "female": (
        "Ada",
        "Bela",
        "Cara",
        "Dora",
        "Edith",
        "Farah",
        "Grace",
        "Hana",
        "Iris",
        "Jaya",
        "Kezia",
        "Lin",
    ),
    "male": (
        "Abel",
        "Bram",
        "Cyrus",
        "Dev",
        "Edwin",
        "Faisal",
        "Gil",
        "Hugo",
        "Ivor",
        "Jamal",
        "Kofi",
        "Leo",
    ),
}
LAST_NAMES = (
    *("ASHDOWNE", "BRAMBLE", "CASTELL", "DUNMERE", "ELLACOTT", "FENWAY", "GALLANT", "HOLLOWBROOK"),
    *("INGLEBY", "JESSOP-WINTERBOURNE", "KEMBLEWICK", "LOVERIDGE", "MOORCROFT", "NETTLESHIP", "OKONJO-VALE"),
)


LOW, MEDIUM, HIGH = 2, 5, 7  # a NEWS2 of each band between which rules tell


def news2(call: str, shares: tuple[float, float]) -> int:
    """The score of a patient, the same under every policy; `shares` of a medium and of a high one."""
    medium, high = shares
    drawn = share_of("NEWS2", call)
    if drawn >= 1 - high:
        return HIGH
    return MEDIUM if drawn >= 1 - high - medium else LOW


def patient(call: str, age: int, sex: str, day: date, seed: int) -> Patient:
    """The patient of a call: the same for the same call and seed, and of no influence on any other draw."""
    chance = Random(f"{seed}/{call}/patient")
    if chance.random() < SOMETIMES_UNKNOWN:
        return Patient(age=age, sex=sex)
    born = date(day.year - age, 1, 1) + timedelta(days=chance.randrange(max(1, day.timetuple().tm_yday)))
    return Patient(
        age=age,
        sex=sex,
        name=f"{chance.choice(LAST_NAMES)}, {chance.choice(FIRST_NAMES[sex])}",
        nhs_number=_test_number(chance),
        born_on=born.isoformat(),
    )


def _test_number(chance: Random) -> str:
    """A number of the test range with a right check digit; about one start in eleven has none."""
    number = None
    while number is None:
        number = nhs_number_from(f"999{chance.randrange(1_000_000):06d}")
    return number
