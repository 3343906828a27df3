"""Release of crews at hospitals: the checklist, the documented exception and the relief crew."""
