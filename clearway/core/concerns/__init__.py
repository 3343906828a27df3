"""Concerns: hazards, risks, near misses and information-governance incidents that anybody reports."""
