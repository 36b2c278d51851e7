import os

from tests.agreement.play import SEED, play

MONTHS = int(os.environ.get("AGREEMENT_MONTHS", "40"))
WORTH_SEEING = {
    *("accepted", "DAILY_COST_CAP_EXCEEDED", "TRIAL_LIMIT_EXCEEDED", "correction 201", "invoice with proration"),
    *("nothing billed", "below zero", "at a tier's edge", "in the third tier", "trial ended within"),
}
"""Without these a run would prove too little."""


async def test_catalogue_ledger_api_and_invoice_agree_to_the_micro_cent(tmp_path):
    verdict = await play(tmp_path, MONTHS)
    assert not verdict.disagreements, "\n".join([f"seed {SEED}", *verdict.disagreements[:20]])
    assert str(verdict) == f"months={MONTHS} disagreements=0 max_difference_microcents=0"
    assert set(verdict.seen) >= WORTH_SEEING
