"""What is past its period goes, what is inside it or held stays, and what is left still adds up.

The invented region keeps facts 1100 days, message keys 240, quarantine 220, batches 210, snapshots 200 and
positions 45, as regions/test-valley/policies.toml says; advice 950, delays 930,
diverts 900, hospital reports 800.
"""

import json
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import Model

from clearway.cli import main
from clearway.core.audit.actions import Actor
from clearway.core.audit.models import Action
from clearway.core.decisions.models import Decision
from clearway.core.feeds import queries as feeds
from clearway.core.feeds.models import Batch, Message, Quarantined, Source
from clearway.core.organisation.models import Organisation, PolicyVersion
from clearway.core.retention import actions as holds
from clearway.core.retention.shelves import SHELVES
from clearway.core.worklist.models import Task
from clearway.desks.ambulance.advice.models import Advice, Call, CrewLink, CrewMessage
from clearway.desks.ambulance.delays.models import Delay, DelayWord, StackReport
from clearway.desks.ambulance.diverts.models import Divert, Step
from clearway.desks.ambulance.facts.models import Fact
from clearway.desks.ambulance.forecast.models import Kept, Passing, Warned
from clearway.desks.ambulance.incidents.models import Assignment, Identity, Incident
from clearway.desks.ambulance.liaison import queries as liaison
from clearway.desks.ambulance.liaison.models import HospitalState
from clearway.desks.ambulance.quality.models import Finding
from clearway.desks.ambulance.release.models import Release
from clearway.desks.ambulance.resources.models import Position, Resource
from clearway.desks.ambulance.snapshots.models import Snapshot
from clearway.desks.ambulance.travel.models import RoadDisruption
from clearway.domain.ambulance import events
from clearway.domain.ambulance.events import AvailabilityEvent, CallEvent, JobEvent, Patient
from clearway.domain.ambulance.words import Availability, CallStatus, HospitalMeasure, JobStatus
from clearway.domain.shared.errors import NotAllowed
from clearway.gateway import duties, retention
from tests.trust import signed_in, somebody

from .conftest import T0, deliver

pytestmark = pytest.mark.django_db

BY = Actor("test")
MARCH = datetime(2021, 3, 10, 8, 0, tzinfo=UTC)
TURN = datetime(2021, 3, 31, 23, 30, tzinfo=UTC)  # half an hour before a month ends
DAY = timedelta(days=1)


def minutes(at: datetime) -> float:
    """The minutes of the test's day, as `deliver` takes them."""
    return (at - T0) / timedelta(minutes=1)


def said(source: Source, happened: Iterable[events.Event], known: datetime) -> Batch:
    return deliver(source, list(happened), known=minutes(known))


def status(word: str, at: datetime, incident: str = "1", call_sign: str = "A1", **more: object) -> JobEvent:
    return JobEvent(f"{incident}/{word}/{at:%m%d%H%M}", at, incident, call_sign, JobStatus(word), **more)  # type: ignore[arg-type]


def whole_job(start: datetime, incident: str = "1", call_sign: str = "A1") -> list[JobEvent]:
    """Seven statuses, ten minutes apart."""
    words = ("allocated", "mobile", "at_scene", "left_scene", "at_hospital", "handover", "clear")
    return [
        status(word, start + timedelta(minutes=10 * place), incident, call_sign, destination="TVH01")
        for place, word in enumerate(words)
    ]


def month_of_facts(name: str, start: str, end: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT clearway_add_partition('ambulance_fact', %s, %s::date, %s::date)", [name, start, end]
        )


def partitions() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relname ~ '^ambulance_(fact|position)_[0-9]+$'")
        return {row[0] for row in cursor.fetchall()}


def verified(capsys: pytest.CaptureFixture[str]) -> int:
    """The streams that `clearway verify facts` rebuilt; fails when any differs."""
    capsys.readouterr()
    code = main(["verify", "facts", "--json"])
    result = json.loads(capsys.readouterr().out)
    assert (code, result["differences"]) == (0, [])
    return int(result["streams"])


def what_goes(at: datetime) -> dict[str, int]:
    return {each.of: each.rows for each in retention.due(at) if each.rows}


def went() -> dict[str, int]:
    """What the audit says went, by kind."""
    rows = Action.objects.filter(verb="retention.forget")
    total: dict[str, int] = {}
    for row in rows:
        kind = row.subject.removeprefix("retention:")
        total[kind] = total.get(kind, 0) + row.detail.get("rows", row.detail.get("rows_of_all_trusts", 0))
    return total


@pytest.fixture(autouse=True)
def _policies_of_that_time(valley: Organisation) -> None:
    PolicyVersion.objects.update(valid_from=date(2020, 1, 1))


@pytest.fixture
def long_ago(cad: Source) -> Source:
    """March 2021: a batch of a job, one with a line that cannot be read, a snapshot and a closed task."""
    said(cad, whole_job(MARCH), MARCH + timedelta(hours=2))
    deliver(cad, b"not json\n", known=minutes(MARCH + timedelta(hours=3)))
    Snapshot.objects.create(organisation_id=cad.organisation_id, at=MARCH, body=b"", after_xid=0)
    Task.objects.create(
        organisation_id=cad.organisation_id,
        rule="",
        subject="x",
        priority=3,
        title="x",
        cause="x",
        role="x",
        state="closed",
        raised_at=MARCH,
        changed_at=MARCH,
        closed_at=MARCH,
    )
    return cad


def test_each_kind_goes_when_its_own_period_is_over_and_not_a_day_before(long_ago: Source) -> None:
    known = MARCH + timedelta(hours=3)
    assert what_goes(known + 199 * DAY) == {}
    assert what_goes(known + 201 * DAY) == {"snapshots": 1}
    assert what_goes(known + 211 * DAY) == {
        "snapshots": 1,
        "batches": 1,
    }  # the other has a line in quarantine
    assert what_goes(known + 221 * DAY) == {"snapshots": 1, "batches": 1, "quarantine": 1}

    retention.forget_all(known + 242 * DAY, by=BY)

    assert went() == {"snapshots": 1, "batches": 2, "quarantine": 1, "message_keys": 7}
    kept = (Batch, Quarantined, Message, Snapshot)
    assert not any(model.objects.exists() for model in kept)
    assert Task.objects.count() == 1
    assert Fact.objects.count() == 7


def test_a_dry_run_says_what_would_go_and_changes_nothing(
    long_ago: Source, capsys: pytest.CaptureFixture[str]
) -> None:
    actions = Action.objects.count()

    assert main(["retention", "--json"]) == 0

    rows = {row["of"]: row for row in json.loads(capsys.readouterr().out)}
    assert (rows["batches"]["rows"], rows["message_keys"]["rows"], rows["facts"]["rows"]) == (1, 7, 7)
    assert (rows["audit"]["rows"], rows["decisions"]["rows"]) == (0, 0)
    assert Batch.objects.count() == 2
    assert Action.objects.count() == actions
    assert main(["retention"]) == 0
    assert "this is a dry run, nothing changed" in capsys.readouterr().out


def test_what_the_dry_run_announced_is_what_went(
    long_ago: Source, capsys: pytest.CaptureFixture[str]
) -> None:
    at = MARCH + 1200 * DAY
    announced = what_goes(at)

    retention.forget_all(at, by=BY)

    assert went() | {"batches": 1} == announced  # its line gone from quarantine, the second batch went too
    assert what_goes(at) == {}
    assert verified(capsys) == 0


@pytest.mark.promise("S10")
def test_a_message_whose_key_is_gone_is_refused_and_one_whose_key_is_kept_is_a_duplicate(
    cad: Source, capsys: pytest.CaptureFixture[str]
) -> None:
    said(cad, whole_job(MARCH), MARCH + timedelta(hours=2))
    later = MARCH + 200 * DAY
    said(cad, whole_job(later, "2"), later + timedelta(hours=2))
    at = MARCH + 300 * DAY
    retention.forget_all(at, by=BY)
    assert Message.objects.count() == 7

    again = said(cad, [*whole_job(MARCH), *whole_job(later, "2")], at)

    assert (again.lines, again.applied, again.duplicate, again.quarantined) == (14, 0, 7, 7)
    assert "may be a repeat" in Quarantined.objects.filter(batch=again)[0].why
    assert Fact.objects.count() == 14
    assert verified(capsys) == 2


def test_a_key_outlives_by_a_day_the_messages_that_are_still_taken(cad: Source) -> None:
    said(cad, whole_job(MARCH), MARCH + timedelta(hours=2))
    at = MARCH + 240 * DAY + timedelta(hours=12)  # past the period, inside the margin

    retention.forget_all(at, by=BY)
    again = said(cad, whole_job(MARCH), at)

    assert Message.objects.count() == 7
    assert again.quarantined == 7


@pytest.mark.promise("S10")
def test_the_account_adds_up_afterwards_and_says_from_when_it_counts(
    long_ago: Source, valley: Organisation
) -> None:
    newer = MARCH + 300 * DAY
    said(long_ago, whole_job(newer, "2"), newer)
    retention.forget_all(newer, by=BY)

    (account,) = [each for each in feeds.accounts(valley.pk) if each.source.pk == long_ago.pk]
    page = signed_in(somebody("pfc", "patient_flow_coordinator", valley)).get("/feeds/").content.decode()

    assert account.adds_up
    assert (account.batches, account.received, account.applied) == (1, 7, 7)
    assert account.source.counts_since == newer - 210 * DAY
    assert "since 8 Jun 2021" in " ".join(page.split())


@pytest.mark.promise("S10")
def test_what_is_held_stays_until_the_hold_is_released(long_ago: Source, valley: Organisation) -> None:
    at = MARCH + 1200 * DAY
    hold = holds.place_hold(valley, "Inquest", MARCH - DAY, MARCH + DAY, by=BY, at=at)

    retention.forget_all(at, by=BY)

    assert went() == {}
    assert {each.of: each.held for each in retention.due(at) if each.held} == {
        "quarantine": 1,
        "batches": 1,
        "message_keys": 7,
        "tasks": 1,
        "snapshots": 1,
    }
    assert Fact.objects.count() == 7

    holds.release_hold(hold.pk, by=BY, at=at)
    retention.forget_all(at, by=BY)

    assert not Fact.objects.exists() and not Batch.objects.exists()
    with pytest.raises(NotAllowed, match="no hold"):
        holds.release_hold(hold.pk, by=BY, at=at)


def test_a_partition_with_anything_held_stays_whole(cad: Source, valley: Organisation) -> None:
    month_of_facts("ambulance_fact_202103", "2021-03-01", "2021-04-01")
    said(cad, whole_job(MARCH), MARCH + timedelta(hours=2))
    at = MARCH + 1200 * DAY
    holds.place_hold(valley, "Inquiry", MARCH + 5 * DAY, None, by=BY, at=at)

    retention.forget_all(at, by=BY)

    assert "ambulance_fact_202103" in partitions()
    assert Fact.objects.count() == 7


@pytest.mark.promise("S10")
def test_a_month_of_facts_goes_whole_and_no_job_is_left_in_halves(
    cad: Source, capsys: pytest.CaptureFixture[str]
) -> None:
    month_of_facts("ambulance_fact_202103", "2021-03-01", "2021-04-01")
    month_of_facts("ambulance_fact_202104", "2021-04-01", "2021-05-01")
    patient = Patient(name="Ann Other", age=70)
    said(cad, [CallEvent("c", MARCH, "1", CallStatus.CALL_CONNECT, patient=patient)], MARCH)
    for each in (*whole_job(MARCH), *whole_job(TURN, "2", "B2")):  # the second goes on after midnight
        said(cad, [each], each.occurred_at)
    said(cad, [AvailabilityEvent("v1", MARCH, "A1", Availability.ON_BREAK, skill="paramedic")], MARCH)
    said(cad, [AvailabilityEvent("v2", MARCH + DAY, "A1", Availability.OFF)], MARCH + DAY)
    april = MARCH + 30 * DAY
    said(cad, [AvailabilityEvent("v3", april, "A1", Availability.AVAILABLE)], april)
    said(cad, [AvailabilityEvent("v4", MARCH, "C3", Availability.AVAILABLE)], MARCH)
    before = verified(capsys)

    at = datetime(2021, 4, 1, tzinfo=UTC) + 1101 * DAY
    retention.forget_all(at, by=BY)

    assert "ambulance_fact_202103" not in partitions()
    assert "ambulance_fact_202104" in partitions()
    assert set(Assignment.objects.values_list("key", flat=True)) == {"2/B2"}
    assert Assignment.objects.get().stamps.keys() >= {"allocated", "clear"}
    assert not Incident.objects.exists() and not Identity.objects.exists()
    a1, c3 = (Resource.objects.get(call_sign=name) for name in ("A1", "C3"))
    assert (a1.availability, a1.skill) == ("available", None)
    assert (c3.availability, c3.folded_to) == (None, None)
    assert verified(capsys) == before - 2  # job 1 and resource C3

    said(cad, [AvailabilityEvent("v5", at, "C3", Availability.OFF)], at)
    assert verified(capsys) == before - 1

    retention.forget_all(datetime(2021, 5, 1, tzinfo=UTC) + 1101 * DAY, by=BY)

    assert not Assignment.objects.exists() and not Finding.objects.exists()
    assert set(Fact.objects.values_list("message_id", flat=True)) == {"v5"}
    assert verified(capsys) == 1


def test_a_hospital_whose_old_reports_went_stands_as_its_later_ones_add_up_to(
    cad: Source, valley: Organisation, capsys: pytest.CaptureFixture[str]
) -> None:
    def reported(at: datetime, **counts: int) -> events.HospitalEvent:
        figures = {HospitalMeasure(name): value for name, value in counts.items()}
        return events.HospitalEvent(f"{at:%m%d}{at.year}", at, "TVH01", figures)

    month_of_facts("ambulance_fact_202103", "2021-03-01", "2021-04-01")
    said(cad, [reported(MARCH, boarding=3, beds_free=1)], MARCH)
    later = MARCH + 900 * DAY
    said(cad, [reported(later, boarding=8)], later)

    retention.forget_all(MARCH + 1200 * DAY, by=BY)

    (standing,) = liaison.standings(valley.pk)
    assert {measure: each.value for measure, each in standing.figures.items()} == {
        HospitalMeasure.BOARDING: 8
    }
    assert verified(capsys) == 1


def test_a_worker_that_dies_between_detaching_and_dropping_leaves_nothing_amiss(
    cad: Source, capsys: pytest.CaptureFixture[str]
) -> None:
    month_of_facts("ambulance_fact_202103", "2021-03-01", "2021-04-01")
    said(cad, whole_job(MARCH), MARCH + timedelta(hours=2))
    at = MARCH + 1200 * DAY

    while "ambulance_fact_202103" in partitions() and Fact.objects.exists():
        retention.forget(at, by=BY)  # one round: detached, not yet dropped
    assert "ambulance_fact_202103" in partitions()
    assert Assignment.objects.exists()
    assert verified(capsys) == 0

    retention.forget_all(at, by=BY)

    assert "ambulance_fact_202103" not in partitions()
    assert not Assignment.objects.exists()


def test_days_of_positions_go_whole_and_an_old_position_is_refused(avl: Source) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT clearway_add_partition('ambulance_position', 'ambulance_position_20210310',"
            " '2021-03-10', '2021-03-11')"
        )
    places = [events.Position("A1", MARCH + day * DAY, 52.2, -1.4) for day in (0, 1, 60)]
    deliver(avl, places, known=minutes(MARCH + 60 * DAY))

    at = MARCH + 61 * DAY
    retention.forget_all(at, by=BY)
    again = deliver(avl, places, known=minutes(at))

    assert "ambulance_position_20210310" not in partitions()
    assert list(Position.objects.values_list("occurred_at", flat=True)) == [MARCH + 60 * DAY]
    assert (again.applied, again.duplicate, again.quarantined) == (0, 1, 2)
    assert went()["positions"] == 2
    assert Resource.objects.get().position_at == MARCH + 60 * DAY


def test_without_a_period_nothing_goes(long_ago: Source) -> None:
    PolicyVersion.objects.filter(name="retention").delete()

    retention.forget_all(MARCH + 5000 * DAY, by=BY)

    assert went() == {}
    assert Batch.objects.count() == 2


def test_where_trusts_share_partitions_the_longest_period_counts(cad: Source) -> None:
    month_of_facts("ambulance_fact_202103", "2021-03-01", "2021-04-01")
    said(cad, whole_job(MARCH), MARCH + timedelta(hours=2))
    Organisation.objects.create(code="X1", slug="other", name="Other", timezone="Europe/London")

    retention.forget_all(MARCH + 5000 * DAY, by=BY)

    assert Fact.objects.count() == 7  # the other trust has said nothing: what is shared is kept


@pytest.mark.promise("S7")
def test_the_database_lets_no_young_fact_go_whatever_it_is_asked(cad: Source) -> None:
    now = datetime.now(UTC)
    young = f"ambulance_fact_{now:%Y%m}"
    month_of_facts("ambulance_fact_203001", "2030-01-01", "2030-02-01")
    said(cad, [status("allocated", now)], now)

    for statement in (
        "SELECT clearway_detach_partition('ambulance_fact_203001')",
        "SELECT clearway_detach_partition('ambulance_fact_default')",
        "SELECT clearway_drop_detached('ambulance_fact_203001')",
        "SELECT clearway_drop_detached('core_action')",
        f"SELECT clearway_forget_facts({cad.organisation_id}, now(), 10)",
        "SELECT clearway_forget_positions(now(), 10)",
        "DELETE FROM ambulance_fact",
    ):
        with pytest.raises(Exception) as refused, transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
        assert (
            "too young" in str(refused.value)
            or isinstance(refused.value, IntegrityError)
            or ("not a piece" in str(refused.value))
        ), young
    assert Fact.objects.count() == 1


def refusal(statement: str) -> str:
    """What the database says when it refuses a statement."""
    with pytest.raises(IntegrityError) as refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    return str(refused.value)


@pytest.mark.promise("S10")
@pytest.mark.parametrize(
    ("parent", "name", "start", "end"),
    [
        ("ambulance_fact", "ambulance_fact_202103", "2021-03-01", "2021-04-01"),
        ("ambulance_position", "ambulance_position_20210310", "2021-03-10", "2021-03-11"),
    ],
)
def test_the_database_detaches_no_partition_on_which_any_trust_has_a_hold(
    parent: str, name: str, start: str, end: str, cad: Source
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clearway_add_partition(%s, %s, %s, %s)", [parent, name, start, end])
    other = Organisation.objects.create(code="X1", slug="other", name="Other", timezone="Europe/London")
    first, last = (datetime.fromisoformat(day).replace(tzinfo=UTC) for day in (start, end))
    detach = f"SELECT clearway_detach_partition('{name}')"
    for span in ((first - DAY, first + DAY / 2), (last - DAY / 2, None)):
        hold = holds.place_hold(other, "Inquest", *span, by=BY, at=last)
        assert "under a legal hold" in refusal(detach)
        holds.release_hold(hold.pk, by=BY, at=last)
    for span in ((first - DAY, first), (last, None)):
        holds.place_hold(other, "Touches nothing of it", *span, by=BY, at=last)

    with connection.cursor() as cursor:
        cursor.execute(detach)
        cursor.execute(f"SELECT clearway_drop_detached('{name}')")

    assert name not in partitions()


@pytest.mark.promise("S10")
def test_a_hold_that_comes_after_detaching_keeps_the_facts_until_it_is_released(
    cad: Source, valley: Organisation
) -> None:
    name = "ambulance_fact_202103"
    month_of_facts(name, "2021-03-01", "2021-04-01")
    said(cad, whole_job(MARCH), MARCH + timedelta(hours=2))
    at = MARCH + 1200 * DAY
    while Fact.objects.exists():
        retention.forget(at, by=BY)  # detached, not yet dropped
    hold = holds.place_hold(valley, "Inquest", MARCH, MARCH + DAY, by=BY, at=at)

    assert "under a legal hold" in refusal(f"SELECT clearway_drop_detached('{name}')")
    retention.forget_all(at, by=BY)
    assert name in partitions() and Assignment.objects.exists()

    holds.release_hold(hold.pk, by=BY, at=at)
    retention.forget_all(at, by=BY)
    assert name not in partitions() and not Assignment.objects.exists()


def advised(trust: Organisation, given: datetime, ended: datetime | None, **more: Any) -> Advice:
    """One advice of job "1/A1" that was taken."""
    return Advice.objects.create(
        organisation=trust,
        assignment="1/A1",
        call_sign="A1",
        given_at=given,
        given_by="flow",
        said={},
        shown={},
        state="accepted",
        taken="TVH01",
        taken_name="One",
        ended_at=ended,
        **more,
    )


def an_advice(trust: Organisation) -> None:
    """Two advices of a job, the second in place of the first, a message and a call: a day apart."""
    first = advised(trust, MARCH, MARCH + DAY / 2)
    advised(trust, MARCH + DAY / 2, MARCH + DAY, supersedes=first)
    CrewMessage.objects.create(
        organisation=trust, advice=first, call_sign="A1", made_at=MARCH, withdrawn_at=MARCH + DAY / 2
    )
    Call.objects.create(
        organisation=trust,
        assignment="1/A1",
        call_sign="A1",
        code="X",
        name="X",
        kind="utc",
        offered_at=MARCH,
    )


def a_divert(trust: Organisation, state: str = "ended") -> Divert:
    """One that was proposed in March 2021 and ended a day later."""
    somebody_there = somebody(f"flow-{state}", "patient_flow_coordinator", trust)
    divert = Divert.objects.create(
        organisation=trust,
        kind="capacity",
        site="TVH01",
        to=["TVH02"],
        covers=["adult_majors"],
        evidence={},
        proposed_at=MARCH,
        proposed_by=somebody_there,
        state=state,
        starts_at=MARCH,
        ends_at=MARCH + DAY,
    )
    for step, at in (("proposed", MARCH), ("started", MARCH), ("ended", MARCH + DAY)):
        Step.objects.create(divert=divert, step=step, at=at, by=somebody_there)
    return divert


def a_forecast(trust: Organisation) -> None:
    figures = dict.fromkeys(("mean", "p10", "p50", "p80", "p90", "crps"), 20.0)
    Kept.objects.create(
        organisation=trust, site_code="TVH01", made_at=MARCH + DAY, lead_minutes=0, vehicles=1, **figures
    )


def a_warning(trust: Organisation) -> None:
    limit = {"organisation": trust, "site_code": "TVH01", "limit": 30}
    Warned.objects.create(within=60, begun_at=MARCH, ended_at=MARCH + DAY, probability=0.9, why="x", **limit)


def a_passing(trust: Organisation) -> None:
    Passing.objects.create(
        organisation=trust, site_code="TVH01", limit=30, at=MARCH + DAY, ended_at=MARCH + DAY
    )


def a_closed_road(trust: Organisation) -> None:
    RoadDisruption.objects.create(
        organisation=trust,
        kind="closure",
        place="A1",
        latitude=52.0,
        longitude=-1.0,
        radius_km=1,
        extra_minutes=10,
        starts_at=MARCH,
        ends_at=MARCH + 90 * DAY,
        entered_at=MARCH,
        entered_by="flow",
        ended_at=MARCH + DAY,
    )


def a_crews_page(trust: Organisation) -> None:
    CrewLink.objects.create(
        organisation=trust, call_sign="A1", token_hash="x", made_at=MARCH, made_by="x", ends_at=MARCH + DAY
    )


def a_hospitals_report(trust: Organisation) -> None:
    month_of_facts("ambulance_fact_202103", "2021-03-01", "2021-04-01")
    source = Source.objects.get(organisation=trust, kind="hospital")
    said(source, [events.HospitalEvent("r", MARCH, "TVH01", {HospitalMeasure.BOARDING: 3})], MARCH + DAY)


def a_delay(trust: Organisation) -> None:
    """A scene of a day with a report and a word."""
    began = {
        "organisation": trust,
        "phase": "scene",
        "assignment": "1/A1",
        "incident": "1",
        "call_sign": "A1",
    }
    delay = Delay.objects.create(began=MARCH, ended_at=MARCH + DAY, **began)
    said = {"of": delay, "at": MARCH + DAY / 2, "by": "flow"}
    StackReport.objects.create(version=1, by_crew=False, constraints=["police"], next_at=MARCH + DAY, **said)
    DelayWord.objects.create(kind="contacted", said="x", **said)


def a_release(trust: Organisation) -> None:
    said = {"reason": "child", "decided_by": "HALO", "look_at": MARCH + 2 * DAY, "kind": "exception"}
    job = {"assignment": "1/A1", "incident": "1", "call_sign": "A1", "site": "TVH01", "arrived_at": MARCH}
    when = {"at": MARCH + DAY, "first_at": MARCH + DAY}
    Release.objects.create(organisation=trust, by="flow", role="", **said, **job, **when)


KINDS: dict[str, tuple[Callable[[Organisation], object], int, tuple[type[Model], ...]]] = {
    "advice": (an_advice, 950, (Advice, CrewMessage, Call)),
    "diverts": (a_divert, 900, (Divert, Step)),
    "delays": (a_delay, 930, (Delay, StackReport, DelayWord)),
    "releases": (a_release, 940, (Release,)),
    "forecasts": (a_forecast, 60, (Kept,)),
    "warnings": (a_warning, 420, (Warned,)),
    "passings": (a_passing, 430, (Passing,)),
    "road_disruptions": (a_closed_road, 440, (RoadDisruption,)),
    "crew_links": (a_crews_page, 410, (CrewLink,)),
    "hospital_reports": (a_hospitals_report, 800, (Fact, HospitalState)),
}


@pytest.mark.parametrize("kind", KINDS)
def test_what_the_desk_decided_by_goes_with_its_own_period_and_not_a_day_before(
    kind: str, valley: Organisation, capsys: pytest.CaptureFixture[str]
) -> None:
    make, days, models = KINDS[kind]
    make(valley)
    over = MARCH + DAY + days * DAY
    assert kind not in what_goes(over - DAY / 2)
    announced = what_goes(over + DAY / 2)[kind]

    retention.forget_all(over - DAY / 2, by=BY)
    assert all(model._default_manager.exists() for model in models)
    retention.forget_all(over + DAY / 2, by=BY)

    assert not any(model._default_manager.exists() for model in models)
    assert went()[kind] == announced == 1
    assert verified(capsys) == 0


@pytest.mark.promise("S10")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("began", [-1, 0.9])
def test_what_the_desk_decided_by_stays_while_any_of_it_is_held(
    kind: str, began: float, valley: Organisation
) -> None:
    """A hold on the first hours or on the last keeps what lasted from one to the other."""
    make, _, models = KINDS[kind]
    make(valley)
    lasts = kind not in ("forecasts", "passings", "hospital_reports")  # these happened at one instant
    start = MARCH + (began if lasts else 0.9) * DAY
    at = MARCH + 1050 * DAY
    hold = holds.place_hold(valley, "Inquest", start, start + 1.1 * DAY, by=BY, at=at)

    retention.forget_all(at, by=BY)

    assert all(model._default_manager.exists() for model in models)
    assert {each.of: each.held for each in retention.due(at)}[kind] == 1
    holds.release_hold(hold.pk, by=BY, at=at)
    retention.forget_all(at, by=BY)
    assert not any(model._default_manager.exists() for model in models)


def test_what_is_not_over_stays_however_old(valley: Organisation) -> None:
    advised(valley, MARCH, MARCH + DAY)
    advised(valley, MARCH + DAY, None)  # it stands, so the job's first one stays too
    a_divert(valley, state="active")
    Passing.objects.create(organisation=valley, site_code="TVH01", limit=30, at=MARCH)
    Warned.objects.create(
        organisation=valley, site_code="TVH01", limit=30, within=60, begun_at=MARCH, probability=0.9, why="x"
    )

    retention.forget_all(MARCH + 2000 * DAY, by=BY)

    assert [model._default_manager.count() for model in (Advice, Divert, Step, Passing, Warned)] == [
        2,
        1,
        3,
        1,
        1,
    ]


@pytest.mark.promise("S7")
def test_the_database_lets_no_young_advice_or_divert_go_and_no_step_alone(valley: Organisation) -> None:
    an_advice(valley)
    divert = a_divert(valley)
    a_hospitals_report(valley)

    for kind in ("advice", "diverts", "reports"):
        forget = f"SELECT * FROM clearway_forget_{kind}({valley.pk}, '{datetime.now(UTC)}', 10)"
        assert "too young" in refusal(forget)
    assert "insert-only" in refusal(f"DELETE FROM ambulance_divert_step WHERE divert_id = {divert.pk}")
    assert Advice.objects.count() == 2 and Step.objects.count() == 3


def test_nothing_that_goes_by_itself_is_audit_or_decision() -> None:
    tables = {shelf.table for shelf in (*SHELVES, *retention.ALL)}

    assert not tables & {Action._meta.db_table, Decision._meta.db_table, "core_seal"}


def test_the_worker_does_it_by_itself_and_puts_it_on_record(long_ago: Source) -> None:
    (duty,) = [each for group in duties.groups().values() for each in group() if each.name == "retention"]

    while duty.work(MARCH + 242 * DAY):
        pass

    row = Action.objects.filter(verb="retention.forget", subject="retention:message_keys").get()
    assert (row.actor, row.detail["rows"]) == ("duty:retention", 7)


def test_large_amounts_go_in_bounded_parts(long_ago: Source, valley: Organisation) -> None:
    (keys,) = [shelf for shelf in SHELVES if shelf.of == "message_keys"]

    gone = [holds.forget(valley, keys, by=BY, at=MARCH + 300 * DAY, most=3) for _ in range(4)]

    assert gone == [3, 3, 1, 0]


def test_a_past_that_is_not_kept_is_refused_in_words(valley: Organisation) -> None:
    browser = signed_in(somebody("pfc", "patient_flow_coordinator", valley))
    asked = datetime.now(UTC) - 201 * DAY

    page = browser.get(f"/handovers/?at={asked:%Y-%m-%dT%H:%M}").content.decode()

    assert "more than 200 days ago, and what was known then is not kept" in page


def test_a_hold_is_placed_listed_and_released_from_the_command_line(
    valley: Organisation, capsys: pytest.CaptureFixture[str]
) -> None:
    place = ["hold", "place", "--organisation", "test-valley", "--from", "2021-03-01", "--reason", "Inquest"]
    assert main([*place, "--until", "2021-02-01"]) == 2
    assert main(place) == 0
    capsys.readouterr()

    assert main(["hold", "list", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["from"], row["until"], row["reason"]) == ("2021-03-01", None, "Inquest")

    assert main(["hold", "release", str(row["hold"])]) == 0
    assert main(["hold", "list"]) == 0
    assert "No hold is in force" in capsys.readouterr().out
    assert Action.objects.filter(verb__in=["retention.hold", "retention.release"]).count() == 2
