"""An issuer that signs whatever a test wants, also what no provider would, with a test's own keys."""

import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt

from .peer import CLIENT


class Issuer:
    """Serves discovery, keys, and at its token endpoint the ID token that was put there.

    keys    name -> private key, all published
    says    more of its discovery document; userinfo  what it says of the person
    hangs   seconds until its token endpoint answers
    """

    def __init__(self, keys: Mapping[str, Any]) -> None:
        self.keys = dict(keys)
        self.says: dict[str, Any] = {}
        self.id_token = ""
        self.userinfo: dict[str, Any] = {}
        self.hangs = 0.0
        self.asked: list[str] = []
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                issuer.asked.append(self.path)
                self._answer(issuer.pages()[self.path])

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                issuer.asked.append(self.path)
                time.sleep(issuer.hangs)
                self._answer({"id_token": issuer.id_token, "access_token": "x", "token_type": "Bearer"})

            def _answer(self, body: Any) -> None:
                said = json.dumps(body).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(said)))
                self.end_headers()
                self.wfile.write(said)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_address[1]}"

    def pages(self) -> dict[str, Any]:
        here = self.address
        about = {
            "issuer": here,
            "authorization_endpoint": f"{here}/auth",
            "token_endpoint": f"{here}/token",
            "userinfo_endpoint": f"{here}/me",
            "jwks_uri": f"{here}/jwks",
            **self.says,
        }
        listed = [
            {**jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key(), as_dict=True), "kid": kid, "use": "sig"}
            for kid, key in self.keys.items()
        ]
        return {
            "/.well-known/openid-configuration": about,
            "/jwks": {"keys": listed},
            "/me": self.userinfo,
        }

    def claims(self, nonce: str, /, **changed: Any) -> dict[str, Any]:
        """Those of a good ID token, some of them changed; None leaves one out."""
        now = int(datetime.now(UTC).timestamp())
        usual = {
            "iss": self.address,
            "aud": CLIENT,
            "sub": "555000000101",
            "iat": now,
            "exp": now + 300,
            "auth_time": now,
            "nonce": nonce,
            "acr": "AAL3_ANY",
            "sid": "session-1",
            "nhsid_nrbac_roles": [{"org_code": "TV1", "role_code": "S8000:G8000:R8008"}],
            "groups": [],
        }
        return {name: value for name, value in {**usual, **changed}.items() if value is not None}

    def sign(self, claims: Mapping[str, Any], kid: str = "one", algorithm: str = "RS256") -> str:
        return jwt.encode(dict(claims), self.keys[kid], algorithm, headers={"kid": kid})


@contextmanager
def an_issuer(keys: Mapping[str, Any]) -> Iterator[Issuer]:
    issuer = Issuer(keys)
    threading.Thread(target=issuer.server.serve_forever, args=[0.02], daemon=True).start()
    try:
        yield issuer
    finally:
        issuer.server.shutdown()
        issuer.server.server_close()
