"""What was given up, both usage and webhooks: one list for a person to decide on, with reasons in the audit trails."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from enum import StrEnum
from secrets import token_hex
from typing import Protocol

from service.domain.audit_entry import AuditEntry
from service.domain.intent import parse_intent_id
from service.domain.timestamp import format_seconds
from service.errors import NotFoundError
from service.ledger import keys
from service.ledger.audit_trail import AuditTrail
from service.ledger.connection import Ledger, Operation
from service.ledger.dead_letters import DeadLetters
from service.ledger.dead_webhooks import DeadWebhook, DeadWebhooks

PAGE = 100
_ENTRY_ID = re.compile(r"\d{1,19}-\d{1,19}", re.ASCII)


class Kind(StrEnum):
    USAGE = "usage"
    WEBHOOKS = "webhooks"


@dataclass(frozen=True, slots=True)
class Letter:
    """`what` is what was to be done, `reason` why it was given up `at` that time."""

    id: str
    what: str
    at: str
    tries: int
    reason: str


class Office(Protocol):
    """Lists letters and settles them; raises LedgerUnavailableError, and NotFoundError where there is none."""

    def letters(self) -> AsyncIterator[Letter]: ...

    async def retry(self, letter_id: str, reason: str) -> None: ...

    async def drop(self, letter_id: str, reason: str) -> None: ...


def office(kind: Kind, ledger: Ledger) -> Office:
    return UsageOffice(ledger) if kind is Kind.USAGE else WebhookOffice(ledger)


class UsageOffice:
    """Intents that Stripe refused, or of which nobody knows whether they arrived."""

    def __init__(self, ledger: Ledger) -> None:
        self._letters = DeadLetters(ledger)

    async def letters(self) -> AsyncIterator[Letter]:
        for shard in range(keys.SHARDS):
            cursor: str | None = None
            while True:
                page, cursor = await self._letters.page(shard, cursor, PAGE)
                for each in page:
                    what = f"{each.intent.value} units to {each.customer_id or 'no customer'}"
                    at = format_seconds(each.buried_at)
                    yield Letter(each.intent.intent_id, what, at, each.attempts, each.reason)
                if cursor is None:
                    break

    async def retry(self, letter_id: str, reason: str) -> None:
        await self._letters.retry(_intent_id(letter_id), _entry("retried", letter_id, reason))

    async def drop(self, letter_id: str, reason: str) -> None:
        await self._letters.drop(_intent_id(letter_id), _entry("dropped", letter_id, reason))


class WebhookOffice:
    """Events of Stripe's that could not take effect."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._webhooks = DeadWebhooks(ledger)
        self._trail = AuditTrail(ledger)

    async def letters(self) -> AsyncIterator[Letter]:
        cursor: str | None = None
        while True:
            page, cursor = await self._webhooks.page(cursor, PAGE)
            for each in page:
                what = f"{each.type} {each.event_id} of {each.customer_id or 'no customer'}"
                yield Letter(each.entry_id, what, format_seconds(each.received_at), each.tries, each.reason)
            if cursor is None:
                return

    async def retry(self, letter_id: str, reason: str) -> None:
        await self._tell("retried", await self._read(letter_id), reason)
        await self._webhooks.retry(letter_id)

    async def drop(self, letter_id: str, reason: str) -> None:
        await self._tell("dropped", await self._read(letter_id), reason)
        await self._webhooks.drop(letter_id)

    async def _read(self, letter_id: str) -> DeadWebhook:
        if not _ENTRY_ID.fullmatch(letter_id):
            raise NotFoundError
        return await self._webhooks.read(letter_id)

    async def _tell(self, deed: str, webhook: DeadWebhook, reason: str) -> None:
        """The trail is told first: a decision that is told and not carried out is seen, the reverse is not."""
        tenant_id = await self._tenant_of(webhook.customer_id)
        if tenant_id is not None:
            await self._trail.append(tenant_id, _entry(deed, webhook.event_id, reason))

    async def _tenant_of(self, customer_id: str) -> str | None:
        """Looks at every tenant, since the ledger has no other way from a customer to one."""
        for shard in range(keys.SHARDS) if customer_id else ():
            for tenant_id in await self._ledger.command(Operation.LIST_TENANTS, "SMEMBERS", keys.tenants(shard)):
                found = await self._ledger.command(Operation.READ_TENANT, "HGET", keys.tenant(tenant_id), "customer_id")
                if found == customer_id:
                    return str(tenant_id)
        return None


def _intent_id(letter_id: str) -> str:
    """Raises NotFoundError where it cannot be the id of an intent."""
    try:
        name = parse_intent_id(letter_id)
        keys.shard_of(name.tenant_id)
    except ValueError as error:
        raise NotFoundError from error
    return letter_id


def _entry(deed: str, letter_id: str, reason: str) -> AuditEntry:
    details = {"dead_letter": letter_id, "reason": reason}
    return AuditEntry("operator", f"dead_letter.{deed}", token_hex(16), details)
