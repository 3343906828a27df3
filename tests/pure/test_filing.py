"""What is taken, whose it is by a second identifier, and where a paper volume may go."""

from datetime import date

import pytest

from clearway.domain.outpatients.filing import (
    MOST_BYTES,
    FilingPolicy,
    Identifier,
    Step,
    Where,
    after,
    chase_on,
    format_of,
    identified_by,
)
from clearway.domain.shared.errors import NotAllowed

FRIDAY = date(2026, 11, 20)


def test_a_document_is_taken_by_its_first_bytes_and_not_by_its_name() -> None:
    assert format_of(b"%PDF-1.7 ...") == "application/pdf"
    assert format_of(b"\x89PNG\r\n\x1a\n...") == "image/png"
    for wrong in (b"", b"<html>", b"MZ", b" %PDF-1.7", b"%PDF-" + bytes(MOST_BYTES)):
        with pytest.raises(NotAllowed):
            format_of(wrong)


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("1970-03-01", Identifier.BORN),
        ("01/03/1970", Identifier.BORN),
        ("1 Mar 1970", Identifier.BORN),
        ("1  March 1970", Identifier.BORN),
        ("999 054 8609", Identifier.NHS_NUMBER),
        ("wr51dd", Identifier.POSTCODE),
        ("03/01/1970", None),  # the third of January, on paper from here
        ("999 054 8600", None),
        ("Brown", None),
        ("", None),
    ],
)
def test_a_second_identifier_is_read_as_it_stands_on_the_paper(typed: str, found: Identifier | None) -> None:
    born, number = date(1970, 3, 1), "9990548609"

    assert identified_by(typed, born_on=born, nhs_number=number, postcode="WR5 1DD") == found
    assert identified_by("", born_on=born, nhs_number=None, postcode="") is None


def test_a_volume_goes_out_from_its_shelf_only() -> None:
    assert after(Where.HERE, Step.SEND) is Where.OUT
    assert after(Where.OUT, Step.MISS) is Where.MISSING
    assert after(Where.MISSING, Step.FIND) is Where.HERE
    for where, step in ((Where.OUT, Step.SEND), (Where.MISSING, Step.SEND), (Where.HERE, Step.RETURN)):
        with pytest.raises(NotAllowed):
            after(where, step)


def test_a_volume_is_asked_for_on_working_days() -> None:
    assert chase_on(FRIDAY, None, FilingPolicy()) == date(2026, 11, 23)
    assert chase_on(FRIDAY, date(2026, 11, 23), FilingPolicy()) == date(2026, 11, 26)
