"""An authority of the deployment's own, and a certificate for each program that talks over mutual TLS."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

FILES = ("ca.pem", "cert.pem", "key.pem")
LIFETIME = timedelta(days=397)
_EARLIER = timedelta(minutes=5)
"""Clocks differ."""
_LOOPBACK = ip_address("127.0.0.1")
_USAGES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)


@dataclass(frozen=True)
class Authority:
    """Signs the certificates of one deployment; its key is needed for nothing else and is not kept."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @classmethod
    def create(cls, now: datetime) -> "Authority":
        key = ec.generate_private_key(ec.SECP256R1())
        name = _name("billing telemetry authority")
        unsigned = (
            _builder(name, key, now)
            .issuer_name(name)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(key_cert_sign=True, crl_sign=True), critical=True)
        )
        return cls(key, unsigned.sign(key, hashes.SHA256()))

    def issue(self, host: str, now: datetime) -> Mapping[str, bytes]:
        """FILES for a program that is known as `host` and on loopback, as a server and as a client."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = x509.SubjectAlternativeName([x509.DNSName(host), x509.DNSName("localhost"), x509.IPAddress(_LOOPBACK)])
        both = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])
        authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
        unsigned = (
            _builder(_name(host), key, now)
            .issuer_name(self.certificate.subject)
            .add_extension(names, critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(digital_signature=True), critical=True)
            .add_extension(both, critical=False)
            .add_extension(authority, critical=False)
        )
        signed = unsigned.sign(self.key, hashes.SHA256())
        return {
            "ca.pem": self.certificate.public_bytes(serialization.Encoding.PEM),
            "cert.pem": signed.public_bytes(serialization.Encoding.PEM),
            "key.pem": key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            ),
        }


def utc_now() -> datetime:
    return datetime.now(UTC)


def _builder(name: x509.Name, key: ec.EllipticCurvePrivateKey, now: datetime) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _EARLIER)
        .not_valid_after(now + LIFETIME)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _usage(**granted: bool) -> x509.KeyUsage:
    """What the key is for, and nothing else."""
    return x509.KeyUsage(**(dict.fromkeys(_USAGES, False) | granted))


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])
