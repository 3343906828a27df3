"""The outbox: written with its cause, made once, sent once, and honest about what it does not know."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from clearway.core.audit.actions import Actor
from clearway.core.audit.models import Action
from clearway.core.organisation.models import Organisation
from clearway.core.outbox import actions, queries
from clearway.core.outbox.actions import Held
from clearway.core.outbox.models import Outgoing
from clearway.core.outbox.sending import Made, NotTaken, Office, Parcel, Ready, Refused, Withdrawn
from clearway.domain.shared.errors import NotAllowed
from clearway.domain.shared.outgoing import State
from tests.trust import a_trust

T0 = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
LATER = T0 + timedelta(seconds=11)
DESK = Actor("desk")


@dataclass
class Maker:
    """Makes everything, unless told otherwise."""

    answer: Made = field(default_factory=lambda: Ready("f" * 64))
    between: Held | Withdrawn | None = None
    made: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)

    def make(self, row: Outgoing, *, by: Actor, at: datetime) -> Made:
        self.made.append(row.key)
        return self.answer

    def look_again(self, row: Outgoing, at: datetime) -> Held | Withdrawn | None:
        return self.between

    def body(self, row: Outgoing) -> bytes:
        return row.key.encode()

    def left(self, row: Outgoing, *, by: Actor, at: datetime) -> None:
        self.gone.append(row.key)


@dataclass
class Van:
    """A carrier that does what it is told."""

    does: Callable[[], str] = lambda: "van-1"
    takes_key: bool = False
    took: list[Parcel] = field(default_factory=list)

    def carry(self, parcel: Parcel) -> str:
        self.took.append(parcel)
        return self.does()


@pytest.fixture
def trust(db: None) -> Organisation:
    return a_trust()


def put(trust: Organisation, *keys: str, carrier: str = "post") -> dict[str, int]:
    with transaction.atomic():
        return dict(actions.put(keys, "test", carrier=carrier, organisation_id=trust.pk, at=T0))


def office(maker: Maker, van: Van | None = None) -> Office:
    return Office({"test": maker}, {"van": van} if van else {})


def run(at: Office, now: datetime = LATER) -> None:
    while at.work(now):
        pass


def stands(trust: Organisation) -> list[str]:
    return list(Outgoing.objects.filter(organisation=trust).order_by("id").values_list("state", flat=True))


def failing(problem: Exception) -> Callable[[], str]:
    def fail() -> str:
        raise problem

    return fail


def test_a_message_is_kept_only_with_its_cause(trust: Organisation) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        actions.put(["a"], "test", carrier="post", organisation_id=trust.pk, at=T0)
        raise ZeroDivisionError

    assert stands(trust) == []


@pytest.mark.django_db(transaction=True)
def test_a_message_is_not_put_in_without_a_transaction_of_its_cause() -> None:
    with pytest.raises(RuntimeError, match="transaction of its cause"):
        actions.put(["a"], "test", carrier="post", organisation_id=1, at=T0)


def test_the_same_cause_puts_in_one_message(trust: Organisation) -> None:
    assert list(put(trust, "a", "b")) == ["a", "b"]
    assert put(trust, "a") == {}

    assert stands(trust) == ["queued", "queued"]


def test_the_database_refuses_a_second_row_of_the_same_cause(trust: Organisation) -> None:
    put(trust, "a")
    row = Outgoing.objects.get()
    row.pk = None
    with pytest.raises(IntegrityError, match="one_message_per_cause"), transaction.atomic():
        row.save(force_insert=True)


def test_nothing_is_made_while_it_can_still_be_taken_back(trust: Organisation) -> None:
    put(trust, "a")
    maker = Maker()

    run(office(maker), T0 + timedelta(seconds=9))
    assert maker.made == []
    run(office(maker), T0 + timedelta(seconds=10))
    assert maker.made == ["a"]


def test_what_is_made_waits_for_people_where_no_carrier_is_called(trust: Organisation) -> None:
    put(trust, "a")
    run(office(Maker()))

    row = Outgoing.objects.get()
    assert (row.state, row.digest, row.ready_at) == ("ready", "f" * 64, LATER)
    assert Action.objects.filter(verb="outbox.ready", subject=f"outgoing:{row.pk}").exists()


def test_what_is_in_the_way_is_held_with_its_fix_and_can_be_released(trust: Organisation) -> None:
    key = put(trust, "a")["a"]
    run(office(Maker(Held("address", "No address is known.", "Ask for it."))))
    row = Outgoing.objects.get()
    assert (row.state, row.reason, row.fix) == ("held", "address", "Ask for it.")

    actions.release(key, organisation_id=trust.pk, by=DESK, at=LATER)
    run(office(Maker()))

    row.refresh_from_db()
    assert (row.state, row.why) == ("ready", "")


def test_a_cause_that_no_longer_holds_withdraws_its_message(trust: Organisation) -> None:
    put(trust, "a")
    run(office(Maker(Withdrawn("The appointment was cancelled."))))

    assert stands(trust) == ["withdrawn"]


def test_one_that_cannot_be_made_is_seen_and_stops_no_other(trust: Organisation) -> None:
    class Broken(Maker):
        def make(self, row: Outgoing, *, by: Actor, at: datetime) -> Made:
            if row.key == "a":
                raise ZeroDivisionError
            return super().make(row, by=by, at=at)

    put(trust, "a", "b")
    run(office(Broken()))

    assert stands(trust) == ["held", "ready"]
    assert Outgoing.objects.get(key="a").reason == "fault"


def test_a_carrier_is_given_each_message_once_with_a_key_that_names_nobody(trust: Organisation) -> None:
    put(trust, "confirmation:appointment:7:patient", carrier="van")
    maker, van = Maker(), Van()
    run(office(maker, van))
    run(office(maker, van))

    (parcel,) = van.took
    assert parcel.key == f"{trust.pk}:confirmation:appointment:7:patient"
    assert stands(trust) == ["sent"]
    assert maker.gone == ["confirmation:appointment:7:patient"]
    assert Outgoing.objects.get().reference == "van-1"


@pytest.mark.promise("R20")
def test_it_is_looked_at_again_in_the_moment_of_sending(trust: Organisation) -> None:
    put(trust, "a", carrier="van")
    van = Van()
    run(office(Maker(between=Withdrawn("The patient has died.")), van))

    assert van.took == []
    assert stands(trust) == ["withdrawn"]


def test_what_a_carrier_does_not_take_now_is_given_again_and_then_given_up(trust: Organisation) -> None:
    put(trust, "a", carrier="van")
    van = Van(failing(NotTaken("busy")))
    now, limit = LATER, LATER + timedelta(days=1)
    while Outgoing.objects.get().state != "failed" and now < limit:
        run(office(Maker(), van), now)
        now += timedelta(seconds=30)

    row = Outgoing.objects.get()
    assert (row.state, len(van.took)) == ("failed", 6)
    assert "busy" in row.why


def test_what_a_carrier_refuses_has_failed_and_a_person_may_try_again(trust: Organisation) -> None:
    key = put(trust, "a", carrier="van")["a"]
    run(office(Maker(), Van(failing(Refused("no such address")))))
    assert stands(trust) == ["failed"]

    actions.release(key, organisation_id=trust.pk, by=DESK, at=LATER)
    run(office(Maker(), Van()))

    assert stands(trust) == ["sent"]


def test_without_an_answer_and_without_keys_a_person_finds_out(trust: Organisation) -> None:
    put(trust, "a", carrier="van")
    van = Van(failing(TimeoutError()))
    run(office(Maker(), van), LATER)
    run(office(Maker(), van), LATER + timedelta(hours=1))

    assert len(van.took) == 1
    assert Outgoing.objects.get().reason == "uncertain"


@pytest.mark.promise("R20")
def test_without_an_answer_a_carrier_that_takes_keys_is_given_the_same_key_again(trust: Organisation) -> None:
    put(trust, "a", carrier="van")
    van = Van(failing(TimeoutError()), takes_key=True)
    run(office(Maker(), van), LATER)
    run(office(Maker(), Van(takes_key=True)), LATER + timedelta(hours=1))

    assert stands(trust) == ["sent"]


@pytest.mark.parametrize(("takes_key", "expected"), [(True, "sent"), (False, "held")])
def test_what_a_killed_worker_left_is_picked_up(trust: Organisation, takes_key: bool, expected: str) -> None:
    put(trust, "a", carrier="van")
    Outgoing.objects.update(state="sending", since=T0, tries=1)
    van = Van(takes_key=takes_key)

    run(office(Maker(), van), T0 + timedelta(seconds=59))
    assert van.took == []
    run(office(Maker(), van), T0 + timedelta(seconds=61))
    run(office(Maker(), van), T0 + timedelta(minutes=5))

    assert stands(trust) == [expected]
    assert len(van.took) == takes_key


def test_a_carrier_that_is_away_is_asked_for_one_message_and_the_others_go_on(trust: Organisation) -> None:
    put(trust, "a", "b", "c", carrier="van")
    put(trust, "d", carrier="bike")
    van, bike = Van(failing(NotTaken("away", waits=True))), Van()
    both = Office({"test": Maker()}, {"van": van, "bike": bike})

    run(both)
    assert ([each.body for each in van.took], stands(trust)) == ([b"a"], ["ready"] * 3 + ["sent"])
    for minutes in range(1, 60):
        run(both, LATER + timedelta(minutes=minutes))
    assert {each.body for each in van.took} == {b"a"}
    assert Action.objects.filter(verb="outbox.ready", subject=f"outgoing:{pk_of('b')}").count() == 1

    van.does = lambda: "van-1"
    run(both, LATER + timedelta(hours=2))
    assert set(stands(trust)) == {"sent"}


def pk_of(key: str) -> int:
    return Outgoing.objects.get(key=key).pk


def test_what_nobody_carries_any_more_is_held_with_words_and_goes_once_somebody_does(
    trust: Organisation,
) -> None:
    put(trust, "a", "b", carrier="van")
    Outgoing.objects.filter(key="b").update(state="sending", since=T0, tries=1)
    run(office(Maker()), T0 + timedelta(minutes=2))

    rows = Outgoing.objects.order_by("id")
    assert [(row.state, row.reason) for row in rows] == [("held", "carrier"), ("held", "uncertain")]
    assert all(row.why and row.fix for row in rows)

    actions.release(pk_of("a"), organisation_id=trust.pk, by=DESK, at=LATER)
    run(office(Maker(), Van()))
    assert stands(trust) == ["sent", "held"]


class Asked(dict[str, Any]):
    """Carriers that are read anew at each question."""

    times = 0

    def _count(self) -> None:
        self.times += 1

    def __getitem__(self, name: str) -> Any:
        self._count()
        return super().__getitem__(name)

    def get(self, name: str, default: Any = None) -> Any:
        self._count()
        return super().get(name, default)

    def __iter__(self) -> Iterator[str]:
        self._count()
        return super().__iter__()

    def __len__(self) -> int:
        self._count()
        return super().__len__()


def test_carriers_are_asked_for_once_for_a_message_and_never_without_one(trust: Organisation) -> None:
    carriers = Asked(van=Van())
    worker = Office({"test": Maker()}, carriers)
    run(worker)
    assert carriers.times == 0

    put(trust, "a", carrier="van")
    run(worker)
    assert (carriers.times, stands(trust)) == (1, ["sent"])


def test_what_is_ready_and_long_past_due_is_overdue_unless_it_waits_for_people(trust: Organisation) -> None:
    put(trust, "a", carrier="van")
    put(trust, "b")
    Outgoing.objects.update(state="ready")

    assert queries.overdue(trust.pk, T0 + timedelta(hours=1)).count == 1


def test_what_has_left_cannot_be_withdrawn(trust: Organisation) -> None:
    key = put(trust, "a", carrier="van")["a"]
    run(office(Maker(), Van()))

    with pytest.raises(NotAllowed):
        actions.withdraw(key, "changed my mind", organisation_id=trust.pk, by=DESK, at=LATER)


def test_a_message_of_another_trust_is_not_there(trust: Organisation) -> None:
    key = put(trust, "a")["a"]
    other = a_trust("other-valley")

    with pytest.raises(Outgoing.DoesNotExist):
        actions.withdraw(key, "not ours", organisation_id=other.pk, by=DESK, at=LATER)


def test_a_message_that_is_held_must_say_why(trust: Organisation) -> None:
    put(trust, "a")
    with pytest.raises(IntegrityError, match="what_does_not_go_says_why"), transaction.atomic():
        Outgoing.objects.update(state="held")


def test_the_outbox_says_how_many_stand_where_and_since_when_the_oldest(trust: Organisation) -> None:
    put(trust, "a", "b")
    found = queries.standing(trust.pk, "test")

    assert (found[State.QUEUED].count, found[State.QUEUED].oldest) == (2, T0)
    assert found[State.HELD].count == 0
    assert queries.overdue(trust.pk, T0 + timedelta(hours=1)).count == 2


@pytest.mark.django_db(transaction=True)
def test_several_workers_make_and_send_each_message_once() -> None:
    trust = a_trust()
    put(trust, *(f"m{number}" for number in range(60)), carrier="van")
    maker, van = Maker(), Van(takes_key=True)
    problems: list[Exception] = []

    def work() -> None:
        try:
            run(office(maker, van))
        except Exception as problem:
            problems.append(problem)
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _ in range(4)]
    for each in workers:
        each.start()
    for each in workers:
        each.join()

    assert problems == []
    assert sorted(maker.made) == sorted(f"m{number}" for number in range(60))
    assert len(van.took) == 60
    assert set(stands(trust)) == {"sent"}
    assert State.SENT == "sent"
