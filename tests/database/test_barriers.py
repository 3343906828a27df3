"""Barriers: what of the register helps a crew, promised once, followed until the crew is available again."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from clearway.core.audit.actions import Actor
from clearway.core.feeds.models import Source
from clearway.core.organisation.models import Organisation, Site
from clearway.core.retention import actions as keeping
from clearway.desks.ambulance import retention, situation
from clearway.desks.ambulance.barriers import actions, queries
from clearway.desks.ambulance.barriers.models import Aid, Barrier, BarrierStep
from clearway.desks.ambulance.barriers.policy import barriers
from clearway.desks.ambulance.unavailability import actions as out
from clearway.desks.ambulance.unavailability.models import Unavailability
from clearway.domain.ambulance.barriers import Aid as Value
from clearway.domain.ambulance.barriers import What, options
from clearway.domain.ambulance.events import AvailabilityEvent, Event
from clearway.domain.ambulance.words import Availability, ResourceKind
from clearway.domain.shared.errors import NotAllowed
from tests.trust import signed_in, somebody, stop_the_clock

from .conftest import at, deliver

pytestmark = pytest.mark.django_db
A = Availability


def scope(trust: Organisation, minutes: float) -> dict[str, Any]:
    return {"organisation_id": trust.pk, "by": Actor("ops"), "at": at(minutes)}


def station() -> str:
    return Site.objects.filter(kind="station").order_by("code")[0].code


@pytest.fixture
def out_of_order(valley: Organisation, cad: Source) -> Organisation:
    """Two crews with a broken vehicle, one without a mate, one off for welfare."""
    reasons = {"A1": "vehicle defect", "A2": "puncture", "A3": "no driver", "A4": "crew welfare"}
    told: list[Event] = []
    for name, reason in reasons.items():
        base: dict[str, Any] = {"station": station(), "kind": ResourceKind.DCA, "skill": "technician"}
        told.append(AvailabilityEvent(f"{name}/on", at(-20), name, A.BOOKING_ON, **base))
        told.append(AvailabilityEvent(f"{name}/out", at(0), name, A.UNAVAILABLE, reason=reason))
    deliver(cad, told, known=0)
    out.follow(valley.pk, at=at(0.5))
    for what, label, says in (
        ("vehicle", "WX12", "DCA"),
        ("vehicle", "CAR7", "RRV"),
        ("staff", "Relief 1", "paramedic"),
        ("staff", "Relief 2", "technician"),
    ):
        actions.enter(actions.Entered(what, label, says, station(), "ready"), **scope(valley, 0.5))
    return valley


def stopped(trust: Organisation, minutes: float) -> dict[str, list[str]]:
    reading, policy = situation.reading(trust.pk, at(minutes)), barriers(trust.pk, at(minutes))
    found = queries.stopped(trust.pk, reading, policy, at(minutes))
    return {each.call_sign: [one.aid.label for one in each.options] for each in found}


def key(call_sign: str) -> int:
    return Unavailability.objects.get(call_sign=call_sign).pk


def aid(label: str) -> Aid:
    return Aid.objects.get(label=label)


def test_a_crew_is_offered_a_vehicle_of_its_kind_or_a_mate_whose_skill_makes_a_crew(
    out_of_order: Organisation,
) -> None:
    # CAR7 is of another kind; two technicians make no crew; welfare is no barrier that anybody removes.
    assert stopped(out_of_order, 1) == {"A1": ["WX12"], "A2": ["WX12"], "A3": ["Relief 1"]}


def test_the_nearest_comes_first_and_what_is_too_far_is_not_proposed() -> None:
    aids = [Value(n, What.KIT, f"S{n}", "monitor", far) for n, far in enumerate((50.0, 10.0, 90.0, None))]
    found = options(What.KIT, "DCA", "", aids, (), 60)
    assert [each.aid.label for each in found] == ["S1", "S0", "S3"]


def test_what_two_people_promise_at_once_goes_to_the_first(out_of_order: Organisation) -> None:
    actions.agree(key("A1"), aid("WX12").pk, "fleet", **scope(out_of_order, 2))
    with pytest.raises(NotAllowed, match="promised to A1"):
        actions.agree(key("A2"), aid("WX12").pk, "fleet", **scope(out_of_order, 2))
    assert stopped(out_of_order, 3)["A2"] == [] and Barrier.objects.count() == 1
    with pytest.raises(NotAllowed, match="that this crew lacks"):
        actions.agree(key("A2"), aid("Relief 1").pk, "fleet", **scope(out_of_order, 3))

    actions.step(key("A1"), "given_up", "It has no keys", **scope(out_of_order, 4))
    assert stopped(out_of_order, 5)["A2"] == ["WX12"]


def test_a_barrier_is_followed_on_the_page_until_the_crew_says_that_it_is_available(
    out_of_order: Organisation, cad: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = signed_in(somebody("ops", "operations_support", out_of_order))
    stop_the_clock(monkeypatch, at(2))
    address = f"/barriers/{key('A1')}/"
    assert client.post(address, {"aid": "", "whom": ""}).status_code == 422
    assert client.post(address, {"aid": aid("WX12").pk, "whom": "fleet desk"}).status_code == 302
    assert client.post(address, {"step": "fixed", "words": "Keys handed over"}).status_code == 302
    assert [row.step for row in BarrierStep.objects.all()] == ["agreed", "fixed"]
    assert aid("WX12").state == "out"
    page = client.get("/barriers/").content.decode()
    assert "In place: the crew may book available" in page and "A1" in page

    deliver(cad, [AvailabilityEvent("A1/back", at(12), "A1", A.AVAILABLE)], known=12)
    out.follow(out_of_order.pk, at=at(12.5))
    stop_the_clock(monkeypatch, at(13))
    page = client.get("/barriers/").content.decode()
    assert "A1" not in page and "half of them over 12 min" in page
    assert "this barrier is over" in client.get(address).content.decode()


def test_what_was_agreed_or_done_is_never_changed_nor_deleted(out_of_order: Organisation) -> None:
    actions.agree(key("A1"), aid("WX12").pk, "fleet", **scope(out_of_order, 2))
    for change in (lambda: BarrierStep.objects.update(words="x"), lambda: BarrierStep.objects.all().delete()):
        with pytest.raises(IntegrityError, match="insert-only"), transaction.atomic():
            change()
    assert BarrierStep.objects.get().words.endswith("fleet")


def test_barriers_go_with_their_steps_after_their_period_and_the_register_stays(
    out_of_order: Organisation,
) -> None:
    # The database itself lets nothing go that is younger than a year by its own clock.
    long_ago = at(-1500 * 24 * 60)
    old = Barrier.objects.create(
        organisation=out_of_order,
        unavailability=1,
        call_sign="A0",
        what="kit",
        since=long_ago,
        opened_at=long_ago,
    )
    BarrierStep.objects.create(of=old, step="agreed", words="x", at=long_ago, by="ops")
    actions.agree(key("A1"), aid("WX12").pk, "fleet", **scope(out_of_order, 2))
    for shelf in [each for each in retention.SHELVES if each.of == "barriers"]:
        keeping.forget(out_of_order, shelf, by=Actor("duty"), at=at(5))
    assert [row.call_sign for row in Barrier.objects.all()] == ["A1"] and Aid.objects.count() == 4
    assert BarrierStep.objects.get().of.call_sign == "A1"


def test_what_can_help_is_entered_on_a_page_of_its_own_by_who_works_barriers(
    out_of_order: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop_the_clock(monkeypatch, at(2))
    ops = signed_in(somebody("ops", "operations_support", out_of_order))
    reader = signed_in(somebody("reader", "clinical_lead", out_of_order))
    given = {"what": "vehicle", "label": "WX99", "says": "DCA", "place": station(), "state": "ready"}
    assert "/barriers/enter/" in ops.get("/barriers/").content.decode()
    assert "nhsuk.css" in ops.get("/barriers/enter/").content.decode()

    answer = ops.post("/barriers/enter/", given | {"state": ""})
    assert answer.status_code == 422 and 'value="WX99"' in answer.content.decode()
    assert ops.post("/barriers/enter/", given)["Location"] == "/barriers/"

    page = reader.get("/barriers/").content.decode()
    assert "WX99" in page and "/barriers/enter/" not in page
    assert reader.post("/barriers/enter/", given).status_code == 403
