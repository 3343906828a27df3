"""Advice that stands is looked at again: it ends, changes, and is withdrawn."""

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from clearway.core.audit.models import Action
from clearway.core.organisation.models import Organisation
from clearway.core.organisation.queries import departments
from clearway.core.worklist.models import Task
from clearway.desks.ambulance import rules, situation
from clearway.desks.ambulance.advice import actions, queries, reading, sweep
from clearway.desks.ambulance.advice.inbound import keep_or_turn
from clearway.desks.ambulance.advice.models import Advice, CrewMessage
from clearway.desks.ambulance.diverts.queries import in_force
from clearway.domain.ambulance.diverts import DivertKind
from clearway.domain.ambulance.situation import UNKNOWN
from clearway.domain.shared.errors import NotAllowed
from tests.trust import acting, somebody

from .giving_advice import (
    another_department,
    diverted,
    loads,
    look,
    now,
    on_scene,
    says,
    sealed,
    stands,
    taken,
)

pytestmark = pytest.mark.django_db


def test_a_divert_that_changes_the_answer_lists_the_crew_once_and_telling_it_replaces_the_message(
    knowing: Organisation, flow: Client
) -> None:
    on_scene(knowing)
    old = taken(knowing)
    diverted(knowing, "TVH01")

    seen = situation.read(knowing.pk, now())
    first = sweep.look_again(knowing.pk, seen, now())
    second = sweep.look_again(knowing.pk, situation.read(knowing.pk, now()), now())

    assert (first.changed, second.changed) == (1, 0)
    new = Advice.objects.get(ended_at__isnull=True)
    assert (new.state, new.taken, new.chosen, new.supersedes_id) == ("to_tell", "TVH01", "TVH02", old.pk)
    board = flow.get("/advice/").content.decode()
    assert "The answer has changed for 1 crew" in board and "Tell A1" in board
    flow.post(f"/advice/changed/{new.pk}/", {"do": "tell"})
    new.refresh_from_db()
    assert (new.state, new.taken) == ("accepted", "TVH02")
    assert CrewMessage.objects.get(withdrawn_at__isnull=True).words.startswith("Changed: ")


def test_a_crew_may_be_left_on_its_way_with_a_reason(knowing: Organisation, flow: Client) -> None:
    on_scene(knowing)
    taken(knowing)
    says(knowing, "left_scene", 1, destination="TVH01")
    diverted(knowing, "TVH01")
    sweep.look_again(knowing.pk, situation.read(knowing.pk, now()), now())
    new = Advice.objects.get(ended_at__isnull=True)

    flow.post(f"/advice/changed/{new.pk}/", {"do": "keep"})
    new.refresh_from_db()
    assert new.state == "to_tell"
    flow.post(f"/advice/changed/{new.pk}/", {"do": "keep", "reason_code": "clinical"})

    new.refresh_from_db()
    assert (new.state, new.taken) == ("overridden", "TVH01")


def test_advice_ends_when_the_crew_arrives_and_is_compared_with_what_happened(knowing: Organisation) -> None:
    on_scene(knowing, ago=60)
    taken(knowing)
    says(knowing, "left_scene", 40, destination="TVH01")
    says(knowing, "at_hospital", 28, destination="TVH01")
    sweep.look_again(knowing.pk, situation.read(knowing.pk, now()), now())
    says(knowing, "handover", 5, destination="TVH01")

    found = queries.worth(knowing.pk, now() - queries.WEEK, now())

    assert not queries.bound(knowing.pk, now())
    (outcome,) = found.outcomes
    assert outcome.actual_travel == pytest.approx(12, abs=0.1)
    assert outcome.actual_wait == pytest.approx(23, abs=0.1)
    assert found.followed == found.compared == 1


def test_an_alternative_that_was_accepted_is_not_declared_changed(knowing: Organisation) -> None:
    on_scene(knowing)
    taken(knowing, code="TVM01", reason_code="clinical")
    Advice.objects.update(state="accepted", chosen="TVM01", reason_code="")

    assert look(knowing).changed == 0
    assert stands().taken == "TVM01"


def test_a_crew_that_was_left_on_its_way_is_not_listed_again(knowing: Organisation) -> None:
    on_scene(knowing)
    taken(knowing)
    diverted(knowing, "TVH01")
    look(knowing)
    actions.keep(stands().pk, "clinical", organisation_id=knowing.pk, by=acting(somebody("writer")), at=now())

    assert look(knowing).changed == 0
    assert stands().state == "overridden"


def test_another_place_that_was_barred_already_is_not_taken_away_but_a_new_bar_lists_it(
    knowing: Organisation,
) -> None:
    on_scene(knowing)
    diverted(knowing, "TVH01")
    taken(knowing, code="TVH01", reason_code="clinical")

    assert look(knowing).changed == 0
    diverted(knowing, "TVH01", DivertKind.CLOSURE)

    assert look(knowing).changed == 1
    assert "It is closed" in stands().because


def test_a_closure_is_announced_while_the_control_room_is_silent(
    knowing: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    another_department(knowing)
    on_scene(knowing)
    taken(knowing)
    monkeypatch.setattr("clearway.engine.ambulance.ranking._cannot", lambda *_: "the feed is 40 min old")
    assert look(knowing).changed == 0
    diverted(knowing, "TVH01", DivertKind.CLOSURE)

    assert look(knowing).changed == 1
    assert stands().verdict == "abstained"


def test_a_crew_for_whom_nothing_is_open_is_listed_and_told_by_nobody_but_people(
    knowing: Organisation, flow: Client
) -> None:
    on_scene(knowing)
    taken(knowing)
    codes = situation.read(knowing.pk, now()).sites.code
    diverted(knowing, codes, DivertKind.CLOSURE)

    assert look(knowing).changed == 1
    assert stands().verdict == "nowhere"
    assert "Nowhere instead of TVH01" in flow.get("/advice/").content.decode()
    flow.post(f"/advice/changed/{stands().pk}/", {"do": "tell"})
    assert stands().state == "to_tell"
    flow.post(f"/advice/changed/{stands().pk}/", {"do": "keep", "reason_code": "clinical"})
    assert look(knowing).changed == 0
    assert (stands().state, stands().taken) == ("overridden", "TVH01")


def test_a_change_is_withdrawn_when_the_old_answer_is_right_again(knowing: Organisation) -> None:
    on_scene(knowing)
    old = taken(knowing)
    diverted(knowing, "TVH01")
    look(knowing)
    assert stands().state == "to_tell"

    diverted(knowing, ())
    look(knowing)

    assert (stands().state, stands().taken, stands().shown) == ("accepted", "TVH01", old.shown)
    assert Action.objects.filter(verb="advice.withdraw").count() == 1
    assert queries.worth(knowing.pk, now() - queries.WEEK, now()).given == 1
    diverted(knowing, "TVH01")
    assert look(knowing).changed == 1


def test_a_change_whose_new_place_is_barred_is_replaced(knowing: Organisation) -> None:
    another_department(knowing)
    on_scene(knowing)
    taken(knowing)
    diverted(knowing, "TVH01")
    look(knowing)
    first = stands()
    diverted(knowing, ("TVH01", first.chosen), DivertKind.CLOSURE)

    look(knowing)

    second = stands()
    assert (second.state, second.taken, second.supersedes_id) == ("to_tell", "TVH01", first.pk)
    assert second.chosen != first.chosen


def test_a_change_that_waits_is_made_fresh_and_one_that_is_too_old_is_not_told(knowing: Organisation) -> None:
    on_scene(knowing)
    taken(knowing)
    diverted(knowing, "TVH01")
    look(knowing)
    row = stands()
    later, by = now() + timedelta(minutes=11), acting(somebody("writer"))

    with pytest.raises(NotAllowed, match="ten minutes"):
        actions.tell(row.pk, organisation_id=knowing.pk, by=by, at=later)
    sweep.look_again(knowing.pk, situation.read(knowing.pk, later), later)

    assert stands().pk == row.pk
    assert actions.tell(row.pk, organisation_id=knowing.pk, by=by, at=later).taken == row.chosen


def test_one_crew_that_cannot_be_looked_at_does_not_hide_the_others(
    knowing: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    for call_sign in ("A1", "B2"):
        on_scene(knowing, call_sign)
        taken(knowing, call_sign)
    diverted(knowing, "TVH01")
    look_at = sweep.crew_at

    def failing(read: Any, row: int) -> Any:
        if read.situation.assignments.call_sign[row] == "A1":
            raise RuntimeError("something of this crew")
        return look_at(read, row)

    monkeypatch.setattr(sweep, "crew_at", failing)

    assert look(knowing).changed == 1
    assert Advice.objects.get(state="to_tell").call_sign == "B2"


def test_the_message_of_a_crew_that_was_left_on_its_way_ends_with_its_job(knowing: Organisation) -> None:
    on_scene(knowing, ago=60)
    taken(knowing)
    diverted(knowing, "TVH01")
    look(knowing)
    actions.keep(stands().pk, "clinical", organisation_id=knowing.pk, by=acting(somebody("writer")), at=now())
    says(knowing, "left_scene", 40, destination="TVH01")
    says(knowing, "at_hospital", 28, destination="TVH01")

    look(knowing)

    assert not queries.messages(knowing.pk)


def conveying(organisation: Organisation, call_sign: str = "A1", to: str = "TVH01") -> None:
    on_scene(organisation, call_sign)
    says(organisation, "left_scene", 0.1, call_sign, destination=to)


def test_a_crew_that_conveys_and_was_never_advised_is_listed_when_a_divert_starts(
    knowing: Organisation, flow: Client
) -> None:
    conveying(knowing)
    assert "never advised" not in flow.get("/advice/").content.decode()
    diverted(knowing, "TVH01")

    page = flow.get("/advice/").content.decode()
    assert "inbound, never advised: goes to Millbrook Hospital. A divert is in force there" in page
    flow.post("/advice/A1/take/", {"sealed": sealed(page), "code": "TVH01", "reason_code": "clinical"})

    assert stands().taken == "TVH01"
    assert "Inbound, and nobody has looked" not in flow.get("/advice/").content.decode()
    diverted(knowing, ())
    assert look(knowing).changed == 0


def test_a_crew_that_conveys_unadvised_to_a_closed_department_is_listed_with_the_reason(
    knowing: Organisation, flow: Client
) -> None:
    conveying(knowing)
    diverted(knowing, "TVH01", DivertKind.CLOSURE)

    assert "goes to Millbrook Hospital. It is closed" in flow.get("/advice/").content.decode()


def test_a_crew_that_conveys_unadvised_past_a_clearly_better_place_is_listed_and_a_task(
    knowing: Organisation, flow: Client
) -> None:
    on_scene(knowing)  # near TVH01
    says(knowing, "left_scene", 0.1, destination="TVH02")

    page = flow.get("/advice/").content.decode()
    assert re.search(r"inbound, never advised: goes to .+ Millbrook Hospital would save \d+ min in all", page)
    rules.run(knowing.pk, situation.read(knowing.pk, now()), now())
    task = Task.objects.get(rule="crew_inbound")
    assert (task.title, task.state in Task.TO_DO) == ("A1 is inbound and nobody has looked", True)

    flow.post("/advice/A1/take/", {"sealed": sealed(page), "code": "TVH02", "reason_code": "clinical"})
    rules.run(knowing.pk, situation.read(knowing.pk, now()), now())

    task.refresh_from_db()
    assert task.state not in Task.TO_DO
    assert "Inbound, and nobody has looked" not in flow.get("/advice/").content.decode()


def test_a_crew_that_goes_where_it_is_best_is_no_task(knowing: Organisation, flow: Client) -> None:
    conveying(knowing)

    rules.run(knowing.pk, situation.read(knowing.pk, now()), now())

    assert not Task.objects.filter(rule="crew_inbound").exists()
    assert "Inbound, and nobody has looked" not in flow.get("/advice/").content.decode()


def test_many_crews_inbound_to_a_divert_share_one_task(knowing: Organisation) -> None:
    for call_sign in ("A1", "B2", "C3", "D4"):
        conveying(knowing, call_sign)
    diverted(knowing, "TVH01")

    rules.run(knowing.pk, situation.read(knowing.pk, now()), now())

    task = Task.objects.get(rule="crew_inbound")
    assert all(call_sign in task.cause for call_sign in ("A1", "B2", "C3", "D4"))


def test_a_crew_that_was_advised_without_needs_is_asked_about_and_a_described_one_is_turned(
    knowing: Organisation, flow: Client
) -> None:
    for call_sign, news2 in (("A1", None), ("B2", 2)):
        on_scene(knowing, call_sign)
        taken(knowing, call_sign, news2=news2)
        says(knowing, "left_scene", 0.1, call_sign, destination="TVH01")
    Advice.objects.update(given_at=now() - timedelta(minutes=5))  # before the divert began
    diverted(knowing, "TVH01")

    assert look(knowing).changed == 1
    assert stands_for("B2").state == "to_tell" and stands_for("A1").state == "accepted"
    page = flow.get("/advice/").content.decode()
    assert page.count("inbound, needs or NEWS2 not said") == 1


def test_a_divert_that_is_only_thought_of_says_whom_it_would_turn_and_of_whom_more_must_be_said(
    knowing: Organisation,
) -> None:
    conveying(knowing)
    on_scene(knowing, "B2")
    taken(knowing, "B2")
    says(knowing, "left_scene", 0.1, "B2", destination="TVH01")
    diverted(knowing, "TVH01")
    (thought_of,) = in_force(knowing.pk, now())
    diverted(knowing, ())

    seen = reading.read(knowing.pk, now())
    found = keep_or_turn(seen, queries.standing(knowing.pk), thought_of)
    elsewhere = keep_or_turn(seen, queries.standing(knowing.pk), replace(thought_of, site="TVH03"))

    assert [(each.call_sign, each.turns) for each in found] == [("B2", True), ("A1", False)]
    assert found[0].to == next(name for code, name in departments(knowing.pk) if code == "TVH02")
    assert "A divert covers this patient" in found[0].why and "Say age, needs and NEWS2" in found[1].why
    assert elsewhere == []
    assert stands_for("B2").state == "accepted"  # nobody is told anything


def stands_for(call_sign: str) -> Advice:
    return Advice.objects.get(ended_at__isnull=True, call_sign=call_sign)


def test_the_list_asks_the_database_as_often_for_three_inbound_crews_as_for_one(
    knowing: Organisation, flow: Client
) -> None:
    diverted(knowing, "TVH01")
    counts = []
    for call_signs in (("A1",), ("B2", "C3")):
        for call_sign in call_signs:
            conveying(knowing, call_sign)
        flow.get("/advice/")
        with CaptureQueriesContext(connection) as queries_made:
            flow.get("/advice/")
        counts.append(len(queries_made))

    assert counts[0] == counts[1]


def test_crews_that_a_divert_turns_are_advised_together(
    knowing: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    for call_sign in ("A1", "B2", "C3"):
        on_scene(knowing, call_sign)
        taken(knowing, call_sign)
    diverted(knowing, "TVH01")
    asked = []
    together = reading.Reading.advise_together

    def counted(read: Any, cases: Any, policy: Any) -> Any:
        asked.append(sorted(case.call_sign for case in cases))
        return together(read, cases, policy)

    monkeypatch.setattr(reading.Reading, "advise_together", counted)

    assert look(knowing).changed == 3
    assert asked == [["A1", "B2", "C3"]]


def test_a_crew_that_is_turned_on_its_way_counts_where_it_goes_now(knowing: Organisation) -> None:
    on_scene(knowing)
    taken(knowing)
    says(knowing, "left_scene", 0.1, destination="TVH01")
    Advice.objects.update(given_at=now() - timedelta(minutes=1))
    assert list(situation.read(knowing.pk, now()).assignments.bound) == [UNKNOWN]
    diverted(knowing, "TVH01")
    look(knowing)

    row = stands()
    assert list(situation.read(knowing.pk, now()).assignments.bound) == [UNKNOWN]
    actions.tell(row.pk, organisation_id=knowing.pk, by=acting(somebody("writer")), at=now())

    after = reading.read(knowing.pk, now())
    table, codes = after.situation.assignments, after.situation.sites.code
    assert (codes[table.site[0]], codes[table.bound[0]]) == ("TVH01", "TVH02")
    assert loads(after) == {"TVH01": 0, "TVH02": 1}
