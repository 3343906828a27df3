"""Policy `handover_release` as the domain takes it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from clearway.core.layout.times import local
from clearway.core.organisation.queries import policies
from clearway.domain.ambulance.release import Place, Reason, ReleasePolicy

NAME = "handover_release"
_PLAIN = ("release", "commander", "news2_holds", "news2_high", "look_most")


def release_policy(organisation_id: int, at: datetime) -> ReleasePolicy:
    """The policy in force on the local day of `at`; one query."""
    return made(policies(organisation_id, [NAME], local(at).date()).get(NAME, {}))


def made(values: Mapping[str, Any]) -> ReleasePolicy:
    """The policy from its values. Raises KeyError or TypeError where a reason or a place is not whole."""
    return ReleasePolicy(
        **{name: values[name] for name in _PLAIN if name in values},
        reasons=tuple(Reason(**row) for row in values.get("reasons", ())),
        places=tuple(Place(**row) for row in values.get("places", ())),
    )
