"""Collections do not look at what start-up made."""

import gc

from service import heap


def is_looked_at(thing):
    return any(each is thing for each in gc.get_objects())


def test_what_was_there_is_not_looked_at_again():
    earlier = [[]]
    assert is_looked_at(earlier)
    heap.settle()
    later = [[]]
    assert not is_looked_at(earlier)
    assert is_looked_at(later)
