"""Contacts: every call, radio message and conversation, with its reason and its result."""
