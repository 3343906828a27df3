"""Both packs of the repository are read, and a malformed pack says where, why and what to do."""

from collections.abc import Mapping

import pytest

from clearway.config import regions
from clearway.domain.shared.errors import CannotParse
from clearway.domain.shared.region import Mark, SiteKind
from clearway.interchange import region_pack


def changed(file: str, old: str, new: str) -> Mapping[str, bytes]:
    files = dict(regions.find("test-valley"))
    content = files[file].decode()
    assert old in content
    return {**files, file: content.replace(old, new, 1).encode()}


def refusal(files: Mapping[str, bytes]) -> CannotParse:
    with pytest.raises(CannotParse) as caught:
        region_pack.parse(files)
    return caught.value


def test_the_south_west_has_its_departments_units_and_stations():
    region = region_pack.parse(regions.find("south-west"))

    assert region.organisation_code == "RYF"
    assert len(region.sites_of(SiteKind.EMERGENCY_DEPARTMENT)) == 20
    assert len(region.sites_of(SiteKind.MINOR_UNIT)) == 50
    assert len(region.sites_of(SiteKind.STATION)) == 97
    assert {source.name for source in region.sources} == {"swast-cad", "swast-avl", "swast-hospitals"}


def test_a_part_time_department_and_a_border_department_are_marked():
    sites = {site.key: site for site in region_pack.parse(regions.find("south-west")).sites}

    assert (sites["WGH"].opens, sites["WGH"].closes, sites["WGH"].former_codes) == (
        "08:00",
        "22:00",
        ("RA301",),
    )
    assert sites["SOU"].border
    assert sites["SOU"].area is None
    assert sites["CGH"].hours_mark is Mark.ASSUMED


def test_both_packs_name_the_same_policies_with_other_values():
    south_west, valley = (region_pack.parse(regions.find(slug)) for slug in ("south-west", "test-valley"))

    assert {policy.name for policy in south_west.policies} == {policy.name for policy in valley.policies}
    assert south_west.policy("handover_standards").values["standard"] == 15
    assert valley.policy("handover_standards").values["standard"] == 12


def test_the_newest_version_of_a_policy_counts():
    newer = """
[[policies]]
name = "wrap_up"
valid_from = 2026-01-01
review_on = 2027-01-01
owner = "Operations lead"
mark = "assumed"
source = "invented"
[policies.values]
limit_minutes = 20
"""
    files = dict(regions.find("test-valley"))
    files["policies.toml"] += newer.encode()

    assert region_pack.parse(files).policy("wrap_up").values["limit_minutes"] == 20


def test_policy_values_cannot_be_changed():
    policy = region_pack.parse(regions.find("test-valley")).policy("wrap_up")

    with pytest.raises(TypeError):
        policy.values["limit_minutes"] = 1  # type: ignore[index]


def test_the_packs_there_are_can_be_listed():
    assert {"south-west", "test-valley"} <= set(regions.slugs())


def test_an_unknown_pack_names_those_there_are():
    with pytest.raises(LookupError, match="south-west, test-valley"):
        regions.find("../etc")


@pytest.mark.parametrize(
    ("file", "old", "new", "where"),
    [
        ("stations.csv", "52.205", "fifty", "stations.csv, row 2, field latitude"),
        ("stations.csv", "52.205", "152.205", "stations.csv, row 2, field latitude"),
        ("stations.csv", "lower", "middle", "stations.csv, row 2, field area"),
        ("stations.csv", "TVS02", "TVS01", "stations.csv, row 3, field code"),
        ("stations.csv", "TVS02", "TVA77", "stations.csv, row 3, field code"),
        ("stations.csv", "assumed", "guessed", "stations.csv, row 2, field mark"),
        ("stations.csv", "town", "city", "stations.csv, row 1, field city"),
        ("stations.csv", "MILLBROOK,", "", "stations.csv, row 2"),
        ("emergency_departments.csv", "07:00", "", "emergency_departments.csv, row 4, field opens"),
        ("emergency_departments.csv", "07:00", "7am", "emergency_departments.csv, row 4, field opens"),
        ("region.toml", 'code = "lower"', "code = 3", "areas 2 (Lower Valley), field code"),
        ("region.toml", 'code = "lower"', 'code = "upper"', "region.toml, areas, field code"),
        ("region.toml", "Europe/London", "Europe/Londinium", "region.toml, field timezone"),
        ("region.toml", "slug", "slogan", "region.toml, field slug"),
        (
            "region.toml",
            "interval_seconds = 120",
            "interval_seconds = 0",
            "(valley-cad), field expected_interval_seconds",
        ),
        ("region.toml", 'kind = "cad"', 'kind = "cad"\ncolour = "red"', "(valley-cad), field colour"),
        ("region.toml", "slug =", "slug", "region.toml"),
        ("policies.toml", "2025-01-01", '"soon"', "(handover_standards), field valid_from"),
        ("policies.toml", 'owner = "Flow lead"', 'owner = ""', "(handover_standards), field owner"),
    ],
)
def test_a_malformed_pack_names_the_place(file: str, old: str, new: str, where: str):
    error = refusal(changed(file, old, new))

    assert where in error.where
    assert file in error.where
    assert error.fix


def test_a_missing_file_is_named():
    files = {name: body for name, body in regions.find("test-valley").items() if name != "stations.csv"}

    assert refusal(files).where == "stations.csv"


def test_bytes_that_are_not_text_are_named():
    files = {**regions.find("test-valley"), "stations.csv": b"code,\xff"}

    assert refusal(files).where == "stations.csv, byte 5"
