"""What a form brings back of what it was opened with (clearway/core/clashes.py)."""

from datetime import UTC, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from clearway.core import clashes
from clearway.domain.shared.errors import NotAllowed

pytestmark = pytest.mark.promise("R3")
NINE = datetime(2026, 11, 20, 9, tzinfo=UTC)


def refused(now: dict[str, Any] | int, found: tuple[clashes.Clash, ...] = ()) -> clashes.ChangedMeanwhile:
    return clashes.ChangedMeanwhile("changed", "Saving", "Look", found, now=now)


def test_a_form_that_was_refused_follows_what_it_was_compared_with_and_nothing_later() -> None:
    sent, third = {"seen": clashes.seal({"name": "First"}, "clinic A")}, {"name": "Third"}

    again = clashes.opened(sent, third, "clinic A", refused({"name": "Second"}))

    assert clashes.unseal(again, "Saving", "clinic A") == {"name": "Second"}
    assert clashes.opened({"seen": "1"}, 3, refusal=refused(2)) == "2"


def test_a_form_that_was_not_refused_keeps_what_it_was_opened_with() -> None:
    assert clashes.opened({"seen": "1"}, 3) == "1"


def test_what_another_record_was_opened_with_is_refused() -> None:
    sealed = clashes.seal({"ethnicity": "A"}, "ethnicity 1")

    with pytest.raises(NotAllowed, match="does not say what it was opened with"):
        clashes.unseal(sealed, "Saving", "ethnicity 2")


def test_a_form_that_says_nothing_of_a_field_saves_nothing_of_it_and_says_so() -> None:
    with pytest.raises(NotAllowed, match="does not say what it was opened with"):
        clashes.own_changes({"phone": "1"}, {"address": "Here"}, {"phone": "2"}, "Saving")
    with pytest.raises(NotAllowed, match="does not say what it was opened with"):
        clashes.check_fields({"phone": "1"}, {}, {"phone": ""}, "Saving")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (NINE, NINE.astimezone(timezone(timedelta(hours=1)))),
        (Decimal("1.50"), Decimal("1.5")),
        (time(9), time(9, 0)),
    ],
)
def test_the_same_value_written_otherwise_is_no_clash(one: Any, other: Any) -> None:
    assert clashes.between({"value": one}, {"value": other}) == ()


def test_another_moment_is_a_clash() -> None:
    assert clashes.between({"value": NINE}, {"value": NINE + timedelta(minutes=1)})
