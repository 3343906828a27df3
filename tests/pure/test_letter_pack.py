"""The letters of a region pack: complete, plain, and refused with place and fix where something is wrong."""

import pytest

from clearway.config.regions import find
from clearway.domain.outpatients.letters import Audience, Kind, LetterPack, Style, What, fits, style_of
from clearway.domain.outpatients.plain_english import check
from clearway.domain.shared.errors import CannotParse
from clearway.interchange import department_pack, letter_pack, region_pack

PACK = find("worcestershire")
REGION = region_pack.parse(PACK)
DEPARTMENT = department_pack.parse(PACK, REGION)
assert DEPARTMENT is not None


def changed(old: str, new: str) -> dict[str, bytes]:
    text = PACK[letter_pack.FILE].decode()
    assert old in text
    return {**PACK, letter_pack.FILE: text.replace(old, new, 1).encode()}


@pytest.fixture(scope="module")
def pack() -> LetterPack:
    assert DEPARTMENT is not None
    made = letter_pack.parse(PACK, DEPARTMENT)
    assert made is not None
    return made


def test_worcestershire_has_every_kind_in_plain_english_and_easy_read(pack: LetterPack) -> None:
    there = {(each.kind, each.style) for each in pack.texts if each.audience == Audience.PATIENT}

    assert there == {(kind.value, style.value) for kind in Kind for style in Style}


def test_the_referrer_hears_of_the_referral_and_of_its_end(pack: LetterPack) -> None:
    assert {each.kind for each in pack.texts if each.audience == Audience.REFERRER} == {
        "acknowledgement",
        "discharge",
        "redirected",
        "returned",
    }


def test_the_check_finds_nothing_in_any_text_of_the_pack(pack: LetterPack) -> None:
    english = [each for each in pack.texts if not each.language]

    found = {each.code: check(each.body, style_of(each.what, each.style)).findings for each in english}

    assert {code: says for code, says in found.items() if says} == {}


@pytest.mark.parametrize("medium", ["01", "02", "03"])
def test_every_visit_has_instructions(pack: LetterPack, medium: str) -> None:
    assert DEPARTMENT is not None
    instructions = [each for each in pack.texts if each.what is What.INSTRUCTIONS]
    for service in DEPARTMENT.services:
        for site in {room.site for room in DEPARTMENT.rooms}:
            visit = {"services": service.code, "kinds": "new", "sites": site, "media": medium}
            codes = [each.code for each in instructions if fits(each.applies, visit)]
            assert codes, visit
            assert (f"site-{site}" in codes) is (medium == "01"), "how to find us goes with visits in person"


@pytest.mark.parametrize(
    ("old", "new", "where", "why"),
    [
        ("- When: {when}\n", "", "body", "does not say {when}"),
        ("{received_on}", "{received}", "body, line 1", "{received} is not filled in"),
        ('services = ["MSK"', 'services = ["XYZ"', "field services", "'XYZ' is not known"),
        ('style = "easy_read"', 'style = "easy"', "field style", "no such word"),
        ('language = "pl"', 'language = "polish"', "field language", "two small letters"),
        ("place = 10\n", 'place = 10\ncolour = "red"\n', "field colour", "no such field"),
        ('style = "easy_read"', 'style = "standard"', "field code", "stands there twice"),
    ],
)
def test_what_is_wrong_is_refused_with_place_and_reason(old: str, new: str, where: str, why: str) -> None:
    assert DEPARTMENT is not None
    with pytest.raises(CannotParse) as refusal:
        letter_pack.parse(changed(old, new), DEPARTMENT)

    assert refusal.value.where.startswith("letters.toml")
    assert where in refusal.value.where
    assert why in refusal.value.why
    assert refusal.value.fix


def test_a_pack_without_letters_has_none() -> None:
    assert DEPARTMENT is not None
    assert (
        letter_pack.parse({name: PACK[name] for name in PACK if name != letter_pack.FILE}, DEPARTMENT) is None
    )
