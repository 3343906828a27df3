"""A form that is sent twice is done once and answered the same; with something else in it, it is refused."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.utils import timezone

from clearway.core.audit.models import Action
from clearway.core.concerns.models import Concern
from clearway.core.organisation.models import Organisation
from clearway.core.repeats import keys
from clearway.core.repeats.actions import KEPT, forget
from clearway.core.repeats.models import SentForm
from clearway.desks.outpatients.booking.models import Appointment
from tests import sizes
from tests.filled import filled
from tests.therapies import NINE, a_department
from tests.trust import a_trust, signed_in, somebody, stop_the_clock

from .test_concerns import GIVEN

committed = pytest.mark.django_db(transaction=True)
pytestmark = [pytest.mark.django_db, pytest.mark.promise("R18")]
NEW = "/concerns/report/"


@pytest.fixture
def desk(valley: Organisation) -> Client:
    return signed_in(somebody("flow", "patient_flow_coordinator", valley))


def form(browser: Client, **typed: str) -> dict[str, str]:
    """The form as its page gives it, filled in."""
    sent = filled(browser.get(NEW)) | GIVEN | typed
    assert sent[keys.NAME]
    return sent


def said(page: Any) -> str:
    return str(page.content.decode())


# One after the other


def test_the_same_form_again_is_answered_and_told_the_same_and_done_once(desk: Client) -> None:
    sent = form(desk)

    first, second = (desk.post(NEW, sent, follow=True) for _ in range(2))

    assert Concern.objects.count() == 1
    assert first.redirect_chain == second.redirect_chain
    told = said(first).split('class="said', 1)[1].split("</p>")[0]
    assert told in said(second)


def test_each_form_that_is_opened_is_a_form_of_its_own(desk: Client) -> None:
    desk.post(NEW, form(desk))
    desk.post(NEW, form(desk))

    assert Concern.objects.count() == 2


def test_something_else_under_the_key_is_refused_in_words_and_kept_for_one_press(desk: Client) -> None:
    sent = form(desk)
    desk.post(NEW, sent)

    answer = desk.post(NEW, sent | {"what": "Three bays are shut <now>"})

    assert answer.status_code == 409
    assert "not</strong> done" in said(answer) and "Three bays are shut &lt;now&gt;" in said(answer)
    assert Concern.objects.count() == 1
    assert desk.post(NEW, filled(answer)).status_code == 302, "with a key of its own"
    assert {row.what for row in Concern.objects.all()} == {GIVEN["what"], "Three bays are shut <now>"}


def test_the_same_words_some_time_later_are_asked_about_and_recorded_by_one_press(desk: Client) -> None:
    sent = form(desk)
    desk.post(NEW, sent)
    SentForm.objects.update(at=timezone.now() - timedelta(minutes=10))

    again = desk.post(NEW, sent)

    page = again.content.decode()
    assert again.status_code == 409 and "<strong>not</strong> again now" in page and sent["what"] in page
    assert Concern.objects.count() == 1
    assert desk.post(NEW, sent | {keys.NAME: keys.fresh()}).status_code == 302
    assert Concern.objects.count() == 2


def test_somebody_else_and_another_address_cannot_use_a_key(desk: Client) -> None:
    sent = form(desk)
    desk.post(NEW, sent)
    other = signed_in(somebody("other", "patient_flow_coordinator", Concern.objects.get().organisation))

    answers = other.post(NEW, sent), desk.post(f"{NEW}?of=another", sent)

    assert [each.status_code for each in answers] == [409, 409]
    assert Concern.objects.count() == 1


def test_a_form_with_a_mistake_in_it_is_mended_and_sent_again(desk: Client) -> None:
    sent = form(desk)
    assert desk.post(NEW, sent | {"what": ""}).status_code == 422
    assert not SentForm.objects.exists()

    assert desk.post(NEW, sent).status_code == 302
    assert Concern.objects.count() == 1


def test_what_is_no_key_is_not_understood(desk: Client) -> None:
    for junk in ("1", "x" * 5000, "'; --" * 8):
        assert desk.post(NEW, form(desk) | {keys.NAME: junk}).status_code == 400
    assert not Concern.objects.exists()


def test_a_key_keeps_nothing_that_somebody_without_it_can_read_and_goes(desk: Client) -> None:
    sent = form(desk)
    answer = desk.post(NEW, sent)

    (row,) = SentForm.objects.all()
    kept = bytes(row.key) + bytes(row.asked) + bytes(row.answer)
    for word in (sent[keys.NAME], sent["what"], answer["Location"]):
        assert word.encode() not in kept
    assert forget(row.at + KEPT) == 0
    assert forget(row.at + KEPT + timedelta(seconds=1)) == 1


# At the same time


@committed
def test_whoever_sends_it_meanwhile_waits_and_hears_the_same(desk: Client) -> None:
    forms = [form(desk, what=f"Report {number}") for number in range(sizes.of("R18", "requests") // 4)]
    heard: list[tuple[int, str]] = []

    def send(browser: Client, place: int) -> None:
        # Four senders go through all forms, each from another one on, so that most meet another sender.
        for number in range(len(forms)):
            which = (number + place // 2) % len(forms)
            answer = browser.post(NEW, forms[which])
            heard.append((which, f"{answer.status_code} {answer['Location']}"))
        connection.close()

    browsers = [Client() for _ in range(4)]
    for browser in browsers:
        browser.cookies = desk.cookies
    at_once([partial(send, browser, place) for place, browser in enumerate(browsers)])

    assert len(heard) == 4 * len(forms)
    assert len(set(heard)) == len(forms), "all senders of a form heard the same"
    assert all(each.startswith("302 ") for _, each in heard)
    assert Concern.objects.count() == len(forms)
    assert Action.objects.filter(verb="concerns.report").count() == len(forms)


@pytest.fixture
def to_book(monkeypatch: pytest.MonkeyPatch, transactional_db: None) -> Iterator["Booking"]:
    stop_the_clock(monkeypatch, NINE)
    booking = Booking()
    yield booking
    booking.end()


class Booking:
    """A form that books one free slot, and somebody who holds the row of the entry that it needs."""

    def __init__(self) -> None:
        physio = a_department(a_trust())
        self.slot = physio.session(starts_at=NINE + timedelta(days=7)).slots.order_by("pk")[0]
        self.entry = physio.entry(minutes=30)
        self.desk = signed_in(somebody("coordinator", "outpatient_coordinator", physio.trust))
        self.desk.raise_request_exception = False
        self.address = f"/outpatients/list/{self.entry.pk}/book/"
        self.sent = {"slot": str(self.slot.pk), "what": "book", keys.NAME: keys.fresh()}
        self.other = connection.copy()
        self.other.set_autocommit(False)
        self.lost = 0
        self.limit = "0"  # how long it waits for a lock; 0 is for ever
        self.answers: list[Any] = []

    def hold(self, table: str, key: int) -> None:
        with self.other.cursor() as cursor:
            cursor.execute("SET LOCAL deadlock_timeout = '30s'")  # so that the other side is given up
            cursor.execute(f"SELECT FROM {table} WHERE id = %s FOR UPDATE", [key])

    def let_go(self) -> None:
        self.other.rollback()

    def end(self) -> None:
        self.other.close()

    def send(self) -> threading.Thread:
        def work() -> None:
            with connection.cursor() as cursor:
                cursor.execute("SET deadlock_timeout = '600ms'")
                cursor.execute(f"SET lock_timeout = '{self.limit}'")
            with connection.execute_wrapper(self._count):
                self.answers.append(self.desk.post(self.address, self.sent))
            connection.close()

        thread = threading.Thread(target=work)
        thread.start()
        return thread

    def _count(self, execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        try:
            return execute(sql, *rest)
        except OperationalError:
            self.lost += 1
            raise

    def waits(self) -> int:
        """The process of the database that waits for a lock, once there is one."""
        for _ in range(600):
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
                    " AND wait_event_type = 'Lock' AND pid <> pg_backend_pid()"
                )
                if found := cursor.fetchone():
                    return int(found[0])
            time.sleep(0.01)
        raise AssertionError("nobody waits")

    def cut(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [self.waits()])

    def left(self) -> tuple[int, int, int]:
        """Appointments, audit rows of bookings, keys."""
        booked = Action.objects.filter(verb="booking.book")
        return Appointment.objects.count(), booked.count(), SentForm.objects.count()


@committed
def test_what_the_database_gives_up_for_another_is_done_again(to_book: Booking) -> None:
    to_book.hold("outpatients_entry", to_book.entry.pk)
    sending = to_book.send()
    to_book.waits()
    to_book.hold("outpatients_slot", to_book.slot.pk)  # which the booking holds, and waits for the entry
    to_book.let_go()
    sending.join(20)

    assert to_book.lost == 1, "the first was given up"
    assert to_book.answers[0].status_code == 302, to_book.answers[0].content.decode()
    assert to_book.left() == (1, 1, 1)


@committed
def test_what_others_hold_for_too_long_is_not_done_and_can_be_sent_again(to_book: Booking) -> None:
    to_book.limit = "300ms"
    to_book.hold("outpatients_entry", to_book.entry.pk)
    sending = to_book.send()
    sending.join(30)

    page = to_book.answers[0].content.decode()
    assert to_book.answers[0].status_code == 409 and "Send it again" in page and str(to_book.slot.pk) in page
    assert to_book.left() == (0, 0, 0)

    to_book.let_go()
    assert to_book.desk.post(to_book.address, to_book.sent).status_code == 302
    assert to_book.left() == (1, 1, 1)


@committed
def test_what_is_cut_off_in_the_middle_leaves_neither_key_nor_effect_and_is_done_when_sent_again(
    to_book: Booking,
) -> None:
    to_book.hold("outpatients_entry", to_book.entry.pk)
    sending = to_book.send()
    to_book.cut()
    to_book.cut()  # it was tried again on another connection
    sending.join(20)

    assert to_book.lost == 2
    assert to_book.answers[0].status_code == 500
    assert to_book.left() == (0, 0, 0)

    to_book.let_go()
    assert to_book.desk.post(to_book.address, to_book.sent).status_code == 302
    assert to_book.left() == (1, 1, 1)


@committed
def test_when_nobody_knows_whether_it_was_committed_the_key_is_asked(
    desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent, commit = form(desk), connection._commit  # type: ignore[attr-defined]

    def cut() -> None:
        monkeypatch.undo()
        commit()
        connection.connection.close()
        raise OperationalError("the connection was lost")

    monkeypatch.setattr(connection, "_commit", cut)
    answer = desk.post(NEW, sent, follow=True)

    assert answer.redirect_chain and 'class="said' in said(answer)
    assert Concern.objects.count() == SentForm.objects.count() == 1


def at_once(works: Sequence[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=work) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
