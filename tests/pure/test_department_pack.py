"""An outpatient pack needs no emergency department; a malformed one says where, why and what to do."""

import pytest

from clearway.config import regions
from clearway.domain.outpatients.department import Department
from clearway.domain.shared.errors import CannotParse
from clearway.domain.shared.region import Desk, SiteKind
from clearway.interchange import department_pack, region_pack

FILES = regions.find("worcestershire")
REGION = region_pack.parse(FILES)


def read(**changed: bytes) -> Department | None:
    return department_pack.parse({**FILES, **changed}, REGION)


def test_worcestershire_holds_clinics_at_three_hospitals_and_receives_no_crews() -> None:
    assert REGION.desks == (Desk.OUTPATIENTS,)
    assert {site.code for site in REGION.sites} == {"RWP50", "RWP01", "RWP31"}
    assert REGION.sites_of(SiteKind.EMERGENCY_DEPARTMENT) == ()
    assert {source.kind for source in REGION.sources} == {"referrals", "notify", "fhir"}


def test_its_department_has_forty_clinics_a_day() -> None:
    department = read()

    assert department is not None
    on_mondays = [clinic for clinic in department.clinics if clinic.weekday == 1]
    assert len(on_mondays) == 40
    assert {clinic.service for clinic in department.clinics} == {each.code for each in department.services}


def test_nobody_is_in_two_places_and_no_room_or_thing_is_given_twice_in_the_pack() -> None:
    department = read()
    assert department is not None

    for who in (
        lambda clinic: clinic.clinician,
        lambda clinic: (clinic.site, clinic.room),
        lambda clinic: (clinic.site, clinic.equipment or clinic.code),
    ):
        taken = [
            (who(clinic), clinic.weekday, slot["start"])
            for clinic in department.clinics
            for slot in clinic.slots
        ]
        assert len(taken) == len(set(taken))


def test_an_ambulance_pack_has_no_department() -> None:
    files = regions.find("test-valley")

    assert department_pack.parse(files, region_pack.parse(files)) is None


@pytest.mark.parametrize(
    ("file", "old", "new", "where", "why"),
    [
        ("services.csv", "therapy,650", "massage,650", "services.csv, row 4, field kind", "no such word"),
        ("services.csv", "therapy,650", "therapy,65", "services.csv, row 4, field function", "three digits"),
        ("services.csv", "NEU,", "MSK,", "services.csv, field code", "twice"),
        ("rooms.csv", "RWP50,Main gym", "RWP99,Main gym", "rooms.csv, row 13, field site", "no site"),
        ("equipment.csv", "Main gym,Treadmill", "Roof,Treadmill", "row 4, field room", "no room"),
        ("equipment.csv", ",treadmill", ",spinal", "equipment.csv, row 4, field gives", "is a skill"),
        ("templates.toml", 'equipment = "Ultra', 'equipment = "Tread', "field equipment", "RWP01 has no"),
        ("templates.toml", '"08:30"', '"8.30"', "slots 1, field start", "a time as"),
        ("templates.toml", '"09:15"', '"09:00"', "(physio-morning), field slots", "overlaps"),
        ("templates.toml", 'clinician = "PHY01"', 'clinician = "PHY91"', "field clinician", "no code"),
        ("templates.toml", 'room = "Treatment room 1"', 'room = "Roof"', "field room", "no room"),
        ("templates.toml", "weekdays = [1, 2, 3, 4, 5]", "weekdays = [0]", "field weekdays", "1 to 7"),
        ("templates.toml", 'patterns = ["physio-morning"', 'patterns = ["p"', "field patterns", "no pattern"),
    ],
)  # fmt: skip
def test_a_malformed_department_names_the_place_and_the_fix(
    file: str, old: str, new: str, where: str, why: str
) -> None:
    text = FILES[file].decode()
    assert old in text

    with pytest.raises(CannotParse) as refused:
        read(**{file: text.replace(old, new, 1).encode()})

    assert where in refused.value.where
    assert why in refused.value.why
    assert refused.value.fix


def test_a_pack_without_equipment_has_clinics_that_take_none() -> None:
    text = FILES["templates.toml"].decode()
    files = {
        **FILES,
        "templates.toml": "".join(x for x in text.splitlines(True) if "equipment =" not in x).encode(),
    }
    del files["equipment.csv"]

    department = department_pack.parse(files, REGION)

    assert department is not None and department.equipment == ()


def test_a_desk_there_is_not_is_refused() -> None:
    text = FILES["region.toml"].decode().replace('"outpatients"', '"inpatients"')

    with pytest.raises(CannotParse, match="ambulance, outpatients"):
        region_pack.parse({**FILES, "region.toml": text.encode()})
