"""Worklists of e-RS as rows: what an answer says, and what cannot be read."""

from datetime import date

import pytest

from clearway.domain.outpatients.completeness import IntakePolicy, ReviewReason, book_slot_issue_by
from clearway.domain.shared.errors import CannotParse
from clearway.interchange import ers_worklist, referral_file
from clearway.interchange.referral_file import ReferralRow
from tests.ers import ADA, a_list, an_entry


def rows(raw: bytes) -> list[ReferralRow | CannotParse]:
    sheet = ers_worklist.sheet(raw)
    filled = tuple(
        (
            line,
            tuple(
                cell or ("MSK" if name == "service" else "")
                for name, cell in zip(sheet.heading, cells, strict=True)
            ),
        )
        for line, cells in sheet.rows
    )
    mapping = {name: name for name in sheet.heading}
    return referral_file.rows(ers_worklist.Sheet(sheet.heading, filled), mapping)


def test_an_entry_for_review_and_a_slot_issue_say_reference_patient_priority_reason_and_day() -> None:
    first, second = rows(
        a_list(an_entry("000048417799"), an_entry("000048417800", reason="NO_SLOTS_AT_SERVICE"))
    )
    assert isinstance(first, ReferralRow) and isinstance(second, ReferralRow)

    named = ("ubrn", "nhs_number", "priority", "received_on", "review_reason")
    assert [first[name] for name in named] == ["000048417799", ADA, "ROUTINE", "2026-11-16", "TRIAGE"]
    assert (second.line, second["review_reason"]) == (2, "NO_SLOTS_AT_SERVICE")


@pytest.mark.parametrize(
    ("said", "day"),
    [
        ("2026-06-01T23:30:00Z", "2026-06-02"),
        ("2026-06-01T23:30:00+01:00", "2026-06-01"),
        ("2026-11-16T23:30:00+00:00", "2026-11-16"),
    ],
)
def test_an_instant_counts_on_its_day_in_london(said: str, day: str) -> None:
    (row,) = rows(a_list(an_entry("000048417799", day=said)))

    assert isinstance(row, ReferralRow) and row["received_on"] == day


@pytest.mark.parametrize(
    ("entry", "where", "why"),
    [
        (an_entry("12345"), "line 1, ubrn", "twelve digits"),
        (an_entry("000048417799", number="9990000000"), "line 1, nhs number", "empty"),
        (an_entry("000048417799", reason="SOMETHING"), "line 1, review reason", "no such reason"),
        (an_entry("000048417799", day="2026-13-01"), "line 1, received", "no such day"),
        (an_entry("000048417799", item={"reference": "Task/1"}), "line 1, ubrn", "empty"),
        ("nothing", "line 1, nhs number", "empty"),
        ({"extension": [{"extension": [{"url": 7, "valueString": 7}]}], "item": 4}, "line 1, nhs", "empty"),
    ],
)
def test_an_entry_that_cannot_be_read_is_refused_by_its_place(entry: object, where: str, why: str) -> None:
    (refused,) = rows(a_list(entry))

    assert isinstance(refused, CannotParse)
    assert refused.where.startswith(where) and why in refused.why and refused.fix


@pytest.mark.parametrize(
    "raw",
    [
        b"{",
        b"[" * 100_000,
        b'\xff{"resourceType": "List"}',
        b'{"resourceType": "Bundle"}',
        b'{"resourceType": "List", "entry": 1}',
        a_list(*[{}] * 1001),
        b" " * (ers_worklist.MOST_BYTES + 1),
    ],
)
def test_what_is_no_worklist_as_a_whole_is_refused_with_what_mends_it(raw: bytes) -> None:
    with pytest.raises(CannotParse) as refusal:
        ers_worklist.sheet(raw)

    assert refusal.value.where and refusal.value.fix


def test_an_export_is_known_by_its_headings_and_needs_no_names() -> None:
    head = b"UBRN,Review reason,NHS number,Service,Received\n"
    raw = head + b"000048417799,No slots at service,9990548609,MSK,16/11/2026\n"
    (row,) = referral_file.parse(raw)

    assert isinstance(row, ReferralRow) and row["review_reason"] == "NO_SLOTS_AT_SERVICE"


def test_a_row_that_says_no_review_reason_has_the_digest_that_it_always_had() -> None:
    values = {"reference": "A1", "ubrn": ""}

    assert ReferralRow(1, values).digest == ReferralRow(1, {**values, "review_reason": ""}).digest
    assert ReferralRow(1, values).digest != ReferralRow(1, {**values, "review_reason": "TRIAGE"}).digest


@pytest.mark.parametrize(("priority", "days"), [("1", 40), ("2", 10), ("3", 5), ("", 10)])
def test_a_slot_issue_is_booked_in_the_days_of_its_priority(priority: str, days: int) -> None:
    by = book_slot_issue_by(date(2026, 11, 1), priority, IntakePolicy())

    assert (by - date(2026, 11, 1)).days == days


def test_every_reason_but_triage_is_a_slot_issue() -> None:
    assert [each for each in ReviewReason if not each.is_slot_issue] == [ReviewReason.TRIAGE]


@pytest.mark.parametrize("said", [{"ers_loads_a_day": 0}, {"slot_issue_days": (1, 2)}])
def test_a_policy_that_cannot_be_is_refused(said: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="got"):
        IntakePolicy(**said)  # type: ignore[arg-type]
