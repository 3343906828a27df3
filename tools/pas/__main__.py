"""A patient administration system to rehearse with: a book of its own in one file, and HL7 v2 to and from it.

    python -m tools.pas BOOK --listen 2576 --send 127.0.0.1:2575

It shares no code with Clearway: its messages leave by one library and come in by another. Type a line for
what its users do; each is answered by one line of JSON, and what follows from it is sent.

    register patient=M1 family=Brown given=Ada born=1970-03-01 sex=F nhs=9990548609
    update patient=M1 address="2 Low Road"     die patient=M1 on=2026-11-23     merge patient=M1 prior=M2
    refer referral=R1 patient=M1 service=PHYSIO question="Can they work?"
    complete referral=R1 question="..."        withdraw referral=R1
    book appointment=F1 patient=M1 clinic=BACK-MON start=2026-11-23T09:00+00:00 minutes=30 referral=R1
    move appointment=F1 start=...              cancel appointment=F1 reason=ILL
    arrive appointment=F1                      leave appointment=F1         miss appointment=F1
    cut                the link is away in both directions, and what is done meanwhile waits
    connect            it is back
    hold, release      what is done meanwhile leaves together
    deaf answers=1     so many answers to what it sends are lost; it sends again
    mute answers=1     so much of what comes is taken and not answered
    sent               wait until everything was answered
    extract file=pas.csv   every appointment, for `clearway exchange reconcile`
    state              what stands in the book
"""

import argparse
import json
import random
import shlex
import sys
from pathlib import Path
from typing import Any

from .link import Files, Listener, Sender
from .system import CannotDo, Pas, from_file, present

TYPED = {
    **{name: name for name in ("register", "update", "die", "merge", "refer", "complete", "withdraw")},
    **{name: name for name in ("move", "cancel", "miss", "arrive", "leave")},
    "book": "book_",
}
WAIT = 60.0  # seconds


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        "tools.pas", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("book", type=Path, help="file of its book; made where there is none")
    parser.add_argument("--listen", type=int, default=2576, help="port (default: %(default)s)")
    parser.add_argument("--send", default="127.0.0.1:2575", help="where to (default: %(default)s)")
    parser.add_argument("--application", default="PAS", help="MSH-3 (default: %(default)s)")
    parser.add_argument("--clock", type=Path, help="file with the time that it is; else the present")
    parser.add_argument("--mix", type=int, help="seed: what waits leaves in any order, some of it twice")
    parser.add_argument("--certificate", type=Path, help="certificate (PEM) for both directions: TLS, then")
    parser.add_argument("--key", type=Path, help="its key (PEM)")
    parser.add_argument("--authority", type=Path, help="authority of the other side's certificate (PEM)")
    return parser.parse_args()


class Desk:
    """Where somebody types."""

    def __init__(self, said: argparse.Namespace) -> None:
        clock = from_file(said.clock) if said.clock else present
        self.pas = Pas(said.book, clock, said.application)
        tls = Files(said.certificate, said.key, said.authority) if said.certificate else None
        host, _, port = said.send.rpartition(":")
        chance = random.Random(said.mix) if said.mix is not None else None
        self.sender = Sender(self.pas, host, int(port), tls, chance)
        self.listener = Listener(self.pas, "127.0.0.1", said.listen, tls)

    def connect(self) -> dict[str, Any]:
        self.listener.open()
        self.sender.is_open.set()
        return {}

    def cut(self) -> dict[str, Any]:
        self.listener.close()
        self.sender.is_open.clear()
        return {}

    def hold(self) -> dict[str, Any]:
        self.sender.is_open.clear()
        return {}

    def release(self) -> dict[str, Any]:
        self.sender.is_open.set()
        return {}

    def do(self, line: str) -> dict[str, Any]:
        """Do what a line says. Raises CannotDo, TypeError, ValueError, KeyError, OSError."""
        verb, *words = shlex.split(line)
        if strays := [word for word in words if "=" not in word]:
            raise CannotDo(f"Write {strays[0]} as name=value.")
        said = dict(word.split("=", 1) for word in words)
        if verb in TYPED:
            with self.sender.more:
                key = getattr(self.pas, TYPED[verb])(**said)
                self.sender.more.notify_all()
            return {"message": key}
        if verb in ("deaf", "mute"):
            target: Any = self.sender if verb == "deaf" else self.listener
            setattr(target, verb, int(said["answers"]))
            return {}
        if verb == "extract":
            with self.pas.lock:
                return {"rows": self.pas.extract(said["file"])}
        if verb == "state":
            with self.pas.lock:
                return self.pas.state()
        if verb == "sent":
            return {"waiting": self.sender.wait(WAIT)}
        if verb in ("cut", "connect", "hold", "release"):
            return getattr(self, verb)()  # type: ignore[no-any-return]
        raise CannotDo(f"Nothing is called {verb}. Start it with --help for what is.")


def main() -> None:
    desk = Desk(arguments())
    desk.connect()
    desk.sender.start()
    print(json.dumps({"listening": desk.listener.address[1]}), flush=True)
    for line in sys.stdin:
        if not line.strip():
            continue
        try:
            print(json.dumps({"ok": True, **desk.do(line)}), flush=True)
        except (CannotDo, ValueError, OSError) as problem:
            print(json.dumps({"ok": False, "why": str(problem)}), flush=True)
        except (TypeError, KeyError) as problem:
            print(json.dumps({"ok": False, "why": f"Look at --help: {problem}"}), flush=True)


if __name__ == "__main__":
    main()
