"""Certificates made for one test: an authority, and who it vouches for."""

import ipaddress
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

BEGIN, YEARS = datetime(2020, 1, 1, tzinfo=UTC), timedelta(days=36500)
HERE = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))


class Authority:
    """An authority of certificates, with its files in a folder."""

    def __init__(self, folder: Path, name: str = "The trust's own") -> None:
        self.folder, self.key = folder, ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.certificate = folder / f"{name}.pem".replace(" ", "-")
        signs = x509.KeyUsage(*[False] * 5, True, True, False, False)
        extensions = (x509.BasicConstraints(ca=True, path_length=None), signs)
        self.certificate.write_bytes(self._signed(self.name, self.key, extensions, YEARS))

    def issued(self, name: str, *, lasts: timedelta = YEARS, is_here: bool = True) -> tuple[Path, Path]:
        """Certificate and key of a name, as files.

        lasts    since 2020; is_here: it is also for the address of this machine
        """
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        names: list[Any] = [x509.DNSName(name), *([HERE] if is_here else [])]
        identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
        extensions = (x509.SubjectAlternativeName(names), identifier)
        files = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        files[0].write_bytes(self._signed(subject, key, extensions, lasts))
        pem, kind = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
        files[1].write_bytes(key.private_bytes(pem, kind, serialization.NoEncryption()))
        return files

    def client(self, files: tuple[Path, Path] | None) -> ssl.SSLContext:
        """How somebody calls who trusts this authority and shows this certificate, or none."""
        made = ssl.create_default_context(cafile=str(self.certificate))
        if files is not None:
            made.load_cert_chain(*files)
        return made

    def server(self, files: tuple[Path, Path]) -> ssl.SSLContext:
        """How somebody listens who asks callers for a certificate of this authority."""
        made = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(self.certificate))
        made.verify_mode = ssl.CERT_REQUIRED
        made.load_cert_chain(*files)
        return made

    def _signed(self, subject: x509.Name, key: Any, extensions: Any, lasts: timedelta) -> bytes:
        made = x509.CertificateBuilder().subject_name(subject).issuer_name(self.name)
        made = made.public_key(key.public_key()).serial_number(x509.random_serial_number())
        made = made.not_valid_before(BEGIN).not_valid_after(BEGIN + lasts)
        made = made.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        for extension in extensions:
            made = made.add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
        return made.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
