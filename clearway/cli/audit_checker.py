"""Write check_audit.py: the one file that an auditor needs, beside Python, to check an export of the audit.

Example: clearway audit checker check_audit.py
"""

import argparse
import json
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, nargs="?", default=Path("check_audit.py"), help="file to write")
    parser.add_argument("--json", action="store_true", help="print what was written as JSON")


def run(arguments: argparse.Namespace) -> int:
    import hashlib

    import clearway
    from clearway.cli import CannotRun

    data = (Path(clearway.__file__).parent / "core" / "audit" / "check_audit.py").read_bytes()
    try:
        arguments.file.write_bytes(data)
    except OSError as problem:
        raise CannotRun(f"{arguments.file} cannot be written: {problem.strerror}.") from None
    digest = hashlib.sha256(data).hexdigest()
    if arguments.json:
        print(json.dumps({"file": str(arguments.file), "sha256": digest}))
    else:
        print(f"{arguments.file}: SHA-256 {digest}")
    return 0
