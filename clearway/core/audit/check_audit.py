"""Hold an export of Clearway's audit against the checkpoints that were kept outside the database.

One file, and nothing but Python 3.9 or later: it can be read, copied and run by an auditor on a machine of
their own. It names the first row that was changed, removed, added or moved, also where the whole chain was
computed anew or its end was cut off.

    python3 check_audit.py audit.jsonl --checkpoints FOLDER --key PUBLIC_KEY

audit.jsonl   `clearway audit export`: a line for each seal, then a line for each row, oldest first. The line
              of a row is its canonical JSON, the very bytes that the chain was made of.
FOLDER        what was kept outside: a folder of checkpoints, or a file that holds them, such as a log
PUBLIC_KEY    64 signs, as `clearway audit key` printed them when the key was made

The chain: digest of a row = SHA-256(digest of the row before it + the row's line), from 32 zero bytes on. A
checkpoint says the digest after so many rows and is signed with Ed25519 (RFC 8032). A signature that is right
for the newest checkpoint speaks for all rows before it, so that only it and those that contradict the rows
are checked, unless --every-signature asks for all.

Exit code 0 in order, 1 a fault was found, 2 it could not be checked.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import hashlib
import json
import struct
import sys
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Iterable

    Fault = dict[str, Any]
    Point = tuple[int, int, int, int]

START = bytes(32)
LINK = struct.Struct(">qq16s")  # xid, id, and the start of the digest after the row
CHECKPOINT, SEAL = b'{"checkpoint"', b'{"links"'
sha256 = hashlib.sha256


class CannotCheck(Exception):
    """What was given cannot be read; the message says what and where."""


class Mark:
    """What the digest was after `total` rows, as a checkpoint or a seal of the export says."""

    def __init__(self, kind: str, where: str, value: Any, links: bytes, signature: bytes) -> None:
        self.kind, self.where = kind, where
        self.statement, self.links, self.signature = value, links, signature
        self.seal, self.rows, self.total = int(value["seal"]), int(value["rows"]), int(value["total"])
        self.digest, self.previous = bytes.fromhex(value["digest"]), bytes.fromhex(value["previous"])
        if not 0 < self.rows <= self.total:
            raise ValueError("rows")

    def expected(self) -> list[tuple[int, int, bytes]]:
        """(xid, id, start of the digest) for each of its rows; nothing where it holds none that are true."""
        is_whole = len(self.links) == self.rows * LINK.size
        is_meant = self.statement["links"] == sha256(self.links).hexdigest()
        return list(LINK.iter_unpack(self.links)) if is_whole and is_meant else []

    def is_signed(self, key: bytes | None) -> bool:
        """Whether the key signed it; True where no key was given."""
        return key is None or verify(key, canonical(self.statement), self.signature)


def canonical(value: object) -> bytes:
    """JSON as bytes that are the same on every machine."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


# Reading


def read_mark(line: bytes, kind: str, where: str) -> Mark:
    """The mark that a line holds. Raises CannotCheck."""
    try:
        value = json.loads(line)
        links = base64.b64decode(value.get("links", ""), validate=True)
        return Mark(kind, where, value[kind], links, bytes.fromhex(value.get("signature", "")))
    except (ValueError, KeyError, TypeError, AttributeError, binascii.Error):
        raise CannotCheck(f"{where}: this is no {kind}.") from None


def read_checkpoints(places: Iterable[str | Path]) -> tuple[list[Mark], list[Fault]]:
    """Every checkpoint in files and folders, and a fault for each line that should be one and is not."""
    marks: list[Mark] = []
    faults: list[Fault] = []
    for path in sorted(file for place in places for file in files_of(place)):
        with Path(path).open("rb") as file:
            for number, line in enumerate(file, 1):
                begin = line.find(CHECKPOINT)  # a log writes its own words before it
                if begin < 0:
                    continue
                try:
                    marks.append(read_mark(line[begin:], "checkpoint", f"{path}, line {number}"))
                except CannotCheck as problem:
                    faults.append(fault(str(problem)))
    return marks, faults


def files_of(place: str | Path) -> list[Path]:
    """The file itself, or every file below a folder."""
    path = Path(place)
    if not path.exists():
        raise CannotCheck(f"{place}: there is no such file or folder of checkpoints.")
    return [each for each in path.rglob("*") if each.is_file()] if path.is_dir() else [path]


def read_seals(file: BinaryIO) -> tuple[list[Mark], list[Fault], int]:
    """The seals at the start of an export, faults in them, and the place where its rows begin."""
    marks: list[Mark] = []
    faults: list[Fault] = []
    digest, total = START, 0
    while True:
        begin = file.tell()
        line = file.readline()
        if not line.startswith(SEAL):
            return marks, faults, begin
        try:
            mark = read_mark(line, "seal", f"{file.name}, byte {begin}")
        except CannotCheck as problem:
            faults.append(fault(str(problem)))
            continue
        if mark.previous != digest or mark.total - mark.rows != total:
            what = "does not stand on the one before it: a seal was removed or changed"
            faults.append(fault(f"{mark.where}: seal {mark.seal} {what}.", seal=mark.seal))
        digest, total = mark.digest, mark.total
        marks.append(mark)


# Checking


def fault(
    what: str,
    seal: int | None = None,
    number: int | None = None,
    row: int | None = None,
    xid: int | None = None,
) -> Fault:
    """row and xid name the first bad row, number says which it is or was in the order, from 1."""
    return {"row": row, "xid": xid, "number": number, "seal": seal, "what": what}


def check(
    path: str | Path,
    places: Iterable[str | Path] = (),
    key: bytes | None = None,
    heads: Iterable[bytes] = (),
    every: bool = False,
) -> dict[str, Any]:
    """The report on an export: rows, unchecked, head, checkpoints, and faults, the first bad row first."""
    marks, faults = read_checkpoints(places)
    marks, forged = signed(marks, key, every)
    newest = marks[-1].total if marks else 0
    with Path(path).open("rb") as file:
        seals, wrong, begin = read_seals(file)
        walk = Walk(file, begin, key, set(heads))
        walk.over(sorted(marks + seals, key=lambda mark: (mark.total, mark.kind == "seal")), newest)
    faults = sorted(walk.faults + faults + forged + wrong, key=lambda each: each["number"] is None)
    return {
        "rows": walk.count,
        "unchecked": walk.count - walk.agreed,
        "head": walk.digest.hex(),
        "checkpoints": len(marks),
        "faults": faults,
    }


def signed(marks: list[Mark], key: bytes | None, every: bool) -> tuple[list[Mark], list[Fault]]:
    """The checkpoints in order without those that the key did not sign, and a fault for each of these.

    Without `every`, from the newest back to the first that is signed: it speaks for those before it.
    """
    left, kept, forged = sorted(marks, key=lambda mark: mark.total), list[Mark](), list[Mark]()
    while left and (every or not kept):
        mark = left.pop()
        (kept if mark.is_signed(key) else forged).append(mark)
    return left + kept[::-1], [not_signed(mark) for mark in forged]


def not_signed(mark: Mark) -> Fault:
    """The fault of a checkpoint that somebody else made."""
    return fault(
        f"{mark.where}: the checkpoint of seal {mark.seal} is not signed by this key.", seal=mark.seal
    )


class Walk:
    """One walk along the rows of an export.

    count, digest  rows read so far, and the digest after them
    agreed         rows up to the last mark that agreed and whose word stands; its digest is `start`
    begin, run     where the rows after it begin in the file, and the digest after each of them
    doubt          what a seal of the export says against a row, until a checkpoint says who is right
    """

    def __init__(self, file: BinaryIO, begin: int, key: bytes | None, heads: set[bytes]) -> None:
        self.file, self.key, self.heads = file, key, heads
        self.count, self.agreed, self.digest, self.start = 0, 0, START, START
        self.begin, self.run = begin, list[bytes]()
        self.doubt: Fault | None = None
        self.faults: list[Fault] = []
        file.seek(begin)

    def over(self, marks: list[Mark], newest: int) -> None:
        """Hold the rows against each mark in its order, and stop at the first row that is wrong.

        newest  rows under the newest checkpoint: up to there a checkpoint speaks, after it the export's seals
        """
        for mark in marks:
            self.read(mark.total - self.count)
            if self.count == mark.total and self.digest == mark.digest:
                self.agree(mark, newest)
            elif mark.kind == "seal":
                self.doubt = self.doubt or self.explain(mark)
            elif not mark.is_signed(self.key):
                self.faults.append(not_signed(mark))
            else:
                self.faults.append(self.doubt or self.explain(mark))
                return
        self.faults += [self.doubt] if self.doubt else []
        self.read(None)
        for head in sorted(self.heads.difference(self.run)):
            what = "which was kept outside: rows were cut off or computed anew."
            self.faults.append(fault(f"No row has the digest {head.hex()}, {what}"))

    def read(self, most: int | None) -> None:
        """Read rows, at most so many; None for all that are left."""
        digest, run = self.digest, self.run
        for line in islice(self.file, None if most is None else max(most, 0)):
            digest = sha256(digest + line.rstrip(b"\n")).digest()
            run.append(digest)
        self.count, self.digest = self.agreed + len(run), digest

    def agree(self, mark: Mark, newest: int) -> None:
        """The rows so far are as this mark says: a seal before it that said otherwise was changed."""
        if mark.kind == "seal" and (self.doubt or mark.total < newest):
            return
        if self.doubt:
            what = f"Seal {self.doubt['seal']} was changed; the rows under it were not."
            self.faults.append(fault(what, self.doubt["seal"]))
            self.doubt = None
        self.heads.difference_update(self.run)
        self.agreed, self.start, self.begin, self.run = self.count, self.digest, self.file.tell(), []

    def explain(self, mark: Mark) -> Fault:
        """The first row since the last agreement that is not as this mark says."""
        first, expected = mark.total - mark.rows, mark.expected()
        if first > self.count or (not expected and mark.total > self.count):
            what = f"Rows {self.count + 1} to {mark.total} are gone: the end was cut off."
            return fault(what, mark.seal, self.count + 1)
        if self.digest_after(first) != mark.previous:
            return self.between(mark, first)
        if not expected:
            return self.between(mark, mark.total)
        for place, (xid, key, start) in enumerate(expected, first):
            if place == self.count:
                what = f"Row {key} is gone, with all that came after it: the end was cut off."
                return fault(what, mark.seal, place + 1, key, xid)
            if self.run[place - self.agreed][:16] != start:
                return self.name(mark, place, (xid, key))
        return fault(f"{mark.where}: it contradicts itself.", mark.seal)

    def digest_after(self, total: int) -> bytes | None:
        """The digest after so many rows; None where they were not read since the last agreement."""
        if total == self.agreed:
            return self.start
        return self.run[total - self.agreed - 1] if total > self.agreed else None

    def between(self, mark: Mark, last: int) -> Fault:
        """No mark says more than that the fault lies among these rows: the first of them is named."""
        row = self.row(self.agreed) or {}
        what = f"One of the rows {self.agreed + 1} to {last} of the export is not as {mark.where} says."
        return fault(what, mark.seal, self.agreed + 1, row.get("id"), row.get("xid"))

    def name(self, mark: Mark, place: int, expected: tuple[int, int]) -> Fault:
        """In words how a row differs from the one that should stand in its place."""
        row = self.row(place)
        found = (row["xid"], row["id"]) if row else expected
        if found < expected:
            what = f"Row {found[1]} was added or moved."
            return fault(what, mark.seal, place + 1, found[1], found[0])
        what = (
            f"Row {expected[1]} was changed."
            if found == expected
            else f"Row {expected[1]} is gone or was moved."
        )
        return fault(what, mark.seal, place + 1, expected[1], expected[0])

    def row(self, place: int) -> dict[str, int] | None:
        """The row at a place since the last agreement; None where it cannot be read."""
        back = self.file.tell()
        self.file.seek(self.begin)
        line = next(islice(self.file, place - self.agreed, None), b"")
        self.file.seek(back)
        try:
            value = json.loads(line)
            return {"id": int(value["id"]), "xid": int(value["xid"])}
        except (ValueError, KeyError, TypeError):
            return None


# Ed25519 (RFC 8032, section 5.1): points of the curve as (X, Y, Z, T) with x = X/Z, y = Y/Z, xy = T/Z

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)  # of -1


def verify(key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the signature is the key's, of this message."""
    if len(key) != 32 or len(signature) != 64:
        return False
    public, nonce, scalar = point(key), point(signature[:32]), int.from_bytes(signature[32:], "little")
    if public is None or nonce is None or scalar >= ORDER:
        return False
    hashed = hashlib.sha512(signature[:32] + key + message).digest()
    challenge = int.from_bytes(hashed, "little") % ORDER
    left, right = times(scalar, BASE), add(nonce, times(challenge, public))
    return all((left[axis] * right[2] - right[axis] * left[2]) % P == 0 for axis in (0, 1))


def point(data: bytes) -> Point | None:
    """The point that 32 bytes stand for; None where there is none."""
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (2**255 - 1)
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    if y >= P or (x * x - square) % P or (x == 0 and sign):
        return None
    x = P - x if x & 1 != sign else x
    return (x, y, 1, x * y % P)


def add(one: Point, other: Point) -> Point:
    """The sum of two points (section 5.1.4)."""
    a = (one[1] - one[0]) * (other[1] - other[0]) % P
    b = (one[1] + one[0]) * (other[1] + other[0]) % P
    c, d = 2 * one[3] * other[3] * D % P, 2 * one[2] * other[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def times(scalar: int, base: Point) -> Point:
    """A point added to itself so many times."""
    total = (0, 1, 1, 0)
    for bit in bin(scalar)[2:]:
        total = add(total, total)
        if bit == "1":
            total = add(total, base)
    return total


BASE = point((4 * pow(5, P - 2, P) % P).to_bytes(32, "little")) or (0, 1, 1, 0)


# The command


def main(words: list[str] | None = None) -> int:
    """Check, print what was found, and say by the exit code how it stands."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("export", help="what `clearway audit export` wrote")
    parser.add_argument("--checkpoints", action="append", default=[], metavar="PLACE", help="file or folder")
    parser.add_argument("--key", metavar="PUBLIC_KEY", help="public key, 64 signs, from `clearway audit key`")
    parser.add_argument("--head", action="append", default=[], metavar="DIGEST", help="digest kept on paper")
    parser.add_argument("--every-signature", action="store_true", help="check every signature, which is slow")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    given = parser.parse_args(words)
    try:
        key = hexadecimal(given.key, "--key") if given.key else None
        heads = [hexadecimal(head, "--head") for head in given.head]
        report = check(given.export, given.checkpoints, key, heads, given.every_signature)
    except (CannotCheck, OSError) as problem:
        sys.stderr.write(f"It could not be checked. {problem}\n")
        return 2
    sys.stdout.write(json.dumps(report) + "\n" if given.json else in_words(report, key))
    return 1 if report["faults"] else 0


def hexadecimal(text: str, option: str) -> bytes:
    """32 bytes, written as 64 signs; blanks and dashes between them, as on paper, do no harm."""
    try:
        value = bytes.fromhex(text.replace("-", "").replace(" ", ""))
    except ValueError:
        value = b""
    if len(value) != 32:
        raise CannotCheck(f"{option} has to be 64 signs from 0 to 9 and a to f.")
    return value


def in_words(report: dict[str, Any], key: bytes | None) -> str:
    """The report for a person."""
    faults = [each["what"] for each in report["faults"]]
    lines = ["NOT IN ORDER." if faults else "In order.", *faults]
    lines.append(f"Rows read: {report['rows']}, of which not vouched for: {report['unchecked']}.")
    lines.append(f"Checkpoints from outside: {report['checkpoints']}.")
    lines.append(f"Digest after the last row that was read: {report['head']}")
    if not report["checkpoints"]:
        lines.append("Without checkpoints nobody can see that the end was cut off, or all computed anew.")
    elif key is None:
        lines.append("No --key was given: who made the checkpoints was not checked.")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
