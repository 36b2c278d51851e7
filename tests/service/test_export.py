import csv
import io
import json
import zipfile
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from aiohttp import ClientError

from service.domain.download_token import derive_download_key, sign, verify
from service.errors import PaymentsUnavailableError
from service.exports import csv_line
from service.payments.gateway import StripeGateway

KEY = derive_download_key("a secret")
TENANT = "ab" * 16


async def offer(service, tenant_id, headers):
    async with service.http.post(f"/tenants/{tenant_id}/export", headers=headers) as response:
        assert response.status == 201, await response.text()
        return await response.json()


async def download(service, url):
    async with service.http.get(urlsplit(url).path) as response:
        return response, await response.read()


@pytest.fixture
async def timed(start_service, shared_redis):
    now = [datetime.now(UTC)]
    return await start_service(shared_redis.port, clock=lambda: now[0]), now


async def test_an_export_holds_everything_that_is_kept(service, stripe, make_event):
    tenant_id, headers = await service.tenant("Kestrel")
    await service.report(headers, make_event("a", value=3), make_event("b", event_type="verify_events", value=7))
    await stripe.control("clock", advance_seconds=16 * 24 * 3600)
    offered = await offer(service, tenant_id, headers)
    response, body = await download(service, offered["url"])
    assert (response.status, response.content_type) == (200, "application/zip")
    assert response.headers["Content-Disposition"] == 'attachment; filename="export.zip"'
    assert (response.headers["Cache-Control"], bool(response.headers["X-Request-Id"])) == ("no-store", True)
    archive = zipfile.ZipFile(io.BytesIO(body))
    assert archive.testzip() is None
    files = {name: archive.read(name).decode() for name in archive.namelist()}
    assert set(files) == {"README.txt", "tenant.json", "usage.csv", "invoices.json", "audit.jsonl"}
    assert "ten years" in files["README.txt"]
    assert json.loads(files["tenant.json"]) == (await service.get(f"/tenants/{tenant_id}", headers))[1]
    rows = list(csv.DictReader(io.StringIO(files["usage.csv"])))
    assert {row["event_type"]: int(row["units"]) for row in rows} == {"sign_events": 3, "verify_events": 7}
    assert json.loads(files["invoices.json"]) == (await service.get("/billing/invoices", headers))[1]["data"] != []
    _, trail = await service.get(f"/tenants/{tenant_id}/audit", headers)
    assert [json.loads(line) for line in files["audit.jsonl"].splitlines()] == trail["data"]
    assert [record["action"] for record in trail["data"]] == ["export.created", "tenant.created"]
    assert "c2pa_" not in "".join(files.values())


async def test_a_link_works_for_a_quarter_of_an_hour(timed):
    service, now = timed
    tenant_id, headers = await service.tenant()
    offered = await offer(service, tenant_id, headers)
    expires_at = datetime.fromisoformat(offered["expires_at"])
    assert timedelta(minutes=14) < expires_at - now[0] <= timedelta(minutes=15)
    now[0] = expires_at - timedelta(milliseconds=1)
    assert (await download(service, offered["url"]))[0].status == 200
    now[0] = expires_at
    response, body = await download(service, offered["url"])
    assert (response.status, json.loads(body)["code"]) == (404, "not_found")


async def test_a_link_starts_with_the_public_url(start_service, shared_redis):
    service = await start_service(shared_redis.port, PUBLIC_URL="https://billing.example.com/c2pa")
    tenant_id, headers = await service.tenant()
    offered = await offer(service, tenant_id, headers)
    assert offered["url"].startswith("https://billing.example.com/c2pa/exports/")


@pytest.mark.parametrize("token", ["x", "A" * 91, "%00", "A" * 5000])
async def test_a_made_up_token_opens_nothing(service, token):
    async with service.http.get(f"/exports/{token}") as response:
        assert (response.status, (await response.json())["code"]) == (404, "not_found")


async def test_a_failure_before_the_first_chunk_is_an_answer(service, stripe):
    tenant_id, headers = await service.tenant()
    offered = await offer(service, tenant_id, headers)
    stripe.status = 500
    response, body = await download(service, offered["url"])
    assert (response.status, json.loads(body)["code"]) == (503, "payments_unavailable")


async def test_a_failure_in_the_middle_does_not_look_like_an_end(service, monkeypatch):
    tenant_id, headers = await service.tenant()
    offered = await offer(service, tenant_id, headers)

    async def unavailable(*_):
        raise PaymentsUnavailableError

    monkeypatch.setattr("service.exports.CHUNK_BYTES", 1)
    monkeypatch.setattr(StripeGateway, "invoices", unavailable)
    with pytest.raises(ClientError):
        await download(service, offered["url"])
    points = service.points("http.server.request.duration")
    broken = [
        dict(key) for key, point in points.items() if point.count and dict(key)["http.route"] == "/exports/{token}"
    ]
    assert [labels["http.response.status_code"] for labels in broken] == [503]


async def test_a_big_export_goes_out_in_pieces(service, monkeypatch):
    tenant_id, headers = await service.tenant()
    offered = await offer(service, tenant_id, headers)
    _, whole = await download(service, offered["url"])
    monkeypatch.setattr("service.exports.CHUNK_BYTES", 1)
    response, pieces = await download(service, offered["url"])
    assert response.headers["Transfer-Encoding"] == "chunked"
    first, second = (zipfile.ZipFile(io.BytesIO(body)) for body in (whole, pieces))
    assert first.read("tenant.json") == second.read("tenant.json")


def test_a_token_opens_one_tenant_until_it_expires():
    token = sign(KEY, TENANT, 1000, bytes(12))
    assert verify(KEY, token, 999) == TENANT
    assert verify(KEY, token, 1000) is None
    assert verify(derive_download_key("another secret"), token, 999) is None


def test_no_character_of_a_token_can_be_changed():
    token = sign(KEY, TENANT, 1000, bytes(12))
    for place, character in enumerate(token):
        changed = "A" if character != "A" else "B"
        assert verify(KEY, token[:place] + changed + token[place + 1 :], 999) is None
    for mangled in ("", token[:-1], token + "A", token + "=", f" {token}", token + "é"):
        assert verify(KEY, mangled, 999) is None


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1"])
def test_a_cell_is_never_a_formula(cell):
    [[shown, number]] = csv.reader(io.StringIO(csv_line(cell, -1), newline=""))
    assert shown == f"'{cell}"
    assert number == "-1"
