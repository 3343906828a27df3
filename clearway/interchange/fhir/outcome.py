"""OperationOutcome: what a sender is told when something is refused, and of each what mends it.

Codes of issues: HL7 FHIR R4, issue-type. Codes of errors: http-error-codes of the Booking and Referral
Standard, spelt as in its published examples.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from clearway.domain.shared.errors import CannotParse

ERROR_CODES = "https://fhir.nhs.uk/Codesystem/http-error-codes"
PROFILE = "https://fhir.hl7.org.uk/StructureDefinition/UKCore-OperationOutcome"
# Status -> the standard's code of the error. A status that it does not name has none.
CODE_OF: Mapping[int, str] = MappingProxyType(
    {
        400: "REC_BAD_REQUEST",
        401: "SEND_UNAUTHORIZED",
        403: "REC_FORBIDDEN",
        404: "REC_NOT_FOUND",
        405: "SEND_METHOD_NOT_ALLOWED",
        406: "SEND_NOT_ACCEPTABLE",
        409: "REC_CONFLICT",
        412: "REC_CONFLICT",
        422: "REC_UNPROCESSABLE_ENTITY",
        429: "SEND_TOO_MANY_REQUESTS",
        500: "REC_SERVER_ERROR",
    }
)
MOST_ISSUES = 20  # told at once


@dataclass(frozen=True, slots=True)
class Issue:
    """One thing that is wrong. code  of issue-type; where  FHIRPath, or a header or parameter."""

    code: str
    where: str
    why: str
    fix: str


class Refused(Exception):
    """A request that is not done. status  of the HTTP answer; free  slots that would do instead."""

    def __init__(
        self, status: int, issues: Sequence[Issue], free: Sequence[str] = (), again_in: int | None = None
    ) -> None:
        super().__init__(issues[0].why)
        self.status, self.issues, self.free, self.again_in = status, tuple(issues), tuple(free), again_in

    @property
    def error(self) -> CannotParse:
        """The same for the quarantine: the first place, with how many more there are."""
        first, more = self.issues[0], len(self.issues) - 1
        why = f"{first.why} And {more} more." if more else first.why
        return CannotParse(first.where, why, first.fix)


def refused(status: int, code: str, where: str, why: str, fix: str) -> Refused:
    """A refusal for one reason."""
    return Refused(status, [Issue(code, where, why, fix)])


def write(refusal: Refused) -> dict[str, Any]:
    """The resource. What was sent is not repeated in it."""
    issues = [_issue(each, refusal.status) for each in refusal.issues[:MOST_ISSUES]]
    for slot in refusal.free:
        issues.append(
            {
                "severity": "information",
                "code": "informational",
                "diagnostics": f"Free instead: {slot}",
                "expression": ["Appointment.slot"],
            }
        )
    return {"resourceType": "OperationOutcome", "meta": {"profile": [PROFILE]}, "issue": issues}


def _issue(issue: Issue, status: int) -> dict[str, Any]:
    said: dict[str, Any] = {"severity": "error", "code": issue.code}
    if status in CODE_OF:
        said["details"] = {"coding": [{"system": ERROR_CODES, "code": CODE_OF[status]}], "text": issue.why}
    said["diagnostics"] = f"{issue.where}: {issue.why} {issue.fix}"
    if issue.where[:1].isupper() and " " not in issue.where:
        said["expression"] = [issue.where]
    return said
