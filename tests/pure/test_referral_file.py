"""Files of referrals: read, or refused with place, reason and fix; never a crash."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.domain.shared.errors import CannotParse
from clearway.interchange import referral_file
from clearway.interchange.referral_file import ReferralRow, parse

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
    [b"", b"\n", b"a,b\n1,2\n", b"PK\x03\x04\x00", HEAD[:-1] + b",Surname\n", b"x" * (5 * 1024 * 1024 + 1)],
)
def test_a_file_that_is_none_is_refused_whole(raw: bytes) -> None:
    with pytest.raises(CannotParse):
        parse(raw)


def test_a_mapping_reads_headings_of_their_own() -> None:
    mapping = {"Pt name": "family_name", "Pt first": "given_names", "Born": "born_on"}
    raw = b"Pt name,Pt first,Born,Service,Received\nBrown,Ada,1970-03-01,MSK,2026-11-02\n"

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
    assert len(found) <= referral_file.MOST_ROWS
