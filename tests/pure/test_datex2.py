"""Road disruptions from DATEX II files, versions 2 and 3."""

import contextlib
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.domain.ambulance.disruptions import DisruptionKind
from clearway.domain.shared.errors import CannotParse
from clearway.interchange import datex2

FIXTURES = Path(__file__).parents[1] / "fixtures"
FILE = (FIXTURES / "roads.xml").read_bytes()


def test_a_closure_is_read_with_its_place_times_delay_and_words() -> None:
    closure = datex2.parse(FILE).records[0]

    assert (closure.reference, closure.kind) == ("R1", DisruptionKind.CLOSURE)
    assert closure.centre == pytest.approx((52.31, -1.60))
    assert closure.radius_km == pytest.approx(1.11, abs=0.01)  # 0.02 degrees of latitude from end to end
    assert closure.starts_at == datetime(2026, 11, 20, 9, tzinfo=UTC)
    assert closure.ends_at == datetime(2026, 11, 20, 15, tzinfo=UTC)
    assert (closure.extra_minutes, closure.words) == (15, "Valley road closed at the bridge")


def test_what_a_record_leaves_open_stays_open() -> None:
    flood = datex2.parse(FILE).records[1]

    assert (flood.kind, flood.radius_km) == (DisruptionKind.FLOODING, 0.3)
    assert flood.ends_at is None
    assert flood.extra_minutes is None


def test_roadworks_that_leave_the_road_open_are_counted_and_passed_over() -> None:
    assert datex2.parse(FILE).passed_over == {"MaintenanceWorks": 1}


def test_version_3_is_read_by_the_same_rules() -> None:
    (event,) = datex2.parse((FIXTURES / "roads_v3.xml").read_bytes()).records

    assert (event.reference, event.kind) == ("E1", DisruptionKind.EVENT)
    assert event.starts_at == datetime(2026, 11, 20, 9, tzinfo=UTC)
    assert event.centre == pytest.approx((52.20, -1.51))


@pytest.mark.parametrize(
    ("before", "after", "where"),
    [
        (b"<latitude>52.25<", b"<latitude>fifty<", "situation record 2 (R2), latitude"),
        (b"<latitude>52.25<", b"<latitude>5225<", "situation record 2 (R2), location"),
        (b"2026-11-20T15:00:00Z", b"tomorrow", "overallEndTime"),
        (b"2026-11-20T15:00:00Z", b"2026-11-20T15:00:00", "overallEndTime"),
        (b'id="R2" ', b"", "situation record 2 (without id)"),
        (b"2026-11-20T07:00:00+00:00", b"", "overallStartTime"),
        (b"</d2LogicalModel>", b"", "line"),
        (b"payloadPublication", b"somethingElse", "the whole file"),
        (b"<d2LogicalModel", b"<!DOCTYPE x><d2LogicalModel", "the head of the file"),
        (b"roads", b"\xff", "the whole file"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(before: bytes, after: bytes, where: str) -> None:
    body = FILE.replace(before, after) if before in FILE else after + FILE

    with pytest.raises(CannotParse) as refusal:
        datex2.parse(body)
    assert where in refusal.value.where
    assert refusal.value.fix


@given(st.binary(max_size=300) | st.integers(0, len(FILE)).map(lambda cut: FILE[:cut]))
def test_nothing_else_than_a_refusal_comes_of_a_broken_file(body: bytes) -> None:
    with contextlib.suppress(CannotParse):
        datex2.parse(body)
