"""What a person's claims give: a file of the trust, in TOML, and the one reading of it.

    # How strongly somebody has signed in: weakest first. Anything else is refused.
    [strength]
    order = ["AAL2_ANY", "AAL3_ANY"]
    least = "AAL2_ANY"
    two_factors = "AAL2_ANY"               # from here on there was a second factor
    resistant = "AAL3_ANY"                 # from here on no false page can ask for it

    [[give]]
    role = "outpatient_coordinator"        # a role of Clearway
    organisation = "worcestershire"        # an organisation of Clearway
    claim = "nhsid_nrbac_roles"            # a list of tables: all that is named must stand in one of them
    where = { org_code = "R1A", role_code = "S8000:G8000:R8008" }

    [[give]]
    role = "administrator"
    organisation = "worcestershire"
    claim = "groups"                       # a list of words, or a word
    has = "clearway-administrators"
    strength = "AAL3_ANY"                  # only to who signed in at least so strongly

What stands nowhere in it gives nothing.
"""

import tomllib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from clearway.domain.shared.errors import CannotParse

MARKS = ("least", "two_factors", "resistant")
WORDS = frozenset({"role", "organisation", "site", "area", "claim", "has", "where", "strength"})


@dataclass(frozen=True, slots=True)
class Gift:
    """One entry: whoever has this claim is given this role there.

    has       a word that the claim is or holds; "" where `where` says it
    where     members that one table of the claim has, all of them
    strength  only to who signed in at least so strongly; "" for as strongly as everybody
    """

    role: str
    organisation: str
    claim: str
    has: str = ""
    where: tuple[tuple[str, str], ...] = ()
    site: str = ""
    area: str = ""
    strength: str = ""

    @property
    def place(self) -> tuple[str, str, str, str]:
        """What is given and where, however strongly one must have signed in for it."""
        return self.role, self.organisation, self.site, self.area

    def is_for(self, claims: Mapping[str, Any]) -> bool:
        """Whether the claims of a person say this."""
        found = list(_values(claims, self.claim))
        if self.has:
            return self.has in [each for each in found if isinstance(each, str)]
        tables = [each for each in found if isinstance(each, dict)]
        return any(all(_holds(table.get(name), value) for name, value in self.where) for table in tables)


@dataclass(frozen=True, slots=True)
class Access:
    """The whole file.

    order        ways of signing in, weakest first; none where the provider tells of no way
    least        who signed in more weakly does not come in
    two_factors  from here on there was a second factor; "" where the file does not say
    resistant    from here on no false page can ask for it; "" likewise
    """

    gifts: tuple[Gift, ...]
    order: tuple[str, ...] = ()
    least: str = ""
    two_factors: str = ""
    resistant: str = ""

    def at_least(self, way: str) -> tuple[str, ...]:
        """This way of signing in and all that are stronger; every one where none is named."""
        return self.order[self.order.index(way) :] if way else self.order

    @property
    def claims(self) -> tuple[str, ...]:
        """The names of the claims that are looked at."""
        return tuple(dict.fromkeys(gift.claim for gift in self.gifts))

    def given(self, claims: Mapping[str, Any], acr: str) -> tuple[Gift, ...]:
        """What these claims give to who signed in this way, in the order of the file."""
        return tuple(gift for gift in self._said(claims) if self._reaches(gift, acr))

    def stronger(self, claims: Mapping[str, Any], acr: str) -> tuple[Gift, ...]:
        """What they would give to who signs in more strongly."""
        return tuple(gift for gift in self._said(claims) if not self._reaches(gift, acr))

    def reaches(self, way: str, acr: str) -> bool:
        """Whether somebody signed in at least as strongly as this way; nobody did where it is not named."""
        return bool(way) and acr in self.at_least(way)

    def reached(self, acr: str) -> tuple[str, ...]:
        """Every way that somebody who signed in like this has reached: it and all that are weaker."""
        return self.order[: self.order.index(acr) + 1] if acr in self.order else ()

    def _said(self, claims: Mapping[str, Any]) -> tuple[Gift, ...]:
        """What these claims say: a role at one place once, for the weakest way that gives it."""
        found: dict[tuple[str, str, str, str], Gift] = {}
        for gift in self.gifts:
            if gift.is_for(claims) and self._rank(gift) < self._rank(found.get(gift.place)):
                found[gift.place] = gift
        return tuple(found.values())

    def _rank(self, gift: Gift | None) -> int:
        if gift is None:
            return len(self.order) + 1
        return self.order.index(gift.strength) + 1 if gift.strength else 0

    def _reaches(self, gift: Gift, acr: str) -> bool:
        return not gift.strength or self.reaches(gift.strength, acr)


def parse(text: str, roles: Collection[str]) -> Access:
    """The file. roles: the codes that there are. Raises CannotParse with the first thing that is wrong."""
    try:
        read = tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        raise CannotParse("the access file", f"It is not TOML: {problem}.", "Mend that place.") from None
    if unknown := sorted(read.keys() - {"strength", "give"}):
        raise CannotParse(f"[{unknown[0]}]", "There is no such table.", "Use [strength] and [[give]].")
    order, marks = _strength(read.get("strength", {}))
    entries = read.get("give", [])
    if not isinstance(entries, list) or not entries:
        raise CannotParse("[[give]]", "Nobody is given anything.", "Write one entry for each role.")
    gifts = tuple(_gift(entry, f"[[give]] {number}", roles, order) for number, entry in enumerate(entries, 1))
    return Access(gifts, order, **marks)


def _strength(table: Any) -> tuple[tuple[str, ...], dict[str, str]]:
    """The order, and where in it each mark stands."""
    if not isinstance(table, dict) or (unknown := sorted(table.keys() - {"order", *MARKS})):
        named = unknown[0] if isinstance(table, dict) else "it"
        raise CannotParse("[strength]", f"{named} means nothing.", f"Use order, {', '.join(MARKS)}.")
    order = table.get("order", [])
    if not isinstance(order, list) or not all(isinstance(each, str) and each.strip() for each in order):
        raise CannotParse("[strength] order", "It is a list of words.", "Name acr values, weakest first.")
    if len(set(order)) < len(order):
        raise CannotParse("[strength] order", "A word stands in it twice.", "Name each once, weakest first.")
    if any(" " in each for each in order):
        raise CannotParse("[strength] order", "A word holds a space.", "Write them as the provider does.")
    for mark in MARKS:
        if table.get(mark, "") not in ("", *order):
            raise CannotParse(f"[strength] {mark}", "It is not in order.", "Name one of order.")
    named = [mark for mark in MARKS if table.get(mark)]
    for weaker, mark in pairwise(named):
        if order.index(table[mark]) < order.index(table[weaker]):
            fix = "Write order weakest first, and each of these no weaker than the one before it."
            raise CannotParse(f"[strength] {mark}", f"It is weaker than {weaker}.", fix)
    return tuple(order), {mark: table.get(mark, "") for mark in MARKS}


def _gift(entry: Any, place: str, roles: Collection[str], order: tuple[str, ...]) -> Gift:
    if not isinstance(entry, dict):
        raise CannotParse(place, "It is no table.", "Write [[give]] above its lines.")
    if unknown := sorted(entry.keys() - WORDS):
        raise CannotParse(f"{place}, {unknown[0]}", "It means nothing.", f"Use {', '.join(sorted(WORDS))}.")
    words = {name: entry.get(name, "") for name in WORDS - {"where"}}
    for name, value in words.items():
        if not isinstance(value, str):
            raise CannotParse(f"{place}, {name}", "It is no text.", "Write it in quotes.")
    for name in ("role", "organisation", "claim"):
        if not words[name]:
            raise CannotParse(f"{place}, {name}", "It is missing.", "Write it.")
    if words["role"] not in roles:
        raise CannotParse(f"{place}, role", "There is no such role.", f"Use one of {', '.join(roles)}.")
    if words["strength"] and words["strength"] not in order:
        raise CannotParse(f"{place}, strength", "It is not in [strength] order.", "Name one of order.")
    where = entry.get("where", {})
    if not isinstance(where, dict) or not all(isinstance(each, str) and each for each in where.values()):
        raise CannotParse(f"{place}, where", "It is no table of texts.", 'Write { org_code = "R1A" }.')
    if bool(words["has"]) == bool(where):
        raise CannotParse(place, "It says `has` and `where`, or neither.", "Write one of them.")
    return Gift(where=tuple(sorted(where.items())), **words)


def _values(claims: Mapping[str, Any], name: str) -> Iterator[Any]:
    """What a claim holds, one by one. A dotted name looks into tables where no claim has that whole name."""
    value: Any = claims.get(name)
    if value is None:
        value = claims
        for part in name.split("."):
            value = value.get(part) if isinstance(value, dict) else None
    if isinstance(value, list):
        yield from value
    elif value is not None:
        yield value


def _holds(value: Any, wanted: str) -> bool:
    return wanted in value if isinstance(value, list) else bool(value == wanted)
