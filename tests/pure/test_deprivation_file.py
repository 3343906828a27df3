"""The trust's own file of deprivation: taken in whole, or refused with line, column and what to write."""

from pathlib import Path

import pytest

from clearway.cli import CannotRun
from clearway.cli.deprivation_load import _areas
from clearway.domain.outpatients.equality import DECILES, EthnicCategory, quintile_of


def test_columns_are_found_by_name_and_postcodes_written_one_way(tmp_path: Path) -> None:
    file = tmp_path / "areas.csv"
    file.write_text("lsoa,Decile,Postcode\nE01000001,3,wr51dd\nE01000002,10,B98 7UB\n", "utf-8")

    assert list(_areas(file)) == [("WR5 1DD", 3), ("B98 7UB", 10)]


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("postcode\nWR5 1DD\n", "line 1: the column decile is missing"),
        (
            "postcode,decile\nWR5 1DD,3\nWR5 1DE,11\n",
            "line 3, column decile: “11” is no decile. Write 1",
        ),
        ("postcode,decile\nWR5,3\n", "line 2, column postcode: Write the postcode in full"),
        ("postcode,decile\n,3\n", "line 2, column postcode: it is empty"),
    ],
)
def test_what_is_wrong_is_said_with_its_place_and_how_to_mend_it(
    tmp_path: Path, written: str, said: str
) -> None:
    file = tmp_path / "areas.csv"
    file.write_text(written, "utf-8")

    with pytest.raises(CannotRun) as refused:
        list(_areas(file))
    assert said in str(refused.value)


def test_two_deciles_make_a_quintile_and_the_codes_are_those_of_the_dictionary() -> None:
    assert [quintile_of(each) for each in DECILES] == list("1122334455")
    assert "".join(sorted(each.value for each in EthnicCategory)) == "99ABCDEFGHJKLMNPRSZ"
