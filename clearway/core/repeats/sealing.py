"""Answers, sealed under the key of the form: what a person reads afterwards may name a patient."""

import hashlib
import json
import os
import zlib
from dataclasses import asdict, dataclass
from typing import Any

NONCE_BYTES = 12


@dataclass(frozen=True, slots=True)
class Answer:
    """What somebody got who sent a form.

    headers   those that make the answer, as where it sends on to
    page      what it showed; "" where it sends on
    messages  what they are told on the next page: level, text and tags of each
    """

    status: int
    headers: dict[str, str]
    page: str
    messages: tuple[tuple[int, str, str], ...]


def seal(answer: Answer, key: str) -> bytes:
    """For the table; only who has the key opens it."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce, said = os.urandom(NONCE_BYTES), zlib.compress(json.dumps(asdict(answer)).encode(), 1)
    return nonce + AESGCM(_under(key)).encrypt(nonce, said, None)


def unseal(sealed: bytes, key: str) -> Answer:
    """What was answered."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    opened = AESGCM(_under(key)).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], None)
    said: dict[str, Any] = json.loads(zlib.decompress(opened))
    told = tuple((level, text, tags) for level, text, tags in said["messages"])
    return Answer(said["status"], said["headers"], said["page"], told)


def _under(key: str) -> bytes:
    return hashlib.sha256(f"clearway answer:{key}".encode()).digest()
