"""Why a TLS connection with another system failed, in words for whoever connects it."""

import socket
import ssl
from collections.abc import Mapping
from types import MappingProxyType

# Of their certificate: X509_V_ERR codes of OpenSSL (openssl-verification-options(1), Diagnostics).
EXPIRED = frozenset({9, 10})
NOT_OF_AUTHORITY = frozenset({2, 18, 19, 20, 21})
OTHER_NAME = frozenset({62, 64})
# Alerts by which the other side refuses ours (RFC 8446, section 6.2), as OpenSSL names them.
ALERTS: Mapping[str, str] = MappingProxyType(
    {
        "UNKNOWN_CA": "it does not know the authority of our certificate",
        "CERTIFICATE_EXPIRED": "it says that our certificate has expired",
        "CERTIFICATE_REQUIRED": "it asks for a certificate of ours and was shown none",
        "BAD_CERTIFICATE": "it does not accept our certificate",
        "CERTIFICATE_UNKNOWN": "it does not accept our certificate",
        "UNSUPPORTED_CERTIFICATE": "it does not accept our certificate",
        "ACCESS_DENIED": "it does not accept our certificate",
        "PEER_DID_NOT_RETURN_A_CERTIFICATE": "it showed no certificate",
        "NO_CERTIFICATE_RETURNED": "it showed no certificate",
    }
)
NO_TLS = frozenset({"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "UNSUPPORTED_PROTOCOL", "RECORD_LAYER_FAILURE"})


def why(problem: OSError, authority: str) -> str:
    """The reason of a failed connection. authority: where the authority of their certificate is named"""
    if isinstance(problem, ssl.SSLCertVerificationError):
        return _of_certificate(problem, authority)
    if isinstance(problem, ssl.SSLError) and not is_broken_off(problem):
        reason = problem.reason or ""
        said = (words for name, words in ALERTS.items() if reason.endswith(name))
        no_tls = "it does not speak TLS 1.2 or later there" if reason in NO_TLS else ""
        return next(said, "") or no_tls or f"TLS failed: {reason or type(problem).__name__}"
    return _of_link(problem)


def is_broken_off(problem: OSError) -> bool:
    """Whether the other side ended the connection without a word that could be read."""
    return isinstance(problem, ConnectionError | ssl.SSLEOFError | ssl.SSLZeroReturnError)


def _of_certificate(problem: ssl.SSLCertVerificationError, authority: str) -> str:
    if problem.verify_code in EXPIRED:
        return "its certificate has expired, or is not valid yet"
    if problem.verify_code in NOT_OF_AUTHORITY:
        return f"its certificate is not by the authority that {authority} names"
    if problem.verify_code in OTHER_NAME:
        return "its certificate is for another name than the one it was called by"
    return f"its certificate is not accepted: {problem.verify_message}"


def _of_link(problem: OSError) -> str:
    if isinstance(problem, socket.gaierror):
        return "there is no such address"
    if isinstance(problem, ConnectionRefusedError):
        return "nothing listens there"
    if isinstance(problem, TimeoutError):
        return "no answer in time"
    if is_broken_off(problem):
        return "it broke off before it answered"
    return problem.strerror or type(problem).__name__
