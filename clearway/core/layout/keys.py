"""One key in the field of a row records what came of it: reading the key, and what is said of a wrong one."""

from collections.abc import Iterable
from typing import Any

SHOWN = 20  # characters of a wrong key that are said again


def typed(request: Any) -> str:
    """The key that was sent, in small letters."""
    return str(request.POST.get("key", "")).strip().casefold()


def is_none(key: str, keys: Iterable[tuple[str, str]]) -> str:
    """The sentence for a key that is none of these; keys  letter and meaning."""
    letters = ", ".join(f"{letter} ({meaning})" for letter, meaning in keys)
    return f"“{key[:SHOWN]}” is no key. Type one of: {letters}."
