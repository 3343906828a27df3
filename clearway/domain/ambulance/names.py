"""A name in one piece, as dispatch systems send it, in two."""


def parts(name: str) -> tuple[str, str]:
    """Given names and family name: "Ada Mary Brown", "BROWN, Ada". A single word is the family name."""
    family, comma, given = (each.strip() for each in name.partition(","))
    if comma:
        return given, family
    given, _, family = name.strip().rpartition(" ")
    return given.strip(), family.strip()
