"""A shift is given with all that is open and accepted by somebody else, once; nobody can change either."""

import threading

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client

from clearway.core.audit.models import Action
from clearway.core.decisions import actions as decisions
from clearway.core.feeds.models import Source
from clearway.core.live.models import Change
from clearway.core.organisation.models import Organisation, PolicyVersion
from clearway.core.people.models import User
from clearway.core.worklist import actions as worklist
from clearway.core.worklist.models import Task
from clearway.core.worklist.rules import SweepPolicy
from clearway.desks.ambulance import live, rules, situation
from clearway.desks.ambulance.command import actions, calling, presenters
from clearway.desks.ambulance.command.models import ShiftAcceptance, ShiftSheet, ShiftWord
from clearway.domain.shared.errors import NotAllowed
from tests.trust import acting, signed_in, somebody, stop_the_clock

from .conftest import at, deliver, job

pytestmark = pytest.mark.django_db


@pytest.fixture
def day(knowing: Organisation) -> User:
    return somebody("day", "patient_flow_coordinator", knowing)


@pytest.fixture
def night(knowing: Organisation) -> User:
    return somebody("night", "patient_flow_coordinator", knowing)


def give(trust: Organisation, who: User, minutes: float) -> ShiftSheet:
    return actions.give_shift("Bath is slow", organisation_id=trust.pk, by=acting(who), at=at(minutes))


def accept(trust: Organisation, who: User, number: int, minutes: float) -> ShiftAcceptance:
    return actions.accept_shift(number, organisation_id=trust.pk, by=acting(who), at=at(minutes))


def ring(trust: Organisation, who: User, minutes: float, title: str = "Ring the HALO") -> Task:
    wanted = worklist.ByHand(title, "Asked on the call", 3, "patient_flow_coordinator")
    return worklist.raise_by_hand(
        wanted, SweepPolicy(), organisation_id=trust.pk, by=acting(who), at=at(minutes)
    )


def test_the_sheet_writes_itself_from_what_is_open(
    knowing: Organisation, cad: Source, day: User, night: User
) -> None:
    deliver(cad, [job("allocated", 0)], known=1)
    ring(knowing, day, 2)

    given = give(knowing, day, 5)
    later = ring(knowing, night, 6, "Ask for the release plan")
    accepted = accept(knowing, night, given.number, 7)

    was = dict(presenters.sheet_parts(given.figures, reads_messages=True))
    assert [row[0] for row in was["tasks"].rows] == ["P3 Ring the HALO"]
    assert was["tasks"].rows[0][1] == "Nobody, Patient flow coordinator"
    left = dict(presenters.sheet_parts(accepted.figures, reads_messages=True))
    assert [row[0] for row in left["tasks"].rows] == ["P3 Ring the HALO", f"P3 {later.title}"]
    assert {"levels", "diverts", "stacks", "unavailable", "breaks", "reviews", "messages"} <= was.keys()
    assert list(Action.objects.filter(verb__startswith="shift.").values_list("verb", flat=True)) == [
        "shift.give",
        "shift.accept",
    ]


def test_a_sheet_takes_nothing_of_the_other_desk(knowing: Organisation, day: User) -> None:
    ring(knowing, day, 2)
    wanted = worklist.ByHand("Ring the clinic", "Asked", 3, "outpatient_coordinator")
    scope = {"organisation_id": knowing.pk, "at": at(2)}
    worklist.raise_by_hand(wanted, SweepPolicy(), by=acting(day), **scope)
    for role, words in (
        ("outpatient_team_leader", "Close the clinic"),
        ("patient_flow_coordinator", "Hold C4"),
    ):
        who = somebody(role, role, knowing)
        written = decisions.Written("known", words, "reason", at(2), review_at=at(60))
        decisions.write(written, by=acting(who, role), **scope)

    found = dict(presenters.sheet_parts(give(knowing, day, 5).figures, reads_messages=True))

    assert [row[0] for row in found["tasks"].rows] == ["P3 Ring the HALO"]
    assert [row[0] for row in found["reviews"].rows] == ["Hold C4"]
    report = dict(presenters.sitrep_parts(actions.make_sitrep("x", by=acting(day), **scope | {"at": at(6)})))
    assert [row[1] for row in report["decisions"].rows] == ["Hold C4"]


def test_who_may_not_read_messages_reads_no_words_of_them_on_a_sheet(
    knowing: Organisation, day: User, flow: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop_the_clock(monkeypatch, at(0))
    sent = flow.post("/messages/new/", {"to": "Dispatcher", "words": "Send the key holder", "minutes": "5"})
    assert sent.status_code == 302, sent.content.decode()
    page = flow.post("/shift/", {"notes": ""})["Location"]

    assert "Send the key holder" in flow.get(page).content.decode()
    other = signed_in(somebody("admin", "administrator", knowing)).get(page).content.decode()
    assert "Send the key holder" not in other and "For those who write messages" in other


def test_a_part_that_cannot_be_made_says_so_and_loses_no_other(knowing: Organisation, day: User) -> None:
    ring(knowing, day, 2)
    agenda = {"agenda": [{"code": "a", "says": "A", "parts": ["unavailable"]}]}
    for name, values in (("unavailability", {"reasons": [{"says": "Ill"}]}), ("command", agenda)):
        PolicyVersion.objects.filter(organisation=knowing, name=name).update(values=values)

    found = dict(presenters.sheet_parts(give(knowing, day, 5).figures, reads_messages=True))
    report = dict(
        presenters.sitrep_parts(
            actions.make_sitrep("x", organisation_id=knowing.pk, by=acting(day), at=at(6))
        )
    )
    chair = somebody("sdo", "service_delivery_officer", knowing)
    call = calling.open_call(
        "", organisation_id=knowing.pk, by=acting(chair, "service_delivery_officer"), at=at(7)
    )

    said = "This part could not be made, the others stand. It stopped: key error."
    assert found["unavailable"].sentence == report["unavailable"].sentence == said
    assert call.agenda[0]["figures"][0]["sentence"] == said
    assert found["tasks"].rows and report["sources"].rows


def test_nobody_accepts_their_own_shift_or_one_that_somebody_has(
    knowing: Organisation, day: User, night: User
) -> None:
    given = give(knowing, day, 0)

    with pytest.raises(NotAllowed, match="Somebody else accepts"):
        accept(knowing, day, given.number, 1)
    with pytest.raises(NotAllowed, match="nobody has accepted it"):
        give(knowing, day, 1)
    accept(knowing, night, given.number, 2)
    third = somebody("third", "patient_flow_coordinator", knowing)
    with pytest.raises(NotAllowed, match="night accepted it at 08:02"):
        accept(knowing, third, given.number, 3)


def test_the_database_refuses_to_change_or_remove_what_was_given_accepted_or_said(
    knowing: Organisation, day: User, night: User
) -> None:
    given = give(knowing, day, 0)
    actions.say_of_shift(given.number, "Which bay?", organisation_id=knowing.pk, by=acting(night), at=at(1))
    accept(knowing, night, given.number, 2)

    for model in (ShiftSheet, ShiftAcceptance, ShiftWord):
        for change in (lambda m=model: m.objects.update(at=at(9)), lambda m=model: m.objects.all().delete()):
            with pytest.raises(IntegrityError), transaction.atomic():
                change()


def test_a_shift_that_nobody_accepts_in_time_is_one_task_until_somebody_does(
    knowing: Organisation, day: User, night: User
) -> None:
    given = give(knowing, day, -70)  # ten minutes before the change at 07:00

    def run(minutes: float) -> list[str]:
        for later in (0, 2):
            rules.run(knowing.pk, situation.read(knowing.pk, at(minutes + later)), at(minutes + later))
        return list(Task.objects.filter(rule="shift_gap", closed_at=None).values_list("title", flat=True))

    assert run(-45) == []
    assert run(-39) == ["A shift was given and nobody has accepted it"]
    assert run(30) == ["A shift was given and nobody has accepted it"]
    accept(knowing, night, given.number, 40)
    assert run(41) == []
    assert run(12 * 60 - 30) == ["Nobody has given the shift to the next"]  # half an hour after 19:00


def test_a_sheet_that_nobody_accepted_yesterday_keeps_nobody_from_giving_todays(
    knowing: Organisation, day: User
) -> None:
    give(knowing, day, -70)
    with pytest.raises(NotAllowed, match="nobody has accepted it"):
        give(knowing, day, -50)

    assert give(knowing, day, 24 * 60 - 70).number == 2


def test_another_role_s_sheet_says_nothing_of_a_coordinators_shift(
    knowing: Organisation, day: User, night: User
) -> None:
    accept(knowing, night, give(knowing, day, -70 - 12 * 60).number, -60 - 12 * 60)
    officer = somebody("sdo", "service_delivery_officer", knowing)
    relief = somebody("relief", "service_delivery_officer", knowing)
    acts = acting(officer, "service_delivery_officer")
    number = actions.give_shift("", organisation_id=knowing.pk, by=acts, at=at(-65)).number
    actions.accept_shift(
        number, organisation_id=knowing.pk, by=acting(relief, "service_delivery_officer"), at=at(-62)
    )

    for minutes in (-30, -28):
        rules.run(knowing.pk, situation.read(knowing.pk, at(minutes)), at(minutes))
    found = Task.objects.filter(rule="shift_gap", closed_at=None).values_list("title", "role")
    assert list(found) == [("Nobody has given the shift to the next", "patient_flow_coordinator")]


def test_a_question_and_the_acceptance_are_pushed_to_both(
    knowing: Organisation, day: User, night: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop_the_clock(monkeypatch, at(0))
    giver, taker = signed_in(day), signed_in(night)
    page = giver.post("/shift/", {"notes": "Bath is slow"})["Location"]

    assert taker.post(page, {"words": "Which bay at Bath?"}).status_code == 302
    assert taker.post(page, {"what": "accept"}).status_code == 302

    assert Change.objects.filter(topic="shift", key="1").count() == 3
    state, row = live.shift_sheets(knowing.pk, frozenset({"1"}), at(1))
    assert "Which bay at Bath?" in state.html and "Accepted at" in state.html
    assert row.topic == "shifts" and "08:00 by night" in row.html
    shown = giver.get(page).content.decode()
    assert "Bath is slow" in shown and "Which bay at Bath?" in shown and "Still open when" in shown
    assert "Sheet 1" in taker.get("/shift/").content.decode()


@pytest.mark.parametrize(
    ("page", "given", "why"),
    [
        ("/shift/", {"notes": "x" * 2001}, "Shorten it"),
        ("/shift/", {"notes": "943 476 5919"}, "Leave out the NHS number"),
        ("/shift/1/", {"words": ""}, "Say what you ask"),
        ("/shift/1/", {"words": "x" * 501}, "Shorten it"),
        ("/shift/1/", {"what": "accept"}, "Somebody else accepts"),
    ],
)
def test_junk_is_refused_with_what_is_wrong(
    knowing: Organisation,
    flow: Client,
    monkeypatch: pytest.MonkeyPatch,
    page: str,
    given: dict[str, str],
    why: str,
) -> None:
    stop_the_clock(monkeypatch, at(0))
    if page != "/shift/":
        flow.post("/shift/", {"notes": ""})
    before = ShiftSheet.objects.count(), ShiftWord.objects.count()

    answer = flow.post(page, given)

    assert answer.status_code == 422 and why in answer.content.decode()
    assert (ShiftSheet.objects.count(), ShiftWord.objects.count()) == before
    assert flow.get("/shift/77/").status_code == 404


def test_sheets_go_whole_after_their_period(knowing: Organisation, day: User, night: User) -> None:
    given = give(knowing, day, 0)
    accept(knowing, night, given.number, 2)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE ambulance_shift_sheet SET at = '2015-01-01+00'")
        cursor.execute("SET LOCAL session_replication_role = origin")
        cursor.execute("SELECT clearway_forget_shift_sheets(%s, '2016-01-01+00', 10)", [knowing.pk])
        assert cursor.fetchone()[0] == 1
    assert not ShiftSheet.objects.exists() and not ShiftAcceptance.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_people_accept_at_once_and_one_has_it(knowing: Organisation, day: User, night: User) -> None:
    third = somebody("third", "patient_flow_coordinator", knowing)
    number = give(knowing, day, 0).number
    said: list[str] = []

    def work(who: User) -> None:
        try:
            said.append(accept(knowing, who, number, 1).by)
        except NotAllowed as refused:
            said.append(refused.why)
        connection.close()

    workers = [threading.Thread(target=work, args=[who]) for who in (night, third)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    has = ShiftAcceptance.objects.get().by
    assert sorted(said) == sorted([has, f"{has} accepted it at 08:01."])
