"""A disclosure pack: a ZIP of files with an index that carries the SHA-256 of each."""

import csv
import hashlib
import io
import zipfile
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

INDEX = "index.csv"


def table(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """A CSV of UTF-8 with a heading line; None is empty."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(names)
    writer.writerows(["" if value is None else value for value in row] for row in rows)
    return text.getvalue().encode()


def pack(files: Mapping[str, bytes], made_at: datetime) -> bytes:
    """The ZIP of these files and their index. The same files and time give the same bytes."""
    index = table(
        ("file", "bytes", "sha256"),
        [
            (name, len(content), hashlib.sha256(content).hexdigest())
            for name, content in sorted(files.items())
        ],
    )
    bundle = io.BytesIO()
    with zipfile.ZipFile(bundle, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in ((INDEX, index), *sorted(files.items())):
            entry = zipfile.ZipInfo(name, made_at.timetuple()[:6])
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
    return bundle.getvalue()


def files_of(bundle: bytes) -> dict[str, bytes]:
    """The files of a pack, its index left out."""
    with zipfile.ZipFile(io.BytesIO(bundle)) as archive:
        return {name: archive.read(name) for name in archive.namelist() if name != INDEX}


def without(bundle: bytes, left_out: Collection[str], made_at: datetime) -> bytes:
    """The pack without some of its files, its index made anew. Raises KeyError for one that it has not."""
    files = files_of(bundle)
    for name in left_out:
        del files[name]
    return pack(files, made_at)
