import re

import pytest

from service.config.generation import generate
from tests.service.conftest import JWT_SECRET

APPLICATION = {"name": "Example", "email": "somebody@example.org", "plan": "pro"}
OPERATOR_KEY = "operator-key-0123456789-0123456789"
PUBLIC_URL = "https://billing.example.com"


def by_mail(mailbox):
    return {
        "SIGNUP": "verified",
        "SMTP_URL": f"smtp://127.0.0.1:{mailbox.port}",
        "MAIL_FROM": "billing@example.com",
        "PUBLIC_URL": PUBLIC_URL,
    }


@pytest.fixture
async def verified(start_service, shared_redis, mailbox):
    return await start_service(shared_redis.port, **by_mail(mailbox))


@pytest.fixture
async def by_invitation(start_service, shared_redis):
    return await start_service(shared_redis.port, SIGNUP="invite", OPERATOR_KEY=OPERATOR_KEY)


async def apply(service, application=None, **headers):
    async with service.http.post("/tenants", json=application or APPLICATION, headers=headers) as response:
        return response.status, await response.json()


async def activate(service, token):
    async with service.http.post("/signup/activate", json={"token": token}) as response:
        return response.status, await response.json()


def token_in(message):
    [link] = re.findall(r"https?://\S+", message.get_content())
    address, _, token = link.partition("#token=")
    assert address == f"{PUBLIC_URL}/signup"
    return token


def pending_of(redis_server):
    client = redis_server.client()
    return {name: client.ttl(name) for name in client.scan_iter("*:pending:*")}


async def test_open_shows_the_key_at_once(service):
    status, tenant = await apply(service)
    assert status == 201
    assert tenant["api_key"].startswith("c2pa_")


async def test_verified_shows_the_key_once_the_mail_was_read(verified, mailbox, shared_redis):
    before = pending_of(shared_redis)
    assert await apply(verified) == (202, {"status": "verification_sent"})
    [message] = mailbox.messages
    assert message["To"] == APPLICATION["email"]
    token = token_in(message)
    [name] = pending_of(shared_redis).keys() - before.keys()
    assert 23 * 3600 < pending_of(shared_redis)[name] <= 24 * 3600
    assert token not in str(name)
    status, tenant = await activate(verified, token)
    assert status == 201
    assert {field: tenant[field] for field in APPLICATION} == APPLICATION
    read = await verified.get(f"/tenants/{tenant['tenant_id']}", {"Authorization": f"Bearer {tenant['api_key']}"})
    assert read[0] == 200
    assert name not in pending_of(shared_redis)


async def test_a_token_works_once_and_then_is_like_any_other(verified, mailbox):
    await apply(verified)
    token = token_in(mailbox.messages[0])
    assert (await activate(verified, token))[0] == 201
    forged = token[:-86] + "A" * 86
    used, unknown = await activate(verified, token), await activate(verified, forged)
    assert used[0] == unknown[0] == 404
    assert {**used[1], "request_id": ""} == {**unknown[1], "request_id": ""}


async def test_a_mailed_token_survives_a_new_jwt_secret_while_the_old_one_is_kept(
    start_service, shared_redis, verified, mailbox
):
    await apply(verified)
    token, new = token_in(mailbox.messages[0]), generate()["JWT_SECRET"]
    after = await start_service(shared_redis.port, **by_mail(mailbox), JWT_SECRET=new)
    assert (await activate(after, token))[0] == 404
    rotated = {"JWT_SECRET": new, "JWT_SECRET_PREVIOUS": JWT_SECRET}
    during = await start_service(shared_redis.port, **by_mail(mailbox), **rotated)
    assert (await activate(during, token))[0] == 201


async def test_an_expired_token_is_like_any_other(verified, mailbox, shared_redis):
    before = pending_of(shared_redis)
    await apply(verified)
    [name] = pending_of(shared_redis).keys() - before.keys()
    shared_redis.client().pexpire(name, 0)
    status, problem = await activate(verified, token_in(mailbox.messages[0]))
    assert (status, problem["code"]) == (404, "not_found")


async def test_a_token_outlives_a_failure_of_stripe(verified, mailbox, stripe):
    await apply(verified)
    token = token_in(mailbox.messages[0])
    stripe.status = 500
    assert (await activate(verified, token))[0] == 503
    stripe.status = 200
    assert (await activate(verified, token))[0] == 201


async def test_nothing_stays_when_the_mail_cannot_be_sent(verified, mailbox, shared_redis):
    before = pending_of(shared_redis)
    mailbox.reply = "451 try later"
    status, problem = await apply(verified)
    assert (status, problem["code"]) == (503, "mail_unavailable")
    assert pending_of(shared_redis).keys() == before.keys()


async def test_a_known_address_is_answered_like_a_new_one(verified, mailbox):
    await apply(verified)
    await activate(verified, token_in(mailbox.messages[0]))
    assert await apply(verified) == (202, {"status": "verification_sent"})
    assert len(mailbox.messages) == 2


async def test_a_repeated_request_sends_one_mail(verified, mailbox):
    headers = {"Idempotency-Key": "0123456789-0123456789"}
    assert await apply(verified, **headers) == await apply(verified, **headers)
    assert len(mailbox.messages) == 1


@pytest.mark.parametrize("email", ["a@b.org\r\nBcc: c@d.org", "a@b.org, c@d.org", "<a@b.org>", "a@b.org\n"])
async def test_an_address_cannot_bring_headers_or_recipients(verified, mailbox, email):
    status, problem = await apply(verified, {**APPLICATION, "email": email})
    assert (status, [fault["field"] for fault in problem["errors"]]) == (422, ["email"])
    assert mailbox.messages == []


async def test_what_an_applicant_writes_is_not_mailed(verified, mailbox):
    await apply(verified, {**APPLICATION, "name": "Win at http://evil.example"})
    assert "evil" not in str(mailbox.messages[0])


@pytest.mark.parametrize(
    "authorization",
    ["", "Bearer ", f"Bearer {OPERATOR_KEY}x", f"Bearer {OPERATOR_KEY[:-1]}", f"Basic {OPERATOR_KEY}", "Bearer é"],
)
async def test_by_invitation_nobody_else_enters(by_invitation, authorization):
    status, problem = await apply(by_invitation, Authorization=authorization)
    assert (status, problem["code"]) == (403, "signup_by_invitation")


async def test_by_invitation_the_operator_enters_tenants(by_invitation):
    status, tenant = await apply(by_invitation, Authorization=f"bearer {OPERATOR_KEY}")
    assert status == 201
    headers = {"Authorization": f"Bearer {tenant['api_key']}"}
    _, trail = await by_invitation.get(f"/tenants/{tenant['tenant_id']}/audit", headers)
    assert [entry["actor"] for entry in trail["data"]] == ["operator"]
