import ipaddress

import pytest

from service.domain.client_address import FORWARDED, X_FORWARDED_FOR, client_address, subscriber

PROXIES = tuple(map(ipaddress.ip_network, ("10.0.0.0/8", "fd00::/8")))


@pytest.mark.parametrize(
    ("peer", "lines", "client"),
    [
        ("203.0.113.9", [], "203.0.113.9"),
        ("203.0.113.9", ["198.51.100.1"], "203.0.113.9"),
        ("10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["192.0.2.66, 198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["192.0.2.66", "198.51.100.1, 10.0.0.2"], "198.51.100.1"),
        ("10.0.0.1", ["192.0.2.66, nonsense, 10.0.0.2"], "10.0.0.2"),
        ("10.0.0.1", ["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
        ("10.0.0.1", ["198.51.100.1:4711"], "198.51.100.1"),
        ("fd00::1", ["[2001:db8::7]:443"], "2001:db8::7"),
        ("::ffff:10.0.0.1", ["::ffff:198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", [""], "10.0.0.1"),
        ("10.0.0.1", ["1.1.1.1," + "10.0.0.2," * 100 + "10.0.0.2"], "10.0.0.2"),
    ],
)
def test_only_what_trusted_proxies_vouch_for_is_believed(peer, lines, client):
    assert str(client_address(peer, X_FORWARDED_FOR, lines, PROXIES)) == client


@pytest.mark.parametrize(
    ("lines", "client"),
    [
        (["for=192.0.2.66, for=198.51.100.1;proto=https;by=10.0.0.1"], "198.51.100.1"),
        (['For="[2001:db8::7]:47011"'], "2001:db8::7"),
        (["for=unknown"], "10.0.0.1"),
        (["for=_hidden, for=10.0.0.2"], "10.0.0.2"),
        (["proto=https"], "10.0.0.1"),
    ],
)
def test_the_standard_header_is_read_alike(lines, client):
    assert str(client_address("10.0.0.1", FORWARDED, lines, PROXIES)) == client


def test_who_has_no_address_has_none():
    assert client_address("", X_FORWARDED_FOR, ["198.51.100.1"], PROXIES) is None


def test_one_subscriber_of_ipv6_counts_as_one():
    first, second = map(ipaddress.ip_address, ("2001:db8:0:1::1", "2001:db8:0:1:ffff::2"))
    assert subscriber(first) == subscriber(second) == "2001:db8:0:1::/64"
