"""NHS numbers, pathway identifiers and records that look alike."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.domain.outpatients.identity import (
    Person,
    booking_reference,
    identifier_of,
    looks_alike,
    nhs_number,
    pathway_identifier,
    postcode,
    spaced,
)
from clearway.domain.shared.identity import nhs_number_from

BORN = date(1970, 3, 1)
ADA = Person("Brown", "Ada", BORN)
people = st.builds(
    Person,
    st.text(min_size=1, max_size=20),
    st.text(min_size=1, max_size=20),
    st.dates(date(1970, 1, 1), date(1970, 1, 3)),
    st.sampled_from([None, "9990548609", "9476719931"]),
)


@pytest.mark.parametrize("typed", ["9476719931", "999 054 8609", "943-476-5919"])
def test_a_right_nhs_number_is_taken_however_it_is_spaced(typed: str) -> None:
    assert nhs_number(typed) == typed.replace(" ", "").replace("-", "")


@pytest.mark.parametrize("typed", ["9476719932", "1234567890", "947671993", "94767199310", "９476719931"])
def test_a_wrong_nhs_number_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match="NHS number"):
        nhs_number(typed)


@given(st.integers(0, 999_999_999), st.integers(0, 9), st.integers(1, 9))
def test_one_wrong_digit_never_passes(nine: int, place: int, more: int) -> None:
    right = nhs_number_from(f"{nine:09}")
    if right is None:
        return
    wrong = right[:place] + str((int(right[place]) + more) % 10) + right[place + 1 :]

    assert nhs_number(spaced(right)) == right
    with pytest.raises(ValueError, match="last digit"):
        nhs_number(wrong)


def test_a_booking_reference_makes_the_identifier_with_the_national_issuer() -> None:
    found = identifier_of("0001 2345 6789")

    assert (found.ppid, found.issuer) == ("00000000000123456789", "X09")
    with pytest.raises(ValueError, match="twelve digits"):
        booking_reference("123")


@given(st.text(max_size=30), st.integers(0, 10**12))
def test_a_local_identifier_always_has_twenty_letters_and_digits(trust: str, number: int) -> None:
    assert len(pathway_identifier(trust or "RWP", number).ppid) == 20


@pytest.mark.parametrize(
    "other",
    [
        Person("BROWN", "Ada Mary", BORN),
        Person("Browne", "Ada", BORN),
        Person("Smith-Brown", "Ada", BORN),
        Person("Ada", "Brown", BORN),
        Person("Bröwn", "A", BORN),
    ],
)
def test_similar_names_with_one_birth_date_look_alike(other: Person) -> None:
    assert looks_alike(ADA, other)


@pytest.mark.parametrize(
    "other",
    [Person("Brown", "Ada", date(1970, 3, 2)), Person("Green", "Ada", BORN), Person("Brown", "Eve", BORN)],
)
def test_others_do_not_look_alike(other: Person) -> None:
    assert not looks_alike(ADA, other)


def test_one_nhs_number_is_one_person_and_twins_with_numbers_of_their_own_are_two() -> None:
    ann, ada = (Person("Brown", name, BORN, number) for name, number in (("Ann", "1"), ("Ada", "2")))

    assert looks_alike(Person("X", "Y", date(2000, 1, 1), "1"), ann)
    assert not looks_alike(ann, ada)


@given(people, people)
def test_looking_alike_goes_both_ways_and_everybody_looks_like_themselves(one: Person, other: Person) -> None:
    assert looks_alike(one, other) == looks_alike(other, one)
    assert looks_alike(one, one)


def test_a_postcode_is_written_as_the_post_does() -> None:
    assert postcode("wr51dd") == "WR5 1DD"
    with pytest.raises(ValueError, match="in full"):
        postcode("WR5")
