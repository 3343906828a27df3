"""Invented patients. Their numbers are of the range given to nobody, their telephones Ofcom's for drama."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TypeVar

from clearway.domain.shared.identity import nhs_number_from

from ..shared.chance import Chance
from .parameters import Shares

T = TypeVar("T")

TEST_RANGE = "999"
MOST = 1_000_000  # numbers there are in the range, before those without a check digit
FAMILIES = (
    "Abbott Adeyemi Ahmed Akhtar Allard Amory Ashdown Baldwin Banerjee Barlow Bassett Begum Benbow Birch "
    "Blakeway Bowen Bradley Brookes Burford Calloway Carver Chance Chowdhury Clements Corbett Cotterill "
    "Crane Dalby Danks Dempsey Doughty Dunn Eastwood Edgar Ellison Evesham Farrant Fenwick Ferrer Finch "
    "Fownes Gale Garland Georgiou Gill Greaves Hadley Hallam Hartley Haywood Hemming Holt Hussain Ingles "
    "Jarvis Jeavons Kaur Kendrick Kowalski Lacey Lane Ledbury Li Lowe Malik Mander Marchant Meredith "
    "Millward Mistry Morris Nash Newey Nowak Oakley Okafor Orchard Osborne Parkes Patel Perrins Pitt Pope "
    "Prosser Quigley Rai Rowberry Sadler Sandhu Severn Sharma Shelton Skinner Southall Stokes Tandy "
    "Teague Thorne Tolley Underhill Vale Vernon Wakeman Walford Webb Westwood Whitmore Winnall Yardley "
    "Yeates Zielinski"
)
WOMEN = (
    "Abigail Aisha Alice Amelia Anita Beatrice Bethan Carol Charlotte Chloe Claire Daisy Deborah Diana "
    "Edith Elena Ellen Emma Esther Farah Fiona Freya Gemma Grace Hannah Harriet Helen Holly Imogen Irene "
    "Isla Jane Jasmine Joan Judith Karen Katherine Layla Leah Linda Lucy Margaret Maria Maya Megan Mina "
    "Naomi Nicola Olivia Pamela Patricia Phoebe Priya Rachel Rosa Ruth Sandra Sarah Sheila Sofia Susan "
    "Tessa Valerie Wendy"
)
MEN = (
    "Aaron Adam Adrian Ahmed Alan Albert Andrew Arjun Arthur Barry Ben Brian Callum Charles Christopher "
    "Colin Daniel David Derek Dylan Edward Elias Eric Ethan Francis Frank Gareth George Gordon Graham "
    "Harry Henry Hugh Imran Isaac Ivan Jack James Jason Joseph Kenneth Kevin Leo Liam Louis Malcolm Mark "
    "Martin Matthew Mohammed Nathan Neil Noah Oliver Omar Oscar Patrick Paul Peter Philip Ravi Raymond "
    "Robert Samuel Simon Stanley Thomas"
)
STREETS = "Mill Lane,Church Street,Station Road,Orchard Close,The Green,Bridge Street,Park Avenue,Priory Road"
HOMES = {  # site code -> its towns and postcode districts
    "RWP50": (("Worcester", "WR5"), ("Worcester", "WR2"), ("Malvern", "WR14"), ("Pershore", "WR10")),
    "RWP01": (("Redditch", "B98"), ("Redditch", "B97"), ("Bromsgrove", "B61"), ("Alcester", "B49")),
    "RWP31": (
        ("Kidderminster", "DY10"),
        ("Kidderminster", "DY11"),
        ("Bewdley", "DY12"),
        ("Stourport", "DY13"),
    ),
}
SITES = {"RWP50": 0.5, "RWP01": 0.3, "RWP31": 0.2}
LANGUAGES = ("Polish", "Punjabi", "Urdu", "Romanian", "Bengali", "British Sign Language")
NEEDS = (
    ("format", "large print"),
    ("format", "easy read"),
    ("contact", "text relay"),
    ("support", "hearing loop"),
    ("support", "somebody who speaks for them"),
    ("adjustment", "ground floor, no stairs"),
    ("transport", "patient transport"),
)

_FAMILIES, _WOMEN, _MEN = FAMILIES.split(), WOMEN.split(), MEN.split()
_STREETS = STREETS.split(",")


@dataclass(frozen=True, slots=True)
class Person:
    """An invented patient. site: the hospital nearest to them; needs: kind and detail of each."""

    nhs_number: str
    family_name: str
    given_names: str
    born_on: date
    sex: str
    address: str
    postcode: str
    phone: str
    mobile: str
    may_text: bool
    channel: str
    site: str
    needs: tuple[tuple[str, str], ...]
    is_child: bool


def nhs_number(serial: int) -> str | None:
    """The number of the test range with this serial, 0 to 999,999; None where it has no check digit."""
    return nhs_number_from(f"{TEST_RANGE}{serial % MOST:06d}")


def person(number: str, on: date, chance: Chance, shares: Shares, *, is_child: bool | None = None) -> Person:
    """Somebody who is referred on a day, with the number they have."""
    child = chance.happens(shares.children) if is_child is None else is_child
    days = int(chance.between(400, 17 * 365) if child else chance.between(18 * 366, 90 * 365))
    sex = "2" if chance.happens(0.56) else "1"
    site = chance.one_of(SITES)
    town, district = _pick(HOMES[site], chance)
    has_mobile = chance.happens(shares.mobile)
    may_text = has_mobile and chance.happens(shares.texts)
    return Person(
        nhs_number=number,
        family_name=_pick(_FAMILIES, chance),
        given_names=_pick(_WOMEN if sex == "2" else _MEN, chance),
        born_on=on - timedelta(days=days),
        sex=sex,
        address=f"{1 + int(chance.share() * 120)} {_pick(_STREETS, chance)}, {town}",
        postcode=_postcode(district, chance),
        phone=f"01632 960{int(chance.share() * 1000):03d}",
        mobile=f"07700 900{int(chance.share() * 1000):03d}" if has_mobile else "",
        may_text=may_text,
        channel="text" if may_text else "letter",
        site=site,
        needs=tuple(_needs(chance, shares)),
        is_child=child,
    )


def _postcode(district: str, chance: Chance) -> str:
    return (
        f"{district} {1 + int(chance.share() * 9)}{_pick('ABDEFGHJLN', chance)}{_pick('PQRSTUWXYZ', chance)}"
    )


def _needs(chance: Chance, shares: Shares) -> list[tuple[str, str]]:
    found = []
    if chance.happens(shares.interpreter):
        found.append(("interpreter", _pick(LANGUAGES, chance)))
    if chance.happens(shares.communication_need):
        found.append(_pick(NEEDS, chance))
    return found


def _pick(words: Sequence[T], chance: Chance) -> T:
    return words[int(chance.share() * len(words))]
