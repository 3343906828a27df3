"""simulation.toml is refused with the place when it cannot be used."""

import pytest

from clearway.config import regions
from clearway.domain.shared.errors import CannotParse
from clearway.interchange import region_pack
from clearway.simulation.ambulance import parameters


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("bays = 20", 'bays = "many"', "sites[...].bays"),
        ("child_share = 0.1", "child_share = 10", "demand.child_share"),
        ("mobilisation = [0.0, 0.4]", "", "jobs"),
        ("mobilisation", "demobilisation", "jobs"),
        ("TVS03 =", "TVS99 =", "demand.places.TVS99"),
        ("upper = 40", "middle = 40", "demand.areas.middle"),
        ("[sites.TVH02]", "[sites.TVH09]", "sites.TVH09"),
    ],
)
def test_a_field_that_cannot_be_used_is_named(old: str, new: str, field: str):
    files = dict(regions.find("test-valley"))
    content = files["simulation.toml"].decode()
    assert old in content
    region = region_pack.parse({**files, "simulation.toml": content.replace(old, new, 1).encode()})

    with pytest.raises(CannotParse) as caught:
        parameters.read(region)

    assert field in caught.value.where


def test_a_pack_without_it_says_so():
    files = {name: body for name, body in regions.find("test-valley").items() if name != "simulation.toml"}

    with pytest.raises(CannotParse, match=r"simulation\.toml"):
        parameters.read(region_pack.parse(files))


def test_the_south_west_has_its_five_regimes():
    regimes = parameters.read(region_pack.parse(regions.find("south-west"))).regimes

    assert list(regimes) == ["calm", "typical", "pressured", "severe", "extreme"]
    assert all(regime.published.mean for regime in regimes.values())
