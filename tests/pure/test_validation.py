"""Each check of the list speaks of what it names and of nothing else; partial booking removes nobody."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.domain.outpatients import validation
from clearway.domain.outpatients.partial_booking import Sequence, Step, Tried, next_step
from clearway.domain.outpatients.validation import (
    APPOINTMENT_CHECKS,
    CHECKS,
    ENTRY_CHECKS,
    NOT_ASKED,
    PATHWAY_CHECKS,
    AppointmentRow,
    EntryRow,
    Limits,
    PathwayRow,
    found,
)

TODAY = date(2026, 11, 20)
LIMITS = Limits()


def ago(days: int) -> date:
    return TODAY - timedelta(days=days)


GOOD = PathwayRow(
    key=1,
    state="ticking",
    status="10",
    measurement="02",
    ppid="0" * 20,
    issuer="RWP00",
    started_on=ago(30),
    ended_on=None,
    treat_by=ago(-96),
    entries=1,
    nhs_number="9990548609",
    referral_state="waiting",
)
ENTRY = EntryRow(1, "new", "1", "waiting", ago(30), ago(30), ago(-96), None, None, None, ago(40))
DONE = AppointmentRow(1, 1, ago(3), "attended", "5", "3", "10", "02")


def codes(row: PathwayRow | EntryRow | AppointmentRow) -> dict[str, date]:
    checks, kind = {
        PathwayRow: (PATHWAY_CHECKS, "pathway"),
        EntryRow: (ENTRY_CHECKS, "entry"),
        AppointmentRow: (APPOINTMENT_CHECKS, "appointment"),
    }[type(row)]
    return {each.code: each.since for each in found(checks, [row], kind, TODAY, LIMITS)}  # type: ignore[arg-type, list-item, misc]


@pytest.mark.parametrize("row", [GOOD, ENTRY, DONE], ids=["pathway", "entry", "appointment"])
def test_where_all_is_well_no_check_speaks(row: PathwayRow | EntryRow | AppointmentRow) -> None:
    assert codes(row) == {}


@pytest.mark.parametrize(
    ("code", "row", "changes", "since"),
    [
        ("DQ01", GOOD, {"started_on": None, "treat_by": None}, TODAY),
        ("DQ02", GOOD, {"started_on": ago(-1)}, TODAY),
        ("DQ02", GOOD, {"first_on": ago(40)}, ago(40)),
        ("DQ03", GOOD, {"state": "stopped", "ended_on": ago(31)}, ago(31)),
        ("DQ05", GOOD, {"issuer": ""}, ago(30)),
        ("DQ06", GOOD, {"twins": 1}, ago(30)),
        ("DQ10", GOOD, {"wrong_on": ago(3)}, ago(3)),
        ("DQ09", GOOD, {"status": "99", "last_on": ago(8)}, TODAY),
        ("DQ15", GOOD, {"state": "monitoring", "status": "32", "ended_on": ago(9), "entries": 0}, ago(9)),
        ("DQ19", GOOD, {"entries": 0}, ago(15)),
        ("DQ20", GOOD, {"referral_state": "removed", "referral_ended_on": ago(2)}, ago(2)),
        ("DQ21", GOOD, {"died_on": ago(4)}, ago(4)),
        ("DQ23", GOOD, {"from_consultant": True}, ago(30)),
        ("DQ24", GOOD, {"state": "stopped", "status": "30", "ended_on": ago(5), "parent_open": True}, ago(5)),
        ("DQ25", GOOD, {"treat_by": ago(1)}, TODAY),
        ("DQ26", GOOD, {"treat_by": ago(-28)}, TODAY),
        ("DQ29", GOOD, {"nhs_number_status": "02"}, ago(30)),
        ("DQ07", DONE, {"state": "booked", "attended": "", "on": ago(7)}, ago(7)),
        ("DQ07E", DONE, {"state": "arrived", "attended": "", "on": ago(8)}, ago(8)),
        ("DQ08", DONE, {"status": ""}, ago(3)),
        ("DQ12", DONE, {"attended": "3", "status": "33", "has_notice": False}, ago(3)),
        ("DQ22", DONE, {"measurement": None}, ago(3)),
        ("DQ22", DONE, {"status": "98", "measurement": "01"}, ago(3)),
        ("DQ27", ENTRY, {"waits_from": ago(84)}, TODAY),
        ("DQ27", ENTRY, {"waits_from": ago(200), "validated_on": ago(60)}, ago(18)),
        ("DQ28", ENTRY, {"kind": "follow_up", "due_on": ago(1)}, ago(1)),
        ("DQ30", ENTRY, {"confirmed_on": ago(366)}, TODAY),
        ("DQ30", ENTRY, {"has_failed_message": True}, ago(40)),
        ("DQ32", ENTRY, {"priority": "2"}, ago(15)),
    ],
)
def test_each_check_speaks_of_what_it_names_from_the_right_day(
    code: str, row: PathwayRow | EntryRow | AppointmentRow, changes: dict[str, object], since: date
) -> None:
    assert codes(replace(row, **changes)) == {code: since}  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("row", "changes"),
    [
        (GOOD, {"entries": 0, "next_on": ago(-3)}),
        (GOOD, {"entries": 0, "referral_state": "triage"}),
        (GOOD, {"entries": 0, "started_on": ago(14)}),
        (
            GOOD,
            {"entries": 0, "is_consultants": True, "referral_state": "removed", "referral_ended_on": ago(2)},
        ),
        (GOOD, {"treat_by": ago(-28), "next_on": ago(-28)}),
        (GOOD, {"treat_by": ago(-29)}),
        (ENTRY, {"waits_from": ago(83)}),
        (ENTRY, {"waits_from": ago(200), "validated_on": ago(18)}),
        (ENTRY, {"priority": "2", "added_on": ago(14)}),
        (DONE, {"state": "booked", "attended": "", "on": TODAY}),
    ],
)
def test_a_check_is_silent_up_to_its_limit(row: object, changes: dict[str, object]) -> None:
    assert codes(replace(row, **changes)) == {}  # type: ignore[type-var, arg-type]


def test_every_rule_of_the_published_set_is_asked_or_says_why_not() -> None:
    published = [code for code in CHECKS if not code.startswith("CW")]
    known = {code.rstrip("E") if code != "DQ07E" else "DQ07" for code in published} | NOT_ASKED.keys()

    assert known == {f"DQ{number:02}" for number in range(1, 36)}
    assert len({code[:4] for code in CHECKS}) >= 20
    assert not CHECKS.keys() & NOT_ASKED.keys()
    assert validation.CHECKS["DQ19"].severity == "E"


POLICY = Sequence()
tries = st.lists(
    st.builds(
        Tried,
        purpose=st.sampled_from(["acknowledgement", "invitation", "reminder"]),
        channel=st.sampled_from(["letter", "text", "phone", "email"]),
        on=st.dates(ago(60), TODAY),
    ),
    max_size=12,
)


@given(tries, st.booleans())
def test_whoever_stays_silent_always_has_a_next_step_and_the_last_is_a_persons(
    tried: list[Tried], guarded: bool
) -> None:
    due = next_step(
        ago(60),
        ago(-30),
        sorted(tried, key=lambda each: each.on),
        is_guarded=guarded,
        policy=POLICY,
    )

    assert due is not None
    assert due.is_guarded is guarded


def test_the_steps_follow_one_another_to_a_persons_review() -> None:
    day = ago(40)
    tried = [Tried("acknowledgement", "letter", ago(60))]
    steps = []
    for attempt in (
        Tried("invitation", "letter", day),
        Tried("reminder", "text", day + timedelta(7)),
        Tried("reminder", "phone", day + timedelta(10)),
        Tried("reminder", "phone", day + timedelta(13)),
        Tried("reminder", "letter", day + timedelta(14)),
    ):
        tried.append(attempt)
        due = next_step(ago(60), ago(-2), tried, is_guarded=False, policy=POLICY)
        assert due is not None
        steps.append((due.step, (due.on - day).days))

    assert steps == [
        (Step.REMIND, 7),
        (Step.RING, 10),
        (Step.RING, 10),
        (Step.LAST_LETTER, 14),
        (Step.REVIEW, 28),
    ]
    answered = [*tried, Tried("reminder", "phone", day + timedelta(20), answered=True)]
    assert next_step(ago(60), ago(-2), answered, is_guarded=False, policy=POLICY) is None


def test_the_invitation_goes_out_six_weeks_before_the_target() -> None:
    tried = [Tried("acknowledgement", "letter", ago(10))]

    due = next_step(ago(10), ago(-60), tried, is_guarded=False, policy=POLICY)

    assert due is not None and (due.step, due.on) == (Step.INVITE, ago(-18))
    with pytest.raises(ValueError, match="must rise"):
        Sequence(remind=20)
