"""An authority of the deployment's own, and a certificate for each program that talks over mutual TLS."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

LIFETIME = timedelta(days=397)
_EARLIER = timedelta(minutes=5)
"""Clocks differ."""
_LOOPBACK = ip_address("127.0.0.1")


@dataclass(frozen=True)
class Authority:
    """Signs the certificates of one deployment; its key is needed for nothing else and is not kept."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @classmethod
    def create(cls, now: datetime) -> "Authority":
        key = ec.generate_private_key(ec.SECP256R1())
        unsigned = _builder("billing telemetry authority", key, now)
        unsigned = unsigned.issuer_name(_name("billing telemetry authority"))
        constraints = x509.BasicConstraints(ca=True, path_length=0)
        return cls(key, unsigned.add_extension(constraints, critical=True).sign(key, hashes.SHA256()))

    def issue(self, host: str, now: datetime) -> Mapping[str, bytes]:
        """Files for a program that is known as `host` and on loopback: ca.pem, cert.pem, key.pem."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = x509.SubjectAlternativeName([x509.DNSName(host), x509.DNSName("localhost"), x509.IPAddress(_LOOPBACK)])
        unsigned = _builder(host, key, now).issuer_name(self.certificate.subject).add_extension(names, critical=False)
        constraints = x509.BasicConstraints(ca=False, path_length=None)
        signed = unsigned.add_extension(constraints, critical=True).sign(self.key, hashes.SHA256())
        return {
            "ca.pem": self.certificate.public_bytes(serialization.Encoding.PEM),
            "cert.pem": signed.public_bytes(serialization.Encoding.PEM),
            "key.pem": key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            ),
        }


def utc_now() -> datetime:
    return datetime.now(UTC)


def _builder(host: str, key: ec.EllipticCurvePrivateKey, now: datetime) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(_name(host))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _EARLIER)
        .not_valid_after(now + LIFETIME)
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])
