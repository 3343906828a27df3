"""Numbers that somebody can have put into an address or a form."""

MOST = 2**63 - 1  # of a key in the database


def whole_number(text: str) -> int | None:
    """A key as it is written, in the digits 0 to 9; None for anything else, and for more than a key can be.

    `str.isdigit` holds more than `int` reads ("²"); of a number of five thousand digits it reads none.
    """
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(MOST))):
        return None
    return number if (number := int(text)) <= MOST else None
