"""Where region packs are found: the repository's `regions` folder, or the copy in the package."""

import re
from collections.abc import Mapping
from pathlib import Path

_PLACES = (
    Path(__file__).resolve().parents[2] / "regions",
    Path(__file__).resolve().parents[1] / "_regions",
)


def slugs() -> tuple[str, ...]:
    """The packs that can be found, by name."""
    return tuple(sorted({pack.parent.name for place in _PLACES for pack in place.glob("*/region.toml")}))


def find(slug: str) -> Mapping[str, bytes]:
    """The files of one pack by name, for `interchange.region_pack.parse`.

    Raises LookupError naming the packs there are.
    """
    for place in _PLACES:
        folder = place / slug
        if re.fullmatch(r"[a-z][a-z0-9-]*", slug) and (folder / "region.toml").is_file():
            return {file.name: file.read_bytes() for file in sorted(folder.glob("*.*")) if file.is_file()}
    raise LookupError(
        f"There is no region pack {slug!r}. Choose one of: {', '.join(slugs()) or 'none found'}."
    )
