"""One page, sealed with a passphrase: AES-256-GCM under a key that PBKDF2 makes of it.

A browser opens it with Web Crypto alone, without a server or a network, and so does `open_page`. Rounds of
PBKDF2-HMAC-SHA-256: 600,000, as the OWASP password storage cheat sheet asks since 2023.
"""

import base64
import binascii
import gzip
import hashlib
import json
from html import escape
from string import Template

from clearway.domain.shared.errors import CannotParse

ROUNDS = 600_000
SALT_BYTES, NONCE_BYTES, KEY_BYTES = 16, 12, 32
SHORTEST_PASSPHRASE = 16  # characters
BEGINS, ENDS = '<script type="application/json" id="sealed">', "</script>"
MOST_ROUNDS = 10_000_000  # of a file that says how many: a false one must not keep a computer busy


def seal(page: str, passphrase: str, *, salt: bytes, nonce: bytes, title: str, shell: str) -> str:
    """A whole HTML file that holds the page sealed.

    salt, nonce  random bytes, never used before under this passphrase
    title        stands in clear on the outside, and cannot be exchanged: it is sealed in as well
    shell        the outside with $title and $sealed
    """
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    key = _key(passphrase, salt, ROUNDS)
    data = AESGCM(key).encrypt(nonce, gzip.compress(page.encode(), mtime=0), title.encode())
    envelope = {
        "rounds": ROUNDS,
        "salt": _text(salt),
        "nonce": _text(nonce),
        "title": title,
        "data": _text(data),
    }
    # "<" would end the script element that holds it.
    return Template(shell).substitute(
        title=escape(title), sealed=BEGINS + json.dumps(envelope).replace("<", "\\u003c") + ENDS
    )


def open_page(file: str, passphrase: str) -> str:
    """The page of a sealed file. Raises CannotParse: no such file, or another passphrase."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    fix = "Take a file named clearway-pack-….html as it was written."
    begin = file.find(BEGINS)
    end = file.find(ENDS, begin)
    if begin < 0 or end < 0:
        raise CannotParse("The file", "It holds no sealed page.", fix)
    try:
        held = json.loads(file[begin + len(BEGINS) : end])
        salt, nonce, data = (
            base64.b64decode(held[name], validate=True) for name in ("salt", "nonce", "data")
        )
        rounds, title = int(held["rounds"]), str(held["title"])
    except (ValueError, KeyError, TypeError, binascii.Error):
        raise CannotParse("The file", "What it holds is cut off or changed.", fix) from None
    if not 0 < rounds <= MOST_ROUNDS or not salt or len(nonce) != NONCE_BYTES:
        raise CannotParse("The file", "What it holds is cut off or changed.", fix)
    try:
        opened = AESGCM(_key(passphrase, salt, rounds)).decrypt(nonce, data, title.encode())
    except InvalidTag:
        why = "The passphrase is another, or the file was changed."
        raise CannotParse("The passphrase", why, "Type it again, or take another pack.") from None
    return gzip.decompress(opened).decode()


def _key(passphrase: str, salt: bytes, rounds: int) -> bytes:
    return hashlib.pbkdf2_hmac("sha256", passphrase.encode(), salt, rounds, KEY_BYTES)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
