"""What a silent hospital asks for: to be asked, first at the hospital, then by telephone."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from clearway.core.layout.times import clock
from clearway.core.worklist.rules import CannotSay, Rule, Values, Wanted
from clearway.domain.ambulance.situation import Situation, instant
from clearway.domain.shared.freshness import Freshness, FreshnessPolicy, freshness
from clearway.engine.ambulance.reports import ReportPolicy, site_reports

from ..policy import report_policy

POLICY, FRESHNESS = "hospital_reports", "feed_freshness"
COORDINATOR = "patient_flow_coordinator"
NAMED = 5  # hospitals in a cause; more are counted
CATCHING_UP = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class _Silent:
    """A hospital from which nothing has come for too long."""

    code: str
    name: str
    said_at: datetime
    holds_for: float
    minutes: float

    @property
    def due_at(self) -> datetime:
        return self.said_at + timedelta(minutes=self.holds_for)


def silent_hospitals(situation: Situation, policies: Mapping[str, Values]) -> Iterator[Wanted]:
    """One task per silent hospital, and one for all of them when there are many.

    One that never spoke is asked by its own people as soon as any other of the region has spoken; before that
    nobody has begun to ask. Raises CannotSay while what hospitals said in the past is still coming in, or
    when their source itself is silent.
    """
    policy = report_policy(policies[POLICY])
    _check_not_catching_up(situation)
    spoken = _silent(situation, policy)
    yield from _never(situation, spoken, policy)
    silent = [each for each in spoken if each.code not in policy.not_asked]
    overdue = [each for each in silent if each.minutes >= each.holds_for]
    if len(overdue) <= policy.each_up_to:
        yield from (_alone(each, policy) for each in silent)
        return
    _check_source_is_heard(situation, FreshnessPolicy(**policies[FRESHNESS]))
    yield _together(overdue)


def _sources(situation: Situation) -> list[tuple[float, float]]:
    """When each source of hospitals was last heard, and how often it should be."""
    feeds = situation.feeds
    listed = zip(feeds.kind, feeds.received, feeds.expected_interval, strict=True)
    return [
        (float(heard), float(every))
        for kind, heard, every in listed
        if kind == "hospital" and not np.isnan(heard)
    ]


def _check_not_catching_up(situation: Situation) -> None:
    """A source that delivers now what was true long ago has not come to the present yet.

    Its hospitals are heard, and look silent all the same: what they said since is on its way.
    """
    newest = float(np.nanmax(situation.reports.said_at, initial=-np.inf))
    if np.isfinite(newest) and any(
        heard - newest > CATCHING_UP.total_seconds() for heard, _ in _sources(situation)
    ):
        raise CannotSay("The hospitals' source is still delivering what was said earlier.")


def _check_source_is_heard(situation: Situation, policy: FreshnessPolicy) -> None:
    """Where the source itself is silent that is one task already, and not one more for its hospitals."""
    states = [freshness(situation.at - heard, every, policy) for heard, every in _sources(situation)]
    if states and Freshness.FRESH not in states:
        raise CannotSay("The hospitals' source itself is silent.")


def _silent(situation: Situation, policy: ReportPolicy) -> list[_Silent]:
    """Every hospital that has spoken, with how long ago; the worklist keeps what hovers about the limit."""
    now = instant(situation.at)
    assert now is not None
    return [
        _Silent(
            report.code, name, report.said_at, report.holds_for, (now - report.said_at).total_seconds() / 60
        )
        for report, name in zip(site_reports(situation, policy), situation.sites.name, strict=True)
        if report.said_at is not None
    ]


def _never(situation: Situation, spoken: Sequence[_Silent], policy: ReportPolicy) -> Iterator[Wanted]:
    """Those that never spoke where others have: a task each, or one for all of them when there are many."""
    left_alone = {each.code for each in spoken} | set(policy.not_asked)
    listed = zip(situation.sites.code, situation.sites.name, strict=True)
    never = [(code, name) for code, name in listed if code not in left_alone]
    if not spoken or not never:
        return
    if len(never) <= policy.each_up_to:
        yield from (_asked(code, name, policy) for code, name in never)
        return
    names = ", ".join(name for _, name in never[:NAMED])
    more = f" and {len(never) - NAMED} more" if len(never) > NAMED else ""
    yield Wanted(
        subject="sites:never",
        priority=3,
        title=f"{len(never)} hospitals have never said how they stand",
        cause=f"{names}{more}",
        role=COORDINATOR,
        suggestion="Ask each who is to say it; one that is not to be asked is for the policy's not_asked",
    )


def _asked(code: str, name: str, policy: ReportPolicy) -> Wanted:
    return Wanted(
        subject=f"never:{code}",
        priority=3,
        title=f"{name} has never said how it stands",
        cause="Other hospitals say it; of this one only what the control room sees is known",
        role=policy.asked,
        suggestion="Say how the hospital stands; it takes half a minute",
        site_code=code,
    )


def _alone(silent: _Silent, policy: ReportPolicy) -> Wanted:
    is_chased = silent.minutes >= silent.holds_for + policy.coordinator_after
    return Wanted(
        subject=f"site:{silent.code}",
        priority=2 if is_chased else 3,
        title=f"{silent.name} does not say how it stands",
        cause=f"Last said {clock(silent.said_at)}; expected by {clock(silent.due_at)}",
        role=COORDINATOR if is_chased else policy.asked,
        suggestion=(
            "Telephone the nurse in charge and write down what you are told"
            if is_chased
            else "Say how the hospital stands; it takes half a minute"
        ),
        site_code=silent.code,
        since=silent.due_at,
        reading=silent.minutes,
        threshold=silent.holds_for,
    )


def _together(silent: Sequence[_Silent]) -> Wanted:
    longest = sorted(silent, key=lambda each: (each.said_at, each.code))
    named = ", ".join(f"{each.name} since {clock(each.said_at)}" for each in longest[:NAMED])
    more = f" and {len(longest) - NAMED} more" if len(longest) > NAMED else ""
    return Wanted(
        subject="sites:silent",
        priority=2,
        title=f"{len(longest)} hospitals do not say how they stand",
        cause=f"{named}{more}",
        role=COORDINATOR,
        suggestion="Ask whether their source has failed; telephone those with the longest queues",
        since=min(each.due_at for each in longest),
    )


SILENT_HOSPITAL: Rule[Situation] = Rule(
    code="silent_hospital",
    sentence="A hospital that has not said how it stands for too long is asked, then telephoned.",
    source="Policy hospital_reports; no number without its age",
    check=silent_hospitals,
    policies=(POLICY, FRESHNESS),
    many="Hospitals that have not said how they stand",
)
