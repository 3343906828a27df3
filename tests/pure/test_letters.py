"""What a letter may say, how its text becomes a letter, and in which format it has to be."""

from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.domain.outpatients import plain_english
from clearway.domain.outpatients.letter_formats import Format, Needed, needed
from clearway.domain.outpatients.letters import (
    Attached,
    Audience,
    Block,
    Kind,
    NotKnown,
    Style,
    What,
    all_fields,
    blocks,
    check_letter,
    check_passage,
    clock_for_patients,
    compose,
    fields,
    fill,
    when_for_patients,
)
from clearway.domain.outpatients.post import (
    InTime,
    LetterPolicy,
    PostClass,
    arrives_on,
    in_time,
    posted_on,
)
from clearway.domain.shared.errors import CannotParse

PATIENT = Audience.PATIENT
FULL = "Come {when}, {how}. Ring {office_phone}.\n{instructions}\n{language}"


# Texts


def test_a_text_becomes_headings_paragraphs_and_items() -> None:
    text = "# What to bring\nPlease bring\nthis letter.\n\n- your glasses\n- your tablets\nThank you."

    assert blocks(text) == (
        Block("heading", "What to bring"),
        Block("paragraph", "Please bring this letter."),
        Block("item", "your glasses"),
        Block("item", "your tablets"),
        Block("paragraph", "Thank you."),
    )


def test_a_confirmation_that_does_not_say_when_is_refused_with_place_and_fix() -> None:
    with pytest.raises(CannotParse, match=r"body: It does not say \{when\}"):
        check_letter(Kind.CONFIRMATION, PATIENT, "Your visit", FULL.replace("{when}", "soon"))


@pytest.mark.parametrize(
    ("text", "where", "why"),
    [
        ("Dear {patient},\n" + FULL, "body, line 1", "is not filled in here"),
        (FULL + "\nSee {instructions} too", "body, line 4", "whole texts"),
        (FULL + "\nRing { office_phone }", "body, line 4", "brace is left open"),
        ("", "body", "empty"),
    ],
)
def test_a_text_that_cannot_be_is_refused_with_its_line(text: str, where: str, why: str) -> None:
    with pytest.raises(CannotParse) as refusal:
        check_letter(Kind.CONFIRMATION, PATIENT, "Your visit", text)

    assert refusal.value.where == where
    assert why in refusal.value.why
    assert refusal.value.fix


def test_an_acknowledgement_knows_no_time_of_an_appointment() -> None:
    assert "when" not in fields(Kind.ACKNOWLEDGEMENT, PATIENT)
    with pytest.raises(CannotParse, match="when"):
        check_letter(Kind.ACKNOWLEDGEMENT, PATIENT, "x", "{service} {office_phone} {when}")


def test_a_letter_to_a_referrer_names_the_patient_and_one_to_the_patient_no_nhs_number() -> None:
    assert "nhs_number" in fields(Kind.DISCHARGE, Audience.REFERRER)
    assert "nhs_number" not in fields(Kind.DISCHARGE, PATIENT)


def test_instructions_may_not_name_the_patient() -> None:
    with pytest.raises(CannotParse, match="patient_name"):
        check_passage("Dear {patient_name}", What.INSTRUCTIONS)


def test_a_field_without_a_value_stops_the_letter() -> None:
    with pytest.raises(NotKnown, match="room"):
        fill("Go to {room}", {"room": ""})


def test_what_is_attached_stands_where_the_text_says() -> None:
    made = compose(
        "Hello.\n{instructions}\nBye.\n{language}",
        {"site": "North"},
        [Attached("How to find us", "We are at {site}.")],
        [Attached("", "Dzień dobry.", "pl")],
    )

    assert made == (
        Block("paragraph", "Hello."),
        Block("heading", "How to find us"),
        Block("paragraph", "We are at North."),
        Block("paragraph", "Bye."),
        Block("paragraph", "Dzień dobry.", "pl"),
    )


def test_a_value_is_never_read_as_a_field_again() -> None:
    assert fill("{patient_name}", {"patient_name": "{room}", "room": "1"}) == "{room}"


@pytest.mark.parametrize(
    ("hour", "minute", "said"),
    [(0, 0, "midnight"), (12, 0, "midday"), (9, 0, "9am"), (14, 30, "2:30pm"), (12, 5, "12:05pm")],
)
def test_patients_read_times_as_they_say_them(hour: int, minute: int, said: str) -> None:
    assert clock_for_patients(datetime(2026, 11, 3, hour, minute)) == said  # noqa: DTZ001


def test_patients_read_the_day_with_its_weekday() -> None:
    at = datetime(2026, 11, 3, 14, 30)  # noqa: DTZ001
    assert when_for_patients(at) == "2:30pm on Tuesday 3 November 2026"


def test_every_field_has_an_example() -> None:
    assert all(each.example for each in all_fields().values())


# Plain English


def test_a_long_sentence_is_found_and_quoted() -> None:
    long = (
        "We would like you to come to see us at the hospital on the day and at the time that you see below."
    )

    (found,) = [each for each in plain_english.check(long).findings if "at most" in each.says]

    assert "20 at most" in found.says
    assert found.where.startswith("“We would like you")
    assert found.source


def test_words_that_nobody_says_are_found_with_what_to_write_instead() -> None:
    said = plain_english.check("Please attend prior to 9am.").findings

    assert {(each.says, each.fix) for each in said} == {
        ("“attend” is not an everyday word.", "Write: come to."),
        ("“prior to” is not an everyday word.", "Write: before."),
    }


def test_part_of_a_word_is_not_the_word() -> None:
    assert plain_english.check("We saw a device.").findings == ()


def test_capitals_that_nobody_explains_are_found() -> None:
    (found,) = plain_english.check("You are on our MSK list. The NHS is here.").findings

    assert "MSK" in found.says


def test_the_grade_is_that_of_the_formula() -> None:
    # 6 words, 1 sentence, 6 syllables: 0.39 * 6 + 11.8 * 1 - 15.59 = -1.45, and no grade is below 0
    assert plain_english.check("The cat sat on the mat.").grade == 0
    # 4 words, 1 sentence, 3 + 3 + 5 + 4 syllables: 0.39 * 4 + 11.8 * 3.75 - 15.59 = 30.2
    assert plain_english.check("Immediate hospital documentation necessary.").grade == 30.2


def test_easy_read_asks_for_shorter_sentences() -> None:
    text = "Bring this letter and your glasses with you when you come to us."

    assert plain_english.check(text).findings == ()
    assert plain_english.check(text, Style.EASY_READ).findings


@given(st.text(max_size=400))
def test_the_check_reads_any_text(text: str) -> None:
    assert plain_english.check(text).grade >= 0


# The post

FRIDAY, MONDAY = date(2026, 11, 20), date(2026, 11, 23)


def test_after_the_last_collection_and_at_weekends_the_letter_goes_on_the_next_working_day() -> None:
    assert posted_on(FRIDAY, time(15, 59), LetterPolicy()) == FRIDAY
    assert posted_on(FRIDAY, time(16, 0), LetterPolicy()) == MONDAY
    assert posted_on(date(2026, 11, 21), time(9), LetterPolicy()) == MONDAY


def test_a_mail_room_takes_its_days() -> None:
    assert posted_on(FRIDAY, time(9), LetterPolicy(mail_room_days=1)) == MONDAY


def test_the_post_rests_on_bank_holidays() -> None:
    # Wed 23 Dec 2026 second class: Thu 24, [Fri 25, weekend, Mon 28 holidays], Tue 29, Wed 30
    assert arrives_on(date(2026, 12, 23), PostClass.SECOND, LetterPolicy()) == date(2026, 12, 30)
    # first class on Thu 24: Fri is a holiday, Sat 26 is no bank holiday in 2026 and is carried
    assert arrives_on(date(2026, 12, 24), PostClass.FIRST, LetterPolicy()) == date(2026, 12, 26)


def test_first_class_is_taken_where_second_would_come_too_late() -> None:
    # posted Fri 20: second class arrives Wed 25, first class Sat 21; a day is to lie between
    assert in_time(FRIDAY, date(2026, 11, 26), LetterPolicy()) == InTime(PostClass.SECOND, date(2026, 11, 25))
    assert in_time(FRIDAY, date(2026, 11, 25), LetterPolicy()) == InTime(PostClass.FIRST, date(2026, 11, 21))


def test_what_would_come_too_late_even_so_is_to_be_rung() -> None:
    assert in_time(FRIDAY, date(2026, 11, 21), LetterPolicy()) is None
    assert in_time(FRIDAY, FRIDAY, LetterPolicy()) is None


@given(st.dates(date(2025, 1, 1), date(2028, 10, 1)), st.integers(0, 40))
def test_a_letter_that_is_called_in_time_arrives_before_the_day(posted: date, days: int) -> None:
    needed_on = posted + timedelta(days=days)
    found = in_time(posted, needed_on, LetterPolicy())

    assert found is None or posted < found.arrives_on < needed_on


def test_a_policy_that_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="First class"):
        LetterPolicy(first_days=4)
    with pytest.raises(ValueError, match="isoformat"):
        LetterPolicy(collected_at="four")


# Formats


@pytest.mark.parametrize(
    ("needs", "expected"),
    [
        ([], Needed()),
        ([("format", "Large print")], Needed(Format.LARGE_PRINT)),
        ([("format", "18 point Arial")], Needed(Format.LARGE_PRINT)),
        ([("format", "easy-read")], Needed(Format.EASY_READ)),
        ([("format", "Grade 2 Braille")], Needed(Format.BRAILLE)),
        ([("format", "large print"), ("format", "braille")], Needed(Format.BRAILLE)),
        ([("format", "yellow paper")], Needed(unknown="yellow paper")),
        ([("interpreter", "Polish")], Needed(languages=("pl",))),
        ([("interpreter", "British Sign Language")], Needed()),
        ([("interpreter", "Klingon")], Needed(unknown="Klingon")),
        ([("support", "hearing loop"), ("transport", "large print van")], Needed()),
    ],
)
def test_recorded_needs_decide_format_and_language(needs: list[tuple[str, str]], expected: Needed) -> None:
    assert needed(needs) == expected
