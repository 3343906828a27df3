"""Every message ends as applied, duplicate or quarantined; the tables are what the facts add up to."""

import random
from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, given, settings, strategies

from clearway.core.audit.models import Action
from clearway.core.feeds.actions import store
from clearway.core.feeds.models import Batch, Quarantined, Source
from clearway.core.feeds.queries import accounts
from clearway.core.live.models import Change
from clearway.core.organisation.models import Organisation
from clearway.desks.ambulance.facts.models import Fact
from clearway.desks.ambulance.incidents.models import Assignment, Identity
from clearway.desks.ambulance.quality.models import Finding
from clearway.desks.ambulance.resources.models import Position as PositionRow
from clearway.desks.ambulance.resources.models import Resource
from clearway.domain.ambulance.events import AvailabilityEvent, CallEvent, Patient, Position
from clearway.domain.ambulance.words import Availability, CallStatus, Category
from clearway.domain.shared.errors import CannotParse
from clearway.gateway import inbox
from clearway.interchange import native
from tests import sizes

from .conftest import Actor, at, conveyance, deliver, job

pytestmark = pytest.mark.django_db


def counts(batch: Batch) -> tuple[int | None, ...]:
    return batch.lines, batch.applied, batch.duplicate, batch.quarantined


def test_a_batch_is_applied_and_its_account_adds_up(cad: Source) -> None:
    batch = deliver(cad, conveyance("TVH01"))

    assert counts(batch) == (7, 7, 0, 0)
    assert Assignment.objects.get().state == "clear"


def test_the_same_batch_again_is_all_duplicates_and_changes_nothing(cad: Source) -> None:
    deliver(cad, conveyance("TVH01"))
    before = list(Assignment.objects.values()), Fact.objects.count()

    again = deliver(cad, conveyance("TVH01"), known=200)

    assert counts(again) == (7, 0, 7, 0)
    assert (list(Assignment.objects.values()), Fact.objects.count()) == before


def test_a_message_twice_in_one_batch_counts_once(cad: Source) -> None:
    batch = deliver(cad, [job("allocated", 0), job("allocated", 0)])

    assert counts(batch) == (2, 1, 1, 0)


def test_a_key_used_again_for_another_message_is_quarantined(cad: Source) -> None:
    deliver(cad, [job("allocated", 0, message_id="same")])

    batch = deliver(cad, [job("mobile", 5, message_id="same")])

    assert counts(batch) == (1, 0, 0, 1)
    assert "used before" in Quarantined.objects.get().why


def test_an_unreadable_line_keeps_its_bytes_and_names_place_and_fix(cad: Source) -> None:
    body = b'{"type":"job","message_id":"x"}\n\nnot json\n'

    batch = deliver(cad, body)

    assert counts(batch) == (2, 0, 0, 2)
    first, second = Quarantined.objects.order_by("line")
    assert first.place == "line 1, field occurred_at"
    assert bytes(second.body) == b"not json"
    assert second.fix


def test_the_good_lines_of_a_batch_are_applied_beside_the_bad(cad: Source) -> None:
    batch = deliver(cad, b"not json\n" + native.dump(conveyance("TVH01")))

    assert counts(batch) == (8, 7, 0, 1)


def test_identity_is_kept_apart_from_the_facts(cad: Source) -> None:
    patient = Patient(age=71, sex="female", name="TESTER, Ann", nhs_number="9990000018")
    call = CallEvent("m1", at(0), "1", CallStatus.CALL_CONNECT, category=Category.C2, patient=patient)

    deliver(cad, [call])

    stored = Fact.objects.get().event
    assert stored["patient"] == {"age": 71, "sex": "female"}
    assert Identity.objects.get().nhs_number == "9990000018"
    assert "9990000018" not in str(list(Action.objects.values()))


def test_a_late_older_availability_does_not_undo_the_newer(cad: Source) -> None:
    def change(status: Availability, minutes: float) -> AvailabilityEvent:
        return AvailabilityEvent(f"{status}{minutes}", at(minutes), "A1", status)

    deliver(cad, [change(Availability.BOOKING_ON, 0), change(Availability.UNAVAILABLE, 20)])
    deliver(cad, [change(Availability.AVAILABLE, 10)], known=110)

    assert Resource.objects.get().availability == "unavailable"


def test_positions_are_kept_once_and_never_move_back(avl: Source) -> None:
    def seen(minutes: float, latitude: float) -> Position:
        return Position("A1", at(minutes), latitude, -2.0)

    first = deliver(avl, [seen(10, 51.0), seen(10, 51.0), seen(12, 51.2)])
    late = deliver(avl, [seen(11, 51.1)], known=120)

    assert counts(first) == (3, 2, 1, 0)
    assert counts(late) == (1, 1, 0, 0)
    assert PositionRow.objects.count() == 3
    assert Resource.objects.get().latitude == 51.2


def test_every_recording_leaves_an_audit_row_and_announces_the_change(cad: Source) -> None:
    deliver(cad, conveyance("TVH01", until="left_scene"))

    action = Action.objects.get(verb="facts.record")
    assert action.actor == f"feed:{cad.name}"
    assert action.detail["applied"] == 4
    assert set(Change.objects.values_list("topic", flat=True)) >= {"site", "resource", "source"}


def test_an_unknown_destination_is_shown_as_unknown_and_found(cad: Source) -> None:
    deliver(cad, conveyance("NOSUCH", until="left_scene"))

    assert Assignment.objects.get().destination is None
    assert Finding.objects.filter(code="HQ20").exists()


@pytest.mark.promise("R6")
def test_a_quarantined_line_can_be_replayed_once_mended(cad: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    batch = deliver(cad, b"legacy line")
    row = Quarantined.objects.get()
    with pytest.raises(CannotParse):
        inbox.replay(row.pk, by=Actor("pfc"), at=at(300))
    assert Quarantined.objects.get().state == "waiting"
    monkeypatch.setattr(
        inbox, "_read_message", lambda line: inbox.Received("mended", b"x" * 16, (job("allocated", 0),))
    )

    inbox.replay(row.pk, by=Actor("pfc"), at=at(301))

    batch.refresh_from_db()
    assert counts(batch) == (1, 1, 0, 0)
    assert Quarantined.objects.get().state == "replayed"


def poison(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Recording breaks on a message whose key says poison. Returns the sizes of the parts tried."""
    real = inbox.record
    sizes: list[int] = []

    def breaks_on_poison(messages: Sequence[inbox.Received], **named: object) -> list[inbox.Outcome]:
        sizes.append(len(messages))
        if any("poison" in message.message_id for message in messages):
            raise ZeroDivisionError
        return real(messages, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(inbox, "record", breaks_on_poison)
    return sizes


def test_one_message_that_breaks_the_recording_does_not_hold_up_the_others(
    cad: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    poison(monkeypatch)

    batch = deliver(cad, [job("allocated", 0, message_id="poison"), *conveyance("TVH01", incident="2")])

    assert counts(batch) == (8, 7, 0, 1)


def test_a_message_that_breaks_the_recording_is_found_by_halving(
    cad: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = poison(monkeypatch)
    jobs = [job("allocated", number, incident=str(number)) for number in range(63)]

    batch = deliver(cad, [*jobs, job("allocated", 70, message_id="poison")])

    assert counts(batch) == (64, 63, 0, 1)
    assert len(sizes) < 16  # one by one it would be 66


def test_a_batch_that_cannot_be_taken_apart_does_not_hold_up_the_others(cad: Source) -> None:
    other = Source.objects.create(
        organisation=cad.organisation, name="odd", kind="cad", format="removed", expected_interval_seconds=60
    )
    odd = store(other, b"a row\nanother", at=at(2))

    batch = deliver(cad, conveyance("TVH01"))

    odd.refresh_from_db()
    assert counts(batch) == (7, 7, 0, 0)
    assert counts(odd) == (1, 0, 0, 1)
    assert bytes(Quarantined.objects.get(batch=odd).body) == b"a row\nanother"


def test_the_account_of_a_source_adds_up_over_all_its_batches(valley: Organisation, cad: Source) -> None:
    deliver(cad, conveyance("TVH01"))
    deliver(cad, conveyance("TVH01"))
    deliver(cad, b"nonsense")

    account = next(account for account in accounts(valley.pk) if account.source == cad)
    assert (account.received, account.applied, account.duplicate, account.quarantined) == (15, 7, 7, 1)
    assert account.adds_up


STREAM = [
    *conveyance("TVH01", incident="1"),
    *conveyance("TVH02", incident="2", call_sign="B2", start=3),
    job("at_hospital", 41, incident="1", destination="TVH02"),
    job("mobile", 99, incident="2", call_sign="B2"),
    AvailabilityEvent("v1", at(0), "A1", Availability.BOOKING_ON, shift_end=at(720)),
    AvailabilityEvent("v2", at(5), "A1", Availability.AVAILABLE),
    AvailabilityEvent("v3", at(90), "A1", Availability.ON_BREAK),
    CallEvent("c1", at(-5), "1", CallStatus.CALL_CONNECT, category=Category.C3),
    CallEvent("c2", at(-4), "1", CallStatus.CATEGORY_SET, category=Category.C2),
]


def picture(organisation: Organisation) -> list[object]:
    """All that the facts add up to, without row numbers and times of knowing."""
    hidden = {"id", "known_at", "organisation_id"}
    return [
        sorted(
            (tuple(sorted((k, str(v)) for k, v in row.items() if k not in hidden)))
            for row in model.objects.filter(organisation=organisation).values()
        )
        for model in (Assignment, Resource, Finding)
    ]


@pytest.mark.promise("R5")
@settings(
    max_examples=sizes.of("R5", "orders of events"),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(seed=strategies.integers(0, 10_000))
def test_any_order_and_any_duplication_end_in_the_same_picture(
    valley: Organisation, cad: Source, seed: int
) -> None:
    from django.db import transaction

    with transaction.atomic():
        deliver(cad, STREAM)
        expected = picture(valley)
        transaction.set_rollback(True)
    chance = random.Random(seed)
    shuffled = [*STREAM, *chance.sample(STREAM, 6)]
    chance.shuffle(shuffled)
    with transaction.atomic():
        while shuffled:
            size = chance.randint(1, 8)
            deliver(cad, shuffled[:size])
            del shuffled[:size]
        assert picture(valley) == expected
        transaction.set_rollback(True)


def test_a_position_from_the_future_waits_and_does_not_freeze_its_vehicle(avl: Source) -> None:
    ahead = deliver(avl, [Position("A1", at(60 * 24 * 30), 52.2, -1.4)], known=5)
    deliver(avl, [Position("A1", at(10), 52.3, -1.5)], known=11)

    assert counts(ahead) == (1, 0, 0, 1)
    assert Resource.objects.get().latitude == 52.3


def test_an_availability_from_the_future_is_found_and_does_not_hold_off_what_is_true(cad: Source) -> None:
    deliver(cad, [AvailabilityEvent("v1", at(60 * 24), "A1", Availability.UNAVAILABLE)], known=5)
    deliver(cad, [AvailabilityEvent("v2", at(10), "A1", Availability.AVAILABLE)], known=11)

    row = Resource.objects.get()
    assert (row.availability, row.since) == ("available", at(10))
    assert Finding.objects.filter(code="AV02").exists()
