"""The address of a patient's own page: it names one appointment, is signed, and ends when that begins.

It holds a number that means nothing outside and sixty bits of a signature over it: no name, no date. It is
short enough to be typed from a letter.
"""

import hashlib
import hmac

from django.conf import settings

SIGNS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # without letters that look like digits
SIGNED = 12  # signs of the signature, five bits each
_LOOKS_LIKE = str.maketrans({"O": "0", "I": "1", "L": "1", "U": "V"})


def token(appointment_id: int) -> str:
    """What stands in the address: "3F2-9QTMXA7R4K2D", in groups to be read."""
    number = _number(appointment_id)
    signature = _signature(number)
    return "-".join([number, *(signature[start : start + 4] for start in range(0, SIGNED, 4))])


def appointment_of(written: str) -> int | None:
    """The appointment that a token was made for; None for one that nobody here has signed."""
    plain = "".join(each for each in written.upper().translate(_LOOKS_LIKE) if each != "-")
    number, signature = plain[:-SIGNED], plain[-SIGNED:]
    if (
        not number
        or len(number) > 13
        or not hmac.compare_digest(signature.encode(), _signature(number).encode())
    ):
        return None
    if any(sign not in SIGNS for sign in number):
        return None
    found = 0
    for sign in number:
        found = found * len(SIGNS) + SIGNS.index(sign)
    return found


def address(appointment_id: int) -> str:
    """The whole address; "" where the trust has not said where its pages are."""
    return f"{settings.PATIENT_ADDRESS}/a/{token(appointment_id)}/" if settings.PATIENT_ADDRESS else ""


def _number(of: int) -> str:
    found = ""
    while of:
        of, rest = divmod(of, len(SIGNS))
        found = SIGNS[rest] + found
    return found or SIGNS[0]


def _signature(number: str) -> str:
    key = hashlib.sha256(f"appointment page:{settings.SECRET_KEY}".encode()).digest()
    digest = int.from_bytes(hmac.new(key, number.encode(), hashlib.sha256).digest()[:8])
    return "".join(SIGNS[(digest >> (5 * place)) % 32] for place in range(SIGNED))
