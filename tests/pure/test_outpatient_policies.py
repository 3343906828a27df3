"""The access policy: every value that a pack ships is read, and each one makes a difference."""

from dataclasses import fields
from datetime import UTC, datetime, timedelta

import pytest

from clearway.config import regions
from clearway.domain.outpatients.booking import Holds
from clearway.domain.outpatients.completeness import IntakePolicy
from clearway.engine.outpatients import policies
from clearway.interchange import region_pack

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
SHIPPED = {each.name: each.values for each in region_pack.parse(regions.find("worcestershire")).policies}

WITH_OTHER_READERS = (
    "feed_freshness",
    "worklist",
    "retention",
    "clock_rules",
    "onward_services",
    "concerns",
    "recurring_duties",
)


@pytest.mark.parametrize("name", policies.KINDS)
def test_the_pack_says_every_value_of_a_policy_and_nothing_that_nobody_reads(name: str) -> None:
    values = SHIPPED[name]

    assert policies.unread(name, values) == frozenset()
    assert set(values) == {each.name for each in fields(policies.KINDS[name])} - {"holidays"}


def test_a_value_that_nothing_reads_is_named() -> None:
    assert policies.unread("holds", {"minutes": 20, "minuets": 10}) == {"minuets"}


def test_what_a_policy_does_not_name_keeps_its_default() -> None:
    assert policies.read(Holds, {"minutes": 30}) == Holds(minutes=30)


def test_a_list_of_days_becomes_what_the_rules_take() -> None:
    intake = policies.read(IntakePolicy, {"chase_after": [1, 3, 9]})

    assert intake.chase_after == (1, 3, 9)


def test_the_bank_holidays_are_no_trusts_choice() -> None:
    assert policies.unread("referral_intake", {"holidays": ["2026-12-25"]}) == {"holidays"}
    assert policies.read(IntakePolicy, {"holidays": ["2026-12-25"]}).holidays == frozenset()


def test_the_pack_has_no_policy_without_a_reader() -> None:
    assert set(SHIPPED) == {*policies.KINDS, *WITH_OTHER_READERS}


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("holds", {"minutes": 5, "minutes_soon": 10}),
        ("clinic_changes", {"weeks_ahead": 0}),
        ("capacity", {"target_weeks": 0}),
        ("enquiries", {"complaint_acknowledge": 4}),
        ("enquiries", {"opens": 18}),
        ("upkeep", {"danger": 3}),
        ("loans", {"chase_after": [21, 7]}),
        ("records_requests", {"notes_days": 0}),
        ("filing", {"chase_days": 0}),
        ("partial_booking", {"remind": 20, "ring": 10}),
        ("list_validation", {"lost": 0}),
        ("referral_intake", {"chase_after": [5, 2]}),
        ("letters", {"first_days": 4}),
    ],
)
def test_a_policy_that_contradicts_itself_is_refused(name: str, values: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        policies.read(policies.KINDS[name], values)


@pytest.mark.parametrize(
    ("ahead", "asked", "minutes"),
    [
        (timedelta(hours=25), None, 20),
        (timedelta(hours=24), None, 10),
        (timedelta(days=3), 45, 45),
        (timedelta(days=3), 900, 240),
    ],
)
def test_a_hold_is_shorter_for_a_slot_that_begins_soon_and_never_longer_than_the_most(
    ahead: timedelta, asked: int | None, minutes: int
) -> None:
    assert Holds().lasting(NOW + ahead, NOW, asked) == minutes
