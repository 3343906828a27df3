"""What a divert asks for while it is asked for and while it runs."""

from collections.abc import Iterator, Mapping
from datetime import timedelta

from clearway.core.layout.times import clock
from clearway.core.worklist.rules import Rule, Values, Wanted
from clearway.domain.ambulance.diverts import DivertPolicy
from clearway.domain.ambulance.situation import Situation, instant

POLICY = "diverts"


def watch(situation: Situation, policies: Mapping[str, Values]) -> Iterator[Wanted]:
    """A review of every divert in force when it is due, and its end when that comes near."""
    policy, now = DivertPolicy(**policies[POLICY]), instant(situation.at)
    names = dict(zip(situation.sites.code, situation.sites.name, strict=True))
    for divert in situation.diverts:
        if now is None or not divert.is_in_force(now):
            continue
        reviewed = divert.reviewed_at or divert.starts_at
        due = reviewed + timedelta(minutes=policy.review_minutes)
        if due <= now:
            ends = f"It ends at {clock(divert.ends_at)}." if divert.ends_at else "It runs until ended."
            yield Wanted(
                subject=f"divert:{divert.key}",
                priority=2,
                title=f"Review the divert of {names.get(divert.site, divert.site)}",
                cause=f"Last looked at at {clock(reviewed)}. {ends}",
                role="patient_flow_coordinator",
                suggestion="Look at both sides; keep it, ask for an extension, or end it",
                site_code=divert.site,
            )


DIVERT_REVIEW: Rule[Situation] = Rule(
    code="divert_review",
    sentence="A divert in force is reviewed every 30 minutes.",
    source="Policy diverts",
    check=watch,
    policies=(POLICY,),
)
