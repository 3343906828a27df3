"""Recurring duties of people and areas: training, appraisals, infection control, the green plan, checks."""
