"""An answer as it is kept for repetitions: encrypted under the seed of the request that it answers."""

import base64
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import web
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from service.domain.seed import derive

_NONCE_BYTES = 12
_PURPOSE = "kept answer"


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """`headers` are those that the handler set."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @classmethod
    def of(cls, response: web.Response) -> "KeptAnswer":
        body = response.body
        if body is not None and not isinstance(body, bytes):
            raise TypeError(f"the answer's body is {type(body).__name__}; expected bytes")
        return cls(response.status, dict(response.headers), body or b"")

    @classmethod
    def opened(cls, sealed: bytes, seed: bytes, fingerprint: str) -> "KeptAnswer":
        """Decrypt what `sealed` made; raises InvalidTag if it was tampered with or belongs to another request."""
        nonce, ciphertext = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        kept = json.loads(AESGCM(derive(seed, _PURPOSE)).decrypt(nonce, ciphertext, fingerprint.encode()))
        return cls(kept["status"], kept["headers"], base64.b64decode(kept["body"]))

    def sealed(self, seed: bytes, fingerprint: str) -> bytes:
        """Encrypt the answer for the request with this seed and fingerprint alone."""
        kept = {"status": self.status, "headers": dict(self.headers), "body": base64.b64encode(self.body).decode()}
        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = AESGCM(derive(seed, _PURPOSE)).encrypt(nonce, json.dumps(kept).encode(), fingerprint.encode())
        return nonce + sealed

    def response(self) -> web.Response:
        return web.Response(status=self.status, headers=self.headers, body=self.body)
