"""The duty to let queued webhooks take effect, each of them at last or never silently."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from service.domain.lifecycle import TransitionRefused
from service.errors import LedgerUnavailableError, ServiceError
from service.ledger.webhook_queue import TAKE_OVER_SECONDS, Queued, WebhookQueue
from service.telemetry.instruments import Instruments
from service.telemetry.logs import event_fields, log_event
from service.telemetry.pipeline import Telemetry
from service.telemetry.tracing import task_span
from service.worker.decision import AccountIncomplete
from service.worker.effects import Effects

BATCH = 32
MAX_TRIES = 20
"""With the pauses below, an event is given up after about an hour."""
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 1, 300
_TIME_LIMIT_SECONDS = TAKE_OVER_SECONDS - 5
"""Before another worker could think that this one is dead."""

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Failure:
    """`is_final`: another try would fail as well."""

    reason: str
    is_final: bool = False

    @classmethod
    def of(cls, error: Exception) -> "_Failure":
        return cls(f"{type(error).__name__}: {error}")


class WebhookDuty:
    """Takes events from the queue, those of one customer together."""

    name = "webhooks"
    pause_seconds = 0.2

    def __init__(
        self,
        queue: WebhookQueue,
        effects: Effects,
        telemetry: Telemetry,
        consumer: str,
        clock: Callable[[], datetime],
    ) -> None:
        self._queue = queue
        self._effects = effects
        self._counter = telemetry.instruments.webhook_effects
        self._tracer = telemetry.tracer
        self._consumer = consumer
        self._clock = clock

    async def once(self) -> bool:
        """Deal with one batch; raises LedgerUnavailableError, after which what is left is taken over later."""
        taken = await self._queue.take(self._consumer, BATCH, self._now())
        groups: dict[str, list[Queued]] = {}
        for queued in taken:
            groups.setdefault(queued.event.customer_id, []).append(queued)
        results = await asyncio.gather(
            *(self._deal(customer_id, group) for customer_id, group in groups.items()), return_exceptions=True
        )
        for result in results:
            if isinstance(result, BaseException):
                raise result
        return len(taken) == BATCH

    async def _deal(self, customer_id: str, group: Sequence[Queued]) -> None:
        """Finish every event of the group; raises LedgerUnavailableError, where nothing can be finished."""
        with task_span(self._tracer, "apply webhooks", [queued.asked for queued in group]) as span:
            span.attributes["billing.webhook.count"] = len(group)
            failure = await self._apply(customer_id, group)
            span.failed = failure is not None
            for queued in group:
                await self._finish(queued, failure)

    async def _apply(self, customer_id: str, group: Sequence[Queued]) -> _Failure | None:
        try:
            async with asyncio.timeout(_TIME_LIMIT_SECONDS):
                await self._effects.apply(customer_id, [queued.event for queued in group])
        except LedgerUnavailableError:
            raise
        except TransitionRefused as error:
            return _Failure(str(error), is_final=True)
        except (ServiceError, AccountIncomplete, TimeoutError) as error:
            return _Failure.of(error)
        except Exception as error:
            _logger.exception("webhooks failed unexpectedly", extra=event_fields("webhook.crashed", {}))
            return _Failure.of(error)
        return None

    async def _finish(self, queued: Queued, failure: _Failure | None) -> None:
        if failure is None:
            await self._queue.done(queued)
            self._count(queued, "done")
        elif failure.is_final or queued.tries >= MAX_TRIES:
            await self._queue.bury(queued, failure.reason)
            self._count(queued, "dead")
            _report(logging.ERROR, "webhook.dead", queued, failure)
        else:
            await self._queue.postpone(queued, self._now() + pause_seconds(queued.tries))
            self._count(queued, "postponed")
            _report(logging.WARNING, "webhook.postponed", queued, failure)

    def _count(self, queued: Queued, effect: str) -> None:
        self._counter.add(1, {"billing.webhook.type": queued.event.type, "billing.webhook.effect": effect})

    def _now(self) -> int:
        return int(self._clock().timestamp())


class BacklogDuty:
    """Measures the queue, so that a worker that falls behind is seen."""

    name = "backlog"
    pause_seconds = 5.0

    def __init__(self, queue: WebhookQueue, instruments: Instruments, clock: Callable[[], datetime]) -> None:
        self._queue = queue
        self._instruments = instruments
        self._clock = clock

    async def once(self) -> bool:
        backlog = await self._queue.backlog(int(self._clock().timestamp()))
        self._instruments.webhook_queue.set(backlog.waiting, {"billing.webhook.place": "waiting"})
        self._instruments.webhook_queue.set(backlog.dead, {"billing.webhook.place": "dead"})
        self._instruments.webhook_queue_age.set(backlog.oldest_seconds)
        return False


def _report(level: int, name: str, queued: Queued, failure: _Failure) -> None:
    event = queued.event
    attributes = {
        "stripe.event.id": event.event_id,
        "stripe.event.type": event.type,
        "billing.webhook.tries": queued.tries,
    }
    log_event(_logger, level, name, failure.reason, attributes)


def pause_seconds(tries: int) -> int:
    """The pause after so many tries: doubling, up to the longest."""
    return int(min(_FIRST_PAUSE_SECONDS * 2 ** (tries - 1), _LONGEST_PAUSE_SECONDS))
