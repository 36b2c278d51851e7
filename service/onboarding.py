"""Decides how somebody becomes a tenant: at once, after confirming the e-mail address, or by the operator's hand."""

import base64
import hmac
from dataclasses import dataclass
from urllib.parse import urlencode

from service.config import SignupConfig, SignupMode
from service.domain.api_key import ApiKey
from service.domain.seed import derive
from service.domain.tenant import Application, Tenant
from service.errors import NotFoundError, ServiceError, SignupClosedError
from service.ledger.pending import LIFETIME_SECONDS, PendingSignups
from service.mail import Mailer
from service.signup import Signup
from service.tokens import Purpose, Tokens

OPERATOR, SERVICE = "operator", "service"
"""Who opens a tenant, for the audit trail."""

_SUBJECT = "Confirm your e-mail address"
_TEXT = """\
Somebody, most likely you, signed up for C2PA billing with this e-mail address.

Open this link within 24 hours and confirm to get your API key. It works once:

{link}

If it was not you, ignore this message: nothing was created, and nothing will be.
"""

Opened = tuple[Tenant, ApiKey]


@dataclass(frozen=True, slots=True)
class Onboarding:
    """`public_url` is where the link in the mail leads; `mailer` is there in mode verified."""

    config: SignupConfig
    signup: Signup
    pending: PendingSignups
    mailer: Mailer | None
    tokens: Tokens
    public_url: str

    async def apply(self, application: Application, seed: bytes, request_id: str, authorization: str) -> Opened | None:
        """Open the tenant, or return None where a mail was sent instead; raises ServiceError.

        Whether the address is known already makes no difference to anything that can be seen.
        """
        if self.mailer is not None:
            await self._ask_to_confirm(self.mailer, application, seed)
            return None
        if self.config.mode is SignupMode.INVITE:
            self._admit_operator(authorization)
            return await self.signup.open(application, seed, OPERATOR, request_id)
        return await self.signup.open(application, seed, SERVICE, request_id)

    async def activate(self, token: str, request_id: str) -> Opened:
        """Open the tenant that the mailed token stands for; raises NotFoundError if it is forged, used up or expired.

        The token is used up once the tenant is there. Everything is derived from its id, so that trying again after a
        failure, or twice at once, does the same work and opens the same tenant.
        """
        claims = self.tokens.read(Purpose.EMAIL, token)
        if claims is None:
            raise NotFoundError
        application = await self.pending.read(claims.token_id)
        if application is None or application.email != claims.subject:
            raise NotFoundError
        seed = derive(claims.token_id.encode(), "sign-up activation")
        opened = await self.signup.open(application, seed, SERVICE, request_id)
        await self.pending.drop(claims.token_id)
        return opened

    def _admit_operator(self, authorization: str) -> None:
        scheme, _, presented = authorization.partition(" ")
        expected = self.config.operator_key or ""
        same = hmac.compare_digest(presented.encode(errors="surrogateescape"), expected.encode())
        if not (same and expected and scheme.lower() == "bearer"):
            raise SignupClosedError

    async def _ask_to_confirm(self, mailer: Mailer, application: Application, seed: bytes) -> None:
        token_id = base64.urlsafe_b64encode(derive(seed, "sign-up token")).decode().rstrip("=")
        token, _ = self.tokens.issue(Purpose.EMAIL, application.email, token_id, LIFETIME_SECONDS)
        await self.pending.keep(token_id, application)
        link = f"{self.public_url}/signup#{urlencode({'token': token})}"
        try:
            await mailer.send(application.email, _SUBJECT, _TEXT.format(link=link))
        except ServiceError:
            await self.pending.drop(token_id)
            raise
