"""One load run: arrivals on schedule, a greenlet for each, resends of what was not answered, and the end."""

from collections.abc import Callable
from uuid import uuid4

import gevent
from gevent.event import Event as Signal
from gevent.lock import RLock
from gevent.pool import Group

from loadtests.answers import Answer, Verdict, judge
from loadtests.arrivals import intended_offsets
from loadtests.client import Client
from loadtests.clock import SteadyClock
from loadtests.outbox import Outbox
from loadtests.records import Acknowledgement, Attempt, Drop, Records
from loadtests.seeds import stream
from loadtests.settings import Settings
from loadtests.tally import Tally
from loadtests.tenants import create_tenants
from loadtests.traffic import Request, Traffic

MAX_IN_FLIGHT = 2000
RESEND_PAUSE_SECONDS = (0.2, 1.0)  # a backlog comes back as a trickle, not as a wave
LAST_ATTEMPTS_SECONDS = 0.5
LATE_LIMIT_SECONDS = 1.0
DRAIN_SECONDS = 8.0
CUT_OFF = Answer(0, error="cut off: the run ended before an answer came")


class LoadRun:
    """Offers the traffic of `settings`, records it, and tells `on_attempt` about each finished attempt."""

    def __init__(self, settings: Settings, records: Records, on_attempt: Callable[[Attempt], None]) -> None:
        self._settings = settings
        self._records = records
        self._on_attempt = on_attempt
        self._clock = SteadyClock()
        self._client = Client(settings.base_url)
        self._tally = Tally()
        self._rng = stream("resends", settings.seed)
        self._sending = Group()
        self._outbox = Outbox()
        self._resends_due = 0
        self._stopping = Signal()
        self._started_at: float | None = None
        self._ending = RLock()
        self._over = False

    def offer(self) -> None:
        """Create the tenants, then send each arrival at its intended time until the run is stopped."""
        run_id = uuid4().hex[:12]
        tenants = create_tenants(self._client.exchange, run_id, self._settings.tenants)
        traffic = Traffic(self._settings.seed, run_id, tenants)
        self._started_at = self._clock.now()
        self._records.announce_ready(self._started_at)
        for offset in intended_offsets(self._settings.rate, self._settings.seed):
            intended = self._started_at + offset
            if self._stopping.wait(max(0.0, intended - self._clock.now())):
                return
            self._arrive(traffic.draw(intended), intended)

    def stop_arrivals(self) -> None:
        """Let no further arrival begin; what is under way goes on."""
        self._stopping.set()

    def finish(self) -> None:
        """Stop arrivals, give requests and resends up to eight seconds, and write the summary.

        A second call, as when a signal meets the end of the run time, waits for the first to be done.
        """
        self.stop_arrivals()
        with self._ending:
            if not self._over:
                self._end(self._clock.now())

    def _end(self, ended_at: float) -> None:
        self._drain(ended_at + DRAIN_SECONDS)
        self._over = True
        self._sending.kill()
        started_at = ended_at if self._started_at is None else self._started_at
        self._records.write_summary(self._tally.summary(ended_at - started_at))
        self._records.close()
        self._client.close()

    def _drain(self, deadline: float) -> None:
        """Wait for what is under way, and offer again, every half second, what nobody acknowledged."""
        next_round = self._clock.now()
        while self._unfinished() and (now := self._clock.now()) < deadline:
            if now >= next_round:
                next_round = now + LAST_ATTEMPTS_SECONDS
                for report, attempts in self._outbox.release_all():
                    self._resend_soon(report, attempts)
            gevent.sleep(0.02)

    def _unfinished(self) -> bool:
        return bool(self._sending or self._resends_due or self._outbox)

    def _arrive(self, request: Request, intended: float) -> None:
        late_seconds = self._clock.now() - intended
        if late_seconds > LATE_LIMIT_SECONDS:
            self._drop(request, intended, f"the generator was {late_seconds:.3f} s behind its schedule")
        elif len(self._sending) >= MAX_IN_FLIGHT:
            self._drop(request, intended, f"{MAX_IN_FLIGHT} requests were in flight already")
        else:
            self._sending.spawn(self._send, request, intended, 1)

    def _drop(self, request: Request, intended: float, reason: str) -> None:
        self._tally.dropped += 1
        self._records.dropped.write([Drop(request.name, intended, reason)])

    def _send(self, request: Request, intended: float, number: int) -> None:
        sent = self._clock.now()
        answer = CUT_OFF  # stays so when the end of the run kills this greenlet
        try:
            answer = self._client.exchange(request)
        finally:
            self._conclude(request, answer, intended, sent, number)

    def _conclude(self, request: Request, answer: Answer, intended: float, sent: float, number: int) -> None:
        ended = self._clock.now()
        verdict = judge(request, answer)
        attempt = Attempt(request.name, intended, sent, ended, answer.status, verdict.ok, verdict.error, number)
        self._tally.count_attempt(request, attempt, verdict)
        self._records.requests.write([attempt])
        if request.tenant is not None:
            tenant_id = request.tenant.tenant_id
            self._records.acknowledged.write(
                Acknowledgement(tenant_id, e.event_id, e.event_type, e.value, e.timestamp, ended)
                for e in verdict.acknowledged
            )
        self._on_attempt(attempt)
        self._keep_or_release(request, verdict, number)

    def _keep_or_release(self, request: Request, verdict: Verdict, number: int) -> None:
        """An unsettled report waits; a good answer lets its tenant's oldest waiting report go again."""
        if self._over or request.tenant is None:
            return
        tenant_id = request.tenant.tenant_id
        if not verdict.settled:
            self._outbox.hold(tenant_id, request, number)
        elif verdict.ok and (waiting := self._outbox.release(tenant_id)):
            self._resend_soon(*waiting)

    def _resend_soon(self, report: Request, attempts: int) -> None:
        pause_seconds = self._rng.uniform(*RESEND_PAUSE_SECONDS)
        self._resends_due += 1
        gevent.spawn_later(pause_seconds, self._resend, report, self._clock.now() + pause_seconds, attempts)

    def _resend(self, report: Request, intended: float, attempts: int) -> None:
        self._resends_due -= 1
        if not self._over:
            self._sending.spawn(self._send, report, intended, attempts + 1)
