"""Who the patient of an incident is, passed on to the service that is asked, without anybody looking."""

from clearway.core.onward.actions import Person
from clearway.core.onward.models import OnwardPerson
from clearway.domain.ambulance.names import parts

from ..incidents import identity


def of_incident(organisation_id: int, incident: str) -> Person | None:
    """As a source sent it with the call; None where none did. One query."""
    said = identity.as_sent(organisation_id, incident)
    if said is None:
        return None
    given, family = parts(said.name or "")
    return Person(family, given, said.born_on, said.nhs_number)


def of_request(organisation_id: int, key: int) -> Person | None:
    """As it was sent before; None once it was let go of. One query."""
    row = OnwardPerson.objects.filter(request_id=key, request__sender_id=organisation_id).first()
    if row is None:
        return None
    names = ("family_name", "given_names", "born_on", "nhs_number", "phone", "address", "postcode")
    return Person(**{name: getattr(row, name) for name in names})
