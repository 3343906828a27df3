"""A warning of congestion as something to do."""

from collections.abc import Iterator, Mapping

from clearway.core.worklist.rules import CannotSay, Rule, Values, Wanted
from clearway.domain.ambulance.situation import Situation
from clearway.engine.ambulance.forecast import NONE, forecast
from clearway.engine.ambulance.handovers import HandoverPolicy, hospital_pictures
from clearway.engine.ambulance.policies import DIVERTS, FORECAST, FRESHNESS
from clearway.engine.ambulance.warning import Limit, Outlook, outlook
from clearway.engine.ambulance.warning_signs import said_words, signs

from ..travel.network import network
from .policy import WARNING, policies_from

WORKLIST = "worklist"


def warn(situation: Situation, policies: Mapping[str, Values]) -> Iterator[Wanted]:
    """One task per hospital at which a limit is likely to be passed and is not passed yet: the gravest one.

    Only limits with a priority: one that a hospital passes on many ordinary days is shown, and asks nobody.

    The reading is the probability on a scale on which the worklist's dead-band is the policy's hysteresis:
    1 at `on` of its limit, and at `off` just what is still kept.
    Raises CannotSay where nothing can be forecast.
    """
    chosen = policies_from(policies)
    ways = network(situation.sites)
    made = forecast(situation, chosen.forecast, None, ways)
    if all(method == NONE for method in made.method):
        raise CannotSay("No source that knows of handovers is fresh enough.")
    dead_band = float(policies[WORKLIST].get("dead_band", 0.1))
    pictures = hospital_pictures(situation, HandoverPolicy())
    for seen in outlook(made, signs(situation, chosen.forecast, ways), chosen.warning):
        hour = pictures[seen.row].last_hour
        now = hour.mean_minutes if hour and hour.mean_minutes is not None else 0.0
        ahead = [
            (limit, probability)
            for limit, probability in zip(chosen.warning.limits, seen.probability, strict=True)
            if limit.priority and limit.mean >= now and probability >= limit.off
        ]
        if ahead and made.method[seen.row] != NONE:
            why = made.why[seen.row] + said_words(situation, chosen.forecast, seen.row)
            yield _wanted(situation, seen, ahead, dead_band, why)


def _wanted(
    situation: Situation,
    seen: Outlook,
    ahead: list[tuple[Limit, float]],
    dead_band: float,
    why: tuple[str, ...],
) -> Wanted:
    on = [each for each in ahead if each[1] >= each[0].on] or ahead
    limit, probability = max(on, key=lambda each: (each[0].mean, -each[0].within))
    name, code = situation.sites.name[seen.row], situation.sites.code[seen.row]
    return Wanted(
        subject=f"site:{code}",
        priority=limit.priority or 3,
        title=f"{name}: handover likely beyond {limit.mean:g} min within {limit.within:g} min",
        cause="; ".join(why),
        role="patient_flow_coordinator",
        suggestion="Look at the forecast; speak with the hospital before the queue is there",
        site_code=code,
        reading=_on_the_scale_of(dead_band, probability, limit),
        threshold=1.0,
    )


def _on_the_scale_of(dead_band: float, probability: float, limit: Limit) -> float:
    if probability >= limit.on or limit.on == limit.off:
        return probability / limit.on
    return 1 - dead_band * (limit.on - probability) / (limit.on - limit.off)


EARLY_WARNING: Rule[Situation] = Rule(
    code="early_warning",
    sentence="A hospital whose mean handover is likely to pass a limit soon is looked at before it does.",
    source="Policy early_warning; how often it was right is on the forecast page",
    check=warn,
    policies=(FORECAST, WARNING, FRESHNESS, DIVERTS, WORKLIST),
    many="Hospitals likely to pass a limit",
)
