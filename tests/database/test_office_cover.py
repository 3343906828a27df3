"""Cover of the office: posts, leave asked for and decided, stand-ins, and the work of somebody who is ill."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from clearway.core.audit.actions import Actor
from clearway.core.people.models import User
from clearway.core.worklist.actions import ByHand, Shown, assign, raise_by_hand
from clearway.core.worklist.models import Task
from clearway.core.worklist.rules import SweepPolicy
from clearway.desks.outpatients import rules, situation
from clearway.desks.outpatients.cover import actions, queries
from clearway.desks.outpatients.cover.models import Absence
from clearway.domain.outpatients.cover import Away
from clearway.domain.shared.errors import NotAllowed
from tests.therapies import NINE, TODAY, Department, a_department
from tests.trust import a_trust, signed_in, somebody, stop_the_clock

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
WORKDAYS = (1, 2, 3, 4, 5)


@pytest.fixture
def physio(db: None) -> Department:
    return a_department(a_trust())


@pytest.fixture
def office(physio: Department) -> dict[str, User]:
    """Opal coordinates, Lena leads, June learns."""
    return {
        "opal": somebody("opal", "outpatient_coordinator", physio.trust),
        "lena": somebody("lena", "outpatient_team_leader", physio.trust),
        "june": somebody("june", "junior_coordinator", physio.trust),
    }


def who(physio: Department, user: User | None = None) -> Any:
    by = Actor(user.username if user else "test", user_id=user.pk if user else None)
    return {"organisation_id": physio.trust.pk, "by": by, "at": NINE}


def post(physio: Department, name: str, holder: User, deputy: User | None = None) -> int:
    new = actions.NewPost(name, WORKDAYS, holder.pk, deputy.pk if deputy else None)
    return actions.enter_post(new, **who(physio)).pk


def holiday(user: User, first: date = TODAY + 3 * DAY, last: date = TODAY + 4 * DAY) -> actions.NewAbsence:
    return actions.NewAbsence(user.pk, Away.ANNUAL, first, last)


def task(physio: Department, owner: User, title: str) -> Task:
    wanted = ByHand(title, "Asked", 3, "outpatient_coordinator")
    policy, scope = SweepPolicy(), who(physio)
    row = raise_by_hand(wanted, policy, **{**scope, "by": Actor(title)})
    shown = Shown(row.pk, row.version, physio.trust.pk)
    return assign(shown, owner, by=scope["by"], at=NINE)


def test_holiday_is_decided_by_somebody_else_who_sees_what_it_leaves_uncovered(
    physio: Department, office: dict[str, User]
) -> None:
    post(physio, "Referrals", office["lena"])
    asked = actions.ask(holiday(office["lena"]), **who(physio, office["lena"]))

    assert [each.on for each in queries.gaps_made(asked)] == [TODAY + 3 * DAY, TODAY + 4 * DAY]
    assert queries.gaps(physio.trust.pk, NINE) == []  # asked for is not granted
    with pytest.raises(NotAllowed, match="Somebody else"):
        actions.decide(asked.pk, True, **who(physio, office["lena"]))
    with pytest.raises(NotAllowed, match="on some of these days"):
        actions.ask(holiday(office["lena"]), **who(physio, office["lena"]))
    actions.decide(asked.pk, True, **who(physio, office["opal"]))

    assert len(queries.gaps(physio.trust.pk, NINE)) == 2


def test_the_database_keeps_one_absence_at_a_time(physio: Department, office: dict[str, User]) -> None:
    row = actions.ask(holiday(office["opal"]), **who(physio))
    row.pk = None

    with pytest.raises(IntegrityError, match="an_absence_at_a_time"), transaction.atomic():
        row.save(force_insert=True)


def test_a_gap_is_a_task_until_somebody_stands_in_who_is_there(
    physio: Department, office: dict[str, User]
) -> None:
    key = post(physio, "Reception", office["opal"])
    asked = actions.ask(holiday(office["opal"], TODAY + 3 * DAY, TODAY + 3 * DAY), **who(physio))
    away = actions.ask(holiday(office["june"], TODAY + 3 * DAY, TODAY + 3 * DAY), **who(physio))
    for row in (asked, away):
        actions.decide(row.pk, True, **who(physio, office["lena"]))
    assert wanted(physio) == {"cover:gaps"}

    with pytest.raises(NotAllowed, match="June is away"):
        actions.stand_in(key, TODAY + 3 * DAY, office["june"].pk, **who(physio))
    with pytest.raises(NotAllowed, match="a day to come"):
        actions.stand_in(key, TODAY + DAY, office["lena"].pk, **who(physio))  # a Saturday
    actions.stand_in(key, TODAY + 3 * DAY, office["lena"].pk, **who(physio))

    assert wanted(physio) == set()


def wanted(physio: Department) -> set[str]:
    rules.run(physio.trust.pk, situation.read(physio.trust.pk, NINE), NINE)
    rows = Task.objects.filter(
        organisation=physio.trust, closed_at__isnull=True, subject__startswith="cover:"
    )
    return set(rows.values_list("subject", flat=True))


def test_sickness_of_today_spreads_open_tasks_and_posts_over_who_is_there_by_one_action(
    physio: Department, office: dict[str, User]
) -> None:
    olga = somebody("olga", "outpatient_coordinator", physio.trust)
    task(physio, olga, "Olga has one already")
    for number in range(3):
        task(physio, office["opal"], f"Opal has {number}")
    post(physio, "Referrals", office["opal"], office["lena"])
    post(physio, "Reception", office["opal"])

    done = actions.sick(office["opal"].pk, TODAY + 3 * DAY, **who(physio, office["lena"]))

    # Only Olga has the role of the tasks; Reception goes to June, who covers nothing.
    assert (done.given, done.kept, done.posts, done.empty) == ({"Olga": 3}, 0, 2, 0)
    assert not Task.objects.filter(owner=office["opal"]).exists()
    today = {each.post: each.person for each in queries.plan(physio.trust.pk, [TODAY])}
    assert set(today.values()) == {office["lena"].pk, office["june"].pk}
    row = Absence.objects.get()
    assert actions.back(row.pk, **who(physio)).decided is False


def test_a_junior_asks_and_the_leader_grants_on_her_own_screen(
    physio: Department, office: dict[str, User], monkeypatch: pytest.MonkeyPatch
) -> None:
    stop_the_clock(monkeypatch, NINE)
    post(physio, "Reception", office["june"])
    june, lena, opal = (signed_in(office[name]) for name in ("june", "lena", "opal"))
    page, day = "/outpatients/office/away/", (TODAY + 3 * DAY).isoformat()

    assert june.post(page, {"what": "ask", "kind": "annual", "starts_on": day}).status_code == 422
    june.post(page, {"what": "ask", "kind": "annual", "starts_on": day, "ends_on": day, "words": "A wedding"})
    shown = lena.get(page).content.decode()
    assert "Reception: Mon 23 Nov" in shown
    assert june.post(page, {"what": "sick", "user": office["june"].pk, "until": day}).status_code == 404
    row = Absence.objects.get()
    assert june.post(f"{page}{row.pk}/", {"what": "grant"}).status_code == 404
    assert opal.post(f"{page}{row.pk}/", {"what": "grant"}).status_code == 404
    lena.post(f"{page}{row.pk}/", {"what": "grant"})
    assert lena.get(f"{page}{row.pk}/").url == page
    assert lena.get(f"{page}{row.pk + 1}/").status_code == 404

    assert "Granted by lena" in june.get(page).content.decode()
    assert (
        "A wedding"
        not in signed_in(somebody("rose", "receptionist", physio.trust)).get(page).content.decode()
    )
    assert "Nobody" in opal.get("/outpatients/office/cover/").content.decode()
    named = {"post": row.user_id, "on": day, "user": ""}
    assert opal.post("/outpatients/office/cover/", named).status_code == 422
    assert "Reception" in opal.get("/outpatients/office/cover/posts/").content.decode()
    assert june.get("/outpatients/office/cover/posts/").status_code == 403


def test_posts_are_entered_changed_and_ended_on_their_page(
    physio: Department, office: dict[str, User]
) -> None:
    opal, page = signed_in(office["opal"]), "/outpatients/office/cover/posts/"
    typed = {"name": "Cashing up", "weekdays": ["1", "5"], "holder": office["opal"].pk}

    assert opal.post(page, {**typed, "weekdays": []}).status_code == 422
    assert opal.post(page, {**typed, "deputy": office["opal"].pk}).status_code == 422
    opal.post(page, typed)
    opal.post(page, {**typed, "deputy": office["june"].pk})

    (row,) = queries.posts(physio.trust.pk)
    assert (row.weekdays, row.deputy) == ([1, 5], office["june"])
    opal.post(page, {"what": "end", "key": row.pk})
    assert queries.posts(physio.trust.pk) == []
