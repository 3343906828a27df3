"""Policy `contacts` as the domain takes it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from clearway.core.layout.times import local
from clearway.core.organisation.queries import policies
from clearway.domain.ambulance.contacts import Choice, ContactPolicy

NAME = "contacts"


def contact_policy(organisation_id: int, at: datetime) -> ContactPolicy:
    """The policy in force on the local day of `at`; one query."""
    return made(policies(organisation_id, [NAME], local(at).date()).get(NAME, {}))


def made(values: Mapping[str, Any]) -> ContactPolicy:
    """The policy from its values. Raises TypeError or ValueError where it is not whole."""
    reasons, results = (tuple(Choice(**row) for row in values.get(of, ())) for of in ("reasons", "results"))
    return ContactPolicy(reasons, results)
