"""The one-try client against raw sockets that answer, close and break off."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from loadtests.client import Client
from loadtests.traffic import Tenant, tenant_read, usage_report

READ = tenant_read(Tenant("t1", "key-1"))
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


@contextmanager
def listening(serve: Callable[[socket.socket, int], None]) -> Iterator[tuple[str, list[int]]]:
    """Serve each connection in turn by its number; yields the base URL and the list of connections."""
    accepted: list[int] = []

    def run(listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            accepted.append(len(accepted) + 1)
            with connection:
                serve(connection, len(accepted))

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=run, args=(listener,), daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", accepted
        listener.shutdown(socket.SHUT_RDWR)


def test_a_kept_alive_connection_is_used_again() -> None:
    def serve(connection: socket.socket, _: int) -> None:
        while connection.recv(65536):
            connection.sendall(OK)

    with listening(serve) as (url, accepted):
        client = Client(url)
        assert [client.exchange(READ).status for _ in range(3)] == [200, 200, 200]
        assert len(accepted) == 1
        client.close()


def test_a_connection_that_the_server_closed_while_idle_is_replaced() -> None:
    closed = threading.Event()

    def serve(connection: socket.socket, _: int) -> None:
        connection.recv(65536)
        connection.sendall(OK)
        connection.shutdown(socket.SHUT_RDWR)
        connection.close()
        closed.set()

    with listening(serve) as (url, accepted):
        client = Client(url)
        assert client.exchange(READ).status == 200
        closed.wait(2)
        assert client.exchange(READ).status == 200
        assert len(accepted) == 2


def test_a_read_whose_connection_breaks_is_not_sent_a_second_time() -> None:
    def serve(connection: socket.socket, _: int) -> None:
        connection.recv(65536)

    with listening(serve) as (url, accepted):
        answer = Client(url).exchange(READ)
        assert answer.status == 0
        assert "RemoteDisconnected" in (answer.error or "")
        assert len(accepted) == 1


def test_silence_ends_at_the_timeout() -> None:
    def serve(connection: socket.socket, _: int) -> None:
        while connection.recv(65536):
            pass

    with listening(serve) as (url, _):
        answer = Client(url, timeout_seconds=0.1).exchange(READ)
        assert (answer.status, answer.error) == (0, "TimeoutError: timed out")


def test_a_refused_connection_is_an_answer_with_status_0() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    answer = Client(f"http://127.0.0.1:{port}").exchange(READ)
    assert answer.status == 0
    assert "ConnectionRefusedError" in (answer.error or "")


def test_requests_carry_the_key_and_the_body() -> None:
    heard: list[bytes] = []

    def serve(connection: socket.socket, _: int) -> None:
        while b'{"events":[]}' not in b"".join(heard):
            heard.append(connection.recv(65536))
        connection.sendall(OK)

    with listening(serve) as (url, _):
        client = Client(url)
        client.exchange(usage_report(Tenant("t1", "key-1"), ()))
        client.close()
    sent = b"".join(heard)
    assert sent.startswith(b"POST /usage/report HTTP/1.1\r\n")
    assert b"Authorization: Bearer key-1\r\n" in sent
    assert b"Content-Type: application/json\r\n" in sent
