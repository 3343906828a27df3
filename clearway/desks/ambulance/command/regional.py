"""The figures of a situation report that a regional dashboard asks for, as numbers from the same look."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

from clearway.domain.ambulance.pressure import Ladder, Standing
from clearway.engine.ambulance.handovers import HospitalPicture, Stage
from clearway.interchange.regional_figures import Figure

from . import figures
from .figures import Seen

LADDERS = {Ladder.REAP: "reap", Ladder.CSP: "csp"}


def read(organisation_id: int, at: datetime) -> list[Figure]:
    """Every figure at one instant, by site and of the trust. What nobody can know has no value.

    Of a part that cannot be made each measure stands once, of the trust, without a value and with the reason;
    the others stand.
    """
    seen = figures.see(organisation_id, at)
    return [figure for code in PARTS for figure in _part(code, seen)]


def _part(code: str, seen: Seen) -> list[Figure]:
    measures, read_ = PARTS[code]
    made, fault = figures.attempted(code, lambda: list(read_(seen)))
    if made is not None:
        return made
    why = f"This could not be made, the others stand. It stopped: {fault}."
    return [Figure(each, None, None, reason=why) for each in measures]


def _sites(seen: Seen) -> Iterator[Figure]:
    for each in seen.board.pictures:
        if each.code is not None:
            yield from _site(each, each.code, seen)


def _site(each: HospitalPicture, code: str, seen: Seen) -> Iterator[Figure]:
    policy, is_heard = seen.board.policy.handover, seen.heard is not None

    def figure(measure: str, value: float | None, limit: float | None = None) -> Figure:
        return Figure(measure, value, seen.heard, code, limit, _state(seen))

    def count(*stages: Stage) -> int | None:
        return sum(len(each.at_stage(stage)) for stage in stages) if is_heard else None

    yield figure("inbound", count(Stage.INBOUND))
    yield figure("queuing", count(Stage.QUEUING))
    yield figure("cohorted", count(Stage.COHORTING, Stage.LEFT_WAITING))
    limits = (policy.standard, policy.all_within, policy.maximum, policy.reportable)
    beyond = each.waiting.beyond if each.waiting else (None,) * len(limits)
    for limit, number in zip(limits, beyond, strict=True):
        yield figure("waiting_beyond", number, limit)
    longest = each.longest_wait
    yield figure("longest_wait", longest.wait_minutes if longest else None)
    yield figure("handovers_last_hour", each.last_hour.count if each.last_hour else None)
    yield figure("mean_handover_last_hour", each.last_hour.mean_minutes if each.last_hour else None)
    yield figure("lost_since_midnight", each.lost.beyond_standard if each.lost else None, policy.standard)
    yield figure("clearing", count(Stage.WRAP_UP))


def _state(seen: Seen) -> str:
    """How far the control room's source can be trusted as the present."""
    return seen.board.basis.cad.freshness.value


def _levels(seen: Seen) -> Iterator[Figure]:
    for each in seen.levels.sites:
        declared, says = each.declared, each.standing
        yield Figure(
            "opel_declared",
            declared.level if declared else None,
            declared.at if declared else None,
            each.code,
        )
        oldest = _oldest(says) if says else None
        yield Figure("opel_figures_least", says.least if says else None, oldest, each.code)
        yield Figure("opel_figures_most", says.most if says else None, oldest, each.code)
    for ladder, name in LADDERS.items():
        row = seen.levels.ladders[ladder].row if ladder in seen.levels.ladders else None
        yield Figure(name, row.level if row else None, row.at if row else None)


def _oldest(says: Standing) -> datetime | None:
    """When the oldest of the figures that count was true; None where none does."""
    counting = (each.value.at for each in says.judged if each.level is not None and each.value is not None)
    return min(counting, default=None)


def _crews(seen: Seen) -> Iterator[Figure]:
    counts = figures.crew_counts(seen)
    for measure, value in (
        ("crews_on_shift", counts.on_shift if counts else None),
        ("crews_free", counts.free if counts else None),
        ("crews_on_a_job", counts.busy if counts else None),
    ):
        yield Figure(measure, value, seen.heard, state=_state(seen))


def _calls(seen: Seen) -> Iterator[Figure]:
    held = figures.calls_held(seen)
    yield Figure(
        "calls_without_a_crew", None if held is None else sum(held.values()), seen.heard, state=_state(seen)
    )


# Part -> its measures, and who makes them.
PARTS: Mapping[str, tuple[tuple[str, ...], Callable[[Seen], Iterator[Figure]]]] = {
    "sites": (
        (
            *("inbound", "queuing", "cohorted", "waiting_beyond", "longest_wait", "handovers_last_hour"),
            *("mean_handover_last_hour", "lost_since_midnight", "clearing"),
        ),
        _sites,
    ),
    "levels": (
        ("opel_declared", "opel_figures_least", "opel_figures_most", *LADDERS.values()),
        _levels,
    ),
    "crews": (("crews_on_shift", "crews_free", "crews_on_a_job"), _crews),
    "calls": (("calls_without_a_crew",), _calls),
}
