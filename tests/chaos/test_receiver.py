import asyncio
from pathlib import Path

from aiohttp.test_utils import TestClient, TestServer

from chaos.receiver import Notification, build_receiver
from chaos.run_folder import RunFolder

PAYLOAD = {
    "version": "4",
    "status": "firing",
    "alerts": [
        {
            "status": status,
            "labels": {"alertname": "ApiAvailabilityErrorBudgetBurn", "long_window": window},
            "annotations": {"summary": "burns"},
            "startsAt": "2026-01-01T00:00:00Z",
        }
        for status, window in (("firing", "1h"), ("resolved", "6h"))
    ],
}


async def test_every_alert_of_a_notification_is_noted_on_arrival_and_handed_on(tmp_path: Path) -> None:
    folder, inbox = RunFolder(tmp_path), asyncio.Queue[Notification]()
    async with TestClient(TestServer(build_receiver(folder, inbox))) as client:
        answer = await client.post("/alerts", json=PAYLOAD)
        assert answer.status == 200
    noted = folder.recorded("notification")
    assert [(one["status"], one["labels"]["long_window"]) for one in noted] == [("firing", "1h"), ("resolved", "6h")]
    assert inbox.get_nowait().received_at == noted[0]["at"]
