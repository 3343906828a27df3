"""Patient, UK Core: who somebody is, how to reach them, and whose practice they belong to."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from . import parts
from .codes import (
    GENDER_OF,
    NHS_NUMBER,
    ODS_ORGANISATION,
    PATIENT_NUMBER,
    SEX_OF,
    VERIFICATION,
    VERIFICATION_OF,
)
from .outcome import refused
from .parts import Json


@dataclass(frozen=True, slots=True)
class Values:
    """A patient as the desk knows them. merged_into  the record that stands for this one.

    practice         code of the practice that counts now; practice_name, "" where no directory has it
    practice_before  the code that was given, where a successor took its place
    """

    key: int
    number: str
    family_name: str
    given_names: str
    born_on: date
    nhs_number: str = ""
    nhs_number_status: str = "02"
    sex: str = "9"
    address: str = ""
    postcode: str = ""
    practice: str = ""
    practice_name: str = ""
    practice_before: str = ""
    phone: str = ""
    mobile: str = ""
    email: str = ""
    died_on: date | None = None
    merged_into: int | None = None


def write(values: Values) -> Json:
    """The resource."""
    return parts.resource(
        "Patient",
        values.key,
        identifier=parts.without_empty(
            [_nhs_number(values), parts.identifier(PATIENT_NUMBER, values.number, use="usual")]
        ),
        active=values.merged_into is None,
        name=[
            parts.said(use="official", family=values.family_name, given=values.given_names.split()),
        ],
        telecom=parts.without_empty(
            [
                _telecom("phone", values.phone, "home"),
                _telecom("phone", values.mobile, "mobile"),
                _telecom("email", values.email, ""),
            ]
        ),
        gender=GENDER_OF.get(values.sex, "unknown"),
        birthDate=parts.day(values.born_on),
        deceasedDateTime=parts.day(values.died_on),
        address=parts.without_empty([_address(values)]),
        generalPractitioner=parts.without_empty(
            [
                _practice(values.practice, display=values.practice_name),
                _practice(values.practice_before, use="old"),
            ]
        ),
        link=_link(values.merged_into),
    )


def _nhs_number(values: Values) -> Json:
    code, display = VERIFICATION_OF.get(values.nhs_number_status, VERIFICATION_OF["02"])
    status = parts.extension(
        "NHSNumberVerificationStatus", valueCodeableConcept=parts.concept(VERIFICATION, code, display)
    )
    return parts.identifier(NHS_NUMBER, values.nhs_number, extension=[status], use="official")


def _telecom(system: str, value: str, use: str) -> Json:
    return parts.said(system=system, value=value, use=use) if value else {}


def _address(values: Values) -> Json:
    lines = [line.strip() for line in values.address.replace("\n", ",").split(",") if line.strip()]
    return parts.said(use="home" if lines or values.postcode else "", line=lines, postalCode=values.postcode)


def _practice(code: str, display: str = "", use: str = "") -> Json:
    named = parts.identifier(ODS_ORGANISATION, code, use=use)
    return parts.said(type="Organization", identifier=named, display=display) if named else {}


def _link(merged_into: int | None) -> list[Json]:
    if merged_into is None:
        return []
    return [{"other": parts.reference("Patient", merged_into), "type": "replaced-by"}]


def read(resource: Mapping[str, Any], practice: str = "") -> dict[str, str]:
    """What a patient that was sent says, by the names of a referral's fields; all of it as text.

    practice  ODS code of the practice, where it stands in another resource of the message
    Raises Refused for a record that is not in use, and for somebody who has died: nothing is asked for them.
    """
    if resource.get("active") is False:
        fix = "Send the record that took its place."
        raise refused(422, "business-rule", "Patient.active", "This record is not in use.", fix)
    if resource.get("deceasedBoolean") or resource.get("deceasedDateTime"):
        fix = "Check the record; a death is recorded at the desk."
        raise refused(422, "business-rule", "Patient.deceased", "The patient has died.", fix)
    born_on = str(resource.get("birthDate", ""))
    if born_on and len(born_on) < len("2026-11-02"):  # R4 lets a year stand alone; no patient is known by it
        fix = "Send the whole date."
        raise refused(422, "value", "Patient.birthDate", "The day is not said.", fix)
    name = _name(resource)
    given = " ".join(each for each in name.get("given", ()) if each)
    home: Mapping[str, Any] = next(
        (each for each in resource.get("address", ()) if each.get("use") != "old"), {}
    )
    return {
        "family_name": str(name.get("family", "")),
        "given_names": given,
        "born_on": born_on,
        "nhs_number": parts.identified(resource, NHS_NUMBER),
        "sex": SEX_OF.get(str(resource.get("gender", "")), "9"),
        "address": ", ".join(each for each in (*home.get("line", ()), home.get("city")) if each)
        or str(home.get("text", "")),
        "postcode": str(home.get("postalCode", "")),
        "practice": _practice_of(resource) or practice,
        **_reached(resource),
    }


def _name(resource: Mapping[str, Any]) -> Mapping[str, Any]:
    names = list(resource.get("name", ()))
    order = {"official": 0, "usual": 1}
    return min(names, key=lambda each: order.get(str(each.get("use", "")), 2), default={})


def _reached(resource: Mapping[str, Any]) -> dict[str, str]:
    """Their own numbers: also where the standard puts them, under a contact who is the patient."""
    points = list(resource.get("telecom", ()))
    for contact in resource.get("contact", ()):
        codes = {each.get("code") for of in contact.get("relationship", ()) for each in of.get("coding", ())}
        if codes & {"ONESELF"}:
            points += contact.get("telecom", ())
    found = {"phone": "", "mobile": "", "email": ""}
    for each in points:
        kind = each.get("system")
        kind = "mobile" if each.get("use") == "mobile" or kind == "sms" else kind
        if kind in found and each.get("use") != "old" and not found[kind]:
            found[kind] = str(each.get("value", ""))
    return found


def _practice_of(resource: Mapping[str, Any]) -> str:
    for each in resource.get("generalPractitioner", ()):
        named = each.get("identifier", {})
        is_code = named.get("system", "").casefold() == ODS_ORGANISATION.casefold()
        if is_code and named.get("use") != "old":
            return str(named.get("value", ""))
    return ""
