"""What we say to an OpenID provider: the question for a code, and who asks (RFC 7636, RFC 7523)."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from clearway.domain.shared.errors import CannotParse

ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_LASTS = timedelta(minutes=1)
END = b"-----END PRIVATE KEY-----"

OF_RSA: tuple[str, ...] = ("PS256", "RS512", "RS256", "PS512", "PS384", "RS384")
OF_EC: tuple[str, ...] = ("ES256",)

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


@dataclass(frozen=True, slots=True)
class OwnKey:
    """A key of ours.

    kid         the thumbprint of its public half (RFC 7638), so that nobody has to choose one
    algorithms  in which it can sign, the one we like best first
    """

    kid: str
    algorithms: tuple[str, ...]
    private: Key
    public: Mapping[str, Any]


@lru_cache(maxsize=2)  # checking a key takes longer than all the rest of a sign-in
def own_keys(pem: bytes) -> tuple[OwnKey, ...]:
    """The private keys of a file, the one that signs first. Raises CannotParse."""
    blocks = [block + END for block in pem.split(END)[:-1]]
    if not blocks:
        raise CannotParse(
            "the key file", "It holds no private key.", "Make one: openssl genpkey -algorithm RSA"
        )
    return tuple(_own_key(block, number) for number, block in enumerate(blocks, 1))


def _own_key(block: bytes, number: int) -> OwnKey:
    place = f"the key file, key {number}"
    try:
        key = load_pem_private_key(block.strip(), None)
    except (ValueError, TypeError) as problem:
        raise CannotParse(place, "It cannot be read.", "Give PKCS 8 without a password.") from problem
    if isinstance(key, rsa.RSAPrivateKey) and key.key_size >= 2048:
        algorithms, whole = OF_RSA, jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
        public = {name: whole[name] for name in ("kty", "n", "e")}
    elif isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name == "secp256r1":
        algorithms, whole = OF_EC, jwt.algorithms.ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
        public = {name: whole[name] for name in ("kty", "crv", "x", "y")}
    else:
        raise CannotParse(place, "It is of another kind.", "Give RSA of 2048 bits or more, or EC on P-256.")
    return OwnKey(thumbprint(public), algorithms, key, public)


def thumbprint(public: Mapping[str, Any]) -> str:
    """RFC 7638: the hash of the members that make the key, in the order of the alphabet."""
    members = ",".join(f'"{name}":"{public[name]}"' for name in sorted(public))
    return _plain(hashlib.sha256(f"{{{members}}}".encode()).digest())


def published(keys: Sequence[OwnKey]) -> dict[str, Any]:
    """Our public keys, as the provider fetches them. RSA is not tied to one algorithm: some want RS512."""
    return {"keys": [{**key.public, "kid": key.kid, "use": "sig"} for key in keys]}


def assertion(
    key: OwnKey, client_id: str, audience: str, token_id: str, at: datetime, taken: Sequence[str] = ()
) -> str:
    """Who asks, signed with our key (private_key_jwt): for one minute, once.

    taken  the algorithms that the provider says it takes
    """
    algorithm = next((each for each in key.algorithms if each in taken), key.algorithms[0])
    claims = {
        "iss": client_id,
        "sub": client_id,
        "aud": audience,
        "jti": token_id,
        "iat": int(at.timestamp()),
        "exp": int((at + ASSERTION_LASTS).timestamp()),
    }
    return jwt.encode(claims, key.private, algorithm, headers={"kid": key.kid})


def challenge(verifier: str) -> str:
    """What is shown of the verifier before it is told (PKCE, S256)."""
    return _plain(hashlib.sha256(verifier.encode()).digest())


def _plain(digest: bytes) -> str:
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
