"""Barriers that keep crews from responding: what helps, what was agreed, and until it is removed."""
