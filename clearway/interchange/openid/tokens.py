"""What an OpenID provider signs: bytes in, claims that can be relied on out, or why not.

Sources: OpenID Connect Core 1.0, section 3.1.3.7 (ID tokens); OpenID Connect Back-Channel Logout 1.0,
section 2.6 (logout tokens); RFC 8725 (algorithms are ours to choose, never the token's). Keys and the time
are arguments. A reason names a claim and never its value, so that it may be logged.
"""

import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt

# Signatures by a private key alone: with a shared secret, whoever knows our published keys could sign.
ALGORITHMS = (
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512", "EdDSA"),
)
LEAST_RSA_BITS = 2048
LONGEST = 64 * 1024  # characters of a token
LONGEST_SUBJECT = 255  # characters, by OpenID Connect Core, section 2
SKEW = timedelta(seconds=60)  # between the provider's clock and ours
OLDEST = timedelta(minutes=10)  # since a token was made
LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"

Claims = Mapping[str, Any]


class Untrusted(Exception):
    """A token says nothing. The message is why, in a sentence without a value of a claim."""


class Unsigned(Untrusted):
    """The provider has not signed it: anybody may have made it up."""


class UnknownKey(Unsigned):
    """It names a key that is not among those given: the provider may have changed its keys."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What an ID token has to answer.

    since  when the person must have signed in, at the earliest; None where an earlier time will do
    """

    issuer: str
    client_id: str
    nonce: str
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Ended:
    """What a logout token says: sessions of this sid, or all of this subject where it names none.

    made   when the provider said so, by its clock
    until  when the token is over
    """

    token_id: str
    subject: str
    sid: str
    made: datetime
    until: datetime


def id_token(token: str, keys: Sequence[Claims], asked: Asked, at: datetime) -> Claims:
    """The claims of an ID token that answers what was asked. Raises Untrusted."""
    claims = signed(token, keys)
    _check_source(claims, asked.issuer, asked.client_id, at)
    if not 0 < len(_text(claims, "sub")) <= LONGEST_SUBJECT:
        raise Untrusted("The ID token names nobody (sub).")
    if not hmac.compare_digest(_text(claims, "nonce").encode(), asked.nonce.encode()):
        raise Untrusted("The ID token answers another question than ours (nonce).")
    if asked.since is not None:
        signed_in = signed_in_at(claims)
        if signed_in is None or signed_in < asked.since - SKEW:
            raise Untrusted("The person was not asked to sign in anew (auth_time).")
    return claims


def signed_in_at(claims: Claims) -> datetime | None:
    """When the person last proved at the provider who they are, where it says so."""
    return _time(claims, "auth_time")


def logout_token(token: str, keys: Sequence[Claims], issuer: str, client_id: str, at: datetime) -> Ended:
    """Whose sessions have ended at the provider. Raises Untrusted. Whether it was used, the caller knows."""
    claims = signed(token, keys)
    _check_source(claims, issuer, client_id, at)
    events = claims.get("events")
    if not isinstance(events, dict) or not isinstance(events.get(LOGOUT_EVENT), dict):
        raise Untrusted("The token is not about signing out (events).")
    if "nonce" in claims:
        raise Untrusted("A logout token has no nonce; this one may be an ID token.")
    subject, sid, token_id = (_text(claims, name) for name in ("sub", "sid", "jti"))
    if not token_id:
        raise Untrusted("The logout token has no id (jti), so that a repeat could not be told.")
    if not subject and not sid:
        raise Untrusted("The logout token names neither a person nor a session (sub, sid).")
    made, expires = _time(claims, "iat"), _time(claims, "exp")
    assert made is not None and expires is not None  # _check_source has looked
    return Ended(token_id, subject, sid, made, expires + SKEW)


def signed(token: str, keys: Sequence[Claims]) -> Claims:
    """The claims of a token that one of the keys has signed. Raises Unsigned, UnknownKey among them."""
    if len(token) > LONGEST:
        raise Unsigned("The token is too long.")
    try:
        header = jwt.get_unverified_header(token)
        algorithm = header.get("alg")
        if algorithm not in ALGORITHMS:
            raise Unsigned("The token is not signed by a private key (alg).")
        if "crit" in header:
            raise Unsigned("The token asks for what is not known here (crit).")
        key = _key(header.get("kid"), str(algorithm), keys)
        claims = json.loads(jwt.PyJWS().decode(token, key, algorithms=[str(algorithm)]))
    except (jwt.PyJWTError, ValueError, TypeError) as problem:
        raise Unsigned("The token is damaged, or not signed by the provider.") from problem
    if not isinstance(claims, dict):
        raise Untrusted("The token holds no claims.")
    return claims


def _key(kid: Any, algorithm: str, keys: Sequence[Claims]) -> jwt.PyJWK:
    """The key of this name that signs in this way. A token without a name is taken only where one key is."""
    usable = [key for key in keys if key.get("use", "sig") == "sig" and key.get("kty") != "oct"]
    found = [key for key in usable if key.get("kid") == kid] if kid is not None else usable
    if len(found) != 1:
        raise UnknownKey("The key that signed the token is not among the provider's.")
    if found[0].get("alg", algorithm) != algorithm:
        raise Unsigned("The key is for another way of signing (alg).")
    key = jwt.PyJWK(dict(found[0]), algorithm=algorithm)
    if key.key_type == "RSA" and key.key.key_size < LEAST_RSA_BITS:
        raise Unsigned("The provider's key is too short.")
    return key


def _check_source(claims: Claims, issuer: str, client_id: str, at: datetime) -> None:
    """Who made it, for whom, and when."""
    if claims.get("iss") != issuer:
        raise Untrusted("The token is of another provider (iss).")
    audience = claims.get("aud")
    audiences = [audience] if isinstance(audience, str) else audience
    if not isinstance(audiences, list) or client_id not in audiences:
        raise Untrusted("The token is for another application (aud).")
    party = claims.get("azp", None if len(audiences) > 1 else client_id)
    if party != client_id:
        raise Untrusted("The token was given to another application (azp).")
    expires, made = _time(claims, "exp"), _time(claims, "iat")
    if expires is None or expires + SKEW <= at:
        raise Untrusted("The token is over (exp).")
    if made is None or not at - OLDEST - SKEW <= made <= at + SKEW:
        raise Untrusted("The token was not made just now (iat).")
    begins = _time(claims, "nbf")
    if begins is not None and begins > at + SKEW:
        raise Untrusted("The token is not valid yet (nbf).")


def _text(claims: Claims, name: str) -> str:
    value = claims.get(name)
    return value if isinstance(value, str) else ""


def _time(claims: Claims, name: str) -> datetime | None:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        return None
