"""By when records are disclosed, what must be done first, and the pack itself."""

import csv
import hashlib
import io
import zipfile
from datetime import UTC, date, datetime

import pytest

from clearway.domain.outpatients.records import (
    Kind,
    RecordsPolicy,
    Stands,
    check_extend,
    check_send,
    due_on,
    months_after,
)
from clearway.domain.shared.errors import NotAllowed
from clearway.interchange import disclosure

POLICY = RecordsPolicy()
AT = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "count", "end"),
    [
        (date(2026, 11, 20), 1, date(2026, 12, 20)),
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2027, 12, 31), 2, date(2028, 2, 29)),
        (date(2026, 11, 30), 3, date(2027, 2, 28)),
    ],
)
def test_a_month_ends_on_the_same_day_or_on_the_last_there_is(day: date, count: int, end: date) -> None:
    assert months_after(day, count) == end


def test_a_subject_access_has_one_month_and_two_more_when_extended() -> None:
    came = date(2026, 10, 20)

    assert due_on(Kind.SUBJECT, came, POLICY) == date(2026, 11, 20)
    assert due_on(Kind.SUBJECT, came, POLICY, is_extended=True) == date(2027, 1, 20)
    # 20 Dec 2026 is a Sunday: the month ends on the next day that is worked.
    assert due_on(Kind.SUBJECT, date(2026, 11, 20), POLICY) == date(2026, 12, 21)


def test_the_month_runs_from_the_proof_of_identity_where_it_was_asked_for() -> None:
    came, proved = date(2026, 10, 20), date(2026, 10, 27)

    assert due_on(Kind.SUBJECT, came, POLICY, identified_on=proved) == date(2026, 11, 27)


def test_notes_for_the_legal_department_are_due_when_they_say_else_in_ten_working_days() -> None:
    came = date(2026, 11, 20)

    assert due_on(Kind.LEGAL, came, POLICY, wanted_on=date(2026, 11, 25)) == date(2026, 11, 25)
    assert due_on(Kind.LEGAL, came, POLICY) == date(2026, 12, 4)


def stands(**more: object) -> Stands:
    usual = {
        "kind": Kind.SUBJECT,
        "is_identified": True,
        "has_pack": True,
        "is_reviewed": True,
        "is_closed": False,
        "is_extended": False,
        "due_on": date(2026, 11, 20),
    }
    return Stands(**{**usual, **more})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"is_closed": True}, "answered already"),
        ({"is_identified": False}, "who asks"),
        ({"has_pack": False}, "Gather"),
        ({"is_reviewed": False}, "Somebody else reviews"),
    ],
)
def test_nothing_is_sent_before_the_check_the_gathering_and_the_review(
    more: dict[str, object], why: str
) -> None:
    check_send(stands())
    with pytest.raises(NotAllowed, match=why):
        check_send(stands(**more))


@pytest.mark.parametrize(
    ("more", "today"),
    [
        ({}, date(2026, 11, 21)),
        ({"is_extended": True}, date(2026, 11, 1)),
        ({"kind": Kind.LEGAL}, date(2026, 11, 1)),
        ({"is_closed": True}, date(2026, 11, 1)),
    ],
    ids=["late", "again", "notes", "closed"],
)
def test_more_time_is_given_once_and_in_time(more: dict[str, object], today: date) -> None:
    check_extend(stands(), date(2026, 11, 20))
    with pytest.raises(NotAllowed):
        check_extend(stands(**more), today)


def test_a_pack_carries_an_index_with_the_digest_of_every_file() -> None:
    files = {"b.csv": disclosure.table(("a", "b"), [(1, None)]), "a.pdf": b"%PDF"}

    bundle = disclosure.pack(files, AT)

    assert bundle == disclosure.pack(files, AT)
    with zipfile.ZipFile(io.BytesIO(bundle)) as archive:
        assert archive.testzip() is None
        index = list(csv.DictReader(io.StringIO(archive.read("index.csv").decode())))
    assert {row["file"]: row["sha256"] for row in index} == {
        name: hashlib.sha256(content).hexdigest() for name, content in files.items()
    }
    assert disclosure.files_of(bundle) == files


def test_what_is_left_out_is_in_neither_the_pack_nor_its_index() -> None:
    bundle = disclosure.pack({"a": b"1", "b": b"2"}, AT)

    left = disclosure.without(bundle, ["a"], AT)

    assert disclosure.files_of(left) == {"b": b"2"}
    assert left == disclosure.pack({"b": b"2"}, AT)
    with pytest.raises(KeyError):
        disclosure.without(bundle, ["c"], AT)
