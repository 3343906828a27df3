"""Telling places outside the database of each seal, signed: what a chain alone cannot show, they do.

A checkpoint is what a seal says, signed with Ed25519 by a key that lies in a file of its own. Who has every
right on the database can compute the whole chain anew; they cannot take back what lies in another place, nor
sign another there. Places are named in CLEARWAY_AUDIT_PLACES:

    folder:/mnt/worm                  a file for each writing, never written again: a folder of a WORM mount
    syslog:/dev/log                   the log of this machine, which passes it on
    syslog:tcp:log.example:601        another machine's log (RFC 5424, octet-counted after RFC 6587)
    syslog:udp:log.example:514        the same without an answer: that it was lost shows nowhere
    paper:/dev/usb/lp0                one line an hour for a line printer

Nothing waits for a place. One that fails keeps no other from its checkpoint and is a task for somebody.
"""

import base64
import contextlib
import hashlib
import json
import logging
import os
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings

from . import seal as sealing
from .models import CheckpointPlace, Seal

log = logging.getLogger(__name__)
AGAIN = timedelta(minutes=1)  # until a place that failed is tried again
AT_ONCE = 50  # seals told in one writing: about 2 MB with their links
PATIENCE = 5.0  # seconds that a log on another machine may take
PAPER_EVERY = timedelta(hours=1)
AUDIT_ALERT = 13 * 8 + 5  # RFC 5424: facility log audit, severity notice


class CannotKeep(Exception):
    """A place does not take a checkpoint; the message says why."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """One seal as it is told outside. `line` is JSON without the links of single rows, `full` with them."""

    seal: int
    at: datetime
    digest: str
    line: bytes
    full: bytes


# The key


def key_file() -> Path:
    """Where the key that signs checkpoints lies; no other key lies there."""
    return Path(settings.AUDIT_KEY_FILE)


def private_key() -> Any:
    """The key that signs, made on first use and readable by this user only."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    path = key_file()
    if not path.exists():
        made = Ed25519PrivateKey.generate().private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f"{path.name}.draft-{os.getpid()}")
        with os.fdopen(os.open(draft, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "wb") as file:
            file.write(made)
        with contextlib.suppress(FileExistsError):  # another process was first: its key is the key
            os.link(draft, path)
        draft.unlink()
    return serialization.load_pem_private_key(path.read_bytes(), None)


def public_key() -> str:
    """The public key as 64 signs: what an auditor is given, and prints when the key is made."""
    raw: bytes = private_key().public_key().public_bytes_raw()
    return raw.hex()


def checkpoint(link: Seal, key: Any) -> Checkpoint:
    """A seal as it is told outside."""
    public = key.public_key().public_bytes_raw()
    said = {**sealing.statement(link), "key": hashlib.sha256(public).hexdigest()[:16]}
    signed = {"checkpoint": said, "signature": key.sign(sealing.as_json(said)).hex()}
    links = base64.b64encode(bytes(link.links)).decode()
    return Checkpoint(
        link.pk,
        link.at,
        link.digest,
        sealing.as_json(signed),
        sealing.as_json({**signed, "links": links}),
    )


# The places


def to_folder(folder: Path, news: Sequence[Checkpoint]) -> None:
    """A new file, named by its seals, in the folder of its day; with the links, which name a single row."""
    path = folder / f"{news[0].at:%Y-%m-%d}" / f"{news[0].seal:012}-{news[-1].seal:012}.jsonl"
    data = b"".join(each.full + b"\n" for each in news)
    if not folder.is_dir():
        raise CannotKeep("There is no such folder.")
    path.parent.mkdir(exist_ok=True)
    for attempt in range(10):
        chosen = path.with_stem(f"{path.stem}-{attempt}") if attempt else path
        try:
            with chosen.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            return
        except FileExistsError:
            found = chosen.read_bytes()
            if found == data:
                return
            if not data.startswith(found):
                raise CannotKeep(
                    f"Another checkpoint of seal {news[0].seal} lies here. Check the audit."
                ) from None
    raise CannotKeep(f"{path.name} was begun ten times and never finished.")


def known_to(where: str) -> int:
    """The last seal that a folder holds, 0 where it holds none.

    Raises CannotKeep where the database has that seal no more: then its end was cut off, or it was computed
    anew, or restored from before.
    """
    last = last_in(Path(where))
    if last is None:
        return 0
    if not Seal.objects.filter(pk=last[0], digest=last[1]).exists():
        raise CannotKeep(f"The audit has no longer what was put here of seal {last[0]}. Check the audit.")
    return last[0]


def last_in(folder: Path) -> tuple[int, str] | None:
    """Seal and digest of the last checkpoint of a folder."""
    for day in sorted((path for path in folder.glob("????-??-??")), reverse=True):
        for path in sorted(day.glob("*.jsonl"), reverse=True):
            for line in reversed(path.read_bytes().splitlines()):
                with contextlib.suppress(ValueError, KeyError):
                    said = json.loads(line)["checkpoint"]
                    return int(said["seal"]), str(said["digest"])
    return None


def to_syslog(address: str, news: Sequence[Checkpoint]) -> None:
    """One message each: to the socket of this machine, or over TCP or UDP to another."""
    kind, _, rest = address.partition(":")
    lines = [_syslog_line(each) for each in news]
    if kind not in ("tcp", "udp"):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as link:
            link.settimeout(PATIENCE)
            link.connect(address)
            for line in lines:
                link.send(line)
        return
    host, _, port = rest.rpartition(":")
    if kind == "udp":
        family = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
        with socket.socket(*family[:2]) as link:
            for line in lines:
                link.sendto(line, family[4])
        return
    with socket.create_connection((host, int(port)), PATIENCE) as link:
        link.sendall(b"".join(b"%d %s" % (len(line), line) for line in lines))


def _syslog_line(each: Checkpoint) -> bytes:
    at = each.at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    head = f"<{AUDIT_ALERT}>1 {at} {socket.gethostname()} clearway {os.getpid()} checkpoint - "
    return head.encode() + each.line


def to_paper(path: Path, news: Sequence[Checkpoint]) -> None:
    """A line for the eye: when, which seal, and the digest in groups of four."""
    with path.open("ab") as file:
        file.write(f"{paper_line(news[-1])}\n".encode())


def paper_line(each: Checkpoint) -> str:
    """The line that is printed, or read out and written down."""
    groups = " ".join(each.digest[start : start + 4] for start in range(0, 64, 4))
    return f"{each.at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC  seal {each.seal}  {groups}"


KINDS: dict[str, Callable[[str, Sequence[Checkpoint]], None]] = {
    "folder": lambda where, news: to_folder(Path(where), news),
    "syslog": to_syslog,
    "paper": lambda where, news: to_paper(Path(where), news),
}


# Telling them


def tell(at: datetime) -> bool:
    """Tell every place of the settings what it was not told yet. Says whether more waits.

    At most two queries a place where there is nothing to tell. Each place has a row that says how it stands;
    what a folder was told is read from the folder, since the row is no harder to change than the audit.
    """
    rows = {row.place: row for row in CheckpointPlace.objects.all()}
    newest = Seal.objects.order_by("-id").values_list("id", flat=True).first() or 0
    more = [
        _tend(rows.get(place) or CheckpointPlace(place=place), newest, at) for place in settings.AUDIT_PLACES
    ]
    return any(more)


def _told_to(row: CheckpointPlace, where: str, newest: int) -> int:
    """The last seal that a place was told of. Raises CannotKeep where that cannot be."""
    if row.place.startswith("folder:") and (known := known_to(where)):
        return known
    if row.seal > newest:
        if row.place.startswith("folder:"):
            return 0  # it holds nothing
        raise CannotKeep(
            f"It is noted as told of seal {row.seal}, and the newest is {newest}: the audit lost "
            "its end, or the note was changed. Check the audit, then name this place anew."
        )
    return row.seal


def _tend(row: CheckpointPlace, newest: int, at: datetime) -> bool:
    if row.problem and row.failed_at is not None and at < row.failed_at + AGAIN:
        return False
    kind, _, where = row.place.partition(":")
    if kind == "paper" and row.written_at is not None and at < row.written_at + PAPER_EVERY:
        return False
    try:
        if kind not in KINDS:
            raise CannotKeep(f"A place is {', '.join(KINDS)}, a colon and where; {kind!r} is none of them.")
        told = _told_to(row, where, newest)
        links = list(Seal.objects.filter(pk__gt=told).order_by("id")[:AT_ONCE])
        if not links and row.seal == told:
            return False
        key = private_key()
        if links:
            KINDS[kind](where, [checkpoint(link, key) for link in links])
    except (CannotKeep, OSError, ValueError) as problem:
        why = getattr(problem, "strerror", None) or str(problem)
        log.warning("no checkpoint of the audit in %s: %s", row.place, why)
        row.problem, row.failed_at = why[:300], at
        row.save()
        return False
    row.seal, row.written_at, row.problem, row.failed_at = links[-1].pk if links else told, at, "", None
    row.save()
    return len(links) == AT_ONCE
