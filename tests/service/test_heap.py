"""Collections do not look at what start-up made."""

import gc

from service import heap


def test_what_was_there_is_not_looked_at_again():
    gc.unfreeze()
    before = len(gc.get_objects())
    heap.settle()
    assert gc.get_freeze_count() >= before * 0.9
    assert len(gc.get_objects()) < before * 0.1
