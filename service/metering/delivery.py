"""Telling Stripe of one sealed sum, so that it arrives once."""

import logging
from collections.abc import Callable
from datetime import datetime

from service.domain.intent import Intent, parse_intent_id
from service.errors import NotFoundError, PaymentsRejectedError, PaymentsUnavailableError
from service.ledger.outbox import Outbox, Pending
from service.ledger.sent import SentReader
from service.ledger.shard_leases import ShardLease
from service.metering.comparison import Finding, is_too_old, is_tried_out, judge, span_of
from service.metering.meters import Meters
from service.metering.rate import Rate
from service.metering.shares import CALL_SECONDS, Shares
from service.payments.objects import Delivery
from service.telemetry.logs import log_event
from service.telemetry.pipeline import Telemetry
from service.telemetry.tracing import task_span

TOO_OLD = "timestamp_too_old"
NO_CUSTOMER = "no_customer"
AMBIGUOUS = "ambiguous"
FIRST_OF_ALL = 0
"""What was tried is due before all that was not, so that its lane never goes on without it."""
_OUTCOMES = {"sent": "delivered", "duplicate": "duplicate", "reconciled": "reconciled"}

_log = logging.getLogger(__name__)


class Unsettled(Exception):
    """Whether the sum arrived is not known, or it could not be sent; it has to be tried again."""


class Courier:
    """Raises LedgerUnavailableError and FenceLostError; an identifier never leaves here with two values."""

    def __init__(
        self,
        outbox: Outbox,
        sent: SentReader,
        meters: Meters,
        rate: Rate,
        shares: Shares,
        telemetry: Telemetry,
        clock: Callable[[], datetime],
    ) -> None:
        self._outbox = outbox
        self._sent = sent
        self._meters = meters
        self._rate = rate
        self._shares = shares
        self._intents = telemetry.instruments.metering_intents
        self._clock = clock
        self._tracer = telemetry.tracer

    async def settle(self, shard: int, pending: Pending) -> None:
        """Bring the sum to its end, which is at Stripe or among the dead letters; raises Unsettled."""
        with task_span(self._tracer, "settle intent", (pending.asked,)) as span:
            span.attributes["billing.intent.id"] = pending.intent.intent_id
            span.attributes["billing.usage.event_type"] = str(pending.intent.event_type)
            span.attributes["tenant.id"] = pending.intent.tenant_id
            await self._settle(shard, pending)

    async def _settle(self, shard: int, pending: Pending) -> None:
        now = self._now()
        if is_tried_out(pending.first_sent_at, now):
            await self._compare(shard, pending)
        elif pending.first_sent_at is None and is_too_old(pending.intent, now):
            await self._bury(self._lease(shard), pending.intent, TOO_OLD)
        elif not pending.customer_id:
            await self._bury(self._lease(shard), pending.intent, NO_CUSTOMER)
        else:
            await self._post(shard, pending, afresh=False)

    async def _post(self, shard: int, pending: Pending, afresh: bool) -> None:
        """Nothing is sent unless the lease outlives the call, whatever time went by since it was last looked at."""
        intent = pending.intent
        await self._rate.wait()
        lease = self._lease(shard)
        try:
            begun = await self._outbox.begin(lease, intent.intent_id, self._now(), FIRST_OF_ALL, afresh=afresh)
        except NotFoundError:
            return
        if is_tried_out(begun.first_sent_at, self._now()):
            raise Unsettled
        lease = self._lease(shard)
        try:
            delivery = await self._meters.send(pending.customer_id, intent)
        except PaymentsRejectedError as refusal:
            await self._bury(lease, intent, f"refused: {refusal}")
        except PaymentsUnavailableError as error:
            raise Unsettled from error
        else:
            await self._deliver(lease, intent, "duplicate" if delivery is Delivery.DUPLICATE else "sent")

    async def _compare(self, shard: int, pending: Pending) -> None:
        """Decide by Stripe's own count about a sum that was tried for as long as trying is safe."""
        finding = await self._finding(pending)
        if finding is Finding.ARRIVED:
            await self._deliver(self._lease(shard), pending.intent, "reconciled")
        elif finding is Finding.AMBIGUOUS:
            await self._bury(self._lease(shard), pending.intent, AMBIGUOUS)
        elif is_too_old(pending.intent, self._now()):
            await self._bury(self._lease(shard), pending.intent, TOO_OLD)
        else:
            await self._post(shard, pending, afresh=True)

    async def _finding(self, pending: Pending) -> Finding:
        intent = pending.intent
        month = parse_intent_id(intent.intent_id).month
        await self._rate.wait()
        try:
            counted = await self._meters.counted(pending.customer_id, intent.event_type, *span_of(intent.hour))
        except (PaymentsUnavailableError, PaymentsRejectedError) as error:
            raise Unsettled from error
        sent = await self._sent.sent(intent.tenant_id, month)
        return judge(counted, sent.delivered.get((intent.hour, intent.event_type), 0), intent.value)

    async def _deliver(self, lease: ShardLease, intent: Intent, how: str) -> None:
        if await self._outbox.delivered(lease, intent.intent_id, self._now(), how):
            self._count(intent, _OUTCOMES[how])

    async def _bury(self, lease: ShardLease, intent: Intent, reason: str) -> None:
        if await self._outbox.bury(lease, intent.intent_id, self._now(), reason):
            self._count(intent, "dead")
            attributes = {"billing.intent.id": intent.intent_id, "billing.intent.value": intent.value}
            log_event(_log, logging.ERROR, "metering.dead", reason, attributes)

    def _lease(self, shard: int) -> ShardLease:
        lease = self._shares.lease(shard, CALL_SECONDS)
        if lease is None or self._meters.is_shut:
            raise Unsettled
        return lease

    def _count(self, intent: Intent, outcome: str) -> None:
        self._intents.add(1, {"billing.usage.event_type": intent.event_type, "billing.metering.outcome": outcome})

    def _now(self) -> int:
        return int(self._clock().timestamp())
