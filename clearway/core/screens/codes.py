"""The code that a screen shows while it asks to be put up: made of its secret, and read back as typed.

A screen that asks keeps a secret in its browser. The code is made of that secret with the key of this
installation, so that nothing has to be stored for who merely asks, and no code can be made elsewhere.
"""

import re

from django.utils.crypto import salted_hmac

LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # 31, a prime; without those that look like another: 0 1 I L O
LENGTH = 8  # and one that checks them
_GAPS = re.compile(r"[\s-]+")


def code_of(secret: str) -> str:
    """The code of a secret: eight of 31 letters (8.5e11 of them), and one that checks them."""
    number = int.from_bytes(salted_hmac("clearway.core.screens", secret, algorithm="sha256").digest())
    places = []
    for _ in range(LENGTH):
        number, place = divmod(number, len(LETTERS))
        places.append(place)
    return "".join(LETTERS[place] for place in [*places, _check(places)])


def spaced(code: str) -> str:
    """As it stands on the screen, three by three: "KM4 P7X Q2T"."""
    return " ".join(code[at : at + 3] for at in range(0, len(code), 3))


def read(typed: str) -> str:
    """A code as somebody typed it. Raises ValueError, saying what to do, for what no screen can show.

    One wrong letter, or two that changed places, are always found: the sum is weighted, and 31 is a prime.
    """
    code = _GAPS.sub("", typed).upper()
    if len(code) != LENGTH + 1:
        raise ValueError(f"Enter all nine letters and numbers that the screen shows; there are {len(code)}")
    if strange := sorted(set(code) - set(LETTERS)):
        raise ValueError(f"No code has {' or '.join(strange)} in it: look at the screen again")
    *places, check = (LETTERS.index(each) for each in code)
    if check != _check(places):
        raise ValueError("One of the letters is wrong: look at the screen again")
    return code


def _check(places: list[int]) -> int:
    return sum(weight * place for weight, place in enumerate(places, 2)) % len(LETTERS)
