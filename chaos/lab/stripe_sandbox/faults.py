"""Faults on request: slow, refused or lost answers, each bounded in time or number."""

import asyncio
from dataclasses import asdict, dataclass

from aiohttp import web

from chaos.lab.stripe_sandbox.dice import Dice
from chaos.lab.stripe_sandbox.errors import RefusedError, invalid_parameter, unknown_parameter
from chaos.lab.stripe_sandbox.exchange import Handler
from chaos.lab.stripe_sandbox.guards import CONTROL
from chaos.lab.stripe_sandbox.objects import Object

DEFAULT_SECONDS = 60.0
LONGEST_SECONDS = 3600.0


@dataclass(slots=True)
class Fault:
    """What goes wrong with which requests; `times` counts down, `seconds` runs from when it was set."""

    path_prefix: str = "/v1/"
    method: str | None = None
    latency_seconds: float = 0.0
    status: int | None = None
    lost_response: bool = False
    ratio: float = 1.0
    times: int | None = None
    seconds: float = DEFAULT_SECONDS

    @classmethod
    def read(cls, document: Object) -> "Fault":
        """A fault as the control describes it; raises RefusedError."""
        for name in document:
            if name not in cls.__dataclass_fields__:
                raise unknown_parameter(name)
        fault = cls(**document)
        try:
            sound = fault.is_sound()
        except TypeError as error:
            raise invalid_parameter("fault", f"A value is of the wrong type: {error}") from error
        if not sound:
            message = "Expected a status from 400 to 599, a ratio from 0 to 1, no negative latency, and up to"
            raise invalid_parameter("fault", f"{message} {LONGEST_SECONDS:.0f} seconds.")
        return fault

    def is_sound(self) -> bool:
        """Whether the figures lie in their ranges; TypeError if one is no figure."""
        return (
            (self.status is None or 400 <= self.status <= 599)
            and (self.times is None or self.times >= 0)
            and 0 <= self.ratio <= 1
            and 0 < self.seconds <= LONGEST_SECONDS
            and self.latency_seconds >= 0
        )


class Faults:
    """The faults that are set, as a middleware."""

    def __init__(self) -> None:
        self._set: list[tuple[Fault, float]] = []
        self._dice = Dice()

    def add(self, fault: Fault) -> Object:
        """Set a fault."""
        self._set.append((fault, asyncio.get_running_loop().time() + fault.seconds))
        return asdict(fault)

    def clear(self) -> None:
        """Take all faults back."""
        self._set.clear()

    @web.middleware
    async def spoil(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Let the request fail as the first fault that fits says."""
        fault = self._draw(request)
        if fault is None:
            return await handler(request)
        await asyncio.sleep(fault.latency_seconds)
        if fault.status is not None:
            raise refusal(fault.status)
        response = await handler(request)
        if fault.lost_response and request.transport is not None:
            request.transport.close()
        return response

    def _draw(self, request: web.Request) -> Fault | None:
        now = asyncio.get_running_loop().time()
        self._set = [(fault, until) for fault, until in self._set if until > now and fault.times != 0]
        if request.path.startswith(CONTROL):
            return None
        for fault, _ in self._set:
            fits = request.path.startswith(fault.path_prefix) and fault.method in {None, request.method}
            if fits and self._dice.draw() < fault.ratio:
                fault.times = None if fault.times is None else fault.times - 1
                return fault
        return None


def refusal(status: int, reason: str = "global-rate") -> RefusedError:
    """The error object of a status."""
    if status == 429:
        headers = {"Stripe-Rate-Limited-Reason": reason}
        return RefusedError(429, "Request rate limit exceeded.", code="rate_limit", headers=headers)
    kind = "api_error" if status >= 500 else "invalid_request_error"
    return RefusedError(status, "An error of the sandbox, as it was told to give.", kind)
