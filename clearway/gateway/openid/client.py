"""Asking the provider: what it is, its keys, a token for a code, more claims. Every answer within seconds."""

import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from http.client import HTTPException
from typing import Any, Generic, TypeVar
from urllib.parse import urlencode

from clearway.interchange.openid import asking
from clearway.interchange.openid.tokens import Claims, Untrusted

from .configuration import BACK, Configuration, is_safe

PATIENCE = 5.0  # seconds for one answer, all of it
AT_ONCE = 2  # of our threads may wait for it
TURN = 1.0  # seconds until one of those is done
MOST_BYTES = 1_000_000
KNOWN_FOR = timedelta(minutes=10)  # what the provider says of itself, and its keys
ASKED_AGAIN_AFTER = timedelta(seconds=10)  # for a key that nobody knows: anybody can name one
T = TypeVar("T")
DISCOVERY = "/.well-known/openid-configuration"


class Away(Exception):
    """The provider does not answer as one would. The message is for the log."""


class Silent(Away):
    """Nothing was heard from it in time: whoever asks next would wait as long."""


class Refused(Exception):
    """The provider would not give a token. The message is its word for why, for the log."""


@dataclass(frozen=True, slots=True)
class Provider:
    """What a provider says of itself (OpenID Connect Discovery 1.0).

    takes          in which ways who asks may sign
    names_itself   whether it says who it is when it sends somebody back (RFC 9207)
    """

    authorization: str
    token: str
    keys: str
    userinfo: str = ""
    end_session: str = ""
    takes: tuple[str, ...] = ()
    names_itself: bool = False


class Remembered(Generic[T]):
    """One thing that this process knows of the provider, for a while.

    A failure is remembered too: while the provider hangs, one request in ten seconds waits for it, and the
    others a second for that one.
    """

    def __init__(self) -> None:
        self.value: T | None = None
        self.at: datetime | None = None
        self.failed_at: datetime | None = None
        self.lock = threading.Lock()

    def get(self, fetch: Callable[[], T], at: datetime, no_older_than: timedelta = KNOWN_FOR) -> T:
        """What is known, fetched where it is older. Raises Away."""
        if not self.lock.acquire(timeout=TURN):
            raise Away("Another request waits for it.")
        try:
            if self.value is not None and self.at is not None and at - self.at <= no_older_than:
                return self.value
            if self.failed_at is not None and at - self.failed_at <= ASKED_AGAIN_AFTER:
                raise Away("It did not answer a moment ago.")
            try:
                self.value, self.at, self.failed_at = fetch(), at, None
            except Away:
                self.failed_at = at
                raise
            return self.value
        finally:
            self.lock.release()


_providers: dict[str, Remembered[Provider]] = {}
_keys: dict[str, Remembered[Sequence[Claims]]] = {}
_silent: dict[str, datetime] = {}  # addresses from which nothing was heard, and when
_turns = threading.BoundedSemaphore(AT_ONCE)


def forget() -> None:
    """Remember nothing of any provider: for tests that change one."""
    _providers.clear()
    _keys.clear()
    _silent.clear()


def provider(issuer: str, at: datetime) -> Provider:
    """The provider of this issuer. Raises Away."""
    return _providers.setdefault(issuer, Remembered()).get(lambda: _discover(issuer), at)


def keys(issuer: str, at: datetime, *, anew: bool = False) -> Sequence[Claims]:
    """Its public keys. anew: one is asked for that is not among them. Raises Away."""
    found = provider(issuer, at)
    age = ASKED_AGAIN_AFTER if anew else KNOWN_FOR
    return _keys.setdefault(issuer, Remembered()).get(lambda: _fetch_keys(found.keys), at, age)


def _fetch_keys(address: str) -> Sequence[Claims]:
    listed = _ask(address).get("keys")
    if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
        raise Away("Its keys are no list of keys.")
    return listed


def tokens(
    ours: Configuration, found: Provider, *, code: str, verifier: str, token_id: str, at: datetime
) -> Mapping[str, Any]:
    """What the provider gives for a code. Raises Refused or Away."""
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": f"{ours.address}{BACK}",
        "code_verifier": verifier,
        "client_id": ours.client_id,
        "client_assertion_type": asking.ASSERTION,
        "client_assertion": asking.assertion(
            ours.keys[0], ours.client_id, found.token, token_id, at, found.takes
        ),
    }
    return _ask_in_turn(found.token, at, body=urlencode(form).encode())


def more_claims(found: Provider, access_token: str, subject: str, at: datetime) -> Mapping[str, Any]:
    """What the provider says of the person besides the ID token. Raises Away, or Untrusted for another's."""
    if not found.userinfo:
        return {}
    said = _ask_in_turn(found.userinfo, at, bearer=access_token)
    if said.get("sub") != subject:
        raise Untrusted("The provider spoke of somebody else (sub of userinfo).")
    return said


def _discover(issuer: str) -> Provider:
    said = _ask(f"{issuer.rstrip('/')}{DISCOVERY}")
    if said.get("issuer") != issuer:
        raise Away("It calls itself by another issuer than CLEARWAY_OPENID_ISSUER.")

    def address(name: str, *, needed: bool = True) -> str:
        value = said.get(name)
        if value is None and not needed:
            return ""
        if not isinstance(value, str) or not is_safe(value):
            raise Away(f"It gives no https address as {name}.")
        return value

    takes = said.get("token_endpoint_auth_signing_alg_values_supported")
    return Provider(
        authorization=address("authorization_endpoint"),
        token=address("token_endpoint"),
        keys=address("jwks_uri"),
        userinfo=address("userinfo_endpoint", needed=False),
        end_session=address("end_session_endpoint", needed=False),
        takes=tuple(map(str, takes)) if isinstance(takes, list) else (),
        names_itself=said.get("authorization_response_iss_parameter_supported") is True,
    )


class _Stay(urllib.request.HTTPRedirectHandler):
    """A provider answers itself: what it is told goes to no other place."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


_opener = urllib.request.build_opener(_Stay())


def _ask_in_turn(address: str, at: datetime, *, body: bytes | None = None, bearer: str = "") -> Claims:
    """Ask for somebody who signs in: never more at once than may hang, and not what was silent just now.

    Only silence is remembered. An error in answer to one code says nothing of the next one's, and could be
    had on purpose to keep everybody out.
    """
    silent = _silent.get(address)
    if silent is not None and at - silent <= ASKED_AGAIN_AFTER:
        raise Away("It did not answer a moment ago.")
    if not _turns.acquire(timeout=TURN):
        raise Away(f"{AT_ONCE} requests wait for it.")
    try:
        return _ask(address, body=body, bearer=bearer)
    except Silent:
        _silent[address] = at
        raise
    finally:
        _turns.release()


def _ask(address: str, *, body: bytes | None = None, bearer: str = "") -> Mapping[str, Any]:
    """The JSON object at an address. Raises Refused for its 400 or 401 to a form, else Away."""
    asked = urllib.request.Request(address, data=body, headers={"Accept": "application/json"})
    if bearer:
        asked.add_header("Authorization", f"Bearer {bearer}")
    try:
        said = json.loads(_read(asked))
    except urllib.error.HTTPError as problem:
        if body is not None and problem.code in (400, 401):
            raise Refused(_word(problem)) from None
        raise Away(f"It answers {problem.code}.") from None
    except (OSError, HTTPException) as problem:
        raise Silent(f"No answer: {type(problem).__name__}.") from None
    except ValueError as problem:
        raise Away(f"No answer that can be read: {type(problem).__name__}.") from None
    if not isinstance(said, dict):
        raise Away("Its answer is no JSON object.")
    return said


def _read(asked: urllib.request.Request) -> bytes:
    """The whole answer. The limit holds for all of it: one that drips is cut off."""
    until = time.monotonic() + PATIENCE
    with _opener.open(asked, timeout=PATIENCE) as answer:
        parts, size = [], 0
        while part := answer.read1(65_536):
            parts.append(part)
            size += len(part)
            if time.monotonic() > until:
                raise TimeoutError
            if size > MOST_BYTES:
                raise ValueError("too large")
    return b"".join(parts)


def _word(problem: urllib.error.HTTPError) -> str:
    """The error code of RFC 6749; never its description, which may hold what was sent."""
    try:
        word = json.loads(problem.read(10_000)).get("error", "")
    except (OSError, ValueError, AttributeError):
        return "no reason"
    return word if isinstance(word, str) and word.replace("_", "").isalnum() else "no reason"
