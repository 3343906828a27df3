"""The duties that somebody is on call for, and whom an escalation reaches next."""

from collections.abc import Mapping
from types import MappingProxyType

# Duties that are held by turns. A duty with the code of a role is what that role's escalations resolve to.
DUTIES: Mapping[str, str] = MappingProxyType(
    {
        "local_commander": "Local commander",
        "tactical_commander": "Tactical commander",
        "strategic_commander": "Strategic commander",
        "trust_incident_manager": "Trust incident manager",
        "service_delivery_officer": "Service delivery officer",
        "halo": "Hospital ambulance liaison officer",
    }
)

# Who comes after whom when something urgent is not taken up. Source: the delivery cell's reporting lines in
# the patient flow coordinator's job description; the order is a proposal until a trust signs it.
NEXT_IN_LINE: Mapping[str, str] = MappingProxyType(
    {
        "halo": "patient_flow_coordinator",
        "patient_flow_coordinator": "service_delivery_officer",
        "service_delivery_officer": "trust_incident_manager",
        "trust_incident_manager": "tactical_commander",
        "local_commander": "tactical_commander",
        "tactical_commander": "strategic_commander",
        "junior_coordinator": "outpatient_coordinator",
        "outpatient_coordinator": "outpatient_team_leader",
    }
)
