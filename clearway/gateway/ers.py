"""The e-Referral Service as a client asks it: a token, then one worklist. Nothing is asked without a turn."""

import http.client
import json
import socket
import ssl
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from clearway.core.audit.actions import Actor
from clearway.desks.outpatients.intake import asking
from clearway.domain.shared.errors import CannotParse
from clearway.interchange import ers_account
from clearway.interchange.ers_account import Account
from clearway.interchange.ers_worklist import MOST_BYTES
from clearway.interchange.openid.asking import assertion, own_keys

from .openid.configuration import is_safe

PATIENCE = 60.0  # seconds for connecting and for an answer: a worklist may have 10 MB


class NotReached(Exception):
    """Nothing was asked of the interface."""


class NotGiven(Exception):
    """It was asked, or may have been, and gave no worklist."""


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    body: bytes


def account_of(path: Path) -> Account:
    """The account of a file, with a key that signs. Raises CannotParse and OSError."""
    account = ers_account.parse(path.read_text(encoding="utf-8"), is_safe=is_safe)
    own_keys(Path(account.key_file).read_bytes())
    return account


def ask(
    account: Account,
    service: tuple[int, str],
    which: str,
    *,
    organisation_id: int,
    by: Actor,
    clock: Callable[[], datetime],
) -> asking.Came:
    """Ask for one worklist of a service and take it. service: our id and its code

    Raises NotAllowed where its turns of the day are used up, NotReached and NotGiven; then nothing was taken.
    """
    key, code = service
    turn = asking.take_turn(key, which, organisation_id=organisation_id, by=by, at=clock())
    try:
        raw = worklist(account, account.services[code], which, at=clock())
    except NotReached as problem:
        asking.give_back(turn, str(problem), by=by, at=clock())
        raise
    except NotGiven as problem:
        asking.failed(turn, str(problem), by=by, at=clock())
        raise
    return asking.came(turn, raw, by=by, at=clock())


def worklist(account: Account, service: str, which: str, *, at: datetime) -> bytes:
    """A worklist as it is answered. service: its id at e-RS. Raises NotReached and NotGiven."""
    headers = {
        "Authorization": f"Bearer {_token(account, at)}",
        "Content-Type": ers_account.FHIR,
        "Accept": ers_account.FHIR,
        "X-Correlation-ID": str(uuid.uuid4()),
    }
    answer = _post(account.address + ers_account.PATH, ers_account.question(which, service), headers)
    if answer.status != 200:
        raise NotGiven(ers_account.why(answer.status, answer.body))
    if len(answer.body) > MOST_BYTES:
        raise NotGiven("the worklist is larger than 10 MB")
    return answer.body


def _token(account: Account, at: datetime) -> str:
    """A token of the platform. Whatever is wrong here, the interface was not asked."""
    try:
        (key, *_) = own_keys(Path(account.key_file).read_bytes())
        signed = assertion(
            key, account.client_id, account.token_address, str(uuid.uuid4()), at, ers_account.SIGNED_WITH
        )
        form = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        asked = urlencode(ers_account.for_token(signed)).encode()
        answer = _post(account.token_address, asked, form)
        said = json.loads(answer.body) if answer.status == 200 else {}
    except (OSError, CannotParse) as problem:
        raise NotReached(f"the key file cannot be used: {type(problem).__name__}") from problem
    except ValueError:
        said = {}
    except NotGiven as problem:
        raise NotReached(f"no token: {problem}") from None
    token = said.get("access_token") if isinstance(said, dict) else None
    if not isinstance(token, str) or not token.isascii() or not token.isprintable():
        raise NotReached(f"no token: the token address answered {answer.status}")
    return token


def _post(address: str, body: bytes, headers: Mapping[str, str]) -> _Answer:
    """One request, to this address and no other. Raises NotReached where no connection was made, else
    NotGiven where no whole answer came."""
    parts = urlsplit(address)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    link = kind(parts.hostname or "", parts.port, timeout=PATIENCE)
    try:
        try:
            link.connect()
        except (OSError, ssl.SSLError) as problem:
            raise NotReached(f"{parts.hostname} cannot be reached: {_why(problem)}") from problem
        try:
            link.request("POST", parts.path, body, dict(headers))
            found = link.getresponse()
            return _Answer(found.status, _whole(found))
        except (OSError, http.client.HTTPException) as problem:
            raise NotGiven(f"no whole answer came: {_why(problem)}") from problem
    finally:
        link.close()


def _whole(found: http.client.HTTPResponse) -> bytes:
    """The answer, one byte more than is taken at most; one that drips is cut off."""
    until, parts, size = time.monotonic() + PATIENCE, [], 0
    while size <= MOST_BYTES and (part := found.read1(65_536)):
        parts.append(part)
        size += len(part)
        if time.monotonic() > until:
            raise TimeoutError
    return b"".join(parts)


def _why(problem: Exception) -> str:
    if isinstance(problem, socket.gaierror):
        return "nobody knows its name"
    return type(problem).__name__
