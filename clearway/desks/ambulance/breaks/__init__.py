"""Meal breaks: who is due, who breaks when and where, and what became of it."""
