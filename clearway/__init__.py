"""Clearway: coordination for the people who keep an NHS region moving."""

__version__ = "0.1.0"
