"""By when a call, a message or a complaint is answered, and how it may be closed."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from clearway.domain.outpatients.enquiries import (
    About,
    EnquiryPolicy,
    Result,
    Stands,
    Urgency,
    check_close,
    deadlines,
    promised_by,
    usual_urgency,
)
from clearway.domain.shared.errors import NotAllowed

LONDON = ZoneInfo("Europe/London")
POLICY = EnquiryPolicy()
FRIDAY = date(2026, 11, 20)
STAFF_DAY = frozenset({date(2026, 11, 23)})


def came(hour: int, minute: int = 0, day: date = FRIDAY) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=LONDON)


def test_an_urgent_caller_is_answered_within_the_hour_and_others_today_or_in_two_working_days() -> None:
    assert promised_by(Urgency.URGENT, came(10), POLICY) == came(11)
    assert promised_by(Urgency.TODAY, came(10), POLICY) == came(17)
    assert promised_by(Urgency.ROUTINE, came(10), POLICY) == came(17, day=date(2026, 11, 24))


def test_what_comes_while_the_office_is_closed_counts_from_its_next_opening() -> None:
    tuesday = date(2026, 11, 24)

    assert promised_by(Urgency.URGENT, came(17, 5), POLICY, STAFF_DAY) == came(9, day=tuesday)
    assert promised_by(Urgency.TODAY, came(6), POLICY) == came(17)
    assert promised_by(Urgency.TODAY, came(12, day=date(2026, 11, 21)), POLICY, STAFF_DAY) == came(
        17, day=tuesday
    )


def test_a_clinical_question_is_not_left_overnight() -> None:
    assert usual_urgency(About.CLINICAL) is Urgency.TODAY
    assert usual_urgency(About.WAITING) is Urgency.ROUTINE


def test_a_complaint_is_acknowledged_within_three_working_days() -> None:
    # Received on Friday: Monday 1, Tuesday 2, Wednesday 3.
    days = deadlines(FRIDAY, POLICY)

    assert days.acknowledge_by == date(2026, 11, 25)
    assert days.settle_by == date(2026, 11, 23)
    assert days.answer_by == FRIDAY + timedelta(weeks=5)
    assert deadlines(FRIDAY, POLICY, STAFF_DAY).acknowledge_by == date(2026, 11, 26)


def test_no_trust_gives_itself_longer_than_the_law() -> None:
    with pytest.raises(ValueError, match="three working days"):
        EnquiryPolicy(complaint_acknowledge=4)


def stands(**more: object) -> Stands:
    usual = {
        "about": About.OTHER,
        "is_message": False,
        "is_answered": False,
        "is_acknowledged": False,
        "is_closed": False,
        "by_word": True,
        "received_on": FRIDAY,
    }
    return Stands(**{**usual, **more})  # type: ignore[arg-type]


COMPLAINT = {"about": About.COMPLAINT}


@pytest.mark.parametrize(
    ("more", "result", "on", "why"),
    [
        ({"is_closed": True}, Result.TOLD, FRIDAY, "closed it already"),
        ({"is_message": True}, Result.TOLD, FRIDAY, "therapist has not answered"),
        (COMPLAINT, Result.TOLD, FRIDAY, "no result of a complaint"),
        ({}, Result.SETTLED, FRIDAY, "no result of an enquiry"),
        (COMPLAINT, Result.SETTLED, FRIDAY, "Acknowledge the complaint first"),
        (COMPLAINT, Result.SETTLED_BY_WORD, date(2026, 11, 24), "up to 23 Nov 2026"),
        ({**COMPLAINT, "by_word": False}, Result.SETTLED_BY_WORD, FRIDAY, "by word of mouth"),
    ],
)
def test_what_cannot_be_closed_says_what_to_do_first(
    more: dict[str, object], result: Result, on: date, why: str
) -> None:
    with pytest.raises(NotAllowed, match=why):
        check_close(stands(**more), result, on)


@pytest.mark.parametrize(
    ("more", "result"),
    [
        ({}, Result.ANSWERED),
        ({"is_message": True, "is_answered": True}, Result.TOLD),
        ({"is_message": True}, Result.WITHDRAWN),
        (COMPLAINT, Result.SETTLED_BY_WORD),
        ({**COMPLAINT, "is_acknowledged": True}, Result.SETTLED),
    ],
)
def test_what_can_be_closed_is(more: dict[str, object], result: Result) -> None:
    check_close(stands(**more), result, FRIDAY)
