"""Laws of the clock that hold for every history, however wild."""

import random
from collections.abc import Iterable
from dataclasses import fields, replace
from datetime import date, timedelta
from itertools import pairwise, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.domain.outpatients import counting
from clearway.domain.outpatients.clock_events import ClockEvent, EventKind, Evidence
from clearway.domain.outpatients.clock_findings import FINDINGS
from clearway.domain.outpatients.clock_policy import ClockPolicy, Switch, allied_health_policy
from clearway.domain.outpatients.clock_rules import REFUSALS, TABLE, Rule, Rulebook
from clearway.domain.outpatients.clock_words import Effect, Phase
from clearway.domain.outpatients.clocks import Pathway, check, explain
from clearway.domain.outpatients.measurement import Asked, ServiceKind, measure
from clearway.domain.outpatients.words import ClockState, MeasurementType, Priority, RttStatus
from clearway.domain.shared.errors import NotAllowed
from tests.clock_histories import days, events, histories, policies

LATER = date(2026, 1, 1)
JAN = date(2025, 1, 6)


def said(*rows: tuple[EventKind, date] | tuple[EventKind, date, frozenset[Evidence]]) -> list[ClockEvent]:
    return [
        ClockEvent(str(place), row[0], row[1], place, evidence=row[2] if len(row) == 3 else frozenset())
        for place, row in enumerate(rows)
    ]


def figures(pathway: Pathway) -> object:
    return pathway.state, pathway.status, pathway.periods


@given(histories(), policies, st.randoms(use_true_random=False), days)
def test_any_order_of_arrival_gives_the_same_answer(
    history: list[ClockEvent], policy: ClockPolicy, luck: random.Random, as_of: date
) -> None:
    shuffled = list(history) + luck.sample(history, len(history) // 2)
    luck.shuffle(shuffled)

    assert explain(shuffled, as_of, policy) == explain(history, as_of, policy)


@given(histories(), policies, days)
def test_two_clocks_of_a_pathway_are_never_open_at_once(
    history: list[ClockEvent], policy: ClockPolicy, as_of: date
) -> None:
    pathway = explain(history, as_of, policy)

    assert all(not period.is_open for period in pathway.periods[:-1])
    for earlier, later in pairwise(pathway.periods):
        assert earlier.ended_on is not None
        assert earlier.ended_on <= later.opened_on
        if earlier.state is not ClockState.TRANSFERRED and later.start is not None:
            assert earlier.ended_on <= later.start


@given(histories(), policies, days)
def test_days_are_never_negative_and_follow_from_the_two_dates(
    history: list[ClockEvent], policy: ClockPolicy, as_of: date
) -> None:
    for period in explain(history, as_of, policy).periods:
        if period.start is None:
            assert period.days is None
            assert period.band == counting.UNKNOWN_BAND
        else:
            assert period.days == ((period.ended_on or as_of) - period.start).days
            assert period.days >= 0


@given(histories(), policies, days)
def test_nothing_that_happened_later_matters(
    history: list[ClockEvent], policy: ClockPolicy, as_of: date
) -> None:
    before = [event for event in history if event.on <= as_of]

    assert explain(history, as_of, policy) == explain(before, as_of, policy)


@given(histories(), st.data(), policies, days)
def test_a_correction_equals_the_history_that_was_right_from_the_start(
    history: list[ClockEvent], data: st.DataObject, policy: ClockPolicy, as_of: date
) -> None:
    place = data.draw(st.integers(0, max(len(history) - 1, 0)))
    right = data.draw(events(key=str(place)))
    wrong = history[place : place + 1]
    others = [event for event in history if event not in wrong]
    corrections = [replace(right, key="c", replaces=event.key, sequence=9) for event in wrong]
    meant = [replace(right, sequence=event.sequence) for event in wrong]

    corrected = explain([*corrections, *history], as_of, policy)

    assert corrected == explain([*others, *meant], as_of, policy)


@given(histories(), policies, days)
def test_a_withdrawn_event_is_as_if_it_had_never_been(
    history: list[ClockEvent], policy: ClockPolicy, as_of: date
) -> None:
    gone = history[:1]
    withdrawals = [
        ClockEvent("w", EventKind.WITHDRAWN, event.on, replaces=event.key, recorded_on=LATER)
        for event in gone
    ]

    assert explain([*history, *withdrawals], as_of, policy) == explain(history[1:], as_of, policy)


@given(histories(), policies, days)
def test_no_event_is_lost(history: list[ClockEvent], policy: ClockPolicy, as_of: date) -> None:
    pathway = explain(history, as_of, policy)

    told = sorted(step.event.key for step in pathway.steps)
    assert told == sorted(event.key for event in history if event.on <= as_of)
    refused = [step for step in pathway.steps if step.says.endswith("the clock does not change.")]
    assert len(refused) == sum(finding.code == "CK01" for finding in pathway.findings)
    assert all(step.effect is Effect.KEEP for step in refused)


@given(histories(), policies, days)
def test_a_day_past_is_computed_again_as_it_was_known_then(
    history: list[ClockEvent], policy: ClockPolicy, as_of: date
) -> None:
    correction = ClockEvent("c", EventKind.WITHDRAWN, as_of, replaces="0", recorded_on=LATER)

    then = explain([*history, correction], as_of, policy, known_by=as_of)

    assert then == explain([event for event in history if event.known_on <= as_of], as_of, policy)


@given(histories(), policies, days)
def test_a_wait_grows_by_a_day_each_day_and_by_nothing_else(
    history: list[ClockEvent], policy: ClockPolicy, as_of: date
) -> None:
    past = [event for event in history if event.on <= as_of]
    today, tomorrow = explain(past, as_of, policy), explain(past, as_of + timedelta(days=1), policy)

    assert [period.state for period in today.periods] == [period.state for period in tomorrow.periods]
    for now, then in zip(today.periods, tomorrow.periods, strict=True):
        if now.days is not None and then.days is not None:
            assert then.days - now.days == now.is_open


@pytest.mark.promise("R9")
@pytest.mark.parametrize("start", [date(2025, 3, 24), date(2025, 10, 20), date(2024, 2, 20)])
def test_the_days_on_which_the_clocks_change_are_days_like_others(start: date) -> None:
    referral = said((EventKind.REFERRAL_RECEIVED, start))

    waited = [explain(referral, start + timedelta(days=day)).periods[0].days for day in range(20)]

    assert waited == list(range(20))


def test_two_corrections_of_one_event_let_the_later_count_and_name_the_other() -> None:
    history = [
        *said((EventKind.REFERRAL_RECEIVED, JAN)),
        ClockEvent("a", EventKind.REFERRAL_RECEIVED, date(2025, 1, 3), replaces="0", recorded_on=LATER),
        ClockEvent("b", EventKind.REFERRAL_RECEIVED, date(2025, 1, 2), replaces="0", recorded_on=JAN),
    ]

    pathway = explain(history, date(2025, 2, 1))

    assert pathway.periods[0].start == date(2025, 1, 3)
    assert [(finding.code, finding.key) for finding in pathway.findings] == [("CK06", "b")]


def test_a_correction_of_a_correction_counts() -> None:
    history = [
        *said((EventKind.REFERRAL_RECEIVED, JAN)),
        ClockEvent("a", EventKind.REFERRAL_RECEIVED, date(2025, 1, 3), replaces="0"),
        ClockEvent("b", EventKind.REFERRAL_RECEIVED, date(2025, 1, 2), replaces="a"),
    ]

    pathway = explain(history, date(2025, 2, 1))

    assert pathway.periods[0].start == date(2025, 1, 2)
    assert pathway.findings == ()


def test_corrections_in_a_circle_count_for_nothing_and_are_named() -> None:
    history = [
        ClockEvent("a", EventKind.REFERRAL_RECEIVED, JAN, replaces="b"),
        ClockEvent("b", EventKind.REFERRAL_RECEIVED, JAN, replaces="a"),
    ]

    pathway = explain(history, LATER)

    assert pathway.periods == ()
    assert [finding.code for finding in pathway.findings] == ["CK11", "CK11"]


def test_a_correction_of_an_event_that_is_not_there_stands_by_itself() -> None:
    pathway = explain([ClockEvent("a", EventKind.REFERRAL_RECEIVED, JAN, replaces="gone")], LATER)

    assert pathway.periods[0].start == JAN
    assert [finding.code for finding in pathway.findings] == ["CK05"]


def test_one_key_for_two_events_lets_the_first_count_and_names_the_other() -> None:
    first = ClockEvent("a", EventKind.REFERRAL_RECEIVED, JAN)

    pathway = explain([replace(first, on=date(2025, 2, 1)), first], LATER)

    assert pathway.periods[0].start == JAN
    assert [finding.code for finding in pathway.findings] == ["CK07"]


def test_a_refused_event_says_what_where_which_rule_and_how_to_mend_it() -> None:
    pathway = explain(
        said((EventKind.REFERRAL_RECEIVED, JAN), (EventKind.REOFFERED, JAN), (EventKind.DIED, JAN)), JAN
    )
    refused = explain(said((EventKind.ATTENDED, JAN)), JAN).findings

    assert pathway.findings == ()
    assert [(finding.code, finding.where) for finding in refused] == [("CK01", "none")]
    assert "start_not_known" in refused[0].fix
    assert refused[0].reference


def test_after_a_death_no_clock_starts() -> None:
    history = said(
        (EventKind.REFERRAL_RECEIVED, JAN), (EventKind.DIED, JAN), (EventKind.REFERRAL_RECEIVED, LATER)
    )

    pathway = explain(history, LATER)

    assert len(pathway.periods) == 1
    assert [finding.code for finding in pathway.findings] == ["CK01"]


@pytest.mark.parametrize(
    ("switches", "state"),
    [
        ((), ClockState.TICKING),
        ((Switch.SECOND_MISS_NULLIFIES,), ClockState.NULLIFIED),
    ],
)
def test_the_rebooked_first_appointment_missed_again_goes_by_policy(
    switches: tuple[Switch, ...], state: ClockState
) -> None:
    told = frozenset({Evidence.NOTICE})
    history = said(
        (EventKind.REFERRAL_RECEIVED, JAN),
        (EventKind.MISSED, date(2025, 2, 3), told),
        (EventKind.REOFFERED, date(2025, 2, 4)),
        (EventKind.MISSED, date(2025, 3, 3), told),
    )

    pathway = explain(history, date(2025, 3, 4), ClockPolicy(frozenset(switches)))

    assert pathway.state is state
    assert [finding.code for finding in pathway.findings] == ([] if switches else ["CK10"])


@pytest.mark.parametrize(
    ("switches", "state"),
    [((), ClockState.TICKING), ((Switch.LATE_ARRIVAL_IS_MISS,), ClockState.NULLIFIED)],
)
def test_arriving_too_late_goes_by_policy(switches: tuple[Switch, ...], state: ClockState) -> None:
    history = said(
        (EventKind.REFERRAL_RECEIVED, JAN),
        (EventKind.ARRIVED_TOO_LATE, date(2025, 2, 3), frozenset({Evidence.NOTICE})),
    )

    assert explain(history, date(2025, 2, 4), ClockPolicy(frozenset(switches))).state is state


def test_a_transfer_that_tells_an_earlier_start_moves_it() -> None:
    history = [
        *said((EventKind.REFERRAL_RECEIVED, date(2025, 1, 28))),
        ClockEvent("t", EventKind.TRANSFER_RECEIVED, date(2025, 2, 10), start_on=date(2025, 1, 2)),
    ]

    assert explain(history, date(2025, 3, 31)).periods[0].days == 88


def test_a_stop_outside_a_contact_is_not_possible_with_treatment() -> None:
    history = [
        *said((EventKind.REFERRAL_RECEIVED, JAN)),
        ClockEvent("t", EventKind.TREATED, date(2025, 2, 10), outside_contact=True),
    ]

    assert [finding.code for finding in explain(history, LATER).findings] == ["CK12"]


def test_a_newer_version_of_a_rule_holds_from_its_day_on() -> None:
    newer = tuple(
        replace(rule, status=RttStatus.NOT_TO_TREAT, valid_from=date(2025, 6, 1))
        for rule in TABLE
        if rule.kind is EventKind.DECLINED_TREATMENT
    )
    book = Rulebook(ClockPolicy(), (*TABLE, *newer))

    def stopped(on: date) -> RttStatus | None:
        history = said((EventKind.REFERRAL_RECEIVED, JAN), (EventKind.DECLINED_TREATMENT, on))
        return explain(history, LATER, book=book).periods[0].status

    assert stopped(date(2025, 5, 31)) is RttStatus.DECLINED
    assert stopped(date(2025, 6, 1)) is RttStatus.NOT_TO_TREAT


def reachable() -> Iterable[tuple[Rule, Phase]]:
    for rule in TABLE:
        for phase in rule.when:
            yield rule, phase


def test_a_clock_is_opened_only_from_a_closed_place_and_closed_only_from_an_open_one() -> None:
    for rule, phase in reachable():
        assert not (rule.effect.opens and phase.is_open), rule
        assert not (rule.effect.closes and not phase.is_open), rule
        if rule.to is not None and rule.to.is_open is not phase.is_open:
            assert rule.effect.opens or rule.effect.closes, rule


def test_no_row_hides_behind_another() -> None:
    """Each row decides some event under some policy."""
    used = set()
    for on in product((False, True), repeat=len(Switch)):
        switches = frozenset(switch for switch, chosen in zip(Switch, on, strict=True) if chosen)
        book = Rulebook(ClockPolicy(switches))
        used |= {id(rule) for rule in book.decisive()}

    assert [rule for rule in TABLE if id(rule) not in used] == []


def test_every_kind_of_event_has_a_row_and_every_row_its_rule_and_sentence() -> None:
    assert {rule.kind for rule in TABLE} == set(EventKind) - {EventKind.WITHDRAWN}
    for rule in (*TABLE, *REFUSALS.values()):
        assert rule.reference
        assert rule.says.endswith(".")
        assert rule.finding is None or rule.finding in FINDINGS


def test_bands_change_where_the_guidance_says() -> None:
    bands = [counting.BandLabels().of(counting.band_of(day)) for day in range(800)]

    # Eight day values in the first band, seven in each of the others, and an open one from day 729.
    assert bands[:8] == ["0-1"] * 8
    assert bands[8:729] == [f">{weeks - 1}-{weeks}" for weeks in range(2, 105) for _ in range(7)]
    assert set(bands[729:]) == {"104+"}


@pytest.mark.parametrize(
    ("days_waited", "band"),
    [(7, "0-1"), (8, "1-2"), (28, "2-4"), (29, "4-12"), (126, "12-18"), (127, "18-52"), (365, ">52")],
)
def test_community_bands_change_where_the_national_figures_say(days_waited: int, band: str) -> None:
    assert counting.community_band(days_waited) == band


def test_an_offer_is_reasonable_from_three_weeks_on() -> None:
    assert counting.is_reasonable_offer(JAN, JAN + timedelta(days=21))
    assert not counting.is_reasonable_offer(JAN, JAN + timedelta(days=20))


@pytest.mark.parametrize(
    ("asked", "measurement", "reference"),
    [
        (Asked(ServiceKind.CONSULTANT_LED), "01", "1a"),
        (Asked(ServiceKind.CONSULTANT_LED_COMMUNITY), "01", "7.2"),
        (Asked(ServiceKind.INTERFACE), "01", "1b, 6"),
        (Asked(ServiceKind.THERAPY), "02", "6.1, 7.1"),
        (Asked(ServiceKind.OTHER), "09", "6.1"),
        (Asked(ServiceKind.THERAPY, on_open_pathway=True), "01", "4a iii"),
        (Asked(ServiceKind.THERAPY, is_emergency=True), None, "9.1"),
        (Asked(ServiceKind.CONSULTANT_LED, is_planned=True), None, "5"),
    ],
)
def test_the_table_says_how_a_referral_is_measured(
    asked: Asked, measurement: str | None, reference: str
) -> None:
    assert (measure(asked).measurement, measure(asked).reference) == (measurement, reference)


@pytest.mark.parametrize("service", ServiceKind)
def test_every_referral_is_measured_somehow(service: ServiceKind) -> None:
    for emergency, planned, pathway in product((False, True), repeat=3):
        assert measure(Asked(service, emergency, planned, pathway)).says


def test_only_consultant_led_services_outside_the_community_are_in_the_returns() -> None:
    returned = {service for service in ServiceKind if measure(Asked(service)).in_rtt_return}

    assert returned == {ServiceKind.CONSULTANT_LED, ServiceKind.INTERFACE}


def test_therapies_run_the_same_rules_with_aims_of_their_own() -> None:
    history = said((EventKind.REFERRAL_RECEIVED, JAN), (EventKind.ATTENDED, date(2025, 2, 3)))
    policy = allied_health_policy(Priority.URGENT)

    pathway = explain(history, date(2025, 3, 3), policy)

    assert pathway.measurement is MeasurementType.ALLIED_HEALTH
    assert pathway.rtt_status is RttStatus.NOT_APPLICABLE
    assert pathway.periods == explain(history, date(2025, 3, 3)).periods
    assert (policy.goal_days, allied_health_policy().goal_days) == (14, 56)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"kind": EventKind.ATTENDED, "start_on": JAN}, "states a clock start"),
        ({"kind": EventKind.START_FOUND, "start_on": LATER}, "is later than"),
        ({"kind": EventKind.UNAVAILABLE, "until": date(2025, 1, 1)}, "before it begins"),
        ({"kind": EventKind.WITHDRAWN}, "which event it replaces"),
        ({"kind": EventKind.MISSED, "evidence": frozenset({Evidence.LONG_ABSENCE})}, "not said"),
    ],
)
def test_an_event_with_impossible_dates_is_refused_in_words(wrong: dict[str, object], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        ClockEvent(key="a", on=JAN, **wrong)  # type: ignore[arg-type]


def test_an_event_is_known_by_all_its_fields_when_two_share_a_key() -> None:
    """A new field must be put into the fixed order of corrections, or two answers become possible."""
    assert {field.name for field in fields(ClockEvent)} == {
        *("key", "kind", "on", "sequence", "start_on", "until", "evidence", "function"),
        *("outside_contact", "replaces", "recorded_on"),
    }


def test_a_person_may_record_what_the_rules_allow_and_a_miss_without_proof_of_notice() -> None:
    history = said((EventKind.REFERRAL_RECEIVED, JAN))

    check(history, ClockEvent("m", EventKind.MISSED, LATER))
    check(history, ClockEvent("t", EventKind.TREATED, LATER))


@pytest.mark.parametrize(
    ("event", "why"),
    [
        (ClockEvent("x", EventKind.MONITORING_REVIEWED, LATER), "cannot follow"),
        (ClockEvent("x", EventKind.DISCHARGED_AFTER_MISS, LATER), "not shown"),
        (ClockEvent("x", EventKind.TREATED, LATER, outside_contact=True), "outside a contact"),
        (ClockEvent("x", EventKind.TREATED, date(2025, 1, 31)), "cannot follow"),
        (ClockEvent("x", EventKind.WITHDRAWN, JAN, replaces="0"), "cannot follow"),
    ],
)
def test_a_person_is_refused_with_the_reason_what_cannot_follow_or_is_not_shown(
    event: ClockEvent, why: str
) -> None:
    history = said((EventKind.REFERRAL_RECEIVED, JAN), (EventKind.TREATED, date(2025, 3, 1)))
    opened = [*history, ClockEvent("r", EventKind.REREFERRED, date(2025, 4, 1))]

    with pytest.raises(NotAllowed, match=why):
        check(opened, event)
