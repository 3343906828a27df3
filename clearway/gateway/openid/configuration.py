"""How the provider is set up here: settings and the two files, read whenever they are needed.

So that a new key or a changed access file counts from the next sign-in, without a restart.
"""

import hashlib
import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from clearway.core.people.roles import ROLES
from clearway.domain.shared.errors import CannotParse
from clearway.interchange.openid import access, asking

# Where the provider sends people and messages; to be entered there behind our address.
BACK, LOGOUT, KEYS, SIGNED_OUT = (
    "/sign-in/provider/back/",
    "/sign-in/provider/logout/",
    "/sign-in/provider/keys/",
    "/sign-in/",
)


@dataclass(frozen=True, slots=True)
class Configuration:
    """Everything that is needed to sign somebody in. version: names the access file's text, for the audit."""

    issuer: str
    client_id: str
    address: str
    name: str
    scope: str
    keys: tuple[asking.OwnKey, ...]
    access: access.Access
    version: str


def read(values: Mapping[str, str]) -> Configuration:
    """The configuration from the settings OPENID. Raises CannotParse with the setting to mend."""
    for name in ("issuer", "client_id", "address"):
        if not values[name]:
            raise CannotParse(_setting(name), "It is not set.", "See docs/reference/settings.md.")
    for name in ("issuer", "address"):
        if not is_safe(values[name]):
            raise CannotParse(_setting(name), "It does not begin with https://.", "Give the https address.")
    if "openid" not in values["scope"].split():
        raise CannotParse(_setting("scope"), "It lacks the scope openid.", "Write: openid profile")
    keys = asking.own_keys(_file(values, "key_file"))
    text = _file(values, "access_file")
    try:
        given = access.parse(text.decode(), tuple(ROLES))
    except UnicodeDecodeError:
        raise CannotParse(_setting("access_file"), "It is not UTF-8.", "Save it as UTF-8.") from None
    return Configuration(
        issuer=values["issuer"],
        client_id=values["client_id"],
        address=values["address"].rstrip("/"),
        name=values["name"],
        scope=values["scope"],
        keys=keys,
        access=given,
        version=hashlib.sha256(text).hexdigest()[:12],
    )


def is_safe(address: str) -> bool:
    """Whether nobody between can read along: https, or a machine's talk with itself, as in tests."""
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
    except ValueError:
        return False
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and _is_this_machine(host)))


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _file(values: Mapping[str, str], name: str) -> bytes:
    if not values[name]:
        raise CannotParse(_setting(name), "It is not set.", "See docs/reference/settings.md.")
    try:
        return Path(values[name]).read_bytes()
    except OSError as problem:
        fix = "Give the file, readable for the web process."
        raise CannotParse(_setting(name), f"The file cannot be read ({problem.strerror}).", fix) from None


def _setting(name: str) -> str:
    return f"CLEARWAY_OPENID_{name.upper()}"
