"""The duties to look at tenants as time passes, without any webhook."""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime
from uuid import uuid4

from service.domain.audit_entry import SERVICE
from service.domain.lifecycle import TransitionRefused
from service.errors import LedgerUnavailableError, ServiceError
from service.ledger import keys
from service.ledger.reviews import RECONCILE_SECONDS, Reviews
from service.telemetry.logs import CURRENT_TENANT, log_event
from service.worker.decision import AccountIncomplete
from service.worker.standings import Standings

BATCH = 8
"""Tenants of one shard at a time, so that a reconciliation never floods Stripe."""

_log = logging.getLogger(__name__)


class ReviewDuty:
    """Refreshes tenants whose review is due; one that fails comes back by itself, later if a person has to look."""

    name = "reviews"
    pause_seconds = 5.0

    def __init__(self, reviews: Reviews, standings: Standings, clock: Callable[[], datetime]) -> None:
        self._reviews = reviews
        self._standings = standings
        self._clock = clock

    async def once(self) -> bool:
        """Review a batch of each shard; raises LedgerUnavailableError."""
        found = 0
        for shard in range(keys.SHARDS):
            tenant_ids = await self._reviews.take(shard, int(self._clock().timestamp()), BATCH)
            await asyncio.gather(*(self._review(tenant_id) for tenant_id in tenant_ids))
            found = max(found, len(tenant_ids))
        return found == BATCH

    async def _review(self, tenant_id: str) -> None:
        CURRENT_TENANT.set(tenant_id)
        try:
            await self._standings.refresh(tenant_id, SERVICE, uuid4().hex)
        except LedgerUnavailableError:
            raise
        except ServiceError as error:
            _report(logging.WARNING, error)
        except (AccountIncomplete, TransitionRefused) as error:
            _report(logging.ERROR, error)
            await self._reviews.schedule(tenant_id, int(self._clock().timestamp()) + RECONCILE_SECONDS)


def _report(level: int, error: Exception) -> None:
    attributes = {"error.type": type(error).__name__, "error.cause": repr(error.__cause__)}
    log_event(_log, level, "review.failed", str(error), attributes)


class EnlistDuty:
    """Makes sure that every tenant has a review ahead, even one whose webhooks were all lost."""

    name = "enlisting"
    pause_seconds = 600.0

    def __init__(self, reviews: Reviews, clock: Callable[[], datetime]) -> None:
        self._reviews = reviews
        self._clock = clock

    async def once(self) -> bool:
        for shard in range(keys.SHARDS):
            await self._reviews.enlist(shard, int(self._clock().timestamp()))
        return False
