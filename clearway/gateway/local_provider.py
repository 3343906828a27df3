"""The local provider as a server on this machine: Notify's interface, and telephones to look at.

It is for the demo and for tests. Nothing leaves the machine: what "arrives" is read on its pages, and what is
typed there comes back as a text from a patient.
"""

import contextlib
import html
import json
import logging
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from clearway.domain.shared.delivery import mobile
from clearway.simulation.provider import Callback, Note, Provider, Trouble, answer_of, stands

log = logging.getLogger(__name__)
HOST = "127.0.0.1"
TELL_EVERY = 0.2  # seconds
TELL_AGAIN = timedelta(seconds=5)  # Notify itself waits five minutes
SILENCE = 12.0  # seconds: longer than who asks waits
MOST_BODY = 64 * 1024
MOST_SHOWN = 200
KINDS = {"/v2/notifications/sms": "text", "/v2/notifications/email": "email"}
ADDRESS = {"text": "phone_number", "email": "email_address"}
Tell = Callable[[bytes], bool]


class LocalProvider:
    """A provider with its server and the thread that tells what became of messages.

    tell  takes the body of a callback and says whether it was taken
    key   what requests are signed with: name-service id-secret, as Notify gives it out
    silence  seconds before the connection of a request that gets no answer ends
    """

    def __init__(
        self, provider: Provider, tell: Tell, key: str, port: int = 0, silence: float = SILENCE
    ) -> None:
        self.provider, self.tell, self.key, self.silence = provider, tell, key, silence
        self.lock, self._stop = threading.Lock(), threading.Event()
        handler = type("Handler", (_Handler,), {"house": self})
        self.server = ThreadingHTTPServer((HOST, port), handler)
        self.server.daemon_threads = True
        self._threads = [
            threading.Thread(target=self.server.serve_forever, args=[0.05], daemon=True),
            threading.Thread(target=self._tell_all, daemon=True),
        ]

    @property
    def address(self) -> str:
        return f"http://{HOST}:{self.server.server_address[1]}"

    def start(self) -> "LocalProvider":
        for thread in self._threads:
            thread.start()
        return self

    def stop(self) -> None:
        self._stop.set()
        self.server.shutdown()
        self.server.server_close()

    def _tell_all(self) -> None:
        while not self._stop.wait(TELL_EVERY):
            self.tell_due(now())

    def tell_due(self, at: datetime) -> None:
        """Tell what is due; what is not taken is told again."""
        with self.lock:
            ready = self.provider.due(at)
        for callback in ready:
            if not self._told(callback):
                with self.lock:
                    self.provider.again(callback, at + TELL_AGAIN)

    def _told(self, callback: Callback) -> bool:
        try:
            return self.tell(callback.body)
        except OSError as problem:
            log.info("A callback was not taken: %s", problem)
            return False


def post_to(address: str, key: str) -> Tell:
    """Callbacks go to this address by HTTP with a bearer token, as Notify sends them."""

    def tell(body: bytes) -> bool:
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {key}"}
        request = urllib.request.Request(address, body, headers, method="POST")
        with (
            contextlib.suppress(urllib.error.HTTPError),
            urllib.request.urlopen(request, timeout=5) as answer,
        ):
            return bool(200 <= answer.status < 300)
        return False

    return tell


def now() -> datetime:
    return datetime.now(UTC)


class _Handler(BaseHTTPRequestHandler):
    """One request. Notify's interface under /v2/, telephones under /."""

    house: LocalProvider
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *arguments: Any) -> None:
        """Numbers and words stay out of the log."""

    def do_POST(self) -> None:
        path = urllib.parse.urlsplit(self.path).path
        body = self.rfile.read(min(int(self.headers.get("Content-Length") or 0), MOST_BODY))
        if path in KINDS:
            self._send_one(KINDS[path], body)
        elif path.startswith("/phones/"):
            self._answered(_named(path), body)
        else:
            self._problem(404, "Not found")

    def do_GET(self) -> None:
        parts = urllib.parse.urlsplit(self.path)
        if parts.path.startswith("/v2/"):
            self._look_up(parts)
        elif parts.path == "/":
            self._page("Telephones of the demo", _phones(self.house))
        elif parts.path == "/phone.css":
            self._answer(200, CSS.encode(), "text/css")
        elif parts.path.startswith("/phones/"):
            self._page(_named(parts.path), _phone(self.house, _named(parts.path)))
        else:
            self._problem(404, "Not found")

    def _send_one(self, channel: str, body: bytes) -> None:
        if not self._is_signed():
            self._problem(403, "Invalid token: signature")
            return
        said = json.loads(body)
        to = str(said.get(ADDRESS[channel], ""))
        if channel == "text" and (to := mobile(to) or "") == "":
            self._problem(400, "phone_number Not a UK mobile number")
            return
        with self.house.lock:
            words = dict(said.get("personalisation") or {})
            found = self.house.provider.take(channel, to, words, str(said.get("reference", "")), now())
        if isinstance(found, Trouble):
            self._say_nothing()
        elif found is None:
            self._problem(429, "Exceeded rate limit for key type normal")
        else:
            self._json(201, answer_of(found))

    def _look_up(self, parts: urllib.parse.SplitResult) -> None:
        if not self._is_signed():
            self._problem(403, "Invalid token: signature")
            return
        asked = urllib.parse.parse_qs(parts.query)
        with self.house.lock:
            is_lost = self.house.provider.loses()
        if is_lost:
            self._say_nothing()
            return
        with self.house.lock:
            if parts.path == "/v2/notifications":
                found = self.house.provider.of_reference(asked.get("reference", [""])[0])
                said: Any = {
                    "notifications": [stands(each) for each in found],
                    "links": {"current": self.path},
                }
                self._json(200, said)
            elif (note := self.house.provider.notes.get(parts.path.rpartition("/")[2])) is not None:
                self._json(200, stands(note))
            else:
                self._problem(404, "No result found")

    def _say_nothing(self) -> None:
        """No answer: whoever asked cannot tell whether it was taken."""
        time.sleep(self.house.silence)
        self.close_connection = True

    def _is_signed(self) -> bool:
        import jwt

        scheme, _, token = self.headers.get("Authorization", "").partition(" ")
        try:
            said = jwt.decode(
                token, self.house.key[-36:], algorithms=["HS256"], options={"verify_iat": False}
            )
        except jwt.InvalidTokenError:
            return False
        is_fresh = abs(time.time() - float(said.get("iat", 0))) <= 30
        return scheme == "Bearer" and said.get("iss") == self.house.key[-73:-37] and is_fresh

    def _answered(self, number: str, body: bytes) -> None:
        """What was typed on a telephone; only from its own page."""
        origin = self.headers.get("Origin")
        words = urllib.parse.parse_qs(body.decode(errors="replace")).get("words", [""])[0].strip()[:1000]
        if origin is not None and urllib.parse.urlsplit(origin).netloc != self.headers.get("Host"):
            self._problem(403, "Only from its own page")
            return
        if words:
            with self.house.lock:
                self.house.provider.text_in(number, words, now())
        self.send_response(303)
        self.send_header("Location", f"/phones/{urllib.parse.quote(number)}")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _page(self, title: str, content: str) -> None:
        self._answer(200, PAGE.format(title=html.escape(title), content=content).encode(), "text/html")

    def _json(self, status: int, said: Any) -> None:
        self._answer(status, json.dumps(said).encode(), "application/json")

    def _problem(self, status: int, why: str) -> None:
        error = "RateLimitError" if status == 429 else "BadRequestError"
        self._json(status, {"status_code": status, "errors": [{"error": error, "message": why}]})

    def _answer(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header(
            "Content-Security-Policy", "default-src 'self'; form-action 'self'; frame-ancestors 'none'"
        )
        self.end_headers()
        self.wfile.write(body)


def _named(path: str) -> str:
    return urllib.parse.unquote(path.removeprefix("/phones/"))


def _phones(house: LocalProvider) -> str:
    with house.lock:
        rows = house.provider.phones()[:MOST_SHOWN]
    lines = "".join(
        f'<li><a href="/phones/{urllib.parse.quote(to)}"><b>{html.escape(to)}</b> '
        f"<time>{note.taken_at.astimezone():%H:%M}</time> "
        f"<span>{html.escape(note.words[:90])}</span></a></li>"
        for to, note in rows
    )
    none = "<p>Nothing has been sent yet. Reminders leave from 9 to 19 o'clock.</p>"
    about = "<p>Texts and emails of the demo, newest first. All are invented; nothing left this machine.</p>"
    return about + (f'<ul class="phones">{lines}</ul>' if rows else none)


def _phone(house: LocalProvider, to: str) -> str:
    with house.lock:
        notes = list(house.provider.thread(to))[-MOST_SHOWN:]
    lines = "".join(_bubble(each) for each in notes)
    box = (
        f'<form method="post" action="/phones/{urllib.parse.quote(to)}">'
        '<label for="words">Answer as this patient</label>'
        '<textarea id="words" name="words" rows="2" maxlength="1000" required autofocus></textarea>'
        "<button>Send</button></form>"
        if "@" not in to
        else "<p>Emails are not answered here.</p>"
    )
    again = (
        f'<p><a href="/phones/{urllib.parse.quote(to)}">Look again</a> · <a href="/">All telephones</a></p>'
    )
    return f'<ol class="thread" role="log">{lines or "<li>Nothing yet.</li>"}</ol>{box}{again}'


def _bubble(note: Note) -> str:
    who = "mine" if note.mine else "theirs"
    said = "From this telephone" if note.mine else f"Received: {note.status.value}"
    subject = f"<b>{html.escape(note.subject)}</b><br>" if note.subject else ""
    words = "".join(_linked(part) for part in note.words.split(" "))
    when = f"{note.taken_at.astimezone():%H:%M}"
    return f'<li class="{who}"><div>{subject}{words}</div><small>{said}, {when}</small></li>'


def _linked(word: str) -> str:
    """A word of a message; an address can be followed."""
    shown = html.escape(word).replace("\n", "<br>") + " "
    address = word.strip().rstrip(".,")
    return (
        f'<a href="{html.escape(address)}">{shown}</a>'
        if address.startswith(("http://", "https://"))
        else shown
    )


PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{title} - demo</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="/phone.css"></head>
<body><main><h1>{title}</h1>{content}</main></body></html>
"""
CSS = """
:root {
  color-scheme: light dark;
  --ink: #212b32; --paper: #f0f4f5; --card: #fff; --mine: #005eb8; --line: #768692;
}
@media (prefers-color-scheme: dark) {
  :root { --ink: #e8edee; --paper: #15191c; --card: #252b30; --mine: #1d5a99; --line: #5a646b; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 1.0625rem/1.5 Arial, sans-serif; }
main { max-width: 30rem; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.375rem; }
a { color: inherit; }
ul, ol { list-style: none; margin: 0; padding: 0; }
.phones a { display: block; padding: .75rem; margin-bottom: .25rem; background: var(--card); }
.phones a { text-decoration: none; }
.phones time { float: right; }
.phones span { display: block; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.thread { display: flex; flex-direction: column; gap: .75rem; margin-bottom: 1rem; }
.thread li { max-width: 85%; }
.thread div { padding: .625rem .875rem; border-radius: .875rem; background: var(--card); }
.thread div { overflow-wrap: anywhere; }
.thread .mine { align-self: flex-end; text-align: right; }
.thread .mine div { background: var(--mine); color: #fff; text-align: left; }
form { display: grid; gap: .5rem; }
textarea, button { font: inherit; padding: .5rem; border: 2px solid var(--line); border-radius: .25rem; }
textarea { background: var(--card); color: inherit; }
button { background: #007f3b; color: #fff; border-color: #00401e; min-height: 2.75rem; }
:focus { outline: 3px solid #ffb81c; }
"""
