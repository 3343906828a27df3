"""Barriers in words."""

from dataclasses import dataclass
from datetime import datetime

from clearway.core.layout.times import clock

from .models import BarrierStep
from .queries import Stopped

STEPS = dict(BarrierStep.Step.choices)


@dataclass(frozen=True, slots=True)
class Row:
    """A crew that lacks something now. helps  the nearest that is ready, "" where nothing is."""

    key: int
    call_sign: str
    area: str
    reason: str
    since: datetime
    helps: str
    stands: str


def row(each: Stopped) -> Row:
    steps = list(each.barrier.steps.all()) if each.barrier else []
    last = steps[-1] if steps else None
    return Row(
        each.key,
        each.call_sign,
        each.area,
        each.reason,
        each.since,
        f"{each.options[0].aid.label}: {each.options[0].why}" if each.options else "",
        f"{STEPS[last.step]} {clock(last.at)}: {last.words}" if last else "Nothing agreed",
    )
