"""A screen: a client of the live stream that notes what it gets, and comes back when it is cut off."""

import contextlib
import json
import threading
import time
from dataclasses import dataclass, field

import httpx


@dataclass
class Screen:
    """Follows the topic of the feeds from the present, or from an id, as a browser does.

    pushes  (id, key) as they came; beats (moment of time.monotonic) likewise
    """

    address: str
    cookie: str
    after: str = ""
    pushes: list[tuple[int, str]] = field(default_factory=list)
    beats: list[float] = field(default_factory=list)
    resets: int = 0
    connections: int = 0
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def open(self) -> "Screen":
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._thread.start()
        return self

    def close(self) -> None:
        self._stop.set()

    @property
    def keys(self) -> list[str]:
        return [key for _, key in self.pushes]

    def _follow(self) -> None:
        with httpx.Client(cookies={"sessionid": self.cookie}, timeout=httpx.Timeout(10)) as client:
            while not self._stop.is_set():
                with contextlib.suppress(httpx.HTTPError):
                    self._read(client)
                time.sleep(0.05)

    def _read(self, client: httpx.Client) -> None:
        seen = str(self.pushes[-1][0]) if self.pushes else self.after
        headers = {"Last-Event-ID": seen} if seen else {}
        with client.stream("GET", f"{self.address}/live/?topics=feeds", headers=headers) as answer:
            answer.raise_for_status()
            self.connections += 1
            event: dict[str, str] = {}
            for line in answer.iter_lines():
                if self._stop.is_set():
                    return
                if line:
                    name, _, value = line.partition(": ")
                    event[name] = value
                else:
                    self._note(event)
                    event = {}

    def _note(self, event: dict[str, str]) -> None:
        if event.get("event") == "push":
            self.pushes.append((int(event["id"]), json.loads(event["data"])["key"]))
        elif event.get("event") == "beat":
            self.beats.append(time.monotonic())
        elif event.get("event") == "reset":
            self.resets += 1
