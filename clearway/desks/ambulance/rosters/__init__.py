"""Rosters as they are imported, and planned against actual unit-hours."""
