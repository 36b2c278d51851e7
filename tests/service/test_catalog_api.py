import pytest

from service.domain.usage import EventType


async def test_the_plans_are_there_for_everybody_to_read(service):
    status, body = await service.get("/billing/plans")
    assert status == 200
    assert [(plan["plan"], plan["monthly_price_usd"]) for plan in body["data"]] == [
        ("starter", "199.00"),
        ("pro", "699.00"),
        ("enterprise", "2000.00"),
    ]
    assert body["data"][0]["included"]["sign_events"] == 500
    assert body["trial"] == {"days": 14, "caps": {"sign_events": 200}}


@pytest.mark.parametrize("event_type", EventType)
async def test_the_tiers_of_every_event_type_begin_at_one_and_have_no_gap(service, event_type):
    status, body = await service.get(f"/billing/usage-tiers/{event_type}")
    assert status == 200
    for plan in body["plans"]:
        tiers = plan["tiers"]
        assert tiers[0]["from_unit"] == 1
        assert [tier["up_to"] + 1 for tier in tiers[:-1]] == [tier["from_unit"] for tier in tiers[1:]]
        assert tiers[-1]["up_to"] is None


async def test_an_event_type_that_is_not_sold_is_not_found(service):
    status, body = await service.get("/billing/usage-tiers/coffee")
    assert (status, body["code"]) == (404, "not_found")
    assert "sign_events" in body["detail"]
