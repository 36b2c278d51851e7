import ipaddress
import re
import socket

import aiohttp
import pytest

from chaos.lab.programs import PROJECT
from service.domain.reach import Reach, may_reach
from service.outbound import ForbiddenAddressError, connect_guarded, guarded_socket

NEVER = [
    "169.254.169.254",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1",
    "2002:a9fe:a9fe::1",
    "2002:7f00:1::",
    "2001:0:7f00:1::",
    "0.0.0.0",  # noqa: S104
    "::",
    "224.0.0.1",
    "ff02::1",
    "255.255.255.255",
    "192.0.2.1",
    "198.18.0.1",
    "192.88.99.1",
    "fe80::1%eth0",
    "fec0::1",
    "2001:db8::1",
    "100.100.100.300",
    "localhost",
]
LOCAL = ["127.0.0.1", "127.1.2.3", "::1", "::ffff:127.0.0.1", "10.0.0.1", "172.31.255.255", "192.168.1.1", "fd00::1"]
PUBLIC = ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "::ffff:8.8.8.8"]


@pytest.mark.parametrize("address", NEVER)
def test_special_addresses_are_never_reached(address):
    assert not any(may_reach(address, reach) for reach in Reach)


@pytest.mark.parametrize("address", LOCAL)
def test_local_addresses_are_reached_only_where_an_operator_named_them(address):
    assert (may_reach(address, Reach.PUBLIC), may_reach(address, Reach.CONFIGURED)) == (False, True)


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_reached(address):
    assert all(may_reach(address, reach) for reach in Reach)


def test_the_standard_librarys_own_answer_would_not_do():
    assert any(ipaddress.ip_address(address).is_global for address in ("64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1"))


async def test_a_name_is_judged_by_the_address_that_the_socket_connects_to(service):
    connector = aiohttp.TCPConnector(socket_factory=guarded_socket(Reach.PUBLIC))
    async with aiohttp.ClientSession(connector=connector) as http:
        with pytest.raises(aiohttp.ClientConnectionError):
            await http.get(f"http://localhost:{service.port}/ready")
    with pytest.raises(ForbiddenAddressError):
        connect_guarded("localhost", service.port, 1, Reach.PUBLIC)
    with connect_guarded("localhost", service.port, 1, Reach.CONFIGURED) as made:
        assert made.family in (socket.AF_INET, socket.AF_INET6)


def test_nothing_else_in_the_service_opens_connections_to_hosts():
    """Redis and the Collector are configured, never named by a client; their libraries are used in one place each."""
    opens = re.compile(
        r"ClientSession\(|TCPConnector\(|create_connection\(|open_connection\(|urlopen\("
        r"|import requests|httpx|smtplib\.SMTP\w*\("
    )
    found = {path.name for path in (PROJECT / "service").rglob("*.py") if opens.search(path.read_text())}
    assert found == {"outbound.py", "exporters.py"}
