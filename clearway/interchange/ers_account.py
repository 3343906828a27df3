"""Asking the e-Referral Service for worklists: whose account, which services, and the question itself.

The endpoint is “Retrieve referral worklist” (A008, FHIR STU3), asked by an application and not by a person:
a token for an assertion signed with the trust's key, then one request for each worklist of each service. Its
path, the question and the two lists follow the specification that NHS England publishes
(github.com/NHSDigital/e-referrals-service-api, specification/components/stu3).
"""

import json
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from clearway.domain.shared.errors import CannotParse

from .openid.asking import ASSERTION

FOR_REVIEW, SLOT_ISSUES = "REFERRALS_FOR_REVIEW", "APPOINTMENT_SLOT_ISSUES"
LISTS = (FOR_REVIEW, SLOT_ISSUES)
PATH = "/FHIR/STU3/ReferralRequest/$ers.fetchworklist"
FHIR = "application/fhir+json"
PROFILE = "https://fhir.nhs.uk/STU3/StructureDefinition/eRS-FetchWorklist-Parameters-1"
SELECTOR = "https://fhir.nhs.uk/STU3/CodeSystem/eRS-ReferralListSelector-1"
SERVICE = "http://fhir.nhs.net/Id/ers-service"
SIGNED_WITH = ("RS512",)  # what the API platform takes
NEEDED = ("address", "token_address", "client_id", "key_file")


@dataclass(frozen=True, slots=True)
class Account:
    """An application at e-RS, or at what behaves like it.

    address        the interface, without the path of an endpoint
    token_address  where a token is had for a signed assertion
    client_id      the application's API key
    key_file       the private key that signs; its public half is registered there
    services       our code of a service -> its id at e-RS
    """

    address: str
    token_address: str
    client_id: str
    key_file: str
    services: Mapping[str, str]


def parse(text: str, *, is_safe: Callable[[str], bool]) -> Account:
    """The account of a file. is_safe: whether nobody can read along at an address

    Raises CannotParse with the field.
    """
    try:
        said = tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        raise CannotParse("file", f"It is no TOML: {problem}.", "Mend that line.") from None
    if unknown := sorted(set(said) - {*NEEDED, "services"}):
        raise CannotParse(unknown[0], "Nothing is called so here.", f"Write {', '.join(NEEDED)}, [services].")
    texts = {name: _text(said, name) for name in NEEDED}
    for name in ("address", "token_address"):
        if not is_safe(texts[name]):
            raise CannotParse(name, "It is no address that is safe.", "Write one that begins with https.")
    services = said.get("services")
    if not isinstance(services, dict) or not services:
        raise CannotParse("services", "It names none.", 'Write [services] with lines like MSK = "6167685".')
    named = {code: _text(services, code, "services.") for code in services}
    return Account(**texts | {"address": texts["address"].rstrip("/")}, services=MappingProxyType(named))


def _text(said: Mapping[str, Any], name: str, before: str = "") -> str:
    found = said.get(name)
    if not isinstance(found, str) or not found.strip():
        raise CannotParse(
            f"{before}{name}", "It is missing, or no text.", "Write it between quotation marks."
        )
    return found.strip()


def for_token(assertion: str) -> dict[str, str]:
    """The fields of the form that asks for a token."""
    said = {"grant_type": "client_credentials", "client_assertion_type": ASSERTION}
    return {**said, "client_assertion": assertion}


def question(which: str, service: str) -> bytes:
    """The request for one worklist of one service. which: one of LISTS; service: its id at e-RS"""
    kind = {"coding": [{"system": SELECTOR, "code": which}]}
    said = {
        "resourceType": "Parameters",
        "meta": {"profile": [PROFILE]},
        "parameter": [
            {"name": "listType", "valueCodeableConcept": kind},
            {"name": "service", "valueIdentifier": {"system": SERVICE, "value": service}},
        ],
    }
    return json.dumps(said).encode()


def why(status: int, body: bytes) -> str:
    """What was refused: its status and the code of its error, no words of it, which may name a patient."""
    try:
        code = json.loads(body)["issue"][0]["details"]["coding"][0]["code"]
    except (ValueError, LookupError, TypeError, RecursionError):
        code = ""
    is_code = isinstance(code, str) and code.replace("_", "").isalnum() and len(code) <= 60
    return f"e-RS answered {status}{f', {code}' if is_code else ''}"
