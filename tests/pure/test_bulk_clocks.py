"""The bulk engine gives what the explaining one gives, for every history."""

import random
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clearway.domain.outpatients.clock_events import ClockEvent, EventKind
from clearway.domain.outpatients.clock_policy import ClockPolicy
from clearway.domain.outpatients.clock_rules import TABLE, Rulebook
from clearway.domain.outpatients.clocks import Pathway, explain
from clearway.domain.outpatients.counting import band_of
from clearway.domain.outpatients.words import RttStatus
from clearway.engine.outpatients import bulk_clocks as bulk
from clearway.engine.outpatients.bulk_clocks import NO_DAY, EventColumns, bulk_clocks, day_number
from tests.clock_histories import days, histories, policies, ranked
from tests.pure.test_rtt_examples import EXAMPLES, events_of, policy_of

# What an explanation finds in more than the columns hold.
ONLY_EXPLAINED = {"CK05", "CK06", "CK07", "CK11", "CK12"}


def one(clocks: bulk.Clocks, pathway: int) -> object:
    """All figures of one pathway in the bulk answer."""
    rows = np.flatnonzero(clocks.pathway == pathway).tolist()
    periods = [
        (
            int(clocks.number[row]),
            int(clocks.start[row]),
            int(clocks.opened_on[row]),
            int(clocks.ended_on[row]),
            bulk.STATES[clocks.period_state[row]],
            int(clocks.period_status[row]),
            int(clocks.days[row]),
            int(clocks.band[row]),
            int(clocks.function[row]),
            bool(clocks.admitted[row]),
            clocks.rules[clocks.rule[row]].reference,
        )
        for row in rows
    ]
    return bulk.STATES[clocks.state[pathway]], int(clocks.status[pathway]), periods


def expected(pathway: Pathway) -> object:
    periods = [
        (
            period.number,
            NO_DAY if period.start is None else day_number(period.start),
            day_number(period.opened_on),
            NO_DAY if period.ended_on is None else day_number(period.ended_on),
            period.state,
            int(period.status or 0),
            -1 if period.days is None else period.days,
            -1 if period.days is None else band_of(period.days),
            int(period.function or 0),
            bool(period.admitted),
            period.reference,
        )
        for period in pathway.periods
    ]
    return pathway.state, int(pathway.status or 0), periods


@settings(max_examples=300, deadline=None)
@given(st.lists(histories(), max_size=6), policies, days, st.randoms(use_true_random=False))
def test_bulk_and_explained_clocks_are_equal(
    drawn: list[list[ClockEvent]], policy: ClockPolicy, as_of: date, luck: random.Random
) -> None:
    listed = [ranked(history) for history in drawn]
    columns = EventColumns.of(listed)
    rows = list(range(len(columns.day)))
    luck.shuffle(rows)
    shuffled = columns.take(np.array(rows, dtype=np.int64))

    clocks = bulk_clocks(shuffled, as_of, policy)

    events = [event for history in listed for event in history]
    found = []
    for place, history in enumerate(listed):
        explained = explain(history, as_of, policy)
        assert one(clocks, place) == expected(explained)
        found += [
            (place, finding.key, finding.code)
            for finding in explained.findings
            if finding.code not in ONLY_EXPLAINED
        ]
    told = [
        (int(shuffled.pathway[row]), events[rows[row]].key, bulk.FINDING_CODES[code])
        for row, code in zip(clocks.finding_event.tolist(), clocks.finding.tolist(), strict=True)
    ]
    assert sorted(told) == sorted(found)


@pytest.mark.parametrize("example", EXAMPLES, ids=[example["number"] for example in EXAMPLES])
def test_the_worked_examples_come_out_of_the_bulk_engine_as_well(example: dict[str, object]) -> None:
    history, policy, as_of = events_of(example), policy_of(example), date(2025, 12, 1)

    clocks = bulk_clocks(EventColumns.of([history]), as_of, policy)

    assert one(clocks, 0) == expected(explain(history, as_of, policy))


def test_blocks_do_not_touch_one_another(monkeypatch: pytest.MonkeyPatch) -> None:
    listed = [events_of(example) for example in EXAMPLES]
    whole = bulk_clocks(EventColumns.of(listed), date(2025, 12, 1))
    monkeypatch.setattr(bulk, "BLOCK", 7)

    parts = bulk_clocks(EventColumns.of(listed), date(2025, 12, 1))

    assert [one(parts, place) for place in range(54)] == [one(whole, place) for place in range(54)]


def test_newer_versions_of_a_rule_hold_from_their_day_on_in_bulk_too() -> None:
    newer = tuple(
        replace(rule, status=RttStatus.NOT_TO_TREAT, valid_from=date(2025, 6, 1))
        for rule in TABLE
        if rule.kind is EventKind.DECLINED_TREATMENT
    )
    book = Rulebook(ClockPolicy(), (*TABLE, *newer))
    listed = [
        [
            ClockEvent("a", EventKind.REFERRAL_RECEIVED, date(2025, 1, 6)),
            ClockEvent("b", EventKind.DECLINED_TREATMENT, on),
        ]
        for on in (date(2025, 5, 31), date(2025, 6, 1))
    ]

    clocks = bulk_clocks(EventColumns.of(listed), date(2025, 12, 1), book=book)

    assert clocks.period_status.tolist() == [35, 34]


def test_pathways_without_events_have_no_clock() -> None:
    columns = replace(EventColumns.of([events_of(EXAMPLES[0])]), count=3)

    clocks = bulk_clocks(columns, date(2025, 12, 1))

    assert [bulk.STATES[state] for state in clocks.state] == ["ticking", "none", "none"]


def test_no_events_at_all_are_no_trouble() -> None:
    clocks = bulk_clocks(EventColumns.of([]), date(2025, 12, 1))

    assert len(clocks.state) == len(clocks.days) == len(clocks.finding) == 0


def test_an_event_code_fits_into_a_byte() -> None:
    assert max(bulk.LETTERS.values()) < 256
