"""The certificates of `python -m deploy`: one authority, the right hosts, and what the strictest verifiers ask for."""

import ssl
from pathlib import Path

import pytest
from cryptography import x509

from deploy import __main__ as command


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("deploy") / "secrets"
    command.main(folder)
    return folder / "tls"


def test_certificates_are_of_one_authority_and_for_their_host(tls: Path) -> None:
    (authority,) = {(tls / host / "ca.pem").read_bytes() for host in command.TLS_HOSTS}
    ca = x509.load_pem_x509_certificate(authority)
    for host in command.TLS_HOSTS:
        leaf = x509.load_pem_x509_certificate((tls / host / "cert.pem").read_bytes())
        leaf.verify_directly_issued_by(ca)
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        assert set(names.get_values_for_type(x509.DNSName)) == {host, "localhost"}
        _context(ssl.PROTOCOL_TLS_SERVER, tls / host)


@pytest.mark.parametrize("server", command.TLS_HOSTS)
def test_both_sides_accept_each_other_under_the_rules_of_python_3_13(tls: Path, server: str) -> None:
    client = x509.load_der_x509_certificate(_shake_hands(tls, server, "service", server))
    assert client.subject.rfc4514_string() == "CN=service"


def test_a_certificate_of_another_host_is_refused(tls: Path) -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        _shake_hands(tls, "gateway", "service", "agent")


def _shake_hands(tls: Path, server: str, client: str, name: str) -> bytes:
    """The client's certificate as the server has it once both have shaken hands in memory."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours = _context(ssl.PROTOCOL_TLS_SERVER, tls / server).wrap_bio(to_server, to_client, server_side=True)
    theirs = _context(ssl.PROTOCOL_TLS_CLIENT, tls / client).wrap_bio(to_client, to_server, server_hostname=name)
    for side in (theirs, ours, theirs, ours):
        try:
            side.do_handshake()
        except ssl.SSLWantReadError:
            continue
    certificate = ours.getpeercert(binary_form=True)
    assert certificate is not None
    return certificate


def _context(protocol: int, files: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(protocol)
    context.verify_flags |= ssl.VERIFY_X509_STRICT | ssl.VERIFY_X509_PARTIAL_CHAIN
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(files / "ca.pem")
    context.load_cert_chain(files / "cert.pem", files / "key.pem")
    return context
