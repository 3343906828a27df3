"""The audit cannot be changed, and a change by somebody who can do everything is found and named."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from clearway.core.audit.actions import Actor, Entry, record
from clearway.core.audit.models import Action, Seal
from clearway.core.audit.seal import seal, seal_all, verify

AT = datetime(2026, 11, 2, 2, 15, tzinfo=UTC)
SOMEBODY = Actor("somebody")

committed = pytest.mark.django_db(transaction=True)


def write(count: int) -> None:
    for number in range(count):
        with transaction.atomic():
            entry = Entry("tests.write", f"thing:{number}", {"number": number, "words": "é ü"})
            record([entry], organisation_id=None, by=SOMEBODY, at=AT + timedelta(seconds=number))


@contextmanager
def all_rights() -> Iterator[object]:
    """A superuser who sets the triggers aside."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        yield cursor
        cursor.execute("SET session_replication_role = origin")


def a_sealed_audit(rows: int = 12, run: int = 5) -> list[int]:
    write(rows)
    while seal(AT, limit=run):
        pass
    return list(Action.objects.order_by("xid", "id").values_list("id", flat=True))


@pytest.mark.django_db
def test_an_audit_row_is_written_in_the_transaction_of_its_action_or_not_at_all() -> None:
    with transaction.atomic():
        write(1)
        transaction.set_rollback(True)

    assert not Action.objects.exists()


@committed
def test_an_audit_row_outside_a_transaction_is_refused() -> None:
    with pytest.raises(RuntimeError, match="transaction"):
        record([Entry("tests.write", "thing:1", {})], organisation_id=None, by=SOMEBODY, at=AT)


@committed
@pytest.mark.promise("S7")
@pytest.mark.parametrize(
    "change",
    ["UPDATE core_action SET verb = 'x'", "DELETE FROM core_action", "TRUNCATE core_action CASCADE"],
)
def test_the_database_refuses_to_change_an_audit_row(change: str) -> None:
    write(1)

    with pytest.raises(IntegrityError, match="insert-only"), transaction.atomic():
        connection.cursor().execute(change)

    assert Action.objects.count() == 1


@committed
@pytest.mark.promise("S7")
@pytest.mark.parametrize("change", ["UPDATE core_action SET verb = 'x'", "DELETE FROM core_action"])
def test_the_web_role_has_no_right_to_change_an_audit_row(change: str) -> None:
    from clearway.config.migrate import grant_rights

    grant_rights()
    with connection.cursor() as cursor:
        cursor.execute("SET ROLE clearway_web")
        try:
            with pytest.raises(DatabaseError, match="permission denied"):
                cursor.execute(change)
        finally:
            cursor.execute("RESET ROLE")


@committed
def test_an_untouched_audit_is_in_order() -> None:
    a_sealed_audit(12, run=5)

    report = verify()

    assert report.fault is None
    assert (report.sealed, report.unsealed) == (12, 0)
    assert Seal.objects.count() == 3


@committed
def test_rows_since_the_last_seal_are_counted() -> None:
    a_sealed_audit(3)
    write(2)

    assert verify().unsealed == 2


@committed
@pytest.mark.promise("S7")
def test_an_edited_row_is_named() -> None:
    keys = a_sealed_audit()

    with all_rights() as cursor:
        cursor.execute("UPDATE core_action SET actor = 'nobody' WHERE id = %s", [keys[6]])

    fault = verify().fault
    assert fault is not None
    assert (fault.row, fault.what) == (keys[6], "a sealed row was changed")


@committed
@pytest.mark.promise("S7")
@pytest.mark.parametrize("place", [0, 4, 6, 11])
def test_a_deleted_row_is_named(place: int) -> None:
    keys = a_sealed_audit()

    with all_rights() as cursor:
        cursor.execute("DELETE FROM core_action WHERE id = %s", [keys[place]])

    fault = verify().fault
    assert fault is not None
    assert fault.row == keys[place]


@committed
@pytest.mark.promise("S7")
def test_an_inserted_row_is_named() -> None:
    keys = a_sealed_audit()

    with all_rights() as cursor:
        cursor.execute(
            "INSERT INTO core_action (at, verb, actor, role, subject, detail, request_id, xid)"
            " SELECT at, verb, actor, role, subject, detail, request_id, xid FROM core_action WHERE id = %s"
            " RETURNING id",
            [keys[6]],
        )
        added = cursor.fetchone()[0]

    fault = verify().fault
    assert fault is not None
    assert (fault.row, fault.what) == (added, "a row was added or moved under a seal")


@committed
@pytest.mark.promise("S7")
def test_two_rows_that_changed_places_are_found() -> None:
    keys = a_sealed_audit()
    one, other = keys[2], keys[7]

    with all_rights() as cursor:
        cursor.execute(
            "UPDATE core_action a SET subject = b.subject, detail = b.detail, at = b.at FROM core_action b"
            " WHERE (a.id, b.id) IN ((%s, %s), (%s, %s))",
            [one, other, other, one],
        )

    fault = verify().fault
    assert fault is not None
    assert fault.row == one


@committed
@pytest.mark.promise("S7")
def test_a_removed_seal_is_found() -> None:
    a_sealed_audit()
    middle = Seal.objects.order_by("id")[1]

    with all_rights() as cursor:
        cursor.execute("DELETE FROM core_seal WHERE id = %s", [middle.pk])

    assert verify().fault is not None


@committed
@pytest.mark.promise("S7")
def test_a_cut_tail_is_found_with_a_digest_kept_outside() -> None:
    a_sealed_audit()
    head = verify().head
    last = Seal.objects.order_by("-id").first()
    assert last is not None

    with all_rights() as cursor:
        cursor.execute("DELETE FROM core_action WHERE (xid, id) > (%s, %s)", [last.after_xid, last.after_id])
        cursor.execute("DELETE FROM core_seal WHERE id = %s", [last.pk])

    assert verify().fault is None, "a chain alone cannot show this"
    assert verify(head).fault is not None


@committed
@pytest.mark.promise("S7")
def test_a_chain_computed_anew_is_found_with_a_digest_kept_outside() -> None:
    keys = a_sealed_audit()
    head = verify().head

    with all_rights() as cursor:
        cursor.execute("UPDATE core_action SET actor = 'nobody' WHERE id = %s", [keys[0]])
        cursor.execute("DELETE FROM core_seal")
    seal_all(AT)

    assert verify().fault is None
    assert verify(head).fault is not None


@committed
def test_a_row_of_a_transaction_still_open_is_not_overtaken() -> None:
    began, may_end = threading.Event(), threading.Event()

    def slow() -> None:
        with transaction.atomic():
            record([Entry("tests.slow", "thing:slow", {})], organisation_id=None, by=SOMEBODY, at=AT)
            began.set()
            may_end.wait(10)
        connection.close()

    writer = threading.Thread(target=slow)
    writer.start()
    began.wait(10)
    write(3)
    early = seal_all(AT)
    may_end.set()
    writer.join()
    late = seal_all(AT)

    assert (early, late) == (0, 4)
    assert verify().fault is None
