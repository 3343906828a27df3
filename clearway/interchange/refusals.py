"""Refusals of messages that can be read and still not taken; the gateway and `feed check` say the same."""

from clearway.domain.shared.errors import CannotParse

CONTRADICTION = CannotParse(
    "message key",
    "This key was used before for another message.",
    "Give every message its own key; send a correction as a new message.",
)
FUTURE = CannotParse(
    "field occurred_at",
    "The time lies more than a minute in the future.",
    "Set the clock of the device; replay the line once its time has come.",
)
NOT_APPLIED = CannotParse(
    "message",
    "It was read but could not be recorded.",
    "Report the line number to the service desk; replay it after the mend.",
)
OF_ANOTHER_KIND = CannotParse(
    "field type",
    "This source is for what hospitals say of themselves.",
    "Send other events through a source of their own kind.",
)
