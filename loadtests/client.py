"""One exchange with the service over a kept-alive connection: exactly one try, whatever the method.

Common pooled clients send GET again by themselves when a connection breaks, which would hide failures from
the records; hence the standard library's connection and a small pool.
"""

from http.client import HTTPConnection, HTTPException, HTTPSConnection
from ssl import SSLWantReadError
from urllib.parse import urlsplit

from loadtests.answers import Answer
from loadtests.traffic import Request

TIMEOUT_SECONDS = 5.0  # to connect, and between two reads


class Client:
    """Exchanges requests for answers; greenlets share one client, each exchange has its own connection."""

    def __init__(self, base_url: str, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        parts = urlsplit(base_url)
        self._connection_class = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        self._address = parts.netloc
        self._timeout_seconds = timeout_seconds
        self._idle: list[HTTPConnection] = []

    def exchange(self, request: Request) -> Answer:
        """Send once and read the whole answer; faults of the network become an answer with status 0."""
        connection = self._take()
        try:
            connection.request(request.method, request.path, request.body, _headers(request))
            response = connection.getresponse()
            answer = Answer(response.status, response.read())
        except (OSError, HTTPException) as fault:
            connection.close()
            return Answer(0, error=f"{type(fault).__name__}: {fault}")
        if response.will_close:
            connection.close()
        else:
            self._idle.append(connection)
        return answer

    def close(self) -> None:
        """Close the idle connections."""
        while self._idle:
            self._idle.pop().close()

    def _take(self) -> HTTPConnection:
        while self._idle:
            connection = self._idle.pop()
            if self._is_open(connection):
                return connection
            connection.close()
        return self._connection_class(self._address, timeout=self._timeout_seconds)

    def _is_open(self, connection: HTTPConnection) -> bool:
        """An idle connection with something to read was closed by the server, or is out of step."""
        connection.sock.settimeout(0)
        try:
            connection.sock.recv(1)
        except (BlockingIOError, SSLWantReadError):
            return True
        except OSError:
            return False
        finally:
            connection.sock.settimeout(self._timeout_seconds)
        return False


def _headers(request: Request) -> dict[str, str]:
    headers = {"Accept": "application/json", "User-Agent": "c2pa-billing-loadtests", "X-GameDay": "loadtests"}
    if request.body is not None:
        headers["Content-Type"] = "application/json"
    if request.tenant is not None:
        headers["Authorization"] = f"Bearer {request.tenant.api_key}"
    return headers
