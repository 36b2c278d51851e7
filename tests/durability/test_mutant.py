"""The planted mistake fits today's code."""

import ast

from chaos.lab.durability.mutant import claim_before_write


def test_the_copy_claims_in_a_call_of_its_own(tmp_path):
    ingest = claim_before_write(tmp_path) / "service/ledger/ingest.py"
    ast.parse(ingest.read_text())
    assert '"HSETNX"' in ingest.read_text()
