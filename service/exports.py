"""Everything that is kept of a tenant, as one ZIP archive that is built while it is downloaded."""

import csv
import io
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from service.documents import shown_invoice, shown_record, shown_tenant
from service.domain import download_token
from service.domain.billing_period import month_start
from service.domain.seed import derive
from service.domain.tenant import Tenant
from service.domain.usage import MAX_AGE, MAX_AHEAD, EventType
from service.errors import NotFoundError
from service.ledger.audit_trail import AuditTrail
from service.ledger.keys import hour_of
from service.ledger.usage import Granularity, UsageReader
from service.payments.gateway import StripeGateway
from service.tenancy import Author, Tenancy
from service.zip_stream import ZipStream

LIFETIME = timedelta(minutes=15)
CHUNK_BYTES = 64 * 1024
_PAGE = 100
_MONTH = 31 * 24 * len(EventType)
"""As many hours as can have usage in a month, of all event types."""
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
_README = """\
Everything that the billing service keeps of tenant {tenant_id}, as of {moment}.

tenant.json    the tenant
usage.csv      units by hour (UTC) and event type, oldest first
invoices.json  invoices, newest first, amounts in whole cents
audit.jsonl    the audit trail, newest first, one record a line

Usage, invoices and the audit trail are kept for the legal period of ten years, also after a cancellation.
"""

Texts = AsyncIterator[str]


@dataclass(frozen=True, slots=True)
class Exports:
    """`keys` verify the downloads, and the first one signs them.

    Raises LedgerUnavailableError, PaymentsUnavailableError, PaymentsRejectedError.
    """

    tenancy: Tenancy
    usage: UsageReader
    trail: AuditTrail
    gateway: StripeGateway
    clock: Callable[[], datetime]
    keys: tuple[bytes, ...] = field(repr=False)

    async def offer(self, tenant_id: str, author: Author) -> tuple[str, int]:
        """Return a token for the download and when it expires (unix seconds)."""
        expires_at = int((self.clock() + LIFETIME).timestamp())
        nonce = derive(author.seed, "export")[: download_token.NONCE_BYTES]
        await self.trail.append(tenant_id, author.entry("export.created", {"expires_at": expires_at}))
        return download_token.sign(self.keys[0], tenant_id, expires_at, nonce), expires_at

    async def opened(self, token: str) -> Tenant:
        """The tenant that the token opens; raises NotFoundError for a forged or expired one."""
        now = int(self.clock().timestamp())
        for key in self.keys:
            tenant_id = download_token.verify(key, token, now)
            if tenant_id is not None:
                return await self.tenancy.of(tenant_id)
        raise NotFoundError

    async def stream(self, tenant: Tenant) -> AsyncIterator[bytes]:
        """Yield the archive in chunks of CHUNK_BYTES and more; the last one may be smaller."""
        now = self.clock()
        archive = ZipStream(now)
        for name, texts in self._files(tenant, now).items():
            with archive.file(name) as file:
                async for text in texts:
                    file.write(text.encode())
                    if archive.pending >= CHUNK_BYTES:
                        yield archive.take()
        archive.close()
        yield archive.take()

    def _files(self, tenant: Tenant, now: datetime) -> dict[str, Texts]:
        readme = _README.format(tenant_id=tenant.tenant_id, moment=now.isoformat(timespec="seconds"))
        return {
            "README.txt": _once(readme),
            "tenant.json": _once(json.dumps(shown_tenant(tenant), indent=2) + "\n"),
            "usage.csv": self._usage(tenant, now),
            "invoices.json": self._invoices(tenant),
            "audit.jsonl": self._audit(tenant),
        }

    async def _usage(self, tenant: Tenant, now: datetime) -> Texts:
        """Month by month, from the first that an event of the tenant can lie in."""
        yield csv_line("hour", "event_type", "units")
        month = month_start(datetime.fromtimestamp(tenant.created_at, UTC) - MAX_AGE)
        while month < now + MAX_AHEAD:
            following = month_start(month + timedelta(days=31))
            page = await self.usage.page(tenant.tenant_id, month, following, Granularity.HOUR, None, None, _MONTH)
            yield "".join(csv_line(hour_of(each.start), each.event_type, each.value) for each in page.buckets)
            month = following

    async def _invoices(self, tenant: Tenant) -> Texts:
        yield "["
        after, separator, more = None, "\n", True
        while more:
            page = await self.gateway.invoices(tenant.customer_id, _PAGE, after)
            for invoice in page.invoices:
                yield separator + json.dumps(shown_invoice(invoice))
                after, separator = invoice.id, ",\n"
            more = page.has_more
        yield "\n]\n"

    async def _audit(self, tenant: Tenant) -> Texts:
        cursor, more = None, True
        while more:
            records, cursor = await self.trail.page(tenant.tenant_id, cursor, _PAGE)
            yield "".join(json.dumps(shown_record(record)) + "\n" for record in records)
            more = cursor is not None


def csv_line(*cells: str | int) -> str:
    """One line of RFC 4180; text that a spreadsheet would run as a formula is quoted by an apostrophe."""
    line = io.StringIO()
    csv.writer(line).writerow([_inert(cell) if isinstance(cell, str) else cell for cell in cells])
    return line.getvalue()


def _inert(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA_STARTS) else cell


async def _once(text: str) -> Texts:
    yield text
