"""Delays: crews on scene and in wrap-up beyond their time, STACK reports, and what was said and done."""
