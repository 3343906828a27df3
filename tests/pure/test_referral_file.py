"""Files of referrals: read, or refused with place, reason and fix; never a crash."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.domain.shared.errors import CannotParse
from clearway.interchange import sheets
from clearway.interchange.referral_file import ReferralRow, layout_of, parse, sample

HEAD = b"Surname,Forename,DOB,NHS No,Service,Date received,Priority\n"


def one(row: bytes) -> ReferralRow | CannotParse:
    (found,) = parse(HEAD + row)
    return found


def test_a_row_is_read_by_the_words_that_systems_use() -> None:
    found = one(b'"Brown, Smith",Ada,01/03/1970,999 054 8609,MSK,2026-11-02,Soon\n')

    assert isinstance(found, ReferralRow)
    assert (found["family_name"], found["nhs_number"], found["priority"]) == (
        "Brown, Smith",
        "9990548609",
        "Soon",
    )
    assert (found.line, str(found.born_on), str(found.received_on)) == (2, "1970-03-01", "2026-11-02")


@pytest.mark.parametrize(
    ("row", "where"),
    [
        (b"Brown,Ada,31/02/1970,,MSK,2026-11-02,\n", "line 2, birth date"),
        (b"Brown,Ada,01/03/1970,9990548600,MSK,2026-11-02,\n", "line 2, nhs number"),
        (b"Brown,Ada,01/03/1970,,,2026-11-02,\n", "line 2, service"),
        (b"Brown,Ada,01/03/1970,,MSK,yesterday,\n", "line 2, received"),
        (b"Brown,Ada,01/03/1970,,MSK,2026-11-02,a,b\n", "line 2"),
    ],
)
def test_a_wrong_cell_is_refused_by_its_place_without_the_patient(row: bytes, where: str) -> None:
    found = one(row)

    assert isinstance(found, CannotParse)
    assert found.where == where and found.fix
    assert "Brown" not in str(found) and "9990548600" not in str(found)


@pytest.mark.parametrize(
    "raw",
    [b"", b"\n", b"a,b\n1,2\n", b"PK\x03\x04\x00", HEAD[:-1] + b",Surname\n", b"x" * (sheets.MOST_BYTES + 1)],
)
def test_a_file_that_is_none_is_refused_whole(raw: bytes) -> None:
    with pytest.raises(CannotParse):
        parse(raw)


def test_a_mapping_reads_headings_of_their_own() -> None:
    mapping = {
        "family_name": "Pt name",
        "given_names": "Pt first",
        "born_on": "Born",
        "service": "Clinic",
        "received_on": "Here",
    }
    raw = b"Pt name,Pt first,Born,Clinic,Here\nBrown,Ada,1970-03-01,MSK,2026-11-02\n"

    (found,) = parse(raw, mapping)

    assert isinstance(found, ReferralRow) and found["family_name"] == "Brown"


def test_letters_of_older_machines_are_read() -> None:
    found = one("Müller,Ada,01/03/1970,,MSK,2026-11-02,\n".encode("cp1252"))

    assert isinstance(found, ReferralRow) and found["family_name"] == "Müller"


@given(st.binary(max_size=300))
def test_whatever_follows_the_headings_each_row_is_read_or_refused(rest: bytes) -> None:
    try:
        found = parse(HEAD + rest)
    except CannotParse:
        return
    assert all(isinstance(each, ReferralRow | CannotParse) for each in found)
    assert len(found) <= sheets.MOST_ROWS


@pytest.mark.parametrize(
    ("name", "said", "read"),
    [
        ("born_on", "01/03/1970", "Sun 1 Mar 1970"),
        ("born_on", "1-Mar-1970", "Sun 1 Mar 1970"),
        ("born_on", "1970-03-01 00:00:00", "Sun 1 Mar 1970"),
        ("born_on", "25628", "Sun 1 Mar 1970"),
        ("sex", "F", "Female"),
        ("sex", "1", "Male"),
        ("sex", "unknown", "Not stated"),
        ("nhs_number", "999 054 8609", "999 054 8609"),
        ("ubrn", "123456789", "000123456789"),
        ("mobile", "7700900123", "07700900123"),
        ("phone", "01905 000000", "01905 000000"),
        ("priority", "2WW", "Two week wait"),
        ("priority", "soon", "Not read: goes with the urgent"),
        ("source", "3", "General practitioner"),
        ("side", "L", "Left"),
    ],
)
def test_a_value_is_shown_as_it_would_be_read(name: str, said: str, read: str) -> None:
    found = sample(name, said)

    assert (found.read, found.wrong) == (read, "")


@pytest.mark.parametrize(
    ("name", "said", "why"),
    [
        ("born_on", "01/03/70", "two digits"),
        ("born_on", "13/25/1970", "no such day"),
        ("born_on", "1980", "year alone"),
        ("born_on", "29/02/2025", "no such day"),
        ("nhs_number", "9.99055E+09", "rounded"),
        ("nhs_number", "9990548600", "last digit"),
        ("sex", "wren", "known here"),
        ("source", "99", "no such source"),
        ("family_name", "x" * 101, "longer than 100"),
        ("family_name", "Bro\x07wn", "no letters"),
        ("question", sheets.FORMULA, "formula"),
    ],
)
def test_what_cannot_be_read_says_why_without_the_value(name: str, said: str, why: str) -> None:
    found = sample(name, said)

    assert why in found.wrong and not found.read
    assert said not in found.wrong


def test_an_nhs_number_whose_first_zero_was_lost_is_read_with_it_only_where_it_fits_then() -> None:
    assert sample("nhs_number", "123456786").wrong or sample("nhs_number", "123456786").read
    fits = [
        f"{number:09d}"
        for number in range(101010100, 101010130)
        if not sample("nhs_number", f"{number:09d}").wrong
    ]

    assert fits, "one in eleven fits"
    assert all(sample("nhs_number", each).read.startswith("0") for each in fits)


def test_a_layout_is_known_by_its_headings_whatever_we_added_to_them() -> None:
    assert layout_of(["Name ", "DOB"]) == layout_of(["name", "dob", "Why refused", "How to mend"])
    assert layout_of(["Name", "DOB"]) != layout_of(["DOB", "Name"])
