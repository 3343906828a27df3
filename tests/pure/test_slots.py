"""Which slots suit an entry of the waiting list: hard rules, order, and reasons."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.engine.outpatients import slots as engine
from clearway.engine.outpatients.fit import Coded, Slots, Wanted, barred
from clearway.engine.outpatients.slots import Suited

AT = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)  # a Monday
NEVER = 2**62
WANTED = Wanted(service=1, kind="new", minutes=45)


def slot(hours: float, **more: Any) -> dict[str, Any]:
    """One slot so many hours from now; what a claim is about is named."""
    usual = {
        "minutes": 45,
        "service": 1,
        "clinician": 1,
        "kind": "new",
        "medium": "01",
        "held": "",
        "released": NEVER,
        "site": "A",
        "free": 1,
        "closed": False,
        "faulty": False,
    }
    return {"starts": int((AT + timedelta(hours=hours)).timestamp()), **usual, **more}


def columns(*rows: dict[str, Any], skills: dict[int, frozenset[str]] | None = None) -> Slots:
    whole = {
        name: np.array([row[name] for row in rows], np.int64)
        for name in ("starts", "minutes", "service", "clinician", "released", "free")
    }
    return Slots(
        key=np.arange(len(rows), dtype=np.int64),
        closed=np.array([row["closed"] for row in rows], np.bool_),
        faulty=np.array([row["faulty"] for row in rows], np.bool_),
        kind=Coded.of(row["kind"] for row in rows),
        medium=Coded.of(row["medium"] for row in rows),
        held=Coded.of(row["held"] for row in rows),
        site=Coded.of(row["site"] for row in rows),
        skills=Coded.of((skills or {}).get(row["clinician"], frozenset()) for row in rows),
        **whole,
    )


def best(suited: Suited) -> list[int]:
    return [each.slot for each in suited.best]


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        ({"service": 2}, "service"),
        ({"closed": True}, "closed"),
        ({"faulty": True}, "faulty"),
        ({"kind": "follow_up"}, "kind"),
        ({"medium": "02"}, "medium"),
        ({"minutes": 30}, "short"),
        ({"held": "urgent"}, "held"),
        ({"free": 0}, "full"),
    ],
)
def test_a_slot_that_breaks_a_hard_rule_is_left_out_with_the_reason(bad: dict[str, Any], code: str) -> None:
    slots = columns(slot(48, **bad), slot(72))

    suited = engine.suit(slots, WANTED, AT)

    assert best(suited) == [1]
    assert [(each.code, each.count) for each in suited.left_out] == [(code, 1)]
    assert barred(slots, WANTED, AT)


def test_a_slot_that_has_begun_cannot_be_booked() -> None:
    suited = engine.suit(columns(slot(0)), WANTED, AT)

    assert [each.code for each in suited.left_out] == ["begun"]


def test_a_clinician_without_the_skill_is_left_out() -> None:
    slots = columns(
        slot(24, clinician=1), slot(48, clinician=2), skills={1: frozenset(), 2: frozenset({"hand", "spine"})}
    )

    suited = engine.suit(slots, replace(WANTED, skills=frozenset({"hand"})), AT)

    assert best(suited) == [1]
    assert suited.left_out[0].words == "1 without hand"


def test_a_slot_kept_for_the_urgent_is_theirs_until_it_is_released() -> None:
    released = int((AT + timedelta(hours=1)).timestamp())
    slots = columns(slot(48, held="urgent", released=released))

    assert best(engine.suit(slots, WANTED, AT)) == []
    assert best(engine.suit(slots, replace(WANTED, priority="2"), AT)) == [0]
    assert best(engine.suit(slots, WANTED, AT + timedelta(hours=1))) == [0]


def test_notice_that_the_patient_cannot_manage_leaves_out_and_never_bars() -> None:
    slots = columns(slot(24), slot(72))
    wanted = replace(WANTED, notice_hours=48)

    assert best(engine.suit(slots, wanted, AT)) == [1]
    assert barred(slots, wanted, AT) == []


def test_a_patient_is_not_offered_a_time_at_which_they_are_elsewhere() -> None:
    busy = (slot(24)["starts"] - 600, slot(24)["starts"] + 60)

    assert best(engine.suit(columns(slot(24), slot(26)), replace(WANTED, elsewhere=(busy,)), AT)) == [1]


def test_before_the_treat_by_date_comes_first_then_site_then_day_then_clinician_then_the_earliest() -> None:
    wanted = replace(
        WANTED,
        treat_by=date(2026, 11, 20),
        sites=frozenset({"A"}),
        days=frozenset({2}),
        clinician=7,
    )
    slots = columns(
        slot(24 * 22),  # after the treat-by date
        slot(24 * 2, site="B"),  # another site
        slot(24 * 2),  # Wednesday: another day
        slot(24 * 1),  # Tuesday, another clinician
        slot(24 * 8, clinician=7),  # Tuesday, the same clinician
        slot(24 * 15, clinician=7),  # the same, later
    )

    assert best(engine.suit(slots, wanted, AT)) == [4, 5, 3, 2, 1, 0]


def test_each_suggestion_says_what_speaks_for_it_and_what_to_say_or_arrange() -> None:
    wanted = replace(
        WANTED,
        treat_by=date(2026, 11, 10),
        sites=frozenset({"A"}),
        needs=(("Interpreter", "Polish"),),
        clinician=1,
    )

    (first,) = engine.suit(columns(slot(25)), wanted, AT).best

    assert first.reasons == (
        "7 days before the treat-by date",
        "a site they asked for",
        "the same clinician",
    )
    assert first.cautions == (
        "under three weeks' notice: reasonable only if they accept",
        "interpreter to arrange: Polish",
    )


def test_a_slot_on_the_evening_of_the_treat_by_date_is_in_time() -> None:
    wanted = replace(WANTED, treat_by=date(2026, 11, 2))

    (first,) = engine.suit(columns(slot(15.5)), wanted, AT).best  # 23:30 in London

    assert first.reasons == ("on the treat-by date",)


ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "starts": st.integers(-48, 24 * 40).map(lambda h: int((AT + timedelta(hours=h)).timestamp())),
            "minutes": st.sampled_from([30, 45, 60]),
            "service": st.sampled_from([1, 1, 1, 2]),
            "clinician": st.integers(1, 3),
            "kind": st.sampled_from(["new", "new", "follow_up"]),
            "medium": st.sampled_from(["01", "01", "02"]),
            "held": st.sampled_from(["", "", "urgent", "hand"]),
            "released": st.sampled_from([NEVER, int(AT.timestamp()) - 1]),
            "site": st.sampled_from(["A", "B"]),
            "free": st.integers(0, 2),
            "closed": st.booleans(),
            "faulty": st.just(False),
        }
    ),
    min_size=1,
    max_size=25,
)
ASKED = st.builds(
    Wanted,
    service=st.just(1),
    kind=st.just("new"),
    minutes=st.sampled_from([30, 45]),
    priority=st.sampled_from(["1", "2"]),
    skills=st.sampled_from([frozenset(), frozenset({"hand"})]),
    clinician=st.sampled_from([None, 1]),
    treat_by=st.sampled_from([None, date(2026, 11, 14)]),
    sites=st.sampled_from([frozenset(), frozenset({"A"})]),
    days=st.sampled_from([frozenset(), frozenset({1, 2})]),
    notice_hours=st.sampled_from([None, 48]),
)


@given(ROWS, ASKED)
def test_every_slot_is_either_fitting_or_left_out_once_and_no_barred_one_is_suggested(
    rows: list[dict[str, Any]], wanted: Wanted
) -> None:
    skills = {1: frozenset({"hand"}), 2: frozenset[str](), 3: frozenset({"hand", "spine"})}

    suited = engine.suit(columns(*rows, skills=skills), wanted, AT, limit=100)

    assert suited.fitting + sum(each.count for each in suited.left_out) == len(rows)
    for place, row in enumerate(rows):
        alone = columns(row, skills=skills)
        fits = not barred(alone, wanted, AT) and engine.suit(alone, wanted, AT).fitting == 1
        assert (place in best(suited)) == fits


@given(ROWS, ASKED, st.randoms())
def test_the_order_of_the_rows_does_not_matter(
    rows: list[dict[str, Any]], wanted: Wanted, chance: Any
) -> None:
    keyed = list(enumerate(rows))
    chance.shuffle(keyed)
    shuffled = columns(*(row for _, row in keyed))
    shuffled = replace(shuffled, key=np.array([key for key, _ in keyed], np.int64))

    assert best(engine.suit(shuffled, wanted, AT, 100)) == best(engine.suit(columns(*rows), wanted, AT, 100))
