"""How fast check_audit.py goes through an export, beside json.loads and SHA-256 of its lines, in one run.

Rows are invented, about as long as real ones; each thousand has a signed checkpoint outside. No database.
Prints rows a second of both, and their ratio; the aim is 50,000 rows a second (S7).

Example: PYTHONPATH=. python bench/audit_verify.py --rows 300000
"""

import argparse
import base64
import hashlib
import json
import random
import struct
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from clearway.core.audit import check_audit

RUN = 1000
LINK = struct.Struct(">qq16s")


def row(key: int, luck: random.Random) -> bytes:
    """The line of one invented action."""
    detail = {"from": "queuing", "to": "cohorting", "note": luck.randbytes(60).hex(), "site": "REF12"}
    value = {
        "actor": f"pfc{luck.randrange(40)}",
        "at": f"2026-11-02T02:15:{key % 60:02}.000000+00:00",
        "detail": detail,
        "id": key,
        "organisation": 1,
        "request_id": luck.randbytes(8).hex(),
        "role": "patient_flow_coordinator",
        "subject": f"assignment:{key}/A45",
        "user": 7,
        "verb": "handovers.mark_cohorting",
        "xid": 1000 + key,
    }
    return check_audit.canonical(value)


def export(rows: int, folder: Path, key: Ed25519PrivateKey) -> tuple[Path, Path]:
    """An export of so many rows, and the checkpoints of its seals."""
    luck, digest, seals, lines = random.Random(7), bytes(32), [], []
    outside = folder / "checkpoints.jsonl"
    with outside.open("wb") as out:
        for first in range(0, rows, RUN):
            previous, links = digest, b""
            for number in range(first, min(first + RUN, rows)):
                lines.append(row(number + 1, luck))
                digest = hashlib.sha256(digest + lines[-1]).digest()
                links += LINK.pack(1001 + number, number + 1, digest[:16])
            said: dict[str, Any] = {
                "seal": len(seals) + 1,
                "rows": len(links) // LINK.size,
                "total": len(lines),
            }
            said |= {"previous": previous.hex(), "digest": digest.hex()}
            said |= {"links": hashlib.sha256(links).hexdigest()}
            packed = base64.b64encode(links).decode()
            seals.append(check_audit.canonical({"links": packed, "seal": said}))
            signature = key.sign(check_audit.canonical(said)).hex()
            whole = {"checkpoint": said, "links": packed, "signature": signature}
            out.write(check_audit.canonical(whole) + b"\n")
    path = folder / "audit.jsonl"
    path.write_bytes(b"".join(line + b"\n" for line in (*seals, *lines)))
    return path, outside


def bare(path: Path) -> int:
    """What nobody can do without who reads each row and hashes it."""
    count = 0
    with path.open("rb") as file:
        for line in file:
            if not line.startswith(check_audit.SEAL):
                json.loads(line)
                hashlib.sha256(line).digest()
                count += 1
    return count


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=300_000)
    arguments = parser.parse_args()
    key = Ed25519PrivateKey.generate()
    with tempfile.TemporaryDirectory() as folder:
        path, outside = export(arguments.rows, Path(folder), key)
        size = path.stat().st_size
        began = time.perf_counter()
        report = check_audit.check(path, [outside], key.public_key().public_bytes_raw())
        ours = arguments.rows / (time.perf_counter() - began)
        began = time.perf_counter()
        bare(path)
        baseline = arguments.rows / (time.perf_counter() - began)
        began = time.perf_counter()
        check_audit.check(path, [outside], key.public_key().public_bytes_raw(), every=True)
        slow = arguments.rows / (time.perf_counter() - began)
    print(f"{arguments.rows} rows, {size / 1e6:.0f} MB, {report['checkpoints']} checkpoints")
    print(f"check_audit.py                    {ours:10,.0f} rows/s")
    print(f"json.loads and SHA-256 alone      {baseline:10,.0f} rows/s   ratio {ours / baseline:.2f}")
    print(f"check_audit.py --every-signature  {slow:10,.0f} rows/s")
    return 1 if report["faults"] or report["rows"] != arguments.rows else 0


if __name__ == "__main__":
    sys.exit(main())
