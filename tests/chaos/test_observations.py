from chaos.observations import breached_at, recovered_at

CURVE = [(0.0, 0.0), (1.0, 0.01), (2.0, 0.02), (3.0, 0.5), (4.0, 0.02), (5.0, 0.01), (6.0, 0.0)]


def test_a_breach_is_the_first_sample_above_the_threshold_after_the_fault() -> None:
    assert breached_at(CURVE, 0.0144, fault=0.5) == 2.0
    assert breached_at(CURVE, 0.0144, fault=2.5) == 3.0
    assert breached_at(CURVE, 0.9, fault=0.0) is None
    assert breached_at(CURVE, 0.0144, fault=None) is None


def test_recovery_is_the_sample_after_the_last_one_above() -> None:
    assert recovered_at(CURVE, 0.0144, mitigated=2.5) == 5.0


def test_a_dip_is_no_recovery() -> None:
    dip = [(0.0, 0.5), (1.0, 0.0), (2.0, 0.5), (3.0, 0.0)]
    assert recovered_at(dip, 0.0144, mitigated=0.0) == 3.0


def test_there_is_no_recovery_while_the_ratio_is_above_or_nothing_was_mitigated() -> None:
    assert recovered_at(CURVE[:4], 0.0144, mitigated=0.0) is None
    assert recovered_at(CURVE, 0.0144, mitigated=None) is None
    assert recovered_at([], 0.0144, mitigated=1.0) is None
