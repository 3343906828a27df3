"""Work given to a junior: on their worklist, seen to by doing it, handed in, reviewed by a sample."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from clearway.core.audit.actions import Actor
from clearway.core.people.models import User
from clearway.core.worklist.models import Task
from clearway.desks.outpatients import rules, situation
from clearway.desks.outpatients.enquiries.models import Enquiry
from clearway.desks.outpatients.supervision import actions, queries
from clearway.desks.outpatients.supervision.models import Batch, BatchItem
from clearway.domain.outpatients.supervision import Kind
from clearway.domain.shared.errors import NotAllowed
from tests.therapies import NINE, TODAY, Department, a_department
from tests.trust import a_trust, signed_in, somebody, stop_the_clock

pytestmark = pytest.mark.django_db
PAGE = "/outpatients/office/work/"


@pytest.fixture
def physio(db: None) -> Department:
    return a_department(a_trust())


@pytest.fixture
def june(physio: Department) -> User:
    return somebody("june", "junior_coordinator", physio.trust)


@pytest.fixture
def opal(physio: Department) -> User:
    return somebody("opal", "outpatient_coordinator", physio.trust)


def who(physio: Department, user: User) -> Any:
    by = Actor(user.username, user_id=user.pk)
    return {"organisation_id": physio.trust.pk, "by": by, "at": NINE}


def calls(physio: Department, count: int) -> list[Enquiry]:
    return [
        Enquiry.objects.create(
            organisation=physio.trust,
            came_at=NINE,
            taken_by="test",
            way="phone",
            caller="patient",
            about="waiting",
            words=f"Question {number}",
            urgency="routine",
            promised_by=NINE + timedelta(days=1),
        )
        for number in range(count)
    ]


def close(rows: list[Enquiry]) -> None:
    for row in rows:
        row.result, row.closed_at, row.closed_by = "told", NINE, "june"
        row.save()


def give(physio: Department, june: User, opal: User, reviews: int = 1) -> Batch:
    things = [each.subject for each in queries.to_give(physio.trust.pk, Kind.CALLS, NINE)]
    new = actions.New(Kind.CALLS, june.pk, things, TODAY, reviews)
    return actions.give(new, **who(physio, opal))


def test_what_is_done_on_its_own_page_is_done_and_what_is_given_is_not_given_twice(
    physio: Department, june: User, opal: User
) -> None:
    rows = calls(physio, 3)
    batch = give(physio, june, opal)

    assert queries.to_give(physio.trust.pk, Kind.CALLS, NINE) == []
    with pytest.raises(NotAllowed, match="done or given"):
        actions.give(
            actions.New(Kind.CALLS, june.pk, [f"enquiry:{rows[0].pk}"], TODAY, 1), **who(physio, opal)
        )
    close(rows[:2])
    found = queries.one(physio.trust.pk, batch.pk, NINE)

    assert (found.done, found.holder) == (2, june)
    assert set(found.open) == {f"enquiry:{rows[2].pk}"}
    with pytest.raises(NotAllowed, match="1 still to do"):
        actions.hand_in(batch.pk, **who(physio, june))
    item = BatchItem.objects.get(subject=f"enquiry:{rows[2].pk}")
    with pytest.raises(NotAllowed, match="whose work it is"):
        actions.said(batch.pk, item.pk, "No reply", **who(physio, opal))
    actions.said(batch.pk, item.pk, "No reply three times", **who(physio, june))
    actions.hand_in(batch.pk, **who(physio, june))

    assert not Task.objects.filter(closed_at__isnull=True).exists()
    assert BatchItem.objects.filter(is_sampled=True).count() == 1


def test_a_batch_follows_its_task_in_the_worklist(physio: Department, june: User, opal: User) -> None:
    calls(physio, 1)
    batch = give(physio, june, opal)
    july = somebody("july", "junior_coordinator", physio.trust)
    Task.objects.filter(pk=batch.task).update(owner=july)

    assert queries.one(physio.trust.pk, batch.pk, NINE).holder == july
    assert queries.batches(physio.trust.pk, NINE, june.pk) == []


def test_a_sample_is_reviewed_by_somebody_else_and_what_is_wrong_comes_back(
    physio: Department, june: User, opal: User
) -> None:
    rows = calls(physio, 3)
    batch = give(physio, june, opal, reviews=2)
    close(rows)
    actions.hand_in(batch.pk, **who(physio, june))
    first, second = BatchItem.objects.filter(is_sampled=True)
    assert wanted(physio) == {"supervision:review"}

    with pytest.raises(NotAllowed, match="Somebody else"):
        actions.review(batch.pk, first.pk, True, **who(physio, june))
    with pytest.raises(NotAllowed, match="what is wrong"):
        actions.review(batch.pk, first.pk, False, **who(physio, opal))
    actions.review(batch.pk, first.pk, False, "Say when the letter comes", **who(physio, opal))
    actions.review(batch.pk, second.pk, True, **who(physio, opal))
    with pytest.raises(NotAllowed, match="already"):
        actions.review(batch.pk, second.pk, True, **who(physio, opal))

    assert wanted(physio) == set()
    back = Task.objects.get(closed_at__isnull=True)
    assert (back.owner, back.title) == (june, f"Put right: {first.name}")
    assert queries.skills(physio.trust.pk, june.pk) == [queries.Skill(Kind.CALLS.meaning, 3, 2, 1)]
    with pytest.raises(IntegrityError, match="nobody_reviews_their_own_work"), transaction.atomic():
        BatchItem.objects.filter(pk=first.pk).update(reviewer=june)


def wanted(physio: Department) -> set[str]:
    rules.run(physio.trust.pk, situation.read(physio.trust.pk, NINE), NINE)
    rows = Task.objects.filter(organisation=physio.trust, closed_at__isnull=True)
    return set(rows.filter(subject__startswith="supervision:").values_list("subject", flat=True))


def test_a_coordinator_gives_a_junior_does_and_each_sees_it_on_their_own_screen(
    physio: Department, june: User, opal: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop_the_clock(monkeypatch, NINE)
    rows = calls(physio, 2)
    desk, junior = signed_in(opal), signed_in(june)
    page = f"{PAGE}give/calls/"

    assert junior.get(page).status_code == 403
    assert desk.get(f"{PAGE}give/lunch/").status_code == 404
    typed = {"user": june.pk, "due_on": TODAY.isoformat(), "reviews": 1, "words": "Be quick"}
    assert desk.post(page, typed).status_code == 422
    desk.post(page, {**typed, "subjects": [f"enquiry:{row.pk}" for row in rows]})
    batch = Batch.objects.get()
    one = f"{PAGE}{batch.pk}/"
    assert "2 calls to make" in junior.get("/tasks/").content.decode()
    assert "0 of 2" in junior.get(PAGE).content.decode()

    assert junior.post(one, {"what": "hand_in"}).status_code == 422
    close(rows)
    assert "2 of 2" in desk.get(PAGE).content.decode()
    junior.post(one, {"what": "hand_in"})
    item = BatchItem.objects.get(is_sampled=True)
    assert junior.post(one, {"what": "review", "item": item.pk, "right": "yes"}).status_code == 404
    refused = desk.post(one, {"what": "review", "item": item.pk, "right": "no"})
    assert refused.status_code == 422 and "how it is done" in refused.content.decode()
    desk.post(one, {"what": "review", "item": item.pk, "right": "no", "feedback": "Ring in the evening"})

    record = f"/outpatients/office/training/{june.pk}/"
    assert "Ring in the evening" in junior.get(record).content.decode()
    assert junior.post(record, {"topic": "Calls"}).status_code == 403
    assert desk.post(record, {"topic": "Calls", "on": TODAY.isoformat()}).status_code == 422
    desk.post(record, {"topic": "Calls", "on": TODAY.isoformat(), "words": "Sat beside her"})
    assert "Sat beside her" in junior.get(record).content.decode()
    july = signed_in(somebody("july", "junior_coordinator", physio.trust))
    assert july.get(record).status_code == july.get(one).status_code == 404


def test_every_kind_of_work_names_what_stands_without_identity(
    physio: Department, june: User, opal: User
) -> None:
    referral = physio.referral(state="triage")
    referral.gaps.create(what="question", fixer="referrer", found_at=NINE)
    (slot,) = physio.session(NINE - timedelta(days=2), slots=1).slots.all()
    physio.booked(slot)

    for kind in Kind:
        for thing in queries.to_give(physio.trust.pk, kind, NINE):
            assert "Family" not in thing.name
    assert [each.name for each in queries.to_give(physio.trust.pk, Kind.REFERRALS, NINE)] == [
        f"Referral {referral.number}"
    ]
    assert len(queries.to_give(physio.trust.pk, Kind.CLINICS, NINE)) == 1
    assert queries.to_give(physio.trust.pk, Kind.CHECKS, NINE)
