"""The standing queue: what the checks found is kept with its age and its taker until its cause is mended."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from clearway.core.audit.actions import Actor
from clearway.core.audit.models import Action
from clearway.core.people.models import User
from clearway.desks.outpatients.clocks.models import Pathway
from clearway.desks.outpatients.waiting import queue, queueing
from clearway.desks.outpatients.waiting.models import Entry, Finding
from clearway.domain.shared.errors import NotAllowed
from clearway.gateway import duties
from tests.therapies import NINE, TODAY, Department, a_department
from tests.trust import a_trust, signed_in, somebody, stop_the_clock

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
PAGE = "/outpatients/validation/"


@pytest.fixture
def physio(db: None) -> Department:
    return a_department(a_trust())


@pytest.fixture
def opal(physio: Department) -> User:
    return somebody("opal", "outpatient_coordinator", physio.trust)


def urgent(physio: Department) -> Entry:
    """Somebody urgent who waits since three weeks: DQ32 and more."""
    return physio.entry(physio.referral(), priority="2", added_at=NINE - 21 * DAY)


def check(physio: Department, days: int = 0) -> None:
    queueing.check(organisation_id=physio.trust.pk, at=NINE + days * DAY)


def one(physio: Department, entry: Entry, code: str = "DQ32") -> Finding:
    return Finding.objects.get(organisation=physio.trust, code=code, subject=f"entry:{entry.pk}")


def who(physio: Department, user: User) -> dict[str, Any]:
    return {"organisation_id": physio.trust.pk, "by": Actor(user.username, user.pk), "at": NINE}


def on_the_national_list(physio: Department, received: date) -> Pathway:
    """Somebody whose wait is in the return, since that day."""
    pathway = physio.entry(physio.referral(received)).pathway
    assert pathway is not None
    pathway.measurement = "01"
    pathway.save()
    return pathway


def test_a_finding_keeps_its_age_and_its_taker_until_its_cause_is_mended(
    physio: Department, opal: User
) -> None:
    entry = urgent(physio)
    unknown = physio.referral(state="waiting").pathway
    Pathway.objects.filter(pk=unknown.pk).update(started_on=None, state="unknown_start")
    check(physio)
    queueing.take([one(physio, entry).pk], opal, may_lead=False, **who(physio, opal))

    check(physio, days=5)

    kept = one(physio, entry)
    assert (kept.owner, kept.taken_at, kept.found_at) == (opal, NINE, NINE)
    nameless = Finding.objects.get(code="DQ01")
    assert nameless.since == TODAY, "a check that knows no day is as old as its first finding"

    Entry.objects.filter(pk=entry.pk).update(priority="1")
    check(physio, days=6)
    Entry.objects.filter(pk=entry.pk).update(priority="2")
    check(physio, days=7)

    assert one(physio, entry).owner is None, "what comes again is new to everybody"


def test_what_somebody_took_stays_theirs_until_they_or_the_leader_give_it_on(
    physio: Department, opal: User
) -> None:
    olga = somebody("olga", "outpatient_coordinator", physio.trust)
    lena = somebody("lena", "outpatient_team_leader", physio.trust)
    robin = somebody("robin", "clinician", physio.trust)
    entry = urgent(physio)
    check(physio)
    stop = [one(physio, entry).pk]

    with pytest.raises(NotAllowed, match="may not change"):
        queueing.take(stop, robin, may_lead=True, **who(physio, lena))
    assert queueing.take(stop, opal, may_lead=False, **who(physio, opal)).done == 1
    assert queueing.take(stop, olga, may_lead=False, **who(physio, olga)).refused == (("DQ32", "Opal"),)
    assert one(physio, entry).owner == opal
    assert queueing.take(stop, olga, may_lead=True, **who(physio, lena)).done == 1
    assert one(physio, entry).owner == olga
    assert queueing.take(stop, None, may_lead=False, **who(physio, olga)).done == 1

    assert one(physio, entry).owner is None
    taken = Action.objects.filter(verb="waiting.take").order_by("id").values_list("actor", "detail__to")
    assert list(taken) == [("opal", "opal"), ("lena", "olga"), ("olga", None)]


def test_ticked_rows_are_given_on_the_page_and_a_wrong_choice_changes_nothing(
    physio: Department, opal: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = urgent(physio)
    stop_the_clock(monkeypatch, NINE)
    desk = signed_in(opal)
    assert "Nobody yet" in desk.get(PAGE).content.decode()
    key = one(physio, entry).pk

    for form, said in (
        ({"to": "opal"}, "Nothing was ticked"),
        ({"to": "somebody", "finding": [key]}, "Choose to whom"),
        ({"to": "opal", "finding": ["9" * 30, "x"]}, "Nothing was ticked"),
        ({"to": "opal", "finding": [0]}, "mended meanwhile"),
    ):
        assert said in desk.post(f"{PAGE}take/", form, follow=True).content.decode()
        assert one(physio, entry).owner is None

    page = desk.post(f"{PAGE}take/?rule=DQ32", {"to": "opal", "finding": [key]}, follow=True)
    assert page.redirect_chain[0][0] == f"{PAGE}?rule=DQ32"
    assert "1 given to Opal" in page.content.decode()
    mine = desk.get(f"{PAGE}?who=opal").content.decode()
    assert mine.count('name="finding"') == 1 and "Opal, " in mine


def test_what_was_mended_since_the_last_round_is_not_shown_as_if_it_stood(
    physio: Department, opal: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = urgent(physio)
    stop_the_clock(monkeypatch, NINE)
    desk = signed_in(opal)
    assert desk.get(f"{PAGE}?rule=DQ32").content.decode().count('name="finding"') == 1

    Entry.objects.filter(pk=entry.pk).update(priority="1")

    assert "The checks found nothing" in desk.get(f"{PAGE}?rule=DQ32").content.decode()
    assert not Finding.objects.filter(code="DQ32").exists()


def test_the_worker_asks_the_checks_and_a_page_asks_no_more_however_long_the_list(
    physio: Department, opal: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    duty = next(each for each in duties.groups()["rules"]() if each.name == "list-checks")
    physio.trust.desks = ["outpatients"]
    physio.trust.save()
    stop_the_clock(monkeypatch, NINE)
    desk = signed_in(opal)

    def asked() -> int:
        duty.work(NINE)
        with CaptureQueriesContext(connection) as captured:
            desk.get(PAGE)
        return len(captured)

    urgent(physio)
    asked()  # the first page of a session does more
    few = asked()
    for _ in range(5):
        urgent(physio)
    assert asked() == few


def test_a_return_that_looks_wrong_is_in_the_queue_with_its_owner_until_it_is_explained(
    physio: Department,
) -> None:
    august, lena = date(2026, 8, 3), somebody("lena", "outpatient_team_leader", physio.trust)
    on_the_national_list(physio, august)
    on_the_national_list(physio, august)
    check(physio)

    row = Finding.objects.get(subject="return:2026-10 incomplete")
    assert (row.code, row.fixer, row.since) == ("DQ34", "outpatient_team_leader", date(2026, 11, 1))
    assert row.words == "incomplete: 2, exactly as many as the month before"

    queueing.explain(row.pk, "No referrals in summer", **who(physio, lena))
    assert row not in queue.findings(physio.trust.pk)
    check(physio, days=1)
    assert queue.explained(physio.trust.pk).get().explained_words == "No referrals in summer"

    on_the_national_list(physio, date(2026, 10, 5))
    check(physio, days=2)  # a third came in October: another figure, which the old words do not explain
    again = queue.findings(physio.trust.pk).get(subject="return:2026-10 incomplete")
    assert again.words == "incomplete: 3 after 2 the month before"


def test_only_a_return_can_be_explained_away(physio: Department, opal: User) -> None:
    entry = urgent(physio)
    check(physio)
    row = one(physio, entry)

    with pytest.raises(NotAllowed, match="Mend its cause"):
        queueing.explain(row.pk, "It is fine", **who(physio, opal))
    said = {"explained_at": NINE, "explained_by": "opal", "explained_words": "It is fine"}
    with pytest.raises(IntegrityError), transaction.atomic():
        Finding.objects.filter(pk=row.pk).update(**said)
    desk = signed_in(opal)
    assert (
        "Mend its cause"
        in desk.post(f"{PAGE}{row.pk}/explain/", {"words": "x"}, follow=True).content.decode()
    )
    assert desk.post(f"{PAGE}999999/explain/", {"words": "x"}).status_code == 404
    empty = desk.post(f"{PAGE}{row.pk}/explain/", {"words": " "}, follow=True).content.decode()
    assert "Say in a sentence" in empty
