"""Minutes between the stamps of a job."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.domain.ambulance.intervals import INTERVALS, lost_minutes, minutes
from clearway.domain.ambulance.words import JobStatus
from tests.making import START, minute

J = JobStatus
stamp_tables = st.dictionaries(
    st.sampled_from(JobStatus),
    st.integers(-100_000, 100_000).map(lambda seconds: START + timedelta(seconds=seconds)),
)


@pytest.mark.parametrize(
    ("interval", "expected"),
    [
        ("mobilisation", 1.0),  # 0 → 1
        ("running", 9.0),  # 1 → 10
        ("on_scene", 20.0),  # 10 → 30
        ("conveyance", 15.0),  # 30 → 45
        ("handover", 40.0),  # 45 → 85
        ("wrap_up", 12.5),  # 85 → 97.5
        ("turnaround", 52.5),  # 45 → 97.5
        ("job_cycle", 97.5),  # 0 → 97.5
    ],
)
def test_each_interval_runs_from_where_to_where_it_says(interval: str, expected: float) -> None:
    stamps = {
        J.ALLOCATED: minute(0),
        J.MOBILE: minute(1),
        J.AT_SCENE: minute(10),
        J.LEFT_SCENE: minute(30),
        J.AT_HOSPITAL: minute(45),
        J.HANDOVER: minute(85),
        J.CLEAR: minute(97.5),
    }

    assert minutes(stamps, interval) == expected


@given(stamps=stamp_tables, interval=st.sampled_from(list(INTERVALS)))
def test_no_interval_is_ever_negative(stamps: dict[JobStatus, datetime], interval: str) -> None:
    duration = minutes(stamps, interval)

    assert duration is None or duration >= 0


def test_a_missing_or_contradicted_stamp_gives_no_number() -> None:
    assert minutes({J.AT_HOSPITAL: minute(5)}, "handover") is None
    assert minutes({J.AT_HOSPITAL: minute(5), J.HANDOVER: minute(4)}, "handover") is None


@pytest.mark.parametrize(
    ("took", "beyond", "lost"), [(14.0, 15, 0.0), (15.0, 15, 0.0), (47.0, 15, 32.0), (47.0, 30, 17.0)]
)
def test_lost_time_is_what_lies_beyond_the_limit(took: float, beyond: float, lost: float) -> None:
    assert lost_minutes(took, beyond) == lost
