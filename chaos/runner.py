"""One GameDay from beginning to end: lab, load, warm windows, experiment and responder, measurement."""

from __future__ import annotations

import asyncio
import random
import time

import requests

from chaos import load, toolkit, warmth
from chaos.audit import audit_ledger
from chaos.calm import active_alerts, is_calm
from chaos.errors import InvalidRun, LabError, UserMistake
from chaos.guarding import guarded
from chaos.lab.stack import Lab, LabOptions
from chaos.load_log import read_requests
from chaos.measurement import Measurement, Scene, measure
from chaos.observations import PrometheusReader
from chaos.order import Order
from chaos.plan import Plan, plan_of
from chaos.prediction import Traffic, predict_page
from chaos.progress import Progress
from chaos.receiver import Notification, build_receiver
from chaos.responder import Responder
from chaos.run_folder import RunFolder

WARM_SECONDS = 60.0
"""How long warm windows are waited for; a seeded history needs a few seconds."""
SETTLED_SECONDS = 5.0
"""Without a failure, this long before the experiment begins."""
_SETUP_SECONDS = 240.0
_CHECK_SECONDS = 0.2
_ASSUMED = {"error_ratio": 1.0, "failure_seconds": 1.5}
"""For the deadlines alone; the prediction rests on the failures that were measured."""


async def play(order: Order, folder: RunFolder, progress: Progress) -> Measurement:
    """Run the experiment and measure it; the lab is down when this returns or raises."""
    toolkit.write_experiment(order.experiment, folder)
    await toolkit.validate(folder)
    plan = _plan(order, folder)
    inbox: asyncio.Queue[Notification] = asyncio.Queue()
    lab = Lab(_lab_options(order, plan), folder.lab, folder.rollbacks, build_receiver(folder, inbox))
    try:
        return await guarded(_in_lab(lab, order, folder, plan, progress, inbox), lab.watch())
    finally:
        await lab.down()
        progress("lab is down")


async def _in_lab(
    lab: Lab,
    order: Order,
    folder: RunFolder,
    plan: Plan,
    progress: Progress,
    inbox: asyncio.Queue[Notification],
) -> Measurement:
    began = time.time()
    await lab.up(progress)
    contract = order.experiment.contract
    rate, bound = contract.arrivals_per_second, _SETUP_SECONDS + plan.total_seconds
    clients = await load.start(lab, folder, load.LoadPlan(rate, contract.tenants, order.seed, bound))
    progress(f"load: {rate:g} arrivals/s from {contract.tenants} tenants")
    reader = PrometheusReader(lab.parts.url("prometheus"))
    warm = await _warm(reader, order, progress)
    await _settle(folder, lab.parts.url("prometheus"), plan)
    await asyncio.sleep(random.Random(order.seed).uniform(0, order.pace.evaluation_seconds))
    responder = Responder(folder, lab.parts.url("service"), lab.restart, contract.alert)
    await guarded(_experiment(lab, folder, plan), responder.serve(inbox), progress.follow(folder))
    quality = await load.finish(clients, folder)
    audit = await audit_ledger(lab, folder.load / "acknowledged.jsonl", lab.parts.ledger_environment())
    progress(f"ledger audit: {audit.acknowledged} acknowledged, {audit.lost} lost, {audit.doubled} doubled")
    scene = Scene(order, folder, reader, began, time.time(), warm, quality, audit)
    return await asyncio.to_thread(measure, scene)


def _plan(order: Order, folder: RunFolder) -> Plan:
    contract = order.experiment.contract
    traffic = Traffic(arrivals_per_second=contract.arrivals_per_second, **_ASSUMED)
    prediction = predict_page(order.slo, order.pair, traffic, order.scale, order.pace)
    if prediction is None:
        raise UserMistake(f"{contract.alert} {contract.long_window} never fires, not even if every request fails")
    plan = plan_of(contract, prediction)
    plan.write(folder.plan)
    return plan


def _lab_options(order: Order, plan: Plan) -> LabOptions:
    return LabOptions(
        slo=order.slo,
        policy=order.policy,
        others=order.others,
        scale=order.scale,
        request_rate=order.experiment.contract.arrivals_per_second,
        lifetime_seconds=2 * _SETUP_SECONDS + plan.total_seconds,
        pinned_ports=order.pinned_ports,
        rules=order.rules,
    )


async def _warm(reader: PrometheusReader, order: Order, progress: Progress) -> list[warmth.Warmth]:
    """Wait for every window of the policy to be full; InvalidRun names the cold ones."""
    end = time.monotonic() + WARM_SECONDS
    while True:
        windows = await asyncio.to_thread(
            warmth.measure, reader, order.slo, order.policy.pairs, order.scale, time.time()
        )
        if all(one.is_warm for one in windows):
            progress("windows are warm: " + ", ".join(f"{one.window} {one.coverage_ratio:.0%}" for one in windows))
            return windows
        if time.monotonic() > end:
            warmth.require_warm(windows)
        await asyncio.sleep(1.0)


async def _settle(folder: RunFolder, prometheus: str, plan: Plan) -> None:
    """Let the load run for a while without a failure; InvalidRun says how many requests still fail.

    Alerts of telemetry are pending until a young lab's counters have grown once. One that stays is left to the
    experiment's own probe, which names it.
    """
    await asyncio.sleep(SETTLED_SECONDS)
    end = time.monotonic() + WARM_SECONDS
    while failed := await asyncio.to_thread(_failed_lately, folder):
        if time.monotonic() > end:
            raise InvalidRun(f"no steady state: {failed} requests failed in the last {SETTLED_SECONDS:g} s")
        await asyncio.sleep(_CHECK_SECONDS)
    while not await asyncio.to_thread(_is_calm, prometheus, plan):
        if time.monotonic() > end:
            break
        await asyncio.sleep(_CHECK_SECONDS)


def _is_calm(prometheus: str, plan: Plan) -> bool:
    try:
        return is_calm(active_alerts(prometheus), plan.also)
    except requests.RequestException as error:
        raise LabError(f"Prometheus does not say which alerts fire: {error}") from error


def _failed_lately(folder: RunFolder) -> int:
    since = time.time() - SETTLED_SECONDS
    return sum(not one.ok for one in read_requests(folder.load) if one.ended >= since)


async def _experiment(lab: Lab, folder: RunFolder, plan: Plan) -> None:
    running = await toolkit.start(lab, folder)
    limit = plan.total_seconds + _SETUP_SECONDS / 2
    if await running.wait(limit) is None:
        raise LabError(f"the experiment took longer than {limit:.0f} s; see {running.command.log}")
    if toolkit.read_journal(folder) is None:
        raise InvalidRun(f"Chaos Toolkit ended without a journal; see {running.command.log}")
