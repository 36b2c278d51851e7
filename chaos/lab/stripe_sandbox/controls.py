"""The sandbox's own endpoints, which Stripe does not have; all take and answer JSON.

POST   /_sandbox/clock                {"now": unix} or {"advance_seconds": n}: move time, do what becomes due
GET    /_sandbox/clock                {"now": unix}
POST   /_sandbox/settings             {"after_last_retry"?, "retry_days"?, "first_payment"?, "draft_seconds"?}
POST   /_sandbox/webhooks             {"duplicate_ratio"?, "shuffle"?, "seed"?, "hold"?}
POST   /_sandbox/webhooks/endpoint    {"url", "secret"}
POST   /_sandbox/webhooks/flush       deliver what is held, wait for all answers: {"delivered": n}
POST   /_sandbox/faults               one fault, see `faults.Fault`
DELETE /_sandbox/faults               take all faults back
POST   /_sandbox/limits               {"requests_per_second"?, "one_meter_event_at_a_time"?, ...}
POST   /_sandbox/meter_errors         {"problems": [{"code"?, "message"?, "identifier"?, "meter"?}]}: thin events
GET    /_sandbox/healthy, /_sandbox/state
"""

from dataclasses import fields

from aiohttp import web
from aiohttp.web_routedef import RouteDef

from chaos.lab.stripe_sandbox.errors import invalid_parameter, missing_parameter, unknown_parameter
from chaos.lab.stripe_sandbox.exchange import read_json
from chaos.lab.stripe_sandbox.faults import Fault, Faults
from chaos.lab.stripe_sandbox.limits import Limits
from chaos.lab.stripe_sandbox.meter_streams import problems_of
from chaos.lab.stripe_sandbox.objects import Object
from chaos.lab.stripe_sandbox.sandbox import Sandbox
from chaos.lab.stripe_sandbox.webhooks import Deliveries, Endpoint, Manner

DELIVERIES = web.AppKey("deliveries", Deliveries)


class Controls:
    """What may be done to the sandbox from outside."""

    def __init__(self, sandbox: Sandbox, faults: Faults, limits: Limits) -> None:
        self._sandbox = sandbox
        self._faults = faults
        self._limits = limits

    def routes(self) -> list[RouteDef]:
        """Every control."""
        return [
            web.get("/_sandbox/healthy", self.healthy),
            web.get("/_sandbox/state", self.state),
            web.get("/_sandbox/clock", self.clock),
            web.post("/_sandbox/clock", self.move_clock),
            web.post("/_sandbox/settings", self.settings),
            web.post("/_sandbox/webhooks", self.webhooks),
            web.post("/_sandbox/webhooks/endpoint", self.webhook_endpoint),
            web.post("/_sandbox/webhooks/flush", self.flush),
            web.post("/_sandbox/faults", self.add_fault),
            web.delete("/_sandbox/faults", self.clear_faults),
            web.post("/_sandbox/limits", self.limits),
            web.post("/_sandbox/meter_errors", self.meter_errors),
        ]

    async def healthy(self, _: web.Request) -> web.Response:
        return web.json_response({"healthy": True})

    async def state(self, _: web.Request) -> web.Response:
        return web.json_response(self._sandbox.dump())

    async def clock(self, _: web.Request) -> web.Response:
        return web.json_response({"now": int(self._sandbox.times.main())})

    async def move_clock(self, request: web.Request) -> web.Response:
        """Time never goes back."""
        document, main = await _read(request, "advance_seconds", "now"), self._sandbox.times.main
        if "now" in document:
            main.move_to(_number(document, "now"))
        else:
            main.move_to(main() + _number(document, "advance_seconds"))
        return web.json_response({"now": int(main())})

    async def settings(self, request: web.Request) -> web.Response:
        return web.json_response(self._sandbox.account.settings.change(await read_json(request)))

    async def webhooks(self, request: web.Request) -> web.Response:
        document = await _read(request, *(field.name for field in fields(Manner)))
        return web.json_response(request.app[DELIVERIES].behave(Manner(**document)))

    async def webhook_endpoint(self, request: web.Request) -> web.Response:
        document = await _read(request, "secret", "url")
        for name in ("url", "secret"):
            if not isinstance(document.get(name), str):
                raise missing_parameter(name)
        self.connect(request.app[DELIVERIES], Endpoint(document["url"], document["secret"]))
        return web.json_response({"url": document["url"]})

    def connect(self, deliveries: Deliveries, endpoint: Endpoint) -> None:
        """Send events there from now on."""
        deliveries.endpoint = endpoint
        self._sandbox.events.listener = deliveries.send
        self._sandbox.thin_events.listener = deliveries.send

    async def flush(self, request: web.Request) -> web.Response:
        return web.json_response({"delivered": await request.app[DELIVERIES].flush()})

    async def add_fault(self, request: web.Request) -> web.Response:
        return web.json_response(self._faults.add(Fault.read(await read_json(request))))

    async def clear_faults(self, _: web.Request) -> web.Response:
        self._faults.clear()
        return web.json_response({"cleared": True})

    async def limits(self, request: web.Request) -> web.Response:
        return web.json_response(self._limits.change(await read_json(request)))

    async def meter_errors(self, request: web.Request) -> web.Response:
        document = await _read(request, "problems")
        notices = self._sandbox.thin_events.report(problems_of(document.get("problems", [{}])))
        return web.json_response({"events": notices})


async def _read(request: web.Request, *names: str) -> Object:
    document = await read_json(request)
    for name in document:
        if name not in names:
            raise unknown_parameter(name)
    return document


def _number(document: Object, name: str) -> float:
    value = document.get(name)
    if not isinstance(value, int | float):
        raise invalid_parameter(name, "Expected now or advance_seconds as a number of seconds.")
    return value
