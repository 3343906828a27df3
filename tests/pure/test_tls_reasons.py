"""Why a connection failed, where the other side leaves that to be guessed or OpenSSL names it."""

import socket
import ssl

import pytest

from clearway.gateway import tls


def failed(reason: str) -> ssl.SSLError:
    made = ssl.SSLError(1, "as OpenSSL says it")
    made.reason = reason
    return made


@pytest.mark.parametrize(
    ("problem", "words"),
    [
        (failed("TLSV1_ALERT_UNKNOWN_CA"), "it does not know the authority of our certificate"),
        (failed("TLSV13_ALERT_CERTIFICATE_REQUIRED"), "it asks for a certificate of ours and was shown none"),
        (failed("SSLV3_ALERT_CERTIFICATE_EXPIRED"), "it says that our certificate has expired"),
        (failed("WRONG_VERSION_NUMBER"), "it does not speak TLS 1.2 or later there"),
        (failed("NO_SHARED_CIPHER"), "TLS failed: NO_SHARED_CIPHER"),
        (ssl.SSLEOFError(8, "EOF occurred in violation of protocol"), "it broke off before it answered"),
        (ConnectionResetError(104, "Connection reset by peer"), "it broke off before it answered"),
        (ConnectionRefusedError(111, "Connection refused"), "nothing listens there"),
        (TimeoutError("timed out"), "no answer in time"),
        (socket.gaierror(-2, "Name or service not known"), "there is no such address"),
    ],
)
def test_each_failure_is_said_in_words_that_name_what_to_mend(problem: OSError, words: str) -> None:
    assert tls.why(problem, "[send]") == words
