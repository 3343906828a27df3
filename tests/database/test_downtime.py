"""By hand at the desk: declared by a person, entered beside the CAD, back from paper, reconciled to zero."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from clearway.core.audit.actions import Actor
from clearway.core.audit.models import Action
from clearway.core.decisions.models import Decision
from clearway.core.feeds.models import Source
from clearway.core.notices.models import Notice
from clearway.core.organisation.models import Organisation, Site
from clearway.core.people.models import User
from clearway.core.worklist.models import Task
from clearway.desks.ambulance import rules, situation
from clearway.desks.ambulance.downtime import actions, queries, register
from clearway.desks.ambulance.downtime.models import CadFailure, HandEntry, PaperForm
from clearway.desks.ambulance.facts.models import Fact
from clearway.desks.ambulance.facts.verify import compare
from clearway.desks.ambulance.incidents.models import Assignment
from clearway.desks.ambulance.resources import boards
from clearway.desks.ambulance.resources.models import Resource
from clearway.domain.ambulance.downtime import Form
from clearway.domain.ambulance.events import AvailabilityEvent
from clearway.domain.ambulance.words import Availability, FormKind
from clearway.domain.shared.errors import CannotParse, NotAllowed
from tests.trust import signed_in, somebody, stop_the_clock

from .conftest import at, deliver, job

pytestmark = pytest.mark.django_db
STATUS = {FormKind.STATUS: 6, FormKind.INCIDENT: 2, FormKind.DECISION: 1}


def scope(trust: Organisation, minutes: float) -> dict[str, Any]:
    user = User.objects.filter(username="hand").first() or somebody("hand", "patient_flow_coordinator", trust)
    return {"organisation_id": trust.pk, "by": Actor("Hand", user_id=user.pk), "at": at(minutes)}


def enter(trust: Organisation, text: str, minutes: float, **more: Any) -> HandEntry:
    entry = actions.enter(text, f"{text}/{minutes}", **more, **scope(trust, minutes))
    assert entry is not None
    return entry


def refused(trust: Organisation, text: str, minutes: float, **more: Any) -> str:
    with pytest.raises((NotAllowed, CannotParse)) as problem:
        actions.enter(text, f"{text}/{minutes}", **more, **scope(trust, minutes))
    return str(problem.value)


def hospital() -> Site:
    return Site.objects.filter(kind="emergency_department").order_by("code")[0]


@pytest.fixture
def failed(knowing: Organisation, cad: Source) -> Organisation:
    """A1 on scene and A2 conveying when the CAD fails at eight; six status forms and others lie ready."""
    told = [
        *(job(status, at_) for status, at_ in (("allocated", -30), ("mobile", -28), ("at_scene", -20))),
        *(
            job(status, at_, call_sign="A2", incident="2", destination=hospital().code)
            for status, at_ in (("allocated", -40), ("mobile", -38), ("at_scene", -30), ("left_scene", -5))
        ),
    ]  # fmt: skip
    deliver(cad, told, known=-4)
    register.draw(STATUS, is_drill=False, **scope(knowing, -3))
    actions.declare("Server room flooded", is_drill=False, **scope(knowing, 0))
    return knowing


def test_a_failure_is_declared_by_a_person_and_stands_on_every_page_until_a_person_ends_it(
    knowing: Organisation,
) -> None:
    with pytest.raises(NotAllowed, match="Only a person"):
        actions.declare("x", is_drill=False, organisation_id=knowing.pk, by=Actor("duty"), at=at(0))
    actions.declare("Server room flooded", is_drill=False, **scope(knowing, 0))
    notice = Notice.objects.get(organisation=knowing)
    assert "CAD failure declared 08:00 by Hand: Server room flooded" in notice.words

    with pytest.raises(NotAllowed, match="declared meanwhile"):
        actions.declare("again", is_drill=False, **scope(knowing, 1))
    actions.end("", is_drill=False, **scope(knowing, 5))
    assert not Notice.objects.exists()
    with pytest.raises(NotAllowed, match="Nothing goes on"):
        actions.end("", is_drill=False, **scope(knowing, 6))


def test_while_the_cad_is_heard_nothing_is_entered_by_hand_and_when_it_is_lost_it_can(
    knowing: Organisation, cad: Source
) -> None:
    deliver(cad, [job("allocated", 0), job("mobile", 1)], known=1)
    assert "The CAD is heard" in refused(knowing, "A1 scene", 1)

    assert queries.cad_feed(knowing.pk, at(200)).is_away
    assert enter(knowing, "A1 scene", 200).failure is None


def test_what_is_entered_is_a_fact_of_its_own_source_and_marked_on_the_board(failed: Organisation) -> None:
    entry = enter(failed, "A2 arrived 0803", 5)

    fact = Fact.objects.get(message_id=entry.message_id)
    assert (fact.source, fact.occurred_at, fact.known_at) == ("test-valley-by-hand", at(3), at(5))
    assert fact.event["source"] == "manual"
    rows = {row.call_sign: row for row in boards.board(failed.pk, at(6)).rows}
    assert rows["A2"].state.startswith("Arrived") and rows["A2"].by_hand and not rows["A1"].by_hand
    assert compare(failed.pk, at=at(6)).differences == ()


def test_who_cannot_be_sent_is_entered_with_the_reason(failed: Organisation) -> None:
    enter(failed, "A1 unavailable vehicle defect", 5)

    row = Resource.objects.get(call_sign="A1")
    assert (row.availability, row.reason, row.since) == ("unavailable", "vehicle defect", at(5))


def test_no_nhs_number_is_entered_by_hand(failed: Organisation) -> None:
    for text in ("A1 unavailable with 9434765919", "#D1 0806 Divert 943 476 5919"):
        assert "Leave out the NHS number" in refused(failed, text, 10)


def test_a_failure_that_is_not_reconciled_within_a_day_is_a_task_once(failed: Organisation) -> None:
    actions.end("", is_drill=False, **scope(failed, 10))
    for minutes, due in ((24 * 60, 0), (24 * 60 + 12, 1), (24 * 60 + 15, 1)):
        for later in (0, 2):
            rules.run(failed.pk, situation.read(failed.pk, at(minutes + later)), at(minutes + later))
        assert Task.objects.filter(rule="downtime_due", closed_at=None).count() == due
    actions.reconcile(**scope(failed, 24 * 60 + 16))
    for minutes in (24 * 60 + 17, 24 * 60 + 19):
        rules.run(failed.pk, situation.read(failed.pk, at(minutes)), at(minutes))
    assert not Task.objects.filter(rule="downtime_due", closed_at=None).exists()


def test_the_same_form_sent_twice_is_one_entry(failed: Organisation) -> None:
    first = enter(failed, "A1 left 0801", 5)

    assert enter(failed, "A1 left 0801", 5).pk == first.pk
    assert HandEntry.objects.count() == 1


def test_a_time_that_was_entered_by_hand_is_replaced_only_on_purpose(failed: Organisation) -> None:
    enter(failed, "A1 left 0801", 5)

    assert "08:01 was entered by Hand" in refused(failed, "A1 left 0804", 6)
    enter(failed, "A1 left 0804 !", 7)
    assert Assignment.objects.get(call_sign="A1").stamps["left_scene"] == at(4).isoformat()


def test_a_new_job_stands_on_its_form(failed: Organisation) -> None:
    assert "#I12" in refused(failed, "A1 allocated 0805", 10)
    assert "highest that was printed is 0002" in refused(failed, "A1 allocated 0805 #I9", 10)

    entry = enter(failed, "A1 allocated 0805 #I1", 10)
    assert entry.incident == "paper I0001"
    enter(failed, "A1 mobile 0807", 10)
    assert Assignment.objects.get(incident="paper I0001").state == "mobile"


def test_the_cad_wins_on_dispatch_and_both_times_stand_side_by_side(
    failed: Organisation, cad: Source
) -> None:
    entry = enter(failed, "A1 left 0805", 6)
    enter(failed, "A2 arrived 0803", 6)
    actions.end("", is_drill=False, **scope(failed, 20))
    deliver(cad, [job("left_scene", 2, call_sign="A1")], known=21)

    assert Assignment.objects.get(call_sign="A1").stamps["left_scene"] == at(2).isoformat()
    failure = queries.to_reconcile(failed.pk)
    assert failure is not None
    beside = [each for each in queries.compared(failed.pk, failure, at(22)) if each.differs]
    assert [(each.entry.call_sign, each.theirs, each.is_open) for each in beside] == [("A1", at(2), True)]

    with pytest.raises(NotAllowed, match="1 words that another source does not bear out"):
        actions.reconcile(**scope(failed, 23))
    actions.choose(entry.pk, HandEntry.Choice.OURS, **scope(failed, 24))
    actions.reconcile(**scope(failed, 25))
    assert Action.objects.filter(verb="downtime.choose").exists()
    assert (
        Assignment.objects.get(call_sign="A1").stamps["left_scene"] == at(2).isoformat()
    )  # its owner corrects


def test_a_job_on_paper_that_the_cad_has_is_counted_once(failed: Organisation, cad: Source) -> None:
    enter(failed, "A1 allocated 0805 #I1", 10)
    enter(failed, "A1 mobile 0807", 10)
    actions.end("", is_drill=False, **scope(failed, 20))
    deliver(cad, [job("allocated", 6, call_sign="A1", incident="77")], known=21)

    with pytest.raises(NotAllowed, match="1 jobs on paper"):
        actions.reconcile(**scope(failed, 22))
    actions.same_job("paper I0001/A1", "77/A1", **scope(failed, 23))

    ours, theirs = (Assignment.objects.get(key=key) for key in ("paper I0001/A1", "77/A1"))
    assert (ours.is_open, ours.stamps) == (False, {})
    assert theirs.stamps == {"allocated": at(6).isoformat(), "mobile": at(7).isoformat()}
    assert compare(failed.pk, at=at(24)).differences == ()
    with pytest.raises(NotAllowed, match="gone"):
        actions.same_job("paper I0001/A1", "77/A1", **scope(failed, 25))


def test_paper_is_entered_with_both_times_and_every_number_accounted_for(failed: Organisation) -> None:
    failure = CadFailure.objects.get()
    actions.end("", is_drill=False, **scope(failed, 60))
    assert "form" in refused(failed, "A1 left 0801", 90, from_paper=True)
    assert "time" in refused(failed, "#S3 A1 left", 90, from_paper=True)

    entry = enter(failed, "#S3 A1 left 0801", 90, from_paper=True)
    assert (entry.occurred_at, entry.entered_at, entry.is_late) == (at(1), at(90), True)
    assert [row.number for row in queries.unaccounted(failed.pk, failure)] == [1, 2]
    with pytest.raises(NotAllowed, match="2 forms unaccounted"):
        actions.reconcile(**scope(failed, 91))

    register.make_void(Form(FormKind.STATUS, 1), "Spoilt", failure, **scope(failed, 92))
    assert "It is void: Spoilt" in refused(failed, "#S1 A1 arrived 0810", 93, from_paper=True)
    enter(failed, "#S2 A1 arrived 0812", 93, from_paper=True)
    register.used_up_to(Form(FormKind.STATUS, 4), failure, **scope(failed, 94))
    assert [row.number for row in queries.unaccounted(failed.pk, failure)] == [4]
    register.make_void(Form(FormKind.STATUS, 4), "Blank", failure, **scope(failed, 95))
    actions.reconcile(**scope(failed, 96))

    assert queries.to_reconcile(failed.pk) is None
    assert PaperForm.objects.filter(kind="status", state="blank").count() == 2


def test_what_is_newer_stands_when_paper_comes_late(failed: Organisation, cad: Source) -> None:
    enter(failed, "A1 unavailable fuel", 10)
    enter(failed, "#S1 A1 available 0805", 50, from_paper=True)

    assert Resource.objects.get(call_sign="A1").availability == "unavailable"


def test_a_decision_on_paper_goes_into_the_log_as_late(failed: Organisation) -> None:
    said = "#D1 0806 Divert minors to the next hospital"
    assert actions.enter(said, "d", from_paper=True, **scope(failed, 50)) is None

    row = Decision.objects.get()
    assert (row.decided_at, row.decision) == (at(6), "Divert minors to the next hospital")
    assert "paper" in row.late_reason
    assert PaperForm.objects.get(kind="decision").state == "entered"


def test_nothing_of_a_drill_becomes_a_fact_and_its_forms_are_numbered_apart(failed: Organisation) -> None:
    before = Fact.objects.count()
    register.draw({FormKind.STATUS: 2}, is_drill=True, **scope(failed, 1))
    drill = actions.declare("Winter drill", is_drill=True, **scope(failed, 2))
    entry = enter(failed, "A1 left 0803 #S1", 4, is_drill=True)

    assert (entry.is_drill, entry.message_id, Fact.objects.count()) == (True, "", before)
    assert not boards.board(failed.pk, at(5)).rows[0].by_hand
    assert PaperForm.objects.get(is_drill=True, number=1).state == "entered"
    assert set(PaperForm.objects.filter(is_drill=False).values_list("state", flat=True)) == {"blank"}
    with pytest.raises(IntegrityError), transaction.atomic():
        HandEntry.objects.filter(pk=entry.pk).update(message_id="hand:x")
    with pytest.raises(NotAllowed, match="learnt"):
        actions.end("", is_drill=True, **scope(failed, 9))
    actions.end("Torches are missing", is_drill=True, **scope(failed, 10))
    drill.refresh_from_db()
    assert drill.learnt == "Torches are missing" and Notice.objects.count() == 1  # that of the failure


@pytest.fixture
def hand(failed: Organisation, monkeypatch: pytest.MonkeyPatch) -> Client:
    stop_the_clock(monkeypatch, at(30))
    return signed_in(somebody("hand", "patient_flow_coordinator", failed))


def test_the_pages_keep_what_was_typed_and_say_what_is_wrong(hand: Client) -> None:
    page = hand.post("/downtime/enter/", {"line": "A1 arived 0810", "once": "1"})
    assert page.status_code == 422
    assert 'value="A1 arived 0810"' in page.content.decode() and "Status" in page.content.decode()

    lines = {"once": ["a", "b", "c"], "line": ["#S1 A1 left 0801", "#S9 A1 arrived 0805", ""]}
    page = hand.post("/downtime/back-entry/", lines)
    assert page.status_code == 422
    text = page.content.decode()
    assert 'value="#S9 A1 arrived 0805"' in text and 'value="#S1 A1 left 0801"' not in text
    assert "1 line entered. 1 below to mend." in text
    assert (
        hand.post("/downtime/back-entry/", {"once": ["a"], "line": ["#S1 A1 left 0801"]}).status_code == 302
    )
    assert HandEntry.objects.count() == 1


def test_every_page_of_the_part_opens(hand: Client) -> None:
    hand.post("/downtime/declare/", {"drill": "1", "reason": "Winter drill"})
    assert (
        hand.post("/downtime/enter/", {"line": "A1 left 0801", "once": "d", "drill": "1"}).status_code == 302
    )
    assert "DRILL" in hand.get("/downtime/drills/").content.decode()
    said = hand.get("/downtime/preview/", {"line": "A2 arrived 0810"}).content.decode()
    assert said == "A2: arrived, at 08:10. Job 2."
    drawn = hand.post("/downtime/forms/", {"status": "2", "hospital_queue": "1"})
    sheets = hand.get(drawn["Location"]).content.decode()
    assert [f"S000{number}" in sheets for number in (6, 7, 8, 9)] == [False, True, True, False]
    assert "Q0001" in sheets and hospital().name in sheets
    assert hand.post("/downtime/forms/", {"status": "x"}).status_code == 422
    assert hand.post("/downtime/reconcile/", {"step": "void", "number": "Z9", "why": ""}).status_code == 422
    for choice in ("9:theirs", "²:theirs", f"{'9' * 40}:ours", "", "1:mine"):
        assert hand.post("/downtime/reconcile/", {"step": "choose", "choice": choice}).status_code == 422
    for span in ("first=x&last=1", f"first=1&last={'9' * 40}", ""):
        assert hand.get(f"/downtime/forms/print/?{span}").status_code == 302
    assert hand.get("/downtime/").status_code == 200


def test_after_the_cad_has_said_all_of_it_again_the_picture_is_that_of_a_day_without_a_failure(
    failed: Organisation, cad: Source
) -> None:
    steps = ("left_scene", "at_hospital", "queuing", "handover", "clear")
    said = {"left_scene": "left", "at_hospital": "arrived", "handover": "handover", "clear": "clear"}
    told = {
        (call_sign, status): 5 + 4 * place + late
        for call_sign, late in (("A1", 0), ("A2", 1))
        for place, status in enumerate(steps)
        if (call_sign, status) != ("A2", "left_scene")  # said before the CAD failed
    }
    for (call_sign, status), minute in reversed(told.items()):  # from paper, in the wrong order
        wall = f"08{minute + (minute % 3):02d}"  # some a minute or two beside the CAD's
        enter(failed, f"#S1 {call_sign} {said.get(status, status)} {wall}", 50 + minute / 60, from_paper=True)
    actions.end("", is_drill=False, **scope(failed, 60))
    again = [
        job(status, minute, call_sign=call_sign, incident="1" if call_sign == "A1" else "2")
        for (call_sign, status), minute in told.items()
    ]
    deliver(cad, again[::-1], known=70)

    rows = {row.call_sign: row for row in Assignment.objects.filter(call_sign__in=["A1", "A2"])}
    for (call_sign, status), minute in told.items():
        assert rows[call_sign].stamps[status] == at(minute).isoformat()
    assert {row.state for row in rows.values()} == {"clear"}
    assert compare(failed.pk, at=at(71)).differences == ()
    failure = queries.to_reconcile(failed.pk)
    assert failure is not None
    open_ = [each for each in queries.compared(failed.pk, failure, at(72)) if each.is_open]
    assert len(open_) == sum(minute % 3 > 0 for minute in told.values())


def test_what_stands_on_paper_happened_in_its_failure_on_whichever_day_it_is_entered(
    failed: Organisation, cad: Source
) -> None:
    day = 24 * 60
    actions.end("", is_drill=False, **scope(failed, 210))  # from 08:00 to 11:30
    tonight = [job(status, day + at_, incident="9") for status, at_ in (("allocated", 5), ("mobile", 7))]
    deliver(cad, tonight, known=day + 10)

    entry = enter(failed, "#S1 A1 left 0830", day + 60, from_paper=True)
    assert (entry.occurred_at, entry.incident) == (at(30), "1")
    assert enter(failed, "#S1 A2 arrived 0730", day + 60, from_paper=True).occurred_at == at(-30)
    assert "not of the failure" in refused(failed, "#S1 A1 arrived 1900", day + 60, from_paper=True)
    said = actions.enter("#D1 0840 Divert minors", "d", from_paper=True, **scope(failed, day + 60))
    assert said is None and Decision.objects.get().decided_at == at(40)


def test_a_time_that_a_long_failure_had_twice_is_entered_with_its_day(failed: Organisation) -> None:
    late = 30 * 60
    assert "20/0214" in refused(failed, "#S1 A1 left 0830", late, from_paper=True)
    assert enter(failed, "#S1 A1 left 20/0830", late, from_paper=True).occurred_at == at(30)
    assert "not of the failure" in refused(failed, "#S1 A2 unavailable 19/0830 fuel", late, from_paper=True)
    assert enter(failed, "#S1 A2 unavailable 21/0830 fuel", late, from_paper=True).occurred_at == at(
        24 * 60 + 30
    )


@pytest.mark.parametrize("line", ["#I1 A1 clear 0930", "A1 clear 0930"])
def test_what_is_entered_after_two_jobs_were_joined_stands_in_the_joined_one(
    failed: Organisation, cad: Source, line: str
) -> None:
    enter(failed, "A1 allocated 0806 #I1", 10)
    deliver(cad, [job("allocated", 5, call_sign="A1", incident="77")], known=21)
    actions.same_job("paper I0001/A1", "77/A1", **scope(failed, 23))

    entry = enter(failed, line, 95)
    assert (entry.incident, entry.assignment) == ("77", "77/A1")
    theirs = Assignment.objects.get(key="77/A1")
    assert theirs.stamps["clear"] == at(90).isoformat() and not theirs.is_open


def test_a_status_of_a_crews_next_job_is_not_swallowed_by_the_job_it_has_ended(
    failed: Organisation, cad: Source
) -> None:
    told = (("left_scene", -10), ("at_hospital", -8), ("handover", -6), ("clear", -5))
    deliver(cad, [job(status, minutes) for status, minutes in told], known=-1)

    assert "#I12" in refused(failed, "A1 scene 0810", 15)
    assert "#I12" in refused(failed, "A1 clear 0830", 40)
    assert enter(failed, "A1 scene 0810 #I1", 15).incident == "paper I0001"


def test_what_may_follow_the_end_of_a_job_or_is_before_it_is_entered_in_it(
    failed: Organisation, cad: Source
) -> None:
    told = (("left_scene", 2), ("at_hospital", 10), ("clear", 20))
    deliver(cad, [job(status, minutes) for status, minutes in told], known=25)

    for line in ("A1 handover 0822", "A1 left 0803", "A1 clear 0823", "A1 clear 0845 !"):
        assert enter(failed, line, 50).incident == "1"


def test_a_mistyped_form_number_is_told_before_and_undone_after(failed: Organisation) -> None:
    failure = CadFailure.objects.get()
    unknown = Form(FormKind.STATUS, 999)
    with pytest.raises(NotAllowed, match="No form has this number"):
        register.used_up_to(unknown, failure, **scope(failed, 5))
    meant = actions.understand("A1 left 0801 #S6", failure, organisation_id=failed.pk, at=at(5))
    assert isinstance(meant, actions.Understood) and "makes 5 forms unaccounted for" in meant.warning

    enter(failed, "A1 left 0801 #S6", 5)
    assert register.lay_back(Form(FormKind.STATUS, 2), failure, **scope(failed, 6)) == 4
    assert [row.number for row in queries.unaccounted(failed.pk, failure)] == [1]
    with pytest.raises(NotAllowed, match="unaccounted"):
        register.lay_back(Form(FormKind.STATUS, 2), failure, **scope(failed, 7))
    enter(failed, "A2 arrived 0803 #S2", 8)
    assert PaperForm.objects.get(kind="status", number=2).state == "entered"


def test_who_enters_a_decision_in_a_drill_is_told_that_it_is_not_kept(hand: Client) -> None:
    hand.post("/downtime/declare/", {"drill": "1", "reason": "Winter drill"})
    hand.post("/downtime/forms/", {"drill": "1", "decision": "1"})
    line = {"line": "#D1 0801 Divert minors", "once": "d", "drill": "1"}
    page = hand.post("/downtime/enter/", line, follow=True).content.decode()

    assert "decision is not kept" in page and not Decision.objects.exists()
    assert "Written." not in page
    assert Action.objects.get(verb="downtime.enter").subject == "form:D0001"


def test_forms_are_laid_back_from_the_page(hand: Client) -> None:
    hand.post("/downtime/enter/", {"line": "A1 left 0801 #S3", "once": "a"})
    assert "Lay them back" in hand.get("/downtime/back-entry/").content.decode()
    assert hand.post("/downtime/reconcile/", {"step": "blank", "number": "S1"}).status_code == 302
    assert "Lay them back" not in hand.get("/downtime/back-entry/").content.decode()
    assert hand.post("/downtime/reconcile/", {"step": "blank", "number": "S1"}).status_code == 422


def test_an_availability_by_hand_that_nobody_bears_out_is_open_until_somebody_settles_it(
    knowing: Organisation, cad: Source
) -> None:
    deliver(cad, [AvailabilityEvent("c1", at(-90), "A1", Availability.AVAILABLE)], known=-90)
    deliver(cad, [job("allocated", -89, call_sign="A2", incident="2")], known=-89)
    before = enter(knowing, "A2 off 0750", -5)  # the feed is lost, nothing declared yet
    actions.declare("Server room flooded", is_drill=False, **scope(knowing, 0))
    entry = enter(knowing, "A1 off 0810", 12)
    actions.end("", is_drill=False, **scope(knowing, 20))

    with pytest.raises(NotAllowed, match="2 words"):
        actions.reconcile(**scope(knowing, 21))
    with pytest.raises(NotAllowed, match="No other source"):
        actions.choose(before.pk, HandEntry.Choice.THEIRS, **scope(knowing, 22))
    actions.choose(before.pk, HandEntry.Choice.OURS, **scope(knowing, 23))
    for minutes, choice in ((23.2, "THEIRS"), (23.4, "OURS"), (24, "THEIRS")):
        actions.choose(entry.pk, HandEntry.Choice[choice], **scope(knowing, minutes))

    availability = dict(Resource.objects.values_list("call_sign", "availability"))
    assert (availability["A1"], availability["A2"]) == ("available", "off")
    assert compare(knowing.pk, at=at(25)).differences == ()
    actions.reconcile(**scope(knowing, 26))


# Two failures, a lost feed, a mistyped form


def test_of_two_failures_that_are_not_reconciled_each_is_entered_and_closed_by_itself(
    failed: Organisation,
) -> None:
    first = queries.current(failed.pk)
    assert first is not None
    actions.end("", is_drill=False, **scope(failed, 20))
    second = actions.declare("Again", is_drill=False, **scope(failed, 300))
    actions.end("", is_drill=False, **scope(failed, 310))

    entry = enter(failed, "#S1 A1 left 0805", 320, from_paper=True, of=first.pk)

    assert entry.failure == first
    assert queries.unreconciled(failed.pk) == [second, first]
    for minutes in (300 + 24 * 60 + 20, 300 + 24 * 60 + 22):
        rules.run(failed.pk, situation.read(failed.pk, at(minutes)), at(minutes))
    due = Task.objects.filter(rule="downtime_due", closed_at=None).values_list("subject", flat=True)
    assert set(due) == {f"reconcile:{first.pk}", f"reconcile:{second.pk}"}
    actions.reconcile(of=first.pk, **scope(failed, 2000))
    assert queries.unreconciled(failed.pk) == [second]


def test_the_pages_lead_to_every_failure_that_is_not_reconciled(hand: Client, failed: Organisation) -> None:
    first = queries.current(failed.pk)
    assert first is not None
    actions.end("", is_drill=False, **scope(failed, 1))
    second = actions.declare("Again", is_drill=False, **scope(failed, 2))
    actions.end("", is_drill=False, **scope(failed, 3))

    assert f"?failure={first.pk}" in hand.get("/downtime/back-entry/").content.decode()
    page = hand.get(f"/downtime/back-entry/?failure={first.pk}").content.decode()
    assert "Server room flooded" in page and f"?failure={second.pk}" in page
    hand.post("/downtime/reconcile/", {"step": "close", "failure": first.pk})
    assert queries.unreconciled(failed.pk) == [second]


def test_what_was_entered_while_the_feed_was_lost_is_compared_without_a_failure(
    knowing: Organisation, cad: Source
) -> None:
    deliver(cad, [job("allocated", 0), job("mobile", 1)], known=1)
    enter(knowing, "A1 scene", 200)
    assert queries.compared_while_lost(knowing.pk, at(201))[0].is_open is False

    deliver(cad, [job("at_scene", 190)], known=210)

    (found,) = queries.compared_while_lost(knowing.pk, at(211))
    assert found.is_open and found.theirs == at(190)
    later = 200 + 24 * 60
    for minutes in (later + 1, later + 3):
        rules.run(knowing.pk, situation.read(knowing.pk, at(minutes)), at(minutes))
    assert Task.objects.filter(rule="downtime_due", subject="reconcile:lost", closed_at=None).exists()
    actions.choose(found.entry.pk, HandEntry.Choice.THEIRS, **scope(knowing, later + 4))
    assert not queries.compared_while_lost(knowing.pk, at(later + 5))[0].is_open


def test_a_mistyped_form_is_taken_back_with_the_reason_and_is_open_again(failed: Organisation) -> None:
    entry = enter(failed, "#S5 A1 left 0801", 5)
    failure = queries.current(failed.pk)
    assert failure is not None
    wrong, right = Form(FormKind.STATUS, 5), Form(FormKind.STATUS, 2)
    with pytest.raises(NotAllowed, match="Say what happened"):
        actions.take_back(wrong, right, " ", failure, **scope(failed, 6))

    assert actions.take_back(wrong, right, "2 read as 5", failure, **scope(failed, 6)) == 1

    entry.refresh_from_db()
    assert entry.form is not None and entry.form.number == 2
    forms = PaperForm.objects.filter(kind="status", is_drill=False)
    states = dict(forms.values_list("number", "state"))
    assert (states[2], states[5], states[6]) == ("entered", "unaccounted", "blank")
    assert Action.objects.get(verb="downtime.take_back").detail["why"] == "2 read as 5"
    with pytest.raises(NotAllowed, match="Nothing was entered from it"):
        actions.take_back(wrong, right, "again", failure, **scope(failed, 7))
    register.lay_back(Form(FormKind.STATUS, 3), failure, **scope(failed, 8))
    assert [each.number for each in queries.unaccounted(failed.pk, failure)] == [1]


def test_a_job_on_a_mistyped_incident_form_goes_to_the_right_number(failed: Organisation) -> None:
    enter(failed, "#I2 A1 allocated 0801", 5)
    failure = queries.current(failed.pk)
    assert failure is not None
    wrong, right = Form(FormKind.INCIDENT, 2), Form(FormKind.INCIDENT, 1)

    actions.take_back(wrong, right, "1 read as 2", failure, **scope(failed, 6))

    held = Assignment.objects.filter(incident="paper I0001", is_open=True)
    assert held.count() == 1 and not Assignment.objects.filter(incident="paper I0002", is_open=True).exists()
    assert compare(failed.pk, at=at(7)).differences == ()


def test_the_times_of_a_job_go_with_it_from_a_mistyped_form_and_then_to_that_of_the_cad(
    failed: Organisation, cad: Source
) -> None:
    enter(failed, "A1 allocated 0805 #I2", 10)
    enter(failed, "A1 mobile 0807", 10)
    failure = queries.current(failed.pk)
    assert failure is not None
    wrong, right = Form(FormKind.INCIDENT, 2), Form(FormKind.INCIDENT, 1)
    actions.take_back(wrong, right, "1 read as 2", failure, **scope(failed, 12))
    actions.end("", is_drill=False, **scope(failed, 20))
    deliver(cad, [job("allocated", 6, call_sign="A1", incident="77")], known=21)

    actions.same_job("paper I0001/A1", "77/A1", **scope(failed, 23))

    theirs = Assignment.objects.get(key="77/A1")
    assert theirs.stamps == {"allocated": at(6).isoformat(), "mobile": at(7).isoformat()}
    assert compare(failed.pk, at=at(24)).differences == ()
