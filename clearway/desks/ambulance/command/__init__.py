"""Command: situation reports, handing over a shift, escalation calls, major incidents."""
