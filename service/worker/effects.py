"""What webhooks do: notes in the audit trail, and one look at the customer's current state."""

import logging
from collections import OrderedDict
from collections.abc import Sequence
from uuid import uuid4

from service.domain.webhook_event import CHECKOUT_COMPLETED, METER_ERRORS, WebhookEvent
from service.ledger.event_notes import EventNotes
from service.payments.gateway import StripeGateway
from service.telemetry.logs import CURRENT_TENANT, log_event
from service.worker.notes import actor_of, note_of, refused_usage
from service.worker.standings import Standings

_REMEMBERED_CUSTOMERS = 10_000

_log = logging.getLogger(__name__)


class Effects:
    """Applying an event twice, or many in any order, leaves the same as applying each once."""

    def __init__(self, standings: Standings, notes: EventNotes, gateway: StripeGateway) -> None:
        self._standings = standings
        self._notes = notes
        self._gateway = gateway
        self._tenants: OrderedDict[str, str] = OrderedDict()

    async def apply(self, customer_id: str, events: Sequence[WebhookEvent]) -> None:
        """Let events of one customer take effect together; raises what `Standings.refresh` raises."""
        tenant_id = await self._tenant_of(customer_id) if customer_id else None
        request_id = uuid4().hex
        if tenant_id is None:
            await self._apply_foreign(events, request_id)
            return
        CURRENT_TENANT.set(tenant_id)
        for event in events:
            if event.type == CHECKOUT_COMPLETED and not await self._notes.has(tenant_id, event.event_id):
                await self._choose_method(customer_id, event)
        await self._standings.refresh(tenant_id, actor_of(events[-1]), request_id)
        for event in events:
            note = note_of(event, request_id)
            if note is not None:
                await self._notes.note(tenant_id, event.event_id, note)

    async def _choose_method(self, customer_id: str, event: WebhookEvent) -> None:
        """Checkout attaches a payment method and leaves to us that the newest one pays from now on."""
        account = await self._gateway.account(customer_id)
        if event.details.get("mode") == "setup" and account.payment_methods:
            await self._gateway.use_payment_method(customer_id, account.payment_methods[0], f"use-{event.event_id}")

    async def _apply_foreign(self, events: Sequence[WebhookEvent], request_id: str) -> None:
        """Events of no tenant: reports about meters, and customers of the Stripe account that are not ours."""
        for event in events:
            if event.type in METER_ERRORS:
                await self._apply_report(event, request_id)

    async def _apply_report(self, event: WebhookEvent, request_id: str) -> None:
        report = await self._gateway.meter_error_report(event.event_id)
        attributes = {
            "stripe.event.id": event.event_id,
            "stripe.error.count": report.error_count,
            "stripe.error.summary": report.summary,
        }
        log_event(_log, logging.ERROR, "usage.delivery_refused", "Stripe refused usage that it had taken", attributes)
        for tenant_id, entry in refused_usage(report, event, request_id):
            await self._notes.note(tenant_id, event.event_id, entry)

    async def _tenant_of(self, customer_id: str) -> str | None:
        """A customer's tenant never changes, so it is looked up once."""
        if customer_id not in self._tenants:
            tenant_id = (await self._gateway.account(customer_id)).tenant_id
            if tenant_id is None:
                return None
            self._tenants[customer_id] = tenant_id
            if len(self._tenants) > _REMEMBERED_CUSTOMERS:
                self._tenants.popitem(last=False)
        return self._tenants[customer_id]
