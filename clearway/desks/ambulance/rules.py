"""Every rule of the ambulance desk, and asking them all."""

from collections.abc import Sequence
from datetime import datetime

from clearway.core.feeds.rules import SILENT_FEED
from clearway.core.layout.times import local
from clearway.core.organisation.queries import policies
from clearway.core.worklist import queries
from clearway.core.worklist.actions import Swept, sweep
from clearway.core.worklist.rules import Rule, evaluate, sweep_policy, together
from clearway.domain.ambulance.situation import Situation

from .advice import rules as advice
from .breaks import rules as breaks
from .destinations import rules as destinations
from .diverts.rules import DIVERT_REVIEW
from .forecast.rules import EARLY_WARNING
from .handovers.rules import LADDER
from .liaison.rules import SILENT_HOSPITAL
from .onward import rules as onward
from .pressure import rules as pressure
from .unavailability import rules as unavailability

RULES: Sequence[Rule[Situation]] = (LADDER, SILENT_FEED, DIVERT_REVIEW, SILENT_HOSPITAL, EARLY_WARNING)


def run(organisation_id: int, situation: Situation, at: datetime) -> Swept:
    """Ask every rule about the situation and bring the worklist in line. A fixed number of queries.

    Called every few seconds by a worker; safe to call from two at once, and as often as one likes.
    """
    names = {name for rule in RULES for name in rule.policies} | advice.POLICIES | {unavailability.POLICY}
    values = policies(organisation_id, {*names, queries.WORKLIST, queries.MODES}, local(at).date())
    modes = values.get(queries.MODES, {})
    outcomes = evaluate(RULES, situation, values, modes)
    told = advice.outcomes(organisation_id, values, modes, situation, at)
    reviewed = destinations.outcomes(organisation_id, values, modes, at)
    refused = onward.outcomes(organisation_id, values, modes, at)
    hungry = breaks.outcomes(organisation_id, values, modes, at)
    out = unavailability.outcomes(organisation_id, values, modes, at)
    pressed = pressure.outcomes(organisation_id, values, modes, at)
    return sweep(
        organisation_id,
        together(outcomes, told, reviewed, refused, hungry, out, pressed),
        at,
        sweep_policy(values.get(queries.WORKLIST)),
    )
