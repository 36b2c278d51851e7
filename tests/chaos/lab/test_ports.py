import socket

import pytest

from chaos.errors import LabError
from chaos.lab.ports import choose_ports


def test_free_ports_are_distinct_and_can_be_bound() -> None:
    ports = choose_ports(["a", "b", "c"], {})
    assert len(set(ports.values())) == 3
    for port in ports.values():
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", port))


def test_a_pinned_port_is_used() -> None:
    free = choose_ports(["a"], {})["a"]
    assert choose_ports(["a", "b"], {"b": free})["b"] == free


def test_a_taken_port_is_named_with_its_use() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(LabError, match=f"port {port}, asked for service, is taken"):
            choose_ports(["service"], {"service": port})
