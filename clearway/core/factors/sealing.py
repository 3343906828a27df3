"""Secrets of authenticator apps, sealed at rest: AES-256-GCM under a key of the deployment, for one account.

The keys come from the environment or a file, one a line, the newest first: it seals, and all of them open, so
that a key is changed by writing a new one above it. The file is read each time, without a restart.
"""

import hashlib
import os
from pathlib import Path

from django.conf import settings

NONCE_BYTES = 12
SHORTEST_KEY = 32  # characters


class CannotOpen(Exception):
    """No key opens it: the key was lost, or the secret is another account's."""


def keys() -> list[str]:
    """The keys in force, the newest first; empty where none has been given."""
    text = settings.FACTOR_KEY
    if not text:
        file = Path(settings.FACTOR_KEY_FILE)
        text = file.read_text() if file.is_file() else ""
    return [key for key in text.split() if len(key) >= SHORTEST_KEY]


def seal(secret: str, user_id: int) -> bytes:
    """Seal a secret for one account. Raises CannotOpen where there is no key."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    known = keys()
    if not known:
        raise CannotOpen("There is no key for second factors: see CLEARWAY_FACTOR_KEY_FILE.")
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(_of(known[0])).encrypt(nonce, secret.encode(), _about(user_id))


def unseal(sealed: bytes, user_id: int) -> str:
    """The secret again. Raises CannotOpen."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce, data = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
    for key in keys():
        try:
            return AESGCM(_of(key)).decrypt(nonce, data, _about(user_id)).decode()
        except InvalidTag:
            continue
    raise CannotOpen("No key for second factors opens this secret: put the former key below the new one.")


def _of(key: str) -> bytes:
    return hashlib.sha256(b"clearway second factors:" + key.encode()).digest()


def _about(user_id: int) -> bytes:
    return f"user:{user_id}".encode()
