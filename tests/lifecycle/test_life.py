"""The life of a tenant from sign-up to cancellation; LIFECYCLE_SEEDS sets how many disorderly ones are compared."""

import os

import pytest

from tests.lifecycle.life import LIFE
from tests.lifecycle.play import play

SEEDS = int(os.environ.get("LIFECYCLE_SEEDS", "10"))
TERMS = ("status", "dunning", "plan", "cancel_at")


@pytest.mark.long
async def test_a_life_takes_its_course_however_webhooks_come(tmp_path):
    orderly, facts, played = await play(tmp_path, SEEDS)
    course = {name: tuple(standing[term] for term in TERMS) for name, standing in orderly.standings.items()}
    assert course == {each.name: (each.status, each.dunning, each.plan, each.cancel_at) for each in LIFE}
    assert played.divergent == []
    assert played.deliveries > (SEEDS + 1) * 30
    changes = [dict(details) for action, details in facts[0] if action == "tenant.status_changed"]
    assert [each.get("status.after") for each in changes].count("active") == 2
    assert all(count == 1 for (action, _), count in facts[0].items() if action.startswith("tenant."))
