"""A piece of a page, rendered once for every screen that shows it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fragment:
    """One element of a board. Holds no identity and no ticking text.

    topic, key  together the id of the element on the page: "<topic>-<key>"
    html        the element itself; empty when it is to go
    site        ODS code of the hospital it tells of; None for none: for those who see the whole region
    """

    topic: str
    key: str
    html: str
    site: str | None = None
