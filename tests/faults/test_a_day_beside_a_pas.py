"""A day of the demo department beside a PAS: a second process with its own book, and only HL7 between them.

Two trusts live through the same day. One's PAS sends in order; the other's sends what is ready in any order,
some of it twice. For an hour the link of both is cut. The day passes in seconds, by a clock in a file.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.faults.a_day import ON, TRUSTS
from tests.faults.house import REPOSITORY, House, a_house, free_port, listens, wait_for

SERVICE = "X-MSK"  # the largest: it has slots enough for everybody of this day
SEED = 3
STILL_TO_GO = """
SELECT count(*) FROM core_outgoing
 WHERE kind = 'hl7' AND (state = 'sending' OR state IN ('queued', 'ready') AND due_at <= %s)
"""


class Speaking:
    """A process that is given a line and answers with a line of JSON."""

    def __init__(self, *words: str, log: Path, **more: Any) -> None:
        with log.open("ab") as errors:
            self.process = subprocess.Popen(
                [sys.executable, *words],
                stdin=-1,
                stdout=-1,
                stderr=errors,
                text=True,
                cwd=REPOSITORY,
                **more,
            )

    def answer(self) -> Any:
        assert self.process.stdout is not None
        return json.loads(self.process.stdout.readline())

    def ask(self, line: str) -> Any:
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self.answer()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@dataclass
class Pas:
    """The PAS of one trust, as a process; its book outlives it."""

    name: str
    folder: Path
    words: tuple[str, ...]
    process: Speaking = field(init=False)

    def begin(self) -> None:
        """Start it; its first line says that it has."""
        # It cannot reach Clearway's code: only its own folder is on its path.
        path = self.folder / "path" / "tools"
        if not path.exists():
            path.parent.mkdir()
            path.symlink_to(REPOSITORY / "tools")
        own = {"env": {"PYTHONPATH": str(path.parent), "PATH": os.environ["PATH"], "PYTHONSAFEPATH": "1"}}
        words = ("-m", "tools.pas", str(self.folder / f"{self.name}.json"), *self.words)
        self.process = Speaking(*words, log=self.folder / f"{self.name}-pas.log", **own)

    def say(self, line: str) -> Any:
        answer = self.process.ask(line)
        assert answer.pop("ok"), (self.name, line, answer)
        return answer


@dataclass
class Day:
    """The house, both systems and the desk; `clock` is the file that all of them read."""

    house: House
    clock: Path
    pas: list[Pas]
    desk: Speaking
    port: int
    found: dict[str, Any]

    def at(self, hour: int, minute: int = 0) -> None:
        """It is now so late."""
        self.now(datetime(ON.year, ON.month, ON.day, hour, minute, tzinfo=UTC))

    def now(self, at: datetime) -> None:
        draft = self.clock.with_suffix(".draft")
        draft.write_text(at.isoformat())
        draft.replace(self.clock)

    @property
    def present(self) -> datetime:
        return datetime.fromisoformat(self.clock.read_text())

    def tell(self, *lines: str) -> None:
        """Both PAS do the same at once: what follows from it is ready together."""
        for pas in self.pas:
            pas.say("hold")
            for line in lines:
                pas.say(line)
            pas.say("release")
        self.sent()

    def note(self, *lines: str) -> None:
        """Both PAS do the same while the link is cut."""
        for pas in self.pas:
            for line in lines:
                pas.say(line)

    def sent(self) -> None:
        for pas in self.pas:
            assert pas.say("sent") == {"waiting": 0}

    def do(self, what: str, **said: Any) -> list[Any]:
        """Both desks do the same; what came of each."""
        found = []
        for trust in TRUSTS:
            answer = self.desk.ask(json.dumps({"trust": trust, "what": what, **said}))
            assert "failed" not in answer, (trust, what, said, answer)
            found.append(answer["came"])
        return found

    def listen(self) -> None:
        words = ("-m", "tests.faults.at_time", str(self.clock), "mllp", "--port", str(self.port))
        self.house.begin("mllp", *words)

    def is_heard(self) -> None:
        """Wait until the listener listens."""
        wait_for(lambda: listens(self.port), seconds=20, what="the listener")

    def begun(self) -> None:
        """Wait until both PAS and the listener are there: they start side by side."""
        for pas in self.pas:
            pas.process.answer()
        self.is_heard()

    def settle(self) -> None:
        """Until everything that was decided is told and answered on both sides."""
        for _ in range(30):
            self.now(self.present + timedelta(minutes=1))
            self.come_to_rest()
            self.sent()
            if all(set(each) <= {"sent"} for each in self.do("on_the_way")):
                return
        raise AssertionError(self.do("on_the_way"))

    def come_to_rest(self) -> None:
        """Until the worker has nothing to do at this instant."""
        wait_for(lambda: not self.house.ask(STILL_TO_GO, self.present), seconds=20, what="the outbox")

    def reconciled(self) -> list[dict[str, Any]]:
        """What reconciling finds with an extract of each PAS out of its own book."""
        found = []
        for pas in self.pas:
            file = pas.folder / f"{pas.name}.csv"
            rows = pas.say(f"extract file={file}")["rows"]
            answer = self.desk.ask(json.dumps({"trust": pas.name, "what": "reconcile", "file": str(file)}))
            found.append(answer["came"] | {"rows": rows})
        return found


@contextmanager
def a_day(folder: Path) -> Iterator[Day]:
    folder.chmod(0o777)
    clock, port, file = folder / "clock", free_port(), folder / "found.json"
    ports = [free_port() for _ in TRUSTS]
    with ExitStack() as stack:
        words = ["prepare", str(file), *map(str, ports)]
        prepare = f"import sys; sys.argv[1:] = {words!r}; from tests.faults.a_day import main; main()"
        house = stack.enter_context(a_house(prepare))
        day = Day(house, clock, [], None, port, json.loads(file.read_text()))  # type: ignore[arg-type]
        day.at(6)
        own = {"env": house.environment | {"CLEARWAY_PROCESS": "worker", "CLEARWAY_SUPERVISED": "1"}}
        day.desk = Speaking("-m", "tests.faults.a_day", str(clock), log=house.home / "desk.log", **own)
        stack.callback(day.desk.kill)
        day.listen()
        house.begin("worker", "-m", "tests.faults.at_time", str(clock), "worker", "inbox", "rules")
        for name, listens_on in zip(TRUSTS, ports, strict=True):
            mix = ("--mix", str(SEED)) if name == "mixed" else ()
            said = ("--listen", str(listens_on), "--send", f"127.0.0.1:{port}", "--application", name)
            day.pas.append(Pas(name, folder, (*said, "--clock", str(clock), *mix)))
            day.pas[-1].begin()
            stack.callback(lambda pas=day.pas[-1]: pas.process.kill())
        day.begun()
        yield day


@dataclass
class People:
    """Who is referred, and into which slots: the nth patient is Mn, with referral Rn and appointment Fn."""

    referred: list[dict[str, Any]]
    slots: list[dict[str, Any]]

    @classmethod
    def of(cls, found: dict[str, Any]) -> "People":
        adults = [each for each in found["referred"] if each["born"] < "2008"]
        return cls([each for each in adults if each["service"] == SERVICE], found["slots"])

    def slot(self, service: str, fits: Callable[[str], bool]) -> dict[str, Any]:
        """The first free slot of a service whose start fits; nobody else gets it."""
        found = next(each for each in self.slots if each["service"] == service and fits(each["start"]))
        self.slots.remove(found)
        return found


def registers(n: int, who: dict[str, Any], **more: str) -> str:
    said = {name: who[name] for name in ("family", "given", "born", "sex", "nhs", "address", "phone")} | more
    return f"register patient=M{n} " + " ".join(f'{name}="{value}"' for name, value in said.items() if value)


def refers(n: int, who: dict[str, Any], question: str = "Please assess and treat") -> str:
    return f'refer referral=R{n} patient=M{n} service={who["service"]} question="{question}"'


def books(n: int, slot: dict[str, Any]) -> str:
    where = f"clinic={slot['clinic']} start={slot['start']} minutes={slot['minutes']}"
    return f"book appointment=F{n} patient=M{n} referral=R{n} {where}"


def place(slot: dict[str, Any]) -> dict[str, str]:
    return {"clinic": slot["clinic"], "start": slot["start"]}


def times(*hours: int) -> Callable[[str], bool]:
    """Starts of the day itself in these hours."""
    return lambda start: any(start.startswith(f"{ON}T{hour:02}") for hour in hours)


def later(start: str) -> bool:
    """Starts of days so far ahead that people can be asked about them."""
    return start > f"{ON + timedelta(days=4)}"


@dataclass
class Booked:
    """Who is booked where as the day begins: appointment n -> its slot."""

    people: People
    slots: dict[int, dict[str, Any]] = field(default_factory=dict)

    def line(self, n: int, fits: Callable[[str], bool]) -> str:
        self.slots[n] = self.people.slot(self.people.referred[n - 1]["service"], fits)
        return books(n, self.slots[n])

    def other(self, n: int, fits: Callable[[str], bool] = later) -> dict[str, str]:
        """Another free slot for the same patient."""
        return place(self.people.slot(self.people.referred[n - 1]["service"], fits))


MORNING, AFTERNOON, LATER = range(1, 7), range(7, 9), range(9, 18)
REFERRED, WITHDRAWN, URGENT = range(18, 24), 23, 22  # on the day itself
MET = 24  # first heard of while the link was cut


def test_a_whole_day_beside_a_pas_is_reconciled_to_zero_though_the_link_was_cut(tmp_path: Path) -> None:
    with a_day(tmp_path) as day:
        booked = Booked(People.of(day.found))
        before_the_doors_open(day, booked)
        morning(day, booked)
        cut(day)
        expected = an_hour_apart(day, booked)
        in_the_cut = day.reconciled()
        link_is_back(day)
        afternoon(day)
        day.at(22)
        day.settle()
        at_night, states, waiting = day.reconciled(), day.do("state"), day.do("waiting")
        kept = [pas.say("state") for pas in day.pas]

    for found in in_the_cut:
        differing = {row["filler"] or "here": row["fields"] or [row["kind"]] for row in found["differing"]}
        assert differing == expected
    for found in at_night:
        assert (found["differing"], found["alike"]) == ([], found["rows"])
    assert (waiting, [each["waiting"] for each in kept]) == ([[], []], [0, 0])
    assert [each["refused"] for each in kept] == [
        [],
        [],
    ]  # in whatever order: nothing of this day asks for one
    for each in kept:
        assert len([clock for clock in each["clocks"].values() if clock["ended"]]) == 5
    assert states[0] == states[1]
    assert ["appointment", f"M{URGENT}"] in [each[:2] for each in states[0]]  # the seat that was freed


def before_the_doors_open(day: Day, booked: Booked) -> None:
    """What the PAS holds already: people, referrals, and who is booked."""
    referred = booked.people.referred[: LATER.stop - 1]
    day.tell(*(line for n, who in enumerate(referred, 1) for line in (registers(n, who), refers(n, who))))
    lines = [booked.line(n, times(8, 9)) for n in MORNING]
    lines += [booked.line(n, times(13)) for n in AFTERNOON]
    lines += [booked.line(n, later) for n in LATER]
    day.at(6, 30)
    day.do("triage", minutes={f"R{n}": slot["minutes"] for n, slot in booked.slots.items()})
    day.tell(*lines)


def morning(day: Day, booked: Booked) -> None:
    """People come or do not, marry, die; referrals come; the desk books, cancels, moves, and fills a seat."""
    who = booked.people.referred
    day.at(8, 40)
    day.tell(*(f"arrive appointment=F{n}" for n in MORNING[:4]))
    day.at(9, 20)
    day.tell(
        "leave appointment=F4",
        "miss appointment=F5",
        'update patient=M1 address="2 Low Road"',
        registers(90, who[1], family="Unmarried", nhs=""),
    )
    day.at(9, 40)
    day.tell("merge patient=M2 prior=M90", f"die patient=M9 on={ON - timedelta(days=1)}")
    day.at(10)
    questions = ["", "", *["Please assess"] * 4]
    day.tell(*(registers(n, who[n - 1]) for n in REFERRED))
    day.tell(*(refers(n, who[n - 1], said) for n, said in zip(REFERRED, questions, strict=True)))
    day.at(10, 5)
    day.tell(
        'complete referral=R18 question="Can they work?"',
        'complete referral=R19 question="At home?"',
        f"withdraw referral=R{WITHDRAWN}",
    )
    day.at(10, 30)
    day.do("triage", minutes={f"R{n}": 45 for n in REFERRED if n not in (WITHDRAWN, URGENT)})
    day.do("triage", minutes={f"R{URGENT}": 45}, priority="2")
    for n in (18, 19):
        day.do("book", referral=f"R{n}", **booked.other(n))
    for pas in day.pas:  # an answer is lost on the way, in each direction
        pas.say("mute answers=1")
        pas.say("deaf answers=1")
    day.tell("arrive appointment=F6")
    day.settle()
    day.at(11)
    day.do("cancel", appointment="F10")
    day.do("move", appointment="F11", **booked.other(11))
    day.do("fill", appointment="F10")
    day.settle()


def cut(day: Day) -> None:
    """The link goes, on both sides: the listener here by a signal."""
    day.at(12)
    for pas in day.pas:
        pas.say("cut")
    day.house.kill("mllp")


def an_hour_apart(day: Day, booked: Booked) -> dict[str, list[str]]:
    """Both go on without the other; what must differ then, by the PAS's id of the appointment."""
    who = booked.people.referred
    day.at(12, 5)
    moved = booked.other(12)
    day.note(
        registers(MET, who[MET - 1]),
        refers(MET, who[MET - 1]),
        books(20, booked.people.slot(SERVICE, later)),
        f"move appointment=F12 start={moved['start']} clinic={moved['clinic']}",
        "cancel appointment=F13 reason=ILL",
    )
    day.at(12, 10)
    day.do("cancel", appointment="F14")
    day.do("move", appointment="F15", **booked.other(15))
    day.do("book", referral="R21", **booked.other(21))
    assert day.do("attended", appointments=["F1", "F2"]) == [[], []]
    assert day.do("missed", appointments=["F4"]) == [[], []]
    day.at(12, 20)
    moved = booked.other(16)
    day.note(
        "cancel appointment=F15",  # what was moved at the desk meanwhile
        f"move appointment=F16 start={moved['start']} clinic={moved['clinic']}",
    )
    day.at(12, 25)
    day.do("cancel", appointment="F16")  # what was moved there meanwhile
    day.at(12, 30)
    day.come_to_rest()
    return {
        "F4": ["state"],
        "F12": ["time", "clinic"],
        "F13": ["state"],
        "F14": ["state"],
        "F15": ["time", "clinic", "state"],
        "F16": ["time", "clinic", "state"],
        "F20": ["there only"],
        "here": ["here only"],
    }


def link_is_back(day: Day) -> None:
    """The PAS was killed meanwhile: it comes back from its book, and everything that waited leaves."""
    for pas in day.pas:
        pas.process.kill()
    day.at(13)
    day.listen()
    for pas in day.pas:
        pas.begin()
    day.begun()
    day.settle()


def afternoon(day: Day) -> None:
    day.at(13, 5)
    day.tell("arrive appointment=F7")
    day.at(14, 30)
    day.tell("miss appointment=F8", "cancel appointment=F17 reason=ILL")
    day.at(17)
    assert day.do("attended", appointments=["F3", "F6", "F7"]) == [[], []]
