"""Write the whole audit as lines of JSON, for an auditor: each seal, then each row in the order of the chain.

The line of a row is what the chain over the audit was made of. check_audit.py, which `clearway audit checker`
writes, holds the file against the checkpoints that were kept outside. That it was taken is itself recorded.

Example: clearway audit export audit.jsonl
"""

import argparse
import json
import os
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help="file to write; it must not exist yet")
    parser.add_argument("--json", action="store_true", help="print how much was written as JSON")


def run(arguments: argparse.Namespace) -> int:
    import getpass
    from datetime import UTC, datetime

    from clearway.cli import CannotRun, ground

    ground.prepare("owner")
    from django.db import transaction

    from clearway.core.audit.actions import Actor, Entry, record
    from clearway.core.audit.seal import export

    lines = 0
    try:
        descriptor = os.open(arguments.file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            for line in export():
                file.write(line + b"\n")
                lines += 1
    except OSError as problem:
        raise CannotRun(f"{arguments.file} cannot be written: {problem.strerror}.") from None
    with transaction.atomic():
        entry = Entry("audit.export", "audit", {"lines": lines})
        record([entry], organisation_id=None, by=Actor(f"command:{getpass.getuser()}"), at=datetime.now(UTC))
    size = arguments.file.stat().st_size
    if arguments.json:
        print(json.dumps({"file": str(arguments.file), "lines": lines, "bytes": size}))
    else:
        print(f"{arguments.file}: {lines} lines, {size / 1e6:.1f} MB.")
    return 0
