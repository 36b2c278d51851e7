"""Made-up secrets, one for each place and kind, so that what is found somewhere tells where it came from."""

import base64
import json
import random
import secrets
import string
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from service.domain.api_key import issue

DRAW = random.SystemRandom()


@dataclass(frozen=True)
class Canary:
    """A planted value; `place` is where it was put."""

    place: str
    kind: str
    value: str


def made(place: str, own: Mapping[str, str]) -> list[Canary]:
    """One of each kind, and the process's own secrets."""
    values = {
        "API key": issue("00" * 16, 1_800_000_000, secrets.token_bytes(16), secrets.token_bytes(32)).text,
        "Stripe key": "sk_live_" + letters(24),
        "webhook secret": "whsec_" + letters(32),
        "session token": ".".join((encoded({"alg": "HS512"}), encoded({"sub": letters(12)}), letters(32))),
        "card number": card(),
    }
    return [Canary(place, kind, value) for kind, value in {**values, **own}.items()]


def card() -> str:
    """A number of sixteen digits that keeps the Luhn check."""
    digits = [4, *(DRAW.randrange(10) for _ in range(14))]
    doubled = sum(sum(divmod(2 * each, 10)) if at % 2 == 0 else each for at, each in enumerate(digits))
    return "".join(map(str, digits)) + str(-doubled % 10)


def letters(count: int) -> str:
    return "".join(DRAW.choice(string.ascii_letters + string.digits) for _ in range(count))


def encoded(part: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")


def found(canaries: list[Canary], sinks: Mapping[str, bytes]) -> list[tuple[str, str, str]]:
    """Each combination of place, kind and sink in which a canary stands; as a repr and as JSON write it too."""
    return [
        (canary.place, canary.kind, sink)
        for canary in canaries
        for sink, content in sinks.items()
        if any(form.encode() in content for form in spelt(canary.value))
    ]


def spelt(value: str) -> set[str]:
    return {value, repr(value)[1:-1], json.dumps(value)[1:-1]}


class Receiver:
    """An OTLP/HTTP receiver that keeps what it gets."""

    def __init__(self) -> None:
        self.taken: dict[str, bytes] = {"traces": b"", "logs": b"", "metrics": b""}
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                signal = self.path.rpartition("/")[2]
                outer.taken[signal] += body
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
