"""Passkeys (WebAuthn): what a browser is asked, and whether what it answers is right.

A passkey answers only to the address that it was made for, so no false page can use it. The browser asks for
the device's own unlock as well (user verification), every time.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import webauthn
from django.conf import settings
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

NAME = "Clearway"
LONGEST = 20_000  # characters of an answer
VERIFIED = UserVerificationRequirement.REQUIRED


class NotAccepted(Exception):
    """The answer is not to this challenge, not from this address, or not signed by this passkey."""


@dataclass(frozen=True, slots=True)
class Place:
    """The address that passkeys are made for.

    host    its name, without the port
    origin  as the browser says it
    """

    host: str
    origin: str

    @property
    def has_a_name(self) -> bool:
        """Browsers make passkeys for names alone, never for an IP address."""
        try:
            ip_address(self.host.strip("[]"))
        except ValueError:
            return True
        return False


@dataclass(frozen=True, slots=True)
class Asked:
    """What a browser is asked. `options` is JSON for the script; `challenge` is kept in the session."""

    options: str
    challenge: str


@dataclass(frozen=True, slots=True)
class Made:
    """A new passkey."""

    credential: bytes
    public_key: bytes
    uses: int


def place_of(request: Any) -> Place:
    """Where this request was sent to; its host is one of CLEARWAY_ALLOWED_HOSTS."""
    scheme = "https" if settings.SESSION_COOKIE_SECURE or request.is_secure() else "http"
    origin = f"{scheme}://{request.get_host()}"
    return Place(urlsplit(origin).hostname or "", origin)


def ask_to_make(user: Any, place: Place, known: Iterable[bytes]) -> Asked:
    """Ask for a new passkey, other than those that the account has."""
    handle = hashlib.sha256(f"clearway account {user.pk} at {place.host}".encode()).digest()
    options = webauthn.generate_registration_options(
        rp_id=place.host,
        rp_name=NAME,
        user_name=user.username,
        user_display_name=user.display_name,
        user_id=handle,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED, user_verification=VERIFIED
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=each) for each in known],
    )
    return Asked(webauthn.options_to_json(options), bytes_to_base64url(options.challenge))


def made(answer: str, challenge: str, place: Place) -> Made:
    """The passkey that the browser made. Raises NotAccepted."""
    _check_asked(challenge)
    try:
        checked = webauthn.verify_registration_response(
            credential=answer[:LONGEST],
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=place.host,
            expected_origin=place.origin,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError) as problem:
        raise NotAccepted(str(problem)) from None
    return Made(checked.credential_id, checked.credential_public_key, checked.sign_count)


def ask_to_use(place: Place, known: Iterable[bytes]) -> Asked:
    """Ask for one of these passkeys."""
    options = webauthn.generate_authentication_options(
        rp_id=place.host,
        allow_credentials=[PublicKeyCredentialDescriptor(id=each) for each in known],
        user_verification=VERIFIED,
    )
    return Asked(webauthn.options_to_json(options), bytes_to_base64url(options.challenge))


def credential_of(answer: str) -> bytes:
    """Which passkey the browser says it used. Raises NotAccepted."""
    try:
        return webauthn.helpers.parse_authentication_credential_json(answer[:LONGEST]).raw_id
    except (WebAuthnException, ValueError, KeyError, TypeError) as problem:
        raise NotAccepted(str(problem)) from None


def used(answer: str, challenge: str, place: Place, public_key: bytes, uses: int) -> int:
    """The passkey's new count of signatures. Raises NotAccepted, also where the count went back (a copy)."""
    _check_asked(challenge)
    try:
        checked = webauthn.verify_authentication_response(
            credential=answer[:LONGEST],
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=place.host,
            expected_origin=place.origin,
            credential_public_key=public_key,
            credential_current_sign_count=uses,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError) as problem:
        raise NotAccepted(str(problem)) from None
    return int(checked.new_sign_count)


def _check_asked(challenge: str) -> None:
    """An answer to nothing was made by somebody who could choose the question: it proves nothing."""
    if not challenge:
        raise NotAccepted("The browser was asked nothing, or has answered already.")
